# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the register knows about a member, and the roll of an election.

Spec: specs/register.md#fold, specs/register.md#roll
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from crypto.errors import EncodingError
from crypto.hashing import sha256
from crypto.ledger.merkle import Tree, leaf_hash
from crypto.signing import KEY_BYTES, PublicKey, decode_public_key
from crypto.suite import MEMBER_ID_BYTES

Status = Literal["active", "suspended", "left"]

ROLL_ENTRY_BYTES: Final = MEMBER_ID_BYTES + KEY_BYTES


@dataclass(frozen=True, slots=True)
class Standing:
    """Key and status of a member from one entry of the register on."""

    index: int
    key: PublicKey
    status: Status


@dataclass(slots=True)
class Member:
    """A member of the register: never a name, never a document.

    Args:
        batch: of the admission.
        standings: ascending by entry index; the first is the admission.
        sequence: entries about this member so far.
        announced: new key and batch of the newest announcement of a key change.
    """

    identifier: bytes
    batch: int
    standings: list[Standing]
    sequence: int = 1
    announced: tuple[PublicKey, int] | None = field(default=None)

    @property
    def current(self) -> Standing:
        """The newest standing."""
        return self.standings[-1]

    def at(self, size: int) -> Standing | None:
        """The standing after the first `size` entries of the register, if admitted by then."""
        if len(self.standings) == 1:
            return self.standings[0] if self.standings[0].index < size else None
        return next((standing for standing in reversed(self.standings) if standing.index < size), None)


@dataclass(frozen=True, slots=True)
class Roll:
    """Members who may vote: ids and keys, ascending by id. A member's position is its place.

    Raises:
        EncodingError: from `from_bytes`: not whole entries, not ascending, or a key that is not acceptable.
    """

    members: tuple[tuple[bytes, PublicKey], ...]

    def to_bytes(self) -> bytes:
        """The roll body: 48 bytes a member."""
        return b"".join(identifier + key for identifier, key in self.members)

    @classmethod
    def from_bytes(cls, data: bytes) -> Roll:
        """A roll from its body."""
        if len(data) % ROLL_ENTRY_BYTES:
            raise EncodingError("a roll body is not made of whole entries")
        members = []
        for start in range(0, len(data), ROLL_ENTRY_BYTES):
            identifier = data[start : start + MEMBER_ID_BYTES]
            members.append((identifier, decode_public_key(data[start + MEMBER_ID_BYTES : start + ROLL_ENTRY_BYTES])))
        identifiers = [identifier for identifier, _ in members]
        if identifiers != sorted(set(identifiers)):
            raise EncodingError("a roll body is not ascending by member id")
        return cls(tuple(members))

    def digest(self) -> bytes:
        """SHA-256 of the body."""
        return sha256(self.to_bytes())

    def root(self) -> bytes:
        """RFC 6962 root over the entries, so that a member can prove its place."""
        return Tree(leaf_hash(identifier + key) for identifier, key in self.members).root()

    def __len__(self) -> int:
        return len(self.members)


def make_roll(members: Iterable[Member], size: int, last_batch: int, parties: Container[PublicKey] = ()) -> Roll:
    """All members active after `size` entries, admitted in `last_batch` or before, whose key is none of `parties`."""
    chosen = []
    for member in members:
        standing = member.at(size)
        if standing is None or standing.status != "active" or member.batch > last_batch:
            continue
        if standing.key not in parties:
            chosen.append((member.identifier, standing.key))
    return Roll(tuple(sorted(chosen)))
