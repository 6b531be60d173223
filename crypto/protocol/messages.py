# SPDX-License-Identifier: AGPL-3.0-or-later
"""Entries with a statement that one party signs, and the two that only trustees make.

Spec: specs/tally.md#partial-decryption, specs/election.md#void
"""

from __future__ import annotations

from dataclasses import dataclass

from crypto.encoding.members import Members, encode_base64
from crypto.encoding.strict_json import Json
from crypto.labels import DECRYPTION, SHARE_LOST
from crypto.protocol.entry import Entry
from crypto.sharing.ceremony import SignedMessage
from crypto.signing import SIGNATURE_BYTES, SigningKey, json_payload, make_json_statement


def read_signed_message(entry: Entry) -> SignedMessage:
    """Statement and signature of an entry that one party signs.

    Raises:
        EncodingError.
    """
    members = entry.members("signature", "statement")
    return SignedMessage(members.bytes("statement"), members.hex("signature", SIGNATURE_BYTES))


def signed_message_members(message: SignedMessage) -> dict[str, Json]:
    """The members of such an entry beside `kind` and `previous`."""
    return {"signature": message.signature.hex(), "statement": encode_base64(message.statement)}


@dataclass(frozen=True, slots=True)
class Decryption:
    """A trustee's decryption as it stands on the ledger; nothing is verified.

    Args:
        closing: hash of the closing's proposal entry that it is for.
        body: hash of its body.
    """

    election: bytes
    closing: bytes
    trustee: int
    body: bytes
    message: SignedMessage


def make_decryption(election: bytes, closing: bytes, trustee: int, body: bytes, key: SigningKey) -> SignedMessage:
    """A trustee's signed statement about its decryption.

    Args:
        closing: SHA-256 of the effective closing's proposal entry.
        body: SHA-256 of the decryption body.
    """
    statement = make_json_statement(
        DECRYPTION,
        {"body": body.hex(), "closing": closing.hex(), "election": election.hex(), "trustee": trustee},
    )
    return SignedMessage(statement, key.sign(statement))


def read_decryption_entry(entry: Entry) -> Decryption:
    """The decryption of an entry.

    Raises:
        EncodingError: malformed.
    """
    message = read_signed_message(entry)
    names = ("body", "closing", "election", "trustee")
    payload = Members(json_payload(DECRYPTION, message.statement), "decryption", names)
    return Decryption(
        payload.hash("election"), payload.hash("closing"), payload.u32("trustee"), payload.hash("body"), message
    )


def make_share_lost(election: bytes, trustee: int, key: SigningKey) -> SignedMessage:
    """A trustee's statement that its share is lost."""
    statement = make_json_statement(SHARE_LOST, {"election": election.hex(), "trustee": trustee})
    return SignedMessage(statement, key.sign(statement))


def read_share_lost_entry(entry: Entry) -> tuple[bytes, int, SignedMessage]:
    """Election, trustee and message of a `share-lost` entry.

    Raises:
        EncodingError: malformed.
    """
    message = read_signed_message(entry)
    payload = Members(json_payload(SHARE_LOST, message.statement), "share-lost", ("election", "trustee"))
    return payload.hash("election"), payload.u32("trustee"), message
