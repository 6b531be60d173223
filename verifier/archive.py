# SPDX-License-Identifier: AGPL-3.0-or-later
"""A reader of hostile zip files, as narrow as specs/record.md#record allows.

Written out instead of using `zipfile`, which lists two members of one name and returns the last, takes junk before the
archive, and parses a central directory of any size before one can refuse it. Nothing is ever extracted: members are
streams.
"""

import os
import stat
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO, Final, NoReturn

from verifier.errors import EncodingError

_END: Final = struct.Struct("<4sHHHHIIH")
_END64_LOCATOR: Final = struct.Struct("<4sIQI")
_END64: Final = struct.Struct("<4sQHHIIQQQQ")
_CENTRAL: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
_LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")
_EXTRA: Final = struct.Struct("<HH")
_MAX_DIRECTORY_BYTES: Final = 65536
_MAX_MEMBERS: Final = 32
_MAX16: Final = 0xFFFF
_MAX32: Final = 0xFFFFFFFF
_FORBIDDEN_FLAGS: Final = 0x0001 | 0x0020 | 0x0040 | 0x2000
"""Encrypted, patch data, strong encryption, masked headers."""
_STORED: Final = 0
_DEFLATED: Final = 8
_ZIP64_FIELD: Final = 1
_PIECE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the archive: where its bytes lie and what they must be."""

    name: str
    offset: int
    packed: int
    size: int
    checksum: int
    deflated: bool


def _refuse(reason: str, cause: Exception | None = None) -> NoReturn:
    message = f"the zip file is refused: {reason}"
    raise EncodingError(message) from cause


def _read(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    data = file.read(length)
    if len(data) != length:
        _refuse("it ends within a header")
    return data


def _find_directory(file: BinaryIO, length: int) -> tuple[int, int, int]:
    """Return (offset, size, members) of the central directory, which must end where the end record begins."""
    if length < _END.size:
        _refuse("it is too short")
    end = length - _END.size
    mark, disk, start_disk, here, members, size, offset, comment = _END.unpack(_read(file, end, _END.size))
    if mark != b"PK\x05\x06" or comment:
        _refuse("it does not end with its end record (or has a comment, or is no zip file)")
    if _MAX16 in (here, members) or _MAX32 in (size, offset):
        locator_at = end - _END64_LOCATOR.size
        if locator_at < 0:
            _refuse("its zip64 locator is missing")
        mark, start_disk, end, _ = _END64_LOCATOR.unpack(_read(file, locator_at, _END64_LOCATOR.size))
        if mark != b"PK\x06\x07" or end + _END64.size != locator_at:
            _refuse("its zip64 locator is wrong")
        mark, _, _, _, disk, _, here, members, size, offset = _END64.unpack(_read(file, end, _END64.size))
        if mark != b"PK\x06\x06":
            _refuse("its zip64 end record is wrong")
    if disk or start_disk or here != members:
        _refuse("it has several parts")
    if members > _MAX_MEMBERS or size > _MAX_DIRECTORY_BYTES:
        _refuse(f"it has {members} members in a directory of {size} bytes")
    if offset + size != end:
        _refuse("there are bytes before the archive or after its directory")
    return offset, size, members


def _zip64(extra: bytes, wanted: int) -> list[int]:
    """Return the 64-bit numbers of a zip64 extra field."""
    at = 0
    while at + _EXTRA.size <= len(extra):
        kind, size = _EXTRA.unpack_from(extra, at)
        at += _EXTRA.size
        if kind == _ZIP64_FIELD:
            if size < 8 * wanted or at + size > len(extra):
                break
            return list(struct.unpack_from(f"<{wanted}Q", extra, at))
        at += size
    _refuse("a zip64 field is missing")


def read_directory(file: BinaryIO) -> list[Member]:
    """Return the members of an archive in the order of its directory; folder entries have names that end in a slash.

    Raises:
        EncodingError: not a plain zip file: too many members, encrypted, links, unknown methods, overlapping members,
            names that are not ASCII, two names for one member, several parts, bytes around the archive.

    """
    length = file.seek(0, os.SEEK_END)
    directory, directory_size, count = _find_directory(file, length)
    data = _read(file, directory, directory_size)
    members: list[Member] = []
    used: list[tuple[int, int]] = []
    at = 0
    for _ in range(count):
        if at + _CENTRAL.size > len(data):
            _refuse("its directory is cut")
        mark, _, _, flags, method, _, _, checksum, packed, size, *rest = _CENTRAL.unpack_from(data, at)
        name_length, extra_length, comment_length, disk, _, attributes, local = rest
        at += _CENTRAL.size
        raw_name = data[at : at + name_length]
        extra = data[at + name_length : at + name_length + extra_length]
        at += name_length + extra_length + comment_length
        if mark != b"PK\x01\x02" or at > len(data) or disk not in (0, _MAX16):
            _refuse("its directory is damaged")
        if not raw_name.isascii():
            _refuse("a name is not ASCII")
        name = raw_name.decode("ascii")
        large = [value == _MAX32 for value in (size, packed, local)]
        if any(large):
            numbers = _zip64(extra, sum(large))
            size = numbers.pop(0) if large[0] else size
            packed = numbers.pop(0) if large[1] else packed
            local = numbers.pop(0) if large[2] else local
        _check_member(name, flags, method, attributes >> 16, packed, size)
        header = _LOCAL.unpack(_read(file, local, _LOCAL.size)) if local + _LOCAL.size <= directory else None
        if header is None or header[0] != b"PK\x03\x04" or header[2] & _FORBIDDEN_FLAGS or header[3] != method:
            _refuse(f"member {name!a} has no proper header")
        start = local + _LOCAL.size + header[9] + header[10]
        if start + packed > directory or _read(file, local + _LOCAL.size, header[9]) != raw_name:
            _refuse(f"member {name!a} has another name in its own header, or lies outside the archive")
        used.append((local, start + packed))
        members.append(Member(name, start, packed, size, checksum, method == _DEFLATED))
    if at != len(data):
        _refuse("its directory has bytes left over")
    _check_places(sorted(used))
    return members


def _check_places(used: Sequence[tuple[int, int]]) -> None:
    if used and used[0][0]:
        _refuse("there are bytes before the archive or after its directory")
    if any(first[1] > second[0] for first, second in pairwise(used)):
        _refuse("members overlap")


def _check_member(name: str, flags: int, method: int, mode: int, packed: int, size: int) -> None:
    if flags & _FORBIDDEN_FLAGS:
        _refuse(f"member {name!a} is encrypted")
    if method not in (_STORED, _DEFLATED):
        _refuse(f"member {name!a} is packed by method {method}; only stored and deflated are read")
    kind = stat.S_IFMT(mode)
    if kind not in (0, stat.S_IFDIR if name.endswith("/") else stat.S_IFREG):
        _refuse(f"member {name!a} is a link or a device")
    if name.endswith("/") and size:
        _refuse(f"folder {name!a} has content")
    if method == _STORED and packed != size:
        _refuse(f"member {name!a} is stored with two sizes")


class MemberStream:
    """Bytes of one member in order; lengths and checksum are enforced while reading."""

    __slots__ = ("_checksum", "_file", "_inflate", "_left", "_member", "_packed_left", "_position")

    def __init__(self, opener: Callable[[], BinaryIO], member: Member) -> None:
        self._file = opener()
        self._member = member
        self._position = member.offset
        self._packed_left = member.packed
        self._left = member.size
        self._checksum = 0
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS) if member.deflated else None

    def read(self, length: int) -> bytes:
        """Return up to ``length`` bytes; fewer only at the end.

        Raises:
            EncodingError: the packed bytes are damaged, too short or too long, or the checksum differs.

        """
        length = min(length, self._left)
        pieces: list[bytes] = []
        while length > 0:
            piece = self._inflated(length) if self._inflate is not None else self._packed(length)
            if not piece:
                _refuse(f"member {self._member.name} ends early")
            pieces.append(piece)
            length -= len(piece)
            self._left -= len(piece)
            self._checksum = zlib.crc32(piece, self._checksum)
        if self._left == 0 and pieces:
            self._finish()
        return b"".join(pieces)

    def close(self) -> None:
        """Close the file under this stream."""
        self._file.close()

    def _packed(self, length: int) -> bytes:
        length = min(length, self._packed_left)
        self._file.seek(self._position)
        data = self._file.read(length)
        self._position += len(data)
        self._packed_left -= len(data)
        return data

    def _inflated(self, length: int) -> bytes:
        inflate = self._inflate
        if inflate is None:
            return b""
        try:
            while not inflate.eof:
                piece = inflate.decompress(inflate.unconsumed_tail or self._packed(_PIECE), length)
                if piece:
                    return piece
                if not self._packed_left and not inflate.unconsumed_tail:
                    break
        except zlib.error as error:
            _refuse(f"member {self._member.name} is damaged", error)
        return b""

    def _finish(self) -> None:
        if self._checksum != self._member.checksum:
            _refuse(f"the checksum of member {self._member.name} differs")
        if self._inflate is not None and (self._inflated(1) or self._packed_left or self._inflate.unused_data):
            _refuse(f"member {self._member.name} is longer than its directory says")
