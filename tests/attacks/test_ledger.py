# SPDX-License-Identifier: AGPL-3.0-or-later
"""Attacks 33 to 39: trees, proofs, split views, witnesses, truncation and notes, on receipts, witnesses and records."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from crypto.encoding.strict_json import dumps
from crypto.errors import (
    EncodingError,
    InvalidCheckpoint,
    InvalidInclusionProof,
    UnsafePolicy,
)
from crypto.ledger.checkpoint import Checkpoint, cosign, sign_checkpoint
from crypto.ledger.framing import ENTRY_LENGTH_BYTES, frame, unframe
from crypto.ledger.merkle import Tree, leaf_hash, node_hash
from crypto.ledger.note import Note, NoteSignature, parse_note
from crypto.protocol.policy import Policy, read_policy
from crypto.protocol.receipt import Receipt
from crypto.roles.bodies import MemoryBodies
from crypto.roles.mirror import Mirror
from crypto.roles.witness import BAD_REQUEST, CONFLICT, FORBIDDEN, NOT_FOUND, OK, UNPROCESSABLE, Witness
from tests.attacks.play import SMALL_ORDER_KEYS, audit_forged, refusals
from tests.audits import audit, run_command
from tests.forge import Script, forge
from tests.forge.base import make_policy, names, signing_key
from tests.forge.script import CLOSES
from tests.worlds import SmallWorld, played_world
from verifier.errors import BrokenError
from verifier.policy import load_safe_policy


@cache
def script() -> Script:
    """A forged record that nobody changes."""
    return forge()


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("record")
    script().write(folder)
    return folder


def receipt_number(number: int = 4) -> Receipt:
    return script().receipt(number)


def check_receipt(folder: Path, receipt: Receipt | dict[str, Any] | bytes, tmp: Path) -> tuple[int, list[str], str]:
    """Exit code of `veche-verify receipt`, the checks that fail, and everything it said."""
    data = (
        receipt
        if isinstance(receipt, bytes)
        else receipt.to_bytes()
        if isinstance(receipt, Receipt)
        else dumps(receipt)
    )
    (tmp / "receipt.json").write_bytes(data)
    arguments = ("--record", folder / "record", "--policy", folder / "policy.json", "--json")
    code, output, errors = run_command("receipt", tmp / "receipt.json", *arguments)
    assert not errors
    report = json.loads(output)
    return code, [check["id"] for check in report["checks"] if check["status"] == "FAIL"], output


def test_a_good_receipt_is_valid(record: Path, tmp_path: Path) -> None:
    receipt_number().verify(script().policy)
    assert check_receipt(record, receipt_number(), tmp_path)[:2] == (0, [])


# --- 33, 34


def node_as_leaf(receipt: Receipt) -> Receipt:
    """33: two hashes of the tree as an entry of 64 bytes, whose leaf hash a careless tree takes for their node."""
    left = leaf_hash(receipt.entry)
    return replace(receipt, entry=left + receipt.proof[0], index=receipt.index // 2, proof=receipt.proof[1:])


PROOFS: dict[str, Callable[[Receipt], Receipt]] = {
    "index is the size": lambda r: replace(r, index=len(script().log.entries)),
    "index far above the size": lambda r: replace(r, index=2**53 - 1),
    "next index": lambda r: replace(r, index=r.index + 1),
    "index with the same low bits": lambda r: replace(r, index=r.index + 2 ** len(r.proof)),
    "empty proof": lambda r: replace(r, proof=()),
    "proof without its first hash": lambda r: replace(r, proof=r.proof[1:]),
    "proof without its last hash": lambda r: replace(r, proof=r.proof[:-1]),
    "proof with a hash too many": lambda r: replace(r, proof=(*r.proof, bytes(32))),
    "root itself at the end": lambda r: replace(r, proof=(*r.proof, script().log.tree.root())),
    "two hashes swapped": lambda r: replace(r, proof=(r.proof[1], r.proof[0], *r.proof[2:])),
    "another hash": lambda r: replace(r, proof=(bytes(32), *r.proof[1:])),
    "63 hashes": lambda r: replace(r, proof=(bytes(32),) * 63),
}


@pytest.mark.parametrize("name", PROOFS)
def test_attack_34_false_inclusion_proof_is_refused(name: str, record: Path, tmp_path: Path) -> None:
    receipt = PROOFS[name](receipt_number())
    with pytest.raises(
        InvalidInclusionProof, match=r"no proof can show|too many or too few hashes|leads to another root"
    ):
        receipt.verify(script().policy)
    code, failed, _ = check_receipt(record, receipt, tmp_path)
    assert code == 1
    assert "R3" in failed


def test_attack_33_inner_node_is_no_entry(record: Path, tmp_path: Path) -> None:
    receipt = node_as_leaf(receipt_number())
    with pytest.raises(EncodingError, match="JSON"):
        receipt.verify(script().policy)
    code, failed, _ = check_receipt(record, receipt, tmp_path)
    assert (code, failed[0]) == (1, "R1")


def test_attack_33_tree_with_its_last_leaf_twice_is_another_tree() -> None:
    world = played_world("vote")
    thief = Thief(world)
    thief.append(thief.entries[-1])
    assert thief.tree.root() != world.running.election.ledger.tree.root()
    for mirror in world.witnesses[:3]:
        assert thief.show(mirror).status == UNPROCESSABLE


@pytest.mark.parametrize("hash_bytes", [31, 33, 0])
def test_attack_34_hash_of_another_length_is_no_receipt(hash_bytes: int, record: Path, tmp_path: Path) -> None:
    value = json.loads(receipt_number().to_bytes())
    value["proof"][0] = "00" * hash_bytes
    with pytest.raises(EncodingError, match="receipt: proof is not 64 lower-case hexadecimal digits"):
        Receipt.from_bytes(dumps(value))
    assert check_receipt(record, value, tmp_path)[0] == 1


@pytest.mark.parametrize("index", [-1, 1.0, "4", True, 2**53, None])
def test_attack_34_index_that_is_no_number_is_no_receipt(index: object, record: Path, tmp_path: Path) -> None:
    value = json.loads(receipt_number().to_bytes())
    data = json.dumps({**value, "index": index}).encode()
    with pytest.raises(EncodingError, match=r"integer|null"):
        Receipt.from_bytes(data)
    assert check_receipt(record, data, tmp_path)[0] == 1


def witness_request(old: int, proof: list[bytes], note: bytes) -> bytes:
    lines = [f"old {old}", *(base64.b64encode(node).decode() for node in proof), "", ""]
    return "\n".join(lines).encode() + note


def test_attack_34_witness_refuses_every_false_consistency_proof() -> None:
    world = played_world("vote")
    origin, tree = world.running.election.ledger.origin, world.running.election.ledger.tree
    witness = world.witnesses[3]
    old, root = witness.newest(origin)
    world.running.run_batch(world.running.sequencer.batch + 1)
    note = world.running.sequencer.sign_head()
    good = tree.consistency_proof(old, tree.size)
    lies = {
        "none": [],
        "first missing": good[1:],
        "last missing": good[:-1],
        "one more": [*good, bytes(32)],
        "swapped": [good[1], good[0], *good[2:]],
        "another": [bytes(32), *good[1:]],
        "old root in front": [root, *good],
        "from size 0": [node_hash(root, root)],
    }
    for name, proof in lies.items():
        assert witness.add_checkpoint(witness_request(old, proof, note), world.now).status == UNPROCESSABLE, name
    assert witness.add_checkpoint(witness_request(old, good, note), world.now).status == OK


# --- 35


def test_attack_35_receipt_in_the_attackers_own_tree_is_refused(record: Path, tmp_path: Path) -> None:
    """The log signs a tree with this entry alone; no witness has seen it."""
    good, log = receipt_number(), script().log
    tree = Tree([leaf_hash(good.entry)])
    note = sign_checkpoint(Checkpoint(log.origin, 1, tree.root()), log.key).encode()
    receipt = replace(good, index=0, proof=(), checkpoint=note)
    with pytest.raises(InvalidCheckpoint, match="0 witnesses cosigned, 3 are needed"):
        receipt.verify(script().policy)
    code, failed, _ = check_receipt(record, receipt, tmp_path)
    assert code == 1
    assert "R2" in failed


def with_cosignatures(count: int, signers: list[str] | None = None) -> bytes:
    """The newest head with some cosignatures only, or with those of others."""
    note = parse_note(script().log.heads[-1])
    if signers is None:
        return Note(note.text, note.signatures[: 1 + count]).encode()
    lines = [
        cosign(witness.name, signing_key(signer), note.text, 1_900_000_000)
        for witness, signer in zip(script().policy.witnesses, signers, strict=False)
    ]
    return Note(note.text, (note.signatures[0], *lines)).encode()


RECEIPTS: dict[str, tuple[Callable[[Receipt], Receipt], type[Exception], str, str]] = {
    "two cosignatures": (
        lambda r: replace(r, checkpoint=with_cosignatures(2)),
        InvalidCheckpoint,
        "2 witnesses cosigned, 3 are needed",
        "R2",
    ),
    "cosignatures of strangers": (
        lambda r: replace(r, checkpoint=with_cosignatures(0, ["x", "y", "z"])),
        InvalidCheckpoint,
        "0 witnesses cosigned, 3 are needed",
        "R2",
    ),
    "one witness three times": (
        lambda r: replace(r, checkpoint=tripled()),
        EncodingError,
        "a note is signed twice by w1.forge.example",
        "R2",
    ),
    "checkpoint of the register": (
        lambda r: replace(r, checkpoint=script().register.heads[-1]),
        InvalidCheckpoint,
        "the receipt's checkpoint is of another ledger",
        "R2",
    ),
    "entry of another ballot": (
        lambda r: replace(r, entry=receipt_number(5).entry),
        InvalidInclusionProof,
        "another ballot than was promised",
        "R1",
    ),
    "entry and proof of another ballot": (
        lambda r: replace(receipt_number(5), promise=r.promise),
        InvalidInclusionProof,
        "another ballot than was promised",
        "R1",
    ),
    "promise of another election": (
        lambda r: replace(r, promise=replace(r.promise, election=bytes(32))),
        InvalidInclusionProof,
        "another ballot than was promised",
        "R1",
    ),
    "entry that is no ballot": (
        lambda r: replace(r, entry=script().log.entries[0], index=0),
        EncodingError,
        "an entry of kind opening is no ballot",
        "R1",
    ),
}


def tripled() -> bytes:
    note = parse_note(script().log.heads[-1])
    return Note(note.text, (note.signatures[0], *[note.signatures[1]] * 3)).encode()


@pytest.mark.parametrize("name", RECEIPTS)
def test_attack_35_receipt_not_tied_to_root_or_ballot_is_refused(name: str, record: Path, tmp_path: Path) -> None:
    change, refusal, words, check = RECEIPTS[name]
    receipt = change(receipt_number())
    with pytest.raises(refusal, match=words):
        receipt.verify(script().policy)
    code, failed, _ = check_receipt(record, receipt, tmp_path)
    assert code == 1
    assert check in failed


@pytest.mark.parametrize("member", ["checkpoint", "entry", "index", "kind", "promise", "proof"])
def test_attack_35_receipt_without_a_part_is_refused(member: str, record: Path, tmp_path: Path) -> None:
    value = json.loads(receipt_number().to_bytes())
    del value[member]
    with pytest.raises(EncodingError, match="receipt"):
        Receipt.from_bytes(dumps(value))
    assert check_receipt(record, value, tmp_path)[0] == 1


def test_attack_35_promise_signed_by_the_ledger_key_is_refused(record: Path, tmp_path: Path) -> None:
    good = receipt_number()
    forged = replace(good.promise, signature=script().log.key.sign(good.promise.statement()))
    code, failed, _ = check_receipt(record, replace(good, promise=forged), tmp_path)
    assert (code, failed) == (1, ["R5"])


# --- 36


class Thief:
    """Whoever has the election's log key, and extends or rewrites the ledger as it likes."""

    def __init__(self, world: SmallWorld) -> None:
        self.world = world
        self.entries = list(world.running.sequencer.entries)
        self.tree = Tree(map(leaf_hash, self.entries))
        self.origin = world.running.election.ledger.origin

    def append(self, data: bytes) -> None:
        self.entries.append(data)
        self.tree.append(leaf_hash(data))

    def note(self, size: int | None = None, root: bytes | None = None) -> Note:
        size = self.tree.size if size is None else size
        return sign_checkpoint(
            Checkpoint(self.origin, size, root or self.tree.root(size)), self.world.keys.election_log
        )

    def show(self, witness: Witness, note: Note | None = None, old: int | None = None):
        note = note or self.note()
        size = witness.newest(self.origin)[0] if old is None else old
        if isinstance(witness, Mirror):
            witness.receive(self.origin, size, self.entries[size:], ())
        new = int(note.text.split("\n")[1])
        proof = self.tree.consistency_proof(size, new) if size <= new <= self.tree.size else []
        return witness.add_checkpoint(witness_request(size, proof, note.encode()), self.world.now + 2)


def test_attack_36_second_root_of_one_size_is_refused_by_every_witness() -> None:
    world = played_world("vote")
    thief = Thief(world)
    size = world.running.sequencer.newest_size()
    fork = thief.note(size, b"\x07" * 32)
    for witness in world.witnesses:
        answer = witness.add_checkpoint(witness_request(size, [], fork.encode()), world.now + 2)
        assert (answer.status, answer.body) == (CONFLICT, f"{size}\n".encode())
        assert witness.newest(thief.origin) == (size, world.running.election.ledger.tree.root(size))


def test_attack_36_shorter_history_is_refused_by_every_witness() -> None:
    world = played_world("vote")
    thief = Thief(world)
    for witness in world.witnesses:
        size, root = witness.newest(thief.origin)
        older = thief.note(size - 1).encode()
        assert witness.add_checkpoint(witness_request(0, [], older), world.now + 2).status == CONFLICT
        assert witness.add_checkpoint(witness_request(size, [], older), world.now + 2).status == BAD_REQUEST
        assert witness.add_checkpoint(witness_request(size - 1, [], older), world.now + 2).status == CONFLICT
        assert witness.newest(thief.origin) == (size, root)


def test_attack_36_fork_is_printed_as_evidence(record: Path, tmp_path: Path) -> None:
    """Somebody was shown another history: both notes together convince whoever knows the log key."""
    log = script().log
    for which, origin, key, size in (
        ("election", log.origin, log.key, len(log.entries)),
        ("register", script().register.origin, script().register.key, len(script().register.entries)),
    ):
        other = sign_checkpoint(Checkpoint(origin, size, b"\x01" * 32), key).encode()
        (tmp_path / which).write_bytes(other)
        result = audit(record, "--checkpoint", tmp_path / which)
        assert refusals(result) == ("INVALID", ["V40"])
        evidence = "\n".join(result.report["fork_evidence"])
        assert other.decode() in evidence
        own = (log if which == "election" else script().register).heads[-1].decode()
        assert own in evidence


def test_attack_36_checkpoint_that_nobody_signed_is_no_evidence(record: Path, tmp_path: Path) -> None:
    log = script().log
    other = sign_checkpoint(Checkpoint(log.origin, len(log.entries), b"\x01" * 32), signing_key("a forger")).encode()
    (tmp_path / "note").write_bytes(other)
    result = audit(record, "--checkpoint", tmp_path / "note")
    assert (result.verdict, result.failed, result.report["fork_evidence"]) == ("INCOMPLETE", [], [])


def test_attack_36_newer_checkpoint_says_that_the_record_is_old(record: Path, tmp_path: Path) -> None:
    log = script().log
    other = sign_checkpoint(Checkpoint(log.origin, len(log.entries) + 5, b"\x01" * 32), log.key).encode()
    (tmp_path / "note").write_bytes(other)
    result = audit(record, "--checkpoint", tmp_path / "note")
    assert (result.verdict, result.statuses["V40"]) == ("INCOMPLETE", "NOT CHECKED")


@pytest.mark.parametrize(("quorum", "parties", "faulty", "safe"), [(2, 3, 1, False), (2, 4, 1, False), (3, 4, 1, True)])
def test_attack_36_quorums_that_need_not_meet_are_refused(quorum: int, parties: int, faulty: int, safe: bool) -> None:
    witnesses = tuple(replace(witness, mirror=True) for witness in make_policy().witnesses[:parties])
    policy = make_policy().to_json()
    policy["witnesses"] = {
        "members": [
            {"key": w.key.hex(), "mirror": True, "name": w.name, "organisation": w.organisation} for w in witnesses
        ],
        "quorum": quorum,
    }
    policy["faulty"]["witnesses"] = faulty
    judge_policy(policy, safe=safe, words="witnesses")


# --- 37


def judge_policy(policy: dict[str, Any], *, safe: bool, words: str) -> None:
    """A policy is refused by crypto and by the functions of V01, or taken by both."""
    data = dumps(policy)
    if safe:
        assert isinstance(read_policy(policy), Policy)
        load_safe_policy(data)
    else:
        with pytest.raises((UnsafePolicy, EncodingError), match=words):
            read_policy(policy)
        with pytest.raises(BrokenError, match=words):
            load_safe_policy(data)


def changed_witness(**members: Any) -> Callable[[dict[str, Any]], None]:
    def change(policy: dict[str, Any]) -> None:
        policy["witnesses"]["members"][0] |= members

    return change


def set_quorum(role: str, quorum: int) -> Callable[[dict[str, Any]], None]:
    def change(policy: dict[str, Any]) -> None:
        policy[role]["quorum"] = quorum

    return change


POLICIES: dict[str, Callable[[dict[str, Any]], None]] = {
    "two witnesses with one key": changed_witness(key=signing_key("witness 2").public.hex()),
    "witness with the log key": changed_witness(key=signing_key("register log").public.hex()),
    "witness with a board member's key": changed_witness(key=signing_key("board 1").public.hex()),
    "witness with a key of small order": changed_witness(key=SMALL_ORDER_KEYS[0].hex()),
    "two witnesses with one name": changed_witness(name="w2.forge.example"),
    "two witnesses of one organisation": changed_witness(organisation="Bridge Fund"),
    "two witnesses of look-alike organisations": changed_witness(organisation="Вridge Fund"),
    "name with a space": changed_witness(name="w1 forge.example"),
    "name with a plus": changed_witness(name="w1+forge.example"),
    "name with a no-break space": changed_witness(name="w1\u00a0forge.example"),
    "one mirror less than the quorum": changed_witness(mirror=False),
    "witness quorum of 0": set_quorum("witnesses", 0),
    "witness quorum above their number": set_quorum("witnesses", 5),
    "board quorum of 0": set_quorum("board", 0),
    "board quorum of f": set_quorum("board", 1),
    "board quorum above its number": set_quorum("board", 4),
    "nobody on the board": lambda policy: policy["board"].update(members=[]),
    "no witnesses": lambda policy: policy["witnesses"].update(members=[]),
    "nobody faulty": lambda policy: policy["faulty"].update(board=0),
    "interval of a second": lambda policy: policy["register"].update(interval=1),
    "quorum as text": set_quorum("witnesses", "3"),  # type: ignore[arg-type]
    "quorum as true": set_quorum("board", True),
    "host in capitals": lambda policy: policy.update(host="Forge.veche.example"),
    "another suite": lambda policy: policy.update(suite="VECHE-V2"),
    "a member too many": lambda policy: policy.update(trusted=True),
}


@pytest.mark.parametrize("name", POLICIES)
def test_attack_37_policy_that_protects_nobody_is_refused(name: str) -> None:
    policy = json.loads(dumps(make_policy().to_json()))
    POLICIES[name](policy)
    judge_policy(policy, safe=False, words=r".")


def test_attack_37_policy_that_protects_nobody_makes_every_record_invalid(tmp_path: Path) -> None:
    script().write(tmp_path)
    policy = json.loads(dumps(make_policy().to_json()))
    POLICIES["two witnesses with one key"](policy)
    (tmp_path / "policy.json").write_bytes(dumps(policy))
    result = audit(tmp_path)
    assert result.verdict == "INVALID"
    assert "V01" in result.failed


@pytest.mark.parametrize("time", [0])
def test_attack_37_cosignature_without_a_time_counts_for_nothing(time: int, tmp_path: Path) -> None:
    """u64(0) in front of a signature that its witness really made over "time 0"."""

    def timeless(forged: Script, lines: list[NoteSignature]) -> list[NoteSignature]:
        size, root = forged.log.tree.size, forged.log.tree.root()
        text = Checkpoint(forged.log.origin, size, root).text()
        message = f"cosignature/v1\ntime {time}\n{text}".encode()
        signature = bytes(8) + signing_key("witness 1").sign(message)
        return [replace(lines[0], signature=signature), *lines[1:]]

    _, result = audit_forged({"cosignatures:election 10": timeless}, tmp_path)
    assert refusals(result) == ("INVALID", ["V12"])


def test_attack_37_cosignatures_of_one_witness_under_two_names_are_one(tmp_path: Path) -> None:
    def doubled(_: Script, lines: list[NoteSignature]) -> list[NoteSignature]:
        return [
            lines[0],
            lines[1],
            replace(lines[0], name="w3.forge.example"),
            replace(lines[1], name="w4.forge.example"),
        ]

    _, result = audit_forged({"cosignatures:election 10": doubled}, tmp_path)
    assert refusals(result) == ("INVALID", ["V12"])


# --- 38


def cut(folder: Path, name: str, keep: Callable[[list[bytes]], list[bytes]]) -> None:
    """Keep some items of a framed file."""
    path = folder / "record" / name
    items = keep(list(unframe(path.read_bytes(), ENTRY_LENGTH_BYTES)))
    path.write_bytes(b"".join(frame(item, ENTRY_LENGTH_BYTES) for item in items))


def test_attack_38_record_that_ends_early_is_incomplete(tmp_path: Path) -> None:
    """The operator hands out the record of the day before: its last ballots are missing, and nothing says closed."""

    def stop(forged: Script, _: Any) -> None:
        forged.sign_head(forged.log)
        raise StoppedError

    forged = Script({f"voting batch {CLOSES}": stop})
    with pytest.raises(StoppedError):
        forged.build()
    forged.write(tmp_path)
    result = audit(tmp_path)
    assert (result.verdict, result.failed) == ("INCOMPLETE", [])
    assert result.report["results"] == []


class StoppedError(Exception):
    """The forge stops here."""


def test_attack_38_entries_beyond_the_last_head_are_not_believed(tmp_path: Path) -> None:
    script().write(tmp_path)
    cut(tmp_path, "election/checkpoints", lambda heads: heads[:-1])
    result = audit(tmp_path)
    assert (result.verdict, result.statuses["V12"]) == ("INCOMPLETE", "NOT CHECKED")


def test_attack_38_entries_cut_off_behind_the_last_head_are_missed(tmp_path: Path) -> None:
    script().write(tmp_path)
    cut(tmp_path, "election/entries", lambda entries: entries[:-1])
    result = audit(tmp_path)
    assert (result.verdict, result.statuses["V12"]) == ("INCOMPLETE", "NOT CHECKED")


def second_closing(forged: Script, _: Any) -> None:
    """A second closing is proposed once the first is approved."""
    content = forged.bodies.get(bytes.fromhex(proposal_of(forged, "closing")["content"]))
    forged.propose("again", "voting", "closed", content)


def proposal_of(forged: Script, name: str) -> dict[str, Any]:
    return json.loads(forged.log.entries[forged.places[f"proposal {name}"]])


@pytest.mark.parametrize(
    ("name", "hooks", "check"),
    [
        ("a second closing", {"after closing": second_closing}, "V15"),
        ("closing by one member of the board", {"approvers:closing": lambda _f, _v: ["board 1"]}, "V15"),
        ("closing by two strangers", {"approvers:closing": lambda _f, _v: ["x", "y"]}, "V15"),
        ("closing in the last batch of voting", {"last batch": lambda _f, _v: CLOSES - 1}, "V31"),
        (
            "closing after the grace",
            {f"time:election {CLOSES + 1}": lambda _, time: time + 86_400 + 21_600 + 301},
            None,
        ),
    ],
)
def test_attack_38_closing_games_are_invalid(
    name: str, hooks: dict[str, Any], check: str | None, tmp_path: Path
) -> None:
    _, result = audit_forged(hooks, tmp_path)
    assert result.verdict == "INVALID", name
    if check is not None:
        assert check in result.failed
    else:
        assert set(result.failed) & {"V31", "V13"}


def test_attack_38_ballot_behind_the_closing_counts_for_nothing(tmp_path: Path) -> None:
    def late(forged: Script, value: Any) -> Any:
        forged.append(forged.log, "late", "ballot", forged.ballot(9, 2).members)
        return value

    forged, result = audit_forged({"end": late}, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.report["counts"]["counted"] == 9
    assert result.report["counts"]["after_closing"] == 1
    assert forged.places["late"] not in dict(result.excluded)


def test_attack_38_extension_by_one_member_of_the_board_is_invalid(tmp_path: Path) -> None:
    def extend(forged: Script, _: Any) -> None:
        content = forged.content("extension", {"batches": 1, "election": forged.election.hex(), "kind": "extension"})
        proposal = forged.propose("extension", "voting", "voting", content)
        forged.batch(forged.log.batch + 1)
        forged.approve("extension", proposal)

    hooks = {"voting batch 10": extend, "approvers:extension": lambda _f, _v: ["board 1"]}
    _, result = audit_forged(hooks, tmp_path)
    assert result.verdict == "INVALID"
    assert "V15" in result.failed


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
