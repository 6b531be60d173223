# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one JSON loader and the one writer.

The standard loader takes duplicate members (the last wins), NaN, 1.0 for 1, UTF-16, and numbers of any length. Each of
these would let two programs read two things in the same signed bytes.

Spec: specs/conventions.md#strict-json
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from crypto.errors import EncodingError, NonCanonical
from crypto.suite import MAX_JSON_BYTES, MAX_JSON_DEPTH, MAX_U53

# What a loader may return; `Any` only because mypy has no recursive JSON type that stays readable.
Json = Any

_LONGEST_INTEGER = len(str(MAX_U53))
_STRINGS_AND_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]')


def loads(data: bytes) -> Json:
    """Read strict JSON from UTF-8 bytes; white space is allowed, canonical form is not required.

    Raises:
        EncodingError: not UTF-8, not JSON, a duplicate or non-ASCII name, a number that is no integer from 0 to
            2^53 - 1, null, an unpaired surrogate, a control character other than newline, too deep or too long.
    """
    if len(data) > MAX_JSON_BYTES:
        raise EncodingError(f"JSON of {len(data)} bytes is longer than {MAX_JSON_BYTES}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EncodingError(f"JSON is not UTF-8 at byte {error.start}") from None
    if text.count("[") + text.count("{") > MAX_JSON_DEPTH:
        _check_depth(text)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except json.JSONDecodeError as error:
        raise EncodingError(f"not JSON: {error.msg} at character {error.pos}") from None
    if "\\" in text or "null" in text:
        _check_values(value)
    return value


def loads_canonical(data: bytes) -> Json:
    """Read strict JSON that must be in canonical form.

    Raises:
        NonCanonical: the same value has another, canonical encoding.
        EncodingError: as `loads`.
    """
    value = loads(data)
    if dumps(value) != data:
        raise NonCanonical("JSON is not in canonical form (sorted members, no white space, no needless escapes)")
    return value


def dumps(value: Json) -> bytes:
    """Write the canonical form.

    Raises:
        ValueError, TypeError: our own code passed a float, None, or something JSON does not have.
    """
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise EncodingError("a string holds an unpaired surrogate") from None


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise EncodingError(f"member {name!r} occurs twice in one object")
            seen.add(name)
    for name in result:
        if not (name.isascii() and name.isprintable()):
            raise EncodingError(f"member name {name!r} is not printable ASCII")
    return result


def _integer(digits: str) -> int:
    if digits[0] == "-" or len(digits) > _LONGEST_INTEGER or int(digits) > MAX_U53:
        raise EncodingError(f"number {digits[:24]} is not an integer from 0 to 2^53 - 1")
    return int(digits)


def _refuse_number(literal: str) -> NoReturn:
    raise EncodingError(f"number {literal[:24]} is not an integer")


def _check_depth(text: str) -> None:
    """Refuse deep nesting before the scanner meets it: it recurses, and its own limit is anybody's to raise."""
    depth = 0
    for token in _STRINGS_AND_BRACKETS.finditer(text):
        first = text[token.start()]
        if first in "[{":
            depth += 1
            if depth > MAX_JSON_DEPTH:
                raise EncodingError(f"JSON is nested deeper than {MAX_JSON_DEPTH} levels")
        elif first in "]}":
            depth -= 1


def _check_values(value: Json) -> None:
    """No null anywhere; and escapes can hide what UTF-8 cannot say: an unpaired surrogate, or a control character."""
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            stack.extend(node)
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
        elif node is None:
            raise EncodingError("null occurs")
        elif isinstance(node, str):
            if any("\ud800" <= character <= "\udfff" for character in node):
                raise EncodingError("a string holds an unpaired surrogate")
            if any(character < " " and character != "\n" for character in node):
                raise EncodingError("a string holds a control character")
