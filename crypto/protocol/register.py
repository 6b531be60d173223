# SPDX-License-Identifier: AGPL-3.0-or-later
"""Entries of the register: making their statements, and the values in them.

Spec: specs/register.md#signed-entries, specs/register.md#entry-kinds
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from crypto import labels
from crypto.encoding.members import Members
from crypto.encoding.strict_json import Json
from crypto.encoding.text import Text, read_text
from crypto.errors import EncodingError
from crypto.group import G1Point, G2Point, decode_g1, decode_g2, encode_g1, encode_g2
from crypto.hashing import sha256
from crypto.labels import Label
from crypto.protocol.entry import ZERO_HASH, Entry, make_entry
from crypto.protocol.policy import MIN_INTERVAL, Clock, Person, Policy
from crypto.signing import (
    KEY_BYTES,
    PublicKey,
    decode_public_key,
    json_payload,
    make_json_statement,
    require_quorum,
    verify_all,
)
from crypto.suite import G1_BYTES, G2_BYTES, MAX_U32

REGISTER: Final = "register"

LABELS: Final[dict[str, Label]] = {
    "reviewers": labels.REVIEWERS,
    "panel": labels.PANEL,
    "standing-key": labels.STANDING_KEY,
    "admitted": labels.ADMITTED,
    "key-announced": labels.KEY_ANNOUNCED,
    "key-changed": labels.KEY_CHANGED,
    "suspended": labels.SUSPENDED,
    "restored": labels.RESTORED,
    "left": labels.LEFT,
    "announcement": labels.ANNOUNCEMENT,
    "election-keys": labels.ELECTION_KEYS,
}
"""Kinds that carry a signed statement, with its label."""

MEMBERS: Final[dict[str, tuple[str, ...]]] = {
    "reviewers": ("reviewers",),
    "panel": ("members", "quorum"),
    "standing-key": ("key", "purpose", "session", "transcript"),
    "admitted": ("case", "key", "member"),
    "key-announced": ("key", "member"),
    "key-changed": ("key", "member"),
    "suspended": ("member", "reason"),
    "restored": ("member", "reason"),
    "left": ("member",),
    "announcement": ("eligibility_days", "epoch", "interval", "ledger_key", "nonce", "title"),
    "election-keys": ("election", "issuing_key", "manifest", "tally_key"),
}
"""Members of the payloads beside `register` and `sequence`."""

SUSPENSION_REASONS: Final = ("duplicate", "identity", "conduct", "request")
RESTORATION_REASONS: Final = ("appeal", "error", "expired")
ANNOUNCEMENT_DELAY: Final = 14 * 86_400
"""Seconds between announcing a member's new key and changing to it by the panel."""


def first_entry(policy: Policy) -> bytes:
    """Entry 0 of the register."""
    return make_entry(REGISTER, ZERO_HASH, {"policy": policy.to_json()})


def make_register_statement(kind: str, policy: Policy, sequence: int, members: Mapping[str, Json]) -> bytes:
    """The statement of an entry of `kind`, to be signed by those entitled.

    Args:
        sequence: how many statements of the board, or about the member, there are before it.

    Raises:
        ValueError: other members than the kind has.
    """
    if set(members) != set(MEMBERS[kind]):
        raise ValueError(f"{kind}: members {sorted(members)} instead of {sorted(MEMBERS[kind])}")
    payload = {**members, "register": policy.register_origin, "sequence": sequence}
    return make_json_statement(LABELS[kind], payload)


@dataclass(frozen=True, slots=True)
class Announcement:
    """An election as announced in the register."""

    election: bytes
    title: dict[str, str]
    clock: Clock
    eligibility_days: int
    ledger_key: PublicKey
    index: int
    batch: int

    @property
    def last_admission_delay(self) -> int:
        """Seconds that must lie between an admission and the announcement."""
        return self.eligibility_days * 86_400


def announcement_members(
    title: Text, clock: Clock, ledger_key: PublicKey, nonce: bytes, eligibility_days: int = 30
) -> dict[str, Json]:
    """Members of an announcement's payload."""
    return {
        "eligibility_days": eligibility_days,
        "epoch": clock.epoch,
        "interval": clock.interval,
        "ledger_key": ledger_key.hex(),
        "nonce": nonce.hex(),
        "title": dict(title),
    }


def read_announcement(payload: Members, statement: bytes, index: int, batch: int) -> Announcement:
    """An announcement from its payload. Its election id is SHA-256 of the statement.

    Raises:
        EncodingError.
    """
    payload.hash("nonce")
    return Announcement(
        election=sha256(statement),
        title=read_text(payload.raw("title"), "announcement title"),
        clock=Clock(payload.integer("epoch"), payload.u32("interval", MIN_INTERVAL)),
        eligibility_days=payload.u32("eligibility_days"),
        ledger_key=decode_public_key(payload.hex("ledger_key", KEY_BYTES)),
        index=index,
        batch=batch,
    )


@dataclass(frozen=True, slots=True)
class ElectionKeys:
    """The keys of one election as the register records them."""

    election: bytes
    manifest: bytes
    issuing_key: bytes
    tally_key: bytes
    index: int


def election_keys_members(
    election: bytes, manifest: bytes, issuing_key: G2Point, tally_key: G1Point
) -> dict[str, Json]:
    """Members of an `election-keys` payload."""
    return {
        "election": election.hex(),
        "issuing_key": encode_g2(issuing_key).hex(),
        "manifest": manifest.hex(),
        "tally_key": encode_g1(tally_key).hex(),
    }


def read_election_keys(payload: Members, index: int) -> ElectionKeys:
    """An `election-keys` payload, its points decoded strictly.

    Raises:
        EncodingError.
    """
    issuing, tally = payload.hex("issuing_key", G2_BYTES), payload.hex("tally_key", G1_BYTES)
    decode_g2(issuing)
    decode_g1(tally)
    return ElectionKeys(payload.hash("election"), payload.hash("manifest"), issuing, tally, index)


def read_people(items: Sequence[Json], what: str, minimum: int = 1) -> tuple[Person, ...]:
    """A list of people with different keys.

    Raises:
        EncodingError: fewer than `minimum`, or a key twice.
    """
    people = tuple(Person.from_json(item, what) for item in items)
    if not minimum <= len(people) <= MAX_U32 or len({person.key for person in people}) != len(people):
        raise EncodingError(f"{what}: fewer than {minimum}, or two with one key")
    return people


def verify_announcement_entry(entry: Entry, index: int, policy: Policy) -> Announcement:
    """An announcement that a quorum of the board signed, for a witness that does not follow the register.

    Args:
        index: of the entry; the batch is not known and given as 0.

    Raises:
        CryptoError.
    """
    if entry.kind != "announcement":
        raise EncodingError(f"an entry of kind {entry.kind} announces no election")
    statement, signatures = entry.signed_statement()
    names = ("register", "sequence", *MEMBERS["announcement"])
    payload = Members(json_payload(labels.ANNOUNCEMENT, statement), "announcement statement", names)
    payload.literal("register", policy.register_origin)
    require_quorum(verify_all(signatures, statement), policy.board_keys, policy.board_quorum, "announcement")
    return read_announcement(payload, statement, index, 0)
