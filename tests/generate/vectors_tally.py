# SPDX-License-Identifier: AGPL-3.0-or-later
"""specs/vectors/tally.json: sums, partial decryptions, totals, a draw, a certificate."""

from __future__ import annotations

import itertools
from typing import Any

from tests.generate import plain
from tests.generate.drbg import derive, derive_scalar
from tests.generate.plain import (
    COFACTOR,
    G1,
    b64,
    canonical,
    cleared,
    compressed,
    hash_to_g1,
    scalar_bytes,
    sha256,
    times,
    u16,
    u32,
    xy,
)
from tests.generate.plain_contest import Proof
from tests.generate.plain_proofs import Equality, equality
from tests.generate.world import CONTESTS, World, world

TIED = [0, 2]
CONTEST = 1


def build() -> dict[str, Any]:
    w = world()
    closing = derive("tally closing")
    return {
        "page": "tally.md",
        "marks": [{"m": m, "point": compressed(_marks(m)).hex()} for m in (0, 1, 2, 3, 1000)],
        "sums": _sums(w),
        "closing": closing.hex(),
        "decryptions": _decryptions(w, closing),
        "results": _results(w),
        "draws": _draws(w),
        "certificate": _certificate(w, closing),
    }


def _marks(m: int) -> Any:
    """m (h G)."""
    return times(G1, m * COFACTOR)


def sums(w: World) -> list[tuple[Any, Any]]:
    """A and B of every option over the counted ballots, on the curve."""
    pairs = []
    for contest, (n, _, _) in enumerate(CONTESTS):
        proofs: list[Proof] = [vote.proofs[contest] for vote in w.counted]
        for i in range(1, n + 1):
            a, b = (plain.total(proof.points[f"{letter}{i}"] for proof in proofs) for letter in "AB")
            pairs += [(a, b)]
    return pairs


def tally(w: World) -> list[tuple[Any, Any]]:
    """A' and B' of every option."""
    return [(cleared(a), cleared(b)) for a, b in sums(w)]


def tally_bytes(w: World) -> bytes:
    return b"".join(compressed(a) + compressed(b) for a, b in tally(w))


def _sums(w: World) -> dict[str, Any]:
    return {
        "of": ["voter 0, seq 2", "voter 1, seq 1"],
        "uncleared": [xy(point).hex() for pair in sums(w) for point in pair],
        "encrypted_tally": tally_bytes(w).hex(),
        "sum": sha256(tally_bytes(w)).hex(),
    }


def decryption(w: World, closing: bytes, trustee: int) -> Equality:
    context = w.election + closing + u32(trustee)
    nonce = derive_scalar(f"tally nonce {trustee}")
    return equality(context, [a for a, _ in tally(w)], w.trustees.shares[trustee], nonce)


def _body(proof: Equality) -> bytes:
    return b"".join(map(compressed, proof.results)) + proof.data


def _decryptions(w: World, closing: bytes) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = []
    for trustee, party in enumerate(w.trustees.people, 1):
        body = _body(decryption(w, closing, trustee))
        payload = {
            "election": w.election.hex(),
            "closing": closing.hex(),
            "trustee": trustee,
            "body": sha256(body).hex(),
        }
        statement = plain.json_statement("DECRYPTION", payload)
        cases.append(
            {
                "name": f"trustee {trustee}",
                "election": w.election.hex(),
                "trustee": trustee,
                "public_share": compressed(w.trustees.public_shares[trustee]).hex(),
                "t": scalar_bytes(derive_scalar(f"tally nonce {trustee}")).hex(),
                "body": b64(body),
                "statement": statement.decode(),
                "signature": party.signing.sign(statement).hex(),
            }
        )
    first = decryption(w, closing, 1)
    body = _body(first)
    torsion = compressed(first.results[0] + plain.point_of_order(3)).hex()
    identity = "c0" + "00" * 47

    def bad(name: str, error: str, **changed: Any) -> dict[str, Any]:
        return {"name": name, "of": "trustee 1", **changed, "error": error}

    swapped = compressed(first.results[1]) + compressed(first.results[0])
    return [
        *cases,
        bad("the share of another trustee", "InvalidProof", public_share=cases[1]["public_share"]),
        bad("the body of another trustee", "InvalidProof", body=cases[1]["body"]),
        bad("another trustee's number", "InvalidProof", trustee=2),
        bad("another election", "InvalidProof", election=derive("tally other").hex()),
        bad("two results swapped", "InvalidProof", patch=[[0, swapped.hex()]]),
        bad("another result", "InvalidProof", patch=[[0, compressed(first.results[0] + G1).hex()]]),
        bad("a result with a component of order 3", "NotInSubgroup", patch=[[0, torsion]]),
        bad("a result that is the identity", "CryptoError", patch=[[0, identity]]),
        bad("a byte too few", "EncodingError", truncate=len(body) - 1),
        bad("a byte too many", "EncodingError", append="00"),
        bad("no proof", "EncodingError", truncate=len(body) - 64),
        bad("a result too few", "EncodingError", truncate=len(body) - 48),
    ]


def totals(w: World) -> list[list[int]]:
    return [
        [sum(vote.marks[contest][i] for vote in w.counted) for i in range(n)]
        for contest, (n, _, _) in enumerate(CONTESTS)
    ]


def _results(w: World) -> dict[str, Any]:
    flat = [total for contest in totals(w) for total in contest]
    for subset in itertools.combinations(w.trustees.indices, w.trustees.threshold):
        for (a, b), total in zip(tally(w), flat, strict=True):
            shared = plain.interpolate({j: times(a, w.trustees.shares[j]) for j in subset})
            if b - shared != _marks(total):
                raise ValueError("a subset of trustees decrypts otherwise")
    return {
        "threshold": w.trustees.threshold,
        "counted": len(w.counted),
        "R": [compressed(_marks(total)).hex() for total in flat],
        "totals": totals(w),
    }


def draw_input(w: World, contest: int, options: list[int]) -> bytes:
    return b"tie\x00" + w.election + u16(contest) + sha256(b"".join(map(u16, options)))


def draw(w: World, contest: int, options: list[int]) -> Any:
    return times(hash_to_g1("LOTTERY-DRAW", draw_input(w, contest, options)), w.lottery.secret)


def draw_order(signature: bytes, options: list[int]) -> list[int]:
    return sorted(options, key=lambda option: plain.tagged_hash("DRAW-ORDER", signature, u16(option)))


def _draws(w: World) -> list[dict[str, Any]]:
    cases = []
    for contest, options in ((CONTEST, TIED), (0, [0, 1]), (CONTEST, [0, 1, 2])):
        message = hash_to_g1("LOTTERY-DRAW", draw_input(w, contest, options))
        parts = {j: times(message, share) for j, share in w.lottery.shares.items()}
        signature = compressed(draw(w, contest, options))
        for subset in itertools.combinations(parts, w.lottery.threshold):
            if compressed(plain.interpolate({j: parts[j] for j in subset})) != signature:
                raise ValueError("a subset of holders draws otherwise")
        shown = {
            "public_shares": [compressed(point).hex() for point in w.lottery.public_shares.values()],
            "parts": [compressed(point).hex() for point in parts.values()],
        }
        cases.append(
            {
                "name": f"contest {contest}, options {options}",
                "standing_key": compressed(w.lottery.public).hex(),
                "election": w.election.hex(),
                "contest": contest,
                "options": options,
                "m": draw_input(w, contest, options).hex(),
                "message": compressed(message).hex(),
                **({} if cases else shown),
                "Z": signature.hex(),
                "keys": {
                    str(option): plain.tagged_hash("DRAW-ORDER", signature, u16(option)).hex() for option in options
                },
                "order": draw_order(signature, options),
            }
        )
    base, z = str(cases[0]["name"]), draw(w, CONTEST, TIED)

    def bad(name: str, error: str | None, **changed: Any) -> dict[str, Any]:
        return {"name": name, "of": base, **changed, "error": error}

    return [
        *cases,
        bad("another contest", "VerificationError", contest=0),
        bad("another election", "VerificationError", election=derive("tally other").hex()),
        bad("an option more", "VerificationError", options=[0, 1, 2]),
        bad("another signature", "VerificationError", Z=cases[1]["Z"]),
        bad("its negative", "VerificationError", Z=compressed(-z).hex()),
        bad("a part in place of the whole", "VerificationError", Z=cases[0]["parts"][0]),
        bad("a component of order 3", "NotInSubgroup", Z=compressed(z + plain.point_of_order(3)).hex()),
        bad("the identity", "IdentityPoint", Z="c0" + "00" * 47),
    ]


def _certificate(w: World, closing: bytes) -> dict[str, Any]:
    """As if two counted ballots were enough: contest 0 is decided, contest 1 is drawn."""
    order = draw_order(compressed(draw(w, CONTEST, TIED)), TIED)
    document = {
        "kind": "certificate",
        "election": w.election.hex(),
        "manifest": w.manifest_digest.hex(),
        "closing": closing.hex(),
        "counted": len(w.counted),
        "contests": [
            {"totals": totals(w)[0], "elected": [1], "drawn": []},
            {"totals": totals(w)[1], "elected": order[:1], "drawn": TIED},
        ],
        "excluded": [],
    }
    return {"document": document, "hash": sha256(canonical(document)).hex()}
