# SPDX-License-Identifier: AGPL-3.0-or-later
"""From decryptions and draws on the ledger to the certificate.

Spec: specs/tally.md#partial-decryption, specs/tally.md#result, specs/tally.md#certificate
"""

from __future__ import annotations

from dataclasses import dataclass

from crypto.elgamal.dlog import DiscreteLog
from crypto.elgamal.threshold import combine, verify_partial
from crypto.errors import (
    CryptoError,
    EncodingError,
    Excluded,
    TallyError,
    ThresholdNotMet,
    WrongPhase,
)
from crypto.group import G1Point
from crypto.protocol.answers import ANSWER_KIND
from crypto.protocol.contents import Certificate, ContestResult, Exclusion
from crypto.protocol.election import DECRYPTION_KIND, DRAW_KIND, Collected, Election
from crypto.protocol.lottery import Draw, draw_holds, draw_order
from crypto.protocol.manifest import Manifest
from crypto.protocol.messages import Decryption
from crypto.protocol.recount import Recount
from crypto.protocol.seats import Seating, allocate_seats, needs_draw
from crypto.sharing.session import TRUSTEE

_NONE: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Decryptions:
    """Accepted decryptions by trustee, and why the others are excluded."""

    accepted: dict[int, tuple[G1Point, ...]]
    excluded: dict[int, Excluded]
    tallied_at: int | None
    """Index of the entry with which t were accepted."""


def judge_decryptions(election: Election, recount: Recount) -> Decryptions:
    """Rules D3 and D4 for every decryption that its place does not exclude.

    Raises:
        WrongPhase: no closing is approved.
    """
    closing = election.approved.get("closing")
    if closing is None:
        raise WrongPhase("nothing is decrypted before the closing is approved")
    few = len(recount.counted) < election.require_manifest().schedule.min_ballots
    accepted: dict[int, tuple[G1Point, ...]] = {}
    excluded: dict[int, Excluded] = {}
    tallied_at = None
    threshold = election.keys[TRUSTEE].session.threshold
    for item in election.collected[DECRYPTION_KIND]:
        try:
            if few:
                raise Excluded("D2", "so few ballots are counted that they are not tallied")
            trustee, results = _judge(election, recount, item, closing.proposal.digest, accepted)
        except Excluded as why:
            excluded[item.index] = why
            continue
        accepted[trustee] = results
        if len(accepted) == threshold and tallied_at is None:
            tallied_at = item.index
    return Decryptions(accepted, excluded, tallied_at)


def _judge(
    election: Election, recount: Recount, item: Collected, closing: bytes, accepted: dict[int, tuple[G1Point, ...]]
) -> tuple[int, tuple[G1Point, ...]]:
    held = item.held
    if not isinstance(held, Decryption):
        raise TypeError("not a collected decryption")
    if held.trustee in accepted:
        raise Excluded("D3", f"trustee {held.trustee} has decrypted already")
    body, share = election.bodies(held.body), election.keys[TRUSTEE].public_shares[held.trustee]
    if body is None or not isinstance(share, G1Point):
        raise Excluded("D4", f"the body of trustee {held.trustee} is missing")
    try:
        results = verify_partial(election.identifier, closing, held.trustee, share, recount.tally, body)
    except CryptoError as error:
        raise Excluded("D4", f"trustee {held.trustee}: {error}") from None
    return held.trustee, results


def compute_totals(election: Election, recount: Recount, decryptions: Decryptions) -> tuple[tuple[int, ...], ...]:
    """The totals of every contest, by option.

    Raises:
        ThresholdNotMet: fewer than t accepted decryptions.
        TallyError: a sum that is no number of marks, or a contest with too few or too many.
    """
    session, manifest = election.keys[TRUSTEE].session, election.require_manifest()
    if len(decryptions.accepted) < session.threshold:
        raise ThresholdNotMet(
            f"{len(decryptions.accepted)} accepted decryptions, {session.threshold} are needed",
            used=decryptions.accepted,
            bad=(),
            missing=frozenset(session.indices) - decryptions.accepted.keys(),
        )
    counted = len(recount.counted)
    logarithm = DiscreteLog(counted)
    flat = [logarithm.find(point) for point in combine(recount.tally, decryptions.accepted, session.threshold)]
    totals, start = [], 0
    for contest in manifest.contests:
        totals.append(tuple(flat[start : start + len(contest.options)]))
        start += len(contest.options)
        if not contest.minimum * counted <= sum(totals[-1]) <= contest.maximum * counted:
            raise TallyError(f"contest {len(totals) - 1} has {sum(totals[-1])} marks on {counted} ballots")
    return tuple(totals)


@dataclass(frozen=True, slots=True)
class Result:
    """Totals, seats before draws, and the signatures of the draws so far, by contest."""

    totals: tuple[tuple[int, ...], ...]
    seatings: tuple[Seating, ...]
    draws: dict[int, bytes]
    excluded: dict[int, Excluded]

    def open_draws(self, manifest: Manifest) -> dict[int, tuple[int, ...]]:
        """Contests whose tie still has to be drawn, with the tied options."""
        return {
            index: seating.tied
            for index, (contest, seating) in enumerate(zip(manifest.contests, self.seatings, strict=True))
            if needs_draw(contest, seating) and index not in self.draws
        }


def compute_result(election: Election, recount: Recount, decryptions: Decryptions) -> Result:
    """Totals and seats, with the draws that are on the ledger: rule L1.

    Raises:
        CryptoError: as `compute_totals`.
    """
    totals, manifest = compute_totals(election, recount, decryptions), election.require_manifest()
    seatings = tuple(allocate_seats(c, t) for c, t in zip(manifest.contests, totals, strict=True))
    draws: dict[int, bytes] = {}
    excluded: dict[int, Excluded] = {}
    for item in election.collected[DRAW_KIND]:
        draw = item.held
        if not isinstance(draw, Draw):
            raise TypeError("not a collected draw")
        contest = draw.contest
        try:
            if decryptions.tallied_at is None or item.index < decryptions.tallied_at:
                raise Excluded("L1", "a draw before the tally")
            due = contest < len(seatings) and needs_draw(manifest.contests[contest], seatings[contest])
            if not due or contest in draws:
                raise Excluded("L1", "no draw is due in this contest")
            lottery = election.register.lottery
            if draw.options != seatings[contest].tied or lottery is None:
                raise Excluded("L1", "not the tied options, or there is no lottery key")
            if not draw_holds(lottery, election.identifier, contest, draw.options, draw.signature):
                raise Excluded("L1", "the draw's signature does not hold")
        except EncodingError as error:
            excluded[item.index] = Excluded("L1", str(error))
        except Excluded as why:
            excluded[item.index] = why
        else:
            draws[contest] = draw.signature
    return Result(totals, seatings, draws, excluded)


def make_certificate(
    election: Election, recount: Recount, decryptions: Decryptions, result: Result, before: int
) -> Certificate:
    """The certificate, from the ledger before entry `before`.

    Raises:
        WrongPhase: no closing is approved, or a draw is still due.
    """
    closing, manifest = election.approved.get("closing"), election.require_manifest()
    if closing is None or result.open_draws(manifest):
        raise WrongPhase("the election is not closed, or a draw is still due")
    contests = []
    for index, (totals, seating) in enumerate(zip(result.totals, result.seatings, strict=True)):
        elected, drawn = seating.elected, _NONE
        if index in result.draws:
            drawn = seating.tied
            elected += draw_order(result.draws[index], drawn)[: seating.open_seats]
        contests.append(ContestResult(totals, elected, drawn))
    excluded = _excluded_after(election, closing.proposal.index, before, decryptions, result)
    return Certificate(
        election.identifier,
        election.manifest_digest,
        closing.proposal.digest,
        len(recount.counted),
        tuple(contests),
        excluded,
    )


def _excluded_after(
    election: Election, closing: int, before: int, decryptions: Decryptions, result: Result
) -> tuple[Exclusion, ...]:
    """Excluded entries between the closing's proposal and `before`, but for ballots and requests."""
    answers = {item.index: Excluded("A2", "voting is closed") for item in election.collected[ANSWER_KIND]}
    tallied = decryptions.tallied_at
    lost = {
        index: Excluded("S1", "the election was tallied already")
        for index in election.lost_shares.values()
        if tallied is not None and index > tallied
    }
    everything = {**answers, **lost, **election.excluded, **decryptions.excluded, **result.excluded}
    return tuple(
        (index, everything[index].rule)
        for index in sorted(everything)
        if closing < index < before and everything[index].rule[0] not in "BQ"
    )
