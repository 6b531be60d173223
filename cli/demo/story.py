# SPDX-License-Identifier: AGPL-3.0-or-later
"""The story of one election, phase by phase, told through the roles' own methods.

Spec: specs/overview.md#course-of-an-election
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from cli.demo.electorate import (
    BallotOrder,
    BallotOrders,
    MadeBallot,
    MemberSecrets,
    RequestTask,
    make_ballots,
    make_requests,
    window_for,
)
from cli.demo.founding import carry_ceremony, make_session, submit_board_statement
from cli.demo.show import Show
from cli.demo.voters import ANSWER_EVERY, Plan, Vote
from cli.demo.world import DAY, World
from crypto.errors import Excluded
from crypto.group import decode_g1, decode_g2
from crypto.protocol.answers import ANSWER_KIND, Answer
from crypto.protocol.contents import Appointment, Certificate
from crypto.protocol.credential import REQUEST_KIND, Request, Requests, parse_request
from crypto.protocol.entry import ZERO_HASH
from crypto.protocol.envelope import SignedEnvelope, parse_envelope
from crypto.protocol.lottery import Draw, combine_draw
from crypto.protocol.manifest import Contest, Manifest, Schedule
from crypto.protocol.phases import State
from crypto.protocol.preparation import build_manifest, build_roll, build_voting
from crypto.protocol.promise import Promise
from crypto.protocol.recount import Mapper, Recount, chunked, recount
from crypto.protocol.register import election_keys_members
from crypto.protocol.tally import compute_result, judge_decryptions, make_certificate
from crypto.roles.board import Decisions
from crypto.roles.member import CastBallot
from crypto.sharing.session import REGISTRAR, TRUSTEE
from crypto.suite import G1_BYTES

T = TypeVar("T")

BATCHES_A_DAY = DAY // 600
VOTING_DAYS = 3
REQUESTS_CLOSE_BEFORE_END = 12 * 6
"""Batches: 12 hours."""
CLIENTS_IN_CHUNK = 64
BALLOTS_IN_CHUNK = 16


@dataclass(slots=True)
class Voter:
    """A simulated member in this election: plan, newest envelope, promises."""

    secrets: MemberSecrets
    plan: Plan
    sequence: int = 0
    last: bytes = ZERO_HASH
    promises: list[Promise] = field(default_factory=list)


@dataclass(slots=True)
class Challenge:
    """An opened ballot and the hash that its voter noted before."""

    opening: bytes
    noted: bytes


class Story:
    """Plays one election in a world whose register announces it.

    Args:
        mapper: spreads work over processes.
        contests: what is voted on.
    """

    def __init__(self, world: World, election: bytes, contests: Sequence[Contest], show: Show, mapper: Mapper) -> None:
        self.world = world
        self.identifier = election
        self.contests = tuple(contests)
        self.show = show
        self.mapper = mapper
        self.voters: list[Voter] = []
        self.challenges: list[Challenge] = []
        self.manifest: Manifest | None = None
        self._asking: list[tuple[int, Voter]] = []
        self._voting: list[tuple[int, tuple[Voter, Vote]]] = []
        self._requests: Requests | None = None
        self._numbers: dict[bytes, int] = {}
        self._partials: dict[int, bytearray] = {}
        self._seen_requests = self._seen_answers = 0

    # --- the board

    def _propose(self, target: State, content: bytes) -> None:
        self.world.running.propose(target, content, self.world.register.sequencer.newest_head)
        self.world.next_batch()
        self.world.sync()

    def _approve(self) -> None:
        """Every member of the board recomputes and signs; the operator logs the quorum."""
        world = self.world
        signatures = [member.approve(world.now, self.mapper) for member in world.board]
        proposal = world.board[0].copies.election.proposals[-1]
        world.running.submit_approval(proposal, signatures)
        world.next_batch()
        world.sync()

    def _decide(self, decisions: Decisions) -> None:
        for member in self.world.board:
            member.decisions = decisions

    # --- before voting

    def hold_ceremonies(self) -> None:
        """Appoint registrars and trustees; make both keys."""
        world, keys, sizes = self.world, self.world.keys, self.world.sizes
        sessions = (
            make_session(REGISTRAR, sizes.registrars[0], keys.registrars),
            make_session(TRUSTEE, sizes.trustees[0], keys.trustees),
        )
        self._decide(Decisions(sessions))
        self._propose(State.CEREMONY, Appointment(self.identifier, sessions).to_bytes())
        self._approve()
        carry_ceremony(world, world.registrars)
        carry_ceremony(world, world.trustees)

    def freeze_roll(self) -> int:
        """Fold the register into the roll; returns its size."""
        world = self.world
        head = world.register.register.ledger.verify_head(world.register.sequencer.newest_head)
        content, roll = build_roll(world.running.election, head)
        world.bodies.put(roll.to_bytes())
        self._propose(State.ROLL_FROZEN, content.to_bytes())
        self._approve()
        return len(roll)

    def begin_issuing(self) -> Manifest:
        """Manifest, its entry in the register, the registrars' readiness, approval."""
        world, running = self.world, self.world.running
        # The register takes the keys in its next daily batch, so a day passes; another one is for requests.
        first = running.sequencer.batch + 2 * BATCHES_A_DAY + 24
        closes = first + VOTING_DAYS * BATCHES_A_DAY
        schedule = Schedule(
            requests_close=closes - REQUESTS_CLOSE_BEFORE_END,
            voting_opens=first,
            voting_closes=closes,
            extension_cap=BATCHES_A_DAY,
        )
        promise_key = world.keys.promise.public
        manifest = build_manifest(running.election, self.contests, schedule, promise_key)
        decided = Decisions((), self.contests, schedule, promise_key)
        self._decide(decided)
        issuing, tally = decode_g2(manifest.issuing.key), decode_g1(manifest.tally.key)
        keys = election_keys_members(self.identifier, manifest.digest(), issuing, tally)
        submit_board_statement(world, "election-keys", keys)
        world.next_register_batch()
        world.sync()
        self._propose(State.ISSUING, manifest.to_bytes())
        for registrar in world.registrars:
            running.submit_message("readiness", registrar.readiness(manifest.digest()))
        world.next_batch()
        world.sync()
        self._approve()
        self.manifest = manifest
        return manifest

    def begin_voting(self) -> None:
        """The trustees' readiness, approval; time passes until voting opens. One trustee is away from here on."""
        world, running = self.world, self.world.running
        manifest = running.election.require_manifest()
        for trustee in world.trustees:
            running.submit_message("readiness", trustee.readiness(manifest.digest()))
        world.next_batch()
        world.sync()
        self._propose(State.VOTING, build_voting(running.election, running.election.size).to_bytes())
        self._approve()

    # --- requests and ballots

    def invite(self, voters: Sequence[Voter]) -> None:
        """These members take part, each by its plan."""
        self.voters = list(voters)
        self._asking = [(voter.plan.ask, voter) for voter in voters if voter.plan.ask is not None]
        self._voting = [(vote.batch, (voter, vote)) for voter in voters for vote in voter.plan.votes]
        # The latest first, so that what is due is at the end.
        self._asking.sort(key=lambda item: -item[0])
        self._voting.sort(key=lambda item: -item[0])

    def run_batches(self, until: int, what: str) -> None:
        """Let time pass to batch `until`, with members asking and voting as they planned."""
        world, running = self.world, self.world.running
        start = running.sequencer.batch
        with self.show.progress(what, until - start) as progress:
            while running.sequencer.batch < until:
                batch = running.sequencer.batch
                self._ask(_due(self._asking, batch))
                self._vote(_due(self._voting, batch))
                if batch % ANSWER_EVERY == 0:
                    self._answer()
                world.next_batch()
                progress(running.sequencer.batch - start)

    def _ask(self, voters: Sequence[Voter]) -> None:
        chunks = list(chunked(voters, CLIENTS_IN_CHUNK))
        tasks = [RequestTask(self.identifier, tuple(voter.secrets for voter in chunk)) for chunk in chunks]
        for made in self.mapper(make_requests, tasks):
            for statement, signature in made:
                self.world.running.intake.submit_request(parse_request(statement, signature))

    def _answer(self) -> None:
        """Each registrar follows the ledger and answers what is new."""
        world = self.world
        world.sync([registrar.copies for registrar in world.registrars])
        covered = self._covered()
        for registrar in world.registrars:
            answer = registrar.answer(covered.get(registrar.require_share().index, 0))
            if answer is not None:
                world.running.submit_answer(*answer)

    def _covered(self) -> dict[int, int]:
        covered: dict[int, int] = {}
        for item in self.world.running.election.collected[ANSWER_KIND]:
            if isinstance(item.held, Answer):
                covered[item.held.registrar] = item.held.first + item.held.count
        return covered

    def _follow_ledger(self) -> None:
        """Take note of counted requests and of partial signatures, as members' clients find them on the ledger."""
        election = self.world.running.election
        if self._requests is None and election.roll is not None:
            self._requests = Requests(election.roll)
        collected = election.collected[REQUEST_KIND]
        for item in collected[self._seen_requests :]:
            if isinstance(item.held, Request) and self._requests is not None:
                counted = self._requests.take(item.index, item.held)
                self._numbers[counted.member] = len(self._requests.counted) - 1
        self._seen_requests = len(collected)
        answers = election.collected[ANSWER_KIND]
        for item in answers[self._seen_answers :]:
            body = self.world.bodies.get(item.body) if item.body else None
            if isinstance(item.held, Answer) and body is not None:
                self._partials.setdefault(item.held.registrar, bytearray()).extend(body)
        self._seen_answers = len(answers)

    def _partial(self, number: int) -> tuple[tuple[int, bytes], ...]:
        """The partial signatures of t registrars on request `number`."""
        place = slice(G1_BYTES * number, G1_BYTES * (number + 1))
        found = [(index, bytes(signatures[place])) for index, signatures in sorted(self._partials.items())]
        answered = [(index, signature) for index, signature in found if signature]
        return tuple(answered[: self.world.sizes.registrars[0]])

    def _vote(self, votes: Sequence[tuple[Voter, Vote]]) -> None:
        """Members encrypt, perhaps challenge, and cast; the server verifies and promises."""
        if not votes:
            return
        running = self.world.running
        self._follow_ledger()
        manifest = running.election.require_manifest().to_bytes()
        window = window_for(len(self.voters))
        chunks = list(chunked(votes, BALLOTS_IN_CHUNK))
        tasks = (
            BallotOrders(manifest, window, tuple(self._order(voter, vote) for voter, vote in chunk)) for chunk in chunks
        )
        cast: list[CastBallot] = []
        for chunk, made in zip(chunks, self.mapper(make_ballots, tasks), strict=True):
            for (voter, _), ballot in zip(chunk, made, strict=True):
                cast.append(self._take(voter, ballot))
        answers = running.intake.submit(cast, self.mapper)
        for (voter, _), answer in zip(votes, answers, strict=True):
            if isinstance(answer, Excluded):
                raise answer
            voter.promises.append(answer)

    def _order(self, voter: Voter, vote: Vote) -> BallotOrder:
        number = self._numbers[voter.secrets.identifier]
        return BallotOrder(
            voter.secrets, self._partial(number), voter.sequence, voter.last, vote.choice, vote.challenge
        )

    def _take(self, voter: Voter, ballot: MadeBallot) -> CastBallot:
        if ballot.opening is not None and ballot.noted is not None:
            self.challenges.append(Challenge(ballot.opening, ballot.noted))
        signed = SignedEnvelope(parse_envelope(ballot.statement), ballot.signature)
        voter.sequence, voter.last = signed.envelope.sequence, signed.envelope.digest()
        return CastBallot(signed, ballot.body)

    # --- after voting

    def propose_closing(self) -> Recount:
        """Append what is owed, judge every entry, propose the closing."""
        world, running = self.world, self.world.running
        while running.sequencer.batch < running.election.voting_closes or running.intake.owed:
            world.next_batch()
        world.sync()
        judged = recount(running.election, running.election.size, frozenset(), self.mapper)
        self._propose(State.CLOSED, judged.closing(running.election).to_bytes())
        return judged

    def approve_closing(self, judged: Recount) -> None:
        """The board recomputes and signs."""
        if self.world.share:
            for member in self.world.board:
                member.share_recount(self.world.running.election.proposals[-1].index, judged)
        self._approve()

    def decrypt(self, judged: Recount) -> list[str]:
        """All trustees but the last, who is away, decrypt; returns who did."""
        world, running = self.world, self.world.running
        for trustee in world.trustees[:-1]:
            own = judged if world.share else trustee.recount(self.mapper)
            message, body = trustee.decrypt(own)
            running.submit_message("decryption", message, body)
        world.next_batch()
        world.sync()
        accepted = judge_decryptions(running.election, judged)
        if accepted.tallied_at is not None:
            running.election.assume_tallied()
        holders = running.election.keys[TRUSTEE].session.parties
        return [holders[index - 1].name for index in sorted(accepted.accepted)]

    def draw_lots(self, judged: Recount) -> list[str]:
        """Holders of the lottery key draw what is tied; returns what was drawn, in words."""
        world, running = self.world, self.world.running
        manifest, lottery = running.election.require_manifest(), running.election.register.lottery
        result = compute_result(running.election, judged, judge_decryptions(running.election, judged))
        drawn = []
        for contest, options in result.open_draws(manifest).items():
            parts = {holder.require_share().index: holder.draw(judged)[contest] for holder in world.lottery[:-1]}
            if lottery is None:
                raise RuntimeError("the register has no lottery key")
            signature = combine_draw(lottery, self.identifier, contest, options, parts)
            running.submit_draw(Draw(contest, options, signature))
            language = min(manifest.languages)
            names = [manifest.contests[contest].options[option].name[language] for option in options]
            drawn.append(f"{manifest.contests[contest].title[language]}: {', '.join(names)}")
        if drawn:
            world.next_batch()
            world.sync()
        return drawn

    def certify(self, judged: Recount) -> Certificate:
        """Propose and approve the certificate."""
        world, running = self.world, self.world.running
        decryptions = judge_decryptions(running.election, judged)
        result = compute_result(running.election, judged, decryptions)
        # Nothing but a batch entry comes before the proposal.
        certificate = make_certificate(running.election, judged, decryptions, result, running.election.size + 1)
        if world.share:
            for member in world.board:
                member.share_recount(running.election.approved["closing"].proposal.index, judged)
        self._propose(State.CERTIFIED, certificate.to_bytes())
        self._approve()
        world.next_batch()
        return certificate


def _due(planned: list[tuple[int, T]], batch: int) -> list[T]:
    """Take what is planned for `batch` or before off the end."""
    due = []
    while planned and planned[-1][0] <= batch:
        due.append(planned.pop()[1])
    return due
