# SPDX-License-Identifier: AGPL-3.0-or-later
"""specs/vectors/proofs.json: Schnorr in both groups, Chaum-Pedersen."""

from __future__ import annotations

from typing import Any

from py_arkworks_bls12381 import G1Point

from tests.generate import plain
from tests.generate.drbg import GROUP_ORDER as Q
from tests.generate.drbg import derive, derive_scalar
from tests.generate.plain import G1, G2, compressed, scalar_bytes, times, u32
from tests.generate.plain_proofs import Equality, Schnorr, equality, equality_challenge, schnorr

IDENTITY = bytes([0xC0]) + bytes(47)


def build() -> dict[str, Any]:
    return {"page": "proofs.md", "schnorr": _schnorr(), "equality": _equality()}


def _schnorr_case(name: str, purpose: str, context: bytes, proof: Schnorr, x: int, k: int) -> dict[str, Any]:
    return {
        "name": name,
        "label": plain.label(purpose).decode(),
        "group": "G1" if isinstance(proof.public, G1Point) else "G2",
        "context": context.hex(),
        "x": scalar_bytes(x).hex(),
        "k": scalar_bytes(k).hex(),
        "T": compressed(proof.commitment).hex(),
        "P": compressed(proof.public).hex(),
        "proof": proof.data.hex(),
    }


def _schnorr() -> list[dict[str, Any]]:
    session = derive("proofs session")
    x, k = derive_scalar("proofs x"), derive_scalar("proofs k")
    possession = schnorr("PROOF-OF-POSSESSION", session + u32(2), G1, x, k)
    in_g2 = schnorr("PROOF-OF-POSSESSION", session + u32(2), G2, x, k)
    context = derive("proofs election") + derive("proofs manifest") + b"trustee" + u32(3)
    readiness = schnorr("PROOF-OF-READINESS", context, G1, x, k)
    cases = [
        _schnorr_case("possession in G1", "PROOF-OF-POSSESSION", session + u32(2), possession, x, k),
        _schnorr_case("possession in G2", "PROOF-OF-POSSESSION", session + u32(2), in_g2, x, k),
        _schnorr_case("readiness in G1", "PROOF-OF-READINESS", context, readiness, x, k),
    ]

    def bad(name: str, error: str, **changed: Any) -> dict[str, Any]:
        return {"name": name, "of": "possession in G1", **changed, "error": error}

    proof = possession.data
    c, s = possession.c, possession.s
    # For P = identity every c is answered by s = k: the commitment does not depend on x.
    blank = Schnorr(G1Point.identity(), times(G1, k), 0, k, b"")
    zero = schnorr("PROOF-OF-POSSESSION", session + u32(2), G1, x, 0)
    return [
        *cases,
        bad("another index", "InvalidProof", context=(session + u32(1)).hex()),
        bad("another session", "InvalidProof", context=(derive("proofs other") + u32(2)).hex()),
        bad("another label", "InvalidProof", label=plain.label("PROOF-OF-READINESS").decode()),
        bad("another point", "InvalidProof", P=compressed(times(G1, x + 1)).hex()),
        bad("the point of the other group", "InvalidProof", P=cases[1]["P"], group="G2"),
        bad("another challenge", "InvalidProof", proof=(scalar_bytes(c + 1) + proof[32:]).hex()),
        bad("another response", "InvalidProof", proof=(proof[:32] + scalar_bytes(s + 1)).hex()),
        bad("challenge and response swapped", "InvalidProof", proof=(proof[32:] + proof[:32]).hex()),
        bad("zeros", "InvalidProof", proof=bytes(64).hex()),
        bad("a commitment that is the identity", "InvalidProof", proof=zero.data.hex()),
        bad("a response of q", "EncodingError", proof=(proof[:32] + Q.to_bytes(32, "big")).hex()),
        bad("a challenge of q", "EncodingError", proof=(Q.to_bytes(32, "big") + proof[32:]).hex()),
        bad("63 bytes", "EncodingError", proof=proof[:-1].hex()),
        bad("65 bytes", "EncodingError", proof=(proof + b"\x00").hex()),
        bad("P is the identity", "CryptoError", P=IDENTITY.hex(), proof=blank.data.hex()),
    ]


def _equality_case(name: str, context: bytes, bases: list[Any], proof: Equality, x: int, t: int) -> dict[str, Any]:
    return {
        "name": name,
        "context": context.hex(),
        "x": scalar_bytes(x).hex(),
        "t": scalar_bytes(t).hex(),
        "T": [compressed(point).hex() for point in proof.commitments],
        "P": compressed(proof.public).hex(),
        "A": [compressed(base).hex() for base in bases],
        "D": [compressed(result).hex() for result in proof.results],
        "proof": proof.data.hex(),
    }


def _equality() -> list[dict[str, Any]]:
    x, t = derive_scalar("proofs equality x"), derive_scalar("proofs equality t")
    context = derive("proofs election") + derive("proofs closing") + u32(1)
    bases = [times(G1, derive_scalar(f"proofs base {number}")) for number in range(3)]
    identity = G1Point.identity()
    full = equality(context, bases, x, t)
    cases = [
        _equality_case("one base", context, bases[:1], equality(context, bases[:1], x, t), x, t),
        _equality_case("three bases", context, bases, full, x, t),
        _equality_case(
            "a base that is the identity", context, [bases[0], identity], equality(context, [bases[0], identity], x, t), x, t
        ),
    ]  # fmt: skip

    def bad(name: str, error: str, **changed: Any) -> dict[str, Any]:
        return {"name": name, "of": "three bases", **changed, "error": error}

    d = list(cases[1]["D"])
    a = list(cases[1]["A"])
    wrong = [*full.results[:2], full.results[2] + G1]
    forged = equality(context, bases, x, t, wrong)
    return [
        *cases,
        bad("another closing", "InvalidProof", context=(context[:32] + derive("proofs other") + u32(1)).hex()),
        bad("another trustee", "InvalidProof", context=(context[:64] + u32(2)).hex()),
        bad("another public share", "InvalidProof", P=compressed(times(G1, x + 1)).hex()),
        bad("another base", "InvalidProof", A=[*a[:2], compressed(times(bases[2], 2)).hex()]),
        bad("bases swapped", "InvalidProof", A=[a[1], a[0], a[2]]),
        bad("bases and results swapped", "InvalidProof", A=[a[1], a[0], a[2]], D=[d[1], d[0], d[2]]),
        bad("another result", "InvalidProof", D=[*d[:2], compressed(wrong[2]).hex()]),
        bad("a wrong result in the transcript", "InvalidProof", D=[*d[:2], compressed(wrong[2]).hex()], proof=forged.data.hex()),
        bad("a base and its result left out", "InvalidProof", A=a[:2], D=d[:2]),
        bad("fewer results than bases", "CryptoError", D=d[:2]),
        bad("no bases", "CryptoError", A=[], D=[]),
        bad("another challenge", "InvalidProof", proof=(scalar_bytes(full.c + 1) + scalar_bytes(full.s)).hex()),
        bad("another response", "InvalidProof", proof=(scalar_bytes(full.c) + scalar_bytes(full.s + 1)).hex()),
        bad("zeros", "InvalidProof", proof=bytes(64).hex()),
        bad("a response of q", "EncodingError", proof=(scalar_bytes(full.c) + Q.to_bytes(32, "big")).hex()),
        bad("65 bytes", "EncodingError", proof=(full.data + b"\x00").hex()),
        bad("a result that is the identity", "CryptoError", D=[*d[:2], IDENTITY.hex()]),
        bad("a base that is the identity and a result that is not", "CryptoError", A=[*a[:2], IDENTITY.hex()]),
        _ground_torsion(context, bases, x),
    ]  # fmt: skip


def _ground_torsion(context: bytes, bases: list[Any], x: int) -> dict[str, Any]:
    """ATTACKS 42: D with a component of order 3, the nonce chosen so that the proof satisfies the bare equation."""
    torsion = plain.point_of_order(3)
    results = [*(times(base, x) for base in bases[:2]), times(bases[2], x) + torsion]
    public = times(G1, x)
    for attempt in range(100):
        t = derive_scalar(f"proofs torsion {attempt}")
        commitments = [times(G1, t), *(times(base, t) for base in bases)]
        c, _ = equality_challenge(context, public, bases, results, commitments)
        if c % 3 == 0:
            data = scalar_bytes(c) + scalar_bytes(t + c * x)
            break
    else:
        raise ValueError("no nonce; try more")
    return {
        "name": "a result with a component of order 3, under a proof whose equations hold",
        "of": "three bases",
        "D": [compressed(result).hex() for result in results],
        "proof": data.hex(),
        "error": "NotInSubgroup",
    }
