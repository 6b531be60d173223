# SPDX-License-Identifier: AGPL-3.0-or-later
"""Promises, receipts and receipt codes: implements specs/receipt.md#promise, specs/receipt.md#receipt and
specs/receipt.md#receipt-code.
"""

import base64
import binascii
import struct
from dataclasses import dataclass
from typing import Any, Final

from verifier import labels
from verifier.audit import INCOMPLETE, VALID, Check, Run
from verifier.ballots import open_envelope
from verifier.election import match_ballot
from verifier.encoding import Fields, load_json
from verifier.errors import EncodingError, EvidenceMissingError, RuleError, VerificationError
from verifier.hashing import sha256
from verifier.merkle import leaf_hash, verify_inclusion
from verifier.notes import Checkpoint, cosignatures, parse_checkpoint, require_claims
from verifier.signatures import make_statement, read_signature, require_valid
from verifier.suite import MAX_PROOF_HASHES

_CODE_START: Final = b"VECHE1:"
_CODE: Final = struct.Struct(">B32s32sIQ64s")
_CODE_VERSION: Final = 1
_NO_INDEX: Final = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Promise:
    """The server's word to append an envelope; ``batch`` is the newest batch when it was given."""

    election: bytes
    envelope: bytes
    batch: int
    signature: bytes

    def statement(self) -> bytes:
        """Return what the promise key signed."""
        payload = self.election + self.envelope + self.batch.to_bytes(4, "big")
        return make_statement(labels.PROMISE, payload)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a voter holds: a promise, and perhaps where its entry is and the proof of that."""

    promise: Promise
    index: int | None
    entry: bytes | None
    proof: tuple[bytes, ...]
    checkpoint: Checkpoint | None


def read_promise(value: Any) -> Promise:  # noqa: ANN401
    """Read a promise object."""
    fields = Fields(value, ("kind", "election", "envelope", "batch", "signature"), "promise")
    fields.constant("kind", "promise")
    return Promise(
        fields.hash("election"), fields.hash("envelope"), fields.u32("batch"), read_signature(fields, "signature")
    )


def _read_code(data: bytes) -> Receipt:
    text = data[len(_CODE_START) :]
    try:
        packed = base64.b32decode(text + b"=" * (-len(text) % 8))
    except binascii.Error as error:
        message = "the receipt code is not base32"
        raise EncodingError(message) from error
    if base64.b32encode(packed).rstrip(b"=") != text or len(packed) != _CODE.size:
        message = f"the receipt code does not hold exactly {_CODE.size} bytes"
        raise EncodingError(message)
    version, election, envelope, batch, index, signature = _CODE.unpack(packed)
    if version != _CODE_VERSION:
        message = f"the receipt code has version {version}"
        raise EncodingError(message)
    return Receipt(Promise(election, envelope, batch, signature), None if index == _NO_INDEX else index, None, (), None)


def load_receipt(data: bytes) -> Receipt:
    """Read a receipt, a promise or a receipt code from a file's bytes.

    Raises:
        EncodingError: it is none of them.

    """
    stripped = data.strip()
    if stripped.startswith(_CODE_START):
        return _read_code(stripped)
    value = load_json(data)
    if isinstance(value, dict) and value.get("kind") == "promise":
        return Receipt(read_promise(value), None, None, (), None)
    fields = Fields(value, ("kind", "promise", "index", "entry", "proof", "checkpoint"), "receipt")
    fields.constant("kind", "receipt")
    return Receipt(
        read_promise(fields.value("promise")),
        fields.u53("index"),
        fields.base64("entry"),
        fields.hash_array("proof", MAX_PROOF_HASHES),
        parse_checkpoint(fields.string("checkpoint").encode("utf-8")),
    )


@dataclass(slots=True)
class ReceiptChecks:
    """The checks of specs/receipt.md#receipt; ``record_verdict`` is set once the record's is known."""

    receipt: Receipt
    record_verdict: str | None = None

    def table(self) -> tuple[Check, ...]:
        """Return the checks in order."""
        return (
            Check("R1", "entry", (), self.check_entry),
            Check("R2", "checkpoint", (), self.check_checkpoint),
            Check("R3", "inclusion", (), self.check_inclusion),
            Check("R4", "record", (), self.check_record),
            Check("R5", "promise", ("R4",), self.check_promise),
            Check("R6", "place", ("R5",), self.check_place),
            Check("R7", "fate", ("R6",), self.check_fate),
        )

    def check_entry(self, run: Run) -> str:
        """R1: the entry is a ballot that holds the promised envelope."""
        promise = self.receipt.promise
        if self.receipt.entry is None:
            message = "the file holds no entry (a promise or a code): give the record"
            raise EvidenceMissingError(message)
        signed = match_ballot(self.receipt.entry)
        if signed is None:
            message = "the entry is not a well-formed ballot"
            raise EncodingError(message)
        envelope = open_envelope(signed.statement)
        if sha256(signed.statement) != promise.envelope or envelope.election != promise.election:
            message = "the entry holds another envelope than was promised, or one of another election"
            raise VerificationError(message)
        run.saw(1)
        return f"sequence {envelope.seq} of a pseudonym"

    def check_checkpoint(self, run: Run) -> str:
        """R2: a quorum of the policy's witnesses cosigned the checkpoint of this election's ledger."""
        checkpoint = self.receipt.checkpoint
        if checkpoint is None:
            message = "the file holds no checkpoint: give the record"
            raise EvidenceMissingError(message)
        if run.pinned is None and run.register is None:
            message = "without a policy nobody knows the witnesses: give --policy"
            raise EvidenceMissingError(message)
        if checkpoint.origin != run.policy.election_origin(self.receipt.promise.election):
            message = f"the checkpoint is of {ascii(checkpoint.origin)[:120]}"
            raise RuleError(message)
        claims, time = cosignatures(checkpoint, run.policy)
        require_claims(claims, "checkpoint")
        run.saw(len(claims))
        return f"{len(claims)} witnesses, {time} (Unix seconds)"

    def check_inclusion(self, run: Run) -> str:
        """R3: the proof leads from the entry to the checkpoint's root."""
        receipt, head = self.receipt, self.receipt.checkpoint
        if head is None or receipt.entry is None or receipt.index is None:
            message = "the file holds no proof of inclusion: give the record"
            raise EvidenceMissingError(message)
        verify_inclusion(leaf_hash(receipt.entry), receipt.index, head.size, receipt.proof, head.root)
        run.saw(len(receipt.proof))
        return f"entry {receipt.index} of {head.size}"

    def check_record(self, run: Run) -> str:
        """R4: what the record itself is worth."""
        if self.record_verdict is None:
            message = "no record was given (--record)"
            raise EvidenceMissingError(message)
        run.saw(1)
        if self.record_verdict == VALID:
            return "the record is VALID"
        if self.record_verdict == INCOMPLETE:
            message = "the record is INCOMPLETE, so what is said below is as of now"
            raise EvidenceMissingError(message, provisional=True)
        message = "the record itself is INVALID: verify it alone to see why"
        raise VerificationError(message)

    def check_promise(self, run: Run) -> str:
        """R5: the server's promise key signed the promise."""
        manifest, promise = run.need(run.manifest, "the manifest of the record"), self.receipt.promise
        if promise.election != manifest.election:
            message = "the promise is of another election than the record"
            raise RuleError(message)
        require_valid(manifest.promise_key, promise.signature, promise.statement(), "promise")
        run.saw(1)
        return f"promised after batch {promise.batch}"

    def check_place(self, run: Run) -> str:
        """R6: exactly one entry of the ledger holds the envelope, where the receipt says."""
        return _check_place(run, self.receipt)

    def check_fate(self, run: Run) -> str:
        """R7: what became of the ballot."""
        return _fate(run, self.receipt)


def _check_place(run: Run, receipt: Receipt) -> str:
    scan, manifest = run.need(run.election, "the ledger"), run.need(run.manifest, "the manifest")
    places = scan.found.get(receipt.promise.envelope, [])
    run.saw(len(places))
    head = receipt.checkpoint
    if head is not None and head.size <= scan.count and scan.roots.get(head.size) != head.root:
        message = f"a fork: the receipt's checkpoint of size {head.size} has another root than the record"
        raise VerificationError(message)
    if len(places) > 1:
        message = f"{len(places)} entries of the ledger hold this envelope: {places[:10]}"
        raise RuleError(message)
    if not places:
        due = receipt.promise.batch + 1 + manifest.max_wait
        last = scan.batch_numbers[-1] if scan.batch_numbers else 0
        beyond = head is not None and head.size > scan.count
        if beyond or (receipt.index is None and last < due):
            message = (
                f"no entry of this record holds the envelope; it ends with batch {last}, the promise is due by {due}"
            )
            raise EvidenceMissingError(message)
        message = f"no entry of the ledger holds this envelope; it was due by batch {due}: a claim can be made of it"
        raise RuleError(message)
    if receipt.index is not None and places[0] != receipt.index:
        message = f"the envelope is entry {places[0]}, the receipt says {receipt.index}"
        raise RuleError(message)
    return f"1 entry of the ledger matches: {places[0]}"


def _fate(run: Run, receipt: Receipt) -> str:
    scan, rulings = run.need(run.election, "the ledger"), run.need(run.rulings, "the rules")
    index = scan.found[receipt.promise.envelope][0]
    rule = rulings.exclusions.rule_of(index)
    run.saw(1)
    if rule is not None:
        return f"the ballot is excluded by rule {rule}"
    bodies = run.need(run.bodies, "the bodies of ballots")
    return f"the ballot is {bodies.fate(scan.kinds[:index].count(scan.ballot))}"
