# SPDX-License-Identifier: AGPL-3.0-or-later
"""Following a ledger: the tree over its entries, which log key signs which size, and which notes are its heads.

Spec: specs/ledger.md#checkpoints
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from crypto.errors import InvalidCheckpoint
from crypto.ledger.checkpoint import Checkpoint, Head, parse_checkpoint, verify_head
from crypto.ledger.merkle import Tree, leaf_hash
from crypto.ledger.note import parse_note
from crypto.protocol.entry import BATCH, LEDGER_KEY_CHANGED, Entry, batch_number
from crypto.protocol.ledger_key import read_key_change
from crypto.protocol.policy import Policy
from crypto.signing import PublicKey

_SMALLEST_HEAD = 2
"""Entry 0 and the first `batch` entry."""


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
        self.batches: list[int] = []
        """Numbers of the batches, ascending."""
        self._starts: list[int] = []

    @property
    def size(self) -> int:
        """Number of entries."""
        return self.tree.size

    @property
    def log_keys(self) -> frozenset[PublicKey]:
        """Every key that this log has had."""
        return frozenset(key for _, key in self._keys)

    def append(self, entry: Entry) -> None:
        """Add an entry that was checked."""
        if entry.kind == BATCH:
            self._starts.append(self.size)
            self.batches.append(batch_number(entry))
        self.tree.append(leaf_hash(entry.data))

    def change_key(self, index: int, key: PublicKey) -> None:
        """From the entry with this index on, checkpoints are signed with `key`."""
        self._keys.append((index + 1, key))

    def key_for(self, size: int) -> PublicKey:
        """The log key for checkpoints of `size` entries."""
        return next(key for start, key in reversed(self._keys) if size >= start)

    def last_batch(self, size: int) -> int:
        """Number of the last batch among the first `size` entries; -1 before the first."""
        place = bisect_left(self._starts, size)
        return self.batches[place - 1] if place else -1

    def _begins_batch(self, index: int) -> bool:
        place = bisect_left(self._starts, index)
        return place < len(self._starts) and self._starts[place] == index

    def verify_head(self, note: bytes) -> Head:
        """A head whose root is that of this ledger at its size, the end of a batch.

        Raises:
            EncodingError: not a checkpoint.
            InvalidCheckpoint: another origin, more entries than are known, another root, not the end of a batch, or
                signatures missing.
        """
        checkpoint = self._parse(note)
        size = checkpoint.size
        if size > self.size:
            raise InvalidCheckpoint(f"a checkpoint of {size} entries, {self.size} are known here")
        if size < _SMALLEST_HEAD or (size < self.size and not self._begins_batch(size)):
            raise InvalidCheckpoint(f"a checkpoint of {size} entries is not one of whole batches")
        return self._verify(note, checkpoint, self.key_for(size), self.tree.root(size))

    def verify_next_head(self, note: bytes, entries: Sequence[Entry]) -> Head:
        """A head over this ledger and `entries` after it; nothing is taken, so that a refusal changes nothing.

        Args:
            entries: looked at only as far as the head needs it; chain and rules are the fold's.

        Raises:
            EncodingError, InvalidCheckpoint: as `verify_head`; or what follows a head does not begin a batch.
            CryptoError: a change of the log's key among the entries that the board has not signed.
        """
        checkpoint, before = self._parse(note), self.size
        if checkpoint.size != before + len(entries):
            raise InvalidCheckpoint(f"a head over {checkpoint.size} entries, but {before + len(entries)} are given")
        if before and entries and entries[0].kind != BATCH:
            raise InvalidCheckpoint(f"{self.origin}: entry {before} follows a head and does not begin a batch")
        key = self.key_for(before)
        try:
            for entry in entries:
                if entry.kind == LEDGER_KEY_CHANGED:
                    key = read_key_change(entry, self.policy, self.origin).key
                self.tree.append(leaf_hash(entry.data))
            root = self.tree.root()
        finally:
            self.tree.truncate(before)
        return self._verify(note, checkpoint, key, root)

    def _parse(self, note: bytes) -> Checkpoint:
        checkpoint = parse_checkpoint(parse_note(note).text)
        if checkpoint.origin != self.origin:
            raise InvalidCheckpoint(f"a checkpoint of {checkpoint.origin} is not one of {self.origin}")
        return checkpoint

    def _verify(self, note: bytes, checkpoint: Checkpoint, key: PublicKey, root: bytes) -> Head:
        head = verify_head(note, key, self.policy.witnesses, self.policy.witness_quorum)
        if root != checkpoint.root:
            raise InvalidCheckpoint(f"{self.origin}: the root of {checkpoint.size} entries is another one")
        return head
