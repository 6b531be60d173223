# SPDX-License-Identifier: AGPL-3.0-or-later
"""Knowledge of a share, in both groups."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.errors import EncodingError, InvalidProof, MalformedScalar
from crypto.group import G1, G1_IDENTITY, G2, G2_IDENTITY, encode_scalar, scalar
from crypto.labels import PROOF_OF_POSSESSION, PROOF_OF_READINESS
from crypto.proofs import schnorr
from crypto.secret import Secret
from crypto.suite import GROUP_ORDER as Q
from tests.generate import plain
from tests.generate.plain import scalar_bytes
from tests.generate.plain_proofs import schnorr as plain_schnorr
from tests.generate.plain_proofs import schnorr_challenge, schnorr_holds

X = 0xC0FFEE
SECRET = Secret(scalar(X))
CONTEXT = b"session" * 4 + b"\x00\x00\x00\x01"
GROUPS = [(G1, "G1"), (G2, "G2")]


@pytest.mark.parametrize(("base", "name"), GROUPS)
def test_what_we_prove_holds_by_the_page_and_what_the_page_proves_verifies(base: Any, name: str) -> None:
    public = base * scalar(X)
    ours = schnorr.prove(PROOF_OF_POSSESSION, CONTEXT, SECRET, public)
    assert schnorr_holds("PROOF-OF-POSSESSION", CONTEXT, public, ours)
    schnorr.verify(PROOF_OF_POSSESSION, CONTEXT, public, ours)
    theirs = plain_schnorr("PROOF-OF-POSSESSION", CONTEXT, base, X, 4711).data
    schnorr.verify(PROOF_OF_POSSESSION, CONTEXT, public, theirs)
    assert len(ours) == schnorr.PROOF_BYTES == 64, name


@settings(max_examples=15)
@given(st.integers(1, Q - 1), st.binary(max_size=40))
def test_completeness(x: int, context: bytes) -> None:
    public = G1 * scalar(x)
    proof = schnorr.prove(PROOF_OF_READINESS, context, Secret(scalar(x)), public)
    schnorr.verify(PROOF_OF_READINESS, context, public, proof)


@pytest.mark.parametrize(("base", "name"), GROUPS)
def test_attack_17_a_proof_for_one_context_is_worth_nothing_in_another(base: Any, name: str) -> None:
    public = base * scalar(X)
    proof = schnorr.prove(PROOF_OF_POSSESSION, CONTEXT, SECRET, public)
    contexts = [CONTEXT[:place] + bytes([CONTEXT[place] ^ 1]) + CONTEXT[place + 1 :] for place in range(len(CONTEXT))]
    for context in [*contexts, CONTEXT[:-1], CONTEXT + b"\x00", b""]:
        with pytest.raises(InvalidProof, match="does not verify"):
            schnorr.verify(PROOF_OF_POSSESSION, context, public, proof)
    with pytest.raises(InvalidProof, match="does not verify"):
        schnorr.verify(PROOF_OF_READINESS, CONTEXT, public, proof)
    assert name in ("G1", "G2")


def test_a_proof_in_one_group_is_worth_nothing_in_the_other() -> None:
    proof = schnorr.prove(PROOF_OF_POSSESSION, CONTEXT, SECRET, G1 * scalar(X))
    with pytest.raises(InvalidProof, match="does not verify"):
        schnorr.verify(PROOF_OF_POSSESSION, CONTEXT, G2 * scalar(X), proof)


@pytest.mark.parametrize(("base", "name"), GROUPS)
def test_mutated_points_and_scalars(base: Any, name: str) -> None:
    public = base * scalar(X)
    proof = schnorr.prove(PROOF_OF_POSSESSION, CONTEXT, SECRET, public)
    for other in (public + base, -public, base, public + public):
        with pytest.raises(InvalidProof, match="does not verify"):
            schnorr.verify(PROOF_OF_POSSESSION, CONTEXT, other, proof)
    c, s = int.from_bytes(proof[:32], "big"), int.from_bytes(proof[32:], "big")
    for changed in ((c + 1, s), (c, s + 1), (-c, s), (c, -s), (s, c), (0, s), (c, 0)):
        with pytest.raises(InvalidProof, match=r"does not verify|commitment of a proof is the identity"):
            schnorr.verify(PROOF_OF_POSSESSION, CONTEXT, public, scalar_bytes(changed[0]) + scalar_bytes(changed[1]))
    assert name


@pytest.mark.parametrize("identity", [G1_IDENTITY, G2_IDENTITY], ids=["G1", "G2"])
def test_attack_17_the_identity_proves_nothing(identity: Any) -> None:
    """x = 0 is known to everybody, and its proof satisfies the equation."""
    base = G1 if identity == G1_IDENTITY else G2
    proof = plain_schnorr("PROOF-OF-POSSESSION", CONTEXT, base, 0, 4711).data
    assert schnorr_holds("PROOF-OF-POSSESSION", CONTEXT, identity, proof)
    with pytest.raises(InvalidProof, match="a proof about the identity proves nothing"):
        schnorr.verify(PROOF_OF_POSSESSION, CONTEXT, identity, proof)


@pytest.mark.parametrize(("base", "name"), GROUPS)
def test_a_commitment_that_is_the_identity_is_refused(base: Any, name: str) -> None:
    public = base * scalar(X)
    proof = plain_schnorr("PROOF-OF-POSSESSION", CONTEXT, base, X, 0).data
    assert schnorr_holds("PROOF-OF-POSSESSION", CONTEXT, public, proof)
    with pytest.raises(InvalidProof, match="the commitment of a proof is the identity"):
        schnorr.verify(PROOF_OF_POSSESSION, CONTEXT, public, proof)
    assert name


def test_attack_22_a_challenge_without_the_statement_would_be_forged() -> None:
    """Whoever may choose P after the challenge needs no x: P = (s B - T) / c. With P in the hash that fails."""
    t, s = 99, 12345
    c, _ = schnorr_challenge("PROOF-OF-POSSESSION", CONTEXT, G1, plain.times(G1, t))
    public = plain.times(plain.times(G1, s) - plain.times(G1, t), pow(c, -1, Q))
    assert plain.times(G1, s) - plain.times(public, c) == plain.times(G1, t), "the equation holds"
    with pytest.raises(InvalidProof, match="does not verify"):
        schnorr.verify(PROOF_OF_POSSESSION, CONTEXT, public, scalar_bytes(c) + scalar_bytes(s))


def test_encodings() -> None:
    public = G1 * scalar(X)
    proof = schnorr.prove(PROOF_OF_POSSESSION, CONTEXT, SECRET, public)
    for bad in (b"", proof[:-1], proof + b"\x00", proof * 2):
        with pytest.raises(EncodingError, match="a Schnorr proof has 64 bytes"):
            schnorr.verify(PROOF_OF_POSSESSION, CONTEXT, public, bad)
    for place in (0, 32):
        value = int.from_bytes(proof[place : place + 32], "big") + Q
        bad = proof[:place] + value.to_bytes(32, "big") + proof[place + 32 :]
        with pytest.raises(MalformedScalar, match="not below the group order"):
            schnorr.verify(PROOF_OF_POSSESSION, CONTEXT, public, bad)


def test_the_prover_notices_a_point_that_is_not_its_own() -> None:
    with pytest.raises(ValueError, match="does not belong to the secret"):
        schnorr.prove(PROOF_OF_POSSESSION, CONTEXT, SECRET, G1)


def test_attack_32_two_proofs_never_share_a_nonce(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one nonce for two challenges x = (s - s') / (c - c'). A dead generator must not lead there."""
    public = G1 * scalar(X)

    def split(proof: bytes) -> tuple[int, int]:
        return int.from_bytes(proof[:32], "big"), int.from_bytes(proof[32:], "big")

    one, two = (plain_schnorr("PROOF-OF-POSSESSION", context, G1, X, 4711) for context in (b"a", b"b"))
    assert (one.s - two.s) * pow(one.c - two.c, -1, Q) % Q == X
    monkeypatch.setattr("crypto.hashing.secrets.token_bytes", bytes)
    ours = [split(schnorr.prove(PROOF_OF_POSSESSION, context, SECRET, public)) for context in (b"a", b"b")]
    ours.append(split(schnorr.prove(PROOF_OF_READINESS, b"a", SECRET, public)))
    nonces = {(s - c * X) % Q for c, s in ours}
    assert len(nonces) == 3
    monkeypatch.undo()
    proofs = {schnorr.prove(PROOF_OF_POSSESSION, b"a", SECRET, public) for _ in range(5)}
    assert len(proofs) == 5
    assert encode_scalar(SECRET.reveal()) == scalar_bytes(X)
