# SPDX-License-Identifier: AGPL-3.0-or-later
"""Framed files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import EncodingError
from crypto.ledger.framing import BODY_LENGTH_BYTES, ENTRY_LENGTH_BYTES, frame, unframe


@given(st.lists(st.binary(max_size=300), max_size=5), st.sampled_from([ENTRY_LENGTH_BYTES, BODY_LENGTH_BYTES]))
def test_items_come_back(items: list[bytes], size: int) -> None:
    data = b"".join(frame(item, size) for item in items)
    assert data == b"".join(len(item).to_bytes(size, "big") + item for item in items)
    assert list(unframe(data, size)) == items


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=3), st.integers(1, 100))
def test_a_cut_file_is_refused_or_ends_at_an_item(items: list[bytes], cut: int) -> None:
    data = b"".join(frame(item, 2) for item in items)
    short = data[: -(cut % len(data)) or len(data)]
    try:
        read = list(unframe(short, 2))
    except EncodingError:
        return
    assert read == items[: len(read)]
    assert b"".join(frame(item, 2) for item in read) == short


@pytest.mark.parametrize(
    "data", [b"\x00", b"\x00\x01", b"\xff\xff" + bytes(100), b"\x00\x01a\x00", b"\x00\x01a\x00\x02b"]
)
def test_lengths_beyond_the_end(data: bytes) -> None:
    with pytest.raises(EncodingError, match="a framed file ends within the item at byte"):
        list(unframe(data, 2))


def test_the_longest_entry() -> None:
    item = bytes(65_535)
    assert list(unframe(frame(item, 2), 2)) == [item]
    with pytest.raises(ValueError, match="do not fit a length of 2 bytes"):
        frame(item + b"x", 2)
    assert len(frame(item + b"x", 4)) == 65_540
