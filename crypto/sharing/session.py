# SPDX-License-Identifier: AGPL-3.0-or-later
"""The descriptor of a ceremony's session: who takes part, with which threshold.

Spec: specs/key-ceremony.md#session
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from crypto.encoding.members import Members
from crypto.encoding.strict_json import Json, dumps
from crypto.encoding.text import check_distinguishable, check_string
from crypto.errors import EncodingError, KeyReuse, UnsafePolicy
from crypto.group import G1, G2, G1Point, G2Point, decode_g1, decode_g2, encode_g1, encode_g2
from crypto.hashing import tagged_hash
from crypto.labels import SESSION
from crypto.signing import KEY_BYTES, PublicKey, SealKey, decode_public_key, decode_seal_key
from crypto.suite import G1_BYTES, G2_BYTES, MAX_PARTIES

Role = Literal["registrar", "trustee", "lottery"]

REGISTRAR: Final = "registrar"
TRUSTEE: Final = "trustee"
LOTTERY: Final = "lottery"
ROLES: Final = (REGISTRAR, TRUSTEE, LOTTERY)


@dataclass(frozen=True, slots=True)
class Party:
    """One party of a session; its index is its place in the list, from 1."""

    key: PublicKey
    name: str
    organisation: str
    seal: SealKey

    @classmethod
    def from_json(cls, value: Json) -> Party:
        """Read and check one party.

        Raises:
            EncodingError.
        """
        members = Members(value, "party", ("key", "name", "organisation", "seal"))
        return cls(
            decode_public_key(members.hex("key", KEY_BYTES)),
            check_string(members.raw("name"), "party name"),
            check_string(members.raw("organisation"), "party organisation"),
            decode_seal_key(members.hex("seal", KEY_BYTES)),
        )

    def to_json(self) -> Json:
        """The JSON object."""
        return {
            "key": self.key.hex(),
            "name": self.name,
            "organisation": self.organisation,
            "seal": self.seal.hex(),
        }


@dataclass(frozen=True, slots=True)
class Session:
    """A session as the board approves it. Construction checks everything that needs no policy.

    Raises:
        EncodingError, UnsafeText, UnsafePolicy, KeyReuse.
    """

    role: Role
    number: int
    threshold: int
    parties: tuple[Party, ...]
    culprits: tuple[PublicKey, ...]

    def __post_init__(self) -> None:
        if not 2 <= self.threshold <= len(self.parties) <= MAX_PARTIES:
            raise UnsafePolicy(f"a threshold of {self.threshold} does not suit {len(self.parties)} parties")
        if self.number < 1 or (self.number == 1) != (not self.culprits):
            raise EncodingError("culprits are named from session 2 on, and there only")
        keys = [party.key for party in self.parties]
        seals = [party.seal for party in self.parties]
        if len(set(keys)) != len(keys) or len(set(seals)) != len(seals):
            raise KeyReuse("two parties of a session have the same key")
        if set(keys) & set(self.culprits):
            raise KeyReuse("a party named as culprit takes part again")
        check_distinguishable((party.name for party in self.parties), "parties")
        check_distinguishable((party.organisation for party in self.parties), "organisations of parties")

    @classmethod
    def from_json(cls, value: Json) -> Session:
        """Read and check a descriptor.

        Raises:
            EncodingError, UnsafeText, UnsafePolicy, KeyReuse.
        """
        members = Members(value, "session", ("role", "number", "threshold", "parties", "culprits"))
        role = members.choice("role", ROLES)
        culprits = tuple(
            decode_public_key(Members({"key": key}, "culprit", ("key",)).hex("key", KEY_BYTES))
            for key in members.array("culprits", maximum=MAX_PARTIES)
        )
        if list(culprits) != sorted(set(culprits)):
            raise EncodingError("culprits are not sorted, or one is named twice")
        return cls(
            role,  # type: ignore[arg-type]  # choice() returned one of ROLES
            members.u32("number", 1),
            members.u32("threshold"),
            tuple(Party.from_json(party) for party in members.array("parties", 1, MAX_PARTIES)),
            culprits,
        )

    def to_json(self) -> Json:
        """The JSON object."""
        return {
            "role": self.role,
            "number": self.number,
            "threshold": self.threshold,
            "parties": [party.to_json() for party in self.parties],
            "culprits": [key.hex() for key in self.culprits],
        }

    def identifier(self, scope: bytes) -> bytes:
        """session_id, 32 bytes; `scope` is the election id, or SHA-256 of the register's origin for the lottery."""
        return tagged_hash(SESSION, scope, dumps(self.to_json()))

    def require_safe(self, faulty: int) -> None:
        """The threshold keeps `faulty` parties from power, and from giving two credentials.

        Raises:
            UnsafePolicy: 2t <= n + f for registrars, t <= f for the others.
        """
        n, t = len(self.parties), self.threshold
        if self.role == REGISTRAR and 2 * t <= n + faulty:
            raise UnsafePolicy(
                f"{t} of {n} registrars, {faulty} faulty, could give one member two credentials: 2t must exceed n + f"
            )
        if t <= faulty:
            raise UnsafePolicy(f"{faulty} faulty parties hold the key of threshold {t}")

    def party(self, index: int) -> Party | None:
        """Party `index`, from 1, if there is one."""
        return self.parties[index - 1] if 1 <= index <= len(self.parties) else None

    @property
    def indices(self) -> range:
        """1..n"""
        return range(1, len(self.parties) + 1)

    @property
    def generator(self) -> G1Point | G2Point:
        """The generator of the group that the key is in: G1 for trustees, G2 for the others."""
        return G1 if self.role == TRUSTEE else G2

    @property
    def point_bytes(self) -> int:
        """Size of a compressed point of that group."""
        return G1_BYTES if self.role == TRUSTEE else G2_BYTES

    def decode_point(self, data: bytes) -> G1Point | G2Point:
        """A point of that group, not the identity.

        Raises:
            EncodingError.
        """
        return decode_g1(data) if self.role == TRUSTEE else decode_g2(data)


def encode_point(point: G1Point | G2Point) -> bytes:
    """Compressed bytes of a point of either group."""
    return encode_g1(point) if isinstance(point, G1Point) else encode_g2(point)
