# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public record as files: implements specs/record.md#record and specs/ledger.md#files.

A record is a folder or a zip file and hostile: only the seven allowed names are opened, links are never followed,
nothing is extracted, and no length that a file states is believed before the bytes are there.
"""

import functools
import hashlib
import os
import stat
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from verifier.archive import Member, MemberStream, read_directory
from verifier.errors import EncodingError, UsageError
from verifier.suite import MAX_BODY_BYTES

FILES: Final = (
    "register/entries",
    "register/checkpoints",
    "register/bodies",
    "election/entries",
    "election/checkpoints",
    "election/bodies",
    "election/ballots",
)
_FOLDERS: Final = ("register", "election")
_PREFIX: Final = "record/"
_PIECE: Final = 1 << 20
_BOMB_RATIO: Final = 1000
"""Entries and notes deflate to about half; but junk of a thief of the log key must not spoil a record's zip file."""
_BALLOTS_RATIO: Final = 1100
"""Slots of missing ballots are zeros, which deflate further than anything; how many there are, the ledger says."""


class Stream(Protocol):
    """Bytes in order."""

    def read(self, length: int, /) -> bytes:
        """Return up to ``length`` bytes; fewer only at the end."""

    def close(self) -> None:
        """Close what is under the stream."""


@dataclass(slots=True)
class Source:
    """One file of the record; ``read_at`` is cheapest when offsets ascend."""

    name: str
    size: int
    opener: Callable[[], Stream]
    _stream: Stream | None = field(default=None, init=False)
    _position: int = field(default=0, init=False)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes from ``offset``.

        Raises:
            EncodingError: the file does not reach so far.

        """
        if self._stream is None or offset < self._position:
            self.close()
            self._stream = self.opener()
            self._position = 0
        while self._position < offset:
            skipped = len(self._stream.read(min(_PIECE, offset - self._position)))
            if not skipped:
                break
            self._position += skipped
        data = self._stream.read(length)
        self._position += len(data)
        if len(data) != length:
            message = f"{self.name}: the file ends before byte {offset + length}"
            raise EncodingError(message)
        return data

    def close(self) -> None:
        """Close the stream that `read_at` keeps."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def blocks(self, unit: int) -> Iterator[bytes]:
        """Yield the whole file in blocks of a multiple of ``unit`` bytes; the last may be shorter."""
        stream = self.opener()
        size = max(1, _PIECE // unit) * unit
        try:
            while block := stream.read(size):
                yield block
        finally:
            stream.close()

    def frames(self) -> Iterator[bytes]:
        """Yield byte strings framed by `u16` lengths.

        Raises:
            EncodingError: a frame's length goes beyond the file.

        """
        left = b""
        for block in self.blocks(1):
            data, at, end = left + block, 0, len(left) + len(block)
            while at + 2 <= end:
                stop = at + 2 + (data[at] << 8 | data[at + 1])
                if stop > end:
                    break
                yield data[at + 2 : stop]
                at = stop
            left = data[at:]
        if left:
            message = f"{self.name}: the last frame goes beyond the file"
            raise EncodingError(message)


class Bodies:
    """Index of a file of bodies framed by `u32`: where each lies, and its SHA-256; the bodies stay in the file."""

    __slots__ = ("_hashes", "_lengths", "_offsets", "_places", "_source", "resolved")

    def __init__(self, source: Source) -> None:
        """Hash every body of the file once.

        Raises:
            EncodingError: a frame's length goes beyond the file, or a body is longer than MAX_BODY_BYTES.

        """
        self._source = source
        self._offsets = array("Q")
        self._lengths = array("Q")
        self._hashes = bytearray()
        self._places: dict[bytes, int] = {}
        self.resolved = 0
        """How many bodies of the file, from its beginning, entries have named."""
        stream = source.opener()
        try:
            self._scan(stream)
        finally:
            stream.close()

    def _scan(self, stream: Stream) -> None:
        at = 0
        while header := stream.read(4):
            length = int.from_bytes(header, "big")
            if len(header) != 4 or length > self._source.size - at - 4 or length > MAX_BODY_BYTES:
                message = f"{self._source.name}: body {len(self)} at byte {at} goes beyond the file or the limit"
                raise EncodingError(message)
            running, left = hashlib.sha256(), length
            while left:
                piece = stream.read(min(_PIECE, left))
                if not piece:
                    message = f"{self._source.name}: the file ends within body {len(self)}"
                    raise EncodingError(message)
                running.update(piece)
                left -= len(piece)
            self._offsets.append(at + 4)
            self._lengths.append(length)
            self._hashes += running.digest()
            at += 4 + length

    def __len__(self) -> int:
        return len(self._offsets)

    def resolve(self, digest: bytes) -> None:
        """Take the next body of the file if it is the one that an entry names; otherwise that one is missing."""
        place = self.resolved
        if place < len(self) and self._hashes[32 * place : 32 * place + 32] == digest and digest not in self._places:
            self._places[digest] = place
            self.resolved += 1

    def size_of(self, digest: bytes) -> int | None:
        """Return the length of a body that is there, or None for a missing one."""
        place = self._places.get(digest)
        return None if place is None else self._lengths[place]

    def read(self, digest: bytes, offset: int = 0, length: int | None = None) -> bytes:
        """Return (a part of) a body that is there."""
        place = self._places[digest]
        if length is None:
            length = self._lengths[place] - offset
        return self._source.read_at(self._offsets[place] + offset, length)


@dataclass(slots=True)
class Record:
    """The files that are there, by name, and what is wrong with the folder or archive as a whole."""

    sources: dict[str, Source]
    missing: tuple[str, ...]
    broken: str | None

    def close(self) -> None:
        """Close all files."""
        for source in self.sources.values():
            source.close()


class _FileStream:
    """A regular file of a folder, up to the size that it had when the record was opened (it may be growing)."""

    __slots__ = ("_file", "_left")

    def __init__(self, path: Path, size: int) -> None:
        self._file = _open_regular(path)
        self._left = size

    def read(self, length: int, /) -> bytes:
        data = self._file.read(min(length, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._file.close()


def _open_regular(path: Path) -> BinaryIO:
    """Open a regular file without following a link in its last component."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    file = os.fdopen(descriptor, "rb")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        message = f"{path} is not a regular file"
        raise EncodingError(message)
    return file


def _folder_record(path: Path) -> Record:
    sources: dict[str, Source] = {}
    for folder in (path, *(path / name for name in _FOLDERS)):
        prefix = "" if folder == path else f"{folder.name}/"
        if prefix and not folder.is_dir():
            continue
        with os.scandir(folder) as entries:
            for entry in entries:
                name = prefix + entry.name
                if not prefix and name in _FOLDERS and entry.is_dir(follow_symlinks=False):
                    continue
                if name not in FILES:
                    return Record({}, (), f"the record holds {ascii(name)[:200]}, which is none of its seven files")
                if not entry.is_file(follow_symlinks=False):
                    return Record({}, (), f"{name} is a link or no regular file")
                place = folder / entry.name
                size = entry.stat(follow_symlinks=False).st_size
                sources[name] = Source(name, size, functools.partial(_FileStream, place, size))
    return Record(sources, tuple(name for name in FILES if name not in sources), None)


def _zip_record(path: Path) -> Record:
    def opener() -> BinaryIO:
        return path.open("rb")

    try:
        with opener() as file:
            members = read_directory(file)
    except EncodingError as error:
        return Record({}, (), str(error))
    files = [member for member in members if not member.name.endswith("/")]
    prefix = _PREFIX if any(member.name.startswith(_PREFIX) for member in members) else ""
    folders = {prefix} | {f"{prefix}{folder}/" for folder in _FOLDERS}
    sources: dict[str, Source] = {}
    seen: set[str] = set()
    for member in members:
        name = member.name.removeprefix(prefix)
        broken = None
        if member.name in seen:
            broken = "is there twice"
        elif member.name.endswith("/"):
            broken = None if member.name in folders else "is no folder of a record"
        elif not member.name.startswith(prefix) or name not in FILES:
            broken = "is none of the record's seven files"
        elif member.size > _limit(name, member):
            broken = f"unpacks from {member.packed} to {member.size} bytes, which no record does"
        if broken is not None:
            return Record({}, (), f"zip member {ascii(member.name)[:200]} {broken}")
        seen.add(member.name)
    for member in files:
        name = member.name.removeprefix(prefix)
        sources[name] = Source(name, member.size, functools.partial(MemberStream, opener, member))
    return Record(sources, tuple(name for name in FILES if name not in sources), None)


def _limit(name: str, member: Member) -> int:
    ratio = _BALLOTS_RATIO if name == "election/ballots" else _BOMB_RATIO
    return member.packed * ratio + _PIECE


def open_record(path: Path) -> Record:
    """Find the files of a record; reads none of them.

    Raises:
        UsageError: there is no such folder or file.

    """
    if path.is_dir():
        return _folder_record(path)
    if path.is_file():
        return _zip_record(path)
    message = f"there is no record at {path}: give the folder of a record, or its .zip file"
    raise UsageError(message)
