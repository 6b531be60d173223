# SPDX-License-Identifier: AGPL-3.0-or-later
"""The policy: trust anchors that come from people, never from a record.

Spec: specs/policy.md#policy, specs/policy.md#refused-policies
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from crypto.encoding.members import Members
from crypto.encoding.strict_json import Json, dumps, loads
from crypto.encoding.text import check_distinguishable, check_string
from crypto.errors import EncodingError, UnsafePolicy
from crypto.hashing import sha256
from crypto.ledger.checkpoint import WitnessKey
from crypto.ledger.note import is_key_name
from crypto.signing import KEY_BYTES, PublicKey, decode_public_key
from crypto.suite import MAX_PARTIES, SUITE_ID

POLICY_VERSION: Final = 1
MIN_INTERVAL: Final = 60

_HOST = re.compile(r"[a-z0-9.:-]{1,100}\Z")
_FAULTY: Final = ("board", "lottery", "registrars", "trustees", "witnesses")


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who signs: name, organisation, key."""

    key: PublicKey
    name: str
    organisation: str

    @classmethod
    def from_json(cls, value: Json, what: str) -> Person:
        """Read one person.

        Raises:
            EncodingError.
        """
        members = Members(value, what, ("key", "name", "organisation"))
        return cls(
            decode_public_key(members.hex("key", KEY_BYTES)),
            check_string(members.raw("name"), f"{what} name"),
            check_string(members.raw("organisation"), f"{what} organisation"),
        )

    def to_json(self) -> Json:
        """The JSON object."""
        return {"key": self.key.hex(), "name": self.name, "organisation": self.organisation}


@dataclass(frozen=True, slots=True)
class Clock:
    """The batches of one ledger: `boundary(b)` is when batch b is appended, in Unix seconds."""

    epoch: int
    interval: int

    def boundary(self, batch: int) -> int:
        """epoch + batch * interval."""
        return self.epoch + batch * self.interval

    def batch_at(self, time: int) -> int:
        """The last batch whose boundary is not after `time`; -1 before the first."""
        return max((time - self.epoch) // self.interval, -1)


@dataclass(frozen=True, slots=True)
class Policy:
    """A safe policy: construction refuses any other.

    Raises:
        UnsafePolicy.
    """

    name: str
    demonstration: bool
    host: str
    register_key: PublicKey
    register_clock: Clock
    board: tuple[Person, ...]
    board_quorum: int
    witnesses: tuple[WitnessKey, ...]
    witness_quorum: int
    faulty: dict[str, int]
    clock_tolerance: int

    def __post_init__(self) -> None:
        n, q, f = len(self.board), self.board_quorum, self.faulty["board"]
        if not f < q <= n:
            raise UnsafePolicy(f"board: a quorum of {q} of {n} with {f} faulty; it must exceed {f} and be at most {n}")
        n, q, f = len(self.witnesses), self.witness_quorum, self.faulty["witnesses"]
        if not 2 * q > n + f or q > n:
            raise UnsafePolicy(
                f"witnesses: a quorum of {q} of {n} with {f} faulty; two quorums must share an honest one: 2q > n + f"
            )
        mirrors = sum(witness.mirror for witness in self.witnesses)
        if mirrors < q:
            raise UnsafePolicy(f"witnesses: {mirrors} are mirrors, at least the quorum of {q} must be")
        if max(len(self.board), len(self.witnesses)) > MAX_PARTIES:
            raise UnsafePolicy(f"a role has more than {MAX_PARTIES} members")
        if min(self.faulty.values()) < 1:
            raise UnsafePolicy("faulty: at least one member of every role must be assumed to be faulty")
        if self.register_clock.interval < MIN_INTERVAL:
            raise UnsafePolicy(f"register: an interval below {MIN_INTERVAL} seconds")
        keys = [self.register_key, *(p.key for p in self.board), *(w.key for w in self.witnesses)]
        if len(set(keys)) != len(keys):
            raise UnsafePolicy("one key stands twice in the policy; every member of every role needs its own")
        for what, people in (("board", self.board), ("witnesses", self.witnesses)):
            check_distinguishable((person.name for person in people), f"names of {what}")
            check_distinguishable((person.organisation for person in people), f"organisations of {what}")

    @property
    def register_origin(self) -> str:
        """Origin line of the register."""
        return f"{self.host}/register"

    def election_origin(self, election: bytes) -> str:
        """Origin line of an election's ledger."""
        return f"{self.host}/election/{election.hex()}"

    @property
    def lottery_scope(self) -> bytes:
        """What session ids of the lottery are bound to."""
        return sha256(self.register_origin.encode("ascii"))

    @property
    def board_keys(self) -> frozenset[PublicKey]:
        """Keys of the board."""
        return frozenset(person.key for person in self.board)

    def faulty_in(self, role: str) -> int:
        """f for a ceremony role: registrar, trustee or lottery."""
        return self.faulty["lottery" if role == "lottery" else f"{role}s"]

    def to_json(self) -> Json:
        """The JSON object."""
        return {
            "board": {"members": [person.to_json() for person in self.board], "quorum": self.board_quorum},
            "clock_tolerance": self.clock_tolerance,
            "demonstration": self.demonstration,
            "faulty": dict(self.faulty),
            "host": self.host,
            "name": self.name,
            "register": {
                "epoch": self.register_clock.epoch,
                "interval": self.register_clock.interval,
                "key": self.register_key.hex(),
            },
            "suite": SUITE_ID,
            "version": POLICY_VERSION,
            "witnesses": {
                "members": [
                    {"key": w.key.hex(), "mirror": w.mirror, "name": w.name, "organisation": w.organisation}
                    for w in self.witnesses
                ],
                "quorum": self.witness_quorum,
            },
        }

    def fingerprint(self) -> bytes:
        """SHA-256 of the canonical form."""
        return sha256(dumps(self.to_json()))


def parse_policy(data: bytes) -> Policy:
    """A policy from a file, which may have white space.

    Raises:
        EncodingError, UnsafeText: not such a file.
        UnsafePolicy: a quorum or key rule is broken.
    """
    return read_policy(loads(data))


def read_policy(value: Json) -> Policy:
    """A policy from a JSON value. Raises: as `parse_policy`."""
    top = Members(
        value,
        "policy",
        (
            "version",
            "suite",
            "name",
            "demonstration",
            "host",
            "register",
            "board",
            "witnesses",
            "faulty",
            "clock_tolerance",
        ),
    )
    if top.u32("version") != POLICY_VERSION:
        raise EncodingError(f"policy: this program reads version {POLICY_VERSION}")
    top.literal("suite", SUITE_ID)
    if not _HOST.match(top.string("host")):
        raise EncodingError("policy: host is not 1 to 100 of lower-case letters, digits, . - :")
    register = top.members("register", ("key", "epoch", "interval"))
    board = top.members("board", ("quorum", "members"))
    witnesses = top.members("witnesses", ("quorum", "members"))
    faulty = top.members("faulty", _FAULTY)
    return Policy(
        name=check_string(top.raw("name"), "policy name"),
        demonstration=top.boolean("demonstration"),
        host=top.string("host"),
        register_key=decode_public_key(register.hex("key", KEY_BYTES)),
        register_clock=Clock(register.integer("epoch"), register.u32("interval")),
        board=tuple(Person.from_json(item, "board member") for item in board.array("members")),
        board_quorum=board.u32("quorum"),
        witnesses=tuple(_read_witness(item) for item in witnesses.array("members")),
        witness_quorum=witnesses.u32("quorum"),
        faulty={role: faulty.u32(role) for role in _FAULTY},
        clock_tolerance=top.u32("clock_tolerance"),
    )


def _read_witness(value: Json) -> WitnessKey:
    members = Members(value, "witness", ("key", "mirror", "name", "organisation"))
    name = check_string(members.raw("name"), "witness name")
    if not is_key_name(name):
        raise EncodingError("policy: a witness's name holds white space or a plus")
    return WitnessKey(
        name,
        check_string(members.raw("organisation"), "witness organisation"),
        decode_public_key(members.hex("key", KEY_BYTES)),
        members.boolean("mirror"),
    )
