# SPDX-License-Identifier: AGPL-3.0-or-later
"""RFC 6962 trees: implements specs/ledger.md#tree."""

import hashlib
from collections.abc import Sequence

from verifier.errors import EncodingError, VerificationError
from verifier.suite import MAX_PROOF_HASHES


def leaf_hash(entry: bytes) -> bytes:
    """Return ``SHA-256(0x00 || entry)``."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return ``SHA-256(0x01 || left || right)``."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A growing tree of which only the right edge is kept: one hash for each bit of the size."""

    __slots__ = ("_edge", "size")

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Append one leaf hash."""
        size = self.size
        while size & 1:
            leaf = node_hash(self._edge.pop(), leaf)
            size >>= 1
        self._edge.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of all leaves so far; SHA-256 of nothing for the empty tree."""
        if not self._edge:
            return hashlib.sha256(b"").digest()
        root = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            root = node_hash(left, root)
        return root


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """Return the proof of RFC 6962 section 2.1.2 that a tree begins with its first leaves.

    Args:
        leaves: leaf hashes of the whole tree.
        old: how many of them the smaller tree has; a proof from 0 or from all of them is empty.

    """
    if not 0 < old < len(leaves):
        return []
    low, high, known = 0, len(leaves), True
    proof: list[bytes] = []
    while old != high:
        split = low + (1 << (high - low - 1).bit_length() - 1)
        if old <= split:
            proof.append(_root_of(leaves[split:high]))
            high = split
        else:
            proof.append(_root_of(leaves[low:split]))
            low, known = split, False
    if not known:
        proof.append(_root_of(leaves[low:high]))
    return proof[::-1]


def _root_of(leaves: Sequence[bytes]) -> bytes:
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check an inclusion proof (RFC 9162 section 2.1.3.2, which verifies the proofs of RFC 6962).

    Args:
        leaf: the leaf hash.
        index: position from 0, below ``size``.
        size: of the tree, at least 1.
        proof: exactly the sibling hashes from the leaf up.
        root: that the proof must lead to.

    Raises:
        EncodingError: index, size or length of the proof are impossible.
        VerificationError: the proof leads elsewhere.

    """
    if not 0 <= index < size or len(proof) > MAX_PROOF_HASHES:
        message = f"inclusion proof: index {index} in a tree of {size}, {len(proof)} hashes"
        raise EncodingError(message)
    at, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            message = "inclusion proof: too many hashes"
            raise EncodingError(message)
        if at & 1 or at == last:
            computed = node_hash(sibling, computed)
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            computed = node_hash(computed, sibling)
        at >>= 1
        last >>= 1
    if last != 0:
        message = "inclusion proof: too few hashes"
        raise EncodingError(message)
    if computed != root:
        message = "inclusion proof: it leads to another root"
        raise VerificationError(message)
