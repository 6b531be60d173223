# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checkpoints that others saw (V40 of specs/verification.md#checks): agreement, ignorance, and evidence of forks."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

import nacl.bindings
import nacl.exceptions
import pytest

from crypto import labels
from crypto.encoding.strict_json import loads
from crypto.ledger.checkpoint import Checkpoint, sign_checkpoint
from crypto.ledger.framing import ENTRY_LENGTH_BYTES, frame
from crypto.ledger.merkle import verify_consistency
from crypto.protocol.ledger_key import KeyChange
from tests.audits import Audit
from tests.forge import Script
from tests.forge.base import Log, signing_key
from tests.verifier.commands import call, check
from tests.verifier.evidence import SmallScript, evidence_of, small, small_script


def checkpoint(log: Log, size: int | None = None, root: bytes | None = None, key: str = "") -> bytes:
    """A checkpoint of a ledger as the log signs it; by default of all of it."""
    size = len(log.entries) if size is None else size
    root = log.tree.root(size) if root is None else root
    signer = signing_key(key) if key else log.key
    return sign_checkpoint(Checkpoint(log.origin, size, root), signer).encode()


def shown(files: dict[str, bytes], folder: Path) -> Audit:
    """The record with checkpoint files beside it."""
    arguments: list[str | Path] = []
    for name, data in files.items():
        (folder / name).write_bytes(data)
        arguments += ["--checkpoint", folder / name]
    return check(folder, *arguments)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    small().put(tmp_path)
    return tmp_path


OTHER = hashlib.sha256(b"another history").digest()


# --- agreement


def test_heads_and_bare_checkpoints_of_the_record_agree(folder: Path) -> None:
    made = small_script()
    files = {f"head {n}": note for n, note in enumerate([*made.log.heads, *made.register.heads])}
    files |= {"bare": checkpoint(made.log), "bare register": checkpoint(made.register)}
    result = shown(files, folder)
    assert (result.verdict, result.statuses["V40"]) == ("VALID", "PASS")
    assert result.report["fork_evidence"] == []
    examined = next(item["examined"] for item in result.report["checks"] if item["id"] == "V40")
    assert examined == len(files)


@pytest.mark.parametrize("size", [1, 2, 5, 20])
def test_a_checkpoint_in_the_middle_of_a_batch_agrees(size: int, folder: Path) -> None:
    """Heads end batches; what a log shows to one person need not."""
    made = small_script()
    files = {"election": checkpoint(made.log, size), "register": checkpoint(made.register, size)}
    assert shown(files, folder).verdict == "VALID"


def test_a_checkpoint_of_the_empty_tree_contradicts_nothing(folder: Path) -> None:
    """specs/ledger.md#tree: the empty tree has a root; from size 0 consistency says nothing."""
    made = small_script()
    empty = hashlib.sha256(b"").digest()
    result = shown(
        {"empty": checkpoint(made.log, 0, empty), "empty register": checkpoint(made.register, 0, empty)}, folder
    )
    assert (result.verdict, result.failed) == ("VALID", [])


# --- ignorance


def test_a_larger_checkpoint_means_that_the_record_is_older(folder: Path) -> None:
    made = small_script()
    result = shown({"larger": checkpoint(made.log, len(made.log.entries) + 1, OTHER)}, folder)
    assert (result.verdict, result.statuses["V40"]) == ("INCOMPLETE", "NOT CHECKED")
    assert f"covers {len(made.log.entries) + 1} entries" in result.detail("V40")


def foreign() -> dict[str, bytes]:
    log = small_script().log
    good = checkpoint(log).decode()
    other = Log(log.origin[:-1] + ("0" if log.origin[-1] != "0" else "1"), log.key, log.clock)
    elsewhere = Log("elsewhere.example/register", log.key, log.clock)
    return {
        "nothing": b"",
        "words": b"hello",
        "another election": checkpoint(other, 9, OTHER),
        "another host": checkpoint(elsewhere, 9, OTHER),
        "somebody else's key": checkpoint(log, 9, OTHER, "somebody"),
        "the register's key": checkpoint(log, 9, OTHER, "register log"),
        "no signature": good.split("\n\n")[0].encode() + b"\n\n",
        "a signature that does not verify": re.sub(r"\n(\d+)\n", "\n7\n", good, count=1).encode(),
        "an extension line": good.replace("\n\n", "\nmore\n\n", 1).encode(),
        "a size with a zero in front": re.sub(r"\n(\d+)\n", r"\n0\1\n", good, count=1).encode(),
        "two lines of the log": (good + good[good.index("\u2014") :]).encode(),
        "not UTF-8": checkpoint(log) + b"\xff",
        "longer than a note": checkpoint(log) + b"x" * 20_000,
    }


@pytest.mark.parametrize("name", foreign())
def test_what_the_log_did_not_sign_proves_nothing(name: str, folder: Path) -> None:
    """Anybody can hand out such a file: it makes no record wrong."""
    result = shown({"file": foreign()[name]}, folder)
    assert (result.verdict, result.statuses["V40"]) == ("INCOMPLETE", "NOT CHECKED")
    assert "no checkpoint of these ledgers" in result.detail("V40")
    assert result.report["fork_evidence"] == []


# --- forks


def read_note(note: str) -> tuple[str, int, bytes, str, list[tuple[str, bytes]]]:
    """Origin, size, root, signed text and signature lines of a note, with nothing of ours."""
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    origin, size, root = text.splitlines()
    found = []
    for line in lines.splitlines():
        match = re.fullmatch(r"\u2014 (\S+) (\S+)", line)
        assert match is not None, line
        found.append((match[1], base64.b64decode(match[2], validate=True)))
    return origin, int(size), base64.b64decode(root, validate=True), text, found


def is_signed_by(note: str, key: bytes) -> bool:
    """Whether the log's key signed the text."""
    origin, _, _, text, lines = read_note(note)
    identity = hashlib.sha256(origin.encode() + b"\n\x01" + key).digest()[:4]
    for name, data in lines:
        if (name, data[:4]) == (origin, identity):
            try:
                nacl.bindings.crypto_sign_open(data[4:] + text.encode(), key)
            except nacl.exceptions.BadSignatureError:
                return False
            return True
    return False


def notes_in(evidence: list[str]) -> list[str]:
    return [item for item in evidence if "\n\n\u2014 " in item]


@pytest.mark.parametrize("which", ["register", "election"])
def test_the_evidence_of_a_fork_convinces_a_third_party(which: str, folder: Path) -> None:
    """Whoever knows the log's key sees two notes of one size that it signed, with two roots."""
    made = small_script()
    log = made.register if which == "register" else made.log
    head = read_note(log.heads[3].decode())
    result = shown({"theirs": checkpoint(log, head[1], OTHER)}, folder)
    assert (result.verdict, result.failed) == ("INVALID", ["V40"])
    first, second = notes_in(result.report["fork_evidence"])
    assert is_signed_by(first, bytes(log.key.public))
    assert is_signed_by(second, bytes(log.key.public))
    assert not is_signed_by(second, bytes(signing_key("somebody").public))
    (origin, size, root, *_), (origin_2, size_2, root_2, *_) = read_note(first), read_note(second)
    assert (origin, size) == (origin_2, size_2) == (log.origin, head[1])
    assert {root, root_2} == {OTHER, log.tree.root(head[1])}


def test_the_text_report_prints_both_notes(folder: Path) -> None:
    made = small_script()
    (folder / "theirs").write_bytes(checkpoint(made.log, None, OTHER))
    ended = call(folder / "record", "--policy", folder / "policy.json", "--checkpoint", folder / "theirs")
    assert (ended.code, ended.last_line) == (1, "INVALID")
    evidence = ended.output[ended.output.index("evidence of a fork:\n") :]
    for note in ((folder / "theirs").read_text(encoding="utf-8"), made.log.heads[-1].decode()):
        assert all(f"  {line}\n" in evidence for line in note.splitlines())


def proofs_in(evidence: list[str]) -> list[bytes]:
    """Every hash that the evidence holds, in order, in hexadecimal or base64."""
    words = " ".join(item for item in evidence if item not in notes_in(evidence))
    found = [bytes.fromhex(word) for word in re.findall(r"\b[0-9a-f]{64}\b", words)]
    return found + [base64.b64decode(word) for word in re.findall(r"(?<![\w+/])[A-Za-z0-9+/]{43}=", words)]


@pytest.mark.parametrize("dropped", [0, 1])
def test_the_evidence_of_a_fork_at_a_size_without_a_head(dropped: int, tmp_path: Path) -> None:
    """specs/verification.md: the record's own head of that size, or the proof from it; it convinces anyone."""
    made = small_script()
    sizes = [read_note(note.decode())[1] for note in made.log.heads]
    size = sizes[4] - 1 if dropped == 0 else sizes[4]
    files = {}
    if dropped:
        kept = [note for number, note in enumerate(made.log.heads) if number != 4]
        files["election/checkpoints"] = b"".join(frame(note, ENTRY_LENGTH_BYTES) for note in kept)
    small().put(tmp_path, files)
    result = shown({"theirs": checkpoint(made.log, size, OTHER)}, tmp_path)
    assert (result.verdict, result.failed) == ("INVALID", ["V40"])
    evidence = result.report["fork_evidence"]
    first, second = notes_in(evidence)
    assert is_signed_by(first, bytes(made.log.key.public))
    assert is_signed_by(second, bytes(made.log.key.public))
    own, (_, larger, root, *_) = made.log.tree.root(size), read_note(second)
    hashes = proofs_in(evidence)
    assert own in hashes
    # A third party has no record: what leads from the recomputed root to the signed one must be in the evidence.
    proof = [item for item in hashes if item != own]
    verify_consistency(size, larger, proof, own, root)


def test_one_fork_among_files_that_agree_and_files_that_say_nothing(folder: Path) -> None:
    made = small_script()
    files = {
        "good": checkpoint(made.log),
        "junk": b"junk",
        "larger": checkpoint(made.log, 10**6, OTHER),
        "fork": checkpoint(made.log, 10, OTHER),
    }
    result = shown(files, folder)
    assert (result.verdict, result.failed) == ("INVALID", ["V40"])


def test_two_forks_are_both_printed(folder: Path) -> None:
    made = small_script()
    files = {"one": checkpoint(made.log, None, OTHER), "two": checkpoint(made.register, None, OTHER)}
    result = shown(files, folder)
    notes = notes_in(result.report["fork_evidence"])
    assert [note.encode() in files.values() for note in notes] == [True, False, True, False]


# --- keys of the log over time


def change_key(script: Script, _: Any) -> None:
    """The first entry of a batch gives the ledger another key."""
    log = script.log
    change = KeyChange(log.origin, len(log.entries), signing_key("second election log").public)
    payload = loads(change.statement()[len(labels.LEDGER_KEY) + 1 :])
    script.statement(log, "key change", "ledger-key-changed", payload, ["board 1", "board 2"])
    log.key = signing_key("second election log")


@cache
def rekeyed() -> Script:
    return SmallScript({"voting batch 11": change_key}).build()


@pytest.mark.parametrize(
    ("key", "above", "verdict"),
    [
        ("election log", 0, "INVALID"),
        ("election log", 1, "INCOMPLETE"),
        ("second election log", 0, "INCOMPLETE"),
        ("second election log", 1, "INVALID"),
    ],
)
def test_a_key_of_the_log_counts_only_while_it_is_in_force(key: str, above: int, verdict: str, tmp_path: Path) -> None:
    """Sizes up to the index of the change: the old key; above: the new one. A stolen old key makes no later fork."""
    made = rekeyed()
    evidence_of(made).put(tmp_path)
    index = made.places["key change"]
    result = shown({"theirs": checkpoint(made.log, index + above, OTHER, key)}, tmp_path)
    assert result.verdict == verdict
    if verdict == "INVALID":
        public = bytes(signing_key(key).public)
        assert is_signed_by(notes_in(result.report["fork_evidence"])[0], public)


def test_v40_needs_good_ledgers(tmp_path: Path) -> None:
    small().put(tmp_path, {"election/checkpoints": b""})
    result = shown({"theirs": checkpoint(small_script().log)}, tmp_path)
    assert (result.verdict, result.statuses["V40"]) == ("INCOMPLETE", "NOT CHECKED")
