# SPDX-License-Identifier: AGPL-3.0-or-later
"""Attacks 22 to 32: forged, copied, replayed and opened ballots, posted to intake and relay, and put on the ledger."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from unittest.mock import patch

import pytest

import crypto.proofs.contest_prover as prover_module
from crypto.errors import CryptoError, EncodingError, Excluded, InvalidProof, ProtocolError
from crypto.group import G1, decode_g1, decode_uncleared, encode_uncleared, scalar
from crypto.hashing import sha256
from crypto.proofs.contest import BallotContext, Shape
from crypto.proofs.contest_prover import ContestProver
from crypto.protocol.ballot import encrypt_ballot
from crypto.protocol.opening import Opening, check_opening, open_ballot
from crypto.protocol.promise import Promise
from crypto.roles.member import CastBallot, Voter
from crypto.secret import Secret
from tests.attacks.play import ORDER_THREE, audit_forged, audit_world, recast, refusals, shifted
from tests.attacks.replay import replay
from tests.audits import run_command
from tests.forge import BallotSpec, Script, forge
from tests.forge.base import CONTESTS, MARKS, make_body
from tests.forge.script import OPENS, VOTERS
from tests.worlds import SmallWorld, copy_world, played_world

GROUP_ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
FIELD = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB
POINT, SCALAR = 96, 32
GENERATOR = encode_uncleared(G1)


@cache
def shared_world() -> SmallWorld:
    """State `voting`; refused ballots change nothing in it."""
    return played_world("begin_voting")


@cache
def shared_voter(number: int) -> Voter:
    """A voter of the shared world."""
    return shared_world().voter(shared_world().members[number])


def with_point(body: bytes, place: int, point: bytes) -> bytes:
    """Another point number `place` of the first contest."""
    return body[: POINT * place] + point + body[POINT * (place + 1) :]


def point_at(body: bytes, place: int) -> bytes:
    return body[POINT * place : POINT * (place + 1)]


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


def good_body(voter: Voter, marks: Sequence[int] = (1, 0, 1, 0)) -> bytes:
    return voter.prepare([list(marks)]).body


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


# --- 28


def test_attack_28_old_ballot_posted_again_changes_nothing() -> None:
    world = played_world("vote")
    voter, number = world.voters[0], len(world.running.election.collected["ballot"])
    first = next(p for p in world.promises if p.envelope == voter._last)
    old = cast_of(world, voter)
    second = voter.cast(voter.prepare([[0, 0, 0, 1]]))
    (promise,) = world.cast(second)
    world.next_batch()
    for _ in range(7):
        world.next_batch()
    (again,) = world.cast(old)
    assert again == first
    world.next_batch()
    assert len(world.running.election.collected["ballot"]) == number + 1
    head = world.recount().chains.head(voter.credential.pseudonym)
    assert head is not None
    assert head.digest == promise.envelope


def cast_of(world: SmallWorld, voter: Voter) -> CastBallot:
    """The newest ballot of a voter, as it stands on the ledger."""
    item = next(
        item
        for item in reversed(world.running.election.collected["ballot"])
        if item.held.envelope.pseudonym == voter.credential.pseudonym
    )
    return CastBallot(item.held, world.bodies.get(item.held.envelope.body))


@pytest.mark.parametrize(
    ("sequence", "replaces"), [(1, None), (3, "last"), (2, None), (2, "other"), (0, None), (2**32 - 1, "last")]
)
def test_attack_28_ballot_out_of_its_chain_is_refused(sequence: int, replaces: str | None) -> None:
    world = shared_voted_world()
    voter = world.voters[0]
    last = {"last": voter._last, "other": world.voters[1]._last, None: bytes(32)}[replaces]
    cast = recast(voter, good_body(voter), sequence=sequence, replaces=last)
    (answer,) = world.running.intake.submit([cast])
    assert isinstance(answer, Excluded)
    assert answer.rule == "B7"


@cache
def shared_voted_world() -> SmallWorld:
    return played_world("vote")


def test_attack_28_replays_on_the_ledger_are_excluded_and_the_last_vote_counts(tmp_path: Path) -> None:
    """Voter 1 voted A, then B; whoever holds the log key appends A again, A signed anew, a gap, and B before A."""

    def hook(script: Script, _: None) -> None:
        pseudonym = script.ballot(1).pseudonym
        old, new = (spec for _, spec in script.specs if spec.pseudonym == pseudonym)
        first, second = (script.envelope(spec).envelope.digest() for spec in (old, new))
        script.add_ballots(
            [
                BallotSpec(old.members, old.body, old.pseudonym, "B7"),
                script.ballot(1, 1, outcome="B7"),
                script.ballot(1, 2, first, outcome="B7"),
                script.ballot(1, 4, second, outcome="B7"),
                script.ballot(1, 3, first, outcome="B7"),
                script.ballot(1, 3, outcome="B7"),
                BallotSpec(new.members, new.body, new.pseudonym, "B7"),
            ]
        )

    script, result = audit_forged({f"voting batch {OPENS + 2}": hook}, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.excluded == script.excluded
    assert len(script.excluded) == 7
    assert result.report["counts"]["superseded"] == 1
    assert replay(script).rules == script.excluded


def test_attack_28_later_ballot_before_the_earlier_one_leaves_only_the_earlier(tmp_path: Path) -> None:
    """The log puts B (seq 2) into the batch before A (seq 1): B is out of its chain, A counts; both say so."""

    def early(script: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
        pseudonym = script.ballot(1).pseudonym
        script.kept = next(spec for spec in ballots if spec.pseudonym == pseudonym)
        second = script.ballot(1, 2, script.envelope(script.kept).envelope.digest(), outcome="B7")
        return [*(spec for spec in ballots if spec.pseudonym != pseudonym), second]

    def late(script: Script, _: list[BallotSpec]) -> list[BallotSpec]:
        script.kept.outcome = None
        return [script.kept]

    script, result = audit_forged({"ballots": early, "later ballots": late}, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert list(result.excluded.values()) == ["B7"]
    assert replay(script).rules == script.excluded


def test_attack_28_two_ballots_with_one_number_in_one_post_give_one_promise() -> None:
    world = played_world("begin_voting")
    voter = world.voter(world.members[0])
    casts = [recast(voter, good_body(voter, marks)) for marks in ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0))]
    answers = world.running.intake.submit(casts)
    assert [isinstance(answer, Promise) for answer in answers] == [True, False, False]
    assert [answer.rule for answer in answers[1:] if isinstance(answer, Excluded)] == ["B7", "B7"]


def test_attack_28_relay_sends_ballots_in_another_order() -> None:
    """What the relay holds of one voter arrives backwards: only what continues the chain is taken, the rest later."""
    world = played_world("begin_voting")
    voter = world.voter(world.members[0])
    first, second = (voter.cast(voter.prepare([[mark, 0, 0, 0]])) for mark in (1, 0))
    answers = world.running.intake.submit([second], from_relay=True)
    assert isinstance(answers[0], Excluded)
    assert [isinstance(world.running.intake.submit([cast])[0], Promise) for cast in (first, second)] == [True, True]


# --- 30


def test_attack_30_two_voters_with_one_pseudonym_find_out() -> None:
    """A corrupt client gives two members one voting secret: the second one's ballot conflicts, and is not taken for it."""
    world = played_world("begin_issuing")
    world.members[1] = replace(world.members[1], voting_secret=world.members[0].voting_secret)
    world.ask().begin_voting()
    one, other = (world.voter(member) for member in world.members[:2])
    assert one.credential.pseudonym == other.credential.pseudonym
    (mine,) = world.cast(one.cast(one.prepare([[1, 0, 0, 0]])))
    theirs = other.cast(other.prepare([[0, 1, 0, 0]]))
    (answer,) = world.cast(theirs)
    assert isinstance(mine, Promise)
    assert isinstance(answer, Excluded)
    assert answer.rule == "B7"
    with pytest.raises(ProtocolError, match="the promise is for another ballot"):
        other.check_promise(mine, theirs, world.now)


def test_attack_30_receipt_says_how_many_entries_match(tmp_path: Path) -> None:
    """One receipt for two voters would need two entries with one envelope: the check page counts them."""

    def twice(script: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
        spec = next(spec for _, spec in script.specs if spec.pseudonym == script.ballot(9).pseudonym)
        return [*ballots, BallotSpec(spec.members, spec.body, spec.pseudonym, "B7")]

    script, _ = audit_forged({"later ballots": twice}, tmp_path)
    number = next(n for n, (_, spec) in enumerate(script.specs) if spec.pseudonym == script.ballot(9).pseudonym)
    (tmp_path / "receipt.json").write_bytes(script.receipt(number).to_bytes())
    code, output, _ = run_command(
        "receipt",
        tmp_path / "receipt.json",
        "--record",
        tmp_path / "record",
        "--policy",
        tmp_path / "policy.json",
        "--json",
    )
    report = json.loads(output)
    assert (code, report["verdict"]) == (1, "INVALID")
    assert [check["detail"] for check in report["checks"] if check["status"] == "FAIL"] == [
        f"2 entries of the ledger hold this envelope: {[index for index, s in script.specs if s.members == script.specs[number][1].members]}"
    ]


# --- 31


def test_attack_31_opened_ballot_is_never_cast() -> None:
    voter = shared_voter(2)
    ballot = voter.prepare([[1, 0, 0, 0]])
    voter.challenge(ballot)
    with pytest.raises(ProtocolError, match="an opened ballot is never cast; make a new one"):
        voter.cast(ballot)


def test_attack_31_cast_ballot_is_never_opened() -> None:
    """Its randomness would prove the vote to whoever asks for it."""
    world = played_world("begin_voting")
    voter = world.voter(world.members[0])
    ballot = voter.prepare([[1, 0, 0, 0]])
    voter.cast(ballot)
    with pytest.raises(ProtocolError, match="cast"):
        voter.challenge(ballot)


def test_attack_31_opening_of_something_else_is_refused(tmp_path: Path) -> None:
    """`veche-verify ballot` takes the hash from the voter, and the record from anywhere."""
    script = forge()
    script.write(tmp_path)
    spec = script.ballot(9)
    context = BallotContext(script.manifest_digest, script.election, spec.pseudonym, 1)
    prepared = make_body(script.manifest, script.contests, context, MARKS[8])
    honest = json.loads(open_ballot(prepared).to_bytes())
    noted = prepared.digest()

    def checked(opening: dict, digest: bytes = noted) -> tuple[int, str]:
        (tmp_path / "opening.json").write_text(json.dumps(opening), encoding="utf-8")
        arguments = ("--record", tmp_path / "record", "--policy", tmp_path / "policy.json")
        code, output, _ = run_command("ballot", tmp_path / "opening.json", "--hash", digest.hex(), *arguments)
        return code, output.strip().splitlines()[-1]

    def changed(contest: int, option: int, **members: object) -> dict:
        contests = json.loads(json.dumps(honest["contests"]))
        contests[contest][option] |= members
        return {**honest, "contests": contests}

    assert checked(honest)[1] in ("VALID", "INCOMPLETE")
    first = honest["contests"][0]
    lies = {
        "another hash": (honest, bytes(32)),
        "another mark": (changed(0, 0, mark=1 - first[0]["mark"]), noted),
        "other randomness": (changed(1, 2, randomness=f"{5:064x}"), noted),
        "randomness of another option": (changed(0, 0, randomness=first[1]["randomness"]), noted),
        "an option left out": ({**honest, "contests": [first[:-1], honest["contests"][1]]}, noted),
        "a contest left out": ({**honest, "contests": [first]}, noted),
        "another election": ({**honest, "election": 64 * "0"}, noted),
        "another manifest": ({**honest, "manifest": 64 * "0"}, noted),
        "another pseudonym": ({**honest, "vk": bytes(script.ballot(8).pseudonym).hex()}, noted),
        "another sequence": ({**honest, "seq": 2}, noted),
        "a mark of 2": (changed(0, 0, mark=2), noted),
        "randomness above the order": (changed(0, 0, randomness=64 * "f"), noted),
    }
    for name, (opening, digest) in lies.items():
        assert checked(opening, digest) == (1, "INVALID"), name


def test_attack_31_member_tool_refuses_the_same_openings() -> None:
    world, voter = shared_world(), shared_voter(3)
    ballot = voter.prepare([[1, 0, 0, 1]])
    opening = voter.challenge(ballot)
    check_opening(Opening.from_bytes(opening.to_bytes()), ballot.digest(), world.manifest)
    marks = opening.contests[0]
    lies = (
        replace(opening, contests=(((0, marks[0][1]), *marks[1:]),)),
        replace(opening, contests=(((1, scalar(5)), *marks[1:]),)),
        replace(opening, contests=(marks[:-1],)),
        replace(opening, context=replace(opening.context, manifest=bytes(32))),
        replace(opening, context=replace(opening.context, sequence=2)),
    )
    for lie in lies:
        with pytest.raises(
            CryptoError, match=r"encrypted something else|other contests|another election|does not hold"
        ):
            check_opening(lie, ballot.digest(), world.manifest)


# --- 32


def test_attack_32_broken_generator_still_gives_fresh_randomness() -> None:
    """All randomness of the machine is one constant: the hedge keeps attempts, sequences and voters apart."""
    world = played_world("begin_voting")
    voters = [world.voter(member) for member in world.members[:2]]
    with patch.object(secrets, "token_bytes", lambda n=32: bytes(n)):
        bodies = [voter.prepare([[1, 0, 0, 0]]).body for voter in voters for _ in range(3)]
        voters[0].cast(voters[0].prepare([[1, 0, 0, 0]]))
        bodies.append(voters[0].prepare([[1, 0, 0, 0]]).body)
        bodies.append(voters[0].prepare([[0, 1, 0, 0]]).body)
    points = [point_at(body, place) for body in bodies for place in range(2 * 4 + 4)]
    assert len(points) == 8 * 12
    assert len(set(points)) == len(points)


def test_attack_32_request_is_the_same_though_the_generator_is_broken() -> None:
    """A request uses no randomness at all: nothing in it can carry a message."""
    world = played_world("begin_issuing")
    first = world.members[0].client().request(world.identifier)
    with patch.object(secrets, "token_bytes", lambda n=32: bytes(n)):
        assert world.members[0].client().request(world.identifier) == first
