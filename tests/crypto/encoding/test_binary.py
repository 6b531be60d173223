# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fixed-length integers and the reader that must be read to its end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.encoding.binary import ByteReader, u16, u32, u64
from crypto.errors import EncodingError


@pytest.mark.parametrize(("write", "bits"), [(u16, 16), (u32, 32), (u64, 64)])
def test_integers_are_big_endian_and_bounded(write: Any, bits: int) -> None:
    assert write(0x0102) == bytes(bits // 8 - 2) + b"\x01\x02"
    assert write(2**bits - 1) == b"\xff" * (bits // 8)
    for value in (-1, 2**bits, True, 1.0, "1", None):
        with pytest.raises(ValueError, match=f"unsigned integer of {bits} bits"):
            write(value)


@given(st.lists(st.binary(max_size=9), max_size=5))
def test_fields_come_back_and_nothing_is_left(fields: list[bytes]) -> None:
    reader = ByteReader(b"".join(fields), "thing")
    assert [reader.take(len(field)) for field in fields] == fields
    reader.finish()


def test_integers_come_back() -> None:
    reader = ByteReader(u32(7) + u64(2**40), "thing")
    assert (reader.u32(), reader.u64()) == (7, 2**40)
    reader.finish()


def test_too_short_and_too_long_are_refused() -> None:
    reader = ByteReader(b"abc", "thing")
    assert reader.take(2) == b"ab"
    with pytest.raises(EncodingError, match="thing has 1 bytes too many"):
        reader.finish()
    with pytest.raises(EncodingError, match="thing ends after 3 bytes, 4 are needed"):
        reader.take(2)
    assert reader.take(1) == b"c"
    reader.finish()
