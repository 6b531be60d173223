# SPDX-License-Identifier: AGPL-3.0-or-later
"""A member of the Supervisory Board signs what it recomputed from its own copies, and takes no hash from anybody.

Spec: specs/election.md#approvals
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from crypto.encoding.strict_json import Json
from crypto.encoding.text import Text
from crypto.errors import ContentMismatch, InvalidApproval, WrongPhase
from crypto.protocol.answers import ANSWER_KIND
from crypto.protocol.contents import (
    Appointment,
    Certificate,
    Closing,
    Extension,
    RollContent,
    Void,
    VotingContent,
    require_equal,
)
from crypto.protocol.election import Election, check_session
from crypto.protocol.envelope import BALLOT
from crypto.protocol.ledger_key import KeyChange
from crypto.protocol.manifest import Contest, Schedule, parse_manifest
from crypto.protocol.phases import State
from crypto.protocol.preparation import (
    build_manifest,
    build_roll,
    build_voting,
    extension_allowance,
    require_fresh,
    require_registered_keys,
)
from crypto.protocol.proposals import Proposal, approval_statement
from crypto.protocol.recount import Mapper, Recount, recount
from crypto.protocol.separation import require_new_promise_key, require_separate_sessions
from crypto.protocol.tally import compute_result, judge_decryptions, make_certificate
from crypto.roles.copies import Copies
from crypto.roles.relay import Relay
from crypto.sharing.session import REGISTRAR, TRUSTEE, Session
from crypto.signing import PublicKey, SigningKey


@dataclass(frozen=True, slots=True)
class Decisions:
    """What people decided, and a member's tool compares proposals with.

    Args:
        sessions: who is to hold keys.
        contests, schedule, promise_key: of the manifest.
        void_reason: why the election is given up, by language; empty as long as nobody decided that it is.
    """

    sessions: tuple[Session, ...] = ()
    contests: tuple[Contest, ...] = ()
    schedule: Schedule | None = None
    promise_key: PublicKey | None = None
    void_reason: Text = field(default_factory=dict)


class BoardMember:
    """One member with its key, its copies of the ledgers, and its relay.

    Args:
        relay: accepts ballots during voting; one that is missing at the end keeps this member from signing.
    """

    def __init__(self, signing: SigningKey, copies: Copies, relay: Relay) -> None:
        self.signing = signing
        self.copies = copies
        self.relay = relay
        self.decisions = Decisions()
        self._recounts: dict[int, Recount] = {}

    def sign_statement(self, statement: bytes) -> Json:
        """A signature on a statement for the register that this person has read."""
        return {"key": self.signing.public.hex(), "signature": self.signing.sign(statement).hex()}

    def sign_key_change(self, change: KeyChange) -> Json:
        """A signature on a change of a ledger's key, right after the newest head that this member has seen.

        Raises:
            ContentMismatch: another place, another ledger, or a key that was used before.
        """
        copies = self.copies
        register = change.origin == copies.register.ledger.origin
        fold = copies.register if register else copies.election
        if change.origin != fold.ledger.origin or change.size != fold.size + 1:
            raise ContentMismatch(
                f"the newest head of {fold.ledger.origin} here covers {fold.size} entries; a change of its key is "
                f"entry {fold.size + 1}, after one that begins a batch"
            )
        if change.key in fold.ledger.log_keys or change.key in copies.register.role_keys:
            raise ContentMismatch("the new log key was used before")
        return self.sign_statement(change.statement())

    def share_recount(self, before: int, shared: Recount) -> None:
        """Use a recount that was made once for all roles of a demonstration."""
        self._recounts[before] = shared

    def approve(self, now: int, mapper: Mapper = map) -> Json:
        """A signature on the newest proposal of the election, after recomputing its content.

        Args:
            now: Unix seconds, by this member's own clock.

        Raises:
            InvalidApproval: there is no proposal, or no head covers it.
            ContentMismatch: the content is not what this member computes; says in which members it differs.
            CryptoError: why it cannot be computed.
        """
        copies, election = self.copies, self.copies.election
        if not election.proposals or copies.election_head is None:
            raise InvalidApproval("there is no proposal under a head")
        proposal = election.proposals[-1]
        if copies.election_head.checkpoint.size <= proposal.index:
            raise InvalidApproval("no head covers the newest proposal yet")
        content = copies.bodies.get(proposal.content)
        if content is None:
            raise InvalidApproval("the content of the newest proposal is not here")
        self._check(election, proposal, content, now, mapper)
        return self.sign_statement(approval_statement(election.identifier, proposal.digest))

    def _check(self, election: Election, proposal: Proposal, content: bytes, now: int, mapper: Mapper) -> None:
        match proposal.kind:
            case "appointment":
                self._check_appointment(election, content)
            case "roll":
                self._check_roll(election, proposal, content)
            case "manifest":
                self._check_manifest(election, proposal, content)
            case "voting":
                require_equal(content, build_voting(election, proposal.index).to_bytes(), "voting")
                self._require_ready(election, TRUSTEE, VotingContent.from_bytes(content).trustees)
            case "extension":
                self._check_extension(election, proposal, content)
            case "closing":
                self._check_closing(election, proposal, content, now, mapper)
            case "certificate":
                self._check_certificate(election, proposal, content, mapper)
            case "void":
                self._check_void(election, content, mapper)

    def _check_appointment(self, election: Election, content: bytes) -> None:
        expected = Appointment(election.identifier, self.decisions.sessions)
        require_equal(content, expected.to_bytes(), "appointment")
        for session in expected.sessions:
            before, culprits = election.ceremonies.get(session.role), election.culprits_when_proposed.get(session.role)
            check_session(session, before, culprits, self.copies.policy)
        require_separate_sessions(election, expected.sessions)

    def _check_roll(self, election: Election, proposal: Proposal, content: bytes) -> None:
        expected, roll = build_roll(election, proposal.head)
        require_equal(content, expected.to_bytes(), "roll")
        require_fresh(election, proposal.head, proposal.batch)
        if self.copies.bodies.get(RollContent.from_bytes(content).roll.digest) != roll.to_bytes():
            raise ContentMismatch("the body of the roll is not beside the ledger")

    def _check_manifest(self, election: Election, proposal: Proposal, content: bytes) -> None:
        if self.decisions.schedule is None or self.decisions.promise_key is None:
            raise WrongPhase("this member has not been told what was decided about contests and times")
        expected = build_manifest(
            election, self.decisions.contests, self.decisions.schedule, self.decisions.promise_key
        )
        require_equal(content, expected.to_bytes(), "manifest")
        require_separate_sessions(election, ())
        require_new_promise_key(election, expected.promise_key)
        require_registered_keys(election, parse_manifest(content).digest(), proposal.head)
        self._require_ready(election, REGISTRAR, election.ready(REGISTRAR, proposal.content, election.size))

    def _require_ready(self, election: Election, role: str, ready: Sequence[int]) -> None:
        needed = election.keys[role].session.threshold
        if len(ready) < needed:
            raise ContentMismatch(
                f"only {role}s {list(ready)} proved that their shares are readable; {needed} are needed"
            )

    def _check_extension(self, election: Election, proposal: Proposal, content: bytes) -> None:
        schedule, clock = election.require_manifest().schedule, election.announcement.clock
        if clock.boundary(proposal.batch) > clock.boundary(schedule.voting_closes + 1) + schedule.grace:
            raise ContentMismatch("the time for an extension is over")
        earned = extension_allowance(election, self.copies.election_heads, proposal.batch)
        allowed, extension = min(earned, schedule.extension_cap), Extension.from_bytes(content)
        if extension.election != election.identifier or election.extension or extension.batches > allowed:
            raise ContentMismatch(f"voting may be extended once, in this election, by at most {allowed} batches")

    def _check_closing(self, election: Election, proposal: Proposal, content: bytes, now: int, mapper: Mapper) -> None:
        schedule, clock = election.require_manifest().schedule, election.announcement.clock
        end = clock.boundary(election.voting_closes)
        if proposal.batch <= election.voting_closes or now + self.copies.policy.clock_tolerance < end:
            raise ContentMismatch("voting is not over")
        covering = next(head for head in self.copies.election_heads if head.checkpoint.size > proposal.index)
        if covering.time > clock.boundary(election.voting_closes + 1) + schedule.grace:
            raise ContentMismatch(
                "the time for closing was over with the first head over the proposal that this member knows"
            )
        stated = Closing.from_bytes(content)
        for item in (*election.collected[BALLOT], *election.collected[ANSWER_KIND]):
            body = self.copies.bodies.get(item.body) if item.index in stated.missing and item.body else None
            if body is not None and (item.entry.kind != BALLOT or len(body) == election.require_manifest().body_bytes):
                raise ContentMismatch(f"the body of entry {item.index} is not missing: this member has it")
        own = self._recount(election, proposal.index, stated.missing, mapper)
        require_equal(content, own.closing(election).to_bytes(), "closing")
        if len(own.chains) > own.answered:
            raise ContentMismatch(
                f"{len(own.chains)} credentials, but only {own.answered} requests that enough registrars answered: "
                "registrars that are silent have to answer before voting is closed"
            )
        owed = self.relay.missing_from(own)
        if owed:
            raise ContentMismatch(f"{len(owed)} valid ballots that my relay received in time are not on the ledger")

    def _recount(self, election: Election, before: int, missing: frozenset[int], mapper: Mapper) -> Recount:
        if before not in self._recounts:
            self._recounts[before] = recount(election, before, missing, mapper)
        return self._recounts[before]

    def _check_certificate(self, election: Election, proposal: Proposal, content: bytes, mapper: Mapper) -> None:
        closing = election.approved["closing"]
        missing = Closing.from_bytes(closing.content).missing
        own = self._recount(election, closing.proposal.index, missing, mapper)
        decryptions = judge_decryptions(election, own)
        result = compute_result(election, own, decryptions)
        expected = make_certificate(election, own, decryptions, result, proposal.index)
        require_equal(content, expected.to_bytes(), "certificate")
        Certificate.from_bytes(content)
        if proposal.source is not State.TALLIED:
            raise WrongPhase("a certificate follows the tally")

    def _check_void(self, election: Election, content: bytes, mapper: Mapper) -> None:
        if not self.decisions.void_reason:
            raise WrongPhase("nobody has told this member that the election is given up")
        require_equal(content, Void(election.identifier, dict(self.decisions.void_reason)).to_bytes(), "void")
        closing = election.approved.get("closing")
        if closing is not None:
            missing = Closing.from_bytes(closing.content).missing
            own = self._recount(election, closing.proposal.index, missing, mapper)
            if judge_decryptions(election, own).tallied_at is not None:
                raise WrongPhase("enough trustees have decrypted: the election has a result and is not given up")
