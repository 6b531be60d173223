# SPDX-License-Identifier: AGPL-3.0-or-later
"""The register's state, folded entry by entry: implements specs/register.md#fold, specs/register.md#roll and the rules
of specs/register.md#entry-kinds that depend on what stands before an entry.

Signatures are collected, not verified here: the caller verifies them in chunks.
"""

import struct
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from verifier.backend import Backend
from verifier.ceremony import check_session
from verifier.compact import Table
from verifier.errors import BrokenError, RuleError
from verifier.merkle import Tree, leaf_hash
from verifier.policy import MIN_INTERVAL, Person, Policy
from verifier.register import (
    BOARD_KINDS,
    PANEL_KINDS,
    Announcement,
    ElectionKeys,
    SignedEntry,
    StandingKey,
    parse_signed,
    read_announcement,
    read_election_keys,
    read_member_id,
    read_people,
    read_standing_key,
)
from verifier.signatures import read_key, require_quorum
from verifier.suite import ED25519_KEY_BYTES, MAX_PARTIES, MEMBER_ID_BYTES
from verifier.texts import require_distinct, skeleton

ACTIVE, SUSPENDED, LEFT = range(3)
_DAY: Final = 86400
_ANNOUNCED_SECONDS: Final = 14 * _DAY
_REASONS: Final = {
    "suspended": ("duplicate", "identity", "conduct", "request"),
    "restored": ("appeal", "error", "expired"),
}
_ADMISSION_SIGNATURES: Final = 2
_CASE_BYTES: Final = 8

Collect = Callable[[bytes, bytes, bytes, str, bool], None]
"""(key, signature, message, where, whether it is a member's matter) of a signature that has to be verified."""


_MEMBER: Final = struct.Struct(">32sIBI32sI")


@dataclass(slots=True)
class Member:
    """What the register says about one member; a row of 77 bytes in the fold's table."""

    key: bytes
    admitted: int
    """Number of the batch of the admission."""
    status: int = ACTIVE
    entries: int = 1
    announced_key: bytes = bytes(ED25519_KEY_BYTES)
    announced: int = 0

    def pack(self) -> bytes:
        """Return the row."""
        parts = (self.key, self.admitted, self.status, self.entries, self.announced_key, self.announced)
        return _MEMBER.pack(*parts)


@dataclass(slots=True)
class Fold:
    """State after the entries taken so far. ``member_problem`` is the first broken rule about a member (V08)."""

    policy: Policy
    backend: Backend
    collect: Collect
    reviewers: tuple[Person, ...] = ()
    panel: tuple[Person, ...] = ()
    panel_quorum: int = 0
    board_statements: int = 0
    standing: StandingKey | None = None
    announcements: dict[bytes, Announcement] = field(default_factory=dict)
    election_keys: list[ElectionKeys] = field(default_factory=list)
    members: Table = field(default_factory=lambda: Table(MEMBER_ID_BYTES, _MEMBER.size))
    cases: Table = field(default_factory=lambda: Table(_CASE_BYTES, 0))
    role_keys: dict[bytes, str] = field(default_factory=dict)
    role_claims: list[tuple[int, str, bytes]] = field(default_factory=list)
    """(entry, role, key) of reviewers, panel and lottery holders, as often as they are named."""
    member_keys: Table = field(default_factory=lambda: Table(ED25519_KEY_BYTES, 0))
    by_reviewer: Counter[str] = field(default_factory=Counter)
    by_pair: Counter[tuple[str, str]] = field(default_factory=Counter)
    statements: int = 0
    """Statements of board and panel taken."""
    member_entries: int = 0
    member_problem: str | None = None

    def __post_init__(self) -> None:
        """Begin with the keys of the policy."""
        for role, key in self.policy.role_keys():
            self.role_keys[key] = role

    def take(self, index: int, kind: str, raw: bytes, batch: int) -> None:
        """Take the next signed entry.

        Raises:
            BrokenError: a statement of the board or the panel breaks its rules (V07). What is wrong with admissions and
            with
                changes that members sign is kept in ``member_problem`` (V08), so that V07 still sees every statement.

        """
        if kind in BOARD_KINDS:
            self._take_board(self._parse(index, raw), batch)
        elif kind in PANEL_KINDS:
            self.statements += 1
            self.member_entries += 1
            entry = self._parse(index, raw)
            self._require_panel(entry)
            if self.member_problem is None:  # otherwise the members' state is not known any more
                self._take_member(entry, batch)
        else:
            self.member_entries += 1
            if self.member_problem is not None:
                return
            try:
                self._take_member(self._parse(index, raw), batch)
            except BrokenError as error:
                self.member_problem = f"entry {index}: {error}"

    def _parse(self, index: int, raw: bytes) -> SignedEntry:
        entry = parse_signed(index, raw)
        if entry.origin != self.policy.register_origin:
            message = f"{entry.kind}: its register is {ascii(entry.origin)[:80]}"
            raise RuleError(message)
        return entry

    def take_key_change(self, key: bytes) -> None:
        """Take a new key of the register's log.

        Raises:
            RuleError: the key was used before.

        """
        self._require_unused(key, "the new key of the register's log")
        self.role_keys[key] = "register"

    # --- statements of the board -------------------------------------------------------------------------------------

    def _take_board(self, entry: SignedEntry, batch: int) -> None:
        self.statements += 1
        if entry.sequence != self.board_statements:
            message = f"{entry.kind}: sequence {entry.sequence} instead of {self.board_statements}"
            raise RuleError(message)
        require_quorum(entry.signatures, self.policy.board_keys, self.policy.board_quorum, entry.kind)
        self._collect(entry, member=False)
        if entry.kind == "reviewers":
            people = read_people(entry, "reviewers")
            if not people:
                message = "reviewers: the list is empty"
                raise RuleError(message)
            self._require_people(people, entry)
            self.reviewers = people
        elif entry.kind == "panel":
            self._take_panel(entry)
        elif entry.kind == "standing-key":
            self._take_standing(entry)
        elif entry.kind == "announcement":
            announcement = read_announcement(entry, batch)
            if announcement.clock.interval < MIN_INTERVAL:
                message = f"announcement: an interval of {announcement.clock.interval} seconds; at least {MIN_INTERVAL}"
                raise RuleError(message)
            self._require_unused(announcement.ledger_key, "announcement")
            self.role_keys[announcement.ledger_key] = "ledger"
            self.announcements[announcement.election] = announcement
        else:
            keys = read_election_keys(entry, self.backend)
            if keys.election not in self.announcements:
                message = "election-keys: the election was not announced before"
                raise RuleError(message)
            if any(other.election == keys.election for other in self.election_keys):
                message = "election-keys: the election has its keys already"
                raise RuleError(message)
            self.election_keys.append(keys)
        self.board_statements += 1

    def _take_panel(self, entry: SignedEntry) -> None:
        people = read_people(entry, "members")
        quorum, faulty = entry.fields.u32("quorum"), self.policy.faulty["board"]
        if not faulty < quorum <= len(people) <= MAX_PARTIES:
            message = f"panel: a quorum of {quorum} of {len(people)} with {faulty} faulty"
            raise RuleError(message)
        self._require_people(people, entry)
        require_distinct([person.organisation for person in people], "panel")
        self.panel, self.panel_quorum = people, quorum

    def _take_standing(self, entry: SignedEntry) -> None:
        standing = read_standing_key(entry, self.backend)
        if self.standing is not None:
            message = "standing-key: there is one already"
            raise RuleError(message)
        if standing.session.number != 1:
            message = f"standing-key: session {standing.session.number}; the lottery's has number 1"
            raise RuleError(message)
        check_session(standing.session, self.policy, "standing-key")
        self.standing = standing
        self._claim(entry.index, "lottery", standing.session.keys)
        self.role_claims.extend((entry.index, "lottery's seal", seal) for seal in standing.session.seals)

    def _require_people(self, people: tuple[Person, ...], entry: SignedEntry) -> None:
        keys = [person.key for person in people]
        if len(set(keys)) != len(keys):
            message = f"{entry.kind}: two of them have one key"
            raise RuleError(message)
        require_distinct([person.name for person in people], entry.kind)
        self._claim(entry.index, entry.kind, keys)

    def _claim(self, index: int, role: str, keys: Iterable[bytes]) -> None:
        """Give keys a role that they may have had before, but no other, and that no member's key may have."""
        for key in keys:
            if self.role_keys.get(key) != role:
                self._require_unused(key, role)
            self.role_keys[key] = role
            self.role_claims.append((index, role, key))

    def _require_panel(self, entry: SignedEntry) -> None:
        if not self.panel:
            message = f"{entry.kind}: there is no panel"
            raise RuleError(message)
        keys = {person.key for person in self.panel}
        require_quorum(entry.signatures, keys, self.panel_quorum, entry.kind)
        self._collect(entry, member=False)

    # --- entries about members ---------------------------------------------------------------------------------------

    def _take_member(self, entry: SignedEntry, batch: int) -> None:
        member_id = read_member_id(entry)
        if entry.kind == "admitted":
            self._admit(entry, member_id, batch)
            return
        row = self.members.find(member_id)
        member = None if row < 0 else Member(*_MEMBER.unpack(self.members.value(row)))
        if member is None or member.status == LEFT:
            message = f"{entry.kind}: nobody with this id is a member"
            raise RuleError(message)
        if entry.sequence != member.entries:
            message = f"{entry.kind}: sequence {entry.sequence} instead of {member.entries}"
            raise RuleError(message)
        if entry.kind == "key-announced":
            key = read_key(entry.fields, "key")
            self._require_unused(key, entry.kind)
            self.member_keys.add(key, b"")
            member.announced_key, member.announced = key, batch
        elif entry.kind == "key-changed":
            self._change_key(entry, member, batch)
        elif entry.kind == "left":
            self._require_own(entry, member)
            member.status = LEFT
        else:
            entry.fields.constant("reason", *_REASONS[entry.kind])
            before, after = (ACTIVE, SUSPENDED) if entry.kind == "suspended" else (SUSPENDED, ACTIVE)
            if member.status != before:
                message = f"{entry.kind}: the member is not {'active' if before == ACTIVE else 'suspended'}"
                raise RuleError(message)
            member.status = after
        member.entries += 1
        self.members.set_value(row, member.pack())

    def _admit(self, entry: SignedEntry, member_id: bytes, batch: int) -> None:
        case, key = entry.fields.u53("case"), read_key(entry.fields, "key")
        reviewers = {person.key: person for person in self.reviewers}
        require_quorum(entry.signatures, reviewers.keys(), _ADMISSION_SIGNATURES, "admitted", exactly=True)
        first, second = (reviewers[signer] for signer, _ in entry.signatures)
        if skeleton(first.organisation) == skeleton(second.organisation):
            message = "admitted: both reviewers are of one organisation"
            raise RuleError(message)
        packed_case = case.to_bytes(_CASE_BYTES, "big")
        if entry.sequence != 0 or self.cases.find(packed_case) >= 0 or self.members.find(member_id) >= 0:
            message = "admitted: the case, the member or the sequence is not new"
            raise RuleError(message)
        self._require_unused(key, "admitted")
        self._collect(entry, member=True)
        self.cases.add(packed_case, b"")
        self.member_keys.add(key, b"")
        self.members.add(member_id, Member(key, batch).pack())
        names = sorted((first.name, second.name))
        self.by_reviewer.update(names)
        self.by_pair[names[0], names[1]] += 1

    def _change_key(self, entry: SignedEntry, member: Member, batch: int) -> None:
        key = read_key(entry.fields, "key")
        announced = key == member.announced_key
        if not announced:
            self._require_unused(key, entry.kind)
        if [signer for signer, _ in entry.signatures] == [member.key]:
            self._collect(entry, member=True)
        else:
            if not announced or (batch - member.announced) * self.policy.clock.interval < _ANNOUNCED_SECONDS:
                message = "key-changed: not signed by the member's key, and not announced 14 days before"
                raise RuleError(message)
            panel = {person.key for person in self.panel}
            require_quorum(entry.signatures, panel, self.panel_quorum, entry.kind)
            self._collect(entry, member=True)
        if not announced:
            self.member_keys.add(key, b"")
        else:
            member.announced_key = bytes(ED25519_KEY_BYTES)
        member.key = key

    def _require_own(self, entry: SignedEntry, member: Member) -> None:
        if [signer for signer, _ in entry.signatures] != [member.key]:
            message = f"{entry.kind}: not signed by the member's present key alone"
            raise RuleError(message)
        self._collect(entry, member=True)

    def _require_unused(self, key: bytes, where: str) -> None:
        role = "member" if self.member_keys.find(key) >= 0 else self.role_keys.get(key)
        if role is not None:
            message = f"{where}: the key {key.hex()[:16]}.. was used before ({role})"
            raise RuleError(message)

    def _collect(self, entry: SignedEntry, *, member: bool) -> None:
        for key, signature in entry.signatures:
            self.collect(key, signature, entry.statement, f"entry {entry.index}: {entry.kind}", member)


@dataclass(frozen=True, slots=True)
class Roll:
    """The roll of an election: members in ascending order of id, 48 bytes each (id, key)."""

    body: bytes
    root: bytes

    @property
    def size(self) -> int:
        """Number of members."""
        return len(self.body) // 48


def make_roll(fold: Fold, announcement: Announcement, parties: Collection[bytes]) -> Roll:
    """Return the roll at the fold's state (specs/register.md#roll): active members whose admission is old enough, but
    those with the key of one of ``parties``.
    """
    needed = announcement.eligibility_days * _DAY
    interval = fold.policy.clock.interval
    members = ((row, Member(*_MEMBER.unpack(fold.members.value(row)))) for row in range(fold.members.count))
    chosen = sorted(
        fold.members.key(row) + member.key
        for row, member in members
        if member.status == ACTIVE
        and (announcement.batch - member.admitted) * interval >= needed
        and member.key not in parties
    )
    tree = Tree()
    for row in chosen:
        tree.append(leaf_hash(row))
    return Roll(b"".join(chosen), tree.root())
