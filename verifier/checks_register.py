# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks V01 to V09 and V11 of specs/verification.md#checks: policy, files and the register."""

from verifier.audit import Run
from verifier.ceremony import Ceremony
from verifier.contents import roll_reference
from verifier.contest import ElectionContext
from verifier.election import ElectionScan
from verifier.encoding import Fields, load_canonical_json
from verifier.errors import BrokenError, EncodingError, EvidenceMissingError, RuleError, VerificationError
from verifier.hashing import sha256
from verifier.heads import check_heads, check_times, origins_in, sizes_in
from verifier.ledger import KEY_CHANGED, Scan
from verifier.manifest import parse_manifest
from verifier.members import Fold
from verifier.policy import Policy, load_safe_policy
from verifier.record import FILES, Bodies
from verifier.register import RegisterScan
from verifier.signatures import read_signature, require_quorum, require_valid
from verifier.workers import SignatureQueue


def check_policy(run: Run) -> str:
    """V01 of specs/verification.md#checks.

    Requirement: "the policy file is well formed and none of the refused".

    Examined: keys of the file.
    """
    if run.policy_bytes is None:
        message = (
            "no policy was given, so nothing says whom to trust: ask people you trust for the policy file (--policy)"
        )
        raise EvidenceMissingError(message)
    policy = load_safe_policy(run.policy_bytes)
    run.pinned = policy
    run.saw(len(policy.role_keys()))
    return f"fingerprint {policy.fingerprint.hex()}"


def check_files(run: Run) -> str:
    """V02 of specs/verification.md#checks.

    Requirement: "the record has exactly its files, framing ends with each file, no body is unnamed".

    Examined: files of the record.
    """
    record = run.record
    if record.broken is not None:
        raise EncodingError(record.broken)
    if record.missing:
        message = f"absent: {', '.join(record.missing)}"
        raise EvidenceMissingError(message)
    register, election = run.source("register/entries"), run.source("election/entries")
    sizes = {name: sizes_in(run.source(name)) for name in ("register/checkpoints", "election/checkpoints")}
    for name in sizes:
        for _ in run.source(name).frames():
            pass
    run.register = RegisterScan(sizes["register/checkpoints"] | run.wanted_sizes)
    run.register.run(register)
    run.progress("entries of the election")
    run.election = ElectionScan(sizes["election/checkpoints"] | run.wanted_sizes, run.watched)
    run.election.run(election)
    for scan in (run.register, run.election):
        if scan.framing_problem is not None:
            raise EncodingError(scan.framing_problem)
    run.register_bodies = Bodies(run.source("register/bodies"))
    run.election_bodies = Bodies(run.source("election/bodies"))
    notes = [
        *_name_bodies(run.register, run.register_bodies, "register/bodies", _register_references(run.register)),
        *_name_bodies(run.election, run.election_bodies, "election/bodies", _election_references(run)),
        *_check_slots(run),
    ]
    run.saw(len(FILES))
    counts = f"{len(run.register_bodies)} and {len(run.election_bodies)} bodies"
    return "; ".join([f"{run.register.count} and {run.election.count} entries, {counts}", *notes])


def _register_references(scan: RegisterScan) -> list[tuple[str, bytes]]:
    return [("standing-key", digest) for digest in scan.references]


def _election_references(run: Run) -> list[tuple[str, bytes]]:
    return [] if run.election is None else run.election.references


def _name_bodies(scan: Scan, bodies: Bodies, name: str, references: list[tuple[str, bytes]]) -> list[str]:
    """Give each body of a file to the entry that names it first (specs/record.md#record, Bodies)."""
    seen: set[bytes] = set()

    def resolve(digest: bytes) -> bool:
        if digest in seen:
            return False
        seen.add(digest)
        bodies.resolve(digest)
        return bodies.size_of(digest) is not None

    for kind, digest in references:
        if resolve(digest) and kind == "proposal":
            roll = roll_reference(bodies, digest)
            if roll is not None:
                resolve(roll)
    unnamed = len(bodies) - bodies.resolved
    if not unnamed:
        return []
    if scan.problem is None:
        message = f"{name}: body {bodies.resolved} is not the next that an entry names ({unnamed} left over)"
        raise EncodingError(message)
    # The ledger is broken at some entry (V03 or V10 says where), so what later entries name is not known.
    return [f"{name}: {unnamed} bodies could not be given to entries after the broken one"]


def layout(run: Run) -> ElectionContext | None:
    """Return what fixes the size of a slot: the approved manifest, or before that the newest proposed, if it is
    readable.
    """
    scan = run.election
    if scan is None or scan.opening is None:
        return None
    proposed = [p for p in scan.proposals if (p.source, p.target) == ("roll-frozen", "issuing")]
    named = {approval.proposal for approval in scan.approvals}
    approved = [proposal for proposal in proposed if proposal.entry_hash in named]
    for proposal in (approved or proposed)[-1:]:
        try:
            return parse_manifest(run.load_content(proposal.content, "the manifest")).context()
        except (BrokenError, EvidenceMissingError):
            return None  # V21 says why
    return None


def _check_slots(run: Run) -> list[str]:
    scan = run.need(run.election, "the election's ledger")
    ballots = run.source("election/ballots")
    if scan.problem is not None:
        return []
    context = layout(run)
    proposed = any((p.source, p.target) == ("roll-frozen", "issuing") for p in scan.proposals)
    if context is None and proposed:
        return ["the manifest is not readable, so the slots of ballots could not be measured"]
    expected = scan.slots * context.body_bytes if context is not None else 0
    if ballots.size != expected:
        message = f"election/ballots has {ballots.size} bytes; {scan.slots} well-formed ballots need {expected}"
        raise EncodingError(message)
    return []


def check_entries(scan: Scan, run: Run) -> str:
    """Make V03 or V10: structure of every entry of a ledger."""
    run.saw(scan.count)
    if scan.problem is not None:
        raise EncodingError(scan.problem)
    if not scan.count:
        message = "the ledger has no entries"
        raise EvidenceMissingError(message)
    return f"{len(scan.batch_numbers)} batches, {scan.gaps} numbers left out"


def check_register_entries(run: Run) -> str:
    """V03 of specs/verification.md#checks.

    Requirement: "each entry of the register is canonical, of a known kind with its members, names the hash before
    it; batch numbers rise".

    Examined: entries.
    """
    return check_entries(run.need(run.register, "the register"), run)


def check_register_policy(run: Run) -> str:
    """V04 of specs/verification.md#checks.

    Requirement: "entry 0 holds the pinned policy".

    Examined: entry 0.
    """
    if run.pinned is None:
        message = "no policy was given"
        raise EvidenceMissingError(message)
    inside = run.need(run.need(run.register, "the register").policy, "the record's policy")
    run.saw(1)
    if inside.fingerprint != run.pinned.fingerprint:
        message = f"the register was begun under another policy, {inside.fingerprint.hex()}"
        raise VerificationError(message)
    return "the register was begun under the given policy"


def check_key_changes(scan: Scan, origin: str, first_key: bytes, policy: Policy) -> int:
    """Check that changes of a log's key are signed by the board and use a new key; return how many there are.

    Raises:
        BrokenError: another origin, no quorum, a bad signature, a key that the policy or the log used before.

    """
    used = {first_key, *(key for _, key in policy.role_keys())}
    for change in scan.key_changes:
        where = f"entry {change.index}: {KEY_CHANGED}"
        if change.origin != origin:
            message = f"{where}: it is for {ascii(change.origin)[:120]}"
            raise RuleError(message)
        if change.key in used:
            message = f"{where}: the new key was used before"
            raise RuleError(message)
        used.add(change.key)
        require_quorum(change.signatures, policy.board_keys, policy.board_quorum, where)
        for key, signature in change.signatures:
            require_valid(key, signature, change.statement, where)
    return len(scan.key_changes)


def check_register_heads(run: Run) -> str:
    """V05 of specs/verification.md#checks.

    Requirement: "each head of the register: root recomputed, log signature, quorum of cosignatures, at the end of a
    batch; the last covers all entries".

    Examined: heads.
    """
    scan, policy = run.need(run.register, "the register"), run.policy
    changes = check_key_changes(scan, policy.register_origin, policy.register_key, policy)
    source = run.source("register/checkpoints")
    run.register_heads = check_heads(source, scan, policy.register_origin, policy.register_key, policy, run.pool)
    run.saw(len(run.register_heads))
    return f"the last covers {run.register_heads[-1].size} entries; {changes} changes of the log's key"


def check_register_times(run: Run) -> str:
    """V06 of specs/verification.md#checks.

    Requirement: "no head is more than the tolerance earlier than the boundary of its last batch; times of heads do
    not fall by more than the tolerance".

    Examined: heads.
    """
    check_times(run.register_heads, run.policy.clock, run.policy.clock_tolerance)
    run.saw(len(run.register_heads))
    return f"from {run.register_heads[0].time} to {run.register_heads[-1].time} (Unix seconds)"


def fold_register(run: Run, size: int, *, verify: bool) -> tuple[Fold, SignatureQueue, SignatureQueue]:
    """Fold the register's entries below ``size``; collect signatures of board and panel, and of members, where asked.

    Raises:
        BrokenError: a statement of the board or the panel breaks a rule.

    """
    scan = run.need(run.register, "the register")
    statements, members = SignatureQueue(run.pool), SignatureQueue(run.pool)

    def collect(key: bytes, signature: bytes, statement: bytes, where: str, member: bool) -> None:  # noqa: FBT001
        if verify:
            (members if member else statements).add((key, signature, statement), where)

    fold = Fold(run.policy, run.backend, collect)
    changes = {change.index: change for change in scan.key_changes}
    skipped = {scan.code("register"), scan.batch_code}
    codes = [code for code in range(len(scan.KINDS)) if code not in skipped]
    for index, raw in scan.entries(run.source("register/entries"), codes):
        if index >= size:
            break
        try:
            if index in changes:
                fold.take_key_change(changes[index].key)
            else:
                fold.take(index, scan.KINDS[scan.kinds[index]], raw, scan.batch_of(index))
        except BrokenError as error:
            message = f"entry {index}: {error}"
            raise type(error)(message) from error
    return fold, statements, members


def check_register_statements(run: Run) -> str:
    """V07 of specs/verification.md#checks.

    Requirement: "every statement of the board and the panel: label, members, sequence, quorum, the rules of its
    kind but for keys of elections".

    Examined: statements of board and panel.
    """
    fold, statements, members = fold_register(run, run.need(run.register, "the register").count, verify=True)
    statements.finish()
    members.finish()
    run.saw(fold.statements)
    if statements.problem is not None:
        raise VerificationError(statements.problem)
    run.fold = fold
    run.member_signature_problem = members.problem
    return (
        f"{len(fold.announcements)} elections announced, {len(fold.reviewers)} reviewers, a panel of {len(fold.panel)}"
    )


def check_register_members(run: Run) -> str:
    """V08 of specs/verification.md#checks.

    Requirement: "every admission by two listed reviewers of different organisations; members, cases, keys new;
    every change of a member by those entitled, in time".

    Examined: entries about members.
    """
    fold = run.need(run.fold, "the register's state")
    run.saw(fold.member_entries)
    if fold.member_problem is not None:
        raise RuleError(fold.member_problem)
    if run.member_signature_problem is not None:
        raise VerificationError(run.member_signature_problem)
    if not fold.members.count:
        message = "nobody was admitted"
        raise EvidenceMissingError(message)
    return f"{fold.members.count} members admitted"


def check_lottery_key(run: Run) -> str:
    """V09 of specs/verification.md#checks.

    Requirement: "the standing key's ceremony is complete and gives its key".

    Examined: messages of the ceremony.
    """
    fold = run.need(run.fold, "the register's state")
    if fold.standing is None:
        message = "the register has no standing key"
        raise EvidenceMissingError(message)
    bodies = run.need(run.register_bodies, "the register's bodies")
    if bodies.size_of(fold.standing.transcript) is None:
        message = "the transcript of the standing key is missing"
        raise EvidenceMissingError(message)
    scope = sha256(run.policy.register_origin.encode("ascii"))
    ceremony = Ceremony(fold.standing.session, scope, run.backend)
    transcript = Fields(load_canonical_json(bodies.read(fold.standing.transcript)), ("messages",), "transcript")
    for number, item in enumerate(transcript.array("messages")):
        message_fields = Fields(item, ("signature", "statement"), f"transcript message {number}")
        ceremony.offer(message_fields.base64("statement"), read_signature(message_fields, "signature"))
        run.saw(1)
    if ceremony.derive_keys().key != fold.standing.key:
        message = "the ceremony gives another key than the register names"
        raise VerificationError(message)
    run.lottery_key = fold.standing.key
    session = fold.standing.session
    return f"{session.threshold} of {len(session.parties)} holders"


def check_announcement(run: Run) -> str:
    """V11 of specs/verification.md#checks.

    Requirement: "the election of the ledger's entry 0 is announced exactly once; the ledger's heads have its
    origin".

    Examined: the announcement and the heads.
    """
    fold = run.need(run.fold, "the register's state")
    opening = run.need(run.need(run.election, "the election's ledger").opening, "the opening")
    announcement = fold.announcements.get(opening.election)
    if announcement is None:
        message = f"the register announces no election {opening.election.hex()}"
        raise RuleError(message)
    expected = run.policy.election_origin(opening.election)
    origins = origins_in(run.source("election/checkpoints"))
    for number, origin in enumerate(origins):
        if origin != expected:
            message = f"election/checkpoints {number} has the origin {ascii(origin)[:120]} instead of {expected}"
            raise RuleError(message)
    run.announcement = announcement
    run.saw(1 + len(origins))
    return f"election {opening.election.hex()}, announced by entry {announcement.index} of the register"
