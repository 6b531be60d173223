# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the sample records of specs/vectors/records show, and how the forger makes each.

What a sample must come out as stands here by hand: `records.py` refuses to write a sample that the verifier judges otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.forge import Script
from tests.forge.preparation import CLOSES
from tests.generate.record_forgeries import (
    Files,
    OutageScript,
    always,
    everything,
    false_ballot,
    first,
    give_up,
    in_ceremony,
    lost_slot,
    moved_votes,
    other_history,
    put,
    shares_lost,
    small,
    uninvited,
    unlisted_ballot,
    without,
)
from tests.verifier.evidence import stopped_before

Totals = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """One record.

    Args:
        name: of its folder; begins with its verdict.
        shows: in words.
        make: gives the forge that has made it.
        fails: the check that says FAIL.
        lacks: checks that say NOT CHECKED of themselves; those that need them or `fails` follow.
        totals: of each contest, as cast; None where no totals can be known.
        rules: by which an entry is excluded, one each, ascending.
        state: of the election at the end of the record.
        spoil: changes the files afterwards.
    """

    name: str
    shows: str
    make: Callable[[], Script]
    fails: str | None = None
    lacks: tuple[str, ...] = ()
    totals: Totals | None = None
    rules: tuple[str, ...] = ()
    state: str = "certified"
    spoil: Callable[[Files, Script], None] | None = None

    @property
    def verdict(self) -> str:
        """As specs/verification.md#verdict has it."""
        return "INVALID" if self.fails else "INCOMPLETE" if self.lacks else "VALID"


CAST: Final = ((5, 2, 1),)
"""What the six voters of the small election voted."""

SAMPLES: Final = (
    Sample(
        "valid-everything",
        "a complete election of two contests: a voter votes again, two options tie and the lot decides, and entries are "
        "excluded by thirteen rules and listed; one of three decryptions is false",
        everything,
        totals=((6, 3, 3, 2), (6, 2, 1)),
        rules=("A4", "B1", "B10", "B2", "B5", "B7", "C1", "D4", "L1", "P1", "Q1", "Q4", "S1"),
    ),
    Sample(
        "valid-absent-holders",
        "one of four registrars and one of three trustees never do anything; those left are just enough",
        small(
            ready_registrars=first(3),
            listed_registrars=always([1, 2, 3]),
            answering=first(3),
            ready_trustees=first(2),
            listed_trustees=always([1, 2]),
        ),
        totals=CAST,
    ),
    Sample(
        "valid-outage",
        "the log stops for four batches and comes back with a new key that the board signed; voting is extended by three",
        lambda: OutageScript().build(),
        totals=CAST,
    ),
    Sample(
        "valid-with-evidence",
        "a plain election, and beside it what people hold: receipts, promises, a code, claims, checkpoints, an opened ballot",
        small(),
        totals=CAST,
    ),
    Sample(
        "incomplete-void",
        "the board gives the election up while votes are cast",
        lambda: give_up(stopped_before("later ballots", head=False), "voting"),
        lacks=("V25", "V27", "V31"),
        state="void",
    ),
    Sample(
        "incomplete-void-shares-lost",
        "after the end of voting two of three trustees say that they lost their share; nobody can decrypt any more",
        shares_lost,
        lacks=("V34",),
        state="void",
    ),
    Sample(
        "incomplete-ceremony",
        "copied while the trustees make their key: one confirmation is still to come",
        in_ceremony,
        lacks=("V19", "V20"),
        state="ceremony",
    ),
    Sample(
        "incomplete-voting",
        "copied while voting is open",
        lambda: stopped_before("last batch"),
        lacks=("V25", "V27", "V31"),
        state="voting",
    ),
    Sample(
        "incomplete-not-closed",
        "voting is over and the operator has proposed to close; the board has not approved yet",
        lambda: stopped_before("closing hash"),
        lacks=("V31", "V34"),
        state="voting",
    ),
    Sample(
        "incomplete-not-certified",
        "everything is there but the board's approval of the certificate",
        small(**{"stop before approval": always(value=True)}),
        lacks=("V39",),
        totals=CAST,
        state="tallied",
    ),
    Sample(
        "incomplete-body-missing",
        "the body of one counted ballot is missing from the record, and no list says that it is lost",
        small(),
        lacks=("V28",),
        spoil=lost_slot,
    ),
    Sample(
        "invalid-ballot-left-out",
        "the ballot of one voter is neither counted nor listed; sum, decryptions and certificate are consistent without it",
        small(counted=without(5)),
        fails="V29",
    ),
    Sample(
        "invalid-false-sum",
        "three votes are moved from one option to another inside the encrypted sum; everything behind it is consistent",
        small(tally=moved_votes),
        fails="V33",
    ),
    Sample(
        "invalid-false-totals",
        "the certificate states totals that the decryptions do not give",
        small(totals=lambda _, totals: [(2, 5, 1)]),
        fails="V35",
    ),
    Sample(
        "invalid-false-decryption",
        "the certificate counts on a trustee whose proof is false; one good decryption is left of the two that are needed",
        small(**{"decryption body 2": lambda _, body: body[:-1] + bytes([body[-1] ^ 1])}),
        fails="V34",
        rules=("D4",),
    ),
    Sample(
        "invalid-false-proof",
        "a ballot is counted although the proof of its contest fails",
        small(ballots=false_ballot),
        fails="V29",
        rules=("B10",),
    ),
    Sample(
        "invalid-unlisted-exclusion",
        "a ballot outside its chain is not counted, but the closing does not list it",
        small(ballots=unlisted_ballot, **{"content:closing": put(excluded=[])}),
        fails="V27",
        rules=("B7",),
    ),
    Sample(
        "invalid-too-many-credentials",
        "registrars gave a credential to somebody who never asked for one",
        small(ballots=uninvited),
        fails="V30",
        totals=((5, 3, 1),),
    ),
    Sample(
        "invalid-early-closing",
        "closed before the end of voting that the manifest fixes",
        small(**{"content:manifest": put(voting_closes=CLOSES + 2)}),
        fails="V31",
        totals=CAST,
    ),
    Sample(
        "invalid-forked-head",
        "log and witnesses signed a head of another history, of the same size",
        small(**{"head:election 10": other_history}),
        fails="V12",
        totals=CAST,
    ),
)
