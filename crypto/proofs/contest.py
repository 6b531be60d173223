# SPDX-License-Identifier: AGPL-3.0-or-later
"""What prover and verifier of a contest share: statement, slack weights, generators, challenges, bytes.

Spec: specs/contest-proof.md#statement, specs/contest-proof.md#slack, specs/contest-proof.md#generators,
specs/contest-proof.md#challenges, specs/contest-proof.md#bytes
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from crypto.encoding.binary import u16, u32
from crypto.errors import InvalidProof
from crypto.group import G1_IDENTITY, G1Point, Scalar, encode_g1, encode_scalar
from crypto.hashing import hash_to_g1
from crypto.labels import CONTEST_CHALLENGE_W, CONTEST_CHALLENGE_X, CONTEST_GENERATOR, CONTEST_PROOF
from crypto.suite import G1_UNCOMPRESSED_BYTES, MAX_OPTIONS, SCALAR_BYTES
from crypto.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Shape:
    """The numbers of a contest.

    Args:
        options: n, 1 to 1000.
        minimum, maximum: marks, 0 <= minimum <= maximum <= n.

    Raises:
        InvalidProof: other numbers: nothing can be proved about them.
    """

    options: int
    minimum: int
    maximum: int

    def __post_init__(self) -> None:
        if not (1 <= self.options <= MAX_OPTIONS and 0 <= self.minimum <= self.maximum <= self.options):
            raise InvalidProof(
                f"a contest with {self.options} options and {self.minimum} to {self.maximum} marks proves nothing"
            )

    @property
    def weights(self) -> tuple[int, ...]:
        """c_1..c_N: 1 for each option, then the slack weights."""
        return _weights(self)

    @property
    def slots(self) -> int:
        """N: options and slack bits."""
        return len(self.weights)

    @property
    def point_count(self) -> int:
        """Points of the encoded contest: 2n + 4."""
        return 2 * self.options + 4

    @property
    def byte_length(self) -> int:
        """96 (2n + 4) + 32 (N + 1)."""
        return G1_UNCOMPRESSED_BYTES * self.point_count + SCALAR_BYTES * (self.slots + 1)

    def slack_bits(self, marks: int) -> tuple[int, ...]:
        """Bits of the slack weights so that weighted marks and slack add up to the maximum.

        Raises:
            ValueError: `marks` is not between minimum and maximum.
        """
        if not self.minimum <= marks <= self.maximum:
            raise ValueError(f"{marks} marks, {self.minimum} to {self.maximum} are allowed")
        slack = self.weights[self.options :]
        if not slack:
            return ()
        rest = self.maximum - marks
        last = int(rest > sum(slack[:-1]))
        rest -= last * slack[-1]
        return (*(rest >> bit & 1 for bit in range(len(slack) - 1)), last)


@lru_cache(maxsize=256)
def _weights(shape: Shape) -> tuple[int, ...]:
    slack = []
    rest, weight = shape.maximum - shape.minimum, 1
    while rest:
        slack.append(min(weight, rest))
        rest -= slack[-1]
        weight *= 2
    return (1,) * shape.options + tuple(slack)


@dataclass(frozen=True, slots=True)
class BallotContext:
    """What a ballot's proofs are bound to, besides their contest.

    Args:
        manifest, election: hashes, 32 bytes each.
        pseudonym: vk, 32 bytes.
        sequence: seq, from 1.
    """

    manifest: bytes
    election: bytes
    pseudonym: bytes
    sequence: int


@lru_cache(maxsize=4096)
def _generator(letter: bytes, number: int) -> G1Point:
    return hash_to_g1(CONTEST_GENERATOR, letter + u32(number))


def generators(letter: bytes, count: int) -> list[G1Point]:
    """H_1..H_count or K_1..K_count: points between which nobody knows a relation."""
    return [_generator(letter, number) for number in range(1, count + 1)]


def blinding_generator() -> G1Point:
    """H, the base of rho and sigma."""
    return _generator(b"R", 0)


class ContestTranscript:
    """The two challenges of one contest of one ballot.

    Raises:
        InvalidProof: the tally key is the identity, or a challenge is zero.
    """

    __slots__ = ("_transcript",)

    def __init__(self, context: BallotContext, index: int, shape: Shape, tally_key: G1Point) -> None:
        if tally_key == G1_IDENTITY:
            raise InvalidProof("the tally key is the identity")
        transcript = Transcript(CONTEST_PROOF)
        transcript.absorb(context.manifest)
        transcript.absorb(context.election)
        transcript.absorb(context.pseudonym)
        transcript.absorb(u32(context.sequence))
        transcript.absorb(u16(index) + u16(shape.options) + u16(shape.minimum) + u16(shape.maximum))
        transcript.absorb(encode_g1(tally_key))
        self._transcript = transcript

    def challenge_w(self, commitments: bytes) -> Scalar:
        """w, after A_1 || B_1 || .. || M || V as on the wire."""
        self._transcript.absorb(commitments)
        w = self._transcript.challenge(CONTEST_CHALLENGE_W)
        return _nonzero(w)

    def challenge_x(self, w: Scalar, answers: bytes) -> Scalar:
        """x, after w and D1 || D2 as on the wire."""
        self._transcript.absorb(encode_scalar(w))
        self._transcript.absorb(answers)
        return _nonzero(self._transcript.challenge(CONTEST_CHALLENGE_X))


def _nonzero(challenge: Scalar) -> Scalar:
    if challenge.is_zero():
        raise InvalidProof("a challenge is zero")
    return challenge
