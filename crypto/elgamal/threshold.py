# SPDX-License-Identifier: AGPL-3.0-or-later
"""Partial decryption of an encrypted tally, and combining what t trustees gave.

Spec: specs/tally.md#partial-decryption, specs/tally.md#result
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crypto.elgamal.ciphertext import EncryptedTally
from crypto.encoding.binary import ByteReader, u32
from crypto.group import G1Point, decode_g1, encode_g1
from crypto.labels import PROOF_OF_DECRYPTION
from crypto.proofs import chaum_pedersen
from crypto.sharing.party import SecretShare
from crypto.sharing.polynomial import combine_g1
from crypto.suite import G1_BYTES


def _context(election: bytes, closing: bytes, trustee: int) -> bytes:
    return election + closing + u32(trustee)


def partial_decrypt(election: bytes, closing: bytes, share: SecretShare, tally: EncryptedTally) -> bytes:
    """The body of a decryption: D_k = x_j A'_k for every option, and one proof for all.

    Args:
        closing: SHA-256 of the effective closing's proposal entry.
        tally: as recomputed and cleared by this trustee itself.
    """
    context = _context(election, closing, share.index)
    results, proof = chaum_pedersen.prove(PROOF_OF_DECRYPTION, context, share.value, tally.a)
    return b"".join(map(encode_g1, results)) + proof


def verify_partial(
    election: bytes, closing: bytes, trustee: int, public_share: G1Point, tally: EncryptedTally, body: bytes
) -> tuple[G1Point, ...]:
    """The D_k of a decryption body, verified.

    Raises:
        EncodingError: length or a point; each is decoded in the subgroup.
        InvalidProof.
    """
    reader = ByteReader(body, "decryption")
    results = tuple(decode_g1(reader.take(G1_BYTES), allow_identity=True) for _ in tally.a)
    proof = reader.take(chaum_pedersen.PROOF_BYTES)
    reader.finish()
    context = _context(election, closing, trustee)
    chaum_pedersen.verify(PROOF_OF_DECRYPTION, context, public_share, tally.a, results, proof)
    return results


def combine(tally: EncryptedTally, shares: Mapping[int, Sequence[G1Point]], threshold: int) -> tuple[G1Point, ...]:
    """R_k = B'_k - sum lambda_j D_jk, from the `threshold` smallest trustees.

    Args:
        shares: verified D_k by trustee.

    Raises:
        ThresholdNotMet.
    """
    return tuple(
        b - combine_g1({trustee: results[k] for trustee, results in shares.items()}, threshold)
        for k, b in enumerate(tally.b)
    )
