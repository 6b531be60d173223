# SPDX-License-Identifier: AGPL-3.0-or-later
"""Proofs of knowledge of shares: implements specs/proofs.md#schnorr and specs/proofs.md#chaum-pedersen.

Both recompute the prover's first message from (challenge, response) and compare challenges, so a proof has one
encoding.
"""

from collections.abc import Sequence

from verifier import labels
from verifier.backend import G1, Backend
from verifier.errors import EncodingError, VerificationError
from verifier.hashing import Transcript
from verifier.suite import G1_BYTES, GROUP_ORDER, PROOF_BYTES, SCALAR_BYTES


def decode_scalar(data: bytes, where: str) -> int:
    """Decode 32 bytes, big-endian, below q (specs/suite.md#scalars).

    Raises:
        EncodingError: another length, or a value at or above q.

    """
    value = int.from_bytes(data, "big")
    if len(data) != SCALAR_BYTES or value >= GROUP_ORDER:
        message = f"{where}: a scalar is not 32 bytes below q"
        raise EncodingError(message)
    return value


def _decode_proof(proof: bytes, where: str) -> tuple[int, int]:
    if len(proof) != PROOF_BYTES:
        message = f"{where}: a proof of {len(proof)} bytes instead of {PROOF_BYTES}"
        raise EncodingError(message)
    return decode_scalar(proof[:SCALAR_BYTES], where), decode_scalar(proof[SCALAR_BYTES:], where)


def verify_schnorr(backend: Backend, label: bytes, context: bytes, public: bytes, proof: bytes, where: str) -> None:
    """Check knowledge of x with ``P = x B``: ``T = s B - c P``, challenge of (context, group, P, T) equal to c.

    Args:
        backend: the arithmetic.
        label: of the transcript, for possession or for readiness.
        context: what the proof is bound to.
        public: P compressed; 48 bytes mean G1, 96 bytes mean G2.
        proof: ``c || s``, 64 bytes.
        where: begins every message.

    Raises:
        EncodingError: P is not canonical, not in the subgroup or the identity; a scalar is out of range.
        VerificationError: T is the identity, or the challenge differs.

    """
    challenge, response = _decode_proof(proof, where)
    minus_challenge = -challenge % GROUP_ORDER
    scalars = (response, minus_challenge)
    if len(public) == G1_BYTES:
        group = b"G1"
        first = backend.g1_msm((backend.g1_generator(), backend.g1_decode(public)), scalars)
        trivial, encoded = backend.g1_is_identity(first), backend.g1_encode(first)
    else:
        group = b"G2"
        first = backend.g2_msm((backend.g2_generator(), backend.g2_decode(public)), scalars)
        trivial, encoded = backend.g2_is_identity(first), backend.g2_encode(first)
    transcript = Transcript(label)
    for field in (context, group, public, encoded):
        transcript.absorb(field)
    if trivial or transcript.challenge(labels.SCHNORR_CHALLENGE) != challenge:
        message = f"{where}: the proof of knowledge does not verify"
        raise VerificationError(message)


def verify_equality(
    backend: Backend, context: bytes, public: bytes, bases: Sequence[G1], results: bytes, proof: bytes, where: str
) -> tuple[G1, ...]:
    """Check ``P = x G`` and ``D_k = x A_k`` for all k with one challenge.

    Args:
        backend: the arithmetic.
        context: election, closing and index.
        public: P, 48 bytes compressed.
        bases: the A_k that the caller computed and cleared itself; at least one; the identity is possible.
        results: all D_k, 48 bytes each.
        proof: ``c || s``, 64 bytes.
        where: begins every message.

    Returns:
        The decoded D_k, each in the subgroup.

    Raises:
        EncodingError: lengths, encodings, subgroup, or a D_k that is the identity where A_k is not (or the reverse).
        VerificationError: the challenge differs.
        ValueError: no bases.

    """
    if not bases:
        message = "a proof of equality over no bases"
        raise ValueError(message)
    if len(results) != G1_BYTES * len(bases):
        message = f"{where}: {len(results)} bytes of points instead of {G1_BYTES * len(bases)}"
        raise EncodingError(message)
    challenge, response = _decode_proof(proof, where)
    scalars = (response, -challenge % GROUP_ORDER)
    key = backend.g1_decode(public)
    decoded: list[G1] = []
    firsts: list[bytes] = []
    for place, base in enumerate(bases):
        result = backend.g1_decode(results[G1_BYTES * place : G1_BYTES * (place + 1)], identity=True)
        if backend.g1_is_identity(result) != backend.g1_is_identity(base):
            message = f"{where}: result {place} is the identity and its base is not, or the reverse"
            raise EncodingError(message)
        decoded.append(result)
        firsts.append(backend.g1_encode(backend.g1_msm((base, result), scalars)))
    transcript = Transcript(labels.PROOF_OF_DECRYPTION)
    transcript.absorb(context)
    transcript.absorb(public)
    transcript.absorb(len(bases).to_bytes(4, "big"))
    transcript.absorb(b"".join(backend.g1_encode(base) for base in bases))
    transcript.absorb(results)
    transcript.absorb(backend.g1_encode(backend.g1_msm((backend.g1_generator(), key), scalars)))
    transcript.absorb(b"".join(firsts))
    if transcript.challenge(labels.EQUALITY_CHALLENGE) != challenge:
        message = f"{where}: the proof of correct decryption does not verify"
        raise VerificationError(message)
    return tuple(decoded)
