# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bytes, numbers and JSON, read in exactly one way or refused.

Implements specs/conventions.md#hexadecimal-and-base64, specs/conventions.md#strict-json and
specs/conventions.md#types-of-members.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Final, NoReturn

from verifier.errors import EncodingError
from verifier.suite import MAX_JSON_BYTES, MAX_JSON_DEPTH

_HEX: Final = re.compile(r"[0-9a-f]*", re.ASCII)
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_MAX_NUMBER: Final = 2**53 - 1
_MAX_U32: Final = 2**32 - 1
_FIRST_PRINTABLE: Final = 0x20
_STRINGS_AND_BRACKETS: Final = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]')


def _quoted(value: object, limit: int = 60) -> str:
    """Return a hostile value so that it can stand in a message: escaped and cut."""
    text = ascii(value)
    return text if len(text) <= limit else text[:limit] + ".."


def decode_hex(text: object, size: int, where: str) -> bytes:
    """Decode lower-case hexadecimal of exactly ``size`` bytes (specs/conventions.md#hexadecimal-and-base64).

    Raises:
        EncodingError: not a string, another length, upper case, spaces, a prefix.

    """
    if not isinstance(text, str) or len(text) != 2 * size or _HEX.fullmatch(text) is None:
        message = f"{where}: expected {2 * size} lower-case hexadecimal digits, got {_quoted(text)}"
        raise EncodingError(message)
    return bytes.fromhex(text)


def decode_base64(text: object, where: str) -> bytes:
    """Decode standard base64 with padding; whatever does not re-encode to itself is refused.

    Raises:
        EncodingError: not a string, or not *the* base64 encoding of what it decodes to.

    """
    if not isinstance(text, str):
        message = f"{where}: expected a string of base64, got {_quoted(text)}"
        raise EncodingError(message)
    try:
        raw = text.encode("ascii")
        data = base64.b64decode(raw, validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        message = f"{where}: not base64"
        raise EncodingError(message) from error
    if base64.b64encode(data) != raw:
        message = f"{where}: not the canonical base64 of its bytes"
        raise EncodingError(message)
    return data


def _refuse_number(text: str) -> NoReturn:
    message = f"a number is not a plain integer from 0 to 2^53 - 1: {_quoted(text)}"
    raise EncodingError(message)


def _integer(text: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        _refuse_number(text)
    value = int(text)
    if value > _MAX_NUMBER:
        _refuse_number(text)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        message = "an object has two members of one name"
        raise EncodingError(message)
    for name in members:
        if not (name.isascii() and name.isprintable()):
            message = f"a member's name is not printable ASCII: {_quoted(name)}"
            raise EncodingError(message)
    return members


def _check_depth(text: str) -> None:
    """Refuse deep nesting before the decoder recurses into it: a process may have raised Python's own limit."""
    if text.count("[") + text.count("{") <= MAX_JSON_DEPTH:
        return
    level = 0
    for token in _STRINGS_AND_BRACKETS.finditer(text):
        character = text[token.start()]
        level += (character in "[{") - (character in "]}")
        if level > MAX_JSON_DEPTH:
            message = f"more than {MAX_JSON_DEPTH} levels of nesting"
            raise EncodingError(message)


def _walk(value: object, *, strings: bool) -> None:
    """Refuse null and (where ``strings``) forbidden code points."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            _walk(item, strings=strings)
    elif value is None:
        message = "null occurs"
        raise EncodingError(message)
    elif strings and isinstance(value, str):
        for character in value:
            point = ord(character)
            # U+000A is legal in a note; every other string is matched against its own type, which refuses it.
            if (point < _FIRST_PRINTABLE and character != "\n") or 0xD800 <= point <= 0xDFFF:
                message = f"a string holds U+{point:04X}"
                raise EncodingError(message)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_refuse_number,
    parse_constant=_refuse_number,
)


def load_json(data: bytes) -> Any:  # noqa: ANN401 - a JSON value; `Fields` gives it types
    """Read strict JSON (specs/conventions.md#strict-json); white space between tokens is allowed.

    Raises:
        EncodingError: any of the six rules is broken.

    """
    if len(data) > MAX_JSON_BYTES:
        message = f"JSON of {len(data)} bytes is longer than {MAX_JSON_BYTES}"
        raise EncodingError(message)
    try:
        text = data.decode("utf-8")
        _check_depth(text)
        value = _DECODER.decode(text)
    except UnicodeDecodeError as error:
        message = f"JSON is not UTF-8 at byte {error.start}"
        raise EncodingError(message) from error
    except json.JSONDecodeError as error:
        message = f"not JSON: {error.msg} at character {error.pos}"
        raise EncodingError(message) from error
    # Without a backslash no string can hold a control character or a surrogate: UTF-8 and the grammar refuse them raw.
    _walk(value, strings=b"\\" in data)
    return value


def canonical_json(value: object) -> bytes:
    """Write the canonical form: sorted members, no white space, only quotes, backslashes (and newlines) escaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode("utf-8")


def load_canonical_json(data: bytes) -> Any:  # noqa: ANN401
    """Read strict JSON that MUST be in canonical form: it is serialised again and compared.

    Raises:
        EncodingError: not strict JSON, or another form of the same value.

    """
    value = load_json(data)
    if canonical_json(value) != data:
        message = "JSON is not in canonical form"
        raise EncodingError(message)
    return value


class Fields:
    """The members of one JSON object, each read once by its type (specs/conventions.md#types-of-members).

    The constructor refuses a missing and an unknown member, so a caller that lists the members of a page and reads each
    of them has checked the whole object.
    """

    __slots__ = ("_members", "where")

    def __init__(self, value: object, names: Iterable[str], where: str) -> None:
        """Take ``value`` if it is an object with exactly the members ``names``; ``where`` begins every message."""
        if not isinstance(value, dict):
            message = f"{where}: expected an object, got {_quoted(value)}"
            raise EncodingError(message)
        expected = set(names)
        if value.keys() != expected:
            missing = sorted(expected - value.keys())
            unknown = sorted(value.keys() - expected)
            parts = [
                f"{word} {_quoted(which)}" for word, which in (("missing", missing), ("unknown", unknown)) if which
            ]
            message = f"{where}: members {' and '.join(parts)}"
            raise EncodingError(message)
        self._members: dict[str, Any] = value
        self.where = where

    def _refuse(self, name: str, expected: str) -> NoReturn:
        message = f"{self.where}.{name}: expected {expected}, got {_quoted(self._members[name])}"
        raise EncodingError(message)

    def _number(self, name: str, limit: int, word: str) -> int:
        value = self._members[name]
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= limit:
            self._refuse(name, word)
        return value

    def value(self, name: str) -> Any:  # noqa: ANN401 - for a reader that has its own types
        """Return a member as it is."""
        return self._members[name]

    def u32(self, name: str) -> int:
        """Return an integer below 2^32."""
        return self._number(name, _MAX_U32, "u32")

    def u53(self, name: str) -> int:
        """Return an integer below 2^53."""
        return self._number(name, _MAX_NUMBER, "u53")

    def boolean(self, name: str) -> bool:
        """Return true or false."""
        value = self._members[name]
        if not isinstance(value, bool):
            self._refuse(name, "true or false")
        return value

    def string(self, name: str) -> str:
        """Return any string."""
        value = self._members[name]
        if not isinstance(value, str):
            self._refuse(name, "a string")
        return value

    def constant(self, name: str, *allowed: str) -> str:
        """Return a string that is one of ``allowed``."""
        value = self.string(name)
        if value not in allowed:
            self._refuse(name, " or ".join(allowed))
        return value

    def hex(self, name: str, size: int) -> bytes:
        """Return ``size`` bytes of hexadecimal."""
        return decode_hex(self._members[name], size, f"{self.where}.{name}")

    def hash(self, name: str) -> bytes:
        """Return the 32 bytes of a hash."""
        return self.hex(name, 32)

    def base64(self, name: str) -> bytes:
        """Return the bytes of a statement, entry or body."""
        return decode_base64(self._members[name], f"{self.where}.{name}")

    def array(self, name: str) -> list[Any]:
        """Return an array's items as they are."""
        value = self._members[name]
        if not isinstance(value, list):
            self._refuse(name, "an array")
        return value

    def u32_array(self, name: str, *, ascending: bool = False) -> tuple[int, ...]:
        """Return an array of u32, strictly ascending where asked."""
        items = self.array(name)
        for item in items:
            if isinstance(item, bool) or not isinstance(item, int) or not 0 <= item <= _MAX_U32:
                self._refuse(name, "an array of u32")
        if ascending and any(left >= right for left, right in pairwise(items)):
            self._refuse(name, "ascending numbers, none twice")
        return tuple(items)

    def hash_array(self, name: str, limit: int) -> tuple[bytes, ...]:
        """Return an array of at most ``limit`` hashes."""
        items = self.array(name)
        if len(items) > limit:
            self._refuse(name, f"at most {limit} hashes")
        return tuple(decode_hex(item, 32, f"{self.where}.{name}") for item in items)
