# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small deployment of honest roles, played to any state: where attacks on roles are mounted.

Unlike the forge, everything here goes through the roles' own methods, so what they refuse is refused.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final
from unittest.mock import patch

from cli.demo.electorate import MemberSecrets
from cli.demo.founding import (
    admit_members,
    announce_election,
    carry_ceremony,
    found_register,
    make_session,
    submit_board_statement,
)
from cli.demo.world import DAY, Sizes, World, make_keys, make_policy
from cli.record_files import write_ballots, write_record
from crypto.encoding.strict_json import Json, dumps
from crypto.errors import Excluded
from crypto.group import G1, G2, ZERO, decode_g1, decode_g2
from crypto.ledger.checkpoint import Head
from crypto.proofs.contest_prover import ContestProver
from crypto.protocol.answers import Answer
from crypto.protocol.contents import Appointment, Certificate
from crypto.protocol.credential import Request
from crypto.protocol.election import Approved, Collected
from crypto.protocol.entry import Entry, parse_entry
from crypto.protocol.envelope import SignedEnvelope
from crypto.protocol.lottery import Draw, combine_draw
from crypto.protocol.manifest import Contest, Manifest, Option, Schedule
from crypto.protocol.members import Standing
from crypto.protocol.phases import State
from crypto.protocol.policy import Policy
from crypto.protocol.preparation import build_manifest, build_roll, build_voting
from crypto.protocol.promise import Promise
from crypto.protocol.proposals import Proposal
from crypto.protocol.recount import Recount, recount
from crypto.protocol.register import election_keys_members
from crypto.protocol.tally import compute_result, judge_decryptions, make_certificate
from crypto.roles.board import Decisions
from crypto.roles.bodies import MemoryBodies
from crypto.roles.member import CastBallot, Voter
from crypto.secret import Secret
from crypto.sharing.ceremony import DerivedKey, Reveal
from crypto.sharing.session import REGISTRAR, TRUSTEE, Session
from crypto.signing import SigningKey, UnsealKey
from crypto.suite import G1_BYTES

EPOCH = 1_767_225_600
INTERVAL = 21_600
SIZES = Sizes(registrars=(3, 4), trustees=(2, 3), board=(2, 3), witnesses=(3, 4), reviewers=3)
CONTESTS = (Contest({"en": "Delegates"}, tuple(Option({"en": f"Person {letter}"}) for letter in "ABCD"), 0, 2, 2),)


class SmallWorld(World):
    """A world with ten members, one contest, and shortcuts from state to state."""

    members: list[MemberSecrets]
    identifier: bytes
    manifest: Manifest
    voters: list[Voter]
    promises: list[Promise]

    def start(self, members: int = 10) -> SmallWorld:
        """Register, members, an announced election, its ledger."""
        found_register(self)
        self.members = admit_members(self, members, lambda _: None)
        self.advance(31 * DAY)
        self.identifier = announce_election(self, {"en": "Small election"}, INTERVAL)
        self.open_election(self.identifier)
        self.voters, self.promises = [], []
        self.next_batch()
        self.sync()
        return self

    def propose(self, target: State, content: bytes) -> None:
        """Log a proposal under a head."""
        self.running.propose(target, content, self.register.sequencer.newest_head)
        self.next_batch()
        self.sync()

    def approve(self) -> None:
        """All of the board signs the newest proposal."""
        signatures = [member.approve(self.now) for member in self.board]
        self.running.submit_approval(self.board[0].copies.election.proposals[-1], signatures)
        self.next_batch()
        self.sync()

    def sessions(self):
        """The sessions that the board appoints."""
        return (
            make_session(REGISTRAR, SIZES.registrars[0], self.keys.registrars),
            make_session(TRUSTEE, SIZES.trustees[0], self.keys.trustees),
        )

    def decide(self, decisions: Decisions) -> None:
        """What people told every member of the board."""
        for member in self.board:
            member.decisions = decisions

    def decide_void(self, reason: dict[str, str]) -> None:
        """People gave the election up, and told every member of the board."""
        for member in self.board:
            member.decisions = replace(member.decisions, void_reason=reason)

    def appoint(self) -> SmallWorld:
        """State `ceremony`."""
        self.decide(Decisions(self.sessions()))
        self.propose(State.CEREMONY, Appointment(self.identifier, self.sessions()).to_bytes())
        self.approve()
        return self

    def make_keys(self) -> SmallWorld:
        """State `nomination`."""
        carry_ceremony(self, self.registrars)
        carry_ceremony(self, self.trustees)
        return self

    def freeze_roll(self) -> SmallWorld:
        """State `roll-frozen`."""
        head = self.register.register.ledger.verify_head(self.register.sequencer.newest_head)
        content, roll = build_roll(self.running.election, head)
        self.bodies.put(roll.to_bytes())
        self.propose(State.ROLL_FROZEN, content.to_bytes())
        self.approve()
        return self

    def make_manifest(self) -> Manifest:
        """The manifest that the board decided on; voting is eight batches."""
        first = self.running.sequencer.batch + 12
        schedule = Schedule(
            requests_close=first + 4, voting_opens=first, voting_closes=first + 8, gap=2 * INTERVAL, extension_cap=4
        )
        promise_key = self.keys.promise.public
        self.decide(Decisions((), CONTESTS, schedule, promise_key))
        return build_manifest(self.running.election, CONTESTS, schedule, promise_key)

    def begin_issuing(self) -> SmallWorld:
        """State `issuing`."""
        manifest = self.manifest = self.make_manifest()
        issuing, tally = decode_g2(manifest.issuing.key), decode_g1(manifest.tally.key)
        members = election_keys_members(self.identifier, manifest.digest(), issuing, tally)
        submit_board_statement(self, "election-keys", members)
        self.next_register_batch()
        self.sync()
        self.propose(State.ISSUING, manifest.to_bytes())
        for registrar in self.registrars:
            self.running.submit_message("readiness", registrar.readiness(manifest.digest()))
        self.next_batch()
        self.sync()
        self.approve()
        return self

    def ask(self, members: Sequence[MemberSecrets] | None = None) -> SmallWorld:
        """Members ask for credentials, registrars answer."""
        for member in self.members if members is None else members:
            self.running.intake.submit_request(member.client().request(self.identifier))
        self.next_batch()
        self.sync()
        return self.answer()

    def answer(self) -> SmallWorld:
        """Registrars answer all that is new."""
        covered: dict[int, int] = {}
        for item in self.running.election.collected["answer"]:
            covered[item.held.registrar] = item.held.first + item.held.count
        for registrar in self.registrars:
            answer = registrar.answer(covered.get(registrar.share.index, 0))
            if answer is not None:
                self.running.submit_answer(*answer)
        self.next_batch()
        self.sync()
        return self

    def begin_voting(self) -> SmallWorld:
        """State `voting`, in the batch before it opens."""
        for trustee in self.trustees:
            self.running.submit_message("readiness", trustee.readiness(self.manifest.digest()))
        self.next_batch()
        self.sync()
        self.propose(State.VOTING, build_voting(self.running.election, self.running.election.size).to_bytes())
        self.approve()
        while self.running.sequencer.batch < self.manifest.schedule.voting_opens:
            self.next_batch()
        self.sync()
        return self

    def recount(self) -> Recount:
        """The operator's own judgement of the ledger so far."""
        return recount(self.running.election, self.running.election.size, frozenset())

    def partial(self, member: MemberSecrets) -> dict[int, bytes]:
        """The partial signatures on a member's request, from the ledger."""
        numbers = [request.member for request in self.recount().requests.counted]
        number, found = numbers.index(member.identifier), {}
        for item in self.running.election.collected["answer"]:
            answer = item.held
            if answer.first <= number < answer.first + answer.count:
                start = G1_BYTES * (number - answer.first)
                found[answer.registrar] = self.bodies.get(answer.body)[start : start + G1_BYTES]
        return found

    def voter(self, member: MemberSecrets) -> Voter:
        """The pseudonymous client of a member."""
        client = member.client()
        prover = ContestProver(decode_g1(self.manifest.tally.key))
        return client.voter(self.manifest, client.credential(self.manifest, self.partial(member)), prover)

    def cast(self, *ballots: CastBallot) -> list[Promise | Excluded]:
        """Give ballots to the server."""
        answers = self.running.intake.submit(list(ballots))
        self.promises += [answer for answer in answers if isinstance(answer, Promise)]
        return answers

    def vote(self, members: Sequence[MemberSecrets] | None = None, seed: int = 1) -> SmallWorld:
        """Members vote, each once."""
        random = Random(seed)
        self.voters = [self.voter(member) for member in (self.members if members is None else members)]
        ballots = []
        for voter in self.voters:
            marks = [0, 0, 0, 0]
            for option in random.sample(range(4), random.randint(0, 2)):
                marks[option] = 1
            ballots.append(voter.cast(voter.prepare([marks])))
        for answer in self.cast(*ballots):
            if isinstance(answer, Excluded):
                raise answer
        self.next_batch()
        self.sync()
        return self

    def end_voting(self) -> SmallWorld:
        """Time passes until voting is over and nothing is owed."""
        while self.running.sequencer.batch < self.running.election.voting_closes or self.running.intake.owed:
            self.next_batch()
        self.sync()
        return self

    def propose_closing(self) -> Recount:
        """The operator proposes to close."""
        judged = self.recount()
        self.propose(State.CLOSED, judged.closing(self.running.election).to_bytes())
        return judged

    def decrypt(self) -> SmallWorld:
        """Trustees decrypt; lots are drawn."""
        for trustee in self.trustees[:2]:
            self.running.submit_message("decryption", *trustee.decrypt(trustee.recount()))
        self.next_batch()
        self.sync()
        return self.draw_lots()

    def draw_lots(self) -> SmallWorld:
        """Lots are drawn, with the decryptions that are there."""
        judged = self.trustees[0].recount()
        if self.running.election.state is State.CLOSED:
            self.running.election.assume_tallied()
        result = compute_result(self.running.election, judged, judge_decryptions(self.running.election, judged))
        lottery = self.register.register.lottery
        for contest, options in result.open_draws(self.manifest).items():
            parts = {holder.share.index: holder.draw(judged)[contest] for holder in self.lottery[:3]}
            signature = combine_draw(lottery, self.identifier, contest, options, parts)
            self.running.submit_draw(Draw(contest, options, signature))
        self.next_batch()
        self.sync()
        return self

    def certify(self) -> Certificate:
        """State `certified`."""
        judged, election = self.trustees[0].recount(), self.running.election
        decryptions = judge_decryptions(election, judged)
        result = compute_result(election, judged, decryptions)
        certificate = make_certificate(election, judged, decryptions, result, election.size + 1)
        self.propose(State.CERTIFIED, certificate.to_bytes())
        self.approve()
        return certificate

    def finish(self) -> SmallWorld:
        """From the end of voting to the certificate."""
        self.propose_closing()
        self.approve()
        self.decrypt()
        self.certify()
        return self

    def append(self, kind: str, members: dict[str, Json], body: bytes | None = None) -> int:
        """Put an entry on the ledger with the log key, past intake and operator, under a head; returns its index."""
        if body is not None:
            self.bodies.put(body)
        self.running._queue.append((kind, members))
        self.next_batch()
        self.sync()
        return next(
            i for i, data in reversed([*enumerate(self.running.sequencer.entries)]) if self._holds(data, members)
        )

    @staticmethod
    def _holds(data: bytes, members: dict[str, Json]) -> bool:
        value = parse_entry(data).value
        return {name: value[name] for name in value.keys() - {"kind", "previous"}} == members

    def write(self, folder: Path) -> Path:
        """Record and policy as files."""
        record, sequencer = folder / "record", self.running.sequencer
        write_record(record, self.register.sequencer, sequencer, self.bodies)
        length = self.running.election.manifest.body_bytes if self.running.election.manifest else 0
        write_ballots(record, sequencer, self.bodies, length)
        (folder / "policy.json").write_bytes(dumps(self.policy.to_json()))
        return record


ORDER = ("start", "appoint", "make_keys", "freeze_roll", "begin_issuing", "ask", "begin_voting", "vote", "end_voting")


def small_world(until: str = "start", **sizes: int) -> SmallWorld:
    """A new world, played up to and including the step `until` of ORDER."""
    keys = make_keys(SIZES)
    world = SmallWorld(keys, SIZES, make_policy(keys, SIZES, EPOCH), MemoryBodies(), share=False, now=EPOCH - 1)
    for step in ORDER[: ORDER.index(until) + 1]:
        getattr(world, step)(**(sizes if step == "start" else {}))
    return world


_UNCHANGING: Final = (
    *(type(value) for value in (G1, G2, ZERO)),
    Secret,
    frozenset,
    Policy,
    Entry,
    Manifest,
    SigningKey,
    UnsealKey,
    Session,
    Reveal,
    DerivedKey,
    Head,
    Proposal,
    Approved,
    Collected,
    Request,
    Answer,
    SignedEnvelope,
    Standing,
)
"""Values that copies of a world share: nothing changes them."""

_PLAYED: dict[str, SmallWorld] = {}


def copy_world(world: SmallWorld) -> SmallWorld:
    """An independent copy, for an attack that must not spoil the original."""
    with patch.dict(copy._deepcopy_dispatch, dict.fromkeys(_UNCHANGING, lambda value, _: value)):
        return copy.deepcopy(world)


def played_world(until: str = "start") -> SmallWorld:
    """A copy of a small world played up to and including the step `until`; each step is played once in a process."""
    if until not in _PLAYED:
        place = ORDER.index(until)
        if place:
            world = played_world(ORDER[place - 1])
            getattr(world, until)()
        else:
            world = small_world(until)
        _PLAYED[until] = world
    return copy_world(_PLAYED[until])
