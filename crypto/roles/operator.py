# SPDX-License-Identifier: AGPL-3.0-or-later
"""The operator runs the ledgers: it appends, batches, proposes and promises, and can do nothing else unseen.

Spec: specs/overview.md#roles, specs/election.md#proposals
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crypto.encoding.strict_json import Json
from crypto.errors import Excluded, ProtocolError, WrongPhase
from crypto.hashing import sha256
from crypto.protocol.answers import ANSWER_KIND, Answer
from crypto.protocol.credential import REQUEST_KIND
from crypto.protocol.election import Election, opening_entry
from crypto.protocol.entry import ZERO_HASH, make_entry, signatures_member
from crypto.protocol.envelope import BALLOT
from crypto.protocol.ledger_key import KeyChange
from crypto.protocol.lottery import Draw
from crypto.protocol.messages import signed_message_members
from crypto.protocol.phases import State
from crypto.protocol.policy import Policy
from crypto.protocol.promise import Promise
from crypto.protocol.proposals import APPROVAL_KIND, PROPOSAL, Proposal, approval_members, proposal_members
from crypto.protocol.receipt import Receipt
from crypto.protocol.register import Announcement, first_entry, make_register_statement
from crypto.protocol.register_rules import Register
from crypto.roles.bodies import BodyStore
from crypto.roles.intake import Intake
from crypto.roles.sequencer import Sequencer
from crypto.sharing.ceremony import SignedMessage
from crypto.signing import SigningKey

Queued = tuple[str, dict[str, Json]]
"""Kind and members of an entry that waits for the next batch."""


class RegisterOperator:
    """Runs the register.

    Args:
        bodies: where transcripts lie.
    """

    def __init__(self, policy: Policy, log_key: SigningKey, bodies: BodyStore) -> None:
        self.policy = policy
        self.bodies = bodies
        self.register = Register(policy, bodies.get)
        self.sequencer = Sequencer(self.register, log_key)
        self.sequencer.append_bytes(first_entry(policy))
        self._queue: list[Queued] = []

    def statement(self, kind: str, members: Mapping[str, Json], member: bytes | None = None) -> bytes:
        """The statement of the next entry of `kind`, for those entitled to sign.

        Args:
            member: whom it is about; None for statements of the board.
        """
        if member is None:
            queued = sum(kind in _BOARD_KINDS for kind, _ in self._queue)
            return make_register_statement(kind, self.policy, self.register.board_sequence + queued, members)
        known = self.register.members.get(member)
        return make_register_statement(kind, self.policy, known.sequence if known else 0, members)

    def submit(self, kind: str, statement: bytes, signatures: Sequence[Json]) -> None:
        """Queue a signed statement for the next batch."""
        _queue_entry(self._queue, kind, signatures_member(statement, signatures))

    def run_batch(self, number: int) -> None:
        """Append the batch with what is queued.

        Raises:
            CryptoError: a queued entry would break the register; those before it are appended, it is dropped.
        """
        self.sequencer.begin_batch(number)
        queue, self._queue = self._queue, []
        while queue:
            kind, members = queue.pop(0)
            try:
                self.sequencer.append(kind, members)
            finally:
                self._queue = queue


def _queue_entry(queue: list[Queued], kind: str, members: dict[str, Json]) -> None:
    """Queue what fits into an entry: found out now, it cannot stop a batch later.

    Raises:
        EncodingError: it is too long.
    """
    make_entry(kind, ZERO_HASH, members)
    queue.append((kind, members))


_BOARD_KINDS = frozenset({"reviewers", "panel", "standing-key", "announcement", "election-keys"})


class ElectionOperator:
    """Runs the ledger of one election.

    Args:
        announcement: as in the register.
        register: the operator's own copy.
        promise_key: to be named in the manifest.
    """

    def __init__(
        self,
        announcement: Announcement,
        register: Register,
        register_head: bytes,
        log_key: SigningKey,
        promise_key: SigningKey,
        bodies: BodyStore,
    ) -> None:
        if log_key.public != announcement.ledger_key:
            raise ValueError("the announcement names another ledger key")
        self.bodies = bodies
        self.promise_key = promise_key
        self.election = Election(announcement, register, bodies.get)
        self.sequencer = Sequencer(self.election, log_key)
        self.sequencer.append_bytes(opening_entry(announcement.election, register_head))
        self._queue: list[Queued] = []
        self._intake: Intake | None = None
        self._places: dict[bytes, int] = {}

    @property
    def intake(self) -> Intake:
        """Requests and ballots, once the manifest is approved.

        Raises:
            WrongPhase: it is not.
        """
        if self._intake is None:
            self._intake = Intake(self.election, self.promise_key, self.bodies)
        return self._intake

    # --- what waits for the next batch

    def submit_message(self, kind: str, message: SignedMessage, body: bytes | None = None) -> None:
        """Queue a holder's message: `ceremony`, `readiness`, `decryption`, `share-lost`.

        Raises:
            EncodingError: it is too long for an entry.
        """
        _queue_entry(self._queue, kind, signed_message_members(message))
        if body is not None:
            self.bodies.put(body)

    def submit_answer(self, answer: Answer, body: bytes) -> None:
        """Queue a registrar's answer; its body is kept.

        Raises:
            ProtocolError: another body than the answer names.
        """
        if sha256(body) != answer.body:
            raise ProtocolError("the answer names another body")
        self.bodies.put(body)
        _queue_entry(self._queue, ANSWER_KIND, answer.entry_members())

    def submit_draw(self, draw: Draw) -> None:
        """Queue a draw."""
        _queue_entry(self._queue, "draw", draw.entry_members())

    def propose(self, target: State, content: bytes, register_head: bytes) -> None:
        """Queue a proposal from the present state; its content is kept.

        Args:
            register_head: the newest head of the register.

        Raises:
            WrongPhase: a closing while promised ballots wait: behind the proposal they would not count.
        """
        election = self.election
        if target is State.CLOSED:
            if self.intake.owed:
                raise WrongPhase(f"{self.intake.owed} promised ballots are not on the ledger yet; close after that")
            self.intake.paused = True
        digest = self.bodies.put(content)
        number = len(election.proposals) + 1
        members = proposal_members(number, election.state, target, digest, register_head)
        _queue_entry(self._queue, PROPOSAL, members)

    def submit_approval(self, proposal: Proposal, signatures: Sequence[Json]) -> None:
        """Queue an approval with the board's signatures."""
        ordered = sorted(signatures, key=lambda signature: str(signature["key"]))
        _queue_entry(self._queue, APPROVAL_KIND, approval_members(proposal.digest, ordered))

    # --- batches

    def run_batch(self, number: int, key_change: tuple[KeyChange, Sequence[Json]] | None = None) -> dict[int, Excluded]:
        """Append batch `number`: a change of the ledger key, what is queued, requests, ballots.

        Returns:
            Entries of this batch that are excluded, by index.

        Raises:
            CryptoError: a queued entry would break the ledger; it is dropped, the rest stays queued.
        """
        sequencer, excluded = self.sequencer, {}
        sequencer.begin_batch(number)
        if key_change is not None:
            change, signatures = key_change
            ordered = sorted(signatures, key=lambda signature: str(signature["key"]))
            sequencer.append("ledger-key-changed", signatures_member(change.statement(), ordered))
        while self._queue:
            kind, members = self._queue.pop(0)
            index = self.election.size
            why = sequencer.append(kind, members)
            if why is not None:
                excluded[index] = why
        if self._intake is not None:
            self._intake.paused = False
        if self.election.state in (State.ISSUING, State.VOTING):
            for request in self.intake.take_requests(number):
                sequencer.append(REQUEST_KIND, request.entry_members())
        if self.election.state is State.VOTING:
            for signed in self.intake.take_ballots(number):
                self._places[signed.envelope.digest()] = self.election.size
                sequencer.append(BALLOT, signed.entry_members())
        return excluded

    def receipt(self, promise: Promise) -> Receipt:
        """The receipt of a promised ballot, under the newest head.

        Raises:
            WrongPhase: the ballot is not under a head yet.
        """
        index, size = self._places.get(promise.envelope), self.sequencer.newest_size()
        if index is None or index >= size:
            raise WrongPhase("the ballot is not under a head yet; come back after the next batch")
        proof = tuple(self.election.ledger.tree.inclusion_proof(index, size))
        return Receipt(promise, index, self.sequencer.entries[index], proof, self.sequencer.newest_head)
