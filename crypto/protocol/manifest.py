# SPDX-License-Identifier: AGPL-3.0-or-later
"""The manifest: the complete definition of an election, whose digest is in every ballot.

Spec: specs/manifest.md#manifest, specs/manifest.md#contests, specs/manifest.md#keys
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from crypto.encoding.members import Members
from crypto.encoding.strict_json import Json, dumps, loads_canonical
from crypto.encoding.text import check_distinguishable, check_string, read_text
from crypto.errors import EncodingError, InvalidManifest
from crypto.hashing import sha256
from crypto.proofs.contest import Shape
from crypto.protocol.policy import Clock
from crypto.sharing.ceremony import DerivedKey
from crypto.sharing.session import REGISTRAR, TRUSTEE, encode_point
from crypto.signing import KEY_BYTES, PublicKey, decode_public_key
from crypto.suite import (
    G1_BYTES,
    G2_BYTES,
    HASH_BYTES,
    MAX_CONTESTS,
    MAX_LANGUAGES,
    MAX_OPTIONS,
    MAX_PARTIES,
    MAX_REVOTES,
    SUITE_ID,
)

MIN_BALLOTS: Final = 5
NO_STATEMENT: Final = bytes(HASH_BYTES)

_MEMBERS: Final = (
    "kind", "suite", "election", "title", "languages", "contests", "roll", "issuing", "tally", "promise_key", "epoch",
    "interval", "requests_close", "voting_opens", "voting_closes", "grace", "gap", "extension_cap", "min_batch",
    "max_wait", "min_ballots", "min_set", "max_revotes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its name in every language, and the hash of its statement."""

    name: dict[str, str]
    statement: bytes = NO_STATEMENT


@dataclass(frozen=True, slots=True)
class Contest:
    """One contest. Construction checks its numbers.

    Raises:
        InvalidManifest.
    """

    title: dict[str, str]
    options: tuple[Option, ...]
    minimum: int
    maximum: int
    seats: int
    tie: Literal["lottery", "vacant"] = "lottery"
    zero_votes_win: bool = False

    def __post_init__(self) -> None:
        n = len(self.options)
        if not (0 <= self.minimum <= self.maximum <= n and self.maximum >= 1):
            raise InvalidManifest(f"{self.minimum} to {self.maximum} marks among {n} options")
        if not 1 <= self.seats <= n:
            raise InvalidManifest(f"{self.seats} seats for {n} options")

    @property
    def shape(self) -> Shape:
        """The numbers that a ballot's proof is about."""
        return Shape(len(self.options), self.minimum, self.maximum)

    def to_json(self) -> Json:
        """The JSON object."""
        return {
            "max": self.maximum,
            "min": self.minimum,
            "options": [{"name": dict(o.name), "statement": o.statement.hex()} for o in self.options],
            "seats": self.seats,
            "tie": self.tie,
            "title": dict(self.title),
            "zero_votes_win": self.zero_votes_win,
        }


@dataclass(frozen=True, slots=True)
class Holder:
    """A holder of a share as the manifest names it."""

    key: PublicKey
    name: str
    organisation: str
    public_share: bytes


@dataclass(frozen=True, slots=True)
class ElectionKey:
    """A key of the election with its holders; points are compressed bytes, compared with the ceremony's."""

    key: bytes
    threshold: int
    holders: tuple[Holder, ...]

    @classmethod
    def from_derived(cls, derived: DerivedKey) -> ElectionKey:
        """As the ceremony gives it."""
        holders = tuple(
            Holder(party.key, party.name, party.organisation, encode_point(derived.public_shares[index]))
            for index, party in enumerate(derived.session.parties, 1)
        )
        return cls(encode_point(derived.public), derived.session.threshold, holders)

    def to_json(self) -> Json:
        """The JSON object."""
        return {
            "holders": [
                {
                    "key": holder.key.hex(),
                    "name": holder.name,
                    "organisation": holder.organisation,
                    "public_share": holder.public_share.hex(),
                }
                for holder in self.holders
            ],
            "key": self.key.hex(),
            "threshold": self.threshold,
        }


@dataclass(frozen=True, slots=True)
class RollReference:
    """Which roll: hash of its body, its root, its size."""

    digest: bytes
    root: bytes
    size: int

    def to_json(self) -> Json:
        """The JSON object."""
        return {"digest": self.digest.hex(), "root": self.root.hex(), "size": self.size}


@dataclass(frozen=True, slots=True)
class Schedule:
    """Times and limits of an election, in batches unless said otherwise.

    Args:
        grace, gap: seconds.
    """

    requests_close: int
    voting_opens: int
    voting_closes: int
    grace: int = 86_400
    gap: int = 3_600
    extension_cap: int = 0
    min_batch: int = 5
    max_wait: int = 6
    min_ballots: int = MIN_BALLOTS
    min_set: int = 20
    max_revotes: int = MAX_REVOTES

    def __post_init__(self) -> None:
        if not 1 <= self.voting_opens < self.voting_closes or self.requests_close > self.voting_closes:
            raise InvalidManifest(
                "voting opens after batch 0 and before it closes, requests close no later than voting"
            )
        if self.min_ballots < MIN_BALLOTS:
            raise InvalidManifest(f"a tally of fewer than {MIN_BALLOTS} ballots tells too much")
        if not 1 <= self.max_revotes <= MAX_REVOTES:
            raise InvalidManifest(f"a pseudonym has 1 to {MAX_REVOTES} ballots")


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest whose own numbers and texts are sound; whether it fits the ledger is another check.

    Raises:
        InvalidManifest, UnsafeText.
    """

    election: bytes
    title: dict[str, str]
    languages: tuple[str, ...]
    contests: tuple[Contest, ...]
    roll: RollReference
    issuing: ElectionKey
    tally: ElectionKey
    promise_key: PublicKey
    clock: Clock
    schedule: Schedule

    def __post_init__(self) -> None:
        for language in self.languages:
            check_distinguishable((contest.title[language] for contest in self.contests), "titles of contests")
            for contest in self.contests:
                names = (option.name[language] for option in contest.options)
                check_distinguishable(names, f"options of {contest.title[language]!r}")

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shape of every contest."""
        return tuple(contest.shape for contest in self.contests)

    @property
    def body_bytes(self) -> int:
        """Length of a ballot body."""
        return sum(shape.byte_length for shape in self.shapes)

    @property
    def option_count(self) -> int:
        """Options of all contests together."""
        return sum(len(contest.options) for contest in self.contests)

    def to_bytes(self) -> bytes:
        """The canonical JSON body."""
        schedule = self.schedule
        return dumps(
            {
                "contests": [contest.to_json() for contest in self.contests],
                "election": self.election.hex(),
                "epoch": self.clock.epoch,
                "extension_cap": schedule.extension_cap,
                "gap": schedule.gap,
                "grace": schedule.grace,
                "interval": self.clock.interval,
                "issuing": self.issuing.to_json(),
                "kind": "manifest",
                "languages": list(self.languages),
                "max_revotes": schedule.max_revotes,
                "max_wait": schedule.max_wait,
                "min_ballots": schedule.min_ballots,
                "min_batch": schedule.min_batch,
                "min_set": schedule.min_set,
                "promise_key": self.promise_key.hex(),
                "requests_close": schedule.requests_close,
                "roll": self.roll.to_json(),
                "suite": SUITE_ID,
                "tally": self.tally.to_json(),
                "title": dict(self.title),
                "voting_closes": schedule.voting_closes,
                "voting_opens": schedule.voting_opens,
            }
        )

    def digest(self) -> bytes:
        """The manifest digest."""
        return sha256(self.to_bytes())


def parse_manifest(data: bytes) -> Manifest:
    """A manifest from its body.

    Raises:
        EncodingError, UnsafeText, InvalidManifest.
    """
    top = Members(loads_canonical(data), "manifest", _MEMBERS)
    top.literal("kind", "manifest")
    top.literal("suite", SUITE_ID)
    languages = tuple(top.array("languages", 1, MAX_LANGUAGES))
    if any(not isinstance(language, str) for language in languages) or list(languages) != sorted(set(languages)):
        raise EncodingError("manifest: languages are not sorted strings")
    title = read_text(top.raw("title"), "election title", languages)
    roll = top.members("roll", ("digest", "root", "size"))
    return Manifest(
        election=top.hash("election"),
        title=title,
        languages=languages,
        contests=tuple(_read_contest(item, languages) for item in top.array("contests", 1, MAX_CONTESTS)),
        roll=RollReference(roll.hash("digest"), roll.hash("root"), roll.u32("size", 1)),
        issuing=_read_key(top.raw("issuing"), REGISTRAR),
        tally=_read_key(top.raw("tally"), TRUSTEE),
        promise_key=decode_public_key(top.hex("promise_key", KEY_BYTES)),
        clock=Clock(top.integer("epoch"), top.u32("interval")),
        schedule=Schedule(
            **{
                name: top.u32(name)
                for name in (
                    "requests_close",
                    "voting_opens",
                    "voting_closes",
                    "grace",
                    "gap",
                    "extension_cap",
                    "min_batch",
                    "max_wait",
                    "min_ballots",
                    "min_set",
                    "max_revotes",
                )
            }
        ),
    )


def _read_contest(value: Json, languages: Sequence[str]) -> Contest:
    members = Members(value, "contest", ("title", "options", "min", "max", "seats", "tie", "zero_votes_win"))
    options = []
    for item in members.array("options", 1, MAX_OPTIONS):
        option = Members(item, "option", ("name", "statement"))
        options.append(Option(read_text(option.raw("name"), "option name", languages), option.hash("statement")))
    tie = members.choice("tie", ("lottery", "vacant"))
    return Contest(
        title=read_text(members.raw("title"), "contest title", languages),
        options=tuple(options),
        minimum=members.u32("min"),
        maximum=members.u32("max"),
        seats=members.u32("seats"),
        tie="lottery" if tie == "lottery" else "vacant",
        zero_votes_win=members.boolean("zero_votes_win"),
    )


def _read_key(value: Json, role: str) -> ElectionKey:
    members = Members(value, f"{role} key", ("key", "threshold", "holders"))
    size = G1_BYTES if role == TRUSTEE else G2_BYTES
    holders = []
    for item in members.array("holders", 1, MAX_PARTIES):
        holder = Members(item, role, ("key", "name", "organisation", "public_share"))
        holders.append(
            Holder(
                decode_public_key(holder.hex("key", KEY_BYTES)),
                check_string(holder.raw("name"), f"{role} name"),
                check_string(holder.raw("organisation"), f"{role} organisation"),
                holder.hex("public_share", size),
            )
        )
    return ElectionKey(members.hex("key", size), members.u32("threshold", 1), tuple(holders))
