# SPDX-License-Identifier: AGPL-3.0-or-later
"""Secrets of the vectors, derived from a public seed and a label. They are known to everybody; use none of them."""

from __future__ import annotations

import hashlib

SEED = b"Veche test vectors, 1: these secrets are public"
GROUP_ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001


def derive(label: str, size: int = 32) -> bytes:
    """`size` bytes of SHAKE-256 over the seed, a zero byte and the label."""
    return hashlib.shake_256(SEED + b"\x00" + label.encode("ascii")).digest(size)


def derive_scalar(label: str) -> int:
    """64 derived bytes, big-endian, modulo q."""
    return int.from_bytes(derive(label, 64), "big") % GROUP_ORDER
