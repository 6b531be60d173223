# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ledger of one election as a fold: its structure, its states, and what voters and holders put on it.

What breaks the structure raises: such a ledger is broken, and mirrors do not cosign it. What breaks a rule of its own
kind is excluded and noted. Requests, answers, ballots and decryptions are collected here as they stand; `recount` and
`tally` judge them, because that is dear and can be done in bulk.

Spec: specs/election.md#entry-kinds, specs/election.md#transitions
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from crypto.errors import (
    ContentMismatch,
    CryptoError,
    EncodingError,
    Excluded,
    InvalidApproval,
    KeyReuse,
    ProtocolError,
    WrongPhase,
)
from crypto.ledger.checkpoint import Head
from crypto.protocol.answers import ANSWER_KIND, Answer
from crypto.protocol.contents import Appointment, Closing, Extension, RollContent, Void, VotingContent
from crypto.protocol.credential import REQUEST_KIND, Request
from crypto.protocol.entry import BATCH, ZERO_HASH, Chain, Entry, make_entry
from crypto.protocol.envelope import BALLOT, SignedEnvelope
from crypto.protocol.follow import LedgerTree
from crypto.protocol.ledger_key import take_key_change
from crypto.protocol.manifest import Manifest, parse_manifest
from crypto.protocol.members import Roll
from crypto.protocol.messages import Decryption, read_signed_message
from crypto.protocol.order import BatchOrder
from crypto.protocol.phases import State
from crypto.protocol.placement import (
    Held,
    judge_answer,
    judge_ballot,
    judge_decryption,
    judge_draw,
    judge_request,
    judge_share_lost,
)
from crypto.protocol.policy import Policy
from crypto.protocol.proposals import Proposal, check_approval, read_proposal, require_state
from crypto.protocol.register import Announcement
from crypto.protocol.register_rules import Bodies, Register
from crypto.sharing.ceremony import Ceremony, DerivedKey, SignedMessage, parse_message
from crypto.sharing.readiness import check_readiness
from crypto.sharing.session import REGISTRAR, TRUSTEE, Session
from crypto.signing import PublicKey
from crypto.suite import MAX_NOTE_BYTES

OPENING: Final = "opening"
DECRYPTION_KIND: Final = "decryption"
DRAW_KIND: Final = "draw"


@dataclass(frozen=True, slots=True)
class Collected:
    """An entry that `recount` or `tally` will judge, with what its place decides."""

    index: int
    batch: int
    state: State
    entry: Entry
    held: Held | None

    @property
    def body(self) -> bytes | None:
        """Hash of the body of a ballot, an answer or a decryption."""
        if isinstance(self.held, SignedEnvelope):
            return self.held.envelope.body
        return self.held.body if isinstance(self.held, Answer | Decryption) else None


@dataclass(frozen=True, slots=True)
class Approved:
    """An approved proposal with its content."""

    proposal: Proposal
    index: int
    content: bytes


@dataclass(slots=True)
class _Readiness:
    """Who proved for one manifest that its share is readable: entry index by party."""

    registrar: dict[int, int] = field(default_factory=dict)
    trustee: dict[int, int] = field(default_factory=dict)

    def of(self, role: str) -> dict[int, int]:
        return self.registrar if role == REGISTRAR else self.trustee


def opening_entry(election: bytes, register_head: bytes) -> bytes:
    """Entry 0 of an election's ledger."""
    return make_entry(OPENING, ZERO_HASH, {"election": election.hex(), "register_head": register_head.decode("utf-8")})


class Election:
    """The state of an election's ledger after some entries.

    Args:
        announcement: of the register; fixes origin, clock and first log key.
        register: followed at least as far as the heads that the ledger names.
        bodies: gives contents and roll by hash.
    """

    def __init__(self, announcement: Announcement, register: Register, bodies: Bodies) -> None:
        self.announcement = announcement
        self.register = register
        self.policy: Policy = register.policy
        self.bodies = bodies
        self.chain = Chain()
        origin = self.policy.election_origin(announcement.election)
        self.ledger = LedgerTree(self.policy, origin, announcement.ledger_key)
        self.state = State.DRAFT
        self.proposals: list[Proposal] = []
        self.approved: dict[str, Approved] = {}
        self.ceremonies: dict[str, Ceremony] = {}
        self.keys: dict[str, DerivedKey] = {}
        self.roll: Roll | None = None
        self.manifest: Manifest | None = None
        self.manifest_digest = ZERO_HASH
        self.extension = 0
        self.collected: dict[str, list[Collected]] = {
            REQUEST_KIND: [],
            ANSWER_KIND: [],
            BALLOT: [],
            DECRYPTION_KIND: [],
            DRAW_KIND: [],
        }
        self.excluded: dict[int, Excluded] = {}
        self.lost_shares: dict[int, int] = {}
        self.culprits_when_proposed: dict[str, tuple[PublicKey, ...]] = {}
        self._readiness: dict[bytes, _Readiness] = {}
        self._order = BatchOrder()
        self._last_register_size = 0

    @property
    def identifier(self) -> bytes:
        """The election id."""
        return self.announcement.election

    @property
    def size(self) -> int:
        """Number of entries."""
        return self.chain.size

    @property
    def voting_closes(self) -> int:
        """Last batch of voting, extension included.

        Raises:
            WrongPhase: there is no manifest yet.
        """
        return self.require_manifest().schedule.voting_closes + self.extension

    def require_manifest(self) -> Manifest:
        """The approved manifest.

        Raises:
            WrongPhase: there is none yet.
        """
        if self.manifest is None:
            raise WrongPhase("the election has no approved manifest yet")
        return self.manifest

    def newest(self, kind: str) -> Proposal | None:
        """The newest proposal if it needs a content of `kind`."""
        return self.proposals[-1] if self.proposals and self.proposals[-1].kind == kind else None

    def ready(self, role: str, manifest: bytes, before: int) -> tuple[int, ...]:
        """Parties with an accepted readiness for a manifest before entry `before`, ascending."""
        accepted = self._readiness.get(manifest, _Readiness()).of(role)
        return tuple(sorted(party for party, index in accepted.items() if index < before))

    def assume_tallied(self) -> None:
        """Take the fact that t decryptions are accepted from whoever verified them.

        Raises:
            WrongPhase: the state is not `closed`.
        """
        if self.state is not State.CLOSED:
            raise WrongPhase(f"an election in state {self.state} is not tallied")
        self.state = State.TALLIED

    def apply(self, entry: Entry) -> Excluded | None:
        """Take the next entry; returns why it has no effect, None if it has one or is judged later.

        Raises:
            CryptoError: the entry breaks the ledger's structure; nothing has changed.
        """
        self.chain.check(entry)
        if (entry.kind == OPENING) != (self.size == 0):
            raise WrongPhase(f"entry {self.size} of an election is of kind {entry.kind}")
        held = self._order.check(entry, self.chain.batch)
        excluded: Excluded | None = None
        match entry.kind:
            case "opening":
                self._take_opening(entry)
            case "proposal":
                self._take_proposal(entry)
            case "approval":
                self._take_approval(entry)
            case "ledger-key-changed":
                self._take_ledger_key(entry)
            case kind if kind != BATCH:
                excluded = self._take_excludable(kind, entry, held)
        self.ledger.append(entry)
        self.chain.advance(entry)
        return excluded

    # --- structure

    def _register_head(self, note: bytes) -> Head:
        head = self.register.ledger.verify_head(note)
        if head.checkpoint.size < self._last_register_size:
            raise ContentMismatch("a head of the register is older than one named before")
        return head

    def _take_opening(self, entry: Entry) -> None:
        members = entry.members("election", "register_head")
        if members.hash("election") != self.identifier:
            raise ContentMismatch("the ledger opens another election")
        head = self._register_head(members.string("register_head", MAX_NOTE_BYTES).encode("utf-8"))
        if head.checkpoint.size <= self.announcement.index:
            raise ContentMismatch("the opening's head of the register does not contain the announcement")
        self._last_register_size = head.checkpoint.size

    def _take_proposal(self, entry: Entry) -> None:
        number, source, target, content, note = read_proposal(entry)
        if number != len(self.proposals) + 1:
            raise WrongPhase(f"proposal {number} where number {len(self.proposals) + 1} is due")
        head = self._register_head(note)
        state = self.state
        if source is State.TALLIED and state is State.CLOSED:
            # Followers that do not verify decryptions take the fact from whoever proposes; verifiers check it.
            state = State.TALLIED
        proposal = Proposal(number, source, target, content, head, self.size, self.chain.batch, entry.digest())
        require_state(proposal, state)
        self.proposals.append(proposal)
        self.culprits_when_proposed = {role: named_culprits(ceremony) for role, ceremony in self.ceremonies.items()}
        self._last_register_size = head.checkpoint.size

    def _take_approval(self, entry: Entry) -> None:
        newest = self.proposals[-1] if self.proposals else None
        proposal = check_approval(entry, newest, self.chain.batch, self.identifier, self.policy)
        if any(approved.proposal.digest == proposal.digest for approved in self.approved.values()):
            raise InvalidApproval("the proposal is approved already")
        if proposal.source is State.TALLIED and self.state is State.CLOSED:
            self.assume_tallied()
        require_state(proposal, self.state)
        content = self.bodies(proposal.content)
        if content is None:
            raise InvalidApproval("the content of an approved proposal is missing")
        self._enter(proposal, content)
        self.approved[proposal.kind] = Approved(proposal, self.size, content)
        if proposal.target is not State.VOTING or proposal.source is not State.VOTING:
            self.state = proposal.target

    def _enter(self, proposal: Proposal, content: bytes) -> None:
        """What an approved content changes. Whether it is right is the board's and every verifier's to recompute."""
        match proposal.kind:
            case "appointment":
                self._enter_appointment(Appointment.from_bytes(content))
            case "roll":
                self._enter_roll(RollContent.from_bytes(content))
            case "manifest":
                self._enter_manifest(parse_manifest(content))
            case "voting":
                voting = VotingContent.from_bytes(content)
                self._require_ready(TRUSTEE, voting.manifest, proposal.index)
            case "extension":
                if self.extension:
                    raise InvalidApproval("voting is extended a second time")
                self.extension = Extension.from_bytes(content).batches
            case "closing":
                Closing.from_bytes(content)
            case "void":
                self._enter_void(Void.from_bytes(content))

    def _enter_appointment(self, appointment: Appointment) -> None:
        if appointment.election != self.identifier:
            raise ContentMismatch("the appointment is of another election")
        roles = [session.role for session in appointment.sessions]
        if self.state is State.DRAFT and roles != [REGISTRAR, TRUSTEE]:
            raise ContentMismatch("the first appointment names registrars and trustees")
        for session in appointment.sessions:
            before, culprits = self.ceremonies.get(session.role), self.culprits_when_proposed.get(session.role)
            check_session(session, before, culprits, self.policy)
        for session in appointment.sessions:
            self.ceremonies[session.role] = Ceremony(session, self.identifier)

    def _enter_roll(self, content: RollContent) -> None:
        body = self.bodies(content.roll.digest)
        if body is None:
            raise InvalidApproval("the body of the approved roll is missing")
        roll = Roll.from_bytes(body)
        if (roll.root(), len(roll)) != (content.roll.root, content.roll.size):
            raise ContentMismatch("the approved roll has another root or size than its body")
        self.roll = roll

    def _enter_manifest(self, manifest: Manifest) -> None:
        self._require_ready(REGISTRAR, self.proposals[-1].content, self.size)
        self.manifest = manifest
        self.manifest_digest = self.proposals[-1].content

    def _require_ready(self, role: str, manifest: bytes, before: int) -> None:
        needed, ready = self.keys[role].session.threshold, self.ready(role, manifest, before)
        if len(ready) < needed:
            raise InvalidApproval(f"{len(ready)} {role}s proved that their shares are readable, {needed} are needed")

    def _enter_void(self, content: Void) -> None:
        if content.election != self.identifier:
            raise ContentMismatch("the declaration is of another election")
        if self.state is State.CLOSED:
            session = self.keys[TRUSTEE].session
            if len(session.parties) - len(self.lost_shares) >= session.threshold:
                raise InvalidApproval("a closed election is void only if fewer than t shares are left")

    def _take_ledger_key(self, entry: Entry) -> None:
        key = take_key_change(entry, self.chain, self.policy, self.ledger.origin)
        used = self.role_keys() | self.ledger.log_keys
        if key in used or (self.roll is not None and key in {k for _, k in self.roll.members}):
            raise KeyReuse("the new ledger key is in use already, or was")
        self.ledger.change_key(self.size, key)

    def role_keys(self) -> frozenset[PublicKey]:
        """The Ed25519 keys of the policy and, once approved, of the manifest: none of them may vote as a pseudonym."""
        keys = {self.policy.register_key, *self.policy.board_keys, *(w.key for w in self.policy.witnesses)}
        if self.manifest is not None:
            holders = (*self.manifest.issuing.holders, *self.manifest.tally.holders)
            keys |= {self.manifest.promise_key, *(holder.key for holder in holders)}
        return frozenset(keys)

    # --- what can be excluded

    def _take_excludable(self, kind: str, entry: Entry, held: Request | SignedEnvelope | None) -> Excluded | None:
        handlers: dict[str, Callable[[], None]] = {
            "ceremony": lambda: self._take_ceremony(entry),
            "readiness": lambda: self._take_readiness(entry),
            REQUEST_KIND: lambda: self._collect(entry, judge_request(self, held)),
            ANSWER_KIND: lambda: self._collect(entry, judge_answer(self, entry)),
            BALLOT: lambda: self._collect(entry, judge_ballot(self, held)),
            DECRYPTION_KIND: lambda: self._collect(entry, judge_decryption(self, entry)),
            DRAW_KIND: lambda: self._collect(entry, judge_draw(self, entry)),
            "share-lost": lambda: self._take_share_lost(entry),
        }
        if kind not in handlers:
            raise EncodingError(f"an election's ledger knows no entry of kind {kind!r}")
        try:
            handlers[kind]()
        except Excluded as excluded:
            self.excluded[self.size] = excluded
            return excluded
        return None

    def _collect(self, entry: Entry, held: Held | None) -> None:
        self.collected[entry.kind].append(Collected(self.size, self.chain.batch, self.state, entry, held))

    def _take_ceremony(self, entry: Entry) -> None:
        try:
            message = read_signed_message(entry)
            ceremony = self._session_of(message)
            ceremony.accept(message)
        except CryptoError as error:
            raise Excluded("C1", str(error)) from None
        if ceremony.complete:
            self.keys[ceremony.session.role] = ceremony.derive()
            if self.keys.keys() >= {REGISTRAR, TRUSTEE}:
                self.state = State.NOMINATION

    def _session_of(self, message: SignedMessage) -> Ceremony:
        if self.state is not State.CEREMONY:
            raise WrongPhase("there is no ceremony now")
        session = parse_message(message.statement)[1].hash("session")
        for ceremony in self.ceremonies.values():
            if ceremony.session_id == session:
                return ceremony
        raise ProtocolError("a message of another session")

    def _take_readiness(self, entry: Entry) -> None:
        manifest = self._manifest_in_question()
        try:
            if manifest is None or self.keys.keys() < {REGISTRAR, TRUSTEE}:
                raise WrongPhase("no manifest is proposed")
            role, party = check_readiness(read_signed_message(entry), self.identifier, manifest, self.keys)
            accepted = self._readiness.setdefault(manifest, _Readiness()).of(role)
            if party in accepted:
                raise ProtocolError(f"a second readiness of {role} {party}")
        except CryptoError as error:
            raise Excluded("P1", str(error)) from None
        accepted[party] = self.size

    def _manifest_in_question(self) -> bytes | None:
        """The newest proposed manifest."""
        return next((p.content for p in reversed(self.proposals) if p.kind == "manifest"), None)

    def _take_share_lost(self, entry: Entry) -> None:
        self.lost_shares[judge_share_lost(self, entry)] = self.size


def named_culprits(ceremony: Ceremony) -> tuple[PublicKey, ...]:
    """Keys of the parties whose next message is missing, sorted."""
    return tuple(sorted(ceremony.session.parties[index - 1].key for index in ceremony.culprits()))


def check_session(
    session: Session, before: Ceremony | None, culprits: Sequence[PublicKey] | None, policy: Policy
) -> None:
    """A new session is safe, numbered on, and leaves out exactly those whom the one before names.

    Args:
        before: the role's newest session, if there is one.
        culprits: whom it named when the new one was proposed.

    Raises:
        UnsafePolicy, ContentMismatch.
    """
    session.require_safe(policy.faulty_in(session.role))
    if before is None:
        if session.number != 1:
            raise ContentMismatch("the first session of a role has number 1")
        return
    if before.complete:
        raise ContentMismatch("a complete session is not replaced")
    if session.number != before.session.number + 1 or session.culprits != tuple(culprits or ()):
        raise ContentMismatch("a new session is numbered on and names exactly the culprits of the one before")
