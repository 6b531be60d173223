# SPDX-License-Identifier: AGPL-3.0-or-later
"""All roles of a deployment in one process: separate objects, a simulated clock, and a carrier of bytes between them.

Spec: specs/overview.md#roles
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from crypto.errors import EncodingError, InvalidCheckpoint
from crypto.ledger.checkpoint import WitnessKey
from crypto.protocol.entry import parse_entry
from crypto.protocol.envelope import BALLOT, read_ballot_entry
from crypto.protocol.policy import Clock, Person, Policy
from crypto.protocol.record import bodies_in_order
from crypto.roles.board import BoardMember
from crypto.roles.bodies import BodyStore, CheckedBodies, MemoryBodies
from crypto.roles.copies import Copies
from crypto.roles.holder import LotteryHolder
from crypto.roles.mirror import Mirror
from crypto.roles.operator import ElectionOperator, RegisterOperator
from crypto.roles.registrar import Registrar
from crypto.roles.relay import Relay
from crypto.roles.sequencer import Sequencer
from crypto.roles.trustee import Trustee
from crypto.roles.witness import CONFLICT, OK, Witness
from crypto.sharing.session import Party
from crypto.signing import SigningKey, UnsealKey

DAY = 86_400
NETWORK_DELAY = 2
"""Seconds between a boundary and the cosignatures of its head, in this simulation."""

ORGANISATIONS = ("Free Word", "Northern Circle", "Open Archive", "Bridge Fund", "Lantern House")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many hold each role, and how many of them act together."""

    registrars: tuple[int, int] = (3, 4)
    trustees: tuple[int, int] = (3, 5)
    board: tuple[int, int] = (3, 5)
    witnesses: tuple[int, int] = (3, 4)
    reviewers: int = 4


@dataclass(slots=True)
class HolderKeys:
    """A holder's two keys, and how a session names it."""

    signing: SigningKey
    unseal: UnsealKey
    party: Party


@dataclass(slots=True)
class Keys:
    """Every secret of the demonstration. They are made afresh each time and never written anywhere."""

    register_log: SigningKey
    election_log: SigningKey
    promise: SigningKey
    board: list[SigningKey]
    witnesses: list[SigningKey]
    reviewers: list[SigningKey]
    panel: list[SigningKey]
    registrars: list[HolderKeys]
    trustees: list[HolderKeys]
    lottery: list[HolderKeys]


def make_holders(role: str, count: int) -> list[HolderKeys]:
    """Fresh keys for the parties of a ceremony."""
    holders = []
    for number in range(count):
        signing, unseal = SigningKey.generate(), UnsealKey.generate()
        party = Party(signing.public, f"{role} {number + 1}", ORGANISATIONS[number], unseal.public)
        holders.append(HolderKeys(signing, unseal, party))
    return holders


def make_keys(sizes: Sizes) -> Keys:
    """Fresh keys for everybody."""
    fresh = SigningKey.generate
    return Keys(
        register_log=fresh(),
        election_log=fresh(),
        promise=fresh(),
        board=[fresh() for _ in range(sizes.board[1])],
        witnesses=[fresh() for _ in range(sizes.witnesses[1])],
        reviewers=[fresh() for _ in range(sizes.reviewers)],
        panel=[fresh() for _ in range(3)],
        registrars=make_holders("Registrar", sizes.registrars[1]),
        trustees=make_holders("Trustee", sizes.trustees[1]),
        lottery=make_holders("Lottery holder", sizes.registrars[1]),
    )


def make_policy(keys: Keys, sizes: Sizes, epoch: int) -> Policy:
    """The policy of a demonstration."""
    quorum, _ = sizes.witnesses
    return Policy(
        name="Veche demonstration",
        demonstration=True,
        host="demo.veche.example",
        register_key=keys.register_log.public,
        register_clock=Clock(epoch, DAY),
        board=tuple(Person(key.public, f"Board member {n + 1}", ORGANISATIONS[n]) for n, key in enumerate(keys.board)),
        board_quorum=sizes.board[0],
        witnesses=tuple(
            WitnessKey(f"witness-{n + 1}.veche.example", ORGANISATIONS[n], key.public, mirror=n < quorum)
            for n, key in enumerate(keys.witnesses)
        ),
        witness_quorum=quorum,
        faulty={"board": 1, "lottery": 1, "registrars": 1, "trustees": 1, "witnesses": 1},
        clock_tolerance=300,
    )


@dataclass(slots=True)
class World:
    """The roles, the clock, and the carrier between them.

    Args:
        bodies: the operator's store.
        share: followers share one copy of the ledgers and all roles one store of bodies; for very large elections.
        now: simulated Unix time.
    """

    keys: Keys
    sizes: Sizes
    policy: Policy
    bodies: BodyStore
    share: bool
    now: int
    register: RegisterOperator = field(init=False)
    election: ElectionOperator | None = field(init=False, default=None)
    witnesses: list[Witness] = field(init=False)
    board: list[BoardMember] = field(init=False)
    registrars: list[Registrar] = field(init=False)
    trustees: list[Trustee] = field(init=False)
    lottery: list[LotteryHolder] = field(init=False)
    on_batch: Callable[[], None] | None = field(init=False, default=None)
    _followed: list[Copies] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        keys, policy = self.keys, self.policy
        self.register = RegisterOperator(policy, keys.register_log, self.bodies)
        self.witnesses = [
            Mirror(policy, w.name, key, self.bodies if self.share else MemoryBodies())
            if w.mirror
            else Witness(policy, w.name, key)
            for w, key in zip(policy.witnesses, keys.witnesses, strict=True)
        ]
        self.board = [BoardMember(key, self._copies(), Relay()) for key in keys.board]
        self.registrars = [Registrar(k.signing, k.unseal, self._copies()) for k in keys.registrars]
        self.trustees = [Trustee(k.signing, k.unseal, self._copies()) for k in keys.trustees]
        self.lottery = [LotteryHolder(k.signing, k.unseal, self._copies()) for k in keys.lottery]

    def _copies(self) -> Copies:
        """Copies of the ledgers for one follower, who takes bodies from a mirror and hashes each."""
        if self.share and self._followed:
            return self._followed[0]
        mirror = next(witness for witness in self.witnesses if isinstance(witness, Mirror))
        copies = Copies(self.policy, CheckedBodies(mirror.bodies))
        self._followed.append(copies)
        return copies

    @property
    def running(self) -> ElectionOperator:
        """The election's operator.

        Raises:
            RuntimeError: no election was opened.
        """
        if self.election is None:
            raise RuntimeError("no election is open")
        return self.election

    # --- time

    def advance(self, seconds: int) -> None:
        """Let time pass; every boundary on the way is a batch."""
        self.advance_to(self.now + seconds)

    def advance_to(self, time: int) -> None:
        """Let time pass until `time`."""
        while (due := self._next_boundary()) <= time:
            self.now = due
            self._run_due()
        self.now = max(self.now, time)

    def next_register_batch(self) -> None:
        """Let time pass until the register has had its next batch."""
        clock = self.policy.register_clock
        self.advance_to(clock.boundary(max(self.register.sequencer.batch + 1, clock.batch_at(self.now) + 1)))

    def next_batch(self, count: int = 1) -> None:
        """Let time pass until the election's ledger has had its next batches."""
        clock = self.running.election.announcement.clock
        for _ in range(count):
            self.advance_to(clock.boundary(max(self.running.sequencer.batch + 1, clock.batch_at(self.now) + 1)))

    def _next_boundary(self) -> int:
        times = [self._due(self.policy.register_clock, self.register.sequencer)]
        if self.election is not None:
            times.append(self._due(self.election.election.announcement.clock, self.election.sequencer))
        return min(times)

    def _due(self, clock: Clock, sequencer: Sequencer) -> int:
        # What lies in the past was missed for good: an outage leaves a gap in the numbers.
        return clock.boundary(max(sequencer.batch + 1, clock.batch_at(self.now - 1) + 1))

    def _run_due(self) -> None:
        register_clock = self.policy.register_clock
        if self._due(register_clock, self.register.sequencer) == self.now:
            self.register.run_batch(register_clock.batch_at(self.now))
            self.cosign(self.register.sequencer)
        if self.election is None:
            return
        clock = self.election.election.announcement.clock
        if self._due(clock, self.election.sequencer) == self.now:
            self.election.run_batch(clock.batch_at(self.now))
            self.cosign(self.election.sequencer)
            if self.on_batch is not None:
                self.on_batch()

    # --- carrying

    def cosign(self, sequencer: Sequencer) -> None:
        """Take the newest head of a ledger to every witness, and publish it when a quorum has cosigned.

        Raises:
            InvalidCheckpoint: too few did.
        """
        origin = sequencer.fold.ledger.origin
        sequencer.sign_head()
        refusals = []
        for witness in self.witnesses:
            size, _ = witness.newest(origin)
            if isinstance(witness, Mirror):
                held = len(witness.entries(origin))
                new = sequencer.entries[held:]
                witness.receive(origin, held, new, () if self.share else self._bodies_of(new))
            answer = witness.add_checkpoint(sequencer.witness_request(size), self.now + NETWORK_DELAY)
            if answer.status == CONFLICT:
                answer = witness.add_checkpoint(sequencer.witness_request(int(answer.body)), self.now + NETWORK_DELAY)
            if answer.status == OK:
                sequencer.add_cosignatures(answer.body)
            else:
                refusals.append(f"{witness.name}: {answer.status} {answer.body.decode()}")
        try:
            sequencer.publish_head()
        except InvalidCheckpoint as error:
            raise InvalidCheckpoint(f"{error}; {'; '.join(refusals)}") from error

    def _bodies_of(self, entries: Sequence[bytes]) -> Iterator[bytes]:
        parsed = [parse_entry(data) for data in entries]
        yield from bodies_in_order(parsed, self.bodies.get)
        for entry in parsed:
            if entry.kind == BALLOT:
                try:
                    body = self.bodies.get(read_ballot_entry(entry).envelope.body)
                except EncodingError:
                    continue
                if body is not None:
                    yield body

    def sync(self, followers: Sequence[Copies] | None = None) -> None:
        """These followers, or all, take the newest entries up to the newest heads."""
        for copies in self._followed if followers is None else followers:
            sequencer = self.register.sequencer
            if sequencer.newest_size() > copies.register.size:
                new = sequencer.entries[copies.register.size : sequencer.newest_size()]
                copies.update_register(sequencer.newest_head, new)
            if self.election is None:
                continue
            election = copies.follow(self.election.election.identifier)
            sequencer = self.election.sequencer
            if sequencer.heads and sequencer.newest_size() > election.size:
                new = sequencer.entries[election.size : sequencer.newest_size()]
                copies.update_election(sequencer.newest_head, new, sequencer.heads[len(copies.election_heads) : -1])

    def open_election(self, identifier: bytes) -> ElectionOperator:
        """Begin the ledger of an announced election; every witness is shown the announcement first."""
        register = self.register
        announcement = register.register.elections[identifier]
        sequencer = register.sequencer
        head, size = sequencer.newest_head, sequencer.newest_size()
        proof = register.register.ledger.tree.inclusion_proof(announcement.index, size)
        for witness in self.witnesses:
            witness.add_election(head, announcement.index, sequencer.entries[announcement.index], proof)
        self.election = ElectionOperator(
            announcement, register.register, head, self.keys.election_log, self.keys.promise, self.bodies
        )
        return self.election
