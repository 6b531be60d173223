# SPDX-License-Identifier: AGPL-3.0-or-later
"""From sum to totals: implements specs/tally.md#sum, specs/tally.md#partial-decryption and specs/tally.md#result."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Any

from verifier import labels
from verifier.backend import G1, Backend
from verifier.encoding import Fields, load_canonical_json
from verifier.errors import VerificationError
from verifier.hashing import sha256
from verifier.proofs import verify_equality
from verifier.signatures import read_signature, split_statement
from verifier.suite import COFACTOR, G1_BYTES, GROUP_ORDER, PROOF_BYTES


@dataclass(frozen=True, slots=True)
class Decryption:
    """A well-formed decryption entry."""

    election: bytes
    closing: bytes
    trustee: int
    body: bytes
    statement: bytes
    signature: bytes


def read_decryption(value: Any) -> Decryption:  # noqa: ANN401
    """Read a decryption entry.

    Raises:
        EncodingError: members, types, label, payload (rule D1).

    """
    fields = Fields(value, ("kind", "previous", "statement", "signature"), "decryption")
    statement, signature = fields.base64("statement"), read_signature(fields, "signature")
    payload = Fields(
        load_canonical_json(split_statement(statement, labels.DECRYPTION, "decryption")),
        ("election", "closing", "trustee", "body"),
        "decryption",
    )
    return Decryption(
        payload.hash("election"),
        payload.hash("closing"),
        payload.u32("trustee"),
        payload.hash("body"),
        statement,
        signature,
    )


@dataclass(frozen=True, slots=True)
class EncryptedTally:
    """The cleared sum of the counted ballots: A' and B' of every option over all contests, in the subgroup."""

    a: tuple[G1, ...]
    b: tuple[G1, ...]
    digest: bytes
    """SHA-256 of A' || B' of all options, compressed."""


def clear(backend: Backend, sums: Sequence[G1]) -> EncryptedTally:
    """Multiply the sums (A, B of each option in order) by the cofactor, plainly."""
    cleared = [backend.g1_multiply(point, COFACTOR) for point in sums]
    encoded = b"".join(backend.g1_encode(point) for point in cleared)
    return EncryptedTally(tuple(cleared[0::2]), tuple(cleared[1::2]), sha256(encoded))


def decryption_body_bytes(options: int) -> int:
    """Return the length of a decryption's body: a point for each option and the proof."""
    return G1_BYTES * options + PROOF_BYTES


def check_decryption(
    backend: Backend, tally: EncryptedTally, share: bytes, decryption: Decryption, body: bytes
) -> tuple[G1, ...]:
    """Check a decryption's body (rule D4) and return its D_k.

    Raises:
        BrokenError: length, a point, or the proof ``log_G P_j = log_{A'_k} D_k`` for all k.

    """
    where = f"decryption of trustee {decryption.trustee}"
    if len(body) != decryption_body_bytes(len(tally.a)):
        message = f"{where}: a body of {len(body)} bytes"
        raise VerificationError(message)
    context = decryption.election + decryption.closing + decryption.trustee.to_bytes(4, "big")
    split = len(body) - PROOF_BYTES
    return verify_equality(backend, context, share, tally.a, body[:split], body[split:], where)


def lagrange(indices: Sequence[int]) -> list[int]:
    """Return the coefficients at 0 for distinct indices: prod k / (k - j) modulo q."""
    coefficients: list[int] = []
    for j in indices:
        above = below = 1
        for k in indices:
            if k != j:
                above = above * k % GROUP_ORDER
                below = below * (k - j) % GROUP_ORDER
        coefficients.append(above * pow(below, -1, GROUP_ORDER) % GROUP_ORDER)
    return coefficients


def combine(backend: Backend, tally: EncryptedTally, shares: dict[int, tuple[G1, ...]], threshold: int) -> list[G1]:
    """Return ``R = B' - sum lambda_j D_j`` of every option, from the t smallest trustees' indices."""
    chosen = sorted(shares)[:threshold]
    factors = [1, *(-factor % GROUP_ORDER for factor in lagrange(chosen))]
    return [
        backend.g1_msm((b, *(shares[trustee][option] for trustee in chosen)), factors)
        for option, b in enumerate(tally.b)
    ]


def cleared_generator(backend: Backend) -> G1:
    """Return ``h G``, of which the results are multiples."""
    return backend.g1_multiply(backend.g1_generator(), COFACTOR)


def is_total(backend: Backend, result: G1, total: int) -> bool:
    """Tell whether ``R = m (h G)``."""
    return backend.g1_equal(result, backend.g1_multiply(cleared_generator(backend), total))


def search_totals(backend: Backend, results: Sequence[G1], bound: int) -> list[int]:
    """Find m with ``R = m (h G)`` and 0 <= m <= bound for every option, by baby steps and giant steps.

    Raises:
        VerificationError: some option has none.

    """
    base = cleared_generator(backend)
    step = isqrt(bound) + 1
    baby: dict[bytes, int] = {}
    point = backend.g1_identity()
    for m in range(step):
        baby[backend.g1_encode(point)] = m
        point = backend.g1_add(point, base)
    giant = backend.g1_multiply(base, GROUP_ORDER - step)
    totals: list[int] = []
    for option, result in enumerate(results):
        at = result
        for k in range(step + 1):
            small = baby.get(backend.g1_encode(at))
            if small is not None and k * step + small <= bound:
                totals.append(k * step + small)
                break
            at = backend.g1_add(at, giant)
        else:
            message = f"option {option} (over all contests) has no total from 0 to {bound}"
            raise VerificationError(message)
    return totals
