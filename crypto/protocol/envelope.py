# SPDX-License-Identifier: AGPL-3.0-or-later
"""The envelope: what a pseudonym signs around the hash of a ballot's body.

Spec: specs/ballot.md#envelope
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from crypto.blindsig.blinding import Credential
from crypto.encoding.binary import ByteReader, u32
from crypto.encoding.members import encode_base64
from crypto.encoding.strict_json import Json
from crypto.errors import EncodingError
from crypto.hashing import sha256
from crypto.labels import ENVELOPE
from crypto.protocol.entry import Entry
from crypto.signing import KEY_BYTES, SIGNATURE_BYTES, SigningKey, make_statement, statement_payload
from crypto.suite import G1_BYTES, HASH_BYTES

BALLOT: Final = "ballot"
PAYLOAD_BYTES: Final = 5 * HASH_BYTES + G1_BYTES + 4


@dataclass(frozen=True, slots=True)
class Envelope:
    """The fields of an envelope, decoded but not verified.

    Args:
        election, manifest, body: hashes.
        pseudonym: vk, 32 bytes, not yet checked as a key.
        credential: sigma, 48 bytes, not yet decoded.
        sequence: seq, from 1.
        replaces: hash of the pseudonym's previous envelope, or zeros.
        statement: the signed bytes.
    """

    election: bytes
    manifest: bytes
    pseudonym: bytes
    credential: bytes
    sequence: int
    replaces: bytes
    body: bytes
    statement: bytes

    def digest(self) -> bytes:
        """The envelope hash."""
        return sha256(self.statement)


@dataclass(frozen=True, slots=True)
class SignedEnvelope:
    """An envelope with its pseudonym's signature."""

    envelope: Envelope
    signature: bytes

    def entry_members(self) -> dict[str, Json]:
        """The members of a ballot entry beside `kind` and `previous`."""
        return {"envelope": encode_base64(self.envelope.statement), "signature": self.signature.hex()}


def sign_envelope(
    *,
    election: bytes,
    manifest: bytes,
    credential: Credential,
    sequence: int,
    replaces: bytes,
    body: bytes,
    pseudonym: SigningKey,
) -> SignedEnvelope:
    """An envelope over a body's hash, signed: from here on the ballot can be cast.

    Args:
        body: SHA-256 of the body, as shown to the voter.
    """
    payload = election + manifest + credential.pseudonym + credential.signature + u32(sequence) + replaces + body
    statement = make_statement(ENVELOPE, payload)
    return SignedEnvelope(parse_envelope(statement), pseudonym.sign(statement))


def parse_envelope(statement: bytes) -> Envelope:
    """The fields of an envelope statement.

    Raises:
        EncodingError: another label or length.
    """
    reader = ByteReader(statement_payload(ENVELOPE, statement), "envelope")
    election, manifest, pseudonym = reader.take(HASH_BYTES), reader.take(HASH_BYTES), reader.take(KEY_BYTES)
    credential, sequence = reader.take(G1_BYTES), reader.u32()
    replaces, body = reader.take(HASH_BYTES), reader.take(HASH_BYTES)
    reader.finish()
    return Envelope(election, manifest, pseudonym, credential, sequence, replaces, body, statement)


def read_ballot_entry(entry: Entry) -> SignedEnvelope:
    """The signed envelope of a ballot entry: rule B1.

    Raises:
        EncodingError.
    """
    if entry.kind != BALLOT:
        raise EncodingError(f"an entry of kind {entry.kind} is no ballot")
    members = entry.members("envelope", "signature")
    return SignedEnvelope(parse_envelope(members.bytes("envelope")), members.hex("signature", SIGNATURE_BYTES))
