# SPDX-License-Identifier: AGPL-3.0-or-later
"""The member's side: deriving pseudonym and blinding factor, blinding, unblinding.

Everything follows from the voting secret and the election, so every device and every retry asks for the same thing.

Spec: specs/credential.md#what-the-member-derives, specs/credential.md#credential
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crypto.errors import InvalidCredential
from crypto.group import (
    G2,
    G1Point,
    G2Point,
    Scalar,
    decode_g1,
    encode_g1,
    inverse,
    pairings_equal,
)
from crypto.hashing import hash_to_g1, hash_to_scalar, tagged_hash
from crypto.labels import BLINDING_FACTOR, CREDENTIAL, PSEUDONYM
from crypto.secret import Secret
from crypto.sharing.polynomial import combine_g1
from crypto.signing import PublicKey, SigningKey


def credential_message(election: bytes, pseudonym: bytes) -> G1Point:
    """The point that registrars sign without seeing it: H(election id || vk)."""
    return hash_to_g1(CREDENTIAL, election + pseudonym)


@dataclass(frozen=True, slots=True)
class BlindedPseudonym:
    """A member's pseudonym in one election, and what hides it from the registrars.

    Args:
        signing: the pseudonym key.
        factor: r.
        blinded: B = r H(election id || vk).
    """

    election: bytes
    signing: SigningKey
    factor: Secret[Scalar]
    blinded: G1Point


def blind(voting_secret: Secret[bytes], election: bytes) -> BlindedPseudonym:
    """Derive pseudonym and blinded point for an election; the same arguments give the same result.

    Raises:
        ValueError: the blinding factor is zero, which happens once in 2^255 secrets.
    """
    secret = voting_secret.reveal()
    signing = SigningKey(Secret(tagged_hash(PSEUDONYM, secret, election)))
    factor = hash_to_scalar(BLINDING_FACTOR, secret + election)
    if factor.is_zero():
        raise ValueError("this voting secret cannot be used in this election; make another one")
    return BlindedPseudonym(election, signing, Secret(factor), credential_message(election, signing.public) * factor)


@dataclass(frozen=True, slots=True)
class Credential:
    """The right to vote once in one election: a pseudonym key and the registrars' signature on it (48 bytes)."""

    pseudonym: PublicKey
    signature: bytes


def finalize(
    blinded: BlindedPseudonym, partial: Mapping[int, G1Point], threshold: int, issuing_key: G2Point
) -> Credential:
    """Combine t partial signatures, unblind, and check the credential under the manifest's key.

    Args:
        partial: verified x_j B by registrar.

    Raises:
        ThresholdNotMet: fewer than `threshold`.
        InvalidCredential: it does not verify; nothing is stored, and nobody is told which attempt it was.
    """
    signature = combine_g1(partial, threshold) * inverse(blinded.factor.reveal())
    credential = Credential(blinded.signing.public, encode_g1(signature))
    verify_credential(credential, blinded.election, issuing_key)
    return credential


def verify_credential(credential: Credential, election: bytes, issuing_key: G2Point) -> None:
    """e(sigma, G2) = e(H(election id || vk), P).

    Raises:
        EncodingError: the signature is not a canonical point of the subgroup.
        InvalidCredential.
    """
    signature = decode_g1(credential.signature)
    if not pairings_equal(signature, G2, credential_message(election, credential.pseudonym), issuing_key):
        raise InvalidCredential("the credential does not verify under the election's issuing key")
