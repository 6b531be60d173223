# SPDX-License-Identifier: AGPL-3.0-or-later
"""One x for several bases."""

from __future__ import annotations

from typing import Any

import pytest

from crypto.errors import EncodingError, InvalidProof, MalformedScalar, NotInSubgroup
from crypto.group import G1, G1_IDENTITY, decode_g1, encode_g1, scalar
from crypto.labels import PROOF_OF_DECRYPTION, PROOF_OF_READINESS
from crypto.proofs import chaum_pedersen
from crypto.secret import Secret
from crypto.suite import GROUP_ORDER as Q
from tests.generate import plain
from tests.generate.plain import scalar_bytes, times, u32
from tests.generate.plain_proofs import equality, equality_challenge

X = 0xDECADE
SECRET = Secret(scalar(X))
PUBLIC = G1 * scalar(X)
CONTEXT = b"e" * 32 + b"c" * 32 + u32(1)
BASES = [times(G1, 3), times(G1, 5), times(G1, 7)]
RESULTS, PROOF = chaum_pedersen.prove(PROOF_OF_DECRYPTION, CONTEXT, SECRET, BASES)


def check(**changed: Any) -> None:
    given = {"context": CONTEXT, "public": PUBLIC, "bases": BASES, "results": RESULTS, "proof": PROOF} | changed
    chaum_pedersen.verify(
        PROOF_OF_DECRYPTION, given["context"], given["public"], given["bases"], given["results"], given["proof"]
    )


@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_completeness_against_the_page(count: int) -> None:
    bases = [times(G1, 11 + number) for number in range(count)]
    results, proof = chaum_pedersen.prove(PROOF_OF_DECRYPTION, CONTEXT, SECRET, bases)
    assert list(results) == [times(base, X) for base in bases]
    chaum_pedersen.verify(PROOF_OF_DECRYPTION, CONTEXT, PUBLIC, bases, results, proof)
    c, s = int.from_bytes(proof[:32], "big"), int.from_bytes(proof[32:], "big")
    commitments = [times(G1, s) - times(PUBLIC, c)]
    commitments += [times(base, s) - times(result, c) for base, result in zip(bases, results, strict=True)]
    assert equality_challenge(CONTEXT, PUBLIC, bases, results, commitments)[0] == c
    theirs = equality(CONTEXT, bases, X, 4711)
    chaum_pedersen.verify(PROOF_OF_DECRYPTION, CONTEXT, PUBLIC, bases, theirs.results, theirs.data)


def test_the_fixture_is_good() -> None:
    check()


@pytest.mark.parametrize("place", range(0, len(CONTEXT), 3))
def test_attack_43_every_byte_of_the_context_is_bound(place: int) -> None:
    changed = CONTEXT[:place] + bytes([CONTEXT[place] ^ 1]) + CONTEXT[place + 1 :]
    with pytest.raises(InvalidProof, match="an equality proof does not verify"):
        check(context=changed)


def test_attack_43_a_proof_with_another_label_is_worth_nothing() -> None:
    with pytest.raises(InvalidProof, match="does not verify"):
        chaum_pedersen.verify(PROOF_OF_READINESS, CONTEXT, PUBLIC, BASES, RESULTS, PROOF)


@pytest.mark.parametrize("place", range(3))
def test_attack_42_every_base_and_result_is_bound(place: int) -> None:
    for shift in (G1, -G1, BASES[place]):
        bases, results = list(BASES), list(RESULTS)
        bases[place] = bases[place] + shift
        if bases[place] != G1_IDENTITY:
            with pytest.raises(InvalidProof, match="does not verify"):
                check(bases=bases)
        results[place] = results[place] + shift
        with pytest.raises(InvalidProof, match="does not verify"):
            check(results=results)
        # Both changed so that the result still is x times the base: the proof is about other bases.
        both = list(RESULTS)
        both[place] = times(bases[place], X)
        if bases[place] != G1_IDENTITY:
            with pytest.raises(InvalidProof, match="does not verify"):
                check(bases=bases, results=both)
    negative = list(RESULTS)
    negative[place] = -negative[place]
    with pytest.raises(InvalidProof, match="does not verify"):
        check(results=negative)


def test_one_wrong_result_among_many_is_found_though_it_was_hashed() -> None:
    for place in range(3):
        wrong = [*RESULTS[:place], RESULTS[place] + G1, *RESULTS[place + 1 :]]
        forged = equality(CONTEXT, BASES, X, 4711, wrong)
        with pytest.raises(InvalidProof, match="does not verify"):
            check(results=wrong, proof=forged.data)


def test_errors_that_cancel_are_found() -> None:
    wrong = [RESULTS[0] + G1, RESULTS[1] - G1, RESULTS[2]]
    with pytest.raises(InvalidProof, match="does not verify"):
        check(results=wrong, proof=equality(CONTEXT, BASES, X, 4711, wrong).data)


def test_order_and_number() -> None:
    for order in ([1, 0, 2], [2, 1, 0]):
        with pytest.raises(InvalidProof, match="does not verify"):
            check(bases=[BASES[i] for i in order], results=[RESULTS[i] for i in order])
        with pytest.raises(InvalidProof, match="does not verify"):
            check(results=[RESULTS[i] for i in order])
    with pytest.raises(InvalidProof, match="2 results for 3 bases"):
        check(results=RESULTS[:2])
    with pytest.raises(InvalidProof, match="3 results for 2 bases"):
        check(bases=BASES[:2])
    with pytest.raises(InvalidProof, match="does not verify"):
        check(bases=BASES[:2], results=RESULTS[:2])


def test_attack_51_no_bases_prove_nothing() -> None:
    with pytest.raises(InvalidProof, match="0 results for 0 bases"):
        check(bases=[], results=[])
    with pytest.raises(ValueError, match="a proof over no bases proves nothing"):
        chaum_pedersen.prove(PROOF_OF_DECRYPTION, CONTEXT, SECRET, [])


def test_attack_42_the_public_share_is_bound() -> None:
    for other in (PUBLIC + G1, -PUBLIC, G1):
        with pytest.raises(InvalidProof, match="does not verify"):
            check(public=other)


def test_attack_17_a_public_share_that_is_the_identity_proves_nothing() -> None:
    results = [G1_IDENTITY] * 3
    proof = equality(CONTEXT, BASES, 0, 4711).data
    with pytest.raises(InvalidProof, match="a proof about the identity proves nothing"):
        check(public=G1_IDENTITY, results=results, proof=proof)


def test_a_result_is_the_identity_exactly_if_its_base_is() -> None:
    bases = [BASES[0], G1_IDENTITY]
    results, proof = chaum_pedersen.prove(PROOF_OF_DECRYPTION, CONTEXT, SECRET, bases)
    assert results[1] == G1_IDENTITY
    check(bases=bases, results=results, proof=proof)
    with pytest.raises(InvalidProof, match="is the identity and its base is not"):
        check(results=[G1_IDENTITY, *RESULTS[1:]])
    with pytest.raises(InvalidProof, match="is the identity and its base is not"):
        check(bases=bases, results=[results[0], G1], proof=proof)
    # x = 0 in the transcript as well: the lie "nobody chose this option" is refused before any equation.
    forged = equality(CONTEXT, BASES, X, 4711, [G1_IDENTITY, *RESULTS[1:]])
    with pytest.raises(InvalidProof, match="is the identity and its base is not"):
        check(results=forged.results, proof=forged.data)


def test_attack_42_torsion_passes_a_proof_ground_for_it_and_is_stopped_by_the_decoder() -> None:
    """Over the whole curve D + T3 satisfies the equations for every third challenge. D never comes in without a check."""
    torsion = plain.point_of_order(3)
    results = [RESULTS[0], RESULTS[1] + torsion, RESULTS[2]]
    passed = 0
    for t in range(1, 40):
        commitments = [times(G1, t), *(times(base, t) for base in BASES)]
        c, _ = equality_challenge(CONTEXT, PUBLIC, BASES, results, commitments)
        proof = scalar_bytes(c) + scalar_bytes(t + c * X)
        try:
            check(results=results, proof=proof)
        except InvalidProof:
            assert c % 3
        else:
            assert c % 3 == 0
            passed += 1
    assert passed, "the forgery works on points that nobody checked"
    with pytest.raises(NotInSubgroup, match="not in the subgroup"):
        decode_g1(encode_g1(results[1]))


def test_scalars() -> None:
    c, s = int.from_bytes(PROOF[:32], "big"), int.from_bytes(PROOF[32:], "big")
    for changed in ((c + 1, s), (c, s + 1), (s, c), (0, 0), (0, s), (-c, s)):
        with pytest.raises(InvalidProof, match="does not verify"):
            check(proof=scalar_bytes(changed[0]) + scalar_bytes(changed[1]))
    for place, value in ((0, c + Q), (32, s + Q)):
        with pytest.raises(MalformedScalar, match="not below the group order"):
            check(proof=PROOF[:place] + value.to_bytes(32, "big") + PROOF[place + 32 :])
    for bad in (b"", PROOF[:-1], PROOF + b"\x00"):
        with pytest.raises(EncodingError, match="an equality proof has 64 bytes"):
            check(proof=bad)


def test_attack_32_a_dead_generator_repeats_no_nonce(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crypto.hashing.secrets.token_bytes", bytes)
    nonces = set()
    for context in (CONTEXT, CONTEXT[:-1] + b"\x02", b"x"):
        _, proof = chaum_pedersen.prove(PROOF_OF_DECRYPTION, context, SECRET, BASES)
        c, s = int.from_bytes(proof[:32], "big"), int.from_bytes(proof[32:], "big")
        nonces.add((s - c * X) % Q)
    assert len(nonces) == 3
