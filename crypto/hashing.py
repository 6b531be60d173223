# SPDX-License-Identifier: AGPL-3.0-or-later
"""The four hash functions of the protocol, each under a label; nothing else derives a value by hashing.

Spec: specs/hashing.md#tagged-hash, specs/hashing.md#hash-to-scalar, specs/hashing.md#hash-to-curve
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from crypto.encoding.binary import u32
from crypto.group import G1Point, Scalar, map_to_g1, scalar_from_wide_bytes
from crypto.labels import HEDGE, Label
from crypto.secret import Secret

_SCALAR_TAG: Final = b"_XMD:SHA-256_"
_CURVE_TAG: Final = b"_BLS12381G1_XMD:SHA-256_SSWU_RO_"
_SCALAR_INPUT_BYTES: Final = 48
_SHA256_BLOCK_BYTES: Final = 64


def sha256(data: bytes) -> bytes:
    """The plain hash: only the address of bytes that are themselves published."""
    return hashlib.sha256(data).digest()


def _framed(label: Label, fields: tuple[bytes, ...]) -> bytes:
    parts = [bytes([len(label)]), label]
    for field in fields:
        parts.append(u32(len(field)))
        parts.append(field)
    return b"".join(parts)


def tagged_hash(label: Label, *fields: bytes) -> bytes:
    """32 bytes: SHA-256 over the label and the fields, each with its length."""
    return sha256(_framed(label, fields))


def expand_message(message: bytes, tag: bytes, length: int) -> bytes:
    """`expand_message_xmd` of RFC 9380 section 5.3.1 with SHA-256.

    Raises:
        ValueError: more than 255 blocks, or a tag longer than 255 bytes.
    """
    blocks = -(-length // 32)
    if blocks > 255 or length > 65_535 or len(tag) > 255:
        raise ValueError("RFC 9380 does not expand to that length with that tag")
    suffix = tag + bytes([len(tag)])
    seed = sha256(bytes(_SHA256_BLOCK_BYTES) + message + length.to_bytes(2, "big") + b"\x00" + suffix)
    block = sha256(seed + b"\x01" + suffix)
    output = [block]
    for number in range(2, blocks + 1):
        mixed = bytes(a ^ b for a, b in zip(seed, block, strict=True))
        block = sha256(mixed + bytes([number]) + suffix)
        output.append(block)
    return b"".join(output)[:length]


def hash_to_scalar(label: Label, message: bytes) -> Scalar:
    """A uniform scalar: `hash_to_field` of RFC 9380 with L = 48."""
    return scalar_from_wide_bytes(expand_message(message, label + _SCALAR_TAG, _SCALAR_INPUT_BYTES))


def hash_to_g1(label: Label, message: bytes) -> G1Point:
    """A point of G1 of which nobody knows the discrete logarithm."""
    return map_to_g1(message, label + _CURVE_TAG)


class Hedge:
    """Secret scalars of one prover for one proof or ballot, safe if *either* the generator or the secret is good.

    Args:
        secret: a long-lived secret of the prover.
        context: everything that makes this use different from any other.

    Spec: specs/hashing.md#hedged-randomness
    """

    __slots__ = ("_state",)

    def __init__(self, secret: Secret[bytes], context: bytes) -> None:
        fresh = secrets.token_bytes(32)
        # A ballot draws hundreds of scalars: what they share is hashed once, and the state copied.
        self._state = Secret(hashlib.sha512(_framed(HEDGE, (fresh, secret.reveal(), context))))

    def scalar(self, purpose: str, index: int = 0) -> Scalar:
        """The scalar for `purpose` and `index`; the same arguments give the same one."""
        name = purpose.encode("ascii")
        state = self._state.reveal().copy()
        state.update(u32(len(name)) + name + u32(4) + u32(index))
        return scalar_from_wide_bytes(state.digest())
