# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bodies of a large election: ballots on disk in ledger order, which is the record's own file; the rest in memory.

Spec: specs/record.md#record
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from crypto.hashing import sha256


class FileBodies:
    """A body store that moves ballots to a file when their batch is appended.

    Until then they lie in memory: a file in the order of arrival would tell who came when.

    Args:
        path: of the file to write.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w+b")
        self._memory: dict[bytes, bytes] = {}
        self._places: dict[bytes, tuple[int, int]] = {}
        self._end = 0

    def get(self, digest: bytes) -> bytes | None:
        """The body with this hash, None if it is not here."""
        place = self._places.get(digest)
        if place is None:
            return self._memory.get(digest)
        self._file.seek(place[0])
        return self._file.read(place[1])

    def put(self, body: bytes) -> bytes:
        """Keep a body; returns its hash."""
        digest = sha256(body)
        if digest not in self._places:
            self._memory[digest] = body
        return digest

    def settle(self, digests: Iterable[bytes]) -> None:
        """Write the ballots of a batch to the file, in ledger order.

        Raises:
            KeyError: a body that was never put.
        """
        self._file.seek(self._end)
        for digest in digests:
            body = self._memory.pop(digest)
            self._file.write(body)
            self._places[digest] = (self._end, len(body))
            self._end += len(body)

    def flush(self) -> None:
        """Everything settled is in the file."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
