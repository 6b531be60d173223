# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks V40 and V41 of specs/verification.md#checks: what other people bring, checkpoints and claims."""

from typing import Final

from verifier.audit import Run
from verifier.claims import check_claim, smallest_margin
from verifier.errors import BrokenError, EvidenceMissingError, RuleError, VerificationError
from verifier.ledger import Scan
from verifier.merkle import Tree, consistency_proof, leaf_hash
from verifier.notes import Checkpoint, log_signature, parse_checkpoint, require_claims

_EMPTY_ROOT: Final = Tree().root()


def check_checkpoints(run: Run) -> str:
    """V40 of specs/verification.md#checks.

    Requirement: "each checkpoint file is of one of the two ledgers, signed by its log, and consistent with it".

    Examined: files.
    """
    register, election = run.need(run.register, "the register"), run.need(run.election, "the ledger")
    announcement, policy = run.need(run.announcement, "the announcement"), run.policy
    ledgers: dict[str, tuple[Scan, bytes, str]] = {
        policy.register_origin: (register, policy.register_key, "register"),
        policy.election_origin(announcement.election): (election, announcement.ledger_key, "election"),
    }
    open_questions: list[str] = []
    for name, data in run.checkpoints:
        try:
            checkpoint = parse_checkpoint(data)
            if checkpoint.origin not in ledgers:
                message = f"it is of another ledger, {ascii(checkpoint.origin)[:120]}"
                raise RuleError(message)
            scan, key, title = ledgers[checkpoint.origin]
            require_claims([log_signature(checkpoint, scan.log_key(key, checkpoint.size))], "checkpoint")
        except BrokenError as error:
            # A file that the log did not sign says nothing about the log: it is no evidence, and no proof of anything.
            open_questions.append(f"{ascii(name)[:80]} is no checkpoint of these ledgers: {error}")
            continue
        run.saw(1)
        if checkpoint.size > scan.count:
            open_questions.append(
                f"{ascii(name)[:80]} covers {checkpoint.size} entries of the {title}, the record {scan.count}"
            )
        elif _root(scan, checkpoint.size) != checkpoint.root:
            run.fork_evidence.extend(_fork_evidence(run, title, checkpoint, scan))
    if run.fork_evidence:
        message = (
            "a fork: the log signed two histories; the evidence is printed below and convinces anyone who knows its key"
        )
        raise VerificationError(message)
    if open_questions:
        raise EvidenceMissingError("; ".join(open_questions))
    return f"{len(run.checkpoints)} files agree with the record"


def _fork_evidence(run: Run, title: str, theirs: Checkpoint, scan: Scan) -> list[str]:
    """Return what convinces somebody who has no record: both notes, and what leads from one size to the other."""
    size = theirs.size
    found = [f"{title}, size {size}: root recomputed from the record {_root(scan, size).hex()}"]
    for note in run.source(f"{title}/checkpoints").frames():
        own = parse_checkpoint(note)
        if own.size < size:
            continue
        if own.size > size:
            leaves = [leaf_hash(entry) for entry in run.source(f"{title}/entries").frames()]
            proof = consistency_proof(leaves[: own.size], size)
            found.append(f"consistency proof from size {size} to {own.size}: {' '.join(h.hex() for h in proof)}")
        return [*found, theirs.note.decode("utf-8", "replace"), note.decode("utf-8", "replace")]
    return [*found, theirs.note.decode("utf-8", "replace")]


def _root(scan: Scan, size: int) -> bytes:
    return scan.roots[size] if size else _EMPTY_ROOT


def check_claims(run: Run) -> str:
    """V41 of specs/verification.md#checks.

    Requirement: "proved claims, twice their number below the smallest margin".

    Examined: claims.
    """
    files = run.claims or ()
    if not files:
        message = "the folder holds no claim"
        raise EvidenceMissingError(message)
    proved: set[bytes] = set()
    for name, data in files:
        run.saw(1)
        try:
            proved.add(check_claim(run, data))
            run.claim_lines.append(f"{ascii(name)[:80]}: proved, the server broke its promise")
        except BrokenError as error:
            run.claim_lines.append(f"{ascii(name)[:80]}: not proved: {error}")
    run.proved_claims = len(proved)
    least = smallest_margin(run)
    words = f"{len(proved)} proved of {len(files)}; smallest margin {'none' if least is None else least}"
    if proved and least is not None and 2 * len(proved) >= least:
        message = f"{words}: broken promises could have changed a seat"
        raise RuleError(message)
    return words
