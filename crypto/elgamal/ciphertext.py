# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sums of ciphertexts from ballot bodies, and the encrypted tally that clearing makes of them.

Spec: specs/tally.md#sum
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crypto.group import G1_IDENTITY, G1Point, UnclearedPoint, clear, decode_g1, encode_g1
from crypto.hashing import sha256
from crypto.suite import G1_BYTES


class CiphertextSum:
    """A running sum over ballots of A_1, B_1, A_2, B_2, .. in the order of contests and options.

    Args:
        options: number of options of all contests together.
    """

    __slots__ = ("_points",)

    def __init__(self, options: int) -> None:
        if options < 1:
            raise ValueError("a sum needs at least one option")
        self._points = [UnclearedPoint(G1_IDENTITY)] * (2 * options)

    def add(self, ciphertexts: Sequence[UnclearedPoint]) -> None:
        """Add the ciphertexts of one ballot, or another sum's points.

        Raises:
            ValueError: another number of points.
        """
        self._points = [UnclearedPoint(total + point) for total, point in zip(self._points, ciphertexts, strict=True)]

    @property
    def points(self) -> tuple[UnclearedPoint, ...]:
        """The sums so far, on the curve."""
        return tuple(self._points)

    def clear(self) -> EncryptedTally:
        """Every sum times the cofactor."""
        cleared = [clear(point) for point in self._points]
        return EncryptedTally(tuple(cleared[0::2]), tuple(cleared[1::2]))


@dataclass(frozen=True, slots=True)
class EncryptedTally:
    """Cleared sums A'_k, B'_k for every option of all contests."""

    a: tuple[G1Point, ...]
    b: tuple[G1Point, ...]

    def to_bytes(self) -> bytes:
        """A'_1 || B'_1 || .., compressed; the identity is allowed here."""
        return b"".join(encode_g1(a) + encode_g1(b) for a, b in zip(self.a, self.b, strict=True))

    @classmethod
    def from_bytes(cls, data: bytes) -> EncryptedTally:
        """The tally from its bytes.

        Raises:
            EncodingError.
        """
        points = [decode_g1(data[i : i + G1_BYTES], allow_identity=True) for i in range(0, len(data), G1_BYTES)]
        return cls(tuple(points[0::2]), tuple(points[1::2]))

    def digest(self) -> bytes:
        """SHA-256 of the bytes: the `sum` of a closing."""
        return sha256(self.to_bytes())
