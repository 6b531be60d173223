# SPDX-License-Identifier: AGPL-3.0-or-later
"""The secret side of one party in a key ceremony.

A party follows the same public fold as everybody (`Ceremony`) and adds what only it knows: its polynomial, and the
shares sealed to it. It signs the transcript that it folded itself, so nobody can show it another one.

Spec: specs/key-ceremony.md#messages
"""

from __future__ import annotations

from typing import Final

from crypto.encoding.strict_json import Json
from crypto.errors import CryptoError, EncodingError, InvalidShare, ProtocolError
from crypto.group import ZERO, Scalar, decode_scalar, encode_scalar
from crypto.hashing import Hedge, sha256
from crypto.labels import PROOF_OF_POSSESSION
from crypto.proofs import schnorr
from crypto.secret import Secret
from crypto.sharing.ceremony import LABELS, Ceremony, DerivedKey, Round, SignedMessage, proof_context, share_fits
from crypto.sharing.polynomial import evaluate
from crypto.sharing.session import encode_point
from crypto.signing import SigningKey, UnsealKey, make_json_statement, seal

_POLYNOMIAL: Final = b"polynomial"


class SecretShare:
    """A party's share x_j of a complete ceremony.

    Args:
        index: j, from 1.
        value: x_j.
        key: the ceremony's result, against which the share was checked.

    Raises:
        InvalidShare: x_j B is not the public share: a share is checked whenever it is loaded.
    """

    __slots__ = ("index", "key", "value")

    def __init__(self, index: int, value: Secret[Scalar], key: DerivedKey) -> None:
        if key.session.generator * value.reveal() != key.public_shares[index]:
            raise InvalidShare(f"share {index} does not belong to this ceremony", (index,))
        self.index = index
        self.value = value
        self.key = key

    def __repr__(self) -> str:
        return f"SecretShare(index={self.index}, value=<redacted>)"


class CeremonyParty:
    """One party from its first message to its share.

    Args:
        ceremony: as this party itself follows it, in whose session `signing.public` is a party.

    Raises:
        ProtocolError: the keys are not those of a party.
    """

    def __init__(self, ceremony: Ceremony, signing: SigningKey, unseal: UnsealKey) -> None:
        session = ceremony.session
        self.ceremony = ceremony
        self._signing = signing
        self._unseal = unseal
        places = [i for i in session.indices if session.parties[i - 1].key == signing.public]
        if not places or session.parties[places[0] - 1].seal != unseal.public:
            raise ProtocolError("these keys are not those of a party of the session")
        self.index = places[0]
        hedge = Hedge(signing.hedging_secret(), ceremony.session_id)
        self._polynomial = Secret(
            tuple(hedge.scalar("coefficient", k) for k in range(session.threshold)),
        )
        self._reveal = self._make_reveal()
        self._bad_dealers: frozenset[int] = frozenset()
        self._shares: Secret[dict[int, Scalar]] = Secret({})

    def next_messages(self) -> list[SignedMessage]:
        """What this party has to send in the present round; empty if nothing, or once complete."""
        if self.ceremony.complete or self.index not in self._awaited():
            return []
        match self.ceremony.round:
            case Round.COMMITMENT:
                return [self._signed(Round.COMMITMENT, {"commitment": sha256(self._reveal).hex()})]
            case Round.REVEAL:
                return [SignedMessage(self._reveal, self._signing.sign(self._reveal))]
            case Round.VERDICT:
                self._open_shares()
                return [self._signed(Round.VERDICT, {"complaints": sorted(self._bad_dealers)})]
            case Round.DISCLOSURE:
                return [self._disclosure(to) for to in self._complainers()]
            case Round.CONFIRMATION:
                return [self._signed(Round.CONFIRMATION, {"transcript": self.ceremony.transcript().hex()})]

    def share(self) -> SecretShare:
        """This party's share of the complete ceremony.

        Raises:
            ProtocolError: not complete.
            InvalidShare: the sum does not fit, which no sequence of honest steps can produce.
        """
        key = self.ceremony.derive()
        shares = self._shares.reveal()
        total = ZERO
        for dealer in self.ceremony.session.indices:
            disclosed = self.ceremony.disclosed.get((dealer, self.index))
            total = total + (disclosed if disclosed is not None else shares[dealer])
        return SecretShare(self.index, Secret(total), key)

    def _awaited(self) -> frozenset[int]:
        return self.ceremony.culprits()

    def _signed(self, number: Round, payload: dict[str, Json]) -> SignedMessage:
        payload |= {"party": self.index, "session": self.ceremony.session_id.hex()}
        statement = make_json_statement(LABELS[number], payload)
        return SignedMessage(statement, self._signing.sign(statement))

    def _make_reveal(self) -> bytes:
        session, polynomial = self.ceremony.session, self._polynomial.reveal()
        coefficients = [session.generator * coefficient for coefficient in polynomial]
        context = proof_context(self.ceremony.session_id, self.index)
        proof = schnorr.prove(PROOF_OF_POSSESSION, context, Secret(polynomial[0]), coefficients[0])
        shares = [
            seal(party.seal, encode_scalar(evaluate(polynomial, j))) for j, party in enumerate(session.parties, 1)
        ]
        return make_json_statement(
            LABELS[Round.REVEAL],
            {
                "coefficients": [encode_point(point).hex() for point in coefficients],
                "party": self.index,
                "proof": proof.hex(),
                "session": self.ceremony.session_id.hex(),
                "shares": [share.hex() for share in shares],
            },
        )

    def _open_shares(self) -> None:
        good: dict[int, Scalar] = {}
        bad = set()
        for dealer, reveal in self.ceremony.reveals.items():
            try:
                share = decode_scalar(self._unseal.unseal(reveal.sealed_shares[self.index - 1]))
            except EncodingError:
                bad.add(dealer)
                continue
            if share_fits(self.ceremony.session, reveal, self.index, share):
                good[dealer] = share
            else:
                bad.add(dealer)
        self._shares = Secret(good)
        self._bad_dealers = frozenset(bad)

    def _complainers(self) -> list[int]:
        return sorted(to for to, dealers in self.ceremony.complaints.items() if self.index in dealers)

    def _disclosure(self, to: int) -> SignedMessage:
        share = evaluate(self._polynomial.reveal(), to)
        return self._signed(Round.DISCLOSURE, {"share": encode_scalar(share).hex(), "to": to})


def run_locally(parties: list[CeremonyParty]) -> list[SignedMessage]:
    """Carry messages between parties in one process until all are complete; returns them in order.

    Args:
        parties: each with a ceremony of its own.

    Raises:
        ProtocolError: nobody has anything to say and the session is not complete.
    """
    carried: list[SignedMessage] = []
    while not all(party.ceremony.complete for party in parties):
        waiting = [message for party in parties for message in party.next_messages()]
        if not waiting:
            raise ProtocolError("the ceremony has come to a halt")
        for message in waiting:
            for party in parties:
                try:
                    party.ceremony.accept(message)
                except CryptoError as error:
                    raise ProtocolError(f"a party refuses a message: {error}") from error
            carried.append(message)
    return carried
