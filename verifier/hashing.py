# SPDX-License-Identifier: AGPL-3.0-or-later
"""Labelled hashes: implements specs/hashing.md#tagged-hash, specs/hashing.md#hash-to-scalar and
specs/hashing.md#transcript; specs/hashing.md#hash-to-curve gives the tag of the backends' function.
"""

import hashlib
from typing import Final

from verifier.suite import GROUP_ORDER

_BLOCK_BYTES: Final = 64
_DIGEST_BYTES: Final = 32
_FIELD_BYTES: Final = 48
"""L of RFC 9380 section 5.1 for a field of 255 bits and 128 bits of security."""
_MIN_TAG_BYTES: Final = 16
_MAX_TAG_BYTES: Final = 255


def sha256(data: bytes) -> bytes:
    """Return the plain SHA-256, used only as the address of published bytes."""
    return hashlib.sha256(data).digest()


def tagged_hash(label: bytes, *fields: bytes) -> bytes:
    """Return SHA-256 over ``u8(len(label)) || label || u32(len(f)) || f ..`` for the fields in order."""
    running = hashlib.sha256(bytes([len(label)]) + label)
    for field in fields:
        running.update(len(field).to_bytes(4, "big"))
        running.update(field)
    return running.digest()


def expand_message_xmd(message: bytes, tag: bytes, length: int) -> bytes:
    """Return ``length`` uniform bytes: RFC 9380 section 5.3.1 over SHA-256.

    Raises:
        ValueError: the tag is shorter than 16 or longer than 255 bytes, or more bytes are asked than the function
        gives.

    """
    blocks = -(-length // _DIGEST_BYTES)
    if not _MIN_TAG_BYTES <= len(tag) <= _MAX_TAG_BYTES or blocks > _MAX_TAG_BYTES:
        reason = "tag or length outside RFC 9380"
        raise ValueError(reason)
    ending = tag + bytes([len(tag)])
    first = hashlib.sha256(bytes(_BLOCK_BYTES) + message + length.to_bytes(2, "big") + b"\x00" + ending).digest()
    block = hashlib.sha256(first + b"\x01" + ending).digest()
    output = block
    for counter in range(2, blocks + 1):
        mixed = (int.from_bytes(first, "big") ^ int.from_bytes(block, "big")).to_bytes(_DIGEST_BYTES, "big")
        block = hashlib.sha256(mixed + bytes([counter]) + ending).digest()
        output += block
    return output[:length]


def hash_to_scalar(label: bytes, message: bytes) -> int:
    """Return ``hash_to_field`` of RFC 9380 section 5.2 for one element modulo q, L = 48."""
    return int.from_bytes(expand_message_xmd(message, label + b"_XMD:SHA-256_", _FIELD_BYTES), "big") % GROUP_ORDER


def g1_tag(label: bytes) -> bytes:
    """Return the domain separation tag of ``hash_to_g1(label, ..)``."""
    return label + b"_BLS12381G1_XMD:SHA-256_SSWU_RO_"


class Transcript:
    """A running SHA-256 of length-prefixed fields, from which challenges are taken without ending it."""

    __slots__ = ("_running",)

    def __init__(self, label: bytes) -> None:
        self._running = hashlib.sha256(bytes([len(label)]) + label)

    def absorb(self, field: bytes) -> None:
        """Absorb ``u32(len(field)) || field``."""
        self._running.update(len(field).to_bytes(4, "big"))
        self._running.update(field)

    def challenge(self, label: bytes) -> int:
        """Return ``hash_to_scalar(label, digest of all absorbed so far)``."""
        return hash_to_scalar(label, self._running.digest())
