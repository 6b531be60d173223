# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public side of a key ceremony: a fold over its messages that everybody computes alike.

It takes signed statements in the order of the ledger, accepts each or says why it has no effect, names who is late or
wrong, and derives the key and all public shares once every party has confirmed the transcript.

Pedersen's distributed key generation with Feldman commitments; commitments to the reveals come first, so the last to
reveal cannot choose the key.

Spec: specs/key-ceremony.md#messages
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from crypto.encoding.binary import u32
from crypto.encoding.members import Members, decode_hex, encode_base64
from crypto.encoding.strict_json import Json, dumps, loads_canonical
from crypto.errors import (
    CryptoError,
    EncodingError,
    InvalidCommitment,
    InvalidShare,
    ProtocolError,
    TranscriptMismatch,
)
from crypto.group import G1Point, G2Point, Scalar, decode_scalar
from crypto.hashing import sha256, tagged_hash
from crypto.labels import (
    CEREMONY_COMMITMENT,
    CEREMONY_CONFIRMATION,
    CEREMONY_DISCLOSURE,
    CEREMONY_REVEAL,
    CEREMONY_VERDICT,
    PROOF_OF_POSSESSION,
    TRANSCRIPT_OF_CEREMONY,
    Label,
)
from crypto.proofs import schnorr
from crypto.sharing.polynomial import add, evaluate_commitments, is_identity
from crypto.sharing.session import Session
from crypto.signing import SEAL_OVERHEAD_BYTES, verify
from crypto.suite import SCALAR_BYTES

SEALED_SHARE_BYTES: Final = SCALAR_BYTES + SEAL_OVERHEAD_BYTES


class Round(IntEnum):
    """The rounds of a ceremony, in order."""

    COMMITMENT = 1
    REVEAL = 2
    VERDICT = 3
    DISCLOSURE = 4
    CONFIRMATION = 5


LABELS: Final[dict[Round, Label]] = {
    Round.COMMITMENT: CEREMONY_COMMITMENT,
    Round.REVEAL: CEREMONY_REVEAL,
    Round.VERDICT: CEREMONY_VERDICT,
    Round.DISCLOSURE: CEREMONY_DISCLOSURE,
    Round.CONFIRMATION: CEREMONY_CONFIRMATION,
}

_MEMBERS: Final[dict[Round, tuple[str, ...]]] = {
    Round.COMMITMENT: ("commitment", "party", "session"),
    Round.REVEAL: ("coefficients", "party", "proof", "session", "shares"),
    Round.VERDICT: ("complaints", "party", "session"),
    Round.DISCLOSURE: ("party", "session", "share", "to"),
    Round.CONFIRMATION: ("party", "session", "transcript"),
}


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A ceremony message as it travels."""

    statement: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Reveal:
    """An accepted reveal: t commitments to coefficients, n sealed shares."""

    coefficients: tuple[G1Point | G2Point, ...]
    sealed_shares: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class DerivedKey:
    """What a complete ceremony gives: the joint key and each party's public share, by index."""

    session: Session
    session_id: bytes
    transcript: bytes
    public: G1Point | G2Point
    public_shares: dict[int, G1Point | G2Point]


def parse_message(statement: bytes) -> tuple[Round, Members]:
    """Round and payload of a ceremony statement.

    Raises:
        EncodingError: none of the five labels, or other members.
    """
    label, zero, payload = statement.partition(b"\x00")
    for number, expected in LABELS.items():
        if zero and label == expected:
            return number, Members(loads_canonical(payload), f"ceremony {number.name.lower()}", _MEMBERS[number])
    raise EncodingError("not a ceremony statement")


def proof_context(session_id: bytes, party: int) -> bytes:
    """What a proof of possession is bound to."""
    return session_id + u32(party)


class Ceremony:
    """The state of one session after some messages.

    Args:
        session: the approved descriptor.
        scope: the election id, or SHA-256 of the register's origin.
    """

    def __init__(self, session: Session, scope: bytes) -> None:
        self.session = session
        self.session_id = session.identifier(scope)
        self.reveals: dict[int, Reveal] = {}
        self.complaints: dict[int, frozenset[int]] = {}
        self.disclosed: dict[tuple[int, int], Scalar] = {}
        self._commitments: dict[int, bytes] = {}
        self._confirmed: set[int] = set()
        self._statements: dict[tuple[Round, int, int], bytes] = {}

    @property
    def round(self) -> Round:
        """The round whose messages are awaited."""
        n = len(self.session.parties)
        if len(self._commitments) < n:
            return Round.COMMITMENT
        if len(self.reveals) < n:
            return Round.REVEAL
        if len(self.complaints) < n:
            return Round.VERDICT
        return Round.DISCLOSURE if self._open_complaints() else Round.CONFIRMATION

    @property
    def complete(self) -> bool:
        """Whether every party has confirmed the transcript."""
        return len(self._confirmed) == len(self.session.parties)

    @property
    def accepted(self) -> int:
        """The number of accepted messages."""
        return len(self._statements) + len(self._confirmed)

    def culprits(self) -> frozenset[int]:
        """The parties whose next message is missing; none once the session is complete."""
        everyone = frozenset(self.session.indices)
        match self.round:
            case Round.COMMITMENT:
                return everyone - self._commitments.keys()
            case Round.REVEAL:
                return everyone - self.reveals.keys()
            case Round.VERDICT:
                return everyone - self.complaints.keys()
            case Round.DISCLOSURE:
                return frozenset(dealer for dealer, _ in self._open_complaints())
            case Round.CONFIRMATION:
                return everyone - self._confirmed

    def transcript(self) -> bytes:
        """32 bytes over all accepted messages of rounds 1 to 4, in canonical order."""
        ordered = [self._statements[key] for key in sorted(self._statements)]
        return tagged_hash(TRANSCRIPT_OF_CEREMONY, self.session_id, *ordered)

    def accept(self, message: SignedMessage) -> Round:
        """Take one message in ledger order; nothing changes if it is refused.

        Raises:
            EncodingError, VerificationError, ProtocolError: why it has no effect.
        """
        number, payload = parse_message(message.statement)
        if payload.hash("session") != self.session_id:
            raise ProtocolError("a message of another session")
        index = payload.u32("party")
        party = self.session.party(index)
        if party is None:
            raise ProtocolError(f"the session has no party {index}")
        verify(party.key, message.statement, message.signature)
        if number is not self.round or self.complete:
            raise ProtocolError(f"a {number.name.lower()} while the session awaits {self.round.name.lower()}s")
        handlers = {
            Round.COMMITMENT: self._accept_commitment,
            Round.REVEAL: self._accept_reveal,
            Round.VERDICT: self._accept_verdict,
            Round.DISCLOSURE: self._accept_disclosure,
            Round.CONFIRMATION: self._accept_confirmation,
        }
        handlers[number](index, payload, message.statement)
        return number

    def derive(self) -> DerivedKey:
        """The key and the public shares of a complete session.

        Raises:
            ProtocolError: not complete.
        """
        if not self.complete:
            raise ProtocolError(f"the session is not complete: parties {sorted(self.culprits())} are missing")
        return self._derive()

    def _derive(self) -> DerivedKey:
        dealers = [self.reveals[i].coefficients for i in self.session.indices]
        # Addition of points is the same for both groups, and all dealers of a session are in one.
        summed = [_sum(column) for column in zip(*dealers, strict=True)]
        shares = {j: evaluate_commitments(summed, j) for j in self.session.indices}
        if is_identity(summed[0]) or any(is_identity(share) for share in shares.values()):
            raise ProtocolError("the joint key or a public share is the identity")
        return DerivedKey(self.session, self.session_id, self.transcript(), summed[0], shares)

    def _open_complaints(self) -> list[tuple[int, int]]:
        """Pairs (dealer, complainer) without a disclosure."""
        return [
            (dealer, complainer)
            for complainer, dealers in self.complaints.items()
            for dealer in dealers
            if (dealer, complainer) not in self.disclosed
        ]

    def _keep(self, number: Round, index: int, to: int, statement: bytes) -> None:
        self._statements[number, index, to] = statement

    def _accept_commitment(self, index: int, payload: Members, statement: bytes) -> None:
        _once(index in self._commitments, index)
        self._commitments[index] = payload.hash("commitment")
        self._keep(Round.COMMITMENT, index, 0, statement)

    def _accept_reveal(self, index: int, payload: Members, statement: bytes) -> None:
        _once(index in self.reveals, index)
        if sha256(statement) != self._commitments[index]:
            raise InvalidCommitment(f"party {index} reveals something else than it committed to")
        session = self.session
        coefficients = tuple(
            session.decode_point(decode_hex(item, session.point_bytes, "coefficient"))
            for item in payload.array("coefficients", session.threshold, session.threshold)
        )
        n = len(session.parties)
        shares = tuple(decode_hex(item, SEALED_SHARE_BYTES, "share") for item in payload.array("shares", n, n))
        proof = payload.hex("proof", schnorr.PROOF_BYTES)
        schnorr.verify(PROOF_OF_POSSESSION, proof_context(self.session_id, index), coefficients[0], proof)
        self.reveals[index] = Reveal(coefficients, shares)
        self._keep(Round.REVEAL, index, 0, statement)

    def _accept_verdict(self, index: int, payload: Members, statement: bytes) -> None:
        _once(index in self.complaints, index)
        dealers = payload.integers("complaints")
        if any(self.session.party(dealer) is None for dealer in dealers):
            raise ProtocolError(f"party {index} complains about nobody in the session")
        self.complaints[index] = frozenset(dealers)
        self._keep(Round.VERDICT, index, 0, statement)

    def _accept_disclosure(self, index: int, payload: Members, statement: bytes) -> None:
        to = payload.u32("to")
        if (index, to) not in self._open_complaints():
            raise ProtocolError(f"party {index} discloses a share to {to} about which nobody complains")
        share = decode_scalar(payload.hex("share", SCALAR_BYTES))
        if not share_fits(self.session, self.reveals[index], to, share):
            raise InvalidShare(f"the share that party {index} discloses for {to} does not fit", (index,))
        self.disclosed[index, to] = share
        self._keep(Round.DISCLOSURE, index, to, statement)

    def _accept_confirmation(self, index: int, payload: Members, _: bytes) -> None:
        _once(index in self._confirmed, index)
        if payload.hash("transcript") != self.transcript():
            raise TranscriptMismatch(f"party {index} confirms another transcript")
        if len(self._confirmed) == len(self.session.indices) - 1:
            # No session completes with a key that nobody could use: it could not be replaced either.
            self._derive()
        self._confirmed.add(index)


def share_fits(session: Session, reveal: Reveal, index: int, share: Scalar) -> bool:
    """Whether s_ij B = sum_k j^k A_ik for the share of party `index`."""
    return session.generator * share == evaluate_commitments(reveal.coefficients, index)


def _once(again: bool, index: int) -> None:  # noqa: FBT001  # reads as a sentence at each call
    if again:
        raise ProtocolError(f"a second message of its kind from party {index}")


def _sum(points: Sequence[G1Point | G2Point]) -> G1Point | G2Point:
    total = points[0]
    for point in points[1:]:
        total = add(total, point)
    return total


def encode_transcript(messages: Sequence[SignedMessage]) -> bytes:
    """The body that a `standing-key` entry names: all messages in order, canonical JSON."""
    items = [
        {"signature": message.signature.hex(), "statement": encode_base64(message.statement)} for message in messages
    ]
    return dumps({"messages": items})


def replay_transcript(body: bytes, session: Session, scope: bytes) -> DerivedKey:
    """The key of a complete ceremony in one body.

    Raises:
        CryptoError: a message that is refused, or a ceremony that is not complete.
    """
    members = Members(loads_canonical(body), "ceremony transcript", ("messages",))
    ceremony = Ceremony(session, scope)
    for number, item in enumerate(members.array("messages")):
        message = Members(item, f"ceremony message {number}", ("signature", "statement"))
        try:
            ceremony.accept(SignedMessage(message.bytes("statement"), message.hex("signature", 64)))
        except CryptoError as error:
            raise ProtocolError(f"message {number} of a ceremony transcript is refused: {error}") from error
    return ceremony.derive()


def message_json(message: SignedMessage) -> Json:
    """The members that an entry adds to `kind` and `previous`."""
    return {"signature": message.signature.hex(), "statement": encode_base64(message.statement)}
