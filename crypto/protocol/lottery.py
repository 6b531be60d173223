# SPDX-License-Identifier: AGPL-3.0-or-later
"""Drawing lots with a threshold signature that nobody can choose.

Spec: specs/tally.md#lottery
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from crypto.encoding.binary import u16
from crypto.encoding.strict_json import Json
from crypto.errors import InvalidShare, ThresholdNotMet
from crypto.group import G2, G1Point, G2Point, decode_g1, encode_g1, pairings_equal
from crypto.hashing import hash_to_g1, sha256, tagged_hash
from crypto.labels import DRAW_ORDER, LOTTERY_DRAW
from crypto.protocol.entry import Entry
from crypto.sharing.ceremony import DerivedKey
from crypto.sharing.party import SecretShare
from crypto.sharing.polynomial import combine_g1
from crypto.suite import G1_BYTES, MAX_OPTIONS

_TIE: Final = b"tie\x00"


def draw_message(election: bytes, contest: int, options: Sequence[int]) -> G1Point:
    """The point that holders sign, hashed by each from the ledger: the tie of one contest."""
    listed = b"".join(u16(option) for option in options)
    return hash_to_g1(LOTTERY_DRAW, _TIE + election + u16(contest) + sha256(listed))


def draw_share(share: SecretShare, election: bytes, contest: int, options: Sequence[int]) -> bytes:
    """A holder's part of the draw, 48 bytes."""
    return encode_g1(draw_message(election, contest, options) * share.value.reveal())


def combine_draw(
    key: DerivedKey, election: bytes, contest: int, options: Sequence[int], shares: Mapping[int, bytes]
) -> bytes:
    """The draw's signature from the parts of t holders; parts that do not hold are named and left out.

    Raises:
        ThresholdNotMet: fewer than t good parts.
        InvalidShare: good parts that do not combine, which a correct ceremony excludes.
    """
    message = draw_message(election, contest, options)
    good: dict[int, G1Point] = {}
    for index, data in shares.items():
        point, public = decode_g1(data), key.public_shares[index]
        if isinstance(public, G2Point) and pairings_equal(point, G2, message, public):
            good[index] = point
    threshold = key.session.threshold
    if len(good) < threshold:
        bad = shares.keys() - good.keys()
        raise ThresholdNotMet(
            f"{len(good)} good parts of a draw, {threshold} are needed; bad are those of {sorted(bad)}",
            used=good.keys(),
            bad=bad,
            missing=frozenset(key.session.indices) - shares.keys(),
        )
    signature = encode_g1(combine_g1(good, threshold))
    if not draw_holds(key, election, contest, options, signature):
        raise InvalidShare("good parts of a draw do not combine", good.keys())
    return signature


def draw_holds(key: DerivedKey, election: bytes, contest: int, options: Sequence[int], signature: bytes) -> bool:
    """e(Z, G2) = e(H(m), standing key).

    Raises:
        EncodingError: the signature is no point of the subgroup.
    """
    point = decode_g1(signature)
    message = draw_message(election, contest, options)
    return isinstance(key.public, G2Point) and pairings_equal(point, G2, message, key.public)


def draw_order(signature: bytes, options: Sequence[int]) -> tuple[int, ...]:
    """The options in the order of the draw."""
    return tuple(sorted(options, key=lambda option: tagged_hash(DRAW_ORDER, signature, u16(option))))


@dataclass(frozen=True, slots=True)
class Draw:
    """A draw as it stands on the ledger: contest, tied options ascending, Z."""

    contest: int
    options: tuple[int, ...]
    signature: bytes

    def entry_members(self) -> dict[str, Json]:
        """The members of its entry beside `kind` and `previous`."""
        return {"contest": self.contest, "options": list(self.options), "signature": self.signature.hex()}


def read_draw_entry(entry: Entry) -> Draw:
    """The draw of an entry; nothing is verified.

    Raises:
        EncodingError.
    """
    members = entry.members("contest", "options", "signature")
    return Draw(
        members.u32("contest"), members.integers("options", MAX_OPTIONS - 1), members.hex("signature", G1_BYTES)
    )
