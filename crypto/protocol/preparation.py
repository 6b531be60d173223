# SPDX-License-Identifier: AGPL-3.0-or-later
"""Contents that anyone recomputes before and during voting: roll, manifest, readiness, extension.

A board member's tool builds them itself and compares; the operator proposes them; both call the same functions here.

Spec: specs/election.md#contents, specs/election.md#extension
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from crypto.errors import ContentMismatch, WrongPhase
from crypto.ledger.checkpoint import Head
from crypto.protocol.contents import RollContent, VotingContent
from crypto.protocol.election import Election
from crypto.protocol.manifest import Contest, ElectionKey, Manifest, RollReference, Schedule
from crypto.protocol.members import Roll
from crypto.sharing.session import REGISTRAR, TRUSTEE
from crypto.signing import PublicKey

MAX_ROLL_HEAD_AGE = 86_400
"""Seconds by which the register's head may be older than the proposal that freezes the roll."""


def build_roll(election: Election, head: Head) -> tuple[RollContent, Roll]:
    """The roll at a head of the register, and the content that proposes it.

    Raises:
        RegisterError: the head does not contain the announcement.
    """
    parties = frozenset(party.key for ceremony in election.ceremonies.values() for party in ceremony.session.parties)
    roll = election.register.roll(election.identifier, head.checkpoint.size, parties)
    reference = RollReference(roll.digest(), roll.root(), len(roll))
    return RollContent(election.identifier, head.checkpoint.size, head.checkpoint.root, reference), roll


def require_fresh(election: Election, head: Head, batch: int) -> None:
    """The head is recent enough for a roll that is proposed in `batch`.

    Raises:
        ContentMismatch.
    """
    oldest = election.announcement.clock.boundary(batch) - MAX_ROLL_HEAD_AGE - election.policy.clock_tolerance
    if head.time < oldest:
        raise ContentMismatch("the roll is frozen at a head of the register that is more than a day old")


def build_manifest(
    election: Election, contests: Sequence[Contest], schedule: Schedule, promise_key: PublicKey
) -> Manifest:
    """The manifest for contests and times that people decided; everything else comes from the ledger.

    Raises:
        WrongPhase: the roll is not frozen, or the ceremonies are not over.
        InvalidManifest, UnsafeText.
    """
    approved = election.approved.get("roll")
    if approved is None or election.keys.keys() < {REGISTRAR, TRUSTEE}:
        raise WrongPhase("a manifest needs a frozen roll and both keys")
    announcement = election.announcement
    return Manifest(
        election=election.identifier,
        title=dict(announcement.title),
        languages=tuple(sorted(announcement.title)),
        contests=tuple(contests),
        roll=RollContent.from_bytes(approved.content).roll,
        issuing=ElectionKey.from_derived(election.keys[REGISTRAR]),
        tally=ElectionKey.from_derived(election.keys[TRUSTEE]),
        promise_key=promise_key,
        clock=announcement.clock,
        schedule=schedule,
    )


def require_registered_keys(election: Election, manifest: bytes, head: Head) -> None:
    """The register records this manifest with the election's two keys, before `head` ends.

    Raises:
        ContentMismatch.
    """
    keys = election.register.election_keys.get(election.identifier)
    if keys is None or keys.index >= head.checkpoint.size:
        raise ContentMismatch("the register does not record the election's keys under that head")
    issuing = ElectionKey.from_derived(election.keys[REGISTRAR]).key
    tally = ElectionKey.from_derived(election.keys[TRUSTEE]).key
    if (keys.manifest, keys.issuing_key, keys.tally_key) != (manifest, issuing, tally):
        raise ContentMismatch("the register records another manifest or other keys for this election")


def build_voting(election: Election, before: int) -> VotingContent:
    """Who was ready before entry `before`."""
    manifest = election.manifest_digest
    return VotingContent(
        election.identifier,
        manifest,
        election.ready(REGISTRAR, manifest, before),
        election.ready(TRUSTEE, manifest, before),
    )


def extension_allowance(election: Election, heads: Sequence[Head], until: int) -> int:
    """Batches by which outages during voting allow to extend it, before the cap.

    Args:
        heads: of the election's ledger, ascending by size. One that is lacking can hide an outage, and make none.
        until: number of the batch in which the extension is proposed; what comes later does not count.
    """
    manifest, ledger = election.require_manifest(), election.ledger
    first, last = manifest.schedule.voting_opens - 1, min(manifest.schedule.voting_closes + 1, until)
    # A batch between two heads proves that the log ran, whichever heads somebody kept.
    neighbours = frozenset(pairwise(ledger.batches))
    lost = 0
    for head, following in pairwise(heads):
        batch, next_batch = (ledger.last_batch(each.checkpoint.size) for each in (head, following))
        duration = following.time - head.time
        during = first <= batch and next_batch <= last and (batch, next_batch) in neighbours
        if during and duration > manifest.schedule.gap:
            lost += duration - manifest.clock.interval
    return max(0, lost) // manifest.clock.interval
