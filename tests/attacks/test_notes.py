# SPDX-License-Identifier: AGPL-3.0-or-later
"""Attack 39: signed notes, requests to witnesses and hash chains in other spellings."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from crypto.ledger.checkpoint import Checkpoint, sign_checkpoint
from crypto.ledger.note import NoteSignature
from crypto.roles.bodies import MemoryBodies
from crypto.roles.mirror import Mirror
from crypto.roles.witness import BAD_REQUEST, FORBIDDEN, NOT_FOUND, Witness
from tests.attacks.ledgers import Thief, cut, script, witness_request
from tests.attacks.play import audit_forged, refusals
from tests.audits import audit
from tests.forge import Script
from tests.forge.base import make_policy, names, signing_key
from tests.worlds import SmallWorld, played_world

# --- 39


def line(name: str, blob: bytes = b"\x01\x02\x03\x04signature") -> bytes:
    return f"\u2014 {name} {base64.b64encode(blob).decode()}\n".encode()


def note_variants(good: bytes) -> dict[str, bytes]:
    """Notes that some parser takes and ours must not; none is a note of this protocol."""
    text, _, lines = good.rpartition(b"\n\n")
    origin, size, root = text.split(b"\n")
    rest = b"\n\n" + lines
    encoded = root.rstrip(b"=")
    stray = encoded[:-1] + bytes([encoded[-1] + 1]) + root[len(encoded) :]
    return {
        "carriage returns": good.replace(b"\n", b"\r\n"),
        "byte order mark": b"\xef\xbb\xbf" + good,
        "zero byte": good.replace(b"\n\n", b"\x00\n\n", 1),
        "tabulator": good.replace(size, size + b"\t", 1),
        "not UTF-8": good + b"\xff\n",
        "UTF-16": good.decode().encode("utf-16"),
        "no empty line": good.replace(b"\n\n", b"\n", 1),
        "no newline at the end": good[:-1],
        "another newline at the end": good + b"\n",
        "no signatures": text + b"\n\n",
        "leading zeros": good.replace(b"\n" + size + b"\n", b"\n00" + size + b"\n", 1),
        "plus sign": good.replace(b"\n" + size + b"\n", b"\n+" + size + b"\n", 1),
        "exponent": good.replace(b"\n" + size + b"\n", b"\n1e2\n", 1),
        "Arabic digits": good.replace(b"\n" + size + b"\n", "\n٣\n".encode(), 1),
        "underscore": good.replace(b"\n" + size + b"\n", b"\n1_0\n", 1),
        "size of forty digits": good.replace(b"\n" + size + b"\n", b"\n" + b"9" * 40 + b"\n", 1),
        "negative size": good.replace(b"\n" + size + b"\n", b"\n-1\n", 1),
        "stray bits in the root": good.replace(root, stray, 1),
        "root without padding": good.replace(root, encoded, 1),
        "root with junk": good.replace(root, root[:4] + b"!!" + root[4:], 1),
        "root of 31 bytes": good.replace(root, base64.b64encode(bytes(31)), 1),
        "extension line": text + b"\nextension" + rest,
        "two lines only": origin + b"\n" + size + rest,
        "name with a no-break space": good + line("a\u00a0b"),
        "name with a plus": good + line("a+b"),
        "empty name": good + line(""),
        "hyphen for a dash": good + line("other").replace("\u2014".encode(), b"-"),
        "two spaces": good + line("other").replace(b"other ", b"other  "),
        "signature of four bytes": good + line("other", b"\x01\x02\x03\x04"),
        "signature that is no base64": good + "\u2014 other !!!!\n".encode(),
        "65 lines": good + line("other") * 65,
        "a thousand lines": good + line("other") * 1_000,
    }


@cache
def shared_world() -> SmallWorld:
    return played_world("vote")


def test_attack_39_malformed_note_is_a_bad_request() -> None:
    world = shared_world()
    origin = world.running.election.ledger.origin
    for name, variant in note_variants(world.running.sequencer.newest_head).items():
        # With a byte order mark it is a note of a ledger that nobody knows.
        expected = NOT_FOUND if name == "byte order mark" else BAD_REQUEST
        for witness in world.witnesses[2:]:
            size, _ = witness.newest(origin)
            answer = witness.add_checkpoint(witness_request(size, [], variant), world.now)
            assert answer.status == expected, (name, answer)


def test_attack_39_malformed_note_is_no_checkpoint_for_the_verifier(record: Path, tmp_path: Path) -> None:
    files: list[str | Path] = []
    variants = note_variants(script().log.heads[-1])
    for number, variant in enumerate(variants.values()):
        (tmp_path / str(number)).write_bytes(variant)
        files += ["--checkpoint", tmp_path / str(number)]
    result = audit(record, *files)
    assert (result.statuses["V40"], result.report["fork_evidence"]) == ("NOT CHECKED", [])
    assert result.detail("V40").count("is no checkpoint of these ledgers") == len(variants)


@pytest.mark.parametrize("name", note_variants(b"o\n1\nAAA=\n\n\xe2\x80\x94 o AAAAAAAA\n"))
def test_attack_39_malformed_note_in_the_record_is_invalid(name: str, tmp_path: Path) -> None:
    script().write(tmp_path)
    variant = note_variants(script().log.heads[-1])[name]
    assert len(variant) <= 65_535
    cut(tmp_path, "election/checkpoints", lambda heads: [*heads[:-1], variant])
    result = audit(tmp_path)
    assert result.verdict == "INVALID"
    assert set(result.failed) <= {"V11", "V12"}


REQUESTS: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "only a note": lambda note: note,
    "no old size": lambda note: b"old \n\n" + note,
    "old size with zeros": lambda note: b"old 007\n\n" + note,
    "old size in words": lambda note: b"old three\n\n" + note,
    "old size of Arabic digits": lambda note: "old ٣\n\n".encode() + note,
    "old size of 400 digits": lambda note: b"old " + b"9" * 400 + b"\n\n" + note,
    "negative old size": lambda note: b"old -1\n\n" + note,
    "capital letters": lambda note: b"OLD 0\n\n" + note,
    "hash of 31 bytes": lambda note: b"old 0\n" + base64.b64encode(bytes(31)) + b"\n\n" + note,
    "hash that is no base64": lambda note: b"old 0\n!!\n\n" + note,
    "64 hashes": lambda note: b"old 0\n" + (base64.b64encode(bytes(32)) + b"\n") * 64 + b"\n" + note,
}


@pytest.mark.parametrize("name", REQUESTS)
def test_attack_39_malformed_request_is_a_bad_request(name: str) -> None:
    world = shared_world()
    for witness in world.witnesses[2:]:
        answer = witness.add_checkpoint(REQUESTS[name](world.running.sequencer.newest_head), world.now)
        assert answer.status == BAD_REQUEST, answer


def test_attack_39_unknown_lines_are_ignored_and_known_ones_must_verify(tmp_path: Path) -> None:
    def strangers(_: Script, lines: list[NoteSignature]) -> list[NoteSignature]:
        return [*lines, *(NoteSignature("stranger.example", bytes([0, 0, 0, n]), b"anything") for n in range(59))]

    _, result = audit_forged({"cosignatures:election 10": strangers}, tmp_path)
    assert refusals(result) == ("VALID", [])


@pytest.mark.parametrize("name", ["known line that does not verify", "two lines of one witness", "60 strangers"])
def test_attack_39_note_with_a_bad_known_line_is_invalid(name: str, tmp_path: Path) -> None:
    def spoil(_: Script, lines: list[NoteSignature]) -> list[NoteSignature]:
        if name.startswith("known"):
            bad = lines[3].signature[:-1] + bytes([lines[3].signature[-1] ^ 1])
            return [*lines[:3], replace(lines[3], signature=bad)]
        if name.startswith("two"):
            return [*lines, lines[0]]
        return [*lines, *(NoteSignature("stranger.example", bytes([0, 0, 0, n]), b"x") for n in range(60))]

    _, result = audit_forged({"cosignatures:election 10": spoil}, tmp_path)
    # With 65 lines it is no note at all, and what has no origin is V11's matter.
    assert refusals(result) == ("INVALID", ["V11" if name == "60 strangers" else "V12"])


@pytest.mark.parametrize("where", ["election 10", "register 17"])
def test_attack_39_chain_and_tree_must_say_the_same(where: str, tmp_path: Path) -> None:
    """The head is signed and cosigned for one entry less, or for another root, than the chain has."""
    which = where.split(maxsplit=1)[0]

    def shorter(_: Script, checkpoint: Checkpoint) -> Checkpoint:
        return replace(checkpoint, size=checkpoint.size - 1)

    def other_root(_: Script, checkpoint: Checkpoint) -> Checkpoint:
        return replace(checkpoint, root=bytes(32))

    check = "V12" if which == "election" else "V05"
    for number, hook in enumerate((shorter, other_root)):
        _, result = audit_forged({f"head:{where}": hook}, tmp_path / str(number))
        assert result.verdict == "INVALID"
        assert check in result.failed


def test_attack_39_chain_that_skips_an_entry_is_refused(tmp_path: Path) -> None:
    def skip(forged: Script, members: dict[str, Any]) -> dict[str, Any]:
        return {**members, "previous": hashlib.sha256(forged.log.entries[-2]).hexdigest()}

    _, result = audit_forged({"entry:proposal voting": skip}, tmp_path)
    assert refusals(result) == ("INVALID", ["V10"])


def test_attack_39_log_without_its_key_gets_no_cosignature() -> None:
    world = shared_world()
    origin = world.running.election.ledger.origin
    thief = Thief(world)
    for witness in world.witnesses[2:]:
        size, root = witness.newest(origin)
        stranger = sign_checkpoint(Checkpoint(origin, size, root), signing_key("a forger")).encode()
        assert witness.add_checkpoint(witness_request(size, [], stranger), world.now).status == FORBIDDEN
        other = sign_checkpoint(Checkpoint("somewhere.example/log", size, root), world.keys.election_log).encode()
        assert witness.add_checkpoint(witness_request(size, [], other), world.now).status == NOT_FOUND
        register_key = sign_checkpoint(Checkpoint(origin, size, root), world.keys.register_log).encode()
        assert witness.add_checkpoint(witness_request(size, [], register_key), world.now).status == FORBIDDEN
    assert thief.tree.size


def test_attack_39_names_of_witnesses_are_those_of_the_policy() -> None:
    policy = make_policy()
    key = signing_key("witness 1")
    assert Witness(policy, policy.witnesses[0].name, key).name == "w1.forge.example"
    for name, signing in (("w2.forge.example", key), ("w1.forge.example", signing_key("x")), ("", key)):
        with pytest.raises(ValueError, match="the policy has no witness"):
            Witness(policy, name, signing)
    with pytest.raises(ValueError, match=r"the policy does not call w4\.forge\.example a mirror"):
        Mirror(policy, "w4.forge.example", signing_key(names("witness", 4)[3]), MemoryBodies())
