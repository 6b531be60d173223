# SPDX-License-Identifier: AGPL-3.0-or-later
"""The RFC 6962 tree: leaf and node hashes, a growing tree, inclusion and consistency proofs.

Spec: specs/ledger.md#tree
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from crypto.errors import InvalidConsistencyProof, InvalidInclusionProof
from crypto.suite import HASH_BYTES, MAX_PROOF_HASHES

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A growing tree. Keeps every complete level, 64 bytes an entry, so that proofs of any size are quick."""

    __slots__ = ("_levels",)

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        self._levels: list[bytearray] = [bytearray()]
        for leaf in leaf_hashes:
            self.append(leaf)

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self._levels[0]) // HASH_BYTES

    def append(self, leaf: bytes) -> None:
        """Add the hash of one leaf.

        Raises:
            ValueError: not 32 bytes.
        """
        if len(leaf) != HASH_BYTES:
            raise ValueError("a leaf hash has 32 bytes")
        node, level = leaf, 0
        while True:
            if level == len(self._levels):
                self._levels.append(bytearray())
            self._levels[level] += node
            count = len(self._levels[level]) // HASH_BYTES
            if count % 2:
                return
            node = node_hash(self._node(level, count - 2), node)
            level += 1

    def truncate(self, size: int) -> None:
        """Keep the first `size` leaves only.

        Raises:
            ValueError: more leaves than there are.
        """
        self._check(size)
        for level, nodes in enumerate(self._levels):
            del nodes[(size >> level) * HASH_BYTES :]

    def root(self, size: int | None = None) -> bytes:
        """Root of the first `size` leaves, all if not given.

        Raises:
            ValueError: more leaves than there are.
        """
        size = self.size if size is None else size
        self._check(size)
        return self._range_root(0, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """The hashes that lead from leaf `index` to the root of the first `size` leaves.

        Raises:
            ValueError: index not below size, or more leaves than there are.
        """
        self._check(size)
        if not 0 <= index < size:
            raise ValueError(f"there is no leaf {index} in a tree of {size}")
        return self._path(index, 0, size)

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """The hashes that show that the first `old` leaves begin the first `new`.

        Raises:
            ValueError: not 0 <= old <= new <= size.
        """
        self._check(new)
        if not 0 <= old <= new:
            raise ValueError(f"a tree of {old} leaves does not begin one of {new}")
        if old in (0, new):
            return []
        return self._subproof(old, 0, new, complete=True)

    def _check(self, size: int) -> None:
        if not 0 <= size <= self.size:
            raise ValueError(f"the tree has {self.size} leaves, not {size}")

    def _node(self, level: int, position: int) -> bytes:
        start = position * HASH_BYTES
        return bytes(self._levels[level][start : start + HASH_BYTES])

    def _range_root(self, start: int, size: int) -> bytes:
        # A range in a proof starts at a multiple of a power of two that is at least its size rounded up.
        if size & (size - 1) == 0:
            level = size.bit_length() - 1
            return self._node(level, start >> level)
        split = _split(size)
        return node_hash(self._range_root(start, split), self._range_root(start + split, size - split))

    def _path(self, index: int, start: int, size: int) -> list[bytes]:
        if size == 1:
            return []
        split = _split(size)
        if index < split:
            return [*self._path(index, start, split), self._range_root(start + split, size - split)]
        return [*self._path(index - split, start + split, size - split), self._range_root(start, split)]

    def _subproof(self, old: int, start: int, size: int, *, complete: bool) -> list[bytes]:
        if old == size:
            return [] if complete else [self._range_root(start, size)]
        split = _split(size)
        if old <= split:
            return [
                *self._subproof(old, start, split, complete=complete),
                self._range_root(start + split, size - split),
            ]
        return [
            *self._subproof(old - split, start + split, size - split, complete=False),
            self._range_root(start, split),
        ]


def _split(size: int) -> int:
    """The largest power of two below size."""
    return 1 << ((size - 1).bit_length() - 1)


def _check_hashes(proof: Sequence[bytes]) -> bool:
    return len(proof) <= MAX_PROOF_HASHES and all(len(node) == HASH_BYTES for node in proof)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """The leaf hash is at `index` of the tree of `size` leaves with `root`.

    Raises:
        InvalidInclusionProof: index not below size, a proof of another length, or another root.
    """
    if not 0 <= index < size or not _check_hashes(proof) or len(leaf) != HASH_BYTES:
        raise InvalidInclusionProof(f"no proof can show leaf {index} in a tree of {size}")
    climbed = _climb(index, size - 1, leaf, proof)
    if climbed is None:
        raise InvalidInclusionProof("the proof has too many or too few hashes")
    if climbed[1] != root:
        raise InvalidInclusionProof("the proof leads to another root")


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """The tree of `old` leaves with `old_root` begins the tree of `new` leaves with `new_root`.

    From size 0 nothing is shown: everything begins with the empty tree.

    Raises:
        InvalidConsistencyProof: old above new, a proof of another length, or other roots.
    """
    if not 0 <= old <= new or not _check_hashes(proof):
        raise InvalidConsistencyProof(f"no proof can show that a tree of {old} leaves begins one of {new}")
    if old in (0, new):
        if proof or (old == new and old_root != new_root) or (old == 0 and old_root != EMPTY_ROOT):
            raise InvalidConsistencyProof("equal sizes need equal roots and no proof; size 0 the empty root")
        return
    position, last = old - 1, new - 1
    while position % 2:
        position >>= 1
        last >>= 1
    # A complete old tree is itself the first node; otherwise the proof begins with the node to start from.
    start, rest = (proof[0], proof[1:]) if position and proof else (old_root, proof)
    climbed = _climb(position, last, start, rest)
    if climbed is None or (position and not proof):
        raise InvalidConsistencyProof("the proof has too many or too few hashes")
    if climbed != (old_root, new_root):
        raise InvalidConsistencyProof("the proof leads to other roots")


def _climb(position: int, last: int, node: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """From a node at `position` of a level whose last position is `last` to the top, with one sibling a step.

    Returns:
        The node without and with the siblings on its right: roots of the tree that ends here, and of the whole tree;
        None if the siblings are too many or too few.
    """
    left_only = whole = node
    for sibling in proof:
        if last == 0:
            return None
        if position % 2 or position == last:
            left_only, whole = node_hash(sibling, left_only), node_hash(sibling, whole)
            while position % 2 == 0 and position:
                position >>= 1
                last >>= 1
        else:
            whole = node_hash(whole, sibling)
        position >>= 1
        last >>= 1
    return (left_only, whole) if last == 0 else None
