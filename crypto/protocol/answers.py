# SPDX-License-Identifier: AGPL-3.0-or-later
"""The registrars' answers: partial signatures on ranges of counted requests.

Spec: specs/credential.md#answer
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from crypto.blindsig.issuing import find_bad_signatures
from crypto.encoding.members import Members, encode_base64
from crypto.encoding.strict_json import Json
from crypto.errors import EncodingError, Excluded, InvalidSignature
from crypto.group import G1Point, decode_g1, decode_g2
from crypto.hashing import sha256
from crypto.labels import ANSWER
from crypto.protocol.entry import Entry
from crypto.sharing.ceremony import DerivedKey
from crypto.signing import SIGNATURE_BYTES, SigningKey, json_payload, make_json_statement, verify
from crypto.suite import G1_BYTES

ANSWER_KIND: Final = "answer"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: whose, on which requests, and the hash of its body."""

    election: bytes
    registrar: int
    first: int
    count: int
    body: bytes
    statement: bytes
    signature: bytes

    def entry_members(self) -> dict[str, Json]:
        """The members of its entry beside `kind` and `previous`."""
        return {"signature": self.signature.hex(), "statement": encode_base64(self.statement)}


def make_answer(election: bytes, registrar: int, first: int, signatures: Sequence[bytes], key: SigningKey) -> Answer:
    """An answer with partial signatures on requests `first`, `first + 1`, ..

    Raises:
        ValueError: no signatures.
    """
    if not signatures:
        raise ValueError("an answer answers something")
    statement = make_json_statement(
        ANSWER,
        {
            "body": sha256(b"".join(signatures)).hex(),
            "count": len(signatures),
            "election": election.hex(),
            "first": first,
            "registrar": registrar,
        },
    )
    return parse_answer(statement, key.sign(statement))


def parse_answer(statement: bytes, signature: bytes) -> Answer:
    """The fields of an answer.

    Raises:
        EncodingError.
    """
    payload = Members(json_payload(ANSWER, statement), "answer", ("body", "count", "election", "first", "registrar"))
    return Answer(
        payload.hash("election"),
        payload.u32("registrar"),
        payload.u32("first"),
        payload.u32("count", 1),
        payload.hash("body"),
        statement,
        signature,
    )


def read_answer_entry(entry: Entry) -> Answer:
    """The answer of an entry, as far as its form goes.

    Raises:
        EncodingError.
    """
    members = entry.members("signature", "statement")
    return parse_answer(members.bytes("statement"), members.hex("signature", SIGNATURE_BYTES))


def check_signer(answer: Answer, election: bytes, issuing: DerivedKey) -> None:
    """The rest of rule A1.

    Raises:
        Excluded.
    """
    if answer.election != election:
        raise Excluded("A1", "an answer of another election")
    party = issuing.session.party(answer.registrar)
    if party is None:
        raise Excluded("A1", f"there is no registrar {answer.registrar}")
    try:
        verify(party.key, answer.statement, answer.signature)
    except InvalidSignature:
        raise Excluded("A1", f"the signature of registrar {answer.registrar} does not verify") from None


def decode_partials(body: bytes, count: int) -> list[G1Point]:
    """The partial signatures of a body.

    Raises:
        EncodingError: another length, or a point that is refused.
    """
    if len(body) != G1_BYTES * count:
        raise EncodingError(f"{len(body)} bytes for {count} partial signatures")
    return [decode_g1(body[start : start + G1_BYTES]) for start in range(0, len(body), G1_BYTES)]


@dataclass(frozen=True, slots=True)
class AnswerTask:
    """One answer's body to verify; plain bytes, so that it can go to another process."""

    public_share: bytes
    blinded: tuple[bytes, ...]
    body: bytes


def check_answer(task: AnswerTask) -> str | None:
    """Rule A4: None if every partial signature holds, otherwise why not."""
    try:
        partials = decode_partials(task.body, len(task.blinded))
    except EncodingError as error:
        return str(error)
    # These were decoded strictly when the requests were counted; decoding again is how they travel.
    blinded = [decode_g1(data) for data in task.blinded]
    bad = find_bad_signatures(partials, blinded, decode_g2(task.public_share))
    return f"{len(bad)} partial signatures do not hold" if bad else None
