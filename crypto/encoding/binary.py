# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fixed-length binary fields: integers out, and a reader that must be read to its end.

Spec: specs/conventions.md#notation
"""

from __future__ import annotations

from crypto.errors import EncodingError
from crypto.suite import MAX_U16, MAX_U32

_MAX_U64 = 2**64 - 1


def _unsigned(value: int, size: int, maximum: int) -> bytes:
    if type(value) is not int or not 0 <= value <= maximum:
        raise ValueError(f"{value!r} is not an unsigned integer of {8 * size} bits")
    return value.to_bytes(size, "big")


def u16(value: int) -> bytes:
    """2 bytes, big-endian."""
    return _unsigned(value, 2, MAX_U16)


def u32(value: int) -> bytes:
    """4 bytes, big-endian."""
    return _unsigned(value, 4, MAX_U32)


def u64(value: int) -> bytes:
    """8 bytes, big-endian."""
    return _unsigned(value, 8, _MAX_U64)


class ByteReader:
    """Takes fixed fields off the front of `data`; `finish` refuses leftovers.

    Raises:
        EncodingError: from `take` and the integers if the bytes end too early, from `finish` if any are left.
    """

    __slots__ = ("_data", "_position", "_what")

    def __init__(self, data: bytes, what: str) -> None:
        self._data = data
        self._position = 0
        self._what = what

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        end = self._position + size
        if end > len(self._data):
            raise EncodingError(f"{self._what} ends after {len(self._data)} bytes, {end} are needed")
        field = self._data[self._position : end]
        self._position = end
        return field

    def u32(self) -> int:
        """The next 4 bytes as an unsigned integer."""
        return int.from_bytes(self.take(4), "big")

    def u64(self) -> int:
        """The next 8 bytes as an unsigned integer."""
        return int.from_bytes(self.take(8), "big")

    def finish(self) -> None:
        """All bytes must have been taken."""
        if self._position != len(self._data):
            raise EncodingError(f"{self._what} has {len(self._data) - self._position} bytes too many")
