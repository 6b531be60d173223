# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pairings: bilinear, never over nothing, and right on beacons that others signed."""

from __future__ import annotations

import hashlib

import pytest

from crypto.group import (
    G1,
    G1_IDENTITY,
    G2,
    G2_IDENTITY,
    decode_g1,
    decode_g2,
    map_to_g1,
    pairing_product_is_one,
    pairings_equal,
    scalar,
)
from tests.shared_data import shared_json


def test_pairings_are_bilinear() -> None:
    a, c = scalar(6), scalar(7)
    assert pairings_equal(G1 * a, G2 * c, G1 * scalar(42), G2)
    assert pairings_equal(G1 * a, G2 * c, G1 * c, G2 * a)
    assert not pairings_equal(G1 * a, G2 * c, G1 * scalar(43), G2)
    assert not pairings_equal(G1, G2, -G1, G2)
    assert pairing_product_is_one([(G1 * a, G2), (G1 * c, G2), (-(G1 * scalar(13)), G2)])
    assert not pairing_product_is_one([(G1, G2)])


def test_identities_pair_to_one() -> None:
    """So whoever checks a signature must refuse them when reading."""
    assert pairing_product_is_one([(G1_IDENTITY, G2), (G1, G2_IDENTITY)])
    assert pairings_equal(G1_IDENTITY, G2, G1, G2_IDENTITY)


def test_attack_51_a_product_over_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="a product over no pairs proves nothing"):
        pairing_product_is_one([])


def test_beacons_of_drand_verify() -> None:
    """Signatures of the League of Entropy: pairing and hash to curve against somebody else's implementation."""
    file = shared_json("vectors/drand/quicknet.json")
    tag = file["dst"].encode()
    checked = 0
    for chain in (
        (file["chain"]["public_key"], file["beacons"]),
        (file["other_chain"]["public_key"], file["other_chain"]["beacons"]),
    ):
        key = decode_g2(bytes.fromhex(chain[0]))
        for beacon in chain[1]:
            data = bytes.fromhex(beacon["signature"])
            signature = decode_g1(data)
            message = map_to_g1(hashlib.sha256(beacon["round"].to_bytes(8, "big")).digest(), tag)
            assert pairings_equal(signature, G2, message, key)
            assert hashlib.sha256(data).hexdigest() == beacon.get("randomness", hashlib.sha256(data).hexdigest())
            other = map_to_g1(hashlib.sha256((beacon["round"] + 1).to_bytes(8, "big")).digest(), tag)
            assert not pairings_equal(signature, G2, other, key)
            checked += 1
    assert checked >= 6
