# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks V10 and V12 to V19 of specs/verification.md#checks: the election's ledger, its course, its key ceremonies."""

from verifier.audit import Run
from verifier.ceremony import REGISTRAR, TRUSTEE
from verifier.checks_register import check_entries, check_key_changes
from verifier.errors import EvidenceMissingError, RuleError, VerificationError
from verifier.heads import check_heads, check_place, check_times
from verifier.notes import Checkpoint, Head, cosignatures, log_signature
from verifier.transitions import Replay
from verifier.workers import SignatureQueue


def check_election_entries(run: Run) -> str:
    """V10 of specs/verification.md#checks.

    Requirement: "as V03 for the election's ledger; structural entries have their members".

    Examined: entries.
    """
    return check_entries(run.need(run.election, "the election's ledger"), run)


def check_election_heads(run: Run) -> str:
    """V12 of specs/verification.md#checks.

    Requirement: "as V05, with the log key in force for each size, and changes of it signed by the board, to a new
    key".

    Examined: heads.
    """
    scan = run.need(run.election, "the election's ledger")
    announcement, policy = run.need(run.announcement, "the announcement"), run.policy
    origin = policy.election_origin(announcement.election)
    changes = check_key_changes(scan, origin, announcement.ledger_key, policy)
    source = run.source("election/checkpoints")
    run.election_heads = check_heads(source, scan, origin, announcement.ledger_key, policy, run.pool)
    run.saw(len(run.election_heads))
    return f"the last covers {run.election_heads[-1].size} entries; {changes} changes of the log's key"


def check_election_times(run: Run) -> str:
    """V13 of specs/verification.md#checks.

    Requirement: "as V06".

    Examined: heads.
    """
    clock = run.need(run.announcement, "the announcement").clock
    check_times(run.election_heads, clock, run.policy.clock_tolerance)
    run.saw(len(run.election_heads))
    return f"from {run.election_heads[0].time} to {run.election_heads[-1].time} (Unix seconds)"


def check_order(run: Run) -> str:
    """V14 of specs/verification.md#checks.

    Requirement: "order within every batch".

    Examined: entries.
    """
    scan = run.need(run.election, "the election's ledger")
    run.saw(scan.count)
    if scan.order_problem is not None:
        raise RuleError(scan.order_problem)
    return f"{len(scan.batch_numbers)} batches"


def check_transitions(run: Run) -> str:
    """V15 of specs/verification.md#checks.

    Requirement: "numbers, rows and states of proposals; each approval names the newest, in a later batch, by a
    quorum of the board and nobody else".

    Examined: proposals and approvals.
    """
    scan = run.need(run.election, "the election's ledger")
    election = run.need(scan.opening, "the opening").election
    replay = Replay(scan, election, run.policy, run.backend, run.load_content)
    replay.run(run.source("election/entries"))
    run.saw(len(scan.proposals) + len(scan.approvals))
    if replay.problem is not None:
        raise RuleError(replay.problem)
    run.replay = replay
    if not replay.approved:
        message = "nothing is approved yet"
        raise EvidenceMissingError(message)
    return f"state {replay.state} after {len(replay.approved)} approvals"


def check_register_references(run: Run) -> str:
    """V16 of specs/verification.md#checks.

    Requirement: "the register head in `opening` and in each proposal is a head of this register, none older than
    the one before, the first contains the announcement".

    Examined: register heads named in the election's ledger.
    """
    scan, register = run.need(run.election, "the election's ledger"), run.need(run.register, "the register")
    opening = run.need(scan.opening, "the opening")
    policy, fold = run.policy, run.need(run.fold, "the register's state")
    announcement = fold.announcements.get(opening.election)
    queue = SignatureQueue(run.pool)
    last = 0
    named = [(0, opening.register_head), *((proposal.index, proposal.register_head) for proposal in scan.proposals)]
    for index, note in named:
        where = f"entry {index}: its head of the register"
        if note.origin != policy.register_origin:
            message = f"{where} has the origin {ascii(note.origin)[:120]}"
            raise RuleError(message)
        if note.size < last:
            message = f"{where} has size {note.size}, older than {last}"
            raise RuleError(message)
        if announcement is None or note.size <= announcement.index:
            message = f"{where} does not contain the announcement"
            raise RuleError(message)
        claims, time = cosignatures(note, policy)
        claims.append(log_signature(note, register.log_key(policy.register_key, note.size)))
        for claim in claims:
            queue.add(claim, where)
        if note.size > register.count:
            message = f"{where} covers {note.size} entries, but the register of the record ends at {register.count}"
            raise EvidenceMissingError(message)
        check_place(note, register, where)
        run.proposal_heads[index] = _head(note, time, register.batch_of(note.size - 1))
        last = note.size
        run.saw(1)
    queue.finish()
    if queue.problem is not None:
        raise VerificationError(queue.problem)
    return f"the newest has size {last}"


def _head(note: Checkpoint, time: int, batch: int) -> Head:
    return Head(note.size, note.root, time, batch)


def check_appointments(run: Run) -> str:
    """V17 of specs/verification.md#checks.

    Requirement: "the sessions of each approved appointment: thresholds, distinct parties, culprits as named by the
    session before".

    Examined: sessions.
    """
    replay = run.need(run.replay, "the course of the election")
    run.saw(sum(len(runs) for runs in replay.sessions.values()))
    if replay.appointment_problem is not None:
        raise RuleError(replay.appointment_problem)
    if replay.appointment_missing is not None:
        raise EvidenceMissingError(replay.appointment_missing)
    if replay.approval_of("ceremony") is None:
        message = "no appointment is approved"
        raise EvidenceMissingError(message)
    run.sessions = {role: runs[-1].session for role, runs in replay.sessions.items()}
    parts = [f"{role}s {s.threshold} of {len(s.parties)}, session {s.number}" for role, s in run.sessions.items()]
    return "; ".join(parts)


def _check_ceremony(run: Run, role: str) -> str:
    replay = run.need(run.replay, "the course of the election")
    newest = replay.sessions[role][-1]
    run.saw(sum(session.ceremony.accepted for session in replay.sessions[role]))
    for proposal in replay.scan.proposals:
        # The fact "nomination" (specs/election.md#transitions): both newest sessions complete before, and not after.
        if proposal.source == "nomination" and (newest.completed is None or newest.completed > proposal.index):
            message = f"proposal {proposal.number} leaves the ceremony, which is not complete for the {role}s"
            raise RuleError(message)
        over = replay.nomination is not None and replay.nomination < proposal.index
        if proposal.source == "ceremony" and over:
            message = f"proposal {proposal.number} is from `ceremony`, but both ceremonies were complete"
            raise RuleError(message)
    if newest.completed is None:
        message = f"the {role}s' ceremony is not over: round {newest.ceremony.round}"
        raise EvidenceMissingError(message)
    run.derived[role] = newest.ceremony.derive_keys()
    excluded = sum(session.excluded for session in replay.sessions[role])
    return f"complete at entry {newest.completed}; {excluded} messages excluded by C1"


def check_issuing_ceremony(run: Run) -> str:
    """V18 of specs/verification.md#checks.

    Requirement: "the newest session of the registrars is complete before the state leaves `ceremony`; messages
    excluded by C1 are recomputed".

    Examined: accepted messages.
    """
    return _check_ceremony(run, REGISTRAR)


def check_tally_ceremony(run: Run) -> str:
    """V19 of specs/verification.md#checks.

    Requirement: "likewise for the trustees".

    Examined: accepted messages.
    """
    return _check_ceremony(run, TRUSTEE)
