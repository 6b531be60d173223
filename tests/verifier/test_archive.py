# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hostile zip files (specs/record.md#record, attack 56): refused as files, before anything in them is looked at."""

from __future__ import annotations

import random
import re
import stat
import struct
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from tests.verifier.commands import check
from tests.verifier.evidence import FILES, small
from tests.verifier.zips import DEFLATED, ENCRYPTED, STORED, STREAMED, Item, change, items_of, own_header, pack, write

ENTRIES = "election/entries"
BALLOTS = "election/ballots"
MIB = 1 << 20


def items(prefix: str = "") -> list[Item]:
    """The members of a record that is VALID."""
    return items_of(small().files, prefix=prefix)


def with_extra(*extra: Item) -> bytes:
    return write([*items(), *extra])


def changed(which: str, /, **fields: object) -> bytes:
    return write(change(items(), which, **fields))


def renamed(name: str, new: bytes) -> bytes:
    return changed(name, name=new)


def length_of_headers() -> int:
    """Bytes of the first member with its own header."""
    first = items()[0]
    return 30 + len(first.name) + len(pack(first.data))


def quoted() -> bytes:
    """One member stands, with its own header, in the stored bytes of another (overlapping bombs are built so)."""
    inner = items()[1]
    packed = pack(inner.data)
    outer = Item(b"register/entries", own_header(inner, packed) + packed, STORED)
    return write(
        [outer, Item(inner.name, inner.data, raw=b"", packed=len(packed), offset=30 + len(outer.name)), *items()[2:]]
    )


GOOD: dict[str, Callable[[], bytes]] = {
    "deflated": lambda: write(items()),
    "stored": lambda: write([Item(item.name, item.data, STORED) for item in items()]),
    "below record/": lambda: write(items("record/")),
    "with folder entries": lambda: write(
        [Item(name, b"", STORED, mode=0o040755) for name in (b"record/", b"record/register/", b"record/election/")]
        + items("record/")
    ),
    "in another order": lambda: write(items()[::-1]),
    "without Unix modes": lambda: write([Item(item.name, item.data, mode=0) for item in items()]),
    "streamed, with data descriptors": lambda: write([Item(item.name, item.data, flags=STREAMED) for item in items()]),
    "zip64 end record": lambda: write(items(), zip64=True),
    "zip64 members": lambda: write([Item(item.name, item.data, zip64=True) for item in items()], zip64=True),
    "an unknown extra field": lambda: changed(ENTRIES, extra=struct.pack("<HH4s", 0x5455, 4, b"time")),
}

HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    # names
    "a path out of the folder": (lambda: with_extra(Item(b"../election/entries", b"x")), "none of the record's seven"),
    "a path out and back": (lambda: renamed(ENTRIES, b"x/../election/entries"), "none of the record's seven"),
    "an absolute path": (lambda: renamed(ENTRIES, b"/election/entries"), "none of the record's seven"),
    "a drive letter": (lambda: renamed(ENTRIES, b"C:election/entries"), "none of the record's seven"),
    "a backslash": (lambda: renamed(ENTRIES, b"election\\entries"), "none of the record's seven"),
    "a dot in the path": (lambda: renamed(ENTRIES, b"./election/entries"), "none of the record's seven"),
    "two slashes": (lambda: renamed(ENTRIES, b"election//entries"), "none of the record's seven"),
    "a zero byte at the end of a name": (lambda: renamed(ENTRIES, b"election/entries\0"), "none of the record's seven"),
    "no name": (lambda: with_extra(Item(b"", b"x")), "none of the record's seven"),
    "a file too many": (lambda: with_extra(Item(b"README", b"x")), "none of the record's seven"),
    "a name twice": (lambda: with_extra(Item(ENTRIES.encode(), small().files[ENTRIES])), "is there twice"),
    "a name twice, another content": (lambda: with_extra(Item(ENTRIES.encode(), b"")), "is there twice"),
    "a name in capitals besides": (lambda: with_extra(Item(b"Election/Entries", b"")), "none of the record's seven"),
    "a name in capitals": (lambda: renamed(ENTRIES, b"ELECTION/ENTRIES"), "none of the record's seven"),
    "a composed letter": (lambda: with_extra(Item("r\u00e9gister/entries".encode(), b"")), "not ASCII"),
    "a decomposed letter": (lambda: with_extra(Item("re\u0301gister/entries".encode(), b"")), "not ASCII"),
    "a fullwidth slash": (lambda: renamed(ENTRIES, "election\uff0fentries".encode()), "not ASCII"),
    "a Cyrillic letter": (lambda: renamed(ENTRIES, "\u0435lection/entries".encode()), "not ASCII"),
    "another name in its own header": (lambda: changed(ENTRIES, own_name=b"election/entriez"), "another name in its"),
    # folders
    "below another folder": (lambda: write(items("a/")), "none of the record's seven"),
    "below record/ twice": (lambda: write(items("record/record/")), "none of the record's seven"),
    "half of it below record/": (
        lambda: write([*items("record/")[:4], *items()[4:]]),
        "none of the record's seven",
    ),
    "another folder": (lambda: with_extra(Item(b"other/", b"", STORED, mode=0)), "no folder of a record"),
    "a folder twice": (lambda: with_extra(*[Item(b"register/", b"", STORED, mode=0)] * 2), "is there twice"),
    "a folder with content": (lambda: with_extra(Item(b"register/", b"x", STORED, mode=0)), "has content"),
    "a file that is a folder": (lambda: changed(BALLOTS, mode=0o040755), "a link or a device"),
    # links and devices
    **{
        name: (lambda mode=mode: changed(BALLOTS, data=b"/etc/passwd", mode=mode), "a link or a device")
        for name, mode in {
            "a symbolic link": stat.S_IFLNK | 0o777,
            "a character device": stat.S_IFCHR | 0o600,
            "a block device": stat.S_IFBLK | 0o600,
            "a pipe": stat.S_IFIFO | 0o600,
            "a socket": stat.S_IFSOCK | 0o600,
        }.items()
    },
    "a folder entry that is a link": (
        lambda: with_extra(Item(b"register/", b"", STORED, mode=stat.S_IFLNK | 0o777)),
        "a link or a device",
    ),
    # packing
    "encrypted": (lambda: changed(ENTRIES, flags=ENCRYPTED), "is encrypted"),
    "encrypted in its own header only": (lambda: changed(ENTRIES, own_flags=ENCRYPTED), "no proper header"),
    "strongly encrypted": (lambda: changed(ENTRIES, flags=0x0041), "is encrypted"),
    "a masked directory": (lambda: changed(ENTRIES, flags=0x2000), "is encrypted"),
    "a patch": (lambda: changed(ENTRIES, flags=0x0020), "is encrypted"),
    **{
        f"method {method}": (lambda method=method: changed(ENTRIES, method=method, raw=b"x"), f"by method {method}")
        for method in (1, 6, 9, 12, 14, 93, 99)
    },
    "another method in its own header": (lambda: changed(ENTRIES, own_method=STORED), "no proper header"),
    "stored with two sizes": (lambda: changed(ENTRIES, method=STORED, size=7), "stored with two sizes"),
    "a bomb": (lambda: changed(ENTRIES, data=bytes(64 * MIB)), "unpacks from"),
    "a bomb that says it is small": (lambda: changed(ENTRIES, raw=pack(bytes(64 * MIB)), size=100_000), "election/ent"),
    "a member that unpacks to more": (lambda: changed(ENTRIES, size=100), "checksum|longer than its directory says"),
    "a member that unpacks to less": (lambda: changed(ENTRIES, size=200_000), "ends early|checksum"),
    "another checksum": (lambda: changed(ENTRIES, checksum=1), "checksum of member"),
    "not deflate": (lambda: changed(ENTRIES, raw=b"\xff" * 1000), "is damaged"),
    "cut deflate": (lambda: changed(ENTRIES, raw=pack(small().files[ENTRIES])[:-20]), "ends early|damaged"),
    "bytes behind the packed ones": (
        lambda: changed(ENTRIES, raw=pack(small().files[ENTRIES]) + b"more"),
        "longer than its directory says",
    ),
    # places
    "two members in one place": (lambda: changed("register/bodies", offset=0), "another name in its own header"),
    "a member that reaches over the next": (
        lambda: changed("register/entries", packed=length_of_headers() + 40),
        "members overlap",
    ),
    "a member within another": (quoted, "members overlap"),
    "a member behind the directory": (lambda: changed(ENTRIES, offset=10**6), "no proper header"),
    "a member at the last byte": (lambda: changed(ENTRIES, offset=0xFFFFFFFE), "no proper header"),
    "a member longer than the file": (lambda: changed(BALLOTS, packed=10**6, size=10**6), "lies outside the archive"),
    "bytes in front": (lambda: write(items(), before=b"#!/bin/sh\n"), "before the archive or after"),
    "bytes in front, offsets adjusted": (
        lambda: write(items(), before=b"#!/bin/sh\n", shifted=10),
        "before the archive or after",
    ),
    "bytes behind": (lambda: write(items(), behind=b"x"), "does not end with its end record"),
    "bytes behind the directory": (lambda: write(items(), size=100), "before the archive or after"),
    "two archives": (lambda: write(items()) + write(items()), "before the archive or after"),
    "a comment": (lambda: write(items(), comment=b"hello"), "does not end with its end record"),
    "a comment that is an end record": (
        lambda: write(items(), comment=write([])),
        "does not end|before the archive|has a comment",
    ),
    # the end record
    "more members than there are": (lambda: write(items(), here=8, members=8), "its directory is cut"),
    "fewer members than there are": (lambda: write(items(), here=6, members=6), "bytes left over"),
    "two counts of members": (lambda: write(items(), here=6), "several parts"),
    "a second disk": (lambda: write(items(), disk=1), "several parts"),
    "a directory from elsewhere": (lambda: write(items(), offset=3), "before the archive or after"),
    "a directory beyond the file": (lambda: write(items(), offset=0xFFFFFFFE), "before the archive or after"),
    "zip64 without its record": (lambda: write(items(), members=0xFFFF, here=0xFFFF), "zip64 locator is wrong"),
    "a zip64 locator that points elsewhere": (lambda: write(items(), zip64=True, locator=0), "zip64 locator is wrong"),
    "a zip64 locator beyond the file": (lambda: write(items(), zip64=True, locator=2**63), "zip64 locator is wrong"),
    "no zip64 end record": (lambda: write(items(), zip64=True, end64=b"PK\x06\x05"), "zip64 end record is wrong"),
    "another zip64 count": (lambda: write(items(), zip64=True, members=2**40), "several parts|members"),
    "a zip64 directory beyond the file": (lambda: write(items(), zip64=True, offset=2**62), "before the archive"),
    "zip64 sizes that are not there": (
        lambda: changed(ENTRIES, zip64=True, drop_zip64=True),
        "a zip64 field is missing",
    ),
    "zip64 sizes cut short": (
        lambda: changed(ENTRIES, zip64=True, drop_zip64=True, extra=struct.pack("<HHQ", 1, 8, 7)),
        "a zip64 field is missing",
    ),
    "a zip64 member of 2^63 bytes": (
        lambda: changed(ENTRIES, zip64=True, size=2**63, packed=2**63),
        "lies outside the archive|unpacks|stored",
    ),
    "a hundred thousand members": (
        lambda: write([Item(b"%d" % number, b"", STORED) for number in range(100_000)], zip64=True),
        "100000 members in a directory of",
    ),
    "a hundred thousand times one name": (
        lambda: write([Item(ENTRIES.encode(), b"", STORED)] * 100_000, zip64=True),
        "100000 members in a directory of",
    ),
    "thirty-three members": (
        lambda: write([Item(b"%d" % number, b"", STORED) for number in range(33)]),
        "members in a directory of|none of the record's seven",
    ),
    "no zip at all": (lambda: bytes(5000), "no zip file"),
    "an empty file": (lambda: b"", "too short"),
    "only the two letters": (lambda: b"PK", "too short"),
    "a tar archive": (lambda: b"record/" + bytes(250) + b"ustar" + bytes(800), "no zip file"),
}


def verify(tmp_path: Path, data: bytes):
    (tmp_path / "record").write_bytes(data)
    (tmp_path / "policy.json").write_bytes(small().policy)
    return check(tmp_path)


@pytest.mark.parametrize("name", GOOD)
def test_plain_archives_are_read(name: str, tmp_path: Path) -> None:
    result = verify(tmp_path, GOOD[name]())
    assert result.verdict == "VALID", result.detail("V02")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_refused(name: str, tmp_path: Path) -> None:
    make, words = HOSTILE[name]
    result = verify(tmp_path, make())
    assert (result.verdict, result.failed) == ("INVALID", ["V02"])
    assert re.search(words, result.detail("V02")), result.detail("V02")


@pytest.mark.parametrize("name", FILES)
def test_a_member_that_is_absent_is_missing_evidence(name: str, tmp_path: Path) -> None:
    result = verify(tmp_path, write([item for item in items() if item.name != name.encode()]))
    assert (result.verdict, result.failed) == ("INCOMPLETE", [])
    assert name in result.detail("V02")


def test_an_archive_without_members_is_missing_evidence(tmp_path: Path) -> None:
    result = verify(tmp_path, write([]))
    assert (result.verdict, result.failed) == ("INCOMPLETE", [])
    assert all(name in result.detail("V02") for name in FILES)


def test_archives_cut_anywhere_are_refused(tmp_path: Path) -> None:
    data = write(items())
    directory = data.index(b"PK\x01\x02")
    places = [
        1,
        21,
        22,
        30,
        40,
        directory - 1,
        directory,
        directory + 1,
        directory + 46,
        len(data) - 23,
        len(data) - 22,
    ]
    for place in [*places, len(data) - 21, len(data) - 1]:
        result = verify(tmp_path, data[:place])
        assert (result.verdict, result.failed) == ("INVALID", ["V02"]), place


def test_what_a_hostile_name_says_cannot_reach_the_terminal(tmp_path: Path) -> None:
    result = verify(tmp_path, with_extra(Item(b"\x1b[2J\rVALID\n", b"")))
    assert result.failed == ["V02"]
    assert result.detail("V02").isprintable()


def test_changed_bytes_of_headers_never_change_what_is_read(tmp_path: Path) -> None:
    """A changed archive is refused, or every file in it is still the same for an independent reader."""
    rnd = random.Random(56)
    data = write(items())
    directory = data.index(b"PK\x01\x02")
    headers = [at for at in range(len(data)) if at >= directory or data[at : at + 4] == b"PK\x03\x04"]
    for _ in range(40):
        place = rnd.choice(headers) + rnd.randrange(30)
        if place >= len(data):
            continue
        damaged = bytearray(data)
        damaged[place] = rnd.randrange(256)
        result = verify(tmp_path, bytes(damaged))
        if result.verdict != "INVALID":
            with zipfile.ZipFile(BytesIO(bytes(damaged))) as archive:
                assert {name: archive.read(name) for name in archive.namelist()} == small().files
            assert result.verdict == "VALID"


def test_deflate_never_hides_a_second_content(tmp_path: Path) -> None:
    # A stored block and a deflated one of the same bytes are one content; the verdict is that of the content.
    stored = write([Item(item.name, item.data, STORED if n % 2 else DEFLATED) for n, item in enumerate(items())])
    assert verify(tmp_path, stored).verdict == "VALID"
