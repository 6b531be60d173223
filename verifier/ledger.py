# SPDX-License-Identifier: AGPL-3.0-or-later
"""One pass over the entries of a ledger: implements specs/ledger.md#entry, specs/ledger.md#batches and
specs/ledger.md#change-of-the-ledger-key, and keeps of each entry one byte.

What is particular to the register and to an election's ledger is in `register` and `election`, which extend `Scan`.
"""

import hashlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from verifier import labels
from verifier.encoding import Fields, load_canonical_json
from verifier.errors import BrokenError, EncodingError, RuleError
from verifier.merkle import Tree
from verifier.record import Source
from verifier.signatures import SignatureList, read_key, read_signatures, split_statement
from verifier.suite import MAX_ENTRY_BYTES, ZERO_HASH

BATCH: Final = "batch"
KEY_CHANGED: Final = "ledger-key-changed"


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A change of the log's key; ``index`` is the entry's, checkpoints above that size are signed by ``key``."""

    index: int
    origin: str
    key: bytes
    statement: bytes
    signatures: SignatureList


def read_key_change(value: object, index: int) -> KeyChange:
    """Read a `ledger-key-changed` entry at its place.

    Raises:
        EncodingError: members, types, label.
        RuleError: the payload names another place.

    """
    fields = Fields(value, ("kind", "previous", "statement", "signatures"), "entry")
    statement = fields.base64("statement")
    payload = Fields(
        load_canonical_json(split_statement(statement, labels.LEDGER_KEY, "statement")),
        ("origin", "size", "key"),
        "statement",
    )
    if payload.u53("size") != index:
        message = "the change of the ledger's key names another place than its own"
        raise RuleError(message)
    return KeyChange(
        index, payload.string("origin"), read_key(payload, "key"), statement, read_signatures(fields, "signatures")
    )


class Scan:
    """What one pass over a ledger's entries leaves: counts, kinds, batches, the roots that were asked for.

    A pass ends at the first entry that breaks the structure; ``problem`` tells which and why.
    """

    KINDS: ClassVar[tuple[str, ...]] = ()
    """Kinds of the ledger; an entry's code is the place of its kind here."""

    def __init__(self, wanted_sizes: Collection[int] = (), *, all_batch_roots: bool = False) -> None:
        """Prepare a pass that also computes the tree's root at each of ``wanted_sizes`` (or at each end of a batch)."""
        self._wanted = frozenset(wanted_sizes)
        self._all_batch_roots = all_batch_roots
        self._codes: Mapping[str, int] = {kind: code for code, kind in enumerate(self.KINDS)}
        self.batch_code = self._codes[BATCH]
        self.count = 0
        self.kinds = bytearray()
        self.batch_indices = array("Q")
        self.batch_numbers = array("L")
        self.roots: dict[int, bytes] = {}
        self.key_changes: list[KeyChange] = []
        self.problem: str | None = None
        self.framing_problem: str | None = None

    def run(self, source: Source) -> None:
        """Read all entries in order."""
        tree = Tree()
        previous = ZERO_HASH.hex()
        frames = source.frames()
        sha256 = hashlib.sha256
        while True:
            try:
                raw = next(frames, None)
            except EncodingError as error:
                self.framing_problem = str(error)
                return
            if raw is None:
                break
            try:
                code = self.read_entry(self.count, raw, previous)
            except BrokenError as error:
                self.problem = f"entry {self.count}: {error}"
                return
            if code == self.batch_code and self._all_batch_roots:
                self.roots[self.count] = tree.root()
            self.kinds.append(code)
            previous = sha256(raw).hexdigest()
            tree.append(sha256(b"\x00" + raw).digest())
            self.count += 1
            if self.count in self._wanted:
                self.roots[self.count] = tree.root()
        self.roots[self.count] = tree.root()
        self.finish()

    def finish(self) -> None:
        """Close what the last batch left open."""

    def read_entry(self, index: int, raw: bytes, previous: str) -> int:
        """Check one entry's structure and return its code.

        Raises:
            BrokenError: not canonical, unknown kind, wrong members, wrong hash before it, out of place.

        """
        if len(raw) > MAX_ENTRY_BYTES:
            message = f"{len(raw)} bytes, more than {MAX_ENTRY_BYTES}"
            raise EncodingError(message)
        value = load_canonical_json(raw)
        if not isinstance(value, dict) or value.get("kind") not in self.KINDS:
            message = "not an object of a known kind"
            raise EncodingError(message)
        if value.get("previous") != previous:
            message = "its `previous` is not the hash of the entry before it"
            raise RuleError(message)
        kind: str = value["kind"]
        if (index == 0) != (kind == self.KINDS[0]):
            message = f"kind {kind!r} at this place"
            raise RuleError(message)
        if (index == 1) and kind != BATCH:
            message = "entry 1 is not a batch entry"
            raise RuleError(message)
        if kind == BATCH:
            self._read_batch(index, value)
        elif kind == KEY_CHANGED:
            change = read_key_change(value, index)
            if self.kinds[index - 1] != self.batch_code:
                message = "a change of the ledger's key is not the first entry after a batch entry"
                raise RuleError(message)
            self.key_changes.append(change)
        return self.read_kind(index, kind, value, raw)

    def _read_batch(self, index: int, value: object) -> None:
        number = Fields(value, ("kind", "previous", "number"), "entry").u32("number")
        if self.batch_numbers and number <= self.batch_numbers[-1]:
            message = f"batch number {number} does not rise"
            raise RuleError(message)
        self.batch_indices.append(index)
        self.batch_numbers.append(number)

    def read_kind(self, index: int, kind: str, value: dict[str, Any], raw: bytes) -> int:
        """Check what is particular to a kind; return the entry's code."""
        del index, value, raw
        return self._codes[kind]

    def code(self, kind: str) -> int:
        """Return the code of a kind."""
        return self._codes[kind]

    def batch_of(self, index: int) -> int:
        """Return the number of the batch of an entry; -1 for entry 0, which stands before all batches."""
        place = bisect_right(self.batch_indices, index)
        return self.batch_numbers[place - 1] if place else -1

    def is_batch_end(self, size: int) -> bool:
        """Tell whether a tree of this size ends a batch: the index of a `batch` entry, or all entries; at least 2."""
        place = bisect_left(self.batch_indices, size)
        at_batch = place < len(self.batch_indices) and self.batch_indices[place] == size
        return size >= 2 and (at_batch or size == self.count)

    @property
    def gaps(self) -> int:
        """How many batch numbers between the first and the last are left out."""
        if not self.batch_numbers:
            return 0
        return self.batch_numbers[-1] - self.batch_numbers[0] + 1 - len(self.batch_numbers)

    def entries(self, source: Source, codes: Collection[int], *, first: int = 0) -> Iterator[tuple[int, bytes]]:
        """Yield (index, bytes) of the entries from ``first`` whose code is among ``codes``, in order."""
        wanted = frozenset(codes)
        kinds = self.kinds
        for index, raw in enumerate(source.frames()):
            if index >= self.count:
                return
            if index >= first and kinds[index] in wanted:
                yield index, raw

    def log_key(self, first_key: bytes, size: int) -> bytes:
        """Return the log's key in force for a checkpoint of a size."""
        key = first_key
        for change in self.key_changes:
            if size > change.index:
                key = change.key
        return key
