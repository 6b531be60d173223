# SPDX-License-Identifier: AGPL-3.0-or-later
"""Schnorr and Chaum-Pedersen from `specs/proofs.md`, with the nonce as an argument."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from py_arkworks_bls12381 import G1Point

from tests.generate.drbg import GROUP_ORDER as Q
from tests.generate.plain import G1, G2, Transcript, compressed, scalar_bytes, times, u32


@dataclass
class Schnorr:
    public: Any
    commitment: Any
    c: int
    s: int
    transcript: bytes

    @property
    def data(self) -> bytes:
        return scalar_bytes(self.c) + scalar_bytes(self.s)


def schnorr_challenge(purpose: str, context: bytes, public: Any, commitment: Any) -> tuple[int, bytes]:
    transcript = Transcript(purpose)
    group = b"G1" if isinstance(public, G1Point) else b"G2"
    transcript.absorb(context, group, compressed(public), compressed(commitment))
    return transcript.challenge("SCHNORR-CHALLENGE"), transcript.absorbed


def schnorr(purpose: str, context: bytes, base: Any, x: int, k: int) -> Schnorr:
    """`base` is G1 or G2, the standard generators."""
    public, commitment = times(base, x), times(base, k)
    c, absorbed = schnorr_challenge(purpose, context, public, commitment)
    return Schnorr(public, commitment, c, (k + c * x) % Q, absorbed)


def schnorr_holds(purpose: str, context: bytes, public: Any, proof: bytes) -> bool:
    """The equation alone."""
    c, s = int.from_bytes(proof[:32], "big"), int.from_bytes(proof[32:], "big")
    base = G1 if isinstance(public, G1Point) else G2
    return schnorr_challenge(purpose, context, public, times(base, s) - times(public, c))[0] == c


@dataclass
class Equality:
    public: G1Point
    results: list[G1Point]
    commitments: list[G1Point]
    c: int
    s: int
    transcript: bytes

    @property
    def data(self) -> bytes:
        return scalar_bytes(self.c) + scalar_bytes(self.s)


def equality_challenge(
    context: bytes,
    public: G1Point,
    bases: Sequence[G1Point],
    results: Sequence[G1Point],
    commitments: Sequence[G1Point],
) -> tuple[int, bytes]:
    """`commitments` begins with T_0."""
    transcript = Transcript("PROOF-OF-DECRYPTION")
    transcript.absorb(
        context,
        compressed(public),
        u32(len(bases)),
        b"".join(map(compressed, bases)),
        b"".join(map(compressed, results)),
        compressed(commitments[0]),
        b"".join(map(compressed, commitments[1:])),
    )
    return transcript.challenge("EQUALITY-CHALLENGE"), transcript.absorbed


def equality(
    context: bytes, bases: Sequence[G1Point], x: int, t: int, results: Sequence[G1Point] | None = None
) -> Equality:
    """D_k = x A_k for all k; `results` replaces the D_k for a lie."""
    public = times(G1, x)
    given = [times(base, x) for base in bases] if results is None else list(results)
    commitments = [times(G1, t), *(times(base, t) for base in bases)]
    c, absorbed = equality_challenge(context, public, bases, given, commitments)
    return Equality(public, given, commitments, c, (t + c * x) % Q, absorbed)
