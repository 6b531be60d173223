# SPDX-License-Identifier: AGPL-3.0-or-later
"""Broken promises: implements specs/receipt.md#claim."""

from dataclasses import dataclass

from verifier.audit import Run
from verifier.ballots import Envelope, check_envelopes, open_envelope
from verifier.checks_ballots import limit, rulings
from verifier.contest import decode_body, verify_single
from verifier.election import ENVELOPE_BYTES, Signed
from verifier.encoding import Fields, load_json
from verifier.errors import BrokenError, EncodingError, RuleError, VerificationError
from verifier.hashing import sha256
from verifier.labels import ENVELOPE
from verifier.receipt import Promise, read_promise
from verifier.signatures import read_signature, require_valid, split_statement


@dataclass(frozen=True, slots=True)
class Claim:
    """A promise, its ballot, and the assertion that the promise was not kept."""

    promise: Promise
    statement: bytes
    envelope: Envelope
    signature: bytes
    body: bytes


def read_claim(data: bytes) -> Claim:
    """Read a claim file.

    Raises:
        EncodingError: members, types, label or length of the envelope (rule B1).

    """
    fields = Fields(load_json(data), ("kind", "promise", "envelope", "signature", "body"), "claim")
    fields.constant("kind", "claim")
    statement = fields.base64("envelope")
    if len(split_statement(statement, ENVELOPE, "claim.envelope")) != ENVELOPE_BYTES:
        message = "claim.envelope has another length than an envelope"
        raise EncodingError(message)
    return Claim(
        read_promise(fields.value("promise")),
        statement,
        open_envelope(statement),
        read_signature(fields, "signature"),
        fields.base64("body"),
    )


def envelope_of(data: bytes) -> bytes | None:
    """Return the hash of the envelope that a claim is about, or None for a file that is no claim."""
    try:
        return read_claim(data).promise.envelope
    except BrokenError:
        return None


def check_claim(run: Run, data: bytes) -> bytes:
    """Check that a claim is proved against the record, and return its pseudonym: each counts once.

    Raises:
        BrokenError: the first of the four conditions that does not hold.

    """
    claim, manifest = read_claim(data), run.need(run.manifest, "the manifest")
    scan, found = run.need(run.election, "the ledger"), rulings(run)
    promise = claim.promise
    if promise.election != manifest.election or promise.envelope != sha256(claim.statement):
        message = "the promise is of another election or another envelope"
        raise RuleError(message)
    require_valid(manifest.promise_key, promise.signature, promise.statement(), "promise")
    # The envelope as if it stood in a batch of voting: B2 is about time, which a claim has none of.
    rule, item = found.ballots.prepare(Signed(b"", claim.statement, claim.signature), "voting", manifest.voting_opens)
    if not rule and item is not None:
        rule = {4: "B4", 5: "B5"}.get(check_envelopes(run.backend.name, manifest.issuing.key, [item])[0], "")
    if not rule and sha256(claim.body) != claim.envelope.body:
        message = "the body is not the one that the envelope names"
        raise VerificationError(message)
    if not rule:
        context = manifest.context()
        proofs = decode_body(run.backend, context, claim.envelope.vk, claim.envelope.seq, claim.body)
        rule = "" if verify_single(run.backend, context, proofs) else "B10"
    if rule:
        message = f"the ballot would have been excluded by rule {rule}"
        raise RuleError(message)
    due, last = promise.batch + 1 + manifest.max_wait, scan.batch_numbers[-1]
    if last < due:
        message = f"the ledger has reached batch {last}; the promise was due by {due}"
        raise RuleError(message)
    there = [index for index in scan.found.get(promise.envelope, []) if index < limit(run)]
    if there:
        message = f"the promise was kept: entry {there[0]}"
        raise RuleError(message)
    return claim.envelope.vk


def smallest_margin(run: Run) -> int | None:
    """Return the smallest margin over all contests; None where no vote could change a seat (specs/tally.md#margin)."""
    margins = [result.margin for result in run.results if result.margin is not None]
    return min(margins) if margins else None
