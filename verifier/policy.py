# SPDX-License-Identifier: AGPL-3.0-or-later
"""Trust anchors: implements specs/policy.md#policy and specs/policy.md#refused-policies."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from verifier.encoding import Fields, canonical_json, load_json
from verifier.errors import EncodingError, RuleError
from verifier.hashing import sha256
from verifier.signatures import read_key
from verifier.suite import MAX_PARTIES, SUITE_ID
from verifier.texts import check_clean, require_distinct

ROLES: Final = ("board", "lottery", "registrars", "trustees", "witnesses")
_HOST: Final = re.compile(r"[a-z0-9.:-]{1,100}", re.ASCII)
_VERSION: Final = 1
MIN_INTERVAL: Final = 60


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs: Ed25519 key, name and organisation."""

    key: bytes
    name: str
    organisation: str


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness; ``name`` is the name in signed notes."""

    key: bytes
    name: str
    organisation: str
    mirror: bool


@dataclass(frozen=True, slots=True)
class Clock:
    """Batches of a ledger: ``epoch`` in Unix seconds, ``interval`` in seconds (specs/ledger.md#batches)."""

    epoch: int
    interval: int

    def boundary(self, batch: int) -> int:
        """Return the Unix time at which a batch begins."""
        return self.epoch + batch * self.interval


@dataclass(frozen=True, slots=True)
class Policy:
    """A well-formed policy; `check_safe` tells whether it may be used."""

    name: str
    demonstration: bool
    host: str
    register_key: bytes
    clock: Clock
    board_quorum: int
    board: tuple[Person, ...]
    witness_quorum: int
    witnesses: tuple[Witness, ...]
    faulty: dict[str, int]
    clock_tolerance: int
    fingerprint: bytes

    @property
    def board_keys(self) -> frozenset[bytes]:
        """Keys of the board's members."""
        return frozenset(member.key for member in self.board)

    @property
    def register_origin(self) -> str:
        """Origin of the register."""
        return f"{self.host}/register"

    def election_origin(self, election: bytes) -> str:
        """Return the origin of an election's ledger."""
        return f"{self.host}/election/{election.hex()}"

    def role_keys(self) -> list[tuple[str, bytes]]:
        """Return every key of the file with the role that it has."""
        return [
            ("register", self.register_key),
            *(("board", member.key) for member in self.board),
            *(("witness", witness.key) for witness in self.witnesses),
        ]


def read_person(value: object, where: str) -> Person:
    """Read ``{"key", "name", "organisation"}``."""
    fields = Fields(value, ("key", "name", "organisation"), where)
    return Person(
        read_key(fields, "key"),
        check_clean(fields.value("name"), f"{where}.name"),
        check_clean(fields.value("organisation"), f"{where}.organisation"),
    )


def _read_witness(value: object) -> Witness:
    fields = Fields(value, ("key", "mirror", "name", "organisation"), "policy.witnesses")
    name = check_clean(fields.value("name"), "policy.witnesses.name")
    if " " in name or "+" in name:
        message = "policy.witnesses.name: a note name holds neither white space nor a plus sign"
        raise EncodingError(message)
    return Witness(
        read_key(fields, "key"),
        name,
        check_clean(fields.value("organisation"), "policy.witnesses.organisation"),
        fields.boolean("mirror"),
    )


def parse_policy(value: Any) -> Policy:  # noqa: ANN401
    """Read the policy object.

    Raises:
        EncodingError: a missing, unknown or malformed member.

    """
    fields = Fields(
        value,
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
        "policy",
    )
    if fields.u32("version") != _VERSION:
        message = f"policy.version is not {_VERSION}"
        raise EncodingError(message)
    fields.constant("suite", SUITE_ID)
    host = fields.string("host")
    if _HOST.fullmatch(host) is None:
        message = "policy.host: 1 to 100 of lower-case letters, digits, '.', '-' and ':'"
        raise EncodingError(message)
    register = Fields(fields.value("register"), ("key", "epoch", "interval"), "policy.register")
    board = Fields(fields.value("board"), ("quorum", "members"), "policy.board")
    witnesses = Fields(fields.value("witnesses"), ("quorum", "members"), "policy.witnesses")
    faulty = Fields(fields.value("faulty"), ROLES, "policy.faulty")
    return Policy(
        name=check_clean(fields.value("name"), "policy.name"),
        demonstration=fields.boolean("demonstration"),
        host=host,
        register_key=read_key(register, "key"),
        clock=Clock(register.u53("epoch"), register.u32("interval")),
        board_quorum=board.u32("quorum"),
        board=tuple(read_person(item, "policy.board") for item in board.array("members")),
        witness_quorum=witnesses.u32("quorum"),
        witnesses=tuple(_read_witness(item) for item in witnesses.array("members")),
        faulty={role: faulty.u32(role) for role in ROLES},
        clock_tolerance=fields.u32("clock_tolerance"),
        fingerprint=sha256(canonical_json(value)),
    )


def _unsafe_quorums(policy: Policy) -> Iterator[str]:
    for role, faulty in policy.faulty.items():
        if faulty < 1:
            yield f"faulty.{role} is 0; allow for at least one faulty party"
    n, q, f = len(policy.board), policy.board_quorum, policy.faulty["board"]
    if not f < q <= n:
        yield f"board: quorum {q} of {n} with {f} faulty; f < q <= n is needed, so choose {f + 1} to {n}"
    n, q, f = len(policy.witnesses), policy.witness_quorum, policy.faulty["witnesses"]
    if not (2 * q > n + f and q <= n):
        least = (n + f) // 2 + 1
        yield f"witnesses: quorum {q} of {n} with {f} faulty; 2 q > n + f is needed, so choose {least} to {n}"
    mirrors = sum(witness.mirror for witness in policy.witnesses)
    if mirrors < q:
        yield f"witnesses: {mirrors} mirrors, but a quorum of {q} is needed; let more of them be mirrors"


def check_safe(policy: Policy) -> None:
    """Refuse quorums and keys that could not keep what the policy promises (specs/policy.md#refused-policies).

    Raises:
        RuleError: in words that say how to mend the policy.
    """
    reasons = list(_unsafe_quorums(policy))
    for role, members in (("board", len(policy.board)), ("witnesses", len(policy.witnesses))):
        if members > MAX_PARTIES:
            reasons.append(f"{role}: {members} members; at most {MAX_PARTIES}")
    if policy.clock.interval < MIN_INTERVAL:
        reasons.append(f"register.interval is {policy.clock.interval}; at least {MIN_INTERVAL} seconds")
    keys = [key for _, key in policy.role_keys()]
    if len(set(keys)) != len(keys):
        reasons.append("two roles have one key; every key of the file must be different")
    if reasons:
        raise RuleError("policy refused: " + "; ".join(reasons))
    for where, people in (("policy.board", policy.board), ("policy.witnesses", policy.witnesses)):
        require_distinct([person.name for person in people], where)
        require_distinct([person.organisation for person in people], where)


def load_safe_policy(data: bytes) -> Policy:
    """Read a policy file; it may have white space, the fingerprint is of the canonical form.

    Raises:
        EncodingError: it is malformed.
        RuleError: it is one of specs/policy.md#refused-policies.

    """
    policy = parse_policy(load_json(data))
    check_safe(policy)
    return policy
