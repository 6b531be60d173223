# SPDX-License-Identifier: AGPL-3.0-or-later
"""A fresh proof that a share is readable, before its key is used.

A lost share voided a real election after voting; this finds it before.

Spec: specs/key-ceremony.md#readiness
"""

from __future__ import annotations

from crypto.encoding.binary import u32
from crypto.encoding.members import Members
from crypto.errors import ProtocolError
from crypto.labels import PROOF_OF_READINESS, READINESS
from crypto.proofs import schnorr
from crypto.sharing.ceremony import DerivedKey, SignedMessage
from crypto.sharing.party import SecretShare
from crypto.sharing.session import REGISTRAR, TRUSTEE
from crypto.signing import SigningKey, json_payload, make_json_statement, verify


def _context(election: bytes, manifest: bytes, role: str, party: int) -> bytes:
    return election + manifest + role.encode("ascii") + u32(party)


def make_readiness(election: bytes, manifest: bytes, share: SecretShare, signing: SigningKey) -> SignedMessage:
    """A signed statement that the holder of `share` can use it for the election with this manifest."""
    role = share.key.session.role
    context = _context(election, manifest, role, share.index)
    proof = schnorr.prove(PROOF_OF_READINESS, context, share.value, share.key.public_shares[share.index])
    statement = make_json_statement(
        READINESS,
        {
            "election": election.hex(),
            "manifest": manifest.hex(),
            "party": share.index,
            "proof": proof.hex(),
            "role": role,
        },
    )
    return SignedMessage(statement, signing.sign(statement))


def check_readiness(
    message: SignedMessage, election: bytes, manifest: bytes, keys: dict[str, DerivedKey]
) -> tuple[str, int]:
    """Role and index of a good readiness statement.

    Args:
        keys: the derived keys by role, `registrar` and `trustee`.

    Raises:
        CryptoError: malformed, another election or manifest, unknown party, wrong signature or proof.
    """
    payload = Members(
        json_payload(READINESS, message.statement),
        "readiness",
        ("election", "manifest", "party", "proof", "role"),
    )
    role, index = payload.choice("role", (REGISTRAR, TRUSTEE)), payload.u32("party")
    if payload.hash("election") != election or payload.hash("manifest") != manifest:
        raise ProtocolError("readiness for another election or manifest")
    key = keys[role]
    party = key.session.party(index)
    if party is None:
        raise ProtocolError(f"there is no {role} {index}")
    verify(party.key, message.statement, message.signature)
    context = _context(election, manifest, role, index)
    proof = payload.hex("proof", schnorr.PROOF_BYTES)
    schnorr.verify(PROOF_OF_READINESS, context, key.public_shares[index], proof)
    return role, index
