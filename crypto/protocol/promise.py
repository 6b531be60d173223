# SPDX-License-Identifier: AGPL-3.0-or-later
"""The server's signed promise to append a ballot, and a claim that it was broken.

Spec: specs/receipt.md#promise, specs/receipt.md#claim
"""

from __future__ import annotations

from dataclasses import dataclass

from crypto.encoding.binary import u32
from crypto.encoding.members import Members, encode_base64
from crypto.encoding.strict_json import Json, dumps, loads
from crypto.labels import PROMISE
from crypto.protocol.envelope import SignedEnvelope
from crypto.signing import SIGNATURE_BYTES, PublicKey, SigningKey, make_statement, verify


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise to append the envelope with hash `envelope`, given when `batch` was the latest batch."""

    election: bytes
    envelope: bytes
    batch: int
    signature: bytes

    def statement(self) -> bytes:
        """What the server signs."""
        return _statement(self.election, self.envelope, self.batch)

    def verify(self, key: PublicKey) -> None:
        """Under the manifest's promise key.

        Raises:
            InvalidSignature.
        """
        verify(key, self.statement(), self.signature)

    def to_json(self) -> Json:
        """The JSON object."""
        return {
            "batch": self.batch,
            "election": self.election.hex(),
            "envelope": self.envelope.hex(),
            "kind": "promise",
            "signature": self.signature.hex(),
        }

    def to_bytes(self) -> bytes:
        """The file."""
        return dumps(self.to_json())

    @classmethod
    def from_json(cls, value: Json) -> Promise:
        """Read a promise; its signature is not verified.

        Raises:
            EncodingError.
        """
        members = Members(value, "promise", ("batch", "election", "envelope", "kind", "signature"))
        members.literal("kind", "promise")
        return cls(
            members.hash("election"),
            members.hash("envelope"),
            members.u32("batch"),
            members.hex("signature", SIGNATURE_BYTES),
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Promise:
        """Read a file. Raises: as `from_json`."""
        return cls.from_json(loads(data))


def _statement(election: bytes, envelope: bytes, batch: int) -> bytes:
    return make_statement(PROMISE, election + envelope + u32(batch))


def make_promise(election: bytes, envelope: bytes, batch: int, key: SigningKey) -> Promise:
    """A promise signed with the promise key; the same arguments give the same bytes."""
    return Promise(election, envelope, batch, key.sign(_statement(election, envelope, batch)))


def make_claim(promise: Promise, signed: SignedEnvelope, body: bytes) -> bytes:
    """What a voter gives to anybody when the promise was not kept."""
    return dumps(
        {
            "body": encode_base64(body),
            "envelope": encode_base64(signed.envelope.statement),
            "kind": "claim",
            "promise": promise.to_json(),
            "signature": signed.signature.hex(),
        }
    )
