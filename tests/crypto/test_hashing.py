# SPDX-License-Identifier: AGPL-3.0-or-later
"""Labelled hashes: RFC 9380's own vectors, py_ecc and plain hashlib give what is expected."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from py_ecc.bls.hash import expand_message_xmd

from crypto.group import encode_g1, encode_scalar, encode_uncleared, map_to_g1
from crypto.hashing import Hedge, expand_message, hash_to_g1, hash_to_scalar, sha256, tagged_hash
from crypto.labels import BATCH_ORDER, CREDENTIAL, HEDGE, PSEUDONYM, SESSION, registered
from crypto.secret import Secret
from crypto.suite import GROUP_ORDER
from tests.generate import plain
from tests.shared_data import shared_json

FIELDS = st.lists(st.binary(max_size=6), max_size=4)


def test_rfc_9380_expand_message() -> None:
    file = shared_json("vectors/rfc9380/expand_message_xmd_SHA256_38.json")
    assert len(file["tests"]) >= 8
    for case in file["tests"]:
        size = int(case["len_in_bytes"], 16)
        assert expand_message(case["msg"].encode(), file["DST"].encode(), size).hex() == case["uniform_bytes"]


def test_rfc_9380_a_tag_of_256_bytes_is_refused_and_not_hashed() -> None:
    """The RFC would hash such a tag first; labels are short, so nothing here does."""
    file = shared_json("vectors/rfc9380/expand_message_xmd_SHA256_256.json")
    assert len(file["DST"]) == 256
    with pytest.raises(ValueError, match="does not expand"):
        expand_message(file["tests"][0]["msg"].encode(), file["DST"].encode(), 32)


def test_rfc_9380_hash_to_g1() -> None:
    file = shared_json("vectors/rfc9380/BLS12381G1_XMD_SHA-256_SSWU_RO_.json")
    assert len(file["vectors"]) == 5
    for case in file["vectors"]:
        expected = b"".join(int(case["P"][name], 16).to_bytes(48, "big") for name in "xy")
        assert encode_uncleared(map_to_g1(case["msg"].encode(), file["dst"].encode())) == expected


@pytest.mark.parametrize("size", [0, 15, 256, 300])
def test_tags_of_hash_to_curve_have_16_to_255_bytes(size: int) -> None:
    """The binding takes any, even none."""
    with pytest.raises(ValueError, match="16 to 255 bytes"):
        map_to_g1(b"x", b"t" * size)


@pytest.mark.parametrize("size", [16, 255])
def test_tags_at_the_limits(size: int) -> None:
    from py_ecc.bls.hash_to_curve import hash_to_G1
    from py_ecc.optimized_bls12_381 import normalize

    x, y = normalize(hash_to_G1(b"x", b"t" * size, hashlib.sha256))
    assert encode_uncleared(map_to_g1(b"x", b"t" * size)) == int(x).to_bytes(48, "big") + int(y).to_bytes(48, "big")


@given(st.binary(max_size=80), st.binary(min_size=1, max_size=255), st.integers(1, 255 * 32))
def test_expand_message_is_py_eccs(message: bytes, tag: bytes, length: int) -> None:
    assert expand_message(message, tag, length) == expand_message_xmd(message, tag, length, hashlib.sha256)


def test_expand_message_has_an_end() -> None:
    assert len(expand_message(b"x", b"t", 255 * 32)) == 255 * 32
    with pytest.raises(ValueError, match="does not expand"):
        expand_message(b"x", b"t", 255 * 32 + 1)


@pytest.mark.parametrize("name", sorted(registered()))
def test_every_label_has_its_own_scalar_and_point(name: bytes) -> None:
    purpose = name.decode().removeprefix("VECHE-V1-")
    assert encode_scalar(hash_to_scalar(name, b"m")) == plain.scalar_bytes(plain.hash_to_scalar(purpose, b"m"))  # type: ignore[arg-type]
    assert encode_g1(hash_to_g1(name, b"m")) == plain.compressed(plain.hash_to_g1(purpose, b"m"))  # type: ignore[arg-type]


@given(FIELDS, FIELDS)
def test_attack_26_different_fields_give_different_hashes(left: list[bytes], right: list[bytes]) -> None:
    assert (tagged_hash(SESSION, *left) == tagged_hash(SESSION, *right)) == (left == right)


@given(st.lists(st.binary(min_size=1, max_size=4), min_size=2, max_size=4), st.integers(0, 10))
def test_attack_26_moving_a_byte_between_fields_changes_the_hash(fields: list[bytes], place: int) -> None:
    place %= len(fields) - 1
    moved = list(fields)
    moved[place + 1] = moved[place][-1:] + moved[place + 1]
    moved[place] = moved[place][:-1]
    assert b"".join(moved) == b"".join(fields)
    assert tagged_hash(SESSION, *moved) != tagged_hash(SESSION, *fields)
    joined = [*fields[:place], fields[place] + fields[place + 1], *fields[place + 2 :]]
    assert tagged_hash(SESSION, *joined) != tagged_hash(SESSION, *fields)
    assert tagged_hash(SESSION, *fields, b"") != tagged_hash(SESSION, *fields)


def test_labels_separate() -> None:
    assert tagged_hash(SESSION, b"x") != tagged_hash(BATCH_ORDER, b"x")
    # One label's bytes in front of a field cannot pass for another label.
    assert tagged_hash(SESSION) != sha256(SESSION)
    assert sha256(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_scalars_are_not_biased_by_a_short_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """L = 48: the expanded bytes reach far beyond q before they are reduced."""
    sizes: list[int] = []

    def spy(message: bytes, tag: bytes, length: int) -> bytes:
        sizes.append(length)
        return expand_message(message, tag, length)

    monkeypatch.setattr("crypto.hashing.expand_message", spy)
    hash_to_scalar(CREDENTIAL, b"x")
    assert sizes == [48]


# --- hedged randomness


def hedge_with(monkeypatch: pytest.MonkeyPatch, fresh: bytes, secret: bytes, context: bytes) -> Hedge:
    monkeypatch.setattr("crypto.hashing.secrets.token_bytes", lambda size: fresh[:size])
    return Hedge(Secret(secret), context)


def test_hedge_is_sha_512_over_the_tagged_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    hedge = hedge_with(monkeypatch, b"f" * 32, b"secret", b"context")
    fields = (b"f" * 32, b"secret", b"context", b"mask", (7).to_bytes(4, "big"))
    data = bytes([len(HEDGE)]) + HEDGE + b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    expected = int.from_bytes(hashlib.sha512(data).digest(), "big") % GROUP_ORDER
    assert encode_scalar(hedge.scalar("mask", 7)) == expected.to_bytes(32, "big")


def test_hedge_draws_32_fresh_bytes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def token(size: int) -> bytes:
        sizes.append(size)
        return bytes(size)

    monkeypatch.setattr("crypto.hashing.secrets.token_bytes", token)
    hedge = Hedge(Secret(b"s"), b"c")
    for index in range(5):
        hedge.scalar("mask", index)
    assert sizes == [32]


def test_attack_32_a_dead_generator_alone_repeats_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(secret: bytes, context: bytes) -> set[bytes]:
        hedge = hedge_with(monkeypatch, bytes(32), secret, context)
        return {encode_scalar(hedge.scalar(purpose, index)) for purpose in ("mask", "rho") for index in range(3)}

    sets = [drawn(b"a", b"c"), drawn(b"b", b"c"), drawn(b"a", b"d"), drawn(b"ac", b""), drawn(b"", b"ac")]
    assert len(set().union(*sets)) == sum(map(len, sets)) == 30


def test_attack_32_a_stolen_secret_alone_repeats_nothing() -> None:
    draws = {encode_scalar(Hedge(Secret(b"same"), b"same").scalar("mask")) for _ in range(20)}
    assert len(draws) == 20


def test_hedge_reduces_64_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []
    original: Any = __import__("crypto.hashing", fromlist=["x"]).scalar_from_wide_bytes

    def spy(data: bytes) -> Any:
        lengths.append(len(data))
        return original(data)

    monkeypatch.setattr("crypto.hashing.scalar_from_wide_bytes", spy)
    Hedge(Secret(b"s"), b"c").scalar("mask")
    assert lengths == [64]


def test_the_same_arguments_give_the_same_scalar() -> None:
    hedge = Hedge(Secret(b"s"), b"c")
    assert encode_scalar(hedge.scalar("mask", 1)) == encode_scalar(hedge.scalar("mask", 1))
    assert encode_scalar(hedge.scalar("mask", 1)) != encode_scalar(hedge.scalar("mask", 2))
    assert encode_scalar(hedge.scalar("mask", 1)) != encode_scalar(hedge.scalar("rho", 1))
    assert tagged_hash(PSEUDONYM, b"x") == tagged_hash(PSEUDONYM, b"x")
