# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ballot bodies: making them, decoding them, and verifying many at once.

Spec: specs/ballot.md#body
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crypto.elgamal.ciphertext import CiphertextSum
from crypto.encoding.binary import u32
from crypto.errors import CryptoError, EncodingError
from crypto.group import G1_IDENTITY, Scalar, UnclearedPoint, decode_g1, decode_uncleared, encode_uncleared
from crypto.hashing import Hedge, sha256
from crypto.proofs import contest_verifier
from crypto.proofs.contest import BallotContext, Shape
from crypto.proofs.contest_prover import ContestProver
from crypto.proofs.contest_verifier import ContestProof
from crypto.secret import Secret
from crypto.suite import G1_UNCOMPRESSED_BYTES

Marks = Sequence[Sequence[int]]
"""For each contest, 0 or 1 for each option."""


@dataclass(frozen=True, slots=True)
class PreparedBallot:
    """An encrypted ballot before the voter decides to cast or to challenge it.

    Args:
        body: goes to the server if cast.
        randomness: r for each contest and option: opens the ballot if challenged, and is forgotten if cast.
    """

    context: BallotContext
    body: bytes
    marks: Secret[tuple[tuple[int, ...], ...]]
    randomness: Secret[tuple[tuple[Scalar, ...], ...]]

    def digest(self) -> bytes:
        """SHA-256 of the body: what is shown and noted before the choice."""
        return sha256(self.body)


def encrypt_ballot(
    prover: ContestProver,
    context: BallotContext,
    shapes: Sequence[Shape],
    marks: Marks,
    secret: Secret[bytes],
    attempt: int,
) -> PreparedBallot:
    """Encrypt and prove every contest, with randomness that is never used twice.

    Args:
        secret: of the voter; hedges against a weak generator.
        attempt: a number that never repeats for this pseudonym and sequence.

    Raises:
        ValueError: marks that the contests do not allow.
    """
    if len(marks) != len(shapes):
        raise ValueError(f"marks for {len(marks)} contests, there are {len(shapes)}")
    flat = bytes(mark for contest in marks for mark in contest)
    where = context.manifest + context.election + context.pseudonym + u32(context.sequence)
    hedge = Hedge(secret, where + u32(attempt) + flat)
    contests = [
        prover.encrypt(context, index, shape, chosen, hedge)
        for index, (shape, chosen) in enumerate(zip(shapes, marks, strict=True))
    ]
    return PreparedBallot(
        context,
        b"".join(contest.data for contest in contests),
        Secret(tuple(tuple(contest) for contest in marks)),
        Secret(tuple(contest.randomness.reveal() for contest in contests)),
    )


def decode_body(
    body: bytes, context: BallotContext, shapes: Sequence[Shape], tally_key: bytes
) -> tuple[ContestProof, ...]:
    """The contests of a body, decoded but not verified.

    Raises:
        EncodingError, InvalidProof: length, a point, a scalar, or a challenge that is zero.
    """
    if len(body) != sum(shape.byte_length for shape in shapes):
        raise EncodingError(f"a ballot body of {len(body)} bytes; this election's have another length")
    key = decode_g1(tally_key)
    proofs, start = [], 0
    for index, shape in enumerate(shapes):
        end = start + shape.byte_length
        proofs.append(contest_verifier.decode(body[start:end], context, index, shape, key))
        start = end
    return tuple(proofs)


def verify_body(body: bytes, context: BallotContext, shapes: Sequence[Shape], tally_key: bytes) -> None:
    """One body, by the normative single equations.

    Raises:
        EncodingError, InvalidProof: rule B10.
    """
    key = decode_g1(tally_key)
    for proof in decode_body(body, context, shapes, tally_key):
        contest_verifier.verify(proof, key)


@dataclass(frozen=True, slots=True)
class BodyTask:
    """A chunk of bodies to verify and sum; plain bytes, so that it can go to another process."""

    shapes: tuple[Shape, ...]
    tally_key: bytes
    ballots: tuple[tuple[BallotContext, bytes], ...]


@dataclass(frozen=True, slots=True)
class BodyResult:
    """Positions of bodies that fail B10, with the reason, and what `encode_sums` makes of the good ones."""

    invalid: dict[int, str]
    sums: bytes


def check_bodies(task: BodyTask) -> BodyResult:
    """Verify a chunk in one multi-scalar multiplication and add up what is good."""
    invalid: dict[int, str] = {}
    decoded: dict[int, tuple[ContestProof, ...]] = {}
    for position, (context, body) in enumerate(task.ballots):
        try:
            decoded[position] = decode_body(body, context, task.shapes, task.tally_key)
        except CryptoError as error:
            invalid[position] = str(error)
    total = CiphertextSum(sum(shape.options for shape in task.shapes))
    if decoded:
        flat = [(position, proof) for position, proofs in decoded.items() for proof in proofs]
        bad = contest_verifier.find_invalid([proof for _, proof in flat], decode_g1(task.tally_key))
        for number in bad:
            invalid[flat[number][0]] = "the proof of a contest does not hold"
        for position, proofs in decoded.items():
            if position not in invalid:
                total.add([point for proof in proofs for point in proof.ciphertexts])
    return BodyResult(invalid, encode_sums(total))


def encode_sums(total: CiphertextSum) -> bytes:
    """The points of a sum, 96 bytes each; zeros stand for the identity of an empty sum."""
    zero = bytes(G1_UNCOMPRESSED_BYTES)
    return b"".join(zero if point == G1_IDENTITY else encode_uncleared(point) for point in total.points)


def add_sums(total: CiphertextSum, sums: bytes) -> None:
    """Add what `encode_sums` wrote, in another process of ours, to a sum."""
    zero = bytes(G1_UNCOMPRESSED_BYTES)
    pieces = [sums[i : i + G1_UNCOMPRESSED_BYTES] for i in range(0, len(sums), G1_UNCOMPRESSED_BYTES)]
    total.add([UnclearedPoint(G1_IDENTITY) if piece == zero else decode_uncleared(piece) for piece in pieces])
