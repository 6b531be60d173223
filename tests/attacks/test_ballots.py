# SPDX-License-Identifier: AGPL-3.0-or-later
"""Attacks 22 to 27 and 42: forged, copied and misshapen bodies, posted to intake and relay, and put on the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

import crypto.proofs.contest_prover as prover_module
from crypto.errors import EncodingError, Excluded, InvalidProof
from crypto.group import G1, decode_g1, decode_uncleared, encode_uncleared, scalar
from crypto.hashing import sha256
from crypto.proofs.contest import BallotContext, Shape
from crypto.proofs.contest_prover import ContestProver
from crypto.protocol.ballot import encrypt_ballot
from crypto.protocol.promise import Promise
from crypto.roles.member import CastBallot, Voter
from crypto.secret import Secret
from tests.attacks.play import (
    ORDER_THREE,
    POINT,
    audit_forged,
    audit_world,
    good_body,
    point_at,
    recast,
    refusals,
    shared_voter,
    shared_world,
    shifted,
)
from tests.attacks.replay import replay
from tests.forge import BallotSpec, Script
from tests.forge.base import CONTESTS, MARKS, VOTERS
from tests.worlds import SmallWorld, copy_world, played_world

GROUP_ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001

FIELD = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB

SCALAR = 32

GENERATOR = encode_uncleared(G1)


def with_point(body: bytes, place: int, point: bytes) -> bytes:
    """Another point number `place` of the first contest."""
    return body[: POINT * place] + point + body[POINT * (place + 1) :]


def with_scalar(body: bytes, place: int, change: Callable[[int], int]) -> bytes:
    """Another scalar, counted from the end of the body: -1 is z_r of the last contest."""
    start = len(body) + SCALAR * place
    value = change(int.from_bytes(body[start : start + SCALAR]))
    return body[:start] + value.to_bytes(SCALAR, "big") + body[start + SCALAR :]


def swap_options(body: bytes, _: Sequence[Shape]) -> bytes:
    return body[192:384] + body[:192] + body[384:]


def other_ciphertexts(body: bytes, shapes: Sequence[Shape]) -> bytes:
    """The proof of a good ballot beside ciphertexts of a vote worth 1000 marks: what a weak hash would let through."""
    key = point_at(body, 0)
    stuffed = shifted(point_at(body, 1), encode_uncleared(G1 * scalar(1000)))
    return key + stuffed + body[2 * POINT :]


Forgery = Callable[[bytes, Sequence[Shape]], bytes]

FORGERIES: dict[str, Forgery] = {
    "22 proof beside other ciphertexts": other_ciphertexts,
    "22 option A replaced": lambda body, _: with_point(body, 0, GENERATOR),
    "22 option B shifted by one mark": lambda body, _: with_point(body, 1, shifted(point_at(body, 1), GENERATOR)),
    "22 commitment M replaced": lambda body, shapes: with_point(body, 2 * shapes[0].options, GENERATOR),
    "22 commitment V replaced": lambda body, shapes: with_point(body, 2 * shapes[0].options + 1, GENERATOR),
    "22 answer D1 replaced": lambda body, shapes: with_point(body, 2 * shapes[0].options + 2, GENERATOR),
    "22 answer D2 replaced": lambda body, shapes: with_point(body, 2 * shapes[0].options + 3, GENERATOR),
    "22 response f changed": lambda body, _: with_scalar(body, -3, lambda f: f ^ 1),
    "22 response z_rho changed": lambda body, _: with_scalar(body, -2, lambda z: z ^ 1),
    "22 response z_r changed": lambda body, _: with_scalar(body, -1, lambda z: z ^ 1),
    "22 torsion added behind the author's back": lambda body, _: with_point(
        body, 0, shifted(point_at(body, 0), ORDER_THREE)
    ),
    "23 options swapped with their ciphertexts": swap_options,
    "24 component copied into another slot": lambda body, _: with_point(
        with_point(body, 2, point_at(body, 0)), 3, point_at(body, 1)
    ),
    "24 all marks shifted": lambda body, shapes: (
        body
        if not shapes
        else with_point(
            with_point(body, 1, shifted(point_at(body, 1), GENERATOR)), 3, shifted(point_at(body, 3), GENERATOR)
        )
    ),
    "26 response reduced otherwise": lambda body, _: with_scalar(
        body, -1, lambda z: z + GROUP_ORDER if z + GROUP_ORDER < 2**256 else 2**256 - 1
    ),
    "26 response r": lambda body, _: with_scalar(body, -1, lambda _: GROUP_ORDER),
    "26 all bits set": lambda body, _: with_scalar(body, -2, lambda _: 2**256 - 1),
    "27 A is zeros": lambda body, _: with_point(body, 0, bytes(96)),
    "27 A and B are zeros": lambda body, _: with_point(with_point(body, 0, bytes(96)), 1, bytes(96)),
    "27 A equals B": lambda body, _: with_point(body, 1, point_at(body, 0)),
    "27 A is used twice": lambda body, _: with_point(body, 2, point_at(body, 0)),
    "27 A is the generator, B a mark in the clear": lambda body, _: with_point(
        with_point(body, 0, GENERATOR), 1, GENERATOR
    ),
    "27 A of order three": lambda body, _: with_point(body, 0, ORDER_THREE),
    "27 off the curve": lambda body, _: with_point(body, 0, GENERATOR[:-1] + bytes([GENERATOR[-1] ^ 1])),
    "27 coordinate at p": lambda body, _: with_point(body, 0, FIELD.to_bytes(48, "big") + GENERATOR[48:]),
    "27 coordinate with flags": lambda body, _: with_point(body, 0, bytes([GENERATOR[0] | 0x80]) + GENERATOR[1:]),
}
"""Bodies of the right length that rule B10 refuses, by the attack they belong to."""

LENGTHS: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "a byte too few": lambda body: body[:-1],
    "a byte too many": lambda body: body + b"\x00",
    "a response too few": lambda body: body[:-SCALAR],
    "an option too many": lambda body: body[:192] + body,
    "twice": lambda body: body + body,
}
"""Bodies that no slot of a record can hold."""


@pytest.mark.parametrize("name", FORGERIES)
def test_attack_22_to_27_forged_body_is_refused_by_intake_and_relay(name: str) -> None:
    world, voter = shared_world(), shared_voter(0)
    body = FORGERIES[name](good_body(voter), world.manifest.shapes)
    cast = recast(voter, body)
    (answer,) = world.running.intake.submit([cast])
    assert isinstance(answer, Excluded)
    assert answer.rule == "B10"
    with pytest.raises((EncodingError, InvalidProof), match=r".") as caught:
        world.board[0].relay.accept(cast, world.board[0].copies.election, world.now)
    assert str(caught.value)
    assert not world.board[0].relay.ballots()
    assert world.running.intake.owed == 0


@pytest.mark.parametrize("name", LENGTHS)
def test_attack_25_body_of_another_shape_is_refused_by_intake_and_relay(name: str) -> None:
    world, voter = shared_world(), shared_voter(0)
    cast = recast(voter, LENGTHS[name](good_body(voter)))
    (answer,) = world.running.intake.submit([cast])
    assert isinstance(answer, Excluded)
    assert answer.rule == "B9"
    with pytest.raises(EncodingError, match="a ballot body of"):
        world.board[0].relay.accept(cast, world.board[0].copies.election, world.now)


def test_attack_23_body_for_another_context_is_refused_by_intake() -> None:
    world, voter = shared_world(), shared_voter(0)
    mine = BallotContext(voter.manifest_digest, world.identifier, voter.credential.pseudonym, 1)
    for other in (
        replace(mine, manifest=bytes(32)),
        replace(mine, election=bytes(32)),
        replace(mine, pseudonym=shared_voter(1).credential.pseudonym),
        replace(mine, sequence=2),
    ):
        body = encrypt(voter, other)
        (answer,) = world.running.intake.submit([recast(voter, body)])
        assert isinstance(answer, Excluded)
        assert answer.rule == "B10"
    assert isinstance(played_copy_accepts(recast(voter, encrypt(voter, mine))), Promise)


def encrypt(voter: Voter, context: BallotContext) -> bytes:
    return encrypt_ballot(voter._prover, context, voter.manifest.shapes, [[0, 1, 0, 0]], Secret(b"s"), 1).body


def played_copy_accepts(cast: CastBallot) -> Promise | Excluded:
    """What an untouched copy of the shared world says to a ballot."""
    return copy_world(shared_world()).cast(cast)[0]


def test_attack_24_copied_ballot_is_refused_under_another_pseudonym() -> None:
    world, victim, copier = shared_world(), shared_voter(0), shared_voter(1)
    body = good_body(victim)
    (answer,) = world.running.intake.submit([recast(copier, body)])
    assert isinstance(answer, Excluded)
    assert answer.rule == "B10"
    again = recast(victim, body)
    stolen = CastBallot(replace(again.signed, signature=copier._pseudonym.sign(again.signed.envelope.statement)), body)
    (answer,) = world.running.intake.submit([stolen])
    assert isinstance(answer, Excluded)
    assert answer.rule == "B4"


def pour(forgeries: Sequence[Forgery]) -> Callable[[Script, list[BallotSpec]], list[BallotSpec]]:
    """Voters 2, 3, .. vote again, each with one forged body."""
    shapes = [contest.shape for contest in CONTESTS]

    def hook(script: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
        for number, forgery in enumerate(forgeries, 2):
            pseudonym = script.ballot(number).pseudonym
            first = next(spec for _, spec in script.specs if spec.pseudonym == pseudonym)
            replaces = script.envelope(first).envelope.digest()
            body = forgery(script.ballot(number, 2, replaces).body or b"", shapes)
            ballots.append(script.ballot(number, 2, replaces, content=body, outcome="B10"))
        return ballots

    return hook


def cross_contest(body: bytes, shapes: Sequence[Shape]) -> bytes:
    """23, 25: both contests, each in the place of the other."""
    return body[shapes[0].byte_length :] + body[: shapes[0].byte_length]


ON_LEDGER = [*FORGERIES.values(), cross_contest]

IN_RECORD = VOTERS - 1


@pytest.mark.parametrize("start", range(0, len(ON_LEDGER), IN_RECORD))
def test_attack_22_to_27_forged_bodies_on_the_ledger_are_excluded_and_the_result_stands(
    start: int, tmp_path: Path
) -> None:
    chosen = ON_LEDGER[start : start + IN_RECORD]
    script, result = audit_forged({"later ballots": pour(chosen)}, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.excluded == script.excluded
    assert list(script.excluded.values()) == ["B10"] * len(chosen)
    assert result.report["counts"]["counted"] == 9
    assert replay(script).rules == script.excluded
    honest = [
        [sum(marks[contest][option] for marks in MARKS) for option in range(n)] for contest, n in ((0, 4), (1, 3))
    ]
    assert [[option["total"] for option in contest["options"]] for contest in result.report["results"]] == honest


def test_attack_23_proofs_for_other_contexts_on_the_ledger_are_excluded(tmp_path: Path) -> None:
    def hook(script: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
        for number, change in ((2, "manifest"), (3, "election"), (4, "pseudonym"), (5, "sequence")):
            pseudonym = script.ballot(number).pseudonym
            first = next(spec for _, spec in script.specs if spec.pseudonym == pseudonym)
            replaces = script.envelope(first).envelope.digest()
            mine = BallotContext(script.manifest_digest, script.election, pseudonym, 2)
            other: dict[str, BallotContext] = {
                "manifest": replace(mine, manifest=bytes(32)),
                "election": replace(mine, election=bytes(32)),
                "pseudonym": replace(mine, pseudonym=script.ballot(9).pseudonym),
                "sequence": replace(mine, sequence=1),
            }
            prover = ContestProver(decode_g1(bytes.fromhex(script.manifest["tally"]["key"])))
            shapes = [contest.shape for contest in CONTESTS]
            body = encrypt_ballot(prover, other[change], shapes, MARKS[number - 1], Secret(b"other"), 1).body
            ballots.append(script.ballot(number, 2, replaces, content=body, outcome="B10"))
        return ballots

    script, result = audit_forged({"later ballots": hook}, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.excluded == script.excluded
    assert len(script.excluded) == 4


@pytest.mark.parametrize("name", [*LENGTHS, "zeros"])
def test_attack_25_body_of_another_length_on_the_ledger_is_excluded(name: str, tmp_path: Path) -> None:
    """A thief of the ledger key and one voter: the voter signs what intake would refuse, mirrors hold the body.

    A slot of the record is as long as a body: zeros in it mean that there is none.
    """

    def hook(script: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
        first = next(spec for _, spec in script.specs if spec.pseudonym == script.ballot(9).pseudonym)
        replaces = script.envelope(first).envelope.digest()
        good = script.ballot(9, 2, replaces).body or b""
        body = bytes(len(good)) if name == "zeros" else LENGTHS[name](good)
        bad = script.ballot(9, 2, replaces, outcome="B9", body=sha256(body))
        bad.body = body
        return [*ballots, bad]

    script, result = audit_forged({"later ballots": hook}, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.excluded == script.excluded


def test_attack_25_body_of_another_length_beside_a_bad_signature_is_excluded(tmp_path: Path) -> None:
    """A thief of the ledger key alone."""

    def hook(script: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
        return [*ballots, script.ballot(9, 2, content=b"three bytes", signature=bytes(64), outcome="B4")]

    script, result = audit_forged({"ballots": hook}, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.excluded == script.excluded


def test_attack_22_errors_that_cancel_in_a_batch_are_found(tmp_path: Path) -> None:
    """52: two proofs, z_r one too high and one too low: their errors cancel wherever weights repeat."""
    up: Forgery = lambda body, _: with_scalar(body, -1, lambda z: (z + 1) % GROUP_ORDER)  # noqa: E731
    down: Forgery = lambda body, _: with_scalar(body, -1, lambda z: (z - 1) % GROUP_ORDER)  # noqa: E731
    script, result = audit_forged({"later ballots": pour([up, down] * 4)}, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.excluded == script.excluded == replay(script).rules
    assert len(script.excluded) == 8
    world = shared_world()
    casts = [recast(shared_voter(n), change(good_body(shared_voter(n)), ())) for n, change in enumerate([up, down] * 2)]
    answers = world.running.intake.submit(casts)
    assert [answer.rule for answer in answers if isinstance(answer, Excluded)] == ["B10"] * 4


def test_attack_42_ballots_with_points_of_small_order_are_counted_right_by_all(tmp_path: Path) -> None:
    """Every author adds a point of order three to every point *before* proving: the tally clears them away."""
    world = played_world("begin_voting")

    def crooked(point: object) -> bytes:
        return shifted(encode_uncleared(point), ORDER_THREE)  # type: ignore[arg-type]

    with patch.object(prover_module, "encode_uncleared", crooked):
        world.vote()
    torsion = [decode_uncleared(point_at(good_of(world, number), 0)) for number in range(3)]
    assert all(not point.is_in_subgroup() for point in torsion)
    world.end_voting().finish()
    result = audit_world(world, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.report["counts"]["counted"] == 10


def good_of(world: SmallWorld, number: int) -> bytes:
    item = world.running.election.collected["ballot"][number]
    return world.bodies.get(item.held.envelope.body)
