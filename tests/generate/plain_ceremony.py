# SPDX-License-Identifier: AGPL-3.0-or-later
"""A key ceremony from `specs/key-ceremony.md`: all parties at once, their lies as arguments."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.generate import plain
from tests.generate.drbg import GROUP_ORDER as Q
from tests.generate.drbg import derive, derive_scalar
from tests.generate.plain import (
    G1,
    G2,
    X25519,
    Ed25519,
    canonical,
    compressed,
    scalar_bytes,
    tagged_hash,
    times,
    total,
    u32,
)
from tests.generate.plain_proofs import schnorr

ROUNDS = ("commitment", "reveal", "verdict", "disclosure", "confirmation")


@dataclass(frozen=True)
class Party:
    signing: Ed25519
    unseal: X25519
    name: str
    organisation: str

    def json(self) -> dict[str, str]:
        return {
            "key": self.signing.public.hex(),
            "name": self.name,
            "organisation": self.organisation,
            "seal": self.unseal.public.hex(),
        }


@dataclass(frozen=True)
class Message:
    round: str
    party: int
    statement: bytes
    signature: bytes
    to: int = 0


def parties(role: str, count: int) -> list[Party]:
    return [
        Party(
            Ed25519(derive(f"{role} {i} signing")),
            X25519(derive(f"{role} {i} sealing")),
            f"{role.capitalize()} {'ABCDEFGH'[i - 1]}",
            f"Organisation {'ABCDEFGH'[i - 1]}",
        )
        for i in range(1, count + 1)
    ]


@dataclass
class Ceremony:
    """One session from its descriptor to everybody's share.

    Args:
        wrong_shares: pairs (dealer, to) where the sealed share is another one than the polynomial's.
        false_complaints: pairs (complainer, dealer) about a share that is good.
        chosen: polynomials of some parties in place of the derived ones.
    """

    role: str
    people: list[Party]
    threshold: int
    scope: bytes
    number: int = 1
    culprits: list[bytes] = field(default_factory=list)
    wrong_shares: Collection[tuple[int, int]] = ()
    false_complaints: Collection[tuple[int, int]] = ()
    chosen: Mapping[int, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.base: Any = G1 if self.role == "trustee" else G2
        self.descriptor = {
            "role": self.role,
            "number": self.number,
            "threshold": self.threshold,
            "parties": [party.json() for party in self.people],
            "culprits": [key.hex() for key in self.culprits],
        }
        self.session_id = tagged_hash("SESSION", self.scope, canonical(self.descriptor))
        self.indices = range(1, len(self.people) + 1)
        self.polynomials = {
            i: [derive_scalar(f"{self.role} {self.number} {i} coefficient {k}") for k in range(self.threshold)]
            for i in self.indices
        } | dict(self.chosen)
        self.reveals = {i: self.reveal(i) for i in self.indices}
        self.messages = self._all_messages()
        self.shares = {j: sum(self.share_of(i, j) for i in self.indices) % Q for j in self.indices}
        secret = sum(coefficients[0] for coefficients in self.polynomials.values()) % Q
        self.secret = secret
        self.public = times(self.base, secret)
        self.public_shares = {j: times(self.base, share) for j, share in self.shares.items()}

    def share_of(self, dealer: int, to: int) -> int:
        """s_ij."""
        return sum(a * pow(to, k, Q) for k, a in enumerate(self.polynomials[dealer])) % Q

    def coefficient_points(self, dealer: int) -> list[Any]:
        return [times(self.base, a) for a in self.polynomials[dealer]]

    def payload(self, index: int, **members: Any) -> dict[str, Any]:
        return {"session": self.session_id.hex(), "party": index, **members}

    def signed(self, kind: str, index: int, place: int = 0, **members: Any) -> Message:
        statement = plain.json_statement(f"CEREMONY-{kind.upper()}", self.payload(index, **members))
        return self.sign(kind, index, statement, place)

    def sign(self, kind: str, index: int, statement: bytes, to: int = 0) -> Message:
        return Message(kind, index, statement, self.people[index - 1].signing.sign(statement), to)

    def reveal(self, dealer: int, **changed: Any) -> bytes:
        """The reveal statement; `changed` replaces members."""
        a0 = self.polynomials[dealer][0]
        nonce = derive_scalar(f"{self.role} {self.number} {dealer} nonce")
        proof = schnorr("PROOF-OF-POSSESSION", self.session_id + u32(dealer), self.base, a0, nonce)
        boxes = []
        for to, party in enumerate(self.people, 1):
            share = self.share_of(dealer, to) + ((dealer, to) in self.wrong_shares)
            ephemeral = derive(f"{self.role} {self.number} {dealer} box {to}")
            boxes.append(plain.sealed_box(party.unseal.public, scalar_bytes(share), ephemeral).hex())
        members: dict[str, Any] = {
            "coefficients": [compressed(point).hex() for point in self.coefficient_points(dealer)],
            "proof": proof.data.hex(),
            "shares": boxes,
        }
        return plain.json_statement("CEREMONY-REVEAL", self.payload(dealer, **(members | changed)))

    def complaints_of(self, index: int) -> list[int]:
        wrong = {dealer for dealer, to in self.wrong_shares if to == index}
        false = {dealer for complainer, dealer in self.false_complaints if complainer == index}
        return sorted(wrong | false)

    def disclosure(self, dealer: int, to: int, share: int | None = None) -> Message:
        value = self.share_of(dealer, to) if share is None else share
        return self.signed("disclosure", dealer, to, to=to, share=scalar_bytes(value).hex())

    def confirmation(self, index: int, transcript: bytes) -> Message:
        return self.signed("confirmation", index, transcript=transcript.hex())

    def _all_messages(self) -> list[Message]:
        messages = [self.signed("commitment", i, commitment=plain.sha256(self.reveals[i]).hex()) for i in self.indices]
        messages += [self.sign("reveal", i, self.reveals[i]) for i in self.indices]
        messages += [self.signed("verdict", i, complaints=self.complaints_of(i)) for i in self.indices]
        open_complaints = {(dealer, to) for to in self.indices for dealer in self.complaints_of(to)}
        messages += [self.disclosure(dealer, to) for dealer, to in sorted(open_complaints)]
        self.transcript = tagged_hash(
            "TRANSCRIPT-OF-CEREMONY", self.session_id, *(message.statement for message in messages)
        )
        return messages + [self.confirmation(i, self.transcript) for i in self.indices]

    def readiness(self, index: int, election: bytes, manifest: bytes) -> tuple[bytes, bytes, Mapping[str, Any]]:
        """Statement, signature, and the steps of the proof."""
        context = election + manifest + self.role.encode("ascii") + u32(index)
        nonce = derive_scalar(f"{self.role} {index} readiness")
        proof = schnorr("PROOF-OF-READINESS", context, self.base, self.shares[index], nonce)
        statement = plain.json_statement(
            "READINESS",
            {
                "election": election.hex(),
                "manifest": manifest.hex(),
                "role": self.role,
                "party": index,
                "proof": proof.data.hex(),
            },
        )
        return statement, self.people[index - 1].signing.sign(statement), {"context": context, "k": nonce}

    def combined(self, partial: Mapping[int, Any]) -> Any:
        """The point at 0 of t partial results."""
        return plain.interpolate(dict(partial))

    def check(self) -> None:
        """The shares interpolate to the secret, and the public shares are those of the commitments."""
        for j in self.indices:
            points = [
                times(point, pow(j, k, Q)) for i in self.indices for k, point in enumerate(self.coefficient_points(i))
            ]
            if total(points) != self.public_shares[j]:
                raise ValueError("a public share is not what the commitments give")
        some = {j: self.shares[j] for j in list(self.indices)[-self.threshold :]}
        weights = plain.lagrange(some)
        if sum(weights[j] * some[j] for j in some) % Q != self.secret:
            raise ValueError("the shares do not give the secret")
