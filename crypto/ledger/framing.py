# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sequences of byte strings in one file, each preceded by its length.

Spec: specs/ledger.md#files
"""

from __future__ import annotations

from collections.abc import Iterator

from crypto.errors import EncodingError

ENTRY_LENGTH_BYTES = 2
BODY_LENGTH_BYTES = 4


def frame(item: bytes, length_bytes: int) -> bytes:
    """The item with its length in front, `ENTRY_LENGTH_BYTES` for entries and notes, `BODY_LENGTH_BYTES` for bodies.

    Raises:
        ValueError: too long for that.
    """
    if len(item) >= 1 << 8 * length_bytes:
        raise ValueError(f"{len(item)} bytes do not fit a length of {length_bytes} bytes")
    return len(item).to_bytes(length_bytes, "big") + item


def unframe(data: bytes, length_bytes: int) -> Iterator[bytes]:
    """The items of a framed file.

    Raises:
        EncodingError: the last item is cut.
    """
    position = 0
    while position < len(data):
        start = position + length_bytes
        end = start + int.from_bytes(data[position:start], "big")
        if start > len(data) or end > len(data):
            raise EncodingError(f"a framed file ends within the item at byte {position}")
        yield data[start:end]
        position = end
