# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ballot's proof: implements specs/contest-proof.md#verifier, one by one and in batches.

Points of ballot bodies are on the curve but perhaps outside the subgroup, so every equation is checked after
multiplication by the cofactor (specs/contest-proof.md#points-on-the-wire); scalars may be reduced modulo q before,
because the cofactor removes whatever the reduction does to components of small order.
"""

import functools
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from verifier import labels
from verifier.backend import G1, Backend, load_backend
from verifier.errors import EncodingError, VerificationError
from verifier.hashing import Transcript
from verifier.suite import COFACTOR, G1_UNCOMPRESSED_BYTES, GROUP_ORDER, SCALAR_BYTES

_WEIGHT_BYTES: Final = 16
_FULL_CHUNK_POINTS: Final = 32768
"""How many points make a multi-scalar multiplication efficient; callers cut their chunks to about this."""


@functools.cache
def _slack(options: int, rest: int) -> tuple[int, ...]:
    weights, step = [1] * options, 1
    while rest > 0:
        weights.append(min(step, rest))
        rest -= weights[-1]
        step *= 2
    return tuple(weights)


@dataclass(frozen=True, slots=True)
class Shape:
    """What fixes the size of a contest: n options, between min and max marks (specs/contest-proof.md#statement)."""

    options: int
    minimum: int
    maximum: int

    def __post_init__(self) -> None:
        """Refuse a statement outside the bounds: it would be a proof of nothing."""
        if not (self.options >= 1 and 0 <= self.minimum <= self.maximum <= self.options):
            message = f"a contest of {self.options} options with {self.minimum} to {self.maximum} marks"
            raise ValueError(message)

    def weights(self) -> tuple[int, ...]:
        """Return c_1..c_N: 1 for every option, then the slack weights (specs/contest-proof.md#slack)."""
        return _slack(self.options, self.maximum - self.minimum)

    @property
    def points(self) -> int:
        """Number of points in the proof: 2n + 4."""
        return 2 * self.options + 4

    @property
    def size(self) -> int:
        """Bytes of the contest in a body: 96 (2n + 4) + 32 (N + 1)."""
        return G1_UNCOMPRESSED_BYTES * self.points + SCALAR_BYTES * (len(self.weights()) + 1)


@dataclass(frozen=True, slots=True)
class ElectionContext:
    """What all proofs of an election are bound to: manifest digest, election id, tally key (48 bytes), shapes."""

    manifest: bytes
    election: bytes
    tally_key: bytes
    shapes: tuple[Shape, ...]

    @property
    def body_bytes(self) -> int:
        """BODY_BYTES of specs/ballot.md#body."""
        return sum(shape.size for shape in self.shapes)

    @property
    def ciphertexts(self) -> int:
        """Number of options over all contests."""
        return sum(shape.options for shape in self.shapes)

    @property
    def ballots_in_chunk(self) -> int:
        """How many ballots make about a full multi-scalar multiplication."""
        return max(1, _FULL_CHUNK_POINTS // sum(shape.points for shape in self.shapes))


@dataclass(frozen=True, slots=True)
class Proof:
    """One decoded contest of one ballot, with its two challenges."""

    weights: tuple[int, ...]
    shape: Shape
    points: tuple[G1, ...]
    responses: tuple[int, ...]
    z_rho: int
    z_r: int
    w: int
    x: int

    @property
    def ciphertexts(self) -> tuple[G1, ...]:
        """A_1, B_1, .., A_n, B_n."""
        return self.points[: 2 * self.shape.options]


@functools.cache
def generators(backend_name: str, count: int) -> tuple[tuple[G1, ...], tuple[G1, ...], G1]:
    """Derive H_1..H_count, K_1..K_count and H (specs/contest-proof.md#generators); never read from a record."""
    backend = load_backend(backend_name)

    def derive(letter: bytes, index: int) -> G1:
        return backend.hash_to_g1(labels.CONTEST_GENERATOR, letter + index.to_bytes(4, "big"))

    return (
        tuple(derive(b"H", index) for index in range(1, count + 1)),
        tuple(derive(b"K", index) for index in range(1, count + 1)),
        derive(b"R", 0),
    )


def _count(context: ElectionContext) -> int:
    return max(len(shape.weights()) for shape in context.shapes)


def _decode_contest(backend: Backend, context: ElectionContext, index: int, vk: bytes, seq: int, data: bytes) -> Proof:
    """Decode the bytes of one contest and derive w and x (specs/contest-proof.md#challenges)."""
    shape = context.shapes[index]
    weights = shape.weights()
    ends = G1_UNCOMPRESSED_BYTES * shape.points
    points = tuple(backend.g1_decode_curves(data[:ends]))
    scalars = [int.from_bytes(data[at : at + SCALAR_BYTES], "big") for at in range(ends, len(data), SCALAR_BYTES)]
    if any(scalar >= GROUP_ORDER for scalar in scalars):
        message = f"contest {index}: a scalar is not below q"
        raise EncodingError(message)
    *responses, z_rho, z_r = scalars
    split = ends - 2 * G1_UNCOMPRESSED_BYTES
    transcript = Transcript(labels.CONTEST_PROOF)
    transcript.absorb(context.manifest)
    transcript.absorb(context.election)
    transcript.absorb(vk)
    transcript.absorb(seq.to_bytes(4, "big"))
    bounds = (index, shape.options, shape.minimum, shape.maximum)
    transcript.absorb(b"".join(number.to_bytes(2, "big") for number in bounds))
    transcript.absorb(context.tally_key)
    transcript.absorb(data[:split])
    w = transcript.challenge(labels.CONTEST_CHALLENGE_W)
    transcript.absorb(w.to_bytes(SCALAR_BYTES, "big"))
    transcript.absorb(data[split:ends])
    x = transcript.challenge(labels.CONTEST_CHALLENGE_X)
    if w == 0 or x == 0:
        message = f"contest {index}: a challenge is zero"
        raise VerificationError(message)
    # f_1 = x max - sum_{j>=2} c_j f_j, so that the marks and the slack add up to max
    first = (x * shape.maximum - sum(c * f for c, f in zip(weights[1:], responses, strict=True))) % GROUP_ORDER
    return Proof(weights, shape, points, (first, *responses), z_rho, z_r, w, x)


def decode_body(backend: Backend, context: ElectionContext, vk: bytes, seq: int, body: bytes) -> tuple[Proof, ...]:
    """Decode a ballot body (specs/contest-proof.md#bytes).

    Args:
        backend: the arithmetic.
        context: of the election.
        vk: pseudonym key, 32 bytes.
        seq: of the envelope.
        body: the bytes.

    Raises:
        EncodingError: length, a coordinate, a point off the curve, 96 zero bytes, a scalar at or above q.
        VerificationError: a challenge is zero.

    """
    if len(body) != context.body_bytes:
        message = f"a body of {len(body)} bytes instead of {context.body_bytes}"
        raise EncodingError(message)
    proofs: list[Proof] = []
    at = 0
    for index, shape in enumerate(context.shapes):
        proofs.append(_decode_contest(backend, context, index, vk, seq, body[at : at + shape.size]))
        at += shape.size
    return tuple(proofs)


class _Sum:
    """A growing sum of multiples: of the points of ballots, and of the generators that all ballots share."""

    __slots__ = ("big_h", "g", "h", "k", "points", "scalars", "y")

    def __init__(self, count: int) -> None:
        self.points: list[G1] = []
        self.scalars: list[int] = []
        self.h = [0] * count
        self.k = [0] * count
        self.big_h = self.g = self.y = 0

    def add(self, proof: Proof, g1: int, g2: int, g3: int) -> None:
        """Add left minus right of the three equations of specs/contest-proof.md#verifier, weighted by g1, g2, g3."""
        q, x, w = GROUP_ORDER, proof.x, proof.w
        n = proof.shape.options
        responses = proof.responses
        scalars = self.scalars
        self.points.extend(proof.points)
        # 2. x sum w^i A_i + D1 - z_r G = 0;   3. x sum w^i B_i + D2 - z_r Y - (sum w^i f_i) G = 0
        on_a, power, marks = g2 * x % q, g3, 0
        for i in range(n):
            on_a = on_a * w % q
            power = power * w % q
            marks += power * responses[i]
            scalars.append(on_a)
            scalars.append(power * x % q)
        # 1. x M + V - sum f_j H_j - sum f_j (x - f_j) K_j - z_rho H = 0
        scalars.append(g1 * x % q)
        scalars.append(g1)
        scalars.append(g2)
        scalars.append(g3)
        h, k = self.h, self.k
        for j, response in enumerate(responses):
            weighted = g1 * response % q
            h[j] -= weighted
            k[j] -= weighted * (x - response)
        self.big_h -= g1 * proof.z_rho
        self.g -= g2 * proof.z_r + marks
        self.y -= g3 * proof.z_r

    def is_zero(self, backend: Backend, tally_key: G1) -> bool:
        """Multiply everything up, multiply the sum by h plainly, and compare with the identity."""
        h, k, big_h = generators(backend.name, len(self.h))
        shared = (*h, *k, big_h, backend.g1_generator(), tally_key)
        factors = [factor % GROUP_ORDER for factor in (*self.h, *self.k, self.big_h, self.g, self.y)]
        total = backend.g1_msm((*self.points, *shared), (*self.scalars, *factors))
        return backend.g1_is_identity(backend.g1_multiply(total, COFACTOR))


def _weights(count: int) -> list[int]:
    """Draw ``count`` weights of 128 random bits, none of them zero."""
    data = secrets.token_bytes(_WEIGHT_BYTES * count)
    weights = [int.from_bytes(data[at : at + _WEIGHT_BYTES], "big") for at in range(0, len(data), _WEIGHT_BYTES)]
    return [weight or 1 + secrets.randbelow(2 ** (8 * _WEIGHT_BYTES) - 1) for weight in weights]


def random_weights(count: int) -> list[int]:
    """Return ``count`` fresh batch weights; refuses an empty batch (specs/contest-proof.md#verifier)."""
    if count < 1:
        message = "an empty batch proves nothing"
        raise ValueError(message)
    return _weights(count)


def verify_single(backend: Backend, context: ElectionContext, proofs: Iterable[Proof]) -> bool:
    """Decide one ballot by its single equations, which are normative."""
    tally_key = backend.g1_decode(context.tally_key)
    count = _count(context)
    for proof in proofs:
        for weights in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
            total = _Sum(count)
            total.add(proof, *weights)
            if not total.is_zero(backend, tally_key):
                return False
    return True


def verify_batch(backend: Backend, context: ElectionContext, ballots: Sequence[tuple[Proof, ...]]) -> list[bool]:
    """Decide many ballots: one multi-scalar multiplication with a weight for every equation, bisected on failure.

    Returns:
        One verdict for each ballot, equal to `verify_single` but for a chance of 2^-128.

    Raises:
        ValueError: no ballots.

    """
    tally_key = backend.g1_decode(context.tally_key)
    count = _count(context)
    verdicts = [False] * len(ballots)

    def decide(first: int, last: int) -> None:
        if last - first == 1:
            verdicts[first] = verify_single(backend, context, ballots[first])
            return
        weights = iter(random_weights(3 * len(context.shapes) * (last - first)))
        total = _Sum(count)
        for proofs in ballots[first:last]:
            for proof in proofs:
                total.add(proof, next(weights), next(weights), next(weights))
        if total.is_zero(backend, tally_key):
            verdicts[first:last] = [True] * (last - first)
            return
        middle = (first + last) // 2
        decide(first, middle)
        decide(middle, last)

    if not ballots:
        message = "an empty batch proves nothing"
        raise ValueError(message)
    decide(0, len(ballots))
    return verdicts
