# SPDX-License-Identifier: AGPL-3.0-or-later
"""The definition of an election: implements specs/manifest.md#manifest, specs/manifest.md#contests and
specs/manifest.md#keys.
"""

from dataclasses import dataclass
from typing import Any, Final

from verifier.ceremony import DerivedKeys, Session
from verifier.contest import ElectionContext, Shape
from verifier.encoding import Fields, load_canonical_json
from verifier.errors import EncodingError, RuleError
from verifier.hashing import sha256
from verifier.policy import Clock, Person
from verifier.signatures import read_key
from verifier.suite import (
    G1_BYTES,
    G2_BYTES,
    MAX_BODY_BYTES,
    MAX_CONTESTS,
    MAX_LANGUAGES,
    MAX_OPTIONS,
    MAX_PARTIES,
    MAX_REVOTES,
    SUITE_ID,
)
from verifier.texts import Text, check_clean, check_language, read_text, require_distinct

LOTTERY, VACANT = "lottery", "vacant"
_MIN_BALLOTS: Final = 5
_NUMBERS: Final = (
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


@dataclass(frozen=True, slots=True)
class Contest:
    """One contest: texts, bounds of marks, seats and rules for ties."""

    title: Text
    options: tuple[Text, ...]
    shape: Shape
    seats: int
    tie: str
    zero_votes_win: bool


@dataclass(frozen=True, slots=True)
class KeyHolders:
    """A key of the election as the manifest states it: compressed points, holders in the session's order."""

    key: bytes
    threshold: int
    holders: tuple[Person, ...]
    shares: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """A well-formed manifest; `check_limits` and the checks V21 to V23 tell whether it is right."""

    digest: bytes
    election: bytes
    title: Text
    languages: tuple[str, ...]
    contests: tuple[Contest, ...]
    roll_digest: bytes
    roll_root: bytes
    roll_size: int
    issuing: KeyHolders
    tally: KeyHolders
    promise_key: bytes
    clock: Clock
    requests_close: int
    voting_opens: int
    voting_closes: int
    grace: int
    gap: int
    extension_cap: int
    min_batch: int
    max_wait: int
    min_ballots: int
    min_set: int
    max_revotes: int

    def context(self) -> ElectionContext:
        """Return what proofs of ballots are bound to."""
        shapes = tuple(contest.shape for contest in self.contests)
        return ElectionContext(self.digest, self.election, self.tally.key, shapes)


def _read_contest(value: Any, languages: tuple[str, ...], where: str) -> Contest:  # noqa: ANN401
    fields = Fields(value, ("title", "options", "min", "max", "seats", "tie", "zero_votes_win"), where)
    items = fields.array("options")
    if not 1 <= len(items) <= MAX_OPTIONS:
        message = f"{where}: {len(items)} options, not 1 to {MAX_OPTIONS}"
        raise EncodingError(message)
    options: list[Text] = []
    for place, item in enumerate(items):
        option = Fields(item, ("name", "statement"), f"{where}.options[{place}]")
        option.hash("statement")
        options.append(read_text(option, "name", languages))
    minimum, maximum = fields.u32("min"), fields.u32("max")
    if not (minimum <= maximum <= len(options) and maximum >= 1):
        message = f"{where}: {minimum} to {maximum} marks for {len(options)} options"
        raise RuleError(message)
    seats = fields.u32("seats")
    if not 1 <= seats <= len(options):
        message = f"{where}: {seats} seats for {len(options)} options"
        raise RuleError(message)
    return Contest(
        read_text(fields, "title", languages),
        tuple(options),
        Shape(len(options), minimum, maximum),
        seats,
        fields.constant("tie", LOTTERY, VACANT),
        fields.boolean("zero_votes_win"),
    )


def _read_holders(fields: Fields, name: str, point_bytes: int) -> KeyHolders:
    where = f"{fields.where}.{name}"
    key = Fields(fields.value(name), ("holders", "key", "threshold"), where)
    items = key.array("holders")
    if len(items) > MAX_PARTIES:
        message = f"{where}: {len(items)} holders; at most {MAX_PARTIES}"
        raise EncodingError(message)
    holders: list[Person] = []
    shares: list[bytes] = []
    for item in items:
        holder = Fields(item, ("key", "name", "organisation", "public_share"), f"{where}.holders")
        names = [check_clean(holder.value(member), f"{where}.holders.{member}") for member in ("name", "organisation")]
        holders.append(Person(read_key(holder, "key"), *names))
        shares.append(holder.hex("public_share", point_bytes))
    return KeyHolders(key.hex("key", point_bytes), key.u32("threshold"), tuple(holders), tuple(shares))


def parse_manifest(data: bytes) -> Manifest:
    """Read a manifest's canonical JSON.

    Raises:
        EncodingError: form, members, types, unclean texts.
        RuleError: bounds of a contest.

    """
    fields = Fields(
        load_canonical_json(data),
        (
            "kind",
            "suite",
            "election",
            "title",
            "languages",
            "contests",
            "roll",
            "issuing",
            "tally",
            "promise_key",
            "epoch",
            "interval",
            *_NUMBERS,
        ),
        "manifest",
    )
    fields.constant("kind", "manifest")
    fields.constant("suite", SUITE_ID)
    languages = tuple(check_language(item, "manifest.languages") for item in fields.array("languages"))
    if not 1 <= len(languages) <= MAX_LANGUAGES or list(languages) != sorted(set(languages)):
        message = f"manifest.languages: not 1 to {MAX_LANGUAGES} sorted language codes"
        raise EncodingError(message)
    contests = fields.array("contests")
    if not 1 <= len(contests) <= MAX_CONTESTS:
        message = f"manifest: {len(contests)} contests, not 1 to {MAX_CONTESTS}"
        raise EncodingError(message)
    roll = Fields(fields.value("roll"), ("digest", "root", "size"), "manifest.roll")
    return Manifest(
        sha256(data),
        fields.hash("election"),
        read_text(fields, "title", languages),
        languages,
        tuple(_read_contest(item, languages, f"manifest.contests[{k}]") for k, item in enumerate(contests)),
        roll.hash("digest"),
        roll.hash("root"),
        roll.u32("size"),
        _read_holders(fields, "issuing", G2_BYTES),
        _read_holders(fields, "tally", G1_BYTES),
        read_key(fields, "promise_key"),
        Clock(fields.u53("epoch"), fields.u32("interval")),
        *(fields.u32(name) for name in _NUMBERS),
    )


def check_limits(manifest: Manifest) -> None:
    """Check times, numbers and confusable texts.

    Raises:
        RuleError: the first rule that is broken.

    """
    reason = None
    if not 1 <= manifest.voting_opens < manifest.voting_closes:
        reason = "voting opens before batch 1, or does not close after it opens"
    elif manifest.requests_close > manifest.voting_closes:
        reason = "requests close after voting"
    elif manifest.min_ballots < _MIN_BALLOTS:
        reason = f"min_ballots is {manifest.min_ballots}; at least {_MIN_BALLOTS}"
    elif not 1 <= manifest.max_revotes <= MAX_REVOTES:
        reason = f"max_revotes is {manifest.max_revotes}; 1 to {MAX_REVOTES}"
    elif manifest.context().body_bytes > MAX_BODY_BYTES:
        reason = "a ballot would be longer than a body may be"
    if reason is not None:
        message = f"manifest: {reason}"
        raise RuleError(message)
    for place, language in enumerate(manifest.languages):
        titles = [contest.title[place][1] for contest in manifest.contests]
        require_distinct(titles, f"titles of contests in {language}")
        for number, contest in enumerate(manifest.contests):
            names = [option[place][1] for option in contest.options]
            require_distinct(names, f"options of contest {number} in {language}")


def check_holders(stated: KeyHolders, session: Session, derived: DerivedKeys, where: str) -> None:
    """Compare a key of the manifest with the one derived from its ceremony.

    Raises:
        RuleError: key, threshold, holders or public shares differ.

    """
    expected = KeyHolders(derived.key, session.threshold, session.parties, derived.shares)
    if stated != expected:
        which = [
            name
            for name in ("key", "threshold", "holders", "shares")
            if getattr(stated, name) != getattr(expected, name)
        ]
        message = f"manifest.{where}: {', '.join(which)} differ from the ceremony's"
        raise RuleError(message)
