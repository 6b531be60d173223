# SPDX-License-Identifier: AGPL-3.0-or-later
"""specs/vectors/hashing.json: tagged hash, hash to scalar, hash to curve, transcript, hedge."""

from __future__ import annotations

import hashlib
from typing import Any

from tests.generate import plain
from tests.generate.drbg import GROUP_ORDER, derive
from tests.generate.plain import compressed, scalar_bytes, u32, xy


def build() -> dict[str, Any]:
    return {
        "page": "hashing.md",
        "tagged_hash": _tagged_hash(),
        "hash_to_scalar": _hash_to_scalar(),
        "hash_to_g1": _hash_to_g1(),
        "transcript": _transcript(),
        "hedge": _hedge(),
    }


def _tagged_hash() -> list[dict[str, Any]]:
    inputs = {
        "no field": ("SESSION", []),
        "an empty field": ("SESSION", [b""]),
        "two empty fields": ("SESSION", [b"", b""]),
        "another label": ("BATCH-ORDER", [b""]),
        "two fields": ("SESSION", [b"ab", b"c"]),
        "the same bytes divided otherwise": ("SESSION", [b"a", b"bc"]),
        "a long field": ("TRANSCRIPT-OF-CEREMONY", [derive("hashing long", 70), u32(7)]),
    }
    return [
        {
            "name": name,
            "label": plain.label(purpose).decode(),
            "fields": [field.hex() for field in fields],
            "input": plain.framed(purpose, fields).hex(),
            "hash": plain.tagged_hash(purpose, *fields).hex(),
        }
        for name, (purpose, fields) in inputs.items()
    ]


def _hash_to_scalar() -> list[dict[str, Any]]:
    inputs = {
        "nothing": ("BLINDING-FACTOR", b""),
        "three bytes": ("BLINDING-FACTOR", b"abc"),
        "another label": ("SCHNORR-CHALLENGE", b"abc"),
        "90 bytes": ("CONTEST-CHALLENGE-W", derive("hashing scalar", 90)),
    }
    return [
        {
            "name": name,
            "label": plain.label(purpose).decode(),
            "message": message.hex(),
            "expanded": plain.expand_for_scalar(purpose, message).hex(),
            "scalar": scalar_bytes(plain.hash_to_scalar(purpose, message)).hex(),
        }
        for name, (purpose, message) in inputs.items()
    ]


def _hash_to_g1() -> list[dict[str, Any]]:
    inputs = {
        "nothing": ("CREDENTIAL", b""),
        "three bytes": ("CREDENTIAL", b"abc"),
        "another label": ("LOTTERY-DRAW", b"abc"),
        "a generator": ("CONTEST-GENERATOR", b"H" + u32(1)),
        "150 bytes": ("CREDENTIAL", derive("hashing point", 150)),
    }
    cases = []
    for name, (purpose, message) in inputs.items():
        point = plain.hash_to_g1(purpose, message)
        cases.append(
            {
                "name": name,
                "label": plain.label(purpose).decode(),
                "message": message.hex(),
                "point": compressed(point).hex(),
                "xy": xy(point).hex(),
            }
        )
    return cases


def _transcript() -> list[dict[str, Any]]:
    """Steps in order: a field to absorb, or a challenge to take; the transcript goes on after a challenge."""
    plans = {
        "two challenges": ("PROOF-OF-READINESS", [b"context", "SCHNORR-CHALLENGE", b"", b"more", "SCHNORR-CHALLENGE"]),
        "fields divided otherwise": ("PROOF-OF-READINESS", [b"contex", b"t", "SCHNORR-CHALLENGE"]),
        "nothing absorbed": ("CONTEST-PROOF", ["CONTEST-CHALLENGE-X"]),
    }
    cases = []
    for name, (purpose, plan) in plans.items():
        transcript = plain.Transcript(purpose)
        steps: list[dict[str, str]] = []
        for step in plan:
            if isinstance(step, bytes):
                transcript.absorb(step)
                steps.append({"absorb": step.hex()})
            else:
                steps.append(
                    {
                        "challenge": plain.label(step).decode(),
                        "digest": plain.sha256(transcript.absorbed).hex(),
                        "scalar": scalar_bytes(transcript.challenge(step)).hex(),
                    }
                )
        cases.append({"name": name, "label": plain.label(purpose).decode(), "steps": steps})
    return cases


def _hedge() -> list[dict[str, Any]]:
    """For whoever follows the page; no verifier computes it."""
    fresh, secret, context = derive("hashing fresh"), derive("hashing secret"), b"what it is for"
    cases = []
    for purpose, index in (("mask", 0), ("mask", 1), ("nonce", 0)):
        fields = (fresh, secret, context, purpose.encode("ascii"), u32(index))
        digest = hashlib.sha512(plain.framed("HEDGE", fields)).digest()
        cases.append(
            {
                "name": f"{purpose} {index}",
                "fresh": fresh.hex(),
                "secret": secret.hex(),
                "context": context.hex(),
                "purpose": purpose,
                "index": index,
                "scalar": scalar_bytes(int.from_bytes(digest, "big") % GROUP_ORDER).hex(),
            }
        )
    return cases
