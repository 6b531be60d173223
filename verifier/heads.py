# SPDX-License-Identifier: AGPL-3.0-or-later
"""A ledger's heads and their times: implements specs/ledger.md#checkpoints and specs/record.md#record (Heads)."""

import contextlib

from verifier.errors import EncodingError, EvidenceMissingError, RuleError, VerificationError
from verifier.ledger import Scan
from verifier.notes import Checkpoint, Head, cosignatures, log_signature, parse_checkpoint, require_claims
from verifier.policy import Clock, Policy
from verifier.record import Source
from verifier.workers import Pool, SignatureQueue


def sizes_in(source: Source) -> frozenset[int]:
    """Return the sizes that the readable notes of a file of checkpoints name, so that their roots can be computed."""
    sizes: set[int] = set()
    # V05 and V12 read every note again and say what is wrong with it; V02 says it of the framing.
    with contextlib.suppress(EncodingError):
        for note in source.frames():
            with contextlib.suppress(EncodingError):
                sizes.add(parse_checkpoint(note).size)
    return frozenset(sizes)


def origins_in(source: Source) -> list[str]:
    """Return the origins of all notes of a file, in order."""
    return [parse_checkpoint(note).origin for note in source.frames()]


def check_place(checkpoint: Checkpoint, scan: Scan, where: str) -> None:
    """Check that a checkpoint ends a batch of a ledger that covers it, and has the recomputed root.

    Raises:
        RuleError: its size ends no batch.
        VerificationError: its root is not the tree's.

    """
    if not scan.is_batch_end(checkpoint.size):
        message = f"{where}: size {checkpoint.size} is not the end of a batch"
        raise RuleError(message)
    if scan.roots.get(checkpoint.size) != checkpoint.root:
        message = f"{where}: the root for size {checkpoint.size} is not the one recomputed from the entries"
        raise VerificationError(message)


def check_heads(source: Source, scan: Scan, origin: str, first_key: bytes, policy: Policy, pool: Pool) -> list[Head]:
    """Check every head of a ledger (V05, V12) and return them in order.

    Raises:
        BrokenError: a note is malformed, of another origin, not rising, not at the end of a batch, with another root,
        not
            signed by the log's key in force, or without a quorum of cosignatures.
        EvidenceMissingError: no head, or the last does not cover exactly the entries that are there.

    """
    queue = SignatureQueue(pool)
    heads: list[Head] = []
    beyond: int | None = None
    for number, note in enumerate(source.frames()):
        checkpoint = parse_checkpoint(note)
        where = f"{source.name} {number}"
        if checkpoint.origin != origin:
            message = f"{where}: its origin is {ascii(checkpoint.origin)[:120]}"
            raise RuleError(message)
        if heads and checkpoint.size <= heads[-1].size:
            message = f"{where}: size {checkpoint.size} does not rise"
            raise RuleError(message)
        claims, time = cosignatures(checkpoint, policy)
        claims.append(log_signature(checkpoint, scan.log_key(first_key, checkpoint.size)))
        if checkpoint.size > scan.count:
            require_claims(claims, where)
            beyond = checkpoint.size
            break
        check_place(checkpoint, scan, where)
        for claim in claims:
            queue.add(claim, where)
        heads.append(Head(checkpoint.size, checkpoint.root, time, scan.batch_of(checkpoint.size - 1)))
    queue.finish()
    if queue.problem is not None:
        raise VerificationError(queue.problem)
    _require_cover(heads, beyond, scan)
    return heads


def _require_cover(heads: list[Head], beyond: int | None, scan: Scan) -> None:
    """Require that heads cover exactly the entries."""
    if beyond is not None:
        message = f"a head covers {beyond} entries, but only {scan.count} are there"
        raise EvidenceMissingError(message)
    if not heads:
        message = "there is no head"
        raise EvidenceMissingError(message)
    if heads[-1].size < scan.count:
        message = f"the last head covers {heads[-1].size} of {scan.count} entries"
        raise EvidenceMissingError(message)


def check_times(heads: list[Head], clock: Clock, tolerance: int) -> None:
    """Check that heads are not earlier than their last batch, and that time does not fall (V06, V13).

    Raises:
        RuleError: a head more than the tolerance (seconds) too early.

    """
    latest = 0
    for head in heads:
        if head.time + tolerance < clock.boundary(head.batch):
            message = f"head of size {head.size} is from {head.time}, before its batch {head.batch} began"
            raise RuleError(message)
        if head.time + tolerance < latest:
            message = (
                f"head of size {head.size} is from {head.time}, {latest - head.time} seconds before an earlier head"
            )
            raise RuleError(message)
        latest = max(latest, head.time)
