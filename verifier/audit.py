# SPDX-License-Identifier: AGPL-3.0-or-later
"""The course of an audit: implements specs/verification.md#verdict and specs/verification.md#order-of-work.

A `Run` holds the evidence and what checks found out for the checks behind them; `run_checks` makes the checks in order.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeVar

from verifier.backend import Backend
from verifier.bodies import BodyRules
from verifier.ceremony import DerivedKeys, Session
from verifier.contents import Certificate, Closing
from verifier.decryptions import DecryptionRules, DrawRules
from verifier.election import ElectionScan, Proposal
from verifier.errors import BrokenError, EncodingError, EvidenceMissingError
from verifier.explanations import Words
from verifier.manifest import Manifest
from verifier.members import Fold
from verifier.notes import Head
from verifier.policy import Policy
from verifier.readiness import ReadinessRules
from verifier.record import Bodies, Record, Source
from verifier.register import Announcement, RegisterScan
from verifier.rulings import Rulings
from verifier.suite import MAX_JSON_BYTES
from verifier.tally import EncryptedTally
from verifier.transitions import Replay
from verifier.workers import Pool

_T = TypeVar("_T")

PASS, FAIL, NOT_CHECKED = "PASS", "FAIL", "NOT CHECKED"
VALID, INVALID, INCOMPLETE = "VALID", "INVALID", "INCOMPLETE"
EXIT_CODES: Final = {VALID: 0, INVALID: 1, INCOMPLETE: 2}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one check ended."""

    check: str
    status: str
    examined: int
    detail: str
    provisional: bool = False
    """Only what an unfinished election cannot have yet is lacking, so checks behind may compute."""


@dataclass(slots=True)
class ContestOutcome:
    """What is known of a contest's result."""

    totals: tuple[int, ...]
    elected: tuple[int, ...]
    drawn: tuple[int, ...]
    margin: int | None


@dataclass(slots=True)
class Run:
    """One audit: the evidence given, and what the checks leave for one another."""

    record: Record
    backend: Backend
    pool: Pool
    policy_bytes: bytes | None = None
    checkpoints: Sequence[tuple[str, bytes]] = ()
    claims: Sequence[tuple[str, bytes]] | None = None
    watched: frozenset[bytes] = frozenset()
    """Hashes of envelopes to look for in the ledger."""
    wanted_sizes: frozenset[int] = frozenset()
    progress: Callable[[str], None] = lambda _: None
    """Called with what is done now; shown on terminals only."""

    examined: int = 0
    pinned: Policy | None = None
    register: RegisterScan | None = None
    election: ElectionScan | None = None
    register_bodies: Bodies | None = None
    election_bodies: Bodies | None = None
    fold: Fold | None = None
    member_signature_problem: str | None = None
    register_heads: list[Head] = field(default_factory=list)
    election_heads: list[Head] = field(default_factory=list)
    announcement: Announcement | None = None
    replay: Replay | None = None
    proposal_heads: dict[int, Head] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    derived: dict[str, DerivedKeys] = field(default_factory=dict)
    lottery_key: bytes | None = None
    roll_body: bytes = b""
    manifest: Manifest | None = None
    extension: int = 0
    readiness: ReadinessRules | None = None
    closing: Closing | None = None
    """Content of the closing that the checks compare with."""
    closing_reason: str = "no closing is proposed yet"
    certificate: Certificate | None = None
    rulings: Rulings | None = None
    bodies: BodyRules | None = None
    tally: EncryptedTally | None = None
    decryptions: DecryptionRules | None = None
    draws: DrawRules | None = None
    early: DecryptionRules | None = None
    """Decryptions before the closing, all excluded."""
    results: list[ContestOutcome] = field(default_factory=list)
    proved_claims: int = 0
    claim_lines: list[str] = field(default_factory=list)
    fork_evidence: list[str] = field(default_factory=list)
    warnings: list[Words] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    _contents: dict[bytes, bytes] = field(default_factory=dict)

    # --- what is there -----------------------------------------------------------------------------------------------

    def saw(self, count: int) -> None:
        """Count examined items of the check that runs now."""
        self.examined += count

    def source(self, name: str) -> Source:
        """Return a file of the record.

        Raises:
            EvidenceMissingError: it is absent.

        """
        source = self.record.sources.get(name)
        if source is None:
            message = f"the file {name} is absent"
            raise EvidenceMissingError(message)
        return source

    @property
    def policy(self) -> Policy:
        """The pinned policy where it is good, otherwise the one inside the record."""
        if self.pinned is not None:
            return self.pinned
        return self.need(self.need(self.register, "the register").policy, "the record's policy")

    @staticmethod
    def need(value: _T | None, what: str) -> _T:
        """Return what an earlier check left.

        Raises:
            EvidenceMissingError: it left nothing.

        """
        if value is None:
            message = f"{what} is not known"
            raise EvidenceMissingError(message)
        return value

    def load_content(self, digest: bytes, what: str) -> bytes:
        """Return the content body that a proposal names.

        Raises:
            EvidenceMissingError: it is missing.
            EncodingError: it is longer than a JSON document may be.

        """
        cached = self._contents.get(digest)
        if cached is None:
            bodies = self.need(self.election_bodies, "the file of bodies")
            size = bodies.size_of(digest)
            if size is None:
                message = f"the body of {what} ({digest.hex()[:16]}..) is missing"
                raise EvidenceMissingError(message)
            if size > MAX_JSON_BYTES:
                message = f"the body of {what} is {size} bytes long"
                raise EncodingError(message)
            cached = bodies.read(digest)
            if len(self._contents) >= _CACHED_CONTENTS:
                self._contents.clear()
            if size <= _CACHED_BYTES:
                self._contents[digest] = cached
        return cached

    @property
    def voting_closes(self) -> int:
        """Last batch of voting, moved by an approved extension."""
        manifest = self.need(self.manifest, "the manifest")
        return manifest.voting_closes + self.extension

    @property
    def closing_proposal(self) -> Proposal | None:
        """The effective closing's proposal, or else the newest proposed."""
        return self.need(self.replay, "the course of the election").newest("voting", "closed")

    @property
    def closing_is_approved(self) -> bool:
        """Tell whether the closing is the effective one."""
        return self.need(self.replay, "the course of the election").approval_of("closed") is not None

    @property
    def certificate_proposal(self) -> Proposal | None:
        """The approved certificate's proposal, or else the newest proposed."""
        return self.need(self.replay, "the course of the election").newest("tallied", "certified")

    @property
    def certificate_is_approved(self) -> bool:
        """Tell whether the certificate is the board's."""
        return self.need(self.replay, "the course of the election").approval_of("certified") is not None

    @contextmanager
    def judging(self, content: str, *, approved: bool) -> Iterator[None]:
        """Judge a proposed content: what is wrong with one that nobody has approved breaks nothing, and is reported.

        Raises:
            EvidenceMissingError: it breaks a rule and is not approved.

        """
        try:
            yield
        except BrokenError as error:
            if approved:
                raise
            message = f"the newest {content} is only proposed, nobody has approved it, and it is wrong: {error}"
            raise EvidenceMissingError(message, provisional=True) from error


_CACHED_CONTENTS: Final = 16
_CACHED_BYTES: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the table of specs/verification.md#checks."""

    id: str
    name: str
    needs: tuple[str, ...]
    function: Callable[[Run], str]
    """Makes the check: returns a detail or raises BrokenError or EvidenceMissingError."""


def run_checks(run: Run, checks: Sequence[Check]) -> list[Outcome]:
    """Make the checks in order; none is PASS unless everything it needs has passed."""
    for check in checks:
        run.progress(f"{check.id} {check.name}")
        run.outcomes[check.id] = _make(run, check)
    return list(run.outcomes.values())


def _make(run: Run, check: Check) -> Outcome:
    unmet = [need for need in check.needs if run.outcomes[need].status != PASS]
    if any(not run.outcomes[need].provisional for need in unmet):
        return Outcome(check.id, NOT_CHECKED, 0, f"needs {', '.join(unmet)}, which did not pass")
    run.examined = 0
    try:
        detail, status, provisional = check.function(run), PASS, False
    except BrokenError as error:
        detail, status, provisional = str(error), FAIL, False
    except EvidenceMissingError as error:
        detail, status, provisional = str(error), NOT_CHECKED, error.provisional
    finally:
        run.pool.drain()
    if unmet and status != NOT_CHECKED:
        # Something before is not final yet, so neither is this: it may report, not decide.
        detail = f"needs {', '.join(unmet)}; so far: {detail}"
        status, provisional = NOT_CHECKED, status == PASS
    return Outcome(check.id, status, run.examined, detail, provisional)


def verdict(outcomes: Sequence[Outcome]) -> str:
    """Return VALID, INVALID or INCOMPLETE; nothing checked is never VALID."""
    statuses = {outcome.status for outcome in outcomes}
    if FAIL in statuses:
        return INVALID
    return VALID if statuses == {PASS} else INCOMPLETE
