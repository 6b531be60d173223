# SPDX-License-Identifier: AGPL-3.0-or-later
"""Attacks 33 to 35: trees, and proofs of inclusion and consistency that are not tied to root or ballot."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crypto.encoding.strict_json import dumps
from crypto.errors import (
    EncodingError,
    InvalidCheckpoint,
    InvalidInclusionProof,
)
from crypto.ledger.checkpoint import Checkpoint, cosign, sign_checkpoint
from crypto.ledger.merkle import Tree, leaf_hash, node_hash
from crypto.ledger.note import Note, parse_note
from crypto.protocol.receipt import Receipt
from crypto.roles.witness import OK, UNPROCESSABLE
from tests.attacks.ledgers import Thief, script, witness_request
from tests.audits import run_command
from tests.forge.base import signing_key
from tests.worlds import played_world


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
