# SPDX-License-Identifier: AGPL-3.0-or-later
"""One x for several bases: P = x G and D_k = x A_k for all k, with one challenge and one response.

Spec: specs/proofs.md#chaum-pedersen
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from crypto.encoding.binary import u32
from crypto.errors import EncodingError, InvalidProof
from crypto.group import (
    G1,
    G1_IDENTITY,
    G1Point,
    Scalar,
    decode_scalar,
    encode_g1,
    encode_scalar,
)
from crypto.hashing import Hedge
from crypto.labels import EQUALITY_CHALLENGE, Label
from crypto.secret import Secret
from crypto.suite import SCALAR_BYTES
from crypto.transcript import Transcript

PROOF_BYTES: Final = 2 * SCALAR_BYTES


def prove(
    label: Label, context: bytes, secret: Secret[Scalar], bases: Sequence[G1Point]
) -> tuple[tuple[G1Point, ...], bytes]:
    """The results x A_k, one for each base, and 64 bytes that show that x is the logarithm of P = x G.

    Args:
        bases: points of the subgroup: clear them first.

    Raises:
        ValueError: no bases.
    """
    if not bases:
        raise ValueError("a proof over no bases proves nothing")
    x = secret.reveal()
    results = tuple(base * x for base in bases)
    # The bases are part of the context: one nonce for two statements would give x away if the generator failed.
    statement = label + context + b"".join(map(encode_g1, bases))
    t = Hedge(Secret(encode_scalar(x)), statement).scalar("commitment")
    c = _challenge(label, context, G1 * x, bases, results, G1 * t, [base * t for base in bases])
    return results, encode_scalar(c) + encode_scalar(t + c * x)


def verify(
    label: Label, context: bytes, public: G1Point, bases: Sequence[G1Point], results: Sequence[G1Point], proof: bytes
) -> None:
    """c = H(context, P, A, D, s G - c P, s A_k - c D_k).

    Args:
        public: P, as derived from the ceremony.
        bases: A_k, as computed by the verifier.
        results: D_k, decoded in the subgroup.

    Raises:
        EncodingError: not two scalars.
        InvalidProof: no bases, another number of results, a forbidden identity, or the challenge differs.
    """
    if len(proof) != PROOF_BYTES:
        raise EncodingError(f"an equality proof has {PROOF_BYTES} bytes, not {len(proof)}")
    if not bases or len(bases) != len(results):
        raise InvalidProof(f"{len(results)} results for {len(bases)} bases")
    if public == G1_IDENTITY:
        raise InvalidProof("a proof about the identity proves nothing")
    for base, result in zip(bases, results, strict=True):
        if (base == G1_IDENTITY) != (result == G1_IDENTITY):
            raise InvalidProof("a result is the identity and its base is not, or the other way round")
    c, s = decode_scalar(proof[:SCALAR_BYTES]), decode_scalar(proof[SCALAR_BYTES:])
    commitments = [base * s - result * c for base, result in zip(bases, results, strict=True)]
    if _challenge(label, context, public, bases, results, G1 * s - public * c, commitments) != c:
        raise InvalidProof("an equality proof does not verify")


def _challenge(
    label: Label,
    context: bytes,
    public: G1Point,
    bases: Sequence[G1Point],
    results: Sequence[G1Point],
    commitment: G1Point,
    commitments: Sequence[G1Point],
) -> Scalar:
    transcript = Transcript(label)
    transcript.absorb(context)
    transcript.absorb(encode_g1(public))
    transcript.absorb(u32(len(bases)))
    transcript.absorb(b"".join(map(encode_g1, bases)))
    transcript.absorb(b"".join(map(encode_g1, results)))
    transcript.absorb(encode_g1(commitment))
    transcript.absorb(b"".join(map(encode_g1, commitments)))
    return transcript.challenge(EQUALITY_CHALLENGE)
