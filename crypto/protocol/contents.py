# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the board approves: the bodies of proposals, but for the manifest.

Spec: specs/election.md#contents
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crypto.encoding.members import Members
from crypto.encoding.strict_json import Json, dumps, loads_canonical
from crypto.encoding.text import read_text
from crypto.errors import ContentMismatch, EncodingError
from crypto.protocol.manifest import RollReference
from crypto.sharing.session import REGISTRAR, TRUSTEE, Session
from crypto.suite import MAX_U32


@dataclass(frozen=True, slots=True)
class Appointment:
    """Who holds the keys: sessions of the registrars, the trustees, or both in this order."""

    election: bytes
    sessions: tuple[Session, ...]

    def to_bytes(self) -> bytes:
        """The canonical body."""
        sessions = [session.to_json() for session in self.sessions]
        return dumps({"election": self.election.hex(), "kind": "appointment", "sessions": sessions})

    @classmethod
    def from_bytes(cls, data: bytes) -> Appointment:
        """Read a body.

        Raises:
            CryptoError.
        """
        members = _read(data, "appointment", "sessions")
        sessions = tuple(Session.from_json(item) for item in members.array("sessions", 1, 2))
        roles = [session.role for session in sessions]
        if roles not in ([REGISTRAR, TRUSTEE], [REGISTRAR], [TRUSTEE]):
            raise EncodingError("an appointment names sessions of registrars, then of trustees")
        return cls(members.hash("election"), sessions)


@dataclass(frozen=True, slots=True)
class RollContent:
    """The frozen roll, and the register's tree it was folded from."""

    election: bytes
    register_size: int
    register_root: bytes
    roll: RollReference

    def to_bytes(self) -> bytes:
        """The canonical body."""
        return dumps(
            {
                **self.roll.to_json(),
                "election": self.election.hex(),
                "kind": "roll",
                "register": {"root": self.register_root.hex(), "size": self.register_size},
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> RollContent:
        """Read a body.

        Raises:
            EncodingError.
        """
        members = _read(data, "roll", "digest", "register", "root", "size")
        register = members.members("register", ("root", "size"))
        return cls(
            members.hash("election"),
            register.integer("size"),
            register.hash("root"),
            RollReference(members.hash("digest"), members.hash("root"), members.u32("size", 1)),
        )


@dataclass(frozen=True, slots=True)
class VotingContent:
    """Who proved before voting that its share is readable."""

    election: bytes
    manifest: bytes
    registrars: tuple[int, ...]
    trustees: tuple[int, ...]

    def to_bytes(self) -> bytes:
        """The canonical body."""
        return dumps(
            {
                "election": self.election.hex(),
                "kind": "voting",
                "manifest": self.manifest.hex(),
                "ready": {"registrars": list(self.registrars), "trustees": list(self.trustees)},
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> VotingContent:
        """Read a body.

        Raises:
            EncodingError.
        """
        members = _read(data, "voting", "manifest", "ready")
        ready = members.members("ready", ("registrars", "trustees"))
        return cls(
            members.hash("election"), members.hash("manifest"), ready.integers("registrars"), ready.integers("trustees")
        )


@dataclass(frozen=True, slots=True)
class Extension:
    """By how many batches voting goes on."""

    election: bytes
    batches: int

    def to_bytes(self) -> bytes:
        """The canonical body."""
        return dumps({"batches": self.batches, "election": self.election.hex(), "kind": "extension"})

    @classmethod
    def from_bytes(cls, data: bytes) -> Extension:
        """Read a body.

        Raises:
            EncodingError.
        """
        members = _read(data, "extension", "batches")
        return cls(members.hash("election"), members.u32("batches", 1))


@dataclass(frozen=True, slots=True)
class Void:
    """Why an election has no result."""

    election: bytes
    reason: dict[str, str]

    def to_bytes(self) -> bytes:
        """The canonical body."""
        return dumps({"election": self.election.hex(), "kind": "void", "reason": dict(self.reason)})

    @classmethod
    def from_bytes(cls, data: bytes) -> Void:
        """Read a body.

        Raises:
            EncodingError, UnsafeText.
        """
        members = _read(data, "void", "reason")
        return cls(members.hash("election"), read_text(members.raw("reason"), "reason"))


Exclusion = tuple[int, str]
"""Index of an entry, and the rule that excludes it."""


@dataclass(frozen=True, slots=True)
class Closing:
    """What was counted and what was excluded up to the end of voting."""

    election: bytes
    manifest: bytes
    requests: int
    answered: int
    credentials: int
    counted: int
    superseded: int
    late: int
    excluded: tuple[Exclusion, ...]
    sum: bytes

    @property
    def missing(self) -> frozenset[int]:
        """Entries whose body nobody could give: what a closing states and nobody can recompute."""
        return frozenset(index for index, rule in self.excluded if rule in ("B9", "A3"))

    def to_bytes(self) -> bytes:
        """The canonical body."""
        return dumps(
            {
                "answered": self.answered,
                "counted": self.counted,
                "credentials": self.credentials,
                "election": self.election.hex(),
                "excluded": exclusions_json(self.excluded),
                "kind": "closing",
                "late": self.late,
                "manifest": self.manifest.hex(),
                "requests": self.requests,
                "sum": self.sum.hex(),
                "superseded": self.superseded,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Closing:
        """Read a body.

        Raises:
            EncodingError.
        """
        counts = ("requests", "answered", "credentials", "counted", "superseded", "late")
        members = _read(data, "closing", "manifest", "excluded", "sum", *counts)
        return cls(
            election=members.hash("election"),
            manifest=members.hash("manifest"),
            excluded=read_exclusions(members),
            sum=members.hash("sum"),
            **{name: members.u32(name) for name in counts},
        )


@dataclass(frozen=True, slots=True)
class ContestResult:
    """Totals in the order of the options; elected and drawn options by index."""

    totals: tuple[int, ...]
    elected: tuple[int, ...]
    drawn: tuple[int, ...]

    def to_json(self) -> Json:
        """The JSON object."""
        return {"drawn": list(self.drawn), "elected": list(self.elected), "totals": list(self.totals)}


@dataclass(frozen=True, slots=True)
class Certificate:
    """The result."""

    election: bytes
    manifest: bytes
    closing: bytes
    counted: int
    contests: tuple[ContestResult, ...]
    excluded: tuple[Exclusion, ...]

    def to_bytes(self) -> bytes:
        """The canonical body."""
        return dumps(
            {
                "closing": self.closing.hex(),
                "contests": [contest.to_json() for contest in self.contests],
                "counted": self.counted,
                "election": self.election.hex(),
                "excluded": exclusions_json(self.excluded),
                "kind": "certificate",
                "manifest": self.manifest.hex(),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Certificate:
        """Read a body.

        Raises:
            EncodingError.
        """
        members = _read(data, "certificate", "manifest", "closing", "counted", "contests", "excluded")
        contests = []
        for item in members.array("contests", 1):
            contest = Members(item, "result of a contest", ("drawn", "elected", "totals"))
            contests.append(
                ContestResult(
                    tuple(_read_integer(total) for total in contest.array("totals", 1)),
                    tuple(_read_integer(option) for option in contest.array("elected")),
                    contest.integers("drawn"),
                )
            )
        return cls(
            members.hash("election"),
            members.hash("manifest"),
            members.hash("closing"),
            members.u32("counted"),
            tuple(contests),
            read_exclusions(members),
        )


def require_equal(proposed: bytes, recomputed: bytes, what: str) -> None:
    """A proposed content is byte for byte what was recomputed.

    Raises:
        ContentMismatch: naming the first member that differs.
    """
    if proposed == recomputed:
        return
    ours = loads_canonical(recomputed)
    try:
        theirs = loads_canonical(proposed)
    except EncodingError as error:
        raise ContentMismatch(f"{what}: {error}") from None
    if not isinstance(theirs, dict):
        raise ContentMismatch(f"{what} is not an object")
    names = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    raise ContentMismatch(f"{what} differs from what the ledger gives in: {', '.join(names)}")


def proposal_kind(content: bytes) -> str:
    """The `kind` of a content body.

    Raises:
        EncodingError.
    """
    value = loads_canonical(content)
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        raise EncodingError("a content is an object with a kind")
    return str(value["kind"])


def exclusions_json(excluded: Sequence[Exclusion]) -> Json:
    """The JSON array of exclusions."""
    return [[index, rule] for index, rule in excluded]


def read_exclusions(members: Members) -> tuple[Exclusion, ...]:
    """The member `excluded`: pairs, strictly ascending by index.

    Raises:
        EncodingError.
    """
    pairs = []
    for item in members.array("excluded"):
        if not isinstance(item, list) or len(item) != 2 or not isinstance(item[1], str):
            raise EncodingError("excluded: not pairs of index and rule")
        pairs.append((_read_integer(item[0]), item[1]))
    indices = [index for index, _ in pairs]
    if indices != sorted(set(indices)):
        raise EncodingError("excluded: indices do not rise")
    return tuple(pairs)


def _read_integer(value: Json) -> int:
    if type(value) is not int or value > MAX_U32:
        raise EncodingError("a number in a content is not an integer of 32 bits")
    return value


def _read(data: bytes, kind: str, *names: str) -> Members:
    members = Members(loads_canonical(data), f"content {kind}", ("kind", "election", *names))
    members.literal("kind", kind)
    return members
