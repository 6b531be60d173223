# SPDX-License-Identifier: AGPL-3.0-or-later
"""Requests for credentials on the ledger: one counted request for each position of the roll.

Spec: specs/credential.md#request
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from crypto.encoding.binary import ByteReader
from crypto.encoding.members import encode_base64
from crypto.encoding.strict_json import Json
from crypto.errors import EncodingError, Excluded, InvalidSignature
from crypto.group import G1Point, decode_g1, encode_g1
from crypto.labels import REQUEST
from crypto.protocol.entry import Entry
from crypto.protocol.members import Roll
from crypto.signing import SIGNATURE_BYTES, PublicKey, SigningKey, make_statement, statement_payload, verify
from crypto.suite import G1_BYTES, HASH_BYTES, MEMBER_ID_BYTES

REQUEST_KIND: Final = "request"


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it travels; `blinded` is not decoded yet."""

    election: bytes
    member: bytes
    blinded: bytes
    statement: bytes
    signature: bytes

    def entry_members(self) -> dict[str, Json]:
        """The members of its entry beside `kind` and `previous`."""
        return {"signature": self.signature.hex(), "statement": encode_base64(self.statement)}


def make_request(election: bytes, member: bytes, blinded: G1Point, signing: SigningKey) -> Request:
    """A request signed by the member key."""
    statement = make_statement(REQUEST, election + member + encode_g1(blinded))
    return parse_request(statement, signing.sign(statement))


def parse_request(statement: bytes, signature: bytes) -> Request:
    """The fields of a request.

    Raises:
        EncodingError: another label or length.
    """
    reader = ByteReader(statement_payload(REQUEST, statement), "request")
    election, member, blinded = reader.take(HASH_BYTES), reader.take(MEMBER_ID_BYTES), reader.take(G1_BYTES)
    reader.finish()
    return Request(election, member, blinded, statement, signature)


def read_request_entry(entry: Entry) -> Request:
    """The request of an entry: rule Q1.

    Raises:
        EncodingError.
    """
    members = entry.members("signature", "statement")
    return parse_request(members.bytes("statement"), members.hex("signature", SIGNATURE_BYTES))


@dataclass(frozen=True, slots=True)
class CountedRequest:
    """A request that registrars answer: entry index, member, B."""

    index: int
    member: bytes
    blinded: G1Point


class Requests:
    """The counted requests of an election, numbered from 0 in ledger order.

    Args:
        roll: the frozen one.
    """

    def __init__(self, roll: Roll) -> None:
        self._keys: Mapping[bytes, PublicKey] = dict(roll.members)
        self.counted: list[CountedRequest] = []
        self._members: set[bytes] = set()

    def check(self, request: Request) -> G1Point:
        """Rules Q3 to Q6, the cheap ones first; returns B.

        Raises:
            Excluded.
        """
        key = self._keys.get(request.member)
        if key is None:
            raise Excluded("Q3", "the member is not on the roll")
        try:
            verify(key, request.statement, request.signature)
        except InvalidSignature:
            raise Excluded("Q4", "the member key's signature does not verify") from None
        try:
            blinded = decode_g1(request.blinded)
        except EncodingError as error:
            raise Excluded("Q5", f"the blinded point is refused: {error}") from None
        if request.member in self._members:
            raise Excluded("Q6", "the member has a counted request already")
        return blinded

    def take(self, index: int, request: Request) -> CountedRequest:
        """Count the request of entry `index`, or say why not.

        Raises:
            Excluded.
        """
        counted = CountedRequest(index, request.member, self.check(request))
        self.counted.append(counted)
        self._members.add(request.member)
        return counted

    def has(self, member: bytes) -> bool:
        """Whether a member's request is counted."""
        return member in self._members
