# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the server takes in between two boundaries: requests and ballots, verified before anything is promised.

Cheap checks come before dear ones: size, shape, phase, key, chain, signature, credential, proofs.

Spec: specs/receipt.md#promise, specs/ledger.md#batches
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from crypto.errors import Excluded, WrongPhase
from crypto.hashing import sha256
from crypto.protocol.ballot import BodyTask, check_bodies
from crypto.protocol.credential import REQUEST_KIND, Request
from crypto.protocol.election import Election
from crypto.protocol.envelope import Envelope, SignedEnvelope
from crypto.protocol.manifest import Manifest
from crypto.protocol.order import order_key
from crypto.protocol.phases import State
from crypto.protocol.promise import Promise, make_promise
from crypto.protocol.recount import (
    ENVELOPES_IN_CHUNK,
    Mapper,
    ballot_context,
    bodies_in_chunk,
    check_envelopes,
    check_pseudonym,
    chunked,
    envelope_task,
    forbidden_pseudonyms,
    judge_envelopes,
    judge_requests,
)
from crypto.roles.bodies import BodyStore
from crypto.roles.member import CastBallot
from crypto.signing import SigningKey

_NOT_PLACED: Final = -1
"""Entry index and batch of a ballot that waits for a boundary."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """A promised ballot that waits for a boundary."""

    cast: CastBallot
    promise: Promise


class Intake:
    """Pending requests and ballots of one election. What is on the ledger already is known from there.

    Args:
        election: the server's own fold of the ledger.
        promise_key: must be the manifest's.
        bodies: where a promised body is kept before the promise is given.
    """

    def __init__(self, election: Election, promise_key: SigningKey, bodies: BodyStore) -> None:
        self._election = election
        self._manifest: Manifest = election.require_manifest()
        if promise_key.public != self._manifest.promise_key:
            raise ValueError("this is not the promise key of the manifest")
        if election.roll is None:
            raise WrongPhase("the election has no roll")
        self._promise_key = promise_key
        self._bodies = bodies
        self._requests = judge_requests(election, election.size, {})
        self._pending_requests: list[Request] = []
        counted = {request.index for request in self._requests.counted}
        self._taken_requests = {
            item.held.member: item.held.statement
            for item in election.collected[REQUEST_KIND]
            if isinstance(item.held, Request) and item.index in counted
        }
        self._chains = judge_envelopes(election, election.size, {}, map)
        self._pending: list[_Pending] = []
        self._promises: dict[bytes, Promise] = {}
        self._forbidden = forbidden_pseudonyms(election)
        self._waited = 0
        self.paused = False
        """Nothing is taken between proposing a closing and logging it."""

    # --- requests

    def submit_request(self, request: Request) -> None:
        """Take a request for the next batch; the same request again changes nothing.

        Raises:
            Excluded: which rule would exclude it.
        """
        election, schedule = self._election, self._manifest.schedule
        if self._taken_requests.get(request.member) == request.statement:
            return
        if request.election != election.identifier:
            raise Excluded("Q2", "a request of another election")
        if election.state not in (State.ISSUING, State.VOTING) or election.chain.batch >= schedule.requests_close:
            raise Excluded("Q2", "requests are not taken now")
        self._requests.take(0, request)
        self._taken_requests[request.member] = request.statement
        self._pending_requests.append(request)

    def take_requests(self, batch: int) -> list[Request]:
        """The pending requests in the order of batch `batch`; they are no longer pending."""
        taken, self._pending_requests = self._pending_requests, []
        return sorted(taken, key=lambda request: order_key(batch, request.member))

    # --- ballots

    def submit(
        self, ballots: Sequence[CastBallot], mapper: Mapper = map, *, from_relay: bool = False
    ) -> list[Promise | Excluded]:
        """Verify ballots in bulk; promise the good ones, and say of the others why not. One bad ballot spoils none.

        The same ballot again gets the same promise.

        Args:
            from_relay: a relay received them in time; they are taken until the closing is approved.
        """
        answers: dict[int, Promise | Excluded] = {}
        new: dict[int, CastBallot] = {}
        for position, cast in enumerate(ballots):
            known = self._known(cast.signed.envelope)
            try:
                if known is not None:
                    answers[position] = known
                    continue
                self._check_cheap(cast, from_relay=from_relay)
            except Excluded as why:
                answers[position] = why
            else:
                new[position] = cast
        answers |= self._check_dear(new, mapper)
        for position, cast in new.items():
            if position not in answers:
                answers[position] = self._take(cast)
        return [answers[position] for position in range(len(ballots))]

    def _known(self, envelope: Envelope) -> Promise | None:
        """The promise for an envelope that was promised, or stands on the ledger, already."""
        digest = envelope.digest()
        if digest not in self._promises and self._chains.holds(envelope.pseudonym, digest):
            self._promises[digest] = self._make_promise(digest)
        return self._promises.get(digest)

    def _check_cheap(self, cast: CastBallot, *, from_relay: bool = False) -> None:
        election, envelope = self._election, cast.signed.envelope
        if len(cast.body) != self._manifest.body_bytes:
            raise Excluded("B9", f"a body of {len(cast.body)} bytes, not {self._manifest.body_bytes}")
        if sha256(cast.body) != envelope.body:
            raise Excluded("B9", "the body is not the one that the envelope names")
        if (envelope.election, envelope.manifest) != (election.identifier, election.manifest_digest):
            raise Excluded("B2", "a ballot of another election or manifest")
        if election.state is not State.VOTING or self.paused or not self._open(from_relay=from_relay):
            raise Excluded("B2", "ballots are not taken now")
        check_pseudonym(envelope, self._forbidden)
        self._chains.check(envelope, None)

    def _open(self, *, from_relay: bool) -> bool:
        """What comes now stands in the next batch; after the last one of voting nothing is taken but from relays."""
        batch = self._election.chain.batch
        opened = self._manifest.schedule.voting_opens - 1 <= batch
        return opened and (from_relay or batch < self._election.voting_closes)

    def _check_dear(self, new: dict[int, CastBallot], mapper: Mapper) -> dict[int, Excluded]:
        refused: dict[int, Excluded] = {}
        chunks = list(chunked(list(new), ENVELOPES_IN_CHUNK))
        tasks = [envelope_task(self._election, [new[position].signed for position in chunk]) for chunk in chunks]
        for chunk, failed in zip(chunks, mapper(check_envelopes, tasks), strict=True):
            refused |= {chunk[number]: Excluded(*why) for number, why in failed.items()}
        good = [position for position in new if position not in refused]
        chunks = list(chunked(good, bodies_in_chunk(self._manifest)))
        bodies = [self._body_task([new[position] for position in chunk]) for chunk in chunks]
        for chunk, result in zip(chunks, mapper(check_bodies, bodies), strict=True):
            refused |= {chunk[number]: Excluded("B10", why) for number, why in result.invalid.items()}
        return refused

    def _body_task(self, ballots: Sequence[CastBallot]) -> BodyTask:
        pairs = tuple((ballot_context(cast.signed.envelope), cast.body) for cast in ballots)
        return BodyTask(self._manifest.shapes, self._manifest.tally.key, pairs)

    def _take(self, cast: CastBallot) -> Promise | Excluded:
        """Keep and promise a verified ballot, unless one before it in the same bulk took its place in the chain."""
        envelope = cast.signed.envelope
        try:
            self._chains.check(envelope, None)
        except Excluded as why:
            return why
        self._bodies.put(cast.body)
        self._chains.append(_NOT_PLACED, _NOT_PLACED, envelope)
        promise = self._promises[envelope.digest()] = self._make_promise(envelope.digest())
        self._pending.append(_Pending(cast, promise))
        return promise

    def _make_promise(self, digest: bytes) -> Promise:
        return make_promise(self._election.identifier, digest, self._election.chain.batch, self._promise_key)

    def take_ballots(self, batch: int) -> list[SignedEnvelope]:
        """The ballots of batch `batch`, in its order: one of each pseudonym; none while a small batch may wait."""
        schedule = self._manifest.schedule
        chosen: dict[bytes, _Pending] = {}
        later = []
        for pending in self._pending:
            # Ballots of one pseudonym were promised in the order of its chain.
            if chosen.setdefault(pending.cast.signed.envelope.pseudonym, pending) is not pending:
                later.append(pending)  # noqa: PERF401  # the condition has an effect of its own
        at_end = batch >= self._election.voting_closes
        if 0 < len(chosen) < schedule.min_batch and self._waited < schedule.max_wait and not at_end:
            self._waited += 1
            return []
        self._waited = 0
        self._pending = later
        ordered = sorted(chosen.values(), key=lambda pending: order_key(batch, pending.cast.signed.envelope.pseudonym))
        return [pending.cast.signed for pending in ordered]

    @property
    def owed(self) -> int:
        """Promised ballots that are not appended yet."""
        return len(self._pending)
