# SPDX-License-Identifier: AGPL-3.0-or-later
"""Zip files written field by field, so that every field can lie."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

STORED, DEFLATED = 0, 8
ENCRYPTED, STREAMED = 0x0001, 0x0008
FILE_MODE = 0o100644


@dataclass(frozen=True, slots=True)
class Item:
    """One member. Fields that are None are as they should be; the others lie.

    Args:
        name: in the directory.
        data: before packing.
        own_name: in the member's own header.
        size, packed, checksum: in the directory.
        own_*: in the member's own header.
        offset: where the directory says that the member begins.
        mode: Unix mode in the directory.
        behind: bytes between this member and the next.
        zip64: the directory's sizes and offset stand in a zip64 field.
    """

    name: bytes
    data: bytes = b""
    method: int = DEFLATED
    flags: int = 0
    mode: int = FILE_MODE
    own_name: bytes | None = None
    own_flags: int | None = None
    own_method: int | None = None
    own_size: int | None = None
    size: int | None = None
    packed: int | None = None
    checksum: int | None = None
    offset: int | None = None
    raw: bytes | None = None
    extra: bytes = b""
    behind: bytes = b""
    zip64: bool = False
    drop_zip64: bool = False


def pack(data: bytes) -> bytes:
    """Raw deflate."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def own_header(item: Item, packed: bytes) -> bytes:
    """What stands in front of a member's packed bytes."""
    flags = item.flags if item.own_flags is None else item.own_flags
    method = item.method if item.own_method is None else item.own_method
    name = item.name if item.own_name is None else item.own_name
    streamed = bool(flags & STREAMED)
    size = len(item.data) if item.own_size is None else item.own_size
    numbers = (0, 0, 0) if streamed else (zlib.crc32(item.data), len(packed), size)
    return struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, flags, method, 0, 0x21, *numbers, len(name), 0) + name


def _directory_entry(item: Item, packed: bytes, offset: int) -> bytes:
    checksum = zlib.crc32(item.data) if item.checksum is None else item.checksum
    sizes = [
        len(packed) if item.packed is None else item.packed,
        len(item.data) if item.size is None else item.size,
    ]
    offset = offset if item.offset is None else item.offset
    extra = item.extra
    if item.zip64:
        if not item.drop_zip64:
            extra = struct.pack("<HHQQQ", 1, 24, sizes[1], sizes[0], offset) + extra
        sizes, offset = [0xFFFFFFFF, 0xFFFFFFFF], 0xFFFFFFFF
    head = struct.pack(
        "<4sHHHHHHIIIHHHHHII",
        b"PK\x01\x02",
        3 << 8 | 20,
        20,
        item.flags,
        item.method,
        0,
        0x21,
        checksum,
        *sizes,
        len(item.name),
        len(extra),
        0,
        0,
        0,
        item.mode << 16,
        offset,
    )
    return head + item.name + extra


def write(
    items: Iterable[Item],
    *,
    before: bytes = b"",
    shifted: int = 0,
    between: bytes = b"",
    comment: bytes = b"",
    behind: bytes = b"",
    zip64: bool = False,
    **end: Any,
) -> bytes:
    """The archive.

    Args:
        before: bytes in front of it.
        shifted: what is added to every offset; `len(before)` makes an archive that is right about itself.
        between: bytes between the last member and the directory.
        comment: in the end record.
        behind: bytes after the archive.
        zip64: numbers of the end record stand in a zip64 record.
        end: numbers of the end record that lie: `disk`, `here`, `members`, `size`, `offset`, `mark`, and for zip64
            `locator`, `end64`.
    """
    body, directory, count = bytearray(), bytearray(), 0
    for item in items:
        packed = item.raw
        if packed is None:
            packed = pack(item.data) if item.method == DEFLATED else item.data
        directory += _directory_entry(item, packed, shifted + len(body))
        body += own_header(item, packed) + packed
        if (item.flags if item.own_flags is None else item.own_flags) & STREAMED:
            body += struct.pack("<4sIII", b"PK\x07\x08", zlib.crc32(item.data), len(packed), len(item.data))
        body += item.behind
        count += 1
    body += between
    numbers = {"disk": 0, "here": count, "members": count, "size": len(directory), "offset": shifted + len(body)}
    stated = {**numbers, **end}
    trailer = b""
    if zip64:
        large = struct.pack(
            "<4sQHHIIQQQQ",
            end.get("end64", b"PK\x06\x06"),
            44,
            45,
            45,
            0,
            0,
            stated["here"],
            stated["members"],
            stated["size"],
            stated["offset"],
        )
        place = shifted + len(body) + len(directory)
        trailer = large + struct.pack("<4sIQI", b"PK\x06\x07", 0, end.get("locator", place), 1)
        stated |= {"here": 0xFFFF, "members": 0xFFFF, "size": 0xFFFFFFFF, "offset": 0xFFFFFFFF}
    trailer += struct.pack(
        "<4sHHHHIIH",
        end.get("mark", b"PK\x05\x06"),
        stated["disk"],
        0,
        min(stated["here"], 0xFFFF),
        min(stated["members"], 0xFFFF),
        stated["size"],
        stated["offset"],
        len(comment),
    )
    return before + bytes(body) + bytes(directory) + trailer + comment + behind


def items_of(files: Mapping[str, bytes], *, prefix: str = "") -> list[Item]:
    """The members of an honest archive."""
    return [Item((prefix + name).encode(), data) for name, data in files.items()]


def change(items: list[Item], which: str, /, **fields: Any) -> list[Item]:
    """The same members, one of them changed."""
    changed = [replace(item, **fields) if item.name == which.encode() else item for item in items]
    assert changed != items, f"no member {which}"
    return changed
