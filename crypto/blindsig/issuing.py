# SPDX-License-Identifier: AGPL-3.0-or-later
"""The registrars' side, and batches of pairing equations under one key.

Spec: specs/credential.md#answer
"""

from __future__ import annotations

from collections.abc import Sequence

from crypto.group import G2, G1Point, G2Point, encode_g1, multiexp_g1, pairings_equal, random_weight
from crypto.sharing.party import SecretShare


def blind_sign(share: SecretShare, blinded: G1Point) -> bytes:
    """x_j B, compressed. `blinded` comes from a decoder that checked the subgroup: outside it, x_j would leak.

    Spec: specs/credential.md#answer
    """
    return encode_g1(blinded * share.value.reveal())


def signatures_hold(signatures: Sequence[G1Point], messages: Sequence[G1Point], key: G2Point) -> bool:
    """Whether e(S_k, G2) = e(M_k, key) for all k, in one equation with a random weight for each.

    Raises:
        ValueError: no signatures, or another number of messages.
    """
    if not signatures or len(signatures) != len(messages):
        raise ValueError(f"{len(signatures)} signatures on {len(messages)} messages")
    weights = [random_weight() for _ in signatures]
    return pairings_equal(multiexp_g1(signatures, weights), G2, multiexp_g1(messages, weights), key)


def find_bad_signatures(signatures: Sequence[G1Point], messages: Sequence[G1Point], key: G2Point) -> set[int]:
    """Positions k with e(S_k, G2) != e(M_k, key), by bisecting batches.

    Raises:
        ValueError: no signatures, or another number of messages.
    """
    if signatures_hold(signatures, messages, key):
        return set()
    if len(signatures) == 1:
        return {0}
    middle = len(signatures) // 2
    left = find_bad_signatures(signatures[:middle], messages[:middle], key)
    right = find_bad_signatures(signatures[middle:], messages[middle:], key)
    return left | {middle + position for position in right}
