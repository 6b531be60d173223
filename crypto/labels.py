# SPDX-License-Identifier: AGPL-3.0-or-later
"""The registry of domain separation labels.

Every label is made here, once. A second use of a name, and a name that is a prefix of another, are refused when the
module is imported, so two purposes can never share a hash or a signature.

Spec: specs/labels.md#labels
"""

from __future__ import annotations

from typing import Final, NewType

from crypto.suite import SUITE_ID

Label = NewType("Label", bytes)

_MIN_BYTES: Final = 12
_MAX_BYTES: Final = 200
_registry: dict[bytes, Label] = {}


def _register(purpose: str) -> Label:
    name = f"{SUITE_ID}-{purpose}".encode("ascii")
    if not _MIN_BYTES <= len(name) <= _MAX_BYTES:
        raise ValueError(f"label {name!r} is not {_MIN_BYTES} to {_MAX_BYTES} bytes long")
    for other in _registry:
        if name.startswith(other) or other.startswith(name):
            raise ValueError(f"label {name!r} clashes with {other!r}")
    label = Label(name)
    _registry[name] = label
    return label


def registered() -> frozenset[Label]:
    """All labels, for comparison with specs/labels.md."""
    return frozenset(_registry.values())


# Statements, signed with Ed25519. Spec: specs/labels.md#statement-labels
REVIEWERS: Final = _register("REVIEWERS")
PANEL: Final = _register("PANEL")
STANDING_KEY: Final = _register("STANDING-KEY")
ADMITTED: Final = _register("ADMITTED")
KEY_ANNOUNCED: Final = _register("KEY-ANNOUNCED")
KEY_CHANGED: Final = _register("KEY-CHANGED")
SUSPENDED: Final = _register("SUSPENDED")
RESTORED: Final = _register("RESTORED")
LEFT: Final = _register("LEFT")
ANNOUNCEMENT: Final = _register("ANNOUNCEMENT")
ELECTION_KEYS: Final = _register("ELECTION-KEYS")
LEDGER_KEY: Final = _register("LEDGER-KEY")
APPROVAL: Final = _register("APPROVAL")
CEREMONY_COMMITMENT: Final = _register("CEREMONY-COMMITMENT")
CEREMONY_REVEAL: Final = _register("CEREMONY-REVEAL")
CEREMONY_VERDICT: Final = _register("CEREMONY-VERDICT")
CEREMONY_DISCLOSURE: Final = _register("CEREMONY-DISCLOSURE")
CEREMONY_CONFIRMATION: Final = _register("CEREMONY-CONFIRMATION")
READINESS: Final = _register("READINESS")
REQUEST: Final = _register("REQUEST")
ANSWER: Final = _register("ANSWER")
ENVELOPE: Final = _register("ENVELOPE")
PROMISE: Final = _register("PROMISE")
DECRYPTION: Final = _register("DECRYPTION")
SHARE_LOST: Final = _register("SHARE-LOST")

# Hashes. Spec: specs/labels.md#hash-labels
SESSION: Final = _register("SESSION")
TRANSCRIPT_OF_CEREMONY: Final = _register("TRANSCRIPT-OF-CEREMONY")
BATCH_ORDER: Final = _register("BATCH-ORDER")
DRAW_ORDER: Final = _register("DRAW-ORDER")
HEDGE: Final = _register("HEDGE")
PSEUDONYM: Final = _register("PSEUDONYM")
BLINDING_FACTOR: Final = _register("BLINDING-FACTOR")
CREDENTIAL: Final = _register("CREDENTIAL")
LOTTERY_DRAW: Final = _register("LOTTERY-DRAW")
CONTEST_GENERATOR: Final = _register("CONTEST-GENERATOR")
CONTEST_PROOF: Final = _register("CONTEST-PROOF")
CONTEST_CHALLENGE_W: Final = _register("CONTEST-CHALLENGE-W")
CONTEST_CHALLENGE_X: Final = _register("CONTEST-CHALLENGE-X")
PROOF_OF_POSSESSION: Final = _register("PROOF-OF-POSSESSION")
PROOF_OF_READINESS: Final = _register("PROOF-OF-READINESS")
SCHNORR_CHALLENGE: Final = _register("SCHNORR-CHALLENGE")
PROOF_OF_DECRYPTION: Final = _register("PROOF-OF-DECRYPTION")
EQUALITY_CHALLENGE: Final = _register("EQUALITY-CHALLENGE")
