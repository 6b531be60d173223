# SPDX-License-Identifier: AGPL-3.0-or-later
"""The entries of an election's ledger: implements specs/election.md#entry-kinds, specs/election.md#proposals,
specs/election.md#approvals (their form) and specs/ledger.md#order-within-a-batch.
"""

import base64
import binascii
import re
from array import array
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from verifier import labels
from verifier.answers import read_answer
from verifier.encoding import Fields
from verifier.errors import EncodingError, RuleError
from verifier.hashing import sha256, tagged_hash
from verifier.ledger import BATCH, KEY_CHANGED, Scan
from verifier.notes import Checkpoint, parse_checkpoint
from verifier.signatures import SignatureList, read_signatures
from verifier.suite import HASH_BYTES, MEMBER_ID_BYTES
from verifier.tally import read_decryption

ENVELOPE_BYTES: Final = 212
REQUEST_BYTES: Final = 96
_ENVELOPE_START: Final = labels.ENVELOPE + b"\x00"
_REQUEST_START: Final = labels.REQUEST + b"\x00"
_VK_AT: Final = len(_ENVELOPE_START) + 2 * HASH_BYTES
_MEMBER_AT: Final = len(_REQUEST_START) + HASH_BYTES


def _pattern(before: bytes, statement_bytes: int, after: bytes) -> re.Pattern[bytes]:
    """Return the canonical form of a whole entry with one statement of fixed length in it."""
    digits = -(-statement_bytes * 4 // 3)
    base = rb"([A-Za-z0-9+/]{%d}%s)" % (digits, b"=" * (-digits % 4))
    return re.compile(before % base + after)


# A well-formed ballot or request has one length and one form, so its canonical JSON is matched as a whole; what does
# not match is read by the strict loader and, if it is an entry at all, malformed (B1, Q1).
_BALLOT: Final = _pattern(
    rb'\{"envelope":"%s","kind":"ballot",',
    len(_ENVELOPE_START) + ENVELOPE_BYTES,
    rb'"previous":"([0-9a-f]{64})","signature":"([0-9a-f]{128})"\}',
)
_REQUEST: Final = _pattern(
    rb'\{"kind":"request","previous":"(?P<previous>[0-9a-f]{64})","signature":"(?P<signature>[0-9a-f]{128})","statement":"%s',
    len(_REQUEST_START) + REQUEST_BYTES,
    rb'"\}',
)


@dataclass(frozen=True, slots=True)
class Signed:
    """A well-formed ballot or request: the statement's exact bytes and the signature."""

    previous: bytes
    statement: bytes
    signature: bytes


def _decode(text: bytes, start: bytes) -> bytes | None:
    """Return a statement from its base64, or None if that is not canonical or the label is another."""
    try:
        statement = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return statement if statement.startswith(start) and base64.b64encode(statement) == text else None


def match_ballot(raw: bytes) -> Signed | None:
    """Return a well-formed ballot entry, or None."""
    match = _BALLOT.fullmatch(raw)
    statement = None if match is None else _decode(match[1], _ENVELOPE_START)
    if match is None or statement is None:
        return None
    return Signed(match[2], statement, bytes.fromhex(match[3].decode("ascii")))


def match_request(raw: bytes) -> Signed | None:
    """Return a well-formed request entry, or None."""
    match = _REQUEST.fullmatch(raw)
    statement = None if match is None else _decode(match[3], _REQUEST_START)
    if match is None or statement is None:
        return None
    return Signed(match[1], statement, bytes.fromhex(match[2].decode("ascii")))


@dataclass(frozen=True, slots=True)
class Proposal:
    """A logged wish to move the election; ``content`` is the hash of the body that it proposes."""

    index: int
    batch: int
    number: int
    source: str
    target: str
    content: bytes
    register_head: Checkpoint
    entry_hash: bytes


@dataclass(frozen=True, slots=True)
class Approval:
    """Signatures on the hash of one proposal entry."""

    index: int
    batch: int
    proposal: bytes
    signatures: SignatureList


@dataclass(frozen=True, slots=True)
class Opening:
    """Entry 0: the election id and a head of the register."""

    election: bytes
    register_head: Checkpoint


def _read_note(fields: Fields, name: str) -> Checkpoint:
    try:
        return parse_checkpoint(fields.string(name).encode("utf-8"))
    except UnicodeEncodeError as error:
        message = f"{fields.where}.{name}: not UTF-8"
        raise EncodingError(message) from error


class ElectionScan(Scan):
    """The pass over an election's entries (V10, V14): chain, batches, order, structural entries, named bodies."""

    KINDS: ClassVar[tuple[str, ...]] = (
        "opening",
        BATCH,
        "proposal",
        "approval",
        KEY_CHANGED,
        "ceremony",
        "readiness",
        "request",
        "answer",
        "ballot",
        "decryption",
        "draw",
        "share-lost",
    )

    def __init__(self, wanted_sizes: Collection[int] = (), watched: Collection[bytes] = ()) -> None:
        """Prepare a pass that also looks for the envelopes whose hashes are ``watched``."""
        super().__init__(wanted_sizes)
        self.request, self.ballot = self.code("request"), self.code("ballot")
        self.malformed_request, self.malformed_ballot = len(self.KINDS), len(self.KINDS) + 1
        self.opening: Opening | None = None
        self.proposals: list[Proposal] = []
        self.approvals: list[Approval] = []
        self.references: list[tuple[str, bytes]] = []
        """(kind, hash) of the bodies that entries name, in order."""
        self.ballots_in_batch = array("L")
        self.order_problem: str | None = None
        self._watched = frozenset(watched)
        self.found: dict[bytes, list[int]] = {envelope: [] for envelope in self._watched}
        """Indices of the entries that hold a watched envelope."""
        self._phase = 0
        self._last_key = b""
        self._batch_ballots = 0

    def kind_of(self, code: int) -> str:
        """Return the kind of an entry's code."""
        if code == self.malformed_request:
            return "request"
        return "ballot" if code == self.malformed_ballot else self.KINDS[code]

    @property
    def slots(self) -> int:
        """Number of well-formed ballot entries: each has a slot in the file of ballots."""
        return self.kinds.count(self.ballot)

    def read_entry(self, index: int, raw: bytes, previous: str) -> int:
        """Take well-formed ballots and requests by their one form, everything else by the strict loader."""
        signed = match_ballot(raw) if index > 1 else None
        if signed is not None:
            if signed.previous.decode("ascii") != previous:
                message = "its `previous` is not the hash of the entry before it"
                raise RuleError(message)
            if self._watched:
                envelope = sha256(signed.statement)
                if envelope in self._watched:
                    self.found[envelope].append(index)
            self._batch_ballots += 1
            self._check_order(index, 2, signed.statement[_VK_AT : _VK_AT + HASH_BYTES])
            return self.ballot
        signed = match_request(raw) if index > 1 else None
        if signed is not None:
            if signed.previous.decode("ascii") != previous:
                message = "its `previous` is not the hash of the entry before it"
                raise RuleError(message)
            self._check_order(index, 1, signed.statement[_MEMBER_AT : _MEMBER_AT + MEMBER_ID_BYTES])
            return self.request
        return super().read_entry(index, raw, previous)

    def read_kind(self, index: int, kind: str, value: dict[str, Any], raw: bytes) -> int:
        """Check the members of a structural entry; note what an excludable one names."""
        if kind == "ballot":
            self._batch_ballots += 1
            self._check_order(index, 2, b"")
            return self.malformed_ballot
        if kind == "request":
            self._check_order(index, 1, b"")
            return self.malformed_request
        if kind == BATCH:
            if len(self.batch_indices) > 1:
                self.finish()
            self._batch_ballots, self._phase, self._last_key = 0, 0, b""
            return self.batch_code
        self._check_order(index, 0, b"")
        batch = self.batch_of(index)
        if kind == "opening":
            fields = Fields(value, ("kind", "previous", "election", "register_head"), kind)
            self.opening = Opening(fields.hash("election"), _read_note(fields, "register_head"))
        elif kind == "proposal":
            names = ("kind", "previous", "number", "from", "to", "content", "register_head")
            fields = Fields(value, names, kind)
            proposal = Proposal(
                index,
                batch,
                fields.u32("number"),
                fields.string("from"),
                fields.string("to"),
                fields.hash("content"),
                _read_note(fields, "register_head"),
                sha256(raw),
            )
            self.proposals.append(proposal)
            self.references.append((kind, proposal.content))
        elif kind == "approval":
            fields = Fields(value, ("kind", "previous", "proposal", "signatures"), kind)
            approval = Approval(index, batch, fields.hash("proposal"), read_signatures(fields, "signatures"))
            self.approvals.append(approval)
        elif kind in ("answer", "decryption"):
            self._note_body(kind, value)
        return self.code(kind)

    def finish(self) -> None:
        """Count the ballots of the batch that ends."""
        self.ballots_in_batch.append(self._batch_ballots)

    def _note_body(self, kind: str, value: dict[str, Any]) -> None:
        try:
            body = read_answer(value).body if kind == "answer" else read_decryption(value).body
        except EncodingError:
            return  # malformed: excluded by A1 or D1, and it names nothing
        self.references.append((kind, body))

    def _check_order(self, index: int, phase: int, key: bytes) -> None:
        """Check that entries of a batch stand in phases, and well-formed ones of a phase by their hashes."""
        if phase < self._phase and self.order_problem is None:
            names = ("other entries", "requests", "ballots")
            self.order_problem = f"entry {index}: {names[phase]} after {names[self._phase]} of the same batch"
        if phase != self._phase:
            self._phase, self._last_key = phase, b""
        if key:
            number = self.batch_numbers[-1] if self.batch_numbers else 0
            place = tagged_hash(labels.BATCH_ORDER, number.to_bytes(4, "big"), key)
            if place < self._last_key and self.order_problem is None:
                self.order_problem = f"entry {index}: not in the order of its batch"
            self._last_key = place
