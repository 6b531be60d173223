# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names and texts that people read: implements specs/conventions.md#texts."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from verifier.encoding import Fields
from verifier.errors import EncodingError, RuleError
from verifier.suite import MAX_LANGUAGES, MAX_TEXT_CHARACTERS

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}", re.ASCII)
_FORBIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

# specs/conventions.md#texts: what is left of a name when look-alikes are merged. Written as code points, because that
# is the point of the table.
_LOOK_ALIKE: Final = {
    0x0430: "a", 0x0432: "b", 0x0435: "e", 0x0451: "e", 0x043A: "k", 0x03BA: "k", 0x0437: "3", 0x0033: "3",
    0x0442: "t", 0x03C4: "t", 0x0501: "d", 0x043C: "m", 0x043D: "h", 0x043E: "o", 0x03BF: "o", 0x0030: "o",
    0x0440: "p", 0x03C1: "p", 0x0441: "c", 0x03B1: "a", 0x051B: "q", 0x0443: "y", 0x0445: "x",
    0x0456: "i", 0x0131: "i", 0x0031: "i", 0x006C: "i", 0x0458: "j", 0x0455: "s", 0x0439: "\u0438", 0x0438: "\u0438",
    0x051D: "w",
}  # fmt: skip
_REMOVED: Final = dict.fromkeys(map(ord, " -_.,'()"))

Text = tuple[tuple[str, str], ...]
"""A text: (language, string) pairs, sorted by language."""


def check_clean(value: object, where: str) -> str:
    """Return a string that keeps the three rules for texts and names.

    Raises:
        EncodingError: empty, too long, not NFC, a forbidden character, or white space other than single inner spaces.

    """
    if not isinstance(value, str):
        message = f"{where}: expected a string, got {ascii(value)[:60]}"
        raise EncodingError(message)
    reason = None
    if not 0 < len(value) <= MAX_TEXT_CHARACTERS:
        reason = f"has {len(value)} characters, not 1 to {MAX_TEXT_CHARACTERS}"
    elif any(unicodedata.category(character) in _FORBIDDEN for character in value):
        reason = "holds a control, format, private or unassigned character"
    elif not unicodedata.is_normalized("NFC", value):
        reason = "is not in normalisation form C"
    elif value != value.strip() or "  " in value or any(c != " " and c.isspace() for c in value):
        reason = "has white space other than single spaces inside"
    if reason is not None:
        message = f"{where}: {ascii(value)[:60]} {reason}"
        raise EncodingError(message)
    return value


def check_language(value: object, where: str) -> str:
    """Return a language code: two or three lower-case ASCII letters."""
    if not isinstance(value, str) or _LANGUAGE.fullmatch(value) is None:
        message = f"{where}: {ascii(value)[:60]} is not a language code"
        raise EncodingError(message)
    return value


def read_text(fields: Fields, name: str, languages: tuple[str, ...] | None = None) -> Text:
    """Read a member of type `text`; with ``languages`` it must have exactly these."""
    value = fields.value(name)
    where = f"{fields.where}.{name}"
    if not isinstance(value, dict) or not 0 < len(value) <= MAX_LANGUAGES:
        message = f"{where}: expected an object of 1 to {MAX_LANGUAGES} languages"
        raise EncodingError(message)
    text = tuple(
        (check_language(language, where), check_clean(string, f"{where}.{language!a}"))
        for language, string in sorted(value.items())
    )
    if languages is not None and tuple(language for language, _ in text) != languages:
        message = f"{where}: its languages are not exactly {', '.join(languages)}"
        raise EncodingError(message)
    return text


def skeleton(name: str) -> str:
    """Return what is left of a name when look-alikes are merged; two names with equal skeletons are confusable."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return folded.translate(_LOOK_ALIKE).translate(_REMOVED)


def require_distinct(names: Iterable[str], where: str) -> None:
    """Refuse two confusable names.

    Raises:
        RuleError: two of the names have one skeleton.

    """
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(skeleton(name), name)
        if other is not name:
            message = f"{where}: {ascii(name)[:80]} and {ascii(other)[:80]} are confusable"
            raise RuleError(message)
