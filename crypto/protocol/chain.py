# SPDX-License-Identifier: AGPL-3.0-or-later
"""Voting again: the envelopes of one pseudonym form a chain by sequence number and hash.

Spec: specs/ballot.md#counted-or-excluded, specs/ballot.md#voting-again
"""

from __future__ import annotations

from dataclasses import dataclass

from crypto.errors import Excluded
from crypto.protocol.entry import ZERO_HASH
from crypto.protocol.envelope import Envelope


@dataclass(frozen=True, slots=True)
class Link:
    """One envelope in a chain: entry index, batch, and what is needed to find and check its body."""

    index: int
    batch: int
    envelope: Envelope
    digest: bytes


def continues(envelope: Envelope, newest: tuple[int, bytes] | None) -> bool:
    """Whether an envelope comes next in its pseudonym's chain.

    Args:
        newest: seq and hash of the last envelope in the chain, None if there is none yet.
    """
    sequence, digest = newest or (0, ZERO_HASH)
    return envelope.sequence == sequence + 1 and envelope.replaces == digest


class Chains:
    """The chains of all pseudonyms.

    Args:
        max_revotes: envelopes that one chain may have.
    """

    __slots__ = ("_links", "_max_revotes")

    def __init__(self, max_revotes: int) -> None:
        self._max_revotes = max_revotes
        self._links: dict[bytes, list[Link]] = {}

    def check(self, envelope: Envelope, batch: int | None) -> None:
        """The envelope continues its pseudonym's chain: rules B6, B7, B8.

        Args:
            batch: in which it would stand; None before it is in a batch.

        Raises:
            Excluded.
        """
        links = self._links.get(envelope.pseudonym, [])
        if len(links) >= self._max_revotes:
            raise Excluded("B6", f"the pseudonym has {self._max_revotes} ballots already")
        if not continues(envelope, (len(links), links[-1].digest) if links else None):
            raise Excluded("B7", f"not ballot {len(links) + 1} of its pseudonym, or it replaces another one")
        if links and links[-1].batch == batch:
            raise Excluded("B8", "the pseudonym has a ballot in this batch already")

    def append(self, index: int, batch: int, envelope: Envelope) -> None:
        """Take an envelope that was checked."""
        self._links.setdefault(envelope.pseudonym, []).append(Link(index, batch, envelope, envelope.digest()))

    def head(self, pseudonym: bytes) -> Link | None:
        """The newest envelope of a pseudonym."""
        links = self._links.get(pseudonym)
        return links[-1] if links else None

    def holds(self, pseudonym: bytes, digest: bytes) -> bool:
        """Whether the envelope with this hash is in its pseudonym's chain."""
        return any(link.digest == digest for link in self._links.get(pseudonym, ()))

    def all(self) -> dict[bytes, list[Link]]:
        """Every chain, ascending by sequence."""
        return self._links

    def __len__(self) -> int:
        return len(self._links)
