# SPDX-License-Identifier: AGPL-3.0-or-later
"""Trustees' decryptions and the lottery's draws on the ledger: implements rules D1 to D4 of
specs/tally.md#partial-decryption and rule L1 of specs/tally.md#lottery.
"""

from dataclasses import dataclass, field
from typing import Any

from verifier.backend import G1, Backend
from verifier.errors import BrokenError
from verifier.manifest import Contest
from verifier.record import Bodies
from verifier.rules import Exclusions
from verifier.seats import Draw, Standing, is_valid_draw, needs_draw, read_draw
from verifier.signatures import is_valid
from verifier.tally import EncryptedTally, check_decryption, decryption_body_bytes, read_decryption


@dataclass(slots=True)
class DecryptionRules:
    """State of rules D1 to D4. Before an approved closing every decryption is excluded by D1 or D2."""

    backend: Backend
    election: bytes
    keys: tuple[bytes, ...]
    shares: tuple[bytes, ...]
    threshold: int
    closing: bytes | None
    """Hash of the effective closing's proposal entry."""
    bodies: Bodies
    tally: EncryptedTally | None
    enough: bool = True
    """Whether as many ballots are counted as a tally needs."""
    exclusions: Exclusions = field(default_factory=Exclusions)
    accepted: dict[int, tuple[G1, ...]] = field(default_factory=dict)
    missing: list[int] = field(default_factory=list)
    """Entries that D4 excludes because their body is missing."""
    tallied: int | None = None
    """The entry that made the t-th decryption."""
    examined: int = 0

    def take(self, index: int, value: Any, state: str) -> None:  # noqa: ANN401
        """Take one entry, in the order of the ledger; in state `void` or before issuing there are no trustees."""
        self.examined += 1
        rule = self._rule(index, value, state)
        if rule:
            self.exclusions.add(index, rule)

    def _rule(self, index: int, value: Any, state: str) -> str:  # noqa: ANN401
        known = state not in ("draft", "ceremony", "nomination", "roll-frozen")
        try:
            decryption = read_decryption(value)
        except BrokenError:
            return "D1"
        trustee = decryption.trustee
        if not (
            known
            and decryption.election == self.election
            and 1 <= trustee <= len(self.keys)
            and is_valid(self.keys[trustee - 1], decryption.signature, decryption.statement)
        ):
            return "D1"
        if state != "closed" or decryption.closing != self.closing or self.tally is None or not self.enough:
            return "D2"
        if trustee in self.accepted:
            return "D3"
        size = self.bodies.size_of(decryption.body)
        if size is None:
            self.missing.append(index)
            return "D4"
        if size != decryption_body_bytes(len(self.tally.a)):
            return "D4"
        share = self.shares[trustee - 1]
        body = self.bodies.read(decryption.body)
        try:
            self.accepted[trustee] = check_decryption(self.backend, self.tally, share, decryption, body)
        except BrokenError:
            return "D4"
        if len(self.accepted) == self.threshold and self.tallied is None:
            self.tallied = index
        return ""


@dataclass(slots=True)
class DrawRules:
    """State of rule L1: the ties of the election, and the draws that break them."""

    backend: Backend
    election: bytes
    standing_key: bytes | None
    contests: tuple[Contest, ...]
    standings: tuple[Standing, ...]
    tallied: int | None
    """The entry that made the t-th decryption."""
    certified: int | None
    """The entry that approved the certificate."""
    exclusions: Exclusions = field(default_factory=Exclusions)
    draws: dict[int, tuple[int, Draw]] = field(default_factory=dict)
    """Contest to (entry, draw)."""
    examined: int = 0

    def take(self, index: int, value: Any) -> None:  # noqa: ANN401
        """Take one entry, in the order of the ledger."""
        self.examined += 1
        try:
            draw = read_draw(value, self.backend)
        except BrokenError:
            self.exclusions.add(index, "L1")
            return
        contest = draw.contest
        if (
            self.tallied is None
            or index <= self.tallied
            or (self.certified is not None and index > self.certified)
            or self.standing_key is None
            or contest >= len(self.contests)
            or contest in self.draws
            or not needs_draw(self.contests[contest], self.standings[contest])
            or draw.options != self.standings[contest].tied
            or not is_valid_draw(self.backend, self.standing_key, self.election, draw)
        ):
            self.exclusions.add(index, "L1")
            return
        self.draws[contest] = (index, draw)

    @property
    def needed(self) -> list[int]:
        """Contests whose tie has to be drawn."""
        pairs = zip(self.contests, self.standings, strict=True)
        return [number for number, (contest, standing) in enumerate(pairs) if needs_draw(contest, standing)]
