# SPDX-License-Identifier: AGPL-3.0-or-later
"""Typed members of a JSON object whose names are exactly known.

A missing member and an unknown member are errors alike: what a reader ignores, a forger can use.

Spec: specs/conventions.md#types-of-members
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from crypto.encoding.strict_json import Json
from crypto.errors import EncodingError, NonCanonical
from crypto.suite import HASH_BYTES, MAX_U32, MAX_U53, MEMBER_ID_BYTES

_HEX_DIGITS = frozenset("0123456789abcdef")


def decode_hex(value: Json, size: int, what: str) -> bytes:
    """Lower-case hexadecimal of exactly `size` bytes."""
    if not isinstance(value, str) or len(value) != 2 * size or not _HEX_DIGITS.issuperset(value):
        raise EncodingError(f"{what} is not {2 * size} lower-case hexadecimal digits")
    return bytes.fromhex(value)


def decode_base64(value: Json, what: str) -> bytes:
    """Standard base64 with padding, refused unless it is exactly what encoding the result gives."""
    if not isinstance(value, str):
        raise EncodingError(f"{what} is not a base64 string")
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise EncodingError(f"{what} is not base64") from None
    if base64.b64encode(data).decode("ascii") != value:
        raise NonCanonical(f"{what} is not canonical base64")
    return data


def encode_base64(data: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(data).decode("ascii")


class Members:
    """The members of one JSON object, taken out by name and type.

    Args:
        value: what the loader gave.
        what: how errors call the object, for example "ballot entry".
        names: exactly the members that it must have.

    Raises:
        EncodingError: not an object, or other members; each method: a member of another type.
    """

    __slots__ = ("_value", "_what")

    def __init__(self, value: Json, what: str, names: Sequence[str] | frozenset[str]) -> None:
        if not isinstance(value, dict):
            raise EncodingError(f"{what} is not an object")
        if value.keys() != frozenset(names):
            missing = sorted(set(names) - value.keys())
            unknown = sorted(value.keys() - set(names))
            raise EncodingError(f"{what}: missing members {missing}, unknown members {unknown}")
        self._value = value
        self._what = what

    def _name(self, name: str) -> str:
        return f"{self._what}: {name}"

    def hex(self, name: str, size: int) -> bytes:
        """`size` bytes in lower-case hexadecimal."""
        return decode_hex(self._value[name], size, self._name(name))

    def hash(self, name: str) -> bytes:
        """32 bytes in hexadecimal."""
        return self.hex(name, HASH_BYTES)

    def member_id(self, name: str) -> bytes:
        """16 bytes in hexadecimal."""
        return self.hex(name, MEMBER_ID_BYTES)

    def bytes(self, name: str) -> bytes:
        """Bytes in base64."""
        return decode_base64(self._value[name], self._name(name))

    def integer(self, name: str, maximum: int = MAX_U53, minimum: int = 0) -> int:
        """An integer from `minimum` to `maximum`; a boolean is none."""
        value = self._value[name]
        if type(value) is not int or not minimum <= value <= maximum:
            raise EncodingError(f"{self._name(name)} is not an integer from {minimum} to {maximum}")
        return value

    def u32(self, name: str, minimum: int = 0) -> int:
        """An integer from `minimum` to 2^32 - 1."""
        return self.integer(name, MAX_U32, minimum)

    def boolean(self, name: str) -> bool:
        """true or false, not 0 or 1."""
        value = self._value[name]
        if not isinstance(value, bool):
            raise EncodingError(f"{self._name(name)} is not true or false")
        return value

    def string(self, name: str, maximum: int = MAX_U32) -> str:
        """A string of at most `maximum` characters."""
        value = self._value[name]
        if not isinstance(value, str) or len(value) > maximum:
            raise EncodingError(f"{self._name(name)} is not a string of at most {maximum} characters")
        return value

    def choice(self, name: str, allowed: Sequence[str]) -> str:
        """One of the strings in `allowed`."""
        value = self._value[name]
        if not isinstance(value, str) or value not in allowed:
            raise EncodingError(f"{self._name(name)} is not one of {', '.join(allowed)}")
        return value

    def literal(self, name: str, expected: str) -> None:
        """Exactly the string `expected`."""
        self.choice(name, (expected,))

    def array(self, name: str, minimum: int = 0, maximum: int = MAX_U32) -> list[Json]:
        """An array of `minimum` to `maximum` items."""
        value = self._value[name]
        if not isinstance(value, list) or not minimum <= len(value) <= maximum:
            raise EncodingError(f"{self._name(name)} is not an array of {minimum} to {maximum} items")
        return value

    def integers(self, name: str, maximum: int = MAX_U32) -> tuple[int, ...]:
        """An array of integers, strictly ascending."""
        values = self.array(name)
        if any(type(value) is not int or value > maximum for value in values) or values != sorted(set(values)):
            raise EncodingError(f"{self._name(name)} is not an ascending array of integers up to {maximum}")
        return tuple(values)

    def members(self, name: str, names: Sequence[str] | frozenset[str]) -> Members:
        """An object inside, with exactly `names`."""
        return Members(self._value[name], self._name(name), names)

    def raw(self, name: str) -> Json:
        """The member as the loader gave it, for a reader of its own."""
        return self._value[name]
