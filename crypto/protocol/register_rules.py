# SPDX-License-Identifier: AGPL-3.0-or-later
"""The register as a fold: each entry is checked against everything before it, or the register is broken.

Spec: specs/register.md#entry-kinds, specs/register.md#fold
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

from crypto.encoding.members import Members
from crypto.encoding.text import check_distinguishable, skeleton
from crypto.errors import EncodingError, InvalidSignature, KeyReuse, RegisterError, UnsafePolicy
from crypto.protocol.entry import BATCH, LEDGER_KEY_CHANGED, Chain, Entry
from crypto.protocol.follow import LedgerTree
from crypto.protocol.ledger_key import take_key_change
from crypto.protocol.members import Member, Roll, Standing, Status, make_roll
from crypto.protocol.policy import Person, Policy, read_policy
from crypto.protocol.register import (
    ANNOUNCEMENT_DELAY,
    LABELS,
    MEMBERS,
    REGISTER,
    RESTORATION_REASONS,
    SUSPENSION_REASONS,
    Announcement,
    ElectionKeys,
    read_announcement,
    read_election_keys,
    read_people,
)
from crypto.sharing.ceremony import DerivedKey, replay_transcript
from crypto.sharing.session import LOTTERY, Party, Session, encode_point
from crypto.signing import KEY_BYTES, PublicKey, decode_public_key, json_payload, require_quorum, verify_all
from crypto.suite import G2_BYTES

Bodies = Callable[[bytes], bytes | None]
"""Looks up a body by its SHA-256."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Who decides disputes."""

    members: tuple[Person, ...]
    quorum: int


@dataclass(frozen=True, slots=True)
class _Signed:
    """A signed entry whose signatures verify; who signed still has to be entitled."""

    index: int
    payload: Members
    statement: bytes
    signers: frozenset[PublicKey]


class Register:
    """The state of the register after some entries.

    Args:
        policy: the pinned one; entry 0 must hold it.
        bodies: gives transcripts by their hash.
    """

    def __init__(self, policy: Policy, bodies: Bodies) -> None:
        self.policy = policy
        self.chain = Chain()
        self.ledger = LedgerTree(policy, policy.register_origin, policy.register_key)
        self.reviewers: tuple[Person, ...] = ()
        self.panel: Panel | None = None
        self.lottery: DerivedKey | None = None
        self.members: dict[bytes, Member] = {}
        self.elections: dict[bytes, Announcement] = {}
        self.election_keys: dict[bytes, ElectionKeys] = {}
        self.board_sequence = 0
        self._bodies = bodies
        self._cases: set[int] = set()
        self._member_keys: set[PublicKey] = set()
        self.role_keys: dict[PublicKey, str] = {
            **dict.fromkeys(policy.board_keys, "board"),
            **{witness.key: "witness" for witness in policy.witnesses},
            policy.register_key: "log",
        }
        """The signing keys that a role has, or had, and which."""
        self._handlers: dict[str, Callable[[_Signed], None]] = {
            "reviewers": self._take_reviewers,
            "panel": self._take_panel,
            "standing-key": self._take_standing_key,
            "admitted": self._take_admitted,
            "key-announced": self._take_key_announced,
            "key-changed": self._take_key_changed,
            "suspended": self._take_suspended,
            "restored": self._take_restored,
            "left": self._take_left,
            "announcement": self._take_announcement,
            "election-keys": self._take_election_keys,
        }

    @property
    def size(self) -> int:
        """Number of entries."""
        return self.chain.size

    def apply(self, entry: Entry) -> None:
        """Take the next entry. If it is refused the register is broken and nothing has changed.

        Raises:
            CryptoError: which rule the entry breaks.
        """
        self.chain.check(entry)
        if (entry.kind == REGISTER) != (self.size == 0):
            raise RegisterError(f"entry {self.size} of the register is of kind {entry.kind}")
        if entry.kind == REGISTER:
            self._take_register(entry)
        elif entry.kind == LEDGER_KEY_CHANGED:
            change = take_key_change(entry, self.chain, self.policy, self.policy.register_origin)
            if change in self.role_keys or change in self._member_keys:
                raise KeyReuse("the register's new log key is in use already, or was")
            self.role_keys[change] = "log"
            self.ledger.change_key(self.size, change)
        elif entry.kind in self._handlers:
            statement, signatures = entry.signed_statement()
            payload = Members(
                json_payload(LABELS[entry.kind], statement),
                f"{entry.kind} statement",
                ("register", "sequence", *MEMBERS[entry.kind]),
            )
            payload.literal("register", self.policy.register_origin)
            signers = verify_all(signatures, statement)
            self._handlers[entry.kind](_Signed(self.size, payload, statement, signers))
        elif entry.kind != BATCH:
            raise EncodingError(f"the register knows no entry of kind {entry.kind!r}")
        self.ledger.append(entry)
        self.chain.advance(entry)

    def roll(self, election: bytes, size: int, parties: Container[PublicKey] = ()) -> Roll:
        """The roll of an announced election at the first `size` entries.

        Args:
            parties: keys of the election's registrars and trustees, whose owners are not on the roll.

        Raises:
            RegisterError: unknown election, or more entries than there are.
        """
        announcement = self.elections.get(election)
        if announcement is None or not announcement.index < size <= self.size:
            raise RegisterError("the register does not announce this election before that size")
        delay, interval = announcement.last_admission_delay, self.policy.register_clock.interval
        return make_roll(self.members.values(), size, announcement.batch - -(-delay // interval), parties)

    # --- entry 0

    def _take_register(self, entry: Entry) -> None:
        policy = read_policy(entry.members("policy").raw("policy"))
        if policy.fingerprint() != self.policy.fingerprint():
            raise UnsafePolicy("the register was founded under another policy")

    # --- the board

    def _require_board(self, signed: _Signed, kind: str) -> None:
        if signed.payload.u32("sequence") != self.board_sequence:
            raise RegisterError(f"{kind}: not statement number {self.board_sequence} of the board")
        require_quorum(signed.signers, self.policy.board_keys, self.policy.board_quorum, kind)

    def _take_reviewers(self, signed: _Signed) -> None:
        self._require_board(signed, "reviewers")
        people = read_people(signed.payload.array("reviewers"), "reviewer")
        check_distinguishable((person.name for person in people), "reviewers")
        self._add_role_keys("reviewer", people)
        self.reviewers = people
        self.board_sequence += 1

    def _take_panel(self, signed: _Signed) -> None:
        self._require_board(signed, "panel")
        people = read_people(signed.payload.array("members"), "panel member")
        check_distinguishable((person.name for person in people), "panel")
        check_distinguishable((person.organisation for person in people), "organisations of the panel")
        quorum = signed.payload.u32("quorum")
        if not self.policy.faulty["board"] < quorum <= len(people):
            raise UnsafePolicy(f"panel: a quorum of {quorum} of {len(people)}")
        self._add_role_keys("panel", people)
        self.panel = Panel(people, quorum)
        self.board_sequence += 1

    def _add_role_keys(self, role: str, people: Sequence[Person | Party]) -> None:
        """A person may stay in a role, leave it and come back; a key never changes its role."""
        for person in people:
            if self.role_keys.get(person.key, role) != role or person.key in self._member_keys:
                raise KeyReuse(f"the key of {person.name} is a member's, or has another role already")
        self.role_keys |= {person.key: role for person in people}

    def _take_standing_key(self, signed: _Signed) -> None:
        self._require_board(signed, "standing-key")
        signed.payload.literal("purpose", LOTTERY)
        if self.lottery is not None:
            raise RegisterError("there is a lottery key already")
        session = Session.from_json(signed.payload.raw("session"))
        if session.role != LOTTERY or session.culprits:
            raise RegisterError("the standing key's session is not a first lottery session")
        session.require_safe(self.policy.faulty_in(LOTTERY))
        transcript = self._bodies(signed.payload.hash("transcript"))
        if transcript is None:
            raise RegisterError("the transcript of the lottery key's ceremony is missing")
        derived = replay_transcript(transcript, session, self.policy.lottery_scope)
        if encode_point(derived.public) != signed.payload.hex("key", G2_BYTES):
            raise RegisterError("the lottery key is not what its ceremony gives")
        self._add_role_keys(LOTTERY, session.parties)
        self.lottery = derived
        self.board_sequence += 1

    def _take_announcement(self, signed: _Signed) -> None:
        self._require_board(signed, "announcement")
        announcement = read_announcement(signed.payload, signed.statement, self.size, self.chain.batch)
        if announcement.election in self.elections:
            raise RegisterError("the election is announced already")
        if announcement.ledger_key in self.role_keys or announcement.ledger_key in self._member_keys:
            raise KeyReuse("the ledger key of the election is in use already")
        self.role_keys[announcement.ledger_key] = "log"
        self.elections[announcement.election] = announcement
        self.board_sequence += 1

    def _take_election_keys(self, signed: _Signed) -> None:
        self._require_board(signed, "election-keys")
        keys = read_election_keys(signed.payload, self.size)
        if keys.election not in self.elections or keys.election in self.election_keys:
            raise RegisterError("keys for an election that is not announced, or has its keys")
        for other in self.election_keys.values():
            if keys.issuing_key == other.issuing_key or keys.tally_key == other.tally_key:
                raise KeyReuse("another election has this key; a key is made for one election")
        if self.lottery is not None and encode_point(self.lottery.public) == keys.issuing_key:
            raise KeyReuse("the issuing key is the standing lottery key")
        self.election_keys[keys.election] = keys
        self.board_sequence += 1

    # --- members

    def _take_admitted(self, signed: _Signed) -> None:
        payload = signed.payload
        case, identifier = payload.integer("case"), payload.member_id("member")
        key = decode_public_key(payload.hex("key", KEY_BYTES))
        if payload.u32("sequence") != 0 or identifier in self.members or case in self._cases:
            raise RegisterError("this case or member is admitted already")
        organisations = {
            skeleton(reviewer.organisation) for reviewer in self.reviewers if reviewer.key in signed.signers
        }
        listed = {reviewer.key for reviewer in self.reviewers}
        if len(signed.signers) != 2 or not signed.signers <= listed or len(organisations) != 2:
            raise InvalidSignature("an admission is signed by two listed reviewers of different organisations")
        self._add_member_key(key)
        self._cases.add(case)
        self.members[identifier] = Member(identifier, self.chain.batch, [Standing(signed.index, key, "active")])

    def _add_member_key(self, key: PublicKey) -> None:
        if key in self._member_keys or key in self.role_keys:
            raise KeyReuse(f"key {key.hex()} is in use already")
        self._member_keys.add(key)

    def _member(self, signed: _Signed, *statuses: Status) -> Member:
        member = self.members.get(signed.payload.member_id("member"))
        if member is None or member.current.status not in statuses:
            raise RegisterError(f"no such member, or not {' or '.join(statuses)}")
        if signed.payload.u32("sequence") != member.sequence:
            raise RegisterError(f"not statement number {member.sequence} about this member")
        return member

    def _require_panel(self, signed: _Signed, kind: str) -> None:
        if self.panel is None:
            raise InvalidSignature(f"{kind}: there is no panel")
        keys = frozenset(person.key for person in self.panel.members)
        require_quorum(signed.signers, keys, self.panel.quorum, kind)

    def _set(self, member: Member, index: int, key: PublicKey, status: Status) -> None:
        member.standings.append(Standing(index, key, status))
        member.sequence += 1

    def _take_key_announced(self, signed: _Signed) -> None:
        member = self._member(signed, "active", "suspended")
        self._require_panel(signed, "key-announced")
        key = decode_public_key(signed.payload.hex("key", KEY_BYTES))
        self._add_member_key(key)
        member.announced = (key, self.chain.batch)
        member.sequence += 1

    def _take_key_changed(self, signed: _Signed) -> None:
        member = self._member(signed, "active", "suspended")
        key = decode_public_key(signed.payload.hex("key", KEY_BYTES))
        announced = member.announced if member.announced and member.announced[0] == key else None
        if signed.signers != {member.current.key}:
            self._require_panel(signed, "key-changed")
            if announced is None:
                raise RegisterError("the panel changes a key that it did not announce")
            waited = (self.chain.batch - announced[1]) * self.policy.register_clock.interval
            if waited < ANNOUNCEMENT_DELAY:
                raise RegisterError("the panel changes a key less than 14 days after announcing it")
        if announced is None:
            self._add_member_key(key)
        else:
            # Used up; one for another key stands, so that a thief of the old key cannot get rid of the panel's.
            member.announced = None
        self._set(member, signed.index, key, member.current.status)

    def _take_suspended(self, signed: _Signed) -> None:
        member = self._member(signed, "active")
        self._require_panel(signed, "suspended")
        signed.payload.choice("reason", SUSPENSION_REASONS)
        self._set(member, signed.index, member.current.key, "suspended")

    def _take_restored(self, signed: _Signed) -> None:
        member = self._member(signed, "suspended")
        self._require_panel(signed, "restored")
        signed.payload.choice("reason", RESTORATION_REASONS)
        self._set(member, signed.index, member.current.key, "active")

    def _take_left(self, signed: _Signed) -> None:
        member = self._member(signed, "active", "suspended")
        if signed.signers != {member.current.key}:
            raise InvalidSignature("left: not signed by the member alone")
        self._set(member, signed.index, member.current.key, "left")
