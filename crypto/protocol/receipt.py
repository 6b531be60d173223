# SPDX-License-Identifier: AGPL-3.0-or-later
"""The proof that a ballot is in the ledger, as a file and as a code for a QR symbol.

Spec: specs/receipt.md#receipt, specs/receipt.md#receipt-code
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Final

from crypto.encoding.binary import ByteReader, u32, u64
from crypto.encoding.members import Members, decode_hex, encode_base64
from crypto.encoding.strict_json import dumps, loads
from crypto.errors import EncodingError, InvalidCheckpoint, InvalidInclusionProof, NonCanonical
from crypto.ledger.checkpoint import cosignatures, parse_checkpoint
from crypto.ledger.merkle import leaf_hash, verify_inclusion
from crypto.ledger.note import parse_note
from crypto.protocol.entry import parse_entry
from crypto.protocol.envelope import SignedEnvelope, read_ballot_entry
from crypto.protocol.policy import Policy
from crypto.protocol.promise import Promise
from crypto.signing import SIGNATURE_BYTES
from crypto.suite import HASH_BYTES, MAX_NOTE_BYTES, MAX_PROOF_HASHES

CODE_PREFIX: Final = "VECHE1:"
NO_INDEX: Final = 2**64 - 1
_CODE_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Receipt:
    """Promise, entry, inclusion proof and cosigned checkpoint of one ballot."""

    promise: Promise
    index: int
    entry: bytes
    proof: tuple[bytes, ...]
    checkpoint: bytes

    def to_bytes(self) -> bytes:
        """The file."""
        return dumps(
            {
                "checkpoint": self.checkpoint.decode("utf-8"),
                "entry": encode_base64(self.entry),
                "index": self.index,
                "kind": "receipt",
                "promise": self.promise.to_json(),
                "proof": [node.hex() for node in self.proof],
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Receipt:
        """Read a file; nothing is verified.

        Raises:
            EncodingError.
        """
        members = Members(loads(data), "receipt", ("checkpoint", "entry", "index", "kind", "promise", "proof"))
        members.literal("kind", "receipt")
        proof = tuple(
            decode_hex(node, HASH_BYTES, "receipt: proof") for node in members.array("proof", 0, MAX_PROOF_HASHES)
        )
        return cls(
            Promise.from_json(members.raw("promise")),
            members.integer("index"),
            members.bytes("entry"),
            proof,
            members.string("checkpoint", MAX_NOTE_BYTES).encode("utf-8"),
        )

    def verify(self, policy: Policy) -> SignedEnvelope:
        """The envelope that a quorum of the policy's witnesses saw in the ledger.

        The promise's signature needs the manifest's key and is checked by whoever has the record.

        Raises:
            EncodingError, InvalidInclusionProof, InvalidCheckpoint.
        """
        signed = read_ballot_entry(parse_entry(self.entry))
        envelope = signed.envelope
        if (envelope.digest(), envelope.election) != (self.promise.envelope, self.promise.election):
            raise InvalidInclusionProof("the receipt's entry holds another ballot than was promised")
        note = parse_note(self.checkpoint)
        checkpoint = parse_checkpoint(note.text)
        if checkpoint.origin != policy.election_origin(envelope.election):
            raise InvalidCheckpoint("the receipt's checkpoint is of another ledger")
        times = cosignatures(note, policy.witnesses)
        if len(times) < policy.witness_quorum:
            raise InvalidCheckpoint(f"{len(times)} witnesses cosigned, {policy.witness_quorum} are needed")
        verify_inclusion(leaf_hash(self.entry), self.index, checkpoint.size, self.proof, checkpoint.root)
        return signed


def receipt_code(promise: Promise, index: int = NO_INDEX) -> str:
    """A promise or receipt as 234 upper-case characters for a QR symbol."""
    data = (
        bytes([_CODE_VERSION])
        + promise.election
        + promise.envelope
        + u32(promise.batch)
        + u64(index)
        + promise.signature
    )
    return CODE_PREFIX + base64.b32encode(data).decode("ascii").rstrip("=")


def parse_receipt_code(code: str) -> tuple[Promise, int | None]:
    """Promise and index, None if the index was not known.

    Raises:
        EncodingError.
    """
    encoded = code.removeprefix(CODE_PREFIX)
    try:
        data = base64.b32decode(encoded + "=" * (-len(encoded) % 8))
    except (binascii.Error, ValueError):
        raise EncodingError("a receipt code is not base32") from None
    reader = ByteReader(data, "receipt code")
    if reader.take(1) != bytes([_CODE_VERSION]):
        raise EncodingError("a receipt code of another version")
    election, envelope = reader.take(HASH_BYTES), reader.take(HASH_BYTES)
    batch, index = reader.u32(), reader.u64()
    promise = Promise(election, envelope, batch, reader.take(SIGNATURE_BYTES))
    reader.finish()
    if receipt_code(promise, index) != code:
        raise NonCanonical("a receipt code in another spelling")
    return promise, None if index == NO_INDEX else index
