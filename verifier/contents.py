# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bodies that proposals propose: implements specs/election.md#contents, specs/election.md#closing and
specs/tally.md#certificate as far as form goes.
"""

from dataclasses import dataclass
from typing import Any, Final

from verifier.ceremony import REGISTRAR, TRUSTEE, Session, read_session
from verifier.encoding import Fields, load_canonical_json
from verifier.errors import EncodingError, RuleError
from verifier.record import Bodies
from verifier.rules import Exclusions, is_rule
from verifier.suite import MAX_CONTESTS
from verifier.texts import Text, read_text

_ROLL: Final = ("register", "digest", "root", "size")
_MAX_ROLL_CONTENT_BYTES: Final = 4096
"""A canonical content `roll` is about 350 bytes; what is longer is none."""


@dataclass(frozen=True, slots=True)
class RollContent:
    """The frozen roll: the register's tree it is folded at, and digest, root and size of the roll body."""

    election: bytes
    register_root: bytes
    register_size: int
    digest: bytes
    root: bytes
    size: int


@dataclass(frozen=True, slots=True)
class VotingContent:
    """Who is ready when voting begins: ascending indices."""

    election: bytes
    manifest: bytes
    registrars: tuple[int, ...]
    trustees: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Closing:
    """What the board approves at the end of voting."""

    election: bytes
    manifest: bytes
    requests: int
    answered: int
    credentials: int
    counted: int
    superseded: int
    late: int
    excluded: Exclusions
    sum: bytes


@dataclass(frozen=True, slots=True)
class ContestResult:
    """A contest's result: totals by option, elected options in order, options that went into a lottery."""

    drawn: tuple[int, ...]
    elected: tuple[int, ...]
    totals: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certified result."""

    election: bytes
    manifest: bytes
    closing: bytes
    counted: int
    contests: tuple[ContestResult, ...]
    excluded: Exclusions


def _open(data: bytes, kind: str, election: bytes, *names: str) -> Fields:
    fields = Fields(load_canonical_json(data), ("kind", "election", *names), kind)
    fields.constant("kind", kind)
    if fields.hash("election") != election:
        message = f"content {kind} is of another election"
        raise RuleError(message)
    return fields


def _read_exclusions(fields: Fields) -> Exclusions:
    pairs = Exclusions()
    for item in fields.array("excluded"):
        good = isinstance(item, list) and len(item) == 2 and is_rule(item[1])
        if not good or isinstance(item[0], bool) or not isinstance(item[0], int):
            message = f"{fields.where}.excluded: an item is not [index, rule]"
            raise EncodingError(message)
        pairs.add(item[0], item[1])
    return pairs


def read_appointment(data: bytes, election: bytes) -> tuple[Session, ...]:
    """Read the sessions of content `appointment`."""
    items = _open(data, "appointment", election, "sessions").array("sessions")
    if not 1 <= len(items) <= 2:
        message = f"content appointment: {len(items)} sessions"
        raise EncodingError(message)
    return tuple(read_session(item, "appointment.sessions", REGISTRAR, TRUSTEE) for item in items)


def _roll_members(fields: Fields) -> tuple[bytes, int, bytes, bytes, int]:
    register = Fields(fields.value("register"), ("root", "size"), "roll.register")
    return (
        register.hash("root"),
        register.u53("size"),
        fields.hash("digest"),
        fields.hash("root"),
        fields.u32("size"),
    )


def read_roll(data: bytes, election: bytes) -> RollContent:
    """Read content `roll`."""
    content = RollContent(election, *_roll_members(_open(data, "roll", election, *_ROLL)))
    if content.size < 1:
        message = "content roll: nobody is on the roll"
        raise RuleError(message)
    return content


def read_voting(data: bytes, election: bytes) -> VotingContent:
    """Read content `voting`."""
    fields = _open(data, "voting", election, "manifest", "ready")
    ready = Fields(fields.value("ready"), ("registrars", "trustees"), "voting.ready")
    return VotingContent(
        election,
        fields.hash("manifest"),
        ready.u32_array("registrars", ascending=True),
        ready.u32_array("trustees", ascending=True),
    )


def read_extension(data: bytes, election: bytes) -> int:
    """Read content `extension` and return its number of batches."""
    batches = _open(data, "extension", election, "batches").u32("batches")
    if batches < 1:
        message = "content extension: no batches"
        raise RuleError(message)
    return batches


def read_closing(data: bytes, election: bytes) -> Closing:
    """Read content `closing`."""
    numbers = ("requests", "answered", "credentials", "counted", "superseded", "late")
    fields = _open(data, "closing", election, "manifest", *numbers, "excluded", "sum")
    requests, answered, credentials, counted, superseded, late = (fields.u32(name) for name in numbers)
    excluded, total = _read_exclusions(fields), fields.hash("sum")
    manifest = fields.hash("manifest")
    return Closing(election, manifest, requests, answered, credentials, counted, superseded, late, excluded, total)


def _read_result(value: Any) -> ContestResult:  # noqa: ANN401
    fields = Fields(value, ("drawn", "elected", "totals"), "certificate.contests")
    return ContestResult(
        fields.u32_array("drawn", ascending=True), fields.u32_array("elected"), fields.u32_array("totals")
    )


def read_certificate(data: bytes, election: bytes) -> Certificate:
    """Read content `certificate`."""
    fields = _open(data, "certificate", election, "manifest", "closing", "counted", "contests", "excluded")
    items = fields.array("contests")
    if len(items) > MAX_CONTESTS:
        message = f"content certificate: {len(items)} contests"
        raise EncodingError(message)
    return Certificate(
        election,
        fields.hash("manifest"),
        fields.hash("closing"),
        fields.u32("counted"),
        tuple(_read_result(item) for item in items),
        _read_exclusions(fields),
    )


def read_void(data: bytes, election: bytes) -> Text:
    """Read content `void` and return its reason."""
    return read_text(_open(data, "void", election, "reason"), "reason")


def roll_reference(bodies: Bodies, digest: bytes) -> bytes | None:
    """Return the hash of the roll body that a content names, if the content is well formed and of kind `roll`."""
    size = bodies.size_of(digest)
    if size is None or size > _MAX_ROLL_CONTENT_BYTES:
        return None
    try:
        fields = Fields(load_canonical_json(bodies.read(digest)), ("kind", "election", *_ROLL), "roll")
        fields.constant("kind", "roll")
        fields.hash("election")
        return _roll_members(fields)[2]
    except EncodingError:
        return None
