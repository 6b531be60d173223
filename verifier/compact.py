# SPDX-License-Identifier: AGPL-3.0-or-later
"""A table of fixed-size rows, for states that there is one of for each voter (specs/verification.md#order-of-work).

A dictionary of objects costs some 400 bytes for each pseudonym; a row here costs its own bytes and about ten more. Rows
are found through open addressing by Python's keyed hash of bytes, which whoever makes the record cannot foresee.
"""

from array import array
from typing import Final

_FIRST_SLOTS: Final = 1 << 10


class Table:
    """Rows of ``key || value`` bytes, each key once; a row keeps its number for ever."""

    __slots__ = ("_key_bytes", "_mask", "_row_bytes", "_rows", "_slots", "count")

    def __init__(self, key_bytes: int, value_bytes: int) -> None:
        self._key_bytes = key_bytes
        self._row_bytes = key_bytes + value_bytes
        self._rows = bytearray()
        self._slots = array("I", bytes(array("I").itemsize * _FIRST_SLOTS))
        self._mask = _FIRST_SLOTS - 1
        self.count = 0

    def find(self, key: bytes) -> int:
        """Return the row of a key, or -1."""
        slots, mask, rows = self._slots, self._mask, self._rows
        at = hash(key) & mask
        while row := slots[at]:
            start = (row - 1) * self._row_bytes
            if rows[start : start + self._key_bytes] == key:
                return row - 1
            at = (at + 1) & mask
        return -1

    def add(self, key: bytes, value: bytes) -> int:
        """Add a key that is not there and return its row."""
        self._rows += key
        self._rows += value
        self.count += 1
        if 3 * self.count > 2 * self._mask:
            self._grow()
        else:
            self._place(key, self.count)
        return self.count - 1

    def key(self, row: int) -> bytes:
        """Return a row's key."""
        start = row * self._row_bytes
        return bytes(self._rows[start : start + self._key_bytes])

    def value(self, row: int) -> bytes:
        """Return a row's value."""
        start = row * self._row_bytes
        return bytes(self._rows[start + self._key_bytes : start + self._row_bytes])

    def set_value(self, row: int, value: bytes) -> None:
        """Replace a row's value by one of the same length."""
        start = row * self._row_bytes + self._key_bytes
        self._rows[start : start + len(value)] = value

    def _place(self, key: bytes, number: int) -> None:
        at = hash(key) & self._mask
        while self._slots[at]:
            at = (at + 1) & self._mask
        self._slots[at] = number

    def _grow(self) -> None:
        size = 2 * (self._mask + 1)
        self._slots = array("I", bytes(self._slots.itemsize * size))
        self._mask = size - 1
        for row in range(self.count):
            self._place(self.key(row), row + 1)
