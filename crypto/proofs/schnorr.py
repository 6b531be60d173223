# SPDX-License-Identifier: AGPL-3.0-or-later
"""Knowledge of x with P = x B, in G1 or G2, bound to a context.

Spec: specs/proofs.md#schnorr
"""

from __future__ import annotations

from typing import Final

from crypto.errors import EncodingError, InvalidProof
from crypto.group import (
    G1,
    G1_IDENTITY,
    G2,
    G2_IDENTITY,
    G1Point,
    G2Point,
    Scalar,
    decode_scalar,
    encode_g1,
    encode_g2,
    encode_scalar,
)
from crypto.hashing import Hedge
from crypto.labels import SCHNORR_CHALLENGE, Label
from crypto.secret import Secret
from crypto.suite import SCALAR_BYTES
from crypto.transcript import Transcript

PROOF_BYTES: Final = 2 * SCALAR_BYTES


def prove(label: Label, context: bytes, secret: Secret[Scalar], public: G1Point | G2Point) -> bytes:
    """64 bytes `c || s` that show knowledge of the discrete logarithm of `public`.

    Raises:
        ValueError: `public` is not `secret` times the generator of its group.
    """
    x = secret.reveal()
    if _commit(public, x) != public:
        raise ValueError("the public point does not belong to the secret")
    k = Hedge(Secret(encode_scalar(x)), label + context).scalar("commitment")
    c = _challenge(label, context, _describe(public), _encode(_commit(public, k)))
    return encode_scalar(c) + encode_scalar(k + c * x)


def verify(label: Label, context: bytes, public: G1Point | G2Point, proof: bytes) -> None:
    """c = H(context, P, s B - c P).

    Raises:
        EncodingError: not two scalars.
        InvalidProof: the identity, or the challenge differs.
    """
    if len(proof) != PROOF_BYTES:
        raise EncodingError(f"a Schnorr proof has {PROOF_BYTES} bytes, not {len(proof)}")
    c, s = decode_scalar(proof[:SCALAR_BYTES]), decode_scalar(proof[SCALAR_BYTES:])
    if public in (G1_IDENTITY, G2_IDENTITY):
        raise InvalidProof("a proof about the identity proves nothing")
    commitment = G1 * s - public * c if isinstance(public, G1Point) else G2 * s - public * c
    if commitment in (G1_IDENTITY, G2_IDENTITY):
        raise InvalidProof("the commitment of a proof is the identity")
    if _challenge(label, context, _describe(public), _encode(commitment)) != c:
        raise InvalidProof("a Schnorr proof does not verify")


def _challenge(label: Label, context: bytes, statement: tuple[bytes, bytes], commitment: bytes) -> Scalar:
    transcript = Transcript(label)
    transcript.absorb(context)
    for field in (*statement, commitment):
        transcript.absorb(field)
    return transcript.challenge(SCHNORR_CHALLENGE)


def _commit(public: G1Point | G2Point, exponent: Scalar) -> G1Point | G2Point:
    """A multiple of the generator of the group that `public` is in."""
    return G1 * exponent if isinstance(public, G1Point) else G2 * exponent


def _encode(point: G1Point | G2Point) -> bytes:
    return encode_g1(point) if isinstance(point, G1Point) else encode_g2(point)


def _describe(public: G1Point | G2Point) -> tuple[bytes, bytes]:
    """Name of the group, and the public point."""
    return (b"G1" if isinstance(public, G1Point) else b"G2"), _encode(public)
