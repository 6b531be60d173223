# SPDX-License-Identifier: AGPL-3.0-or-later
"""The contest proof from `specs/contest-proof.md`, with knobs: this prover also lies.

An honest proof has `marks` of 0 and 1, the same in M and in the ciphertexts. Every knob that a cheat needs is an
argument; `equations` evaluates the three equations one by one, as the page writes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from py_arkworks_bls12381 import G1Point

from tests.generate.drbg import GROUP_ORDER as Q
from tests.generate.plain import (
    G1,
    Transcript,
    cleared,
    compressed,
    hash_to_g1,
    scalar_bytes,
    times,
    total,
    u16,
    u32,
    xy,
)


def slack_weights(spread: int) -> list[int]:
    """1, 2, 4, .. and what remains of `spread` = max - min."""
    weights, rest, k = [], spread, 1
    while rest > 0:
        weights.append(min(k, rest))
        rest -= weights[-1]
        k *= 2
    return weights


def slack_bits(spread: int, value: int) -> list[int]:
    """Bits of the slack weights with sum `value`, as the page chooses them."""
    weights = slack_weights(spread)
    if not weights:
        return []
    last = int(value > sum(weights[:-1]))
    rest = value - last * weights[-1]
    return [*(rest >> bit & 1 for bit in range(len(weights) - 1)), last]


@cache
def generator(letter: str, number: int) -> G1Point:
    return hash_to_g1("CONTEST-GENERATOR", letter.encode("ascii") + u32(number))


Generators = Callable[[str, int], G1Point]


@dataclass(frozen=True)
class Statement:
    """What a contest proof is about."""

    key: G1Point
    options: int
    minimum: int
    maximum: int
    manifest: bytes = b"M" * 32
    election: bytes = b"E" * 32
    pseudonym: bytes = b"P" * 32
    sequence: int = 1
    index: int = 0

    @property
    def weights(self) -> list[int]:
        return [1] * self.options + slack_weights(self.maximum - self.minimum)

    @property
    def slots(self) -> int:
        return len(self.weights)

    def bits(self, marks: Sequence[int]) -> list[int]:
        """Marks and slack bits."""
        return [*marks, *slack_bits(self.maximum - self.minimum, self.maximum - sum(marks))]

    def transcript(self) -> Transcript:
        """Fields 1 to 6."""
        transcript = Transcript("CONTEST-PROOF")
        transcript.absorb(
            self.manifest,
            self.election,
            self.pseudonym,
            u32(self.sequence),
            u16(self.index) + u16(self.options) + u16(self.minimum) + u16(self.maximum),
            compressed(self.key),
        )
        return transcript


@dataclass
class Proof:
    """A contest with everything on the way to it."""

    points: dict[str, G1Point]
    """A_1, B_1, .., M, V, D1, D2 in the order of the wire"""
    f: list[int]
    z_rho: int
    z_r: int
    w: int
    x: int
    steps: dict[str, Any] = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        """The bytes on the wire."""
        scalars = [*self.f[1:], self.z_rho, self.z_r]
        return b"".join(map(xy, self.points.values())) + b"".join(map(scalar_bytes, scalars))


Challenge = Callable[[Transcript, Mapping[str, G1Point], Callable[[int], Mapping[str, G1Point]]], tuple[int, int]]


def full_hash(
    transcript: Transcript, first: Mapping[str, G1Point], answer: Callable[[int], Mapping[str, G1Point]]
) -> tuple[int, int]:
    """w and x as the page derives them."""
    transcript.absorb(b"".join(map(xy, first.values())))
    w = transcript.challenge("CONTEST-CHALLENGE-W")
    transcript.absorb(scalar_bytes(w), b"".join(map(xy, answer(w).values())))
    return w, transcript.challenge("CONTEST-CHALLENGE-X")


def powers(w: int, count: int) -> list[int]:
    return [pow(w, i, Q) for i in range(1, count + 1)]


def encrypt(key: G1Point, plaintexts: Sequence[int], randomness: Sequence[int]) -> dict[str, G1Point]:
    """A_1, B_1, .. for any plaintexts."""
    points = {}
    for i, (plaintext, r) in enumerate(zip(plaintexts, randomness, strict=True), 1):
        points[f"A{i}"] = times(G1, r)
        points[f"B{i}"] = times(key, r) + times(G1, plaintext)
    return points


def first_coefficient(statement: Statement, a: Sequence[int]) -> list[int]:
    """a_1, .., a_N from a_2, .., a_N."""
    return [-sum(c * aj for c, aj in zip(statement.weights[1:], a, strict=True)) % Q, *a]


def combine(
    h: Sequence[int], k: Sequence[int], blind: int, generators: Generators = generator, extra: Iterable[G1Point] = ()
) -> G1Point:
    """sum h_j H_j + sum k_j K_j + blind H."""
    parts = [times(generators("H", j), value) for j, value in enumerate(h, 1)]
    parts += [times(generators("K", j), value) for j, value in enumerate(k, 1)]
    return total([*parts, times(generators("R", 0), blind), *extra])


def prove(
    statement: Statement,
    bits: Sequence[int],
    randomness: Sequence[int],
    a: Sequence[int],
    rho: int,
    sigma: int,
    t: int,
    *,
    plaintexts: Sequence[int] | None = None,
    torsion: Mapping[str, G1Point] | None = None,
    challenge: Challenge = full_hash,
    generators: Generators = generator,
) -> Proof:
    """Steps 1 to 6 of the page.

    Args:
        bits: m_1..m_N for M; anything modulo q for a cheat.
        randomness: r_1..r_n.
        a: a_2..a_N.
        plaintexts: of the ciphertexts, if they are not the first n bits.
        torsion: added to points before they are hashed.
    """
    n, torsion = statement.options, torsion or {}

    def with_torsion(points: Mapping[str, G1Point]) -> dict[str, G1Point]:
        return {name: point + torsion[name] if name in torsion else point for name, point in points.items()}

    a = first_coefficient(statement, a)
    first = encrypt(statement.key, bits[:n] if plaintexts is None else plaintexts, randomness)
    first["M"] = combine(bits, [aj * (1 - 2 * mj) for aj, mj in zip(a, bits, strict=True)], rho, generators)
    first["V"] = combine(a, [-aj * aj for aj in a], sigma, generators)
    first = with_torsion(first)

    def answer(w: int) -> dict[str, G1Point]:
        masked = sum(power * aj for power, aj in zip(powers(w, n), a, strict=False))
        return with_torsion({"D1": times(G1, t), "D2": times(statement.key, t) + times(G1, masked)})

    transcript = statement.transcript()
    w, x = challenge(transcript, first, answer)
    f = [(x * mj + aj) % Q for mj, aj in zip(bits, a, strict=True)]
    z_r = (x * sum(power * r for power, r in zip(powers(w, n), randomness, strict=True)) + t) % Q
    return Proof(first | answer(w), f, (x * rho + sigma) % Q, z_r, w, x, {"a": a, "transcript": transcript.absorbed})


def computed_f(statement: Statement, x: int, rest: Sequence[int]) -> list[int]:
    """f_1 as a verifier computes it, then the others."""
    weighted = sum(c * fj for c, fj in zip(statement.weights[1:], rest, strict=True))
    return [(x * statement.maximum - weighted) % Q, *rest]


def differences(statement: Statement, proof: Proof, generators: Generators = generator) -> list[G1Point]:
    """Left side minus right side of equations 1, 2, 3, before the cofactor."""
    n, p, x, w = statement.options, proof.points, proof.x, proof.w
    f = computed_f(statement, x, proof.f[1:])
    one = combine(f, [fj * (x - fj) for fj in f], proof.z_rho, generators)
    two = [times(p[f"A{i}"], x * power) for i, power in enumerate(powers(w, n), 1)]
    three = [times(p[f"B{i}"], x * power) for i, power in enumerate(powers(w, n), 1)]
    masked = sum(power * fj for power, fj in zip(powers(w, n), f, strict=False))
    return [
        times(p["M"], x) + p["V"] - one,
        total(two) + p["D1"] - times(G1, proof.z_r),
        total(three) + p["D2"] - times(statement.key, proof.z_r) - times(G1, masked),
    ]


def vanishes(point: G1Point) -> bool:
    """Whether h times the point is the identity."""
    return cleared(point) == G1Point.identity()


def equations(statement: Statement, proof: Proof, generators: Generators = generator) -> list[bool]:
    """Which of the three equations hold."""
    return [vanishes(point) for point in differences(statement, proof, generators)]
