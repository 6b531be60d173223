# SPDX-License-Identifier: AGPL-3.0-or-later
"""Following a ledger: the tree over its entries, which log key signs which size, and which notes are its heads.

Spec: specs/ledger.md#checkpoints
"""

from __future__ import annotations

from crypto.errors import InvalidCheckpoint
from crypto.ledger.checkpoint import Head, parse_checkpoint, verify_head
from crypto.ledger.merkle import Tree, leaf_hash
from crypto.ledger.note import parse_note
from crypto.protocol.policy import Policy
from crypto.signing import PublicKey


class LedgerTree:
    """The tree of one ledger and the history of its log key.

    Args:
        origin: of the ledger.
        log_key: the first one.
    """

    def __init__(self, policy: Policy, origin: str, log_key: PublicKey) -> None:
        self.policy = policy
        self.origin = origin
        self.tree = Tree()
        self._keys: list[tuple[int, PublicKey]] = [(0, log_key)]

    @property
    def size(self) -> int:
        """Number of entries."""
        return self.tree.size

    def append(self, entry: bytes) -> None:
        """Add an entry that was checked."""
        self.tree.append(leaf_hash(entry))

    def change_key(self, index: int, key: PublicKey) -> None:
        """From the entry with this index on, checkpoints are signed with `key`."""
        self._keys.append((index + 1, key))

    def key_for(self, size: int) -> PublicKey:
        """The log key for checkpoints of `size` entries."""
        return next(key for start, key in reversed(self._keys) if size >= start)

    def verify_head(self, note: bytes) -> Head:
        """A head whose root is that of this ledger at its size.

        Raises:
            EncodingError: not a checkpoint.
            InvalidCheckpoint: another origin, more entries than are known, another root, or signatures missing.
        """
        checkpoint = parse_checkpoint(parse_note(note).text)
        if checkpoint.origin != self.origin:
            raise InvalidCheckpoint(f"a checkpoint of {checkpoint.origin} is not one of {self.origin}")
        if checkpoint.size > self.size:
            raise InvalidCheckpoint(f"a checkpoint of {checkpoint.size} entries, {self.size} are known here")
        head = verify_head(note, self.key_for(checkpoint.size), self.policy.witnesses, self.policy.witness_quorum)
        if self.tree.root(checkpoint.size) != checkpoint.root:
            raise InvalidCheckpoint(f"{self.origin}: the root of {checkpoint.size} entries is another one")
        return head
