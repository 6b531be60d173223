# SPDX-License-Identifier: AGPL-3.0-or-later
"""Attacks 42 to 46: bad decryptions, trustees as oracles, sums and totals that the ledger does not give."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crypto import labels
from crypto.elgamal.ciphertext import CiphertextSum, EncryptedTally
from crypto.elgamal.dlog import MARK
from crypto.elgamal.threshold import partial_decrypt, verify_partial
from crypto.errors import (
    ContentMismatch,
    EncodingError,
    SecondRequest,
    ThresholdNotMet,
    TooFewBallots,
    WrongPhase,
)
from crypto.group import (
    G1,
    G1Point,
    Scalar,
    decode_g1,
    decode_uncleared,
    encode_g1,
    encode_scalar,
    inverse,
    random_scalar,
)
from crypto.proofs import chaum_pedersen
from crypto.proofs.contest import BallotContext
from crypto.protocol.ballot import decode_body
from crypto.protocol.contents import Certificate
from crypto.protocol.messages import make_decryption, signed_message_members
from crypto.protocol.phases import State
from crypto.protocol.proposals import approval_statement
from crypto.protocol.tally import compute_result, judge_decryptions, make_certificate
from crypto.sharing.party import SecretShare
from crypto.sharing.session import TRUSTEE
from crypto.transcript import Transcript
from tests.attacks.closed import append_all, closed_world, decryption, finish_with
from tests.attacks.play import ORDER_THREE, audit_forged, audit_world, refusals
from tests.attacks.replay import replay
from tests.forge import BallotSpec, Script
from tests.forge.base import signing_key
from tests.worlds import SmallWorld, played_world

PROOF_BYTES = chaum_pedersen.PROOF_BYTES
IDENTITY = bytes([0xC0]) + bytes(47)


# --- 42, 43


def context_of(election: bytes, closing: bytes, trustee: int) -> bytes:
    return election + closing + trustee.to_bytes(4, "big")


def weak_decryption(context: bytes, share: SecretShare, tally: EncryptedTally, left_out: str = "") -> bytes:
    """A body that verifies wherever the challenge does not hash one of its fields.

    Without the results, or without their commitments, the results are garbage; otherwise only the hash is weak.
    """
    x, t, other = share.value.reveal(), random_scalar(), random_scalar()
    nonce = other if left_out == "results" else t

    def hashed(results: bytes) -> Scalar:
        transcript = Transcript(labels.PROOF_OF_DECRYPTION)
        fields = {
            "context": context,
            "key": encode_g1(G1 * x),
            "count": len(tally.a).to_bytes(4, "big"),
            "bases": joined(tally.a),
            "results": results,
            "commitment to the key": encode_g1(G1 * t),
            "commitments to the results": joined(base * nonce for base in tally.a),
        }
        for name, value in fields.items():
            if name != left_out:
                transcript.absorb(value)
        return transcript.challenge(labels.EQUALITY_CHALLENGE)

    factor = other if left_out == "commitments to the results" else x
    if left_out == "results":
        # The challenge is known before the results: they are made to fit it.
        factor = x + (t - other) * inverse(hashed(b""))
    results = joined(base * factor for base in tally.a)
    c = hashed(results)
    return results + encode_scalar(c) + encode_scalar(t + c * x)


def joined(points: Iterable[G1Point]) -> bytes:
    return b"".join(map(encode_g1, points))


WEAK = ("context", "key", "count", "bases", "results", "commitment to the key", "commitments to the results")


def torsion_decryption(context: bytes, share: SecretShare, tally: EncryptedTally) -> bytes:
    """D plus a point of order 3 with a challenge that 3 divides: a strong proof of it verifies, if D is not decoded."""
    x, bases = share.value.reveal(), tally.a
    crooked = [base * x + decode_uncleared(ORDER_THREE) for base in bases]
    label, public = labels.PROOF_OF_DECRYPTION, G1 * x

    while True:
        t = random_scalar()
        commitments = [base * t for base in bases]
        c = chaum_pedersen._challenge(label, context, public, bases, crooked, G1 * t, commitments)
        if int.from_bytes(encode_scalar(c), "big") % 3 == 0:
            break
    proof = encode_scalar(c) + encode_scalar(t + c * x)
    # The forgery is a good one: only the decoder stands between it and a tally without a discrete logarithm.
    chaum_pedersen.verify(label, context, public, bases, crooked, proof)
    return joined(crooked) + proof


def bad_bodies(
    election: bytes, closing: bytes, share: SecretShare, other: SecretShare, tally: EncryptedTally
) -> dict[str, tuple[bytes, str]]:
    """Bodies of decryptions under the name of `share`'s holder, and why they are refused."""
    trustee, nothing = share.index, "does not verify"
    context = context_of(election, closing, trustee)
    good = partial_decrypt(election, closing, share, tally)
    points, proof = good[:-PROOF_BYTES], good[-PROOF_BYTES:]
    own_key, own_proof = chaum_pedersen.prove(labels.PROOF_OF_DECRYPTION, context, other.value, tally.a)
    half = len(tally.a) // 2
    partly, part_proof = chaum_pedersen.prove(labels.PROOF_OF_DECRYPTION, context, share.value, tally.a[:half])
    relabelled = chaum_pedersen.prove(labels.PROOF_OF_READINESS, context, share.value, tally.a)[1]
    return {
        "42 torsion with a ground challenge": (torsion_decryption(context, share, tally), "not in the subgroup"),
        "42 identity": (IDENTITY + good[48:], "a result is the identity and its base is not"),
        "42 identity in a second spelling": (bytes([0xE0]) + bytes(47) + good[48:], "another encoding"),
        "42 all results the identity": (IDENTITY * len(tally.a) + proof, "a result is the identity"),
        "42 another key than the ceremony's": (joined(own_key) + own_proof, nothing),
        "42 body of another trustee": (partial_decrypt(election, closing, other, tally), nothing),
        "42 results of two options swapped": (good[48:96] + good[:48] + good[96:], nothing),
        "42 A in the place of D": (encode_g1(tally.a[0]) + good[48:], nothing),
        "42 negated result": (bytes([good[0] ^ 0x20]) + good[1:], nothing),
        "43 proof of zeros": (points + bytes(PROOF_BYTES), nothing),
        "43 response above the order": (points + proof[:32] + b"\xff" * 32, "scalar"),
        "43 proof of another election": (partial_decrypt(bytes(32), closing, share, tally), nothing),
        "43 proof for another closing": (partial_decrypt(election, bytes(32), share, tally), nothing),
        "43 proof of another kind": (points + relabelled, nothing),
        "43 proof for half of the options": (joined(partly) + points[48 * half :] + part_proof, nothing),
        **{f"43 challenge without {name}": (weak_decryption(context, share, tally, name), nothing) for name in WEAK},
        "a byte too many": (good + b"\x00", "too many"),
        "without its proof": (points, "are needed"),
        "nothing": (b"", "are needed"),
    }


def test_attack_43_control_the_forgers_transcript_is_right() -> None:
    """With nothing left out of the hash the same code makes a decryption that is accepted."""
    world = closed_world()
    own, share = world.trustees[0].recount(), world.trustees[0].require_share()
    closing = world.running.election.approved["closing"].proposal.digest
    body = weak_decryption(context_of(world.identifier, closing, 1), share, own.tally)
    public = world.running.election.keys[TRUSTEE].public_shares[1]
    assert len(verify_partial(world.identifier, closing, 1, public, own.tally, body)) == 4  # type: ignore[arg-type]


def test_attack_42_and_43_bad_decryptions_name_their_trustee_and_block_nothing(tmp_path: Path) -> None:
    world = closed_world()
    first, second = (trustee.require_share() for trustee in world.trustees[:2])
    own, closing = world.trustees[0].recount(), world.running.election.approved["closing"].proposal.digest
    bodies = bad_bodies(world.identifier, closing, first, second, own.tally)
    indices = append_all(world, "decryption", (decryption(world, 1, body) for body, _ in bodies.values()))
    judged = judge_decryptions(world.board[0].copies.election, own)
    assert (judged.accepted, judged.tallied_at) == ({}, None)
    for index, (name, (_, words)) in zip(indices, bodies.items(), strict=True):
        assert (judged.excluded[index].rule, words in judged.excluded[index].reason) == ("D4", True), name
        assert judged.excluded[index].reason.startswith("trustee 1: "), name
    certificate = finish_with(world, (2, 3))
    assert certificate.excluded == tuple((index, "D4") for index in indices)
    result = audit_world(world, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.excluded == dict.fromkeys(indices, "D4")
    assert result.report["counts"]["counted"] == 10


def pour(script: Script, _: Any) -> Any:
    """Every bad decryption of trustee 1; the other two decrypt."""
    shares = script.shares[TRUSTEE]
    bodies = bad_bodies(script.election, script.closing, shares[0], shares[1], script.tally)
    for name, (body, _words) in bodies.items():
        message = make_decryption(script.election, script.closing, 1, script.body(body, name), signing_key("trustee 1"))
        script.excluded_after[script.message_entry(name, "decryption", message)] = "D4"
    return shares[1:]


def test_attack_42_and_43_bad_decryptions_in_a_record_are_excluded(tmp_path: Path) -> None:
    script, result = audit_forged({"decrypting": pour}, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert "accepted of trustees 2, 3" in result.detail("V34")
    assert len(script.excluded_after) > 20
    assert result.excluded == script.excluded_after == replay(script).rules


def test_attack_42_certificate_over_one_good_decryption_is_invalid(tmp_path: Path) -> None:
    """The board certifies, as decrypted by two, what trustee 1 decrypted with torsion: the totals may even be right."""

    def torsion(script: Script, _: bytes) -> bytes:
        share = script.shares[TRUSTEE][0]
        return torsion_decryption(context_of(script.election, script.closing, 1), share, script.tally)

    _, result = audit_forged({"decryption body 1": torsion}, tmp_path)
    assert refusals(result) == ("INVALID", ["V34"])
    assert "only 1 decryptions were accepted" in result.detail("V34")


# --- 44


def single_ballot(world: SmallWorld, number: int = 0) -> EncryptedTally:
    """The cleared ciphertexts of one ballot, as if they were a sum."""
    envelope = world.running.election.collected["ballot"][number].held.envelope
    manifest = world.manifest
    context = BallotContext(envelope.manifest, envelope.election, envelope.pseudonym, envelope.sequence)
    (proof,) = decode_body(world.bodies.get(envelope.body) or b"", context, manifest.shapes, manifest.tally.key)
    total = CiphertextSum(4)
    total.add(proof.ciphertexts)
    return total.clear()


def collude(world: SmallWorld, content: bytes) -> None:
    """The whole board signs a closing without looking at it."""
    world.propose(State.CLOSED, content)
    proposal = world.running.election.proposals[-1]
    statement = approval_statement(world.identifier, proposal.digest)
    world.running.submit_approval(proposal, [member.sign_statement(statement) for member in world.board])
    world.next_batch()
    world.sync()


def test_attack_44_trustee_decrypts_no_sum_that_it_is_given() -> None:
    world = closed_world()
    trustee = world.trustees[0]
    own = trustee.recount()
    for tally in (single_ballot(world), EncryptedTally(own.tally.a, tuple(b + MARK for b in own.tally.b))):
        with pytest.raises(ContentMismatch, match="the approved closing names another encrypted tally"):
            trustee.decrypt(replace(own, tally=tally))
    assert finish_with(world, (1, 2)).counted == 10


@pytest.mark.parametrize(
    ("lie", "check"), [("sum of one ballot", "V33"), ("one ballot fewer", "V29"), ("another manifest", "V31")]
)
def test_attack_44_trustee_decrypts_nothing_for_a_board_that_lies(lie: str, check: str, tmp_path: Path) -> None:
    world = played_world("end_voting")
    honest = world.recount().closing(world.running.election)
    closing = {
        "sum of one ballot": replace(honest, sum=single_ballot(world).digest()),
        "one ballot fewer": replace(honest, counted=honest.counted - 1, superseded=1),
        "another manifest": replace(honest, manifest=bytes(32)),
    }[lie]
    collude(world, closing.to_bytes())
    assert world.running.election.state is State.CLOSED
    for trustee in world.trustees:
        with pytest.raises(ContentMismatch, match="the approved closing"):
            trustee.recount()
    assert refusals(audit_world(world, tmp_path)) == ("INVALID", [check])


def test_attack_44_nothing_is_decrypted_before_the_closing_is_approved() -> None:
    """Not by the trustees' tool; and what one without scruples puts on the ledger early has no effect."""
    world = played_world("end_voting")
    early, share = world.recount(), world.trustees[0].require_share()
    digest = world.bodies.put(partial_decrypt(world.identifier, bytes(32), share, early.tally))
    message = make_decryption(world.identifier, bytes(32), 1, digest, world.keys.trustees[0].signing)
    (index,) = append_all(world, "decryption", [signed_message_members(message)])
    assert world.running.election.excluded[index].rule == "D2"
    world.propose_closing()
    for trustee in world.trustees:
        with pytest.raises(WrongPhase, match="decrypts nothing before the closing is approved"):
            trustee.recount()
        with pytest.raises(WrongPhase, match="decrypts nothing before the closing is approved"):
            trustee.decrypt(early)
    world.approve()
    assert finish_with(world, (1, 3)).counted == 10


def test_attack_44_trustee_never_decrypts_a_second_closing() -> None:
    """Who has the keys of log, witnesses and board makes a second history, in which one voter voted otherwise."""
    world, fork = played_world("vote"), played_world("vote")
    voter = fork.voters[0]
    fork.cast(voter.cast(voter.prepare([[0, 0, 0, 0]])))
    for history in (world, fork):
        history.end_voting().propose_closing()
        history.approve()
    trustee = world.trustees[0]
    first = trustee.decrypt(trustee.recount())
    trustee.copies = fork.trustees[0].copies
    other = trustee.recount()
    assert other.superseded == 1
    with pytest.raises(SecondRequest, match="has decrypted another closing of this election"):
        trustee.decrypt(other)
    # What it decrypted once it decrypts again: the same points, whoever asks.
    trustee.copies = world.trustees[1].copies
    again = trustee.decrypt(trustee.recount())
    assert again[1][:-PROOF_BYTES] == first[1][:-PROOF_BYTES]
    assert finish_with(fork, (2, 3)).counted == 10


def test_attack_44_so_few_ballots_are_not_decrypted(tmp_path: Path) -> None:
    world = played_world("begin_voting")
    world.vote(world.members[:4]).end_voting()
    own = world.propose_closing()
    world.approve()
    for trustee in world.trustees:
        with pytest.raises(TooFewBallots, match="4 ballots, 5 are needed: there is no result"):
            trustee.decrypt(trustee.recount())
    closing = world.running.election.approved["closing"].proposal.digest
    bodies = [partial_decrypt(world.identifier, closing, t.require_share(), own.tally) for t in world.trustees]
    indices = append_all(world, "decryption", (decryption(world, n, body) for n, body in enumerate(bodies, 1)))
    judged = judge_decryptions(world.board[0].copies.election, own)
    assert {index: why.rule for index, why in judged.excluded.items()} == dict.fromkeys(indices, "D2")
    with pytest.raises(ThresholdNotMet, match="0 accepted decryptions, 2 are needed"):
        compute_result(world.running.election, own, judged)
    result = audit_world(world, tmp_path)
    assert (refusals(result), result.statuses["V34"]) == (("INCOMPLETE", []), "NOT CHECKED")
    assert result.report["results"] == []


# --- 45


def sum_of(script: Script, specs: Sequence[BallotSpec]) -> EncryptedTally:
    """The cleared sum of any ballots."""
    script.hooks["counted"] = lambda _f, _v: list(specs)
    try:
        return script.true_tally()
    finally:
        del script.hooks["counted"]


def opened_ballot(script: Script) -> BallotSpec:
    """A ballot that voter 9 made and opened, and that is not on the ledger."""
    return script.ballot(9, 2, marks=((0, 0, 0, 1), (0, 1, 0)))


FALSE_SUMS: dict[str, Callable[[Script, EncryptedTally], EncryptedTally]] = {
    "one ballot is missing": lambda script, _: sum_of(script, script.counted()[1:]),
    "one ballot twice": lambda script, _: sum_of(script, [*script.counted(), script.counted()[0]]),
    "opened ballot is counted": lambda script, _: sum_of(script, [*script.counted(), opened_ballot(script)]),
    "superseded ballot is counted": lambda script, _: sum_of(script, [spec for _, spec in script.specs]),
    "one contest in the place of the other": lambda _, tally: EncryptedTally(
        tally.a[3:] + tally.a[:3], tally.b[3:] + tally.b[:3]
    ),
    "two options swapped": lambda _, tally: EncryptedTally(
        (tally.a[1], tally.a[0], *tally.a[2:]), (tally.b[1], tally.b[0], *tally.b[2:])
    ),
    "a mark added in the clear": lambda _, tally: EncryptedTally(tally.a, (tally.b[0] + MARK, *tally.b[1:])),
    "the same marks, encrypted anew": lambda script, tally: EncryptedTally(
        (tally.a[0] + G1, *tally.a[1:]),
        (tally.b[0] + decode_g1(bytes.fromhex(script.manifest["tally"]["key"])), *tally.b[1:]),
    ),
}
"""Sums that are not those of the ledger; everything behind them, totals and seats, fits them."""


@pytest.mark.parametrize("name", FALSE_SUMS)
def test_attack_45_sum_that_the_ledger_does_not_give_is_invalid(name: str, tmp_path: Path) -> None:
    _, result = audit_forged({"tally": FALSE_SUMS[name]}, tmp_path)
    assert refusals(result) == ("INVALID", ["V33"])
    assert result.report["results"] == []


def test_attack_45_nobody_signs_or_decrypts_another_sum() -> None:
    world = played_world("end_voting")
    judged = world.recount()
    lie = replace(judged.closing(world.running.election), sum=bytes(32))
    world.propose(State.CLOSED, lie.to_bytes())
    for member in world.board:
        with pytest.raises(ContentMismatch, match=r"closing.*\bsum\b"):
            member.approve(world.now)
    world.propose_closing()
    world.approve()
    assert finish_with(world, (1, 2)).counted == 10


# --- 46


def restated(change: Callable[[list[Any]], list[Any]]) -> Callable[[bytes], bytes]:
    """A certificate with other totals in its last contest; what stands between @ becomes bare characters."""

    def rewrite(content: bytes) -> bytes:
        value = json.loads(content)
        value["contests"][-1]["totals"] = change(value["contests"][-1]["totals"])
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode().replace(b'"@', b"").replace(b'@"', b"")

    return rewrite


def spelt(spelling: str) -> Callable[[bytes], bytes]:
    return restated(lambda totals: [f"@{spelling.format(totals[0])}@", *totals[1:]])


TOTALS: dict[str, Callable[[bytes], bytes]] = {
    "-1": restated(lambda totals: [-1, *totals[1:]]),
    "one more": restated(lambda totals: [totals[0] + 1, *totals[1:]]),
    "one moved": restated(lambda totals: [totals[0] - 1, totals[1] + 1, *totals[2:]]),
    "more than ballots": restated(lambda totals: [1000, *totals[1:]]),
    "swapped": restated(lambda totals: [*totals[1:], totals[0]]),
    "an option too many": restated(lambda totals: [*totals, 0]),
    "string": restated(lambda totals: [str(totals[0]), *totals[1:]]),
    "boolean": restated(lambda totals: [True, *totals[1:]]),
    "null": restated(lambda totals: [None, *totals[1:]]),
    "plus the group order": restated(lambda totals: [totals[0] + 0x73EDA753299D7D483339D80809A1D805, *totals[1:]]),
    "float": spelt("{}.0"),
    "exponent": spelt("{}e0"),
    "leading zero": spelt("0{}"),
    "NaN": spelt("NaN"),
}


@pytest.mark.parametrize("name", TOTALS)
def test_attack_46_certificate_with_other_totals_is_invalid(name: str, tmp_path: Path) -> None:
    """The verifier multiplies what it is told, and never counts up to it."""
    _, result = audit_forged({"content bytes:certificate": lambda _, content: TOTALS[name](content)}, tmp_path)
    assert refusals(result) == ("INVALID", ["V35"])


def test_attack_46_board_certifies_no_other_totals() -> None:
    world = closed_world().decrypt()
    judged = world.trustees[0].recount()
    decryptions = judge_decryptions(world.running.election, judged)
    result = compute_result(world.running.election, judged, decryptions)
    content = make_certificate(
        world.running.election, judged, decryptions, result, world.running.election.size + 1
    ).to_bytes()
    for name, change in list(TOTALS.items())[::2]:
        world.propose(State.CERTIFIED, change(content))
        for member in world.board:
            with pytest.raises((ContentMismatch, EncodingError), match=r"certificate|JSON"):
                member.approve(world.now)
        assert world.running.election.state is State.TALLIED, name
    assert world.certify().contests == Certificate.from_bytes(content).contests


def test_attack_46_totals_without_a_certificate_are_searched_within_the_ballots(tmp_path: Path) -> None:
    _, certified = audit_forged({}, tmp_path / "certified")
    _, searched = audit_forged({"stop before certificate": lambda _f, _v: True}, tmp_path / "searched")
    assert (searched.verdict, searched.failed, searched.statuses["V35"]) == ("INCOMPLETE", [], "NOT CHECKED")
    totals = [
        [[option["total"] for option in contest["options"]] for contest in result.report["results"]]
        for result in (certified, searched)
    ]
    assert totals[0] == totals[1] == [[6, 3, 3, 2], [6, 2, 1]]
