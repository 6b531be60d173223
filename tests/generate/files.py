# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names and bytes of the vector files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.generate import (
    vectors_ballot,
    vectors_contest,
    vectors_credential,
    vectors_encodings,
    vectors_hashing,
    vectors_key_ceremony,
    vectors_ledger,
    vectors_manifest,
    vectors_policy,
    vectors_proofs,
    vectors_receipt,
    vectors_register,
    vectors_seats,
    vectors_tally,
)

VECTORS = Path(__file__).resolve().parents[2] / "specs" / "vectors"

BUILDERS: dict[str, Callable[[], dict[str, Any]]] = {
    "encodings.json": vectors_encodings.build,
    "hashing.json": vectors_hashing.build,
    "proofs.json": vectors_proofs.build,
    "contest-proof.json": vectors_contest.build,
    "key-ceremony.json": vectors_key_ceremony.build,
    "policy.json": vectors_policy.build,
    "ledger.json": vectors_ledger.build,
    "register.json": vectors_register.build,
    "manifest.json": vectors_manifest.build,
    "credential.json": vectors_credential.build,
    "ballot.json": vectors_ballot.build,
    "receipt.json": vectors_receipt.build,
    "tally.json": vectors_tally.build,
    "seats.json": vectors_seats.build,
}


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def render(value: dict[str, Any]) -> bytes:
    """A file: one line for each member of the top, and for each case of a list. ASCII, so that no editor changes it."""
    lines = []
    for name, member in value.items():
        if isinstance(member, list) and member:
            cases = ",\n".join("  " + _compact(case) for case in member)
            lines.append(f" {json.dumps(name)}: [\n{cases}\n ]")
        else:
            lines.append(f" {json.dumps(name)}: {_compact(member)}")
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode("ascii")


def render_all() -> dict[str, bytes]:
    """Every file by name."""
    return {name: render(build()) for name, build in BUILDERS.items()}
