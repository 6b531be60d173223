# SPDX-License-Identifier: AGPL-3.0-or-later
"""Proofs that shares are readable: implements rule P1 of specs/key-ceremony.md#readiness."""

from dataclasses import dataclass, field
from typing import Any

from verifier import labels
from verifier.backend import Backend
from verifier.ceremony import REGISTRAR, TRUSTEE, DerivedKeys, Session
from verifier.encoding import Fields, load_canonical_json
from verifier.errors import BrokenError, RuleError
from verifier.proofs import verify_schnorr
from verifier.rules import Exclusions
from verifier.signatures import read_signature, require_valid, split_statement
from verifier.suite import PROOF_BYTES


@dataclass(slots=True)
class ReadinessRules:
    """Accepted proofs of readiness: for a manifest and a role, the entry of each party."""

    backend: Backend
    election: bytes
    sessions: dict[str, Session]
    derived: dict[str, DerivedKeys]
    exclusions: Exclusions = field(default_factory=Exclusions)
    accepted: dict[tuple[bytes, str], dict[int, int]] = field(default_factory=dict)
    examined: int = 0

    def take(self, index: int, value: Any, manifest: bytes | None) -> None:  # noqa: ANN401
        """Take one entry; ``manifest`` is the digest of the newest proposed manifest, if there is one."""
        self.examined += 1
        try:
            self._accept(index, value, manifest)
        except BrokenError:  # rule P1: no effect, and listed
            self.exclusions.add(index, "P1")

    def _accept(self, index: int, value: Any, manifest: bytes | None) -> None:  # noqa: ANN401
        fields = Fields(value, ("kind", "previous", "statement", "signature"), "readiness")
        statement, signature = fields.base64("statement"), read_signature(fields, "signature")
        payload = Fields(
            load_canonical_json(split_statement(statement, labels.READINESS, "readiness")),
            ("election", "manifest", "role", "party", "proof"),
            "readiness",
        )
        role = payload.constant("role", REGISTRAR, TRUSTEE)
        party, proof, digest = payload.u32("party"), payload.hex("proof", PROOF_BYTES), payload.hash("manifest")
        known = self.accepted.setdefault((digest, role), {}) if digest == manifest else {}
        if payload.hash("election") != self.election or digest != manifest or party in known:
            message = "readiness of another election or manifest, or a second one"
            raise RuleError(message)
        if not 1 <= party <= len(self.sessions[role].parties):
            message = f"readiness of unknown party {party}"
            raise RuleError(message)
        require_valid(self.sessions[role].parties[party - 1].key, signature, statement, "readiness")
        context = self.election + digest + role.encode("ascii") + party.to_bytes(4, "big")
        share = self.derived[role].shares[party - 1]
        verify_schnorr(self.backend, labels.PROOF_OF_READINESS, context, share, proof, "readiness")
        known[party] = index

    def ready(self, manifest: bytes, role: str, before: int) -> tuple[int, ...]:
        """Return the ascending indices of the parties with an accepted entry before an index."""
        entries = self.accepted.get((manifest, role), {})
        return tuple(sorted(party for party, index in entries.items() if index < before))
