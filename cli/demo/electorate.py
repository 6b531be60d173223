# SPDX-License-Identifier: AGPL-3.0-or-later
"""The members' clients of a demonstration, many at a time: pure functions that run in worker processes.

Members' secrets are plain bytes here because they cross to a process of our own; a real client holds one member's.

Spec: specs/credential.md#request, specs/ballot.md#envelope
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from cli.demo.voters import Choice
from crypto.group import decode_g1
from crypto.proofs.contest_prover import ContestProver
from crypto.protocol.manifest import Manifest, parse_manifest
from crypto.roles.member import Member
from crypto.secret import Secret
from crypto.signing import SigningKey

MANY_BALLOTS = 2_000
"""From so many ballots on larger tables pay."""


@dataclass(frozen=True, slots=True)
class MemberSecrets:
    """What a member's client is made of: id, seed of the member key, voting secret."""

    identifier: bytes
    seed: bytes
    voting_secret: bytes

    def client(self) -> Member:
        """The client."""
        return Member(self.identifier, SigningKey(Secret(self.seed)), Secret(self.voting_secret))

    def __repr__(self) -> str:
        return f"MemberSecrets(identifier={self.identifier.hex()})"


@dataclass(frozen=True, slots=True)
class RequestTask:
    """Members who ask for a credential."""

    election: bytes
    members: tuple[MemberSecrets, ...]


def make_requests(task: RequestTask) -> list[tuple[bytes, bytes]]:
    """Statement and signature of each member's request."""
    requests = [member.client().request(task.election) for member in task.members]
    return [(request.statement, request.signature) for request in requests]


@dataclass(frozen=True, slots=True)
class BallotOrder:
    """One ballot to make: whose, from which partial signatures, after which envelope, with which marks.

    Args:
        partial: partial signatures by registrar.
        sequence, last: of the newest envelope; 0 and zeros for the first.
        challenge: marks of a ballot that is opened before.
    """

    member: MemberSecrets
    partial: tuple[tuple[int, bytes], ...]
    sequence: int
    last: bytes
    choice: Choice
    challenge: Choice | None


@dataclass(frozen=True, slots=True)
class BallotOrders:
    """A chunk of ballots to make under one manifest."""

    manifest: bytes
    window: int
    orders: tuple[BallotOrder, ...]


@dataclass(frozen=True, slots=True)
class MadeBallot:
    """A cast ballot, and the opening of a challenged one with the hash that its voter noted."""

    statement: bytes
    signature: bytes
    body: bytes
    opening: bytes | None
    noted: bytes | None


def make_ballots(task: BallotOrders) -> list[MadeBallot]:
    """Credential, encryption, perhaps a challenge, envelope: for each order."""
    manifest = _manifest(task.manifest)
    prover = _prover(manifest.tally.key, task.window)
    return [_make(order, manifest, prover) for order in task.orders]


def _make(order: BallotOrder, manifest: Manifest, prover: ContestProver) -> MadeBallot:
    member = order.member.client()
    credential = member.credential(manifest, dict(order.partial))
    voter = member.voter(manifest, credential, prover)
    if order.sequence:
        voter.resume(order.sequence, order.last)
    opening = noted = None
    if order.challenge is not None:
        tested = voter.prepare(order.challenge)
        noted = tested.digest()
        opening = voter.challenge(tested).to_bytes()
    cast = voter.cast(voter.prepare(order.choice))
    return MadeBallot(cast.signed.envelope.statement, cast.signed.signature, cast.body, opening, noted)


@lru_cache(maxsize=2)
def _manifest(data: bytes) -> Manifest:
    return parse_manifest(data)


@lru_cache(maxsize=2)
def _prover(tally_key: bytes, window: int) -> ContestProver:
    return ContestProver(decode_g1(tally_key), window)


def window_for(ballots: int) -> int:
    """Bits of the digits of the prover's tables."""
    return 12 if ballots >= MANY_BALLOTS else 8
