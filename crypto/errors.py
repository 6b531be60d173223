# SPDX-License-Identifier: AGPL-3.0-or-later
"""Everything that `crypto` raises about data from outside, by whose fault it is.

    CryptoError
      EncodingError             bytes are not the one encoding of a value
        NonCanonical              another encoding of a value that has one
        MalformedScalar           not 32 bytes below the group order
        MalformedPoint            length, flags, coordinate or curve equation
        NotInSubgroup             on the curve, outside the subgroup of prime order
        IdentityPoint             the identity where it is forbidden
        UnsafeText                a text that could deceive a reader
      VerificationError         an equation does not hold
        InvalidSignature
        InvalidProof
        InvalidCommitment         a reveal that was not committed to
        InvalidShare              names the culprits
        InvalidCredential
        InvalidOpening            a challenged ballot that was not encrypted as claimed
        InvalidInclusionProof
        InvalidConsistencyProof
        InvalidCheckpoint
        BrokenChain
        ForkEvidence              two signed roots of one size; carries both notes
      ProtocolError             a good value at the wrong place, time or number
        UnsafePolicy
        InvalidManifest
        WrongPhase
        InvalidApproval
        ContentMismatch           a content that is not what anyone recomputes
        RegisterError
        KeyReuse
        ChainError                a ballot that does not continue its pseudonym's chain
        ThresholdNotMet           carries used, bad and missing parties
        TranscriptMismatch
        TallyError
        TooFewBallots
        SecondRequest             a trustee was asked to decrypt something else
        Excluded                  an entry without effect; carries the rule

Misuse by our own code is `ValueError` or `TypeError`.

Spec: specs/conventions.md#failures
"""

from __future__ import annotations

from collections.abc import Iterable


class CryptoError(Exception):
    """The root: nothing else about outside data leaves this package."""


class EncodingError(CryptoError):
    """Bytes that are not the one encoding of a value."""


class NonCanonical(EncodingError):
    """A second encoding of a value that has exactly one."""


class MalformedScalar(EncodingError):
    """Not 32 big-endian bytes below the group order."""


class MalformedPoint(EncodingError):
    """Wrong length, flags or coordinate, or off the curve."""


class NotInSubgroup(EncodingError):
    """A point of the curve outside the subgroup of prime order."""


class IdentityPoint(EncodingError):
    """The identity where a page of the specification forbids it."""


class UnsafeText(EncodingError):
    """A text that is unclean, or confusable with another one beside it."""


class VerificationError(CryptoError):
    """An equation that does not hold."""


class InvalidSignature(VerificationError):
    """An Ed25519 signature that does not verify, or one too few, or by someone not entitled."""


class InvalidProof(VerificationError):
    """A proof of knowledge or of a well-formed contest that does not verify."""


class InvalidCommitment(VerificationError):
    """A reveal that differs from what its party committed to."""


class InvalidShare(VerificationError):
    """A share or partial result that does not fit its public share."""

    def __init__(self, message: str, culprits: Iterable[int]) -> None:
        super().__init__(message)
        self.culprits = frozenset(culprits)


class InvalidCredential(VerificationError):
    """A credential that does not verify under the election's issuing key."""


class InvalidOpening(VerificationError):
    """A challenged ballot whose ciphertexts are not what the opening says."""


class InvalidInclusionProof(VerificationError):
    """An inclusion proof that does not lead to the root."""


class InvalidConsistencyProof(VerificationError):
    """A consistency proof that does not lead from one root to the other."""


class InvalidCheckpoint(VerificationError):
    """A checkpoint with a wrong root, signature, or too few cosignatures."""


class BrokenChain(VerificationError):
    """An entry that does not name the hash of the one before it."""


class ForkEvidence(VerificationError):
    """Two roots of one size under one log key."""

    def __init__(self, message: str, ours: bytes, theirs: bytes) -> None:
        super().__init__(message)
        self.ours = ours
        self.theirs = theirs


class ProtocolError(CryptoError):
    """A good value at the wrong place, time or number."""


class UnsafePolicy(ProtocolError):
    """A policy whose quorums or keys would not protect anybody."""


class InvalidManifest(ProtocolError):
    """A manifest whose numbers contradict each other or the ledger."""


class WrongPhase(ProtocolError):
    """Something that the state of the election does not allow."""


class InvalidApproval(ProtocolError):
    """An approval that is not of the newest proposal, or not by a quorum."""


class ContentMismatch(ProtocolError):
    """A proposed content that differs from what anyone recomputes."""


class RegisterError(ProtocolError):
    """An entry of the register that contradicts the register."""


class KeyReuse(ProtocolError):
    """A key that stands in a second place."""


class ChainError(ProtocolError):
    """An envelope that does not continue its pseudonym's chain."""


class ThresholdNotMet(ProtocolError):
    """Fewer good shares than the threshold; says whose are used, bad and missing."""

    def __init__(self, message: str, *, used: Iterable[int], bad: Iterable[int], missing: Iterable[int]) -> None:
        super().__init__(message)
        self.used = frozenset(used)
        self.bad = frozenset(bad)
        self.missing = frozenset(missing)


class TranscriptMismatch(ProtocolError):
    """Parties of a ceremony that saw different messages."""


class TallyError(ProtocolError):
    """A tally that has no result."""


class TooFewBallots(ProtocolError):
    """So few ballots that their sum would tell how people voted."""


class SecondRequest(ProtocolError):
    """A trustee was asked to decrypt a second, different sum of one election."""


class Excluded(ProtocolError):
    """An entry that has no effect: the one numbered rule that excludes it, and why."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(f"{rule}: {reason}")
        self.rule = rule
        self.reason = reason
