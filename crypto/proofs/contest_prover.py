# SPDX-License-Identifier: AGPL-3.0-or-later
"""Encrypting one contest and proving that it is well formed.

Spec: specs/contest-proof.md#prover
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from crypto.errors import IdentityPoint, InvalidProof
from crypto.group import (
    G1,
    G1_IDENTITY,
    ONE,
    ZERO,
    FixedBase,
    G1Point,
    Scalar,
    encode_scalar,
    encode_uncleared,
    multiexp_g1,
    scalar,
)
from crypto.hashing import Hedge
from crypto.proofs.contest import BallotContext, ContestTranscript, Shape, blinding_generator, generators
from crypto.secret import Secret


@dataclass(frozen=True, slots=True)
class EncryptedContest:
    """A contest as it goes into a body, and the randomness that opens it in a challenge.

    Args:
        data: `shape.byte_length` bytes.
        randomness: r_i for each option; whoever has it can read the contest.
    """

    data: bytes
    randomness: Secret[tuple[Scalar, ...]]


class ContestProver:
    """Encrypts contests under one tally key; holds tables for it and for the generator.

    Args:
        tally_key: Y, not the identity.
        window: bits of the tables' digits; 8 suits one ballot, 12 many.
    """

    def __init__(self, tally_key: G1Point, window: int = 8) -> None:
        if tally_key == G1_IDENTITY:
            raise InvalidProof("the tally key is the identity")
        self._tally_key = tally_key
        self._base_table = _generator_table(window)
        self._key_table = FixedBase(tally_key, window)

    def encrypt(
        self, context: BallotContext, index: int, shape: Shape, marks: Sequence[int], hedge: Hedge
    ) -> EncryptedContest:
        """Encrypt `marks` (0 or 1 for each option) for contest `index`.

        Args:
            hedge: of this ballot; its context holds everything in `context`, the marks, and an attempt number that
                never repeats for the pseudonym and sequence.

        Raises:
            ValueError: wrong number of marks, a mark other than 0 or 1, too few or too many marks.
        """
        if len(marks) != shape.options or any(type(mark) is not int or mark not in (0, 1) for mark in marks):
            raise ValueError(f"{shape.options} marks, each 0 or 1, are needed")
        bits = (*marks, *shape.slack_bits(sum(marks)))
        attempt = 0
        while True:
            # A zero challenge or an identity comes by chance once in 2^250 ballots; then all randomness is drawn anew.
            try:
                return self._attempt(context, index, shape, bits, _Draw(hedge, index, attempt))
            except (InvalidProof, IdentityPoint):
                attempt += 1

    def _attempt(
        self, context: BallotContext, index: int, shape: Shape, bits: Sequence[int], draw: _Draw
    ) -> EncryptedContest:
        n, weights = shape.options, shape.weights
        r = [draw("ciphertext", i) for i in range(n)]
        a = [ZERO, *(draw("mask", j) for j in range(1, shape.slots))]
        a[0] = -sum((scalar(weights[j]) * a[j] for j in range(1, shape.slots)), ZERO)
        rho, sigma, t = draw("rho"), draw("sigma"), draw("nonce")

        ciphertexts = bytearray()
        for i in range(n):
            b = self._key_table * r[i]
            ciphertexts += encode_uncleared(self._base_table * r[i])
            ciphertexts += encode_uncleared(b + G1 if bits[i] else b)

        h, k, blind = generators(b"H", shape.slots), generators(b"K", shape.slots), blinding_generator()
        chosen = [point for point, bit in zip(h, bits, strict=True) if bit]
        m_point = multiexp_g1(
            [*chosen, *k, blind],
            [*([ONE] * len(chosen)), *(-aj if bit else aj for aj, bit in zip(a, bits, strict=True)), rho],
        )
        v_point = multiexp_g1([*h, *k, blind], [*a, *(-(aj * aj) for aj in a), sigma])
        commitments = bytes(ciphertexts) + encode_uncleared(m_point) + encode_uncleared(v_point)

        transcript = ContestTranscript(context, index, shape, self._tally_key)
        w = transcript.challenge_w(commitments)
        masked, random_sum, power = ZERO, ZERO, ONE
        for i in range(n):
            power = power * w
            masked = masked + power * a[i]
            random_sum = random_sum + power * r[i]
        answers = encode_uncleared(self._base_table * t)
        answers += encode_uncleared(self._key_table * t + self._base_table * masked)
        x = transcript.challenge_x(w, answers)

        scalars = [x + aj if bit else aj for aj, bit in zip(a[1:], bits[1:], strict=True)]
        scalars += [x * rho + sigma, x * random_sum + t]
        data = commitments + answers + b"".join(map(encode_scalar, scalars))
        return EncryptedContest(data, Secret(tuple(r)))


class _Draw:
    """Hedged scalars of one contest and attempt; purposes never meet because contest and attempt are part of them."""

    __slots__ = ("_hedge", "_prefix")

    def __init__(self, hedge: Hedge, contest: int, attempt: int) -> None:
        self._hedge = hedge
        self._prefix = f"contest {contest} attempt {attempt} "

    def __call__(self, purpose: str, index: int = 0) -> Scalar:
        return self._hedge.scalar(self._prefix + purpose, index)


@lru_cache(maxsize=4)
def _generator_table(window: int) -> FixedBase:
    return FixedBase(G1, window)


def encrypt_option(tally_key: G1Point, randomness: Scalar, mark: int) -> bytes:
    """A || B on the wire for known randomness, as a checker of a challenged ballot recomputes it: 192 bytes."""
    b = tally_key * randomness
    return encode_uncleared(G1 * randomness) + encode_uncleared(b + G1 if mark else b)
