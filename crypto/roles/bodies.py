# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where bodies lie beside a ledger: by their SHA-256.

Spec: specs/ledger.md#entry
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from crypto.hashing import sha256


class BodyStore(Protocol):
    """A place for bodies; a server's or a command's may be on disk."""

    def get(self, digest: bytes) -> bytes | None:
        """The body with this hash, None if it is not here."""

    def put(self, body: bytes) -> bytes:
        """Keep a body; returns its hash."""


class MemoryBodies:
    """Bodies in memory, for small elections and tests."""

    def __init__(self, bodies: Iterable[bytes] = ()) -> None:
        self._bodies: dict[bytes, bytes] = {}
        for body in bodies:
            self.put(body)

    def get(self, digest: bytes) -> bytes | None:
        """The body with this hash, None if it is not here."""
        return self._bodies.get(digest)

    def put(self, body: bytes) -> bytes:
        """Keep a body; returns its hash."""
        digest = sha256(body)
        self._bodies[digest] = body
        return digest

    def drop(self, digest: bytes) -> None:
        """Lose a body, as seized or failing machines do."""
        self._bodies.pop(digest, None)


class CheckedBodies:
    """Bodies from somebody else's store, each hashed before it is believed.

    Args:
        source: a mirror's or the operator's store.
    """

    def __init__(self, source: BodyStore) -> None:
        self._source = source

    def get(self, digest: bytes) -> bytes | None:
        """The body with this hash; None if the source has none, or gives another."""
        body = self._source.get(digest)
        return body if body is not None and sha256(body) == digest else None

    def put(self, body: bytes) -> bytes:
        """Hand a body to the source; returns its hash."""
        return self._source.put(body)
