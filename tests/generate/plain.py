# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bytes, hashes, keys, trees and notes, straight from the pages of the specification.

Scalars are integers here. Curve arithmetic is the bare binding's, hashing to the curve is `py_ecc`'s.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import nacl.bindings
from py_arkworks_bls12381 import G1Point, G2Point, Scalar
from py_ecc.bls.hash import expand_message_xmd
from py_ecc.bls.hash_to_curve import hash_to_G1
from py_ecc.optimized_bls12_381 import normalize

from tests.generate.drbg import GROUP_ORDER

FIELD_MODULUS = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB
COFACTOR = 0x396C8C005555E1568C00AAAB0000AAAB
SUITE = "VECHE-V1"
ZEROS = bytes(32)

G1 = G1Point()
G2 = G2Point()


# --- integers, labels, hashes


def u16(value: int) -> bytes:
    return value.to_bytes(2, "big")


def u32(value: int) -> bytes:
    return value.to_bytes(4, "big")


def u64(value: int) -> bytes:
    return value.to_bytes(8, "big")


def label(purpose: str) -> bytes:
    return f"{SUITE}-{purpose}".encode("ascii")


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def framed(purpose: str, fields: Iterable[bytes]) -> bytes:
    name = label(purpose)
    return bytes([len(name)]) + name + b"".join(u32(len(field)) + field for field in fields)


def tagged_hash(purpose: str, *fields: bytes) -> bytes:
    return sha256(framed(purpose, fields))


def expand_for_scalar(purpose: str, message: bytes) -> bytes:
    return bytes(expand_message_xmd(message, label(purpose) + b"_XMD:SHA-256_", 48, hashlib.sha256))


def hash_to_scalar(purpose: str, message: bytes) -> int:
    return int.from_bytes(expand_for_scalar(purpose, message), "big") % GROUP_ORDER


def hash_to_g1(purpose: str, message: bytes) -> G1Point:
    tag = label(purpose) + b"_BLS12381G1_XMD:SHA-256_SSWU_RO_"
    x, y = normalize(hash_to_G1(message, tag, hashlib.sha256))
    return from_xy(int(x), int(y))


class Transcript:
    """The whole input in one buffer, so that it can be shown."""

    def __init__(self, purpose: str) -> None:
        name = label(purpose)
        self.absorbed = bytes([len(name)]) + name

    def absorb(self, *fields: bytes) -> None:
        for field in fields:
            self.absorbed += u32(len(field)) + field

    def challenge(self, purpose: str) -> int:
        return hash_to_scalar(purpose, sha256(self.absorbed))


# --- scalars and points


def scalar_bytes(value: int) -> bytes:
    return (value % GROUP_ORDER).to_bytes(32, "big")


def times(point: Any, factor: int) -> Any:
    """factor (modulo q) times a point of either group, as the binding multiplies."""
    return point * Scalar.from_be_bytes(scalar_bytes(factor))


def total(points: Iterable[Any]) -> Any:
    result = None
    for point in points:
        result = point if result is None else result + point
    return result


def from_xy(x: int, y: int) -> G1Point:
    """A point of the curve; the binding checks the equation, and nothing else."""
    return G1Point.from_xy_bytes_unchecked_be(x.to_bytes(48, "big") + y.to_bytes(48, "big"))


def xy(point: G1Point) -> bytes:
    return bytes(point.to_xy_bytes_be())


def compressed(point: Any) -> bytes:
    return bytes(point.to_compressed_bytes())


def cleared(point: G1Point) -> G1Point:
    """h times a point by double and add, with additions of the binding only."""
    result = G1Point.identity()
    for bit in f"{COFACTOR:b}":
        result = result + result
        if bit == "1":
            result = result + point
    return result


def lagrange(indices: Iterable[int]) -> dict[int, int]:
    chosen = list(indices)
    result = {}
    for j in chosen:
        top = bottom = 1
        for k in chosen:
            if k != j:
                top = top * k % GROUP_ORDER
                bottom = bottom * (k - j) % GROUP_ORDER
        result[j] = top * pow(bottom, -1, GROUP_ORDER) % GROUP_ORDER
    return result


def interpolate(shares: dict[int, Any]) -> Any:
    """The point at 0 from the points of some parties."""
    weights = lagrange(shares)
    return total(times(point, weights[j]) for j, point in shares.items())


def _square_root(value: int) -> int | None:
    root = pow(value, (FIELD_MODULUS + 1) // 4, FIELD_MODULUS)
    return root if root * root % FIELD_MODULUS == value % FIELD_MODULUS else None


def curve_points() -> Iterator[G1Point]:
    """Points of the curve with x = 1, 2, 3, .. and the smaller y: as good as never in the subgroup."""
    x = 0
    while True:
        x += 1
        y = _square_root(x**3 + 4)
        if y is not None:
            yield from_xy(x, min(y, FIELD_MODULUS - y))


def point_of_order(order: int) -> G1Point:
    """A point of small prime order `order`, which divides the cofactor; (0, 2) for 3."""
    if order == 3:
        return from_xy(0, 2)
    rest = COFACTOR * GROUP_ORDER
    while rest % order == 0:
        rest //= order
    point = G1Point.identity()
    starts = curve_points()
    while point == G1Point.identity():
        point = times_integer(next(starts), rest)
    while (multiple := times_integer(point, order)) != G1Point.identity():
        point = multiple
    return point


def times_integer(point: G1Point, factor: int) -> G1Point:
    """An integer of any size times a point, by additions of the binding."""
    result = G1Point.identity()
    for bit in f"{factor:b}":
        result = result + result
        if bit == "1":
            result = result + point
    return result


# --- JSON, statements, signatures, boxes


def canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def statement(purpose: str, payload: bytes) -> bytes:
    return label(purpose) + b"\x00" + payload


def json_statement(purpose: str, payload: Any) -> bytes:
    return statement(purpose, canonical(payload))


class Ed25519:
    """A signing key from a 32-byte seed."""

    def __init__(self, seed: bytes) -> None:
        self.seed = seed
        self.public, self._secret = nacl.bindings.crypto_sign_seed_keypair(seed)

    def sign(self, message: bytes) -> bytes:
        return nacl.bindings.crypto_sign(message, self._secret)[:64]


class X25519:
    """A sealing key from a 32-byte secret."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self.public = nacl.bindings.crypto_scalarmult_base(secret)


def sealed_box(public: bytes, data: bytes, ephemeral: bytes) -> bytes:
    """libsodium's sealed box with a chosen ephemeral secret: e || box, nonce BLAKE2b-192(e || public)."""
    first = nacl.bindings.crypto_scalarmult_base(ephemeral)
    nonce = hashlib.blake2b(first + public, digest_size=24).digest()
    return first + nacl.bindings.crypto_box(data, nonce, public, ephemeral)


def signatures(keys: Iterable[Ed25519], signed: bytes) -> list[dict[str, str]]:
    return [
        {"key": key.public.hex(), "signature": key.sign(signed).hex()}
        for key in sorted(keys, key=lambda key: key.public)
    ]


# --- tree and notes


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry)


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right)


def _split(size: int) -> int:
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1 over leaf hashes."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = _split(len(leaves))
    return node_hash(tree_root(leaves[:k]), tree_root(leaves[k:]))


def inclusion_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962 section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = _split(len(leaves))
    if index < k:
        return [*inclusion_path(index, leaves[:k]), tree_root(leaves[k:])]
    return [*inclusion_path(index - k, leaves[k:]), tree_root(leaves[:k])]


def consistency_path(old: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PROOF of RFC 6962 section 2.1.2."""
    return [] if old in (0, len(leaves)) else _subproof(old, leaves, complete=True)


def _subproof(old: int, leaves: Sequence[bytes], *, complete: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if complete else [tree_root(leaves)]
    k = _split(len(leaves))
    if old <= k:
        return [*_subproof(old, leaves[:k], complete=complete), tree_root(leaves[k:])]
    return [*_subproof(old - k, leaves[k:], complete=False), tree_root(leaves[:k])]


def key_id(name: str, kind: int, public: bytes) -> bytes:
    return sha256(name.encode("utf-8") + b"\n" + bytes([kind]) + public)[:4]


def signature_line(name: str, identifier: bytes, signature: bytes) -> str:
    return f"\u2014 {name} {b64(identifier + signature)}\n"


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    return f"{origin}\n{size}\n{b64(root)}\n"


def log_line(origin: str, text: str, key: Ed25519) -> str:
    return signature_line(origin, key_id(origin, 1, key.public), key.sign(text.encode()))


def cosignature_line(name: str, text: str, key: Ed25519, time: int) -> str:
    message = f"cosignature/v1\ntime {time}\n{text}".encode()
    return signature_line(name, key_id(name, 4, key.public), u64(time) + key.sign(message))


def note(text: str, lines: Iterable[str]) -> bytes:
    return (text + "\n" + "".join(lines)).encode("utf-8")


def head(
    origin: str, entries: Sequence[bytes], log: Ed25519, witnesses: Iterable[tuple[str, Ed25519]], time: int
) -> bytes:
    """A head over all entries, cosigned by each witness a second after the one before."""
    text = checkpoint_text(origin, len(entries), tree_root([leaf_hash(entry) for entry in entries]))
    cosigned = [cosignature_line(name, text, key, time + number) for number, (name, key) in enumerate(witnesses)]
    return note(text, [log_line(origin, text, log), *cosigned])


def entry(kind: str, previous: bytes, **members: Any) -> bytes:
    return canonical({"kind": kind, "previous": previous.hex(), **members})
