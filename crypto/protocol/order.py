# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one order of requests and ballots in a batch: it tells nothing about arrival and has no room for a message.

Spec: specs/ledger.md#order-within-a-batch
"""

from __future__ import annotations

from crypto.encoding.binary import u32
from crypto.errors import EncodingError, WrongPhase
from crypto.hashing import tagged_hash
from crypto.labels import BATCH_ORDER
from crypto.protocol.credential import REQUEST_KIND, Request, read_request_entry
from crypto.protocol.entry import BATCH, Entry
from crypto.protocol.envelope import BALLOT, SignedEnvelope, read_ballot_entry

_RANK = {REQUEST_KIND: 1, BALLOT: 2}


def order_key(batch: int, key: bytes) -> bytes:
    """What requests (by member id) and ballots (by pseudonym) of a batch are sorted by."""
    return tagged_hash(BATCH_ORDER, u32(batch), key)


class BatchOrder:
    """Checks the order within one batch after the other."""

    __slots__ = ("_last", "_rank")

    def __init__(self) -> None:
        self._rank = 0
        self._last = b""

    def check(self, entry: Entry, batch: int) -> Request | SignedEnvelope | None:
        """The entry may stand after those before it; returns what it holds, None if malformed or of another kind.

        Args:
            batch: the number of the batch that the entry is in, or begins.

        Raises:
            WrongPhase: it stands in the wrong place.
        """
        if entry.kind == BATCH:
            self._rank, self._last = 0, b""
            return None
        rank = _RANK.get(entry.kind, 0)
        if rank < self._rank:
            raise WrongPhase(f"a {entry.kind} stands after requests or ballots of its batch")
        if rank > self._rank:
            self._rank, self._last = rank, b""
        if rank == 0:
            return None
        held = self._read(entry)
        if held is None:
            return None
        key = held.member if isinstance(held, Request) else held.envelope.pseudonym
        place = order_key(batch, key)
        if place < self._last:
            raise WrongPhase(f"a {entry.kind} is not in the order of its batch")
        self._last = place
        return held

    @staticmethod
    def _read(entry: Entry) -> Request | SignedEnvelope | None:
        try:
            return read_request_entry(entry) if entry.kind == REQUEST_KIND else read_ballot_entry(entry)
        except EncodingError:
            return None
