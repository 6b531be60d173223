# SPDX-License-Identifier: AGPL-3.0-or-later
"""Registry of domain separation: implements specs/labels.md#labels.

Every label is made by one function, which refuses at import time a second use, a wrong form, and a label that is a
prefix of another.
"""

from typing import Final

_MIN_BYTES: Final = 12
_MAX_BYTES: Final = 200
_START: Final = b"VECHE-V1-"
_ALPHABET: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")

REGISTRY: dict[str, str] = {}


def _label(text: str, used_for: str) -> bytes:
    """Register a label for one purpose and return its bytes.

    Raises:
        ValueError: the label is used already, is a prefix of another (or another of it), or is not of the fixed form.

    """
    data = text.encode("ascii")
    if not _MIN_BYTES <= len(data) <= _MAX_BYTES or not data.startswith(_START) or not _ALPHABET.issuperset(data):
        message = f"label {text!r} is not of the fixed form"
        raise ValueError(message)
    for other in REGISTRY:
        if text.startswith(other) or other.startswith(text):
            message = f"label {text!r} clashes with {other!r}"
            raise ValueError(message)
    REGISTRY[text] = used_for
    return data


# specs/labels.md#statement-labels: what an Ed25519 key signs. The second argument is who signs.
REVIEWERS: Final = _label("VECHE-V1-REVIEWERS", "board")
PANEL: Final = _label("VECHE-V1-PANEL", "board")
STANDING_KEY: Final = _label("VECHE-V1-STANDING-KEY", "board")
ADMITTED: Final = _label("VECHE-V1-ADMITTED", "two reviewers")
KEY_ANNOUNCED: Final = _label("VECHE-V1-KEY-ANNOUNCED", "panel")
KEY_CHANGED: Final = _label("VECHE-V1-KEY-CHANGED", "old key, or panel")
SUSPENDED: Final = _label("VECHE-V1-SUSPENDED", "panel")
RESTORED: Final = _label("VECHE-V1-RESTORED", "panel")
LEFT: Final = _label("VECHE-V1-LEFT", "member")
ANNOUNCEMENT: Final = _label("VECHE-V1-ANNOUNCEMENT", "board")
ELECTION_KEYS: Final = _label("VECHE-V1-ELECTION-KEYS", "board")
LEDGER_KEY: Final = _label("VECHE-V1-LEDGER-KEY", "board")
APPROVAL: Final = _label("VECHE-V1-APPROVAL", "board")
CEREMONY_COMMITMENT: Final = _label("VECHE-V1-CEREMONY-COMMITMENT", "party")
CEREMONY_REVEAL: Final = _label("VECHE-V1-CEREMONY-REVEAL", "party")
CEREMONY_VERDICT: Final = _label("VECHE-V1-CEREMONY-VERDICT", "party")
CEREMONY_DISCLOSURE: Final = _label("VECHE-V1-CEREMONY-DISCLOSURE", "party")
CEREMONY_CONFIRMATION: Final = _label("VECHE-V1-CEREMONY-CONFIRMATION", "party")
READINESS: Final = _label("VECHE-V1-READINESS", "party")
REQUEST: Final = _label("VECHE-V1-REQUEST", "member")
ANSWER: Final = _label("VECHE-V1-ANSWER", "registrar")
ENVELOPE: Final = _label("VECHE-V1-ENVELOPE", "pseudonym")
PROMISE: Final = _label("VECHE-V1-PROMISE", "server")
DECRYPTION: Final = _label("VECHE-V1-DECRYPTION", "trustee")
SHARE_LOST: Final = _label("VECHE-V1-SHARE-LOST", "trustee")

# specs/labels.md#hash-labels: what a hash is for. The second argument is which function uses it.
SESSION: Final = _label("VECHE-V1-SESSION", "tagged hash")
TRANSCRIPT_OF_CEREMONY: Final = _label("VECHE-V1-TRANSCRIPT-OF-CEREMONY", "tagged hash")
BATCH_ORDER: Final = _label("VECHE-V1-BATCH-ORDER", "tagged hash")
DRAW_ORDER: Final = _label("VECHE-V1-DRAW-ORDER", "tagged hash")
HEDGE: Final = _label("VECHE-V1-HEDGE", "hedged randomness")
PSEUDONYM: Final = _label("VECHE-V1-PSEUDONYM", "tagged hash")
BLINDING_FACTOR: Final = _label("VECHE-V1-BLINDING-FACTOR", "hash to scalar")
CREDENTIAL: Final = _label("VECHE-V1-CREDENTIAL", "hash to curve")
LOTTERY_DRAW: Final = _label("VECHE-V1-LOTTERY-DRAW", "hash to curve")
CONTEST_GENERATOR: Final = _label("VECHE-V1-CONTEST-GENERATOR", "hash to curve")
CONTEST_PROOF: Final = _label("VECHE-V1-CONTEST-PROOF", "transcript")
CONTEST_CHALLENGE_W: Final = _label("VECHE-V1-CONTEST-CHALLENGE-W", "challenge")
CONTEST_CHALLENGE_X: Final = _label("VECHE-V1-CONTEST-CHALLENGE-X", "challenge")
PROOF_OF_POSSESSION: Final = _label("VECHE-V1-PROOF-OF-POSSESSION", "transcript")
PROOF_OF_READINESS: Final = _label("VECHE-V1-PROOF-OF-READINESS", "transcript")
SCHNORR_CHALLENGE: Final = _label("VECHE-V1-SCHNORR-CHALLENGE", "challenge")
PROOF_OF_DECRYPTION: Final = _label("VECHE-V1-PROOF-OF-DECRYPTION", "transcript")
EQUALITY_CHALLENGE: Final = _label("VECHE-V1-EQUALITY-CHALLENGE", "challenge")
