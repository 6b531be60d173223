# SPDX-License-Identifier: AGPL-3.0-or-later
"""From totals to seats: who is elected, who ties, and by how much.

Spec: specs/tally.md#seats, specs/tally.md#margin
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crypto.protocol.manifest import Contest


@dataclass(frozen=True, slots=True)
class Seating:
    """Who has a seat before any draw.

    Args:
        elected: by total, highest first, equal ones by index.
        tied: options that tie for the remaining seats, ascending; empty if none do.
        open_seats: seats for which they tie.
    """

    elected: tuple[int, ...]
    tied: tuple[int, ...]
    open_seats: int


def allocate_seats(contest: Contest, totals: Sequence[int]) -> Seating:
    """Seats as far as the totals decide them.

    Raises:
        ValueError: another number of totals than options.
    """
    if len(totals) != len(contest.options):
        raise ValueError(f"{len(totals)} totals for {len(contest.options)} options")
    candidates = [option for option, total in enumerate(totals) if total > 0 or contest.zero_votes_win]
    candidates.sort(key=lambda option: (-totals[option], option))
    if len(candidates) <= contest.seats:
        return Seating(tuple(candidates), (), 0)
    boundary = totals[candidates[contest.seats - 1]]
    above = [option for option in candidates if totals[option] > boundary]
    equal = [option for option in candidates if totals[option] == boundary]
    left = contest.seats - len(above)
    if len(equal) <= left:
        return Seating((*above, *equal), (), 0)
    return Seating(tuple(above), tuple(sorted(equal)), left)


def needs_draw(contest: Contest, seating: Seating) -> bool:
    """Whether the remaining seats go by lot."""
    return bool(seating.tied) and contest.tie == "lottery"


def margin(contest: Contest, totals: Sequence[int], elected: Sequence[int], drawn: Sequence[int]) -> int | None:
    """How many marks decide a seat of the contest; None if every option has one.

    Args:
        elected: all who have a seat, by lot or not.
        drawn: options among which lots were drawn.
    """
    losers = [option for option in range(len(totals)) if option not in elected]
    if not losers:
        return None
    if len(elected) < contest.seats:
        return 1
    if any(option in losers for option in drawn):
        return 0
    return min(totals[option] for option in elected) - max(totals[option] for option in losers)
