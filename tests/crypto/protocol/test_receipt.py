# SPDX-License-Identifier: AGPL-3.0-or-later
"""Receipt codes have one spelling; receipts stand on the witnesses of the policy."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import EncodingError, InvalidCheckpoint, InvalidInclusionProof, InvalidSignature
from crypto.protocol.policy import parse_policy
from crypto.protocol.promise import Promise, make_promise
from crypto.protocol.receipt import NO_INDEX, Receipt, parse_receipt_code, receipt_code
from crypto.secret import Secret
from crypto.signing import SigningKey
from tests.generate import plain, vectors_receipt
from tests.generate.plain import canonical
from tests.generate.world import signer, witness_name, world

POLICY = parse_policy(canonical(world().policy))
RECEIPT = Receipt.from_bytes(canonical(vectors_receipt.receipt(world(), world().votes[0])))

BYTES = st.binary(min_size=32, max_size=32)


@given(
    BYTES,
    BYTES,
    st.integers(0, 2**32 - 1),
    st.none() | st.integers(0, NO_INDEX - 1),
    st.binary(min_size=64, max_size=64),
)
def test_codes_come_back(election: bytes, envelope: bytes, batch: int, index: int | None, signature: bytes) -> None:
    promise = Promise(election, envelope, batch, signature)
    code = receipt_code(promise) if index is None else receipt_code(promise, index)
    assert parse_receipt_code(code) == (promise, index)
    assert len(code) == 7 + 226
    data = b"\x01" + election + envelope + batch.to_bytes(4, "big")
    data += (2**64 - 1 if index is None else index).to_bytes(8, "big") + signature
    assert code == "VECHE1:" + base64.b32encode(data).decode().rstrip("=")


@given(st.integers(0, 232), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567=abz018:é \n"))
def test_another_character_is_another_code_or_none(place: int, character: str) -> None:
    code = receipt_code(RECEIPT.promise, 7)
    changed = code[:place] + character + code[place + 1 :]
    if changed == code:
        return
    try:
        parsed = parse_receipt_code(changed)
    except EncodingError:
        return
    assert parsed != (RECEIPT.promise, 7)
    assert receipt_code(*[item for item in parsed if item is not None]) == changed  # type: ignore[arg-type]


@pytest.mark.parametrize("around", ["{}\n", " {}", "{} ", "\t{}", "{}="])
def test_nothing_stands_around_a_code(around: str) -> None:
    with pytest.raises(EncodingError, match=r"receipt code"):
        parse_receipt_code(around.format(receipt_code(RECEIPT.promise, 7)))


def test_a_promise_is_deterministic_and_bound_to_all_it_says() -> None:
    key = SigningKey(Secret(b"p" * 32))
    promise = make_promise(b"e" * 32, b"v" * 32, 9, key)
    assert make_promise(b"e" * 32, b"v" * 32, 9, key) == promise
    promise.verify(key.public)
    for other in (
        replace(promise, election=b"f" * 32),
        replace(promise, envelope=b"w" * 32),
        replace(promise, batch=10),
        replace(promise, election=b"v" * 32, envelope=b"e" * 32),
        replace(promise, signature=promise.signature[::-1]),
    ):
        with pytest.raises(InvalidSignature, match="does not verify"):
            other.verify(key.public)


def test_attack_35_a_tree_of_ones_own_is_not_cosigned() -> None:
    entry = RECEIPT.entry
    text = plain.checkpoint_text(world().election_origin, 1, plain.leaf_hash(entry))
    fake = [plain.cosignature_line(witness_name(i), text, plain.Ed25519(bytes([i]) * 32), 5) for i in range(3)]
    own = replace(RECEIPT, index=0, proof=(), checkpoint=plain.note(text, fake))
    with pytest.raises(InvalidCheckpoint, match="0 witnesses cosigned, 3 are needed"):
        own.verify(POLICY)
    real = [plain.cosignature_line(witness_name(i), text, signer("witness", i), 5) for i in range(3)]
    replace(own, checkpoint=plain.note(text, real)).verify(POLICY)


def test_attack_35_the_proof_is_for_this_entry_under_this_root() -> None:
    envelope = RECEIPT.verify(POLICY).envelope
    assert envelope.digest() == RECEIPT.promise.envelope
    leaves = [plain.leaf_hash(data) for data in world().ledger[:-1]]
    for index in range(len(leaves)):
        if index != RECEIPT.index:
            with pytest.raises(
                InvalidInclusionProof, match=r"leads to another root|no proof can show|too many or too few"
            ):
                replace(RECEIPT, index=index, proof=tuple(plain.inclusion_path(index, leaves))).verify(POLICY)


def test_a_checkpoint_of_another_ledger_is_refused() -> None:
    for origin in (world().register_origin, world().election_origin[:-1] + "0", world().election_origin.upper()):
        leaf = plain.leaf_hash(RECEIPT.entry)
        text = plain.checkpoint_text(origin, 1, leaf)
        lines = [plain.cosignature_line(witness_name(i), text, signer("witness", i), 5) for i in range(3)]
        if origin == world().election_origin:
            continue
        with pytest.raises(InvalidCheckpoint, match="is of another ledger"):
            replace(RECEIPT, index=0, proof=(), checkpoint=plain.note(text, lines)).verify(POLICY)


def test_attack_53_every_cosignature_of_the_quorum_is_needed() -> None:
    text, _, lines = RECEIPT.checkpoint.decode().rpartition("\n\n")
    log, *cosigned = lines.splitlines(keepends=True)
    for count in range(3):
        kept = text + "\n\n" + log + "".join(cosigned[:count])
        with pytest.raises(InvalidCheckpoint, match=f"{count} witnesses cosigned, 3 are needed"):
            replace(RECEIPT, checkpoint=kept.encode()).verify(POLICY)


def test_a_receipt_needs_the_quorum_of_this_policy() -> None:
    other: Any = dict(world().policy)
    members = [
        {**member, "key": signer("other witness", i).public.hex()}
        for i, member in enumerate(other["witnesses"]["members"])
    ]
    policy = parse_policy(canonical({**other, "witnesses": {**other["witnesses"], "members": members}}))
    with pytest.raises(InvalidCheckpoint, match="0 witnesses cosigned"):
        RECEIPT.verify(policy)
