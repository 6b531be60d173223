# SPDX-License-Identifier: AGPL-3.0-or-later
"""The seven files of a record (specs/record.md#record): others, fewer, cut, lengthened, linked, swapped."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crypto.ledger.framing import BODY_LENGTH_BYTES, ENTRY_LENGTH_BYTES, frame
from tests.forge import Script
from tests.verifier.commands import call, check
from tests.verifier.evidence import FILES, SmallScript, evidence_of, small, small_script, zipped

FRAMED = {
    "register/entries": ENTRY_LENGTH_BYTES,
    "register/checkpoints": ENTRY_LENGTH_BYTES,
    "register/bodies": BODY_LENGTH_BYTES,
    "election/entries": ENTRY_LENGTH_BYTES,
    "election/checkpoints": ENTRY_LENGTH_BYTES,
    "election/bodies": BODY_LENGTH_BYTES,
}
"""How long the length in front of each item of a file is."""

COVERED_BY = {
    "register/entries": "V05",
    "register/checkpoints": "V05",
    "register/bodies": "V09",
    "election/entries": "V12",
    "election/checkpoints": "V12",
    "election/bodies": "V35",
}
"""The check that says of a file that its last item is missing."""


def items(name: str) -> list[bytes]:
    """What is framed in a file."""
    data, size, found, at = small().files[name], FRAMED[name], [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + size], "big")
        found.append(data[at + size : at + size + length])
        at += size + length
    return found


def framed(name: str, data: list[bytes]) -> bytes:
    return b"".join(frame(item, FRAMED[name]) for item in data)


# --- folders


def linked_file(record: Path) -> None:
    place = record / "election/ballots"
    place.rename(record.parent / "elsewhere")
    place.symlink_to(record.parent / "elsewhere")


def linked_folder(record: Path) -> None:
    (record / "election").rename(record.parent / "elsewhere")
    (record / "election").symlink_to(record.parent / "elsewhere")


def dangling_link(record: Path) -> None:
    (record / "election/ballots").unlink()
    (record / "election/ballots").symlink_to(record / "nowhere")


def pipe(record: Path) -> None:
    (record / "election/ballots").unlink()
    os.mkfifo(record / "election/ballots")


def listening_socket(record: Path) -> None:
    place = record / "election/ballots"
    place.unlink()
    # A path of a socket is short, that of a test's folder is not.
    here = Path.cwd()
    os.chdir(place.parent)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(place.name)
    finally:
        os.chdir(here)


def folder_for_a_file(record: Path) -> None:
    (record / "election/ballots").unlink()
    (record / "election/ballots").mkdir()


def file_for_a_folder(record: Path) -> None:
    shutil.rmtree(record / "election")
    (record / "election").write_bytes(b"x")


def extra_file(record: Path) -> None:
    (record / "readme").write_bytes(b"x")


def extra_file_inside(record: Path) -> None:
    (record / "election/notes").write_bytes(b"x")


def hidden_file(record: Path) -> None:
    (record / "register/.entries").write_bytes(b"x")


def extra_folder(record: Path) -> None:
    (record / "other").mkdir()


def folder_in_a_folder(record: Path) -> None:
    (record / "election/election").mkdir()


def capitals(record: Path) -> None:
    (record / "register/Entries").write_bytes(b"x")


def look_alike(record: Path) -> None:
    (record / "register/entri\u0435s").write_bytes(b"x")


def odd_bytes(record: Path) -> None:
    Path(os.fsdecode(os.fsencode(record) + b"/\xff\x1b[2J\n")).write_bytes(b"x")


HOSTILE_FOLDERS: tuple[tuple[Callable[[Path], None], str], ...] = (
    (linked_file, "is a link or no regular file"),
    (linked_folder, "none of its seven files"),
    (dangling_link, "is a link or no regular file"),
    (pipe, "is a link or no regular file"),
    (listening_socket, "is a link or no regular file"),
    (folder_for_a_file, "is a link or no regular file"),
    (file_for_a_folder, "none of its seven files"),
    (extra_file, "none of its seven files"),
    (extra_file_inside, "none of its seven files"),
    (hidden_file, "none of its seven files"),
    (extra_folder, "none of its seven files"),
    (folder_in_a_folder, "none of its seven files"),
    (capitals, "none of its seven files"),
    (look_alike, "none of its seven files"),
    (odd_bytes, "none of its seven files"),
)


@pytest.mark.parametrize(("damage", "words"), HOSTILE_FOLDERS, ids=lambda value: getattr(value, "__name__", ""))
def test_hostile_folders_are_refused(damage: Callable[[Path], None], words: str, tmp_path: Path) -> None:
    damage(small().put(tmp_path))
    result = check(tmp_path)
    assert (result.verdict, result.failed) == ("INVALID", ["V02"])
    assert words in result.detail("V02")
    assert result.detail("V02").isprintable()


def test_a_link_to_the_whole_folder_is_a_path_like_another(tmp_path: Path) -> None:
    small().put(tmp_path).rename(tmp_path / "elsewhere")
    (tmp_path / "record").symlink_to(tmp_path / "elsewhere")
    assert check(tmp_path).verdict == "VALID"


# --- what is not there


@pytest.mark.parametrize("name", FILES)
def test_an_absent_file_is_missing_evidence(name: str, tmp_path: Path) -> None:
    small().put(tmp_path, {name: None})
    result = check(tmp_path)
    assert (result.verdict, result.failed) == ("INCOMPLETE", [])
    assert (result.statuses["V02"], name in result.detail("V02")) == ("NOT CHECKED", True)
    # What needs V02 is not checked, and needs to be said.
    assert {result.statuses[check] for check in ("V03", "V10")} == {"NOT CHECKED"}


def test_an_empty_folder_and_two_empty_folders_are_missing_evidence(tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_bytes(small().policy)
    (tmp_path / "record").mkdir()
    for _ in range(2):
        result = check(tmp_path)
        assert (result.verdict, result.failed) == ("INCOMPLETE", [])
        assert all(name in result.detail("V02") for name in FILES)
        (tmp_path / "record/register").mkdir(exist_ok=True)
        (tmp_path / "record/election").mkdir(exist_ok=True)


def test_seven_empty_files_are_missing_evidence(tmp_path: Path) -> None:
    small().put(tmp_path, dict.fromkeys(FILES, b""))
    result = check(tmp_path)
    assert (result.verdict, result.failed) == ("INCOMPLETE", [])
    assert (result.statuses["V03"], result.statuses["V10"]) == ("NOT CHECKED", "NOT CHECKED")
    assert "entries" in result.detail("V03")


@pytest.mark.parametrize("name", FILES)
def test_one_empty_file(name: str, tmp_path: Path) -> None:
    """Bodies and slots that nobody names are wrong; what is only absent is missing."""
    small().put(tmp_path, {name: b""})
    result = check(tmp_path)
    if name in ("register/entries", "election/entries", "election/ballots"):
        assert (result.verdict, result.failed) == ("INVALID", ["V02"])
    else:
        assert (result.verdict, result.failed) == ("INCOMPLETE", [])
        assert {"register/bodies": "V09", "election/bodies": "V17"}.get(name, COVERED_BY[name]) in [
            check for check, status in result.statuses.items() if status == "NOT CHECKED"
        ]


@pytest.mark.parametrize("name", FRAMED)
def test_without_its_last_item_a_file_is_incomplete(name: str, tmp_path: Path) -> None:
    """Entries end before the size of the last head; a head does not cover all; a body is missing."""
    small().put(tmp_path, {name: framed(name, items(name)[:-1])})
    result = check(tmp_path)
    assert (result.verdict, result.failed) == ("INCOMPLETE", [])
    assert result.statuses[COVERED_BY[name]] == "NOT CHECKED"


def test_without_its_last_slot_the_file_of_ballots_is_wrong(tmp_path: Path) -> None:
    data = small().files["election/ballots"]
    length = small_script().contests[0].shape.byte_length
    small().put(tmp_path, {"election/ballots": data[:-length]})
    assert check(tmp_path).failed == ["V02"]
    small().put(tmp_path, {"election/ballots": data + bytes(length)})
    assert check(tmp_path).failed == ["V02"]


# --- frames


def cuts(name: str) -> list[int]:
    """Places within a length, just behind one, within an item, one byte before an end."""
    data, size = small().files[name], FRAMED.get(name, 1)
    first = len(items(name)[0]) if name in FRAMED else len(data)
    last = len(items(name)[-1]) if name in FRAMED else len(data)
    return sorted(
        {1, size - 1, size, size + 1, first, size + first - 1, len(data) - last, len(data) - 1} - {0, len(data)}
    )


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_within_an_item_is_wrong(name: str, tmp_path: Path) -> None:
    for place in cuts(name):
        small().put(tmp_path, {name: small().files[name][:place]})
        result = check(tmp_path)
        assert result.verdict == "INVALID", place
        assert result.failed == ["V02"], place


@pytest.mark.parametrize("name", FRAMED)
@pytest.mark.parametrize("where", ["first", "last", "alone", "one"])
def test_a_length_beyond_the_file_is_wrong(name: str, where: str, tmp_path: Path) -> None:
    data, size = small().files[name], FRAMED[name]
    largest = b"\xff" * size
    last = len(data) - len(items(name)[-1]) - size
    changed = {
        "first": largest + data[size:],
        "last": data[:last] + largest + data[last + size :],
        "alone": data + largest,
        "one": data + (1).to_bytes(size, "big"),
    }
    small().put(tmp_path, {name: changed[where]})
    assert check(tmp_path).failed == ["V02"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("more", [b"\x00", b"\n", b"\x00\x00", b"\x00" * 4], ids=["byte", "newline", "two", "four"])
def test_bytes_behind_a_file_are_never_valid(name: str, more: bytes, tmp_path: Path) -> None:
    """An incomplete frame, an empty entry, note or body, a piece of a slot."""
    small().put(tmp_path, {name: small().files[name] + more})
    result = check(tmp_path)
    assert result.verdict == "INVALID"
    whole = len(more) % FRAMED.get(name, 8) == 0
    readers = {"register/entries": {"V03"}, "election/entries": {"V10"}, "register/checkpoints": {"V05"}}
    readers["election/checkpoints"] = {"V11", "V12"}  # whichever reads an empty note first
    assert set(result.failed) <= (readers.get(name, {"V02"}) if whole else {"V02"}), result.failed


# --- bodies


def test_bodies_in_another_order_are_wrong(tmp_path: Path) -> None:
    bodies = items("election/bodies")
    small().put(tmp_path, {"election/bodies": framed("election/bodies", [bodies[1], bodies[0], *bodies[2:]])})
    assert check(tmp_path).failed == ["V02"]


def test_a_body_twice_is_wrong(tmp_path: Path) -> None:
    bodies = items("election/bodies")
    small().put(tmp_path, {"election/bodies": framed("election/bodies", [bodies[0], *bodies])})
    assert check(tmp_path).failed == ["V02"]


BODIES = (
    ("appointment", "V17"),
    ("roll content", None),
    ("roll", "V20"),
    ("manifest", "V21"),
    *((f"answer {number}", "V26") for number in range(1, 5)),
    ("voting", "V24"),
    ("closing", "V31"),
    ("decryption 1", "V34"),
    ("decryption 2", "V34"),
    ("certificate", "V35"),
)
"""The bodies of the small election in the order of its ledger, and the check that misses each."""


@pytest.mark.parametrize("number", range(len(BODIES)), ids=lambda number: BODIES[number][0])
def test_a_missing_body_is_missing_evidence(number: int, tmp_path: Path) -> None:
    bodies = items("election/bodies")
    assert len(bodies) == len(BODIES)
    small().put(tmp_path, {"election/bodies": framed("election/bodies", [*bodies[:number], *bodies[number + 1 :]])})
    result, missed_by = check(tmp_path), BODIES[number][1]
    if missed_by is None:
        # Without the content nothing names the roll's body, which is then a body that no entry names.
        assert (result.verdict, result.failed) == ("INVALID", ["V02"])
    else:
        assert (result.verdict, result.failed) == ("INCOMPLETE", [])
        assert result.statuses[missed_by] == "NOT CHECKED"


def test_a_slot_of_zeros_is_a_missing_body(tmp_path: Path) -> None:
    data = small().files["election/ballots"]
    length = small_script().contests[0].shape.byte_length
    small().put(tmp_path, {"election/ballots": bytes(length) + data[length:]})
    result = check(tmp_path)
    assert (result.verdict, result.failed) == ("INCOMPLETE", [])
    assert result.statuses["V28"] == "NOT CHECKED"


def test_two_slots_swapped_are_wrong(tmp_path: Path) -> None:
    data = small().files["election/ballots"]
    length = small_script().contests[0].shape.byte_length
    swapped = data[length : 2 * length] + data[:length] + data[2 * length :]
    small().put(tmp_path, {"election/ballots": swapped})
    assert check(tmp_path).failed == ["V28"]


# --- one record, two forms


def junk(script: Script, _: Any) -> None:
    """With the log's key 80 long entries without meaning are appended, and excluded: they spoil nothing."""
    for number in range(80):
        index = script.append(script.log, f"junk {number}", "readiness", {"junk": "a" * 65_000})
        script.excluded[index] = "P1"


def test_a_record_is_the_same_in_a_folder_and_in_a_zip(tmp_path: Path) -> None:
    """Junk packs well, a hundredfold: far from the thousandfold at which a member is refused."""
    made = evidence_of(SmallScript({"before closing": junk}).build())
    made.put(tmp_path)
    in_folder = check(tmp_path)
    packed = zipped(made.files)
    entries = made.files["election/entries"]
    assert 60 < len(entries) / len(zipped({"x": entries})) < 1000
    (tmp_path / "record.zip").write_bytes(packed)
    in_zip = call(tmp_path / "record.zip", "--policy", tmp_path / "policy.json")
    assert (in_folder.verdict, in_folder.failed) == ("VALID", [])
    assert in_zip.last_line == "VALID", in_zip.output[:2000]
