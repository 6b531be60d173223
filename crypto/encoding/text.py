# SPDX-License-Identifier: AGPL-3.0-or-later
"""Texts that people read: clean, in normal form C, and not confusable with their neighbours.

A name with a zero-width space, a bidirectional override or a Cyrillic `а` for a Latin one is how a ballot paper lies.

Spec: specs/conventions.md#texts
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from crypto.encoding.strict_json import Json
from crypto.errors import EncodingError, UnsafeText
from crypto.suite import MAX_TEXT_CHARACTERS

Text = Mapping[str, str]

_LANGUAGE = re.compile(r"[a-z]{2,3}\Z")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_DROPPED_FROM_SKELETON = " -_.,'()"
_LOOKALIKES = str.maketrans(
    {
        "\u0430": "a", "\u03b1": "a", "\u0432": "b", "\u0441": "c", "\u0501": "d",
        "\u0435": "e", "\u0451": "e", "\u043d": "h", "\u0456": "i", "\u0131": "i", "1": "i", "l": "i",
        "\u0458": "j", "\u043a": "k", "\u03ba": "k", "\u043c": "m", "\u043e": "o", "\u03bf": "o", "0": "o",
        "\u0440": "p", "\u03c1": "p", "\u051b": "q", "\u0455": "s", "\u0442": "t", "\u03c4": "t",
        "\u051d": "w", "\u0445": "x", "\u0443": "y", "\u0437": "3", "\u0439": "\u0438",
    }
)  # fmt: skip


def check_string(value: Json, what: str) -> str:
    """One clean string of 1 to 500 characters.

    Raises:
        EncodingError: not a string, empty or too long.
        UnsafeText: a control, invisible or unassigned character, white space other than single inner U+0020, or not
            in normal form C.
    """
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_TEXT_CHARACTERS:
        raise EncodingError(f"{what} is not a string of 1 to {MAX_TEXT_CHARACTERS} characters")
    for character in value:
        if unicodedata.category(character) in _REFUSED_CATEGORIES or (character.isspace() and character != " "):
            raise UnsafeText(f"{what} holds the character U+{ord(character):04X}, which readers cannot see")
    if value != value.strip(" ") or "  " in value:
        raise UnsafeText(f"{what} has a space at its ends or two in a row")
    if not unicodedata.is_normalized("NFC", value):
        raise UnsafeText(f"{what} is not in Unicode normalisation form C")
    return value


def read_text(value: Json, what: str, languages: Iterable[str] | None = None) -> dict[str, str]:
    """An object from language codes to clean strings, with exactly `languages` if they are given.

    Raises:
        EncodingError: not such an object, or other languages.
        UnsafeText: see `check_string`.
    """
    if not isinstance(value, dict) or not value:
        raise EncodingError(f"{what} is not an object from languages to strings")
    for language in value:
        if not _LANGUAGE.match(language):
            raise EncodingError(f"{what}: {language!r} is not a language code")
    if languages is not None and value.keys() != set(languages):
        raise EncodingError(f"{what} is in {sorted(value)} and not in {sorted(languages)}")
    return {language: check_string(string, f"{what} ({language})") for language, string in value.items()}


def skeleton(name: str) -> str:
    """What is left of a name when look-alike characters are merged. Spec: specs/conventions.md#texts"""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    merged = folded.translate(_LOOKALIKES)
    return "".join(character for character in merged if character not in _DROPPED_FROM_SKELETON)


def check_distinguishable(names: Iterable[str], what: str) -> None:
    """No two of `names` are confusable.

    Raises:
        UnsafeText: naming the two.
    """
    seen: dict[str, str] = {}
    for name in names:
        key = skeleton(name)
        if key in seen:
            raise UnsafeText(f"{what}: {name!r} can be confused with {seen[key]!r}")
        seen[key] = name
