# SPDX-License-Identifier: AGPL-3.0-or-later
"""The course of an election, replayed: implements specs/election.md#transitions, specs/election.md#proposals,
specs/election.md#approvals and specs/election.md#void.

Two rows of the table are facts (`nomination`, `tallied`). The replay takes a proposal's word for them, as mirrors do;
V18, V19 and V34 check the facts themselves (specs/verification.md#damage-table).
"""

import heapq
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from verifier import labels
from verifier.backend import Backend
from verifier.ceremony import REGISTRAR, TRUSTEE, Ceremony, Session, check_session
from verifier.contents import read_appointment
from verifier.election import Approval, ElectionScan, Proposal
from verifier.encoding import Fields, load_canonical_json
from verifier.errors import BrokenError, EvidenceMissingError, RuleError
from verifier.policy import Policy
from verifier.record import Source
from verifier.rules import Exclusions
from verifier.signatures import is_valid, make_statement, read_signature, require_quorum, require_valid, split_statement

_BEFORE_CLOSED: Final = ("draft", "ceremony", "nomination", "roll-frozen", "issuing", "voting")
ROWS: Final = frozenset(
    {
        ("draft", "ceremony"),
        ("ceremony", "ceremony"),
        ("nomination", "roll-frozen"),
        ("roll-frozen", "issuing"),
        ("issuing", "voting"),
        ("voting", "voting"),
        ("voting", "closed"),
        ("tallied", "certified"),
        ("closed", "void"),
        *((state, "void") for state in _BEFORE_CLOSED),
    }
)
_FACTS: Final = {("ceremony", "nomination"), ("closed", "tallied")}


@dataclass(slots=True)
class SessionRun:
    """A session in force from the approval at ``approved``; ``completed`` is the entry that made it complete."""

    ceremony: Ceremony
    approved: int
    completed: int | None = None
    excluded: int = 0

    @property
    def session(self) -> Session:
        """The session's descriptor."""
        return self.ceremony.session


@dataclass(slots=True)
class LostShare:
    """A trustee's well-formed word that its share is lost, said in the state `closed`."""

    index: int
    trustee: int


@dataclass(slots=True)
class Replay:
    """What the replay leaves. ``problem`` is V15's, ``appointment_problem`` V17's."""

    scan: ElectionScan
    election: bytes
    policy: Policy
    backend: Backend
    load: Callable[[bytes, str], bytes]
    state: str = "draft"
    changes: list[tuple[int, str]] = field(default_factory=list)
    approved: list[tuple[Approval, Proposal]] = field(default_factory=list)
    sessions: dict[str, list[SessionRun]] = field(default_factory=lambda: {REGISTRAR: [], TRUSTEE: []})
    excluded_ceremony: list[int] = field(default_factory=list)
    excluded_lost: list[int] = field(default_factory=list)
    lost: list[LostShare] = field(default_factory=list)
    nomination: int | None = None
    problem: str | None = None
    appointment_problem: str | None = None
    appointment_missing: str | None = None
    _newest: Proposal | None = None
    _seen: int = 0
    _culprits: dict[bytes, dict[str, tuple[bytes, ...] | None]] = field(default_factory=dict)

    def exclusions(self, tallied: int | None) -> Exclusions:
        """Return the entries that C1 and S1 exclude.

        Args:
            tallied: the entry that made the tally known, behind which no share can be lost; None if there is none.

        """
        found = Exclusions((index, "C1") for index in self.excluded_ceremony)
        found.extend(Exclusions((index, "S1") for index in self.excluded_lost))
        if tallied is not None:
            found.extend(Exclusions((lost.index, "S1") for lost in self.lost if lost.index > tallied))
        return found

    def run(self, source: Source) -> None:
        """Replay proposals, approvals, messages of ceremonies and lost shares in the order of the ledger."""
        scan = self.scan
        codes = (scan.code("ceremony"), scan.code("share-lost"))
        raw_entries = ((index, raw) for index, raw in scan.entries(source, codes))
        events: Iterator[tuple[int, object]] = heapq.merge(
            ((proposal.index, proposal) for proposal in scan.proposals),
            ((approval.index, approval) for approval in scan.approvals),
            raw_entries,
            key=lambda event: event[0],
        )
        for index, event in events:
            try:
                if isinstance(event, Proposal):
                    self._propose(event)
                elif isinstance(event, Approval):
                    self._approve(event)
                elif isinstance(event, bytes):
                    self._take(index, event)
            except BrokenError as error:
                self.problem = f"entry {index}: {error}"
                return

    # --- proposals and approvals -------------------------------------------------------------------------------------

    def _is_state(self, state: str) -> bool:
        return state == self.state or (self.state, state) in _FACTS

    def _propose(self, proposal: Proposal) -> None:
        if proposal.number != self._seen + 1:
            message = f"proposal number {proposal.number} instead of {self._seen + 1}"
            raise RuleError(message)
        row = (proposal.source, proposal.target)
        if row not in ROWS or not self._is_state(proposal.source):
            message = f"a proposal {ascii(row[0])[:20]} -> {ascii(row[1])[:20]} in state {self.state}"
            raise RuleError(message)
        self._seen += 1
        self._newest = proposal
        if proposal.target == "ceremony":
            self._culprits[proposal.entry_hash] = {
                role: None if not runs or runs[-1].ceremony.is_complete else runs[-1].ceremony.culprits()
                for role, runs in self.sessions.items()
            }

    def _approve(self, approval: Approval) -> None:
        proposal = self._newest
        reason = None
        if proposal is None or proposal.entry_hash != approval.proposal:
            reason = "does not name the newest proposal"
        elif any(other is proposal for _, other in self.approved):
            reason = "names a proposal that is approved already"
        elif not self._is_state(proposal.source):
            reason = f"comes in state {self.state}, the proposal is from {proposal.source}"
        elif approval.batch <= proposal.batch:
            reason = "stands in the batch of its proposal"
        elif (proposal.source, proposal.target) == ("closed", "void") and not self._shares_lost():
            reason = "voids a closed election of which enough shares are left"
        if proposal is None or reason is not None:
            message = f"an approval that {reason}"
            raise RuleError(message)
        require_quorum(approval.signatures, self.policy.board_keys, self.policy.board_quorum, "approval")
        statement = make_statement(labels.APPROVAL, self.election + proposal.entry_hash)
        for key, signature in approval.signatures:
            require_valid(key, signature, statement, "approval")
        self.approved.append((approval, proposal))
        if proposal.target == "ceremony":
            self._appoint(approval, proposal)
        self.state = proposal.target
        self.changes.append((approval.index, proposal.target))

    def _shares_lost(self) -> bool:
        runs = self.sessions[TRUSTEE]
        if not runs:
            return False
        session = runs[-1].session
        return len(self.lost) >= len(session.parties) - session.threshold + 1

    # --- appointments and ceremonies ---------------------------------------------------------------------------------

    def _appoint(self, approval: Approval, proposal: Proposal) -> None:
        """Put the sessions of an approved appointment in force; what is wrong with them is V17's matter."""
        try:
            sessions = read_appointment(self.load(proposal.content, "the appointment"), self.election)
        except EvidenceMissingError as error:
            self.appointment_missing = self.appointment_missing or str(error)
            return
        except BrokenError as error:
            self._blame(approval, str(error))
            return
        roles = tuple(session.role for session in sessions)
        whole = (REGISTRAR, TRUSTEE)
        if roles != whole and (proposal.source == "draft" or roles not in ((REGISTRAR,), (TRUSTEE,))):
            self._blame(approval, f"it appoints {', '.join(roles)}")
        for session in sessions:
            runs = self.sessions[session.role]
            try:
                check_session(session, self.policy, f"{session.role}s' session")
                self._check_successor(session, runs, self._culprits[proposal.entry_hash][session.role])
            except BrokenError as error:
                self._blame(approval, str(error))
            if session.parties:
                runs.append(SessionRun(Ceremony(session, self.election, self.backend), approval.index))

    def _check_successor(self, session: Session, runs: list[SessionRun], culprits: tuple[bytes, ...] | None) -> None:
        reason = None
        if session.number != len(runs) + 1:
            reason = f"number {session.number} instead of {len(runs) + 1}"
        elif runs and (culprits is None or runs[-1].ceremony.is_complete):
            reason = "it replaces a complete session"
        elif runs and session.culprits != culprits:
            reason = "its culprits are not those that the session before names"
        if reason is not None:
            message = f"{session.role}s' session: {reason}"
            raise RuleError(message)

    def _blame(self, approval: Approval, reason: str) -> None:
        if self.appointment_problem is None:
            self.appointment_problem = f"appointment approved by entry {approval.index}: {reason}"

    def _take(self, index: int, raw: bytes) -> None:
        value = load_canonical_json(raw)
        if value["kind"] == "share-lost":
            self._take_lost(index, value)
            return
        run: SessionRun | None = None
        try:
            fields = Fields(value, ("kind", "previous", "statement", "signature"), "ceremony")
            statement, signature = fields.base64("statement"), read_signature(fields, "signature")
            run = self._addressed(statement)
            if run is None:
                message = "of no session in force"
                raise RuleError(message)
            run.ceremony.offer(statement, signature)
        except BrokenError:  # rule C1: no effect, and listed
            self.excluded_ceremony.append(index)
            if run is not None:
                run.excluded += 1
            return
        if run.ceremony.is_complete and run.completed is None:
            run.completed = index
            if all(runs and runs[-1].completed is not None for runs in self.sessions.values()):
                self.nomination = index

    def _addressed(self, statement: bytes) -> SessionRun | None:
        """Return the newest session whose id a statement names; what else is wrong with it is for `Ceremony.offer`."""
        for runs in self.sessions.values():
            if runs and b'"session":"%s"' % runs[-1].ceremony.session_id.hex().encode("ascii") in statement:
                return runs[-1]
        return None

    def _take_lost(self, index: int, value: object) -> None:
        """Apply rule S1 of specs/election.md#void."""
        runs = self.sessions[TRUSTEE]
        parties = runs[-1].session.parties if runs else ()
        try:
            fields = Fields(value, ("kind", "previous", "statement", "signature"), "share-lost")
            statement, signature = fields.base64("statement"), read_signature(fields, "signature")
            payload = load_canonical_json(split_statement(statement, labels.SHARE_LOST, "share-lost"))
            inner = Fields(payload, ("election", "trustee"), "share-lost")
            trustee = inner.u32("trustee")
            good = (
                inner.hash("election") == self.election
                and 1 <= trustee <= len(parties)
                and self.state == "closed"
                and all(lost.trustee != trustee for lost in self.lost)
                and is_valid(parties[trustee - 1].key, signature, statement)
            )
        except BrokenError:
            good = False
        if good:
            self.lost.append(LostShare(index, trustee))
        else:
            self.excluded_lost.append(index)

    # --- questions ---------------------------------------------------------------------------------------------------

    def state_at(self, index: int) -> str:
        """Return the state in which an entry stands; facts are not in it, so `closed` may be `tallied`."""
        place = bisect_left(self.changes, (index, ""))
        return self.changes[place - 1][1] if place else "draft"

    def approval_of(self, target: str, source: str | None = None) -> tuple[Approval, Proposal] | None:
        """Return the approval that led to a state and its proposal."""
        for approval, proposal in self.approved:
            if proposal.target == target and source in (None, proposal.source):
                return approval, proposal
        return None

    def newest(self, source: str, target: str) -> Proposal | None:
        """Return the approved proposal of a row, or else the newest logged one."""
        found = self.approval_of(target, source)
        if found is not None:
            return found[1]
        row = (source, target)
        logged = [proposal for proposal in self.scan.proposals if (proposal.source, proposal.target) == row]
        return logged[-1] if logged else None
