# SPDX-License-Identifier: AGPL-3.0-or-later
"""The register's entries and their statements: implements specs/register.md#signed-entries and
specs/register.md#entry-kinds as far as one entry shows it; what depends on entries before is in `members`.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from verifier import labels
from verifier.backend import Backend
from verifier.ceremony import LOTTERY, Session, read_session
from verifier.encoding import Fields, load_canonical_json
from verifier.errors import BrokenError, EncodingError
from verifier.hashing import sha256
from verifier.ledger import BATCH, KEY_CHANGED, Scan
from verifier.policy import Clock, Person, Policy, check_safe, parse_policy, read_person
from verifier.signatures import SignatureList, read_key, read_signatures, split_statement
from verifier.suite import G1_BYTES, G2_BYTES, MEMBER_ID_BYTES
from verifier.texts import Text, read_text

REGISTER: Final = "register"

_LABELS: Final = {
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
_PAYLOADS: Final = {
    "reviewers": ("reviewers",),
    "panel": ("quorum", "members"),
    "standing-key": ("purpose", "key", "session", "transcript"),
    "admitted": ("case", "member", "key"),
    "key-announced": ("member", "key"),
    "key-changed": ("member", "key"),
    "suspended": ("member", "reason"),
    "restored": ("member", "reason"),
    "left": ("member",),
    "announcement": ("title", "epoch", "interval", "eligibility_days", "ledger_key", "nonce"),
    "election-keys": ("election", "manifest", "issuing_key", "tally_key"),
}
BOARD_KINDS: Final = frozenset({"reviewers", "panel", "standing-key", "announcement", "election-keys"})
PANEL_KINDS: Final = frozenset({"key-announced", "suspended", "restored"})


@dataclass(frozen=True, slots=True)
class SignedEntry:
    """A signed entry of the register: its kind, its statement's exact bytes and payload, its signatures."""

    index: int
    kind: str
    statement: bytes
    fields: Fields
    signatures: SignatureList
    sequence: int
    origin: str


@dataclass(frozen=True, slots=True)
class Announcement:
    """An election as the board announced it; ``election`` is its id."""

    election: bytes
    index: int
    batch: int
    title: Text
    clock: Clock
    eligibility_days: int
    ledger_key: bytes


@dataclass(frozen=True, slots=True)
class ElectionKeys:
    """The `election-keys` entry of an election; keys compressed."""

    election: bytes
    index: int
    manifest: bytes
    issuing_key: bytes
    tally_key: bytes


@dataclass(frozen=True, slots=True)
class StandingKey:
    """The lottery's key, its session, and the hash of its transcript."""

    index: int
    key: bytes
    session: Session
    transcript: bytes


class RegisterScan(Scan):
    """The pass over the register's entries (V03): shapes of entries, their chain, their batches."""

    KINDS: ClassVar[tuple[str, ...]] = (REGISTER, BATCH, KEY_CHANGED, *_LABELS)

    def __init__(self, wanted_sizes: frozenset[int] = frozenset()) -> None:
        """Prepare a pass that keeps the root at every end of a batch, because elections refer to them."""
        super().__init__(wanted_sizes, all_batch_roots=True)
        self.policy: Policy | None = None
        self.references: list[bytes] = []

    def read_kind(self, index: int, kind: str, value: dict[str, Any], raw: bytes) -> int:
        """Check members and types of an entry."""
        if kind == REGISTER:
            fields = Fields(value, ("kind", "previous", "policy"), "entry")
            self.policy = parse_policy(fields.value("policy"))
            check_safe(self.policy)
        elif kind in _LABELS:
            signed = read_signed(index, value)
            if kind == "standing-key" and signed is not None:
                self._note_transcript(signed)
        return super().read_kind(index, kind, value, raw)

    def _note_transcript(self, signed: Fields) -> None:
        """Remember which body the entry names, if its statement is good enough to name one."""
        try:
            payload = load_canonical_json(split_statement(signed.base64("statement"), labels.STANDING_KEY, ""))
            self.references.append(
                Fields(payload, ("register", "sequence", *_PAYLOADS["standing-key"]), "").hash("transcript")
            )
        except BrokenError:
            return  # V07 reads the statement again and says what is wrong with it


def read_signed(index: int, value: dict[str, Any]) -> Fields:
    """Check the members of a signed entry: kind, previous, statement, a list of signatures that is not empty."""
    fields = Fields(value, ("kind", "previous", "statement", "signatures"), "entry")
    fields.base64("statement")
    if not read_signatures(fields, "signatures"):
        message = f"entry {index} has no signature"
        raise EncodingError(message)
    return fields


def parse_signed(index: int, raw: bytes) -> SignedEntry:
    """Read a signed entry and its statement.

    Raises:
        EncodingError: label, members or types of the statement.

    """
    value = load_canonical_json(raw)
    fields = read_signed(index, value)
    kind: str = value["kind"]
    statement = fields.base64("statement")
    payload = Fields(
        load_canonical_json(split_statement(statement, _LABELS[kind], kind)),
        ("register", "sequence", *_PAYLOADS[kind]),
        kind,
    )
    signatures = read_signatures(fields, "signatures")
    return SignedEntry(index, kind, statement, payload, signatures, payload.u32("sequence"), payload.string("register"))


def read_people(entry: SignedEntry, name: str) -> tuple[Person, ...]:
    """Read an array of `{"key", "name", "organisation"}`."""
    return tuple(read_person(item, entry.kind) for item in entry.fields.array(name))


def read_member_id(entry: SignedEntry) -> bytes:
    """Read the member id of a statement about a member."""
    return entry.fields.hex("member", MEMBER_ID_BYTES)


def read_announcement(entry: SignedEntry, batch: int) -> Announcement:
    """Read an announcement; the election's id is the SHA-256 of the statement."""
    fields = entry.fields
    fields.hash("nonce")
    return Announcement(
        sha256(entry.statement),
        entry.index,
        batch,
        read_text(fields, "title"),
        Clock(fields.u53("epoch"), fields.u32("interval")),
        fields.u32("eligibility_days"),
        read_key(fields, "ledger_key"),
    )


def read_election_keys(entry: SignedEntry, backend: Backend) -> ElectionKeys:
    """Read an `election-keys` statement; both keys are decoded strictly."""
    fields = entry.fields
    issuing, tally = fields.hex("issuing_key", G2_BYTES), fields.hex("tally_key", G1_BYTES)
    backend.g2_decode(issuing)
    backend.g1_decode(tally)
    return ElectionKeys(fields.hash("election"), entry.index, fields.hash("manifest"), issuing, tally)


def read_standing_key(entry: SignedEntry, backend: Backend) -> StandingKey:
    """Read a `standing-key` statement."""
    fields = entry.fields
    fields.constant("purpose", LOTTERY)
    key = fields.hex("key", G2_BYTES)
    backend.g2_decode(key)
    session = read_session(fields.value("session"), "standing-key.session", LOTTERY)
    return StandingKey(entry.index, key, session, fields.hash("transcript"))
