# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verifying contests, one by one or many in one multi-scalar multiplication, with the same verdict.

Spec: specs/contest-proof.md#verifier
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crypto.errors import CryptoError, EncodingError, InvalidProof
from crypto.group import (
    G1,
    G1_IDENTITY,
    ONE,
    ZERO,
    G1Point,
    Scalar,
    UnclearedPoint,
    clear,
    decode_scalar,
    decode_uncleared,
    multiexp_g1,
    random_weight,
    scalar,
)
from crypto.proofs.contest import BallotContext, ContestTranscript, Shape, blinding_generator, generators
from crypto.suite import G1_UNCOMPRESSED_BYTES, SCALAR_BYTES


@dataclass(frozen=True, slots=True)
class ContestProof:
    """A decoded contest: points of the curve, scalars, and its two challenges. Nothing about it is verified yet."""

    shape: Shape
    points: tuple[UnclearedPoint, ...]
    """A_1, B_1, .., A_n, B_n, M, V, D1, D2"""
    f: tuple[Scalar, ...]
    """f_1 (computed), f_2, .., f_N"""
    z_rho: Scalar
    z_r: Scalar
    w: Scalar
    x: Scalar

    @property
    def ciphertexts(self) -> tuple[UnclearedPoint, ...]:
        """A_1, B_1, .., A_n, B_n."""
        return self.points[: 2 * self.shape.options]


def decode(data: bytes, context: BallotContext, index: int, shape: Shape, tally_key: G1Point) -> ContestProof:
    """A contest from exactly `shape.byte_length` bytes.

    Raises:
        EncodingError: length, a coordinate, the curve equation, or a scalar.
        InvalidProof: a challenge is zero, or the tally key is the identity.
    """
    if len(data) != shape.byte_length:
        raise EncodingError(f"the contest has {shape.byte_length} bytes, not {len(data)}")
    size, n = G1_UNCOMPRESSED_BYTES, shape.options
    split = size * shape.point_count
    points = tuple([decode_uncleared(data[start : start + size]) for start in range(0, split, size)])
    scalars = [decode_scalar(data[start : start + SCALAR_BYTES]) for start in range(split, len(data), SCALAR_BYTES)]
    transcript = ContestTranscript(context, index, shape, tally_key)
    w = transcript.challenge_w(data[: size * (2 * n + 2)])
    x = transcript.challenge_x(w, data[size * (2 * n + 2) : split])
    *rest, z_rho, z_r = scalars
    weighted = sum((scalar(c) * f for c, f in zip(shape.weights[1:], rest, strict=True)), ZERO)
    return ContestProof(shape, points, (x * scalar(shape.maximum) - weighted, *rest), z_rho, z_r, w, x)


def verify(proof: ContestProof, tally_key: G1Point) -> None:
    """The three equations, each multiplied by the cofactor: the normative verdict.

    Raises:
        InvalidProof: naming the equation.
    """
    for number in (1, 2, 3):
        combination = _Combination(tally_key)
        weights = [ZERO, ZERO, ZERO]
        weights[number - 1] = ONE
        combination.add(proof, weights)
        if not combination.vanishes():
            raise InvalidProof(f"equation {number} of a contest does not hold")


def verify_batch(proofs: Sequence[ContestProof], tally_key: G1Point) -> bool:
    """Whether all equations of all `proofs` hold, wrong with probability at most 2^-128.

    Raises:
        ValueError: no proofs.
    """
    if not proofs:
        raise ValueError("a batch of no proofs proves nothing")
    combination = _Combination(tally_key)
    for proof in proofs:
        combination.add(proof, [random_weight() for _ in range(3)])
    return combination.vanishes()


def find_invalid(proofs: Sequence[ContestProof], tally_key: G1Point) -> set[int]:
    """The positions of the proofs that do not verify, found by bisecting batches.

    Raises:
        ValueError: no proofs.
    """
    if verify_batch(proofs, tally_key):
        return set()
    if len(proofs) == 1:
        try:
            verify(proofs[0], tally_key)
        except CryptoError:
            return {0}
        raise RuntimeError("batch and single verification disagree; this is a defect of the program")
    middle = len(proofs) // 2
    right = {middle + position for position in find_invalid(proofs[middle:], tally_key)}
    return find_invalid(proofs[:middle], tally_key) | right


class _Combination:
    """A weighted sum of equations: points and scalars whose sum the cofactor must clear to the identity."""

    def __init__(self, tally_key: G1Point) -> None:
        self._tally_key = tally_key
        self._points: list[G1Point] = []
        self._scalars: list[Scalar] = []
        self._h: list[Scalar] = []
        self._k: list[Scalar] = []
        self._blind = self._base = self._key = ZERO

    def add(self, proof: ContestProof, weights: Sequence[Scalar]) -> None:
        """Left side minus right side of each equation, times its weight."""
        one, two, three = weights
        n, slots, x = proof.shape.options, proof.shape.slots, proof.x
        self._h += [ZERO] * (slots - len(self._h))
        self._k += [ZERO] * (slots - len(self._k))
        h, k = self._h, self._k
        for j, f in enumerate(proof.f):
            weighted = one * f
            h[j] = h[j] - weighted
            k[j] = k[j] - weighted * (x - f)
        self._blind = self._blind - one * proof.z_rho
        a_power, b_power = two * x, three * x
        combined, power, w = ZERO, ONE, proof.w
        scalars = self._scalars
        for i in range(n):
            a_power = a_power * w
            b_power = b_power * w
            power = power * w
            scalars.append(a_power)
            scalars.append(b_power)
            combined = combined + power * proof.f[i]
        scalars += (one * x, one, two, three)
        self._points += proof.points
        self._base = self._base - two * proof.z_r - three * combined
        self._key = self._key - three * proof.z_r

    def vanishes(self) -> bool:
        """Whether h times the sum is the identity."""
        h, k = generators(b"H", len(self._h)), generators(b"K", len(self._k))
        points = [*self._points, *h, *k, blinding_generator(), G1, self._tally_key]
        scalars = [*self._scalars, *self._h, *self._k, self._blind, self._base, self._key]
        return clear(UnclearedPoint(multiexp_g1(points, scalars))) == G1_IDENTITY
