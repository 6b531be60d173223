# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fiat-Shamir: everything a proof is about is absorbed before its commitments, and these before the challenge.

Spec: specs/hashing.md#transcript
"""

from __future__ import annotations

import hashlib

from crypto.encoding.binary import u32
from crypto.group import Scalar
from crypto.hashing import hash_to_scalar
from crypto.labels import Label


class Transcript:
    """A running SHA-256 over labelled, length-prefixed fields."""

    __slots__ = ("_hash",)

    def __init__(self, label: Label) -> None:
        self._hash = hashlib.sha256(bytes([len(label)]) + label)

    def absorb(self, field: bytes) -> None:
        """Add one field with its length."""
        self._hash.update(u32(len(field)))
        self._hash.update(field)

    def challenge(self, label: Label) -> Scalar:
        """A scalar that depends on everything absorbed so far; absorbing may go on."""
        return hash_to_scalar(label, self._hash.digest())
