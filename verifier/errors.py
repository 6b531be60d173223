# SPDX-License-Identifier: AGPL-3.0-or-later
"""Kinds of refusal.

Implements the split by fault of specs/conventions.md#failures, seen from an auditor: whatever is wrong with bytes,
equations or order is a failed check; whatever is absent is a check that could not be made.
"""


class VerifierError(Exception):
    """Root of every error that this package raises on purpose."""


class BrokenError(VerifierError):
    """Evidence is there and is wrong: the check that meets it fails."""


class EncodingError(BrokenError):
    """Bytes are not the one encoding of a value."""


class VerificationError(BrokenError):
    """A signature, an equation or a recomputed hash does not hold."""


class RuleError(BrokenError):
    """A good value stands in the wrong place, time, order or number."""


class EvidenceMissingError(VerifierError):
    """Evidence is absent: the check that needs it is NOT CHECKED.

    ``provisional`` says that the check has computed all it could and only lacks what an unfinished election cannot have
    yet, so that checks behind it may still compute and report.
    """

    def __init__(self, message: str, *, provisional: bool = False) -> None:
        super().__init__(message)
        self.provisional = provisional


class UsageError(VerifierError):
    """The command was called wrongly; the message says what to do. Exit code 64."""
