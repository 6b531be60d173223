# SPDX-License-Identifier: AGPL-3.0-or-later
"""Seats by a slow rule: try every order of the options that the totals allow."""

from __future__ import annotations

from itertools import pairwise, permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.protocol.manifest import Contest, Option
from crypto.protocol.seats import Seating, allocate_seats, margin, needs_draw

NAMES = [f"Option {letter}" for letter in "ABCDEF"]


def contest(count: int, seats: int, *, tie: Any = "lottery", zero: bool = False) -> Contest:
    options = tuple(Option({"en": NAMES[number]}) for number in range(count))
    return Contest({"en": "Contest"}, options, 0, count, seats, tie, zero)


def slow(totals: list[int], seats: int, *, zero: bool) -> tuple[set[int], set[int]]:
    """Who is elected in every fair order of equal options, and who in some but not in all."""
    candidates = [option for option, total in enumerate(totals) if total or zero]
    outcomes = []
    for order in permutations(candidates):
        if all(totals[a] >= totals[b] for a, b in pairwise(order)):
            outcomes += [set(order[:seats])]
    if not outcomes:
        return set(), set()
    always, sometimes = set.intersection(*outcomes), set.union(*outcomes)
    return always, sometimes - always


@given(st.lists(st.integers(0, 3), min_size=1, max_size=5), st.integers(1, 5), st.booleans())
def test_elected_are_those_whom_every_order_elects(totals: list[int], seats: int, zero: bool) -> None:
    seats = min(seats, len(totals))
    seating = allocate_seats(contest(len(totals), seats, zero=zero), totals)
    always, sometimes = slow(totals, seats, zero=zero)
    assert set(seating.elected) == always
    assert set(seating.tied) == sometimes
    assert list(seating.tied) == sorted(seating.tied)
    assert list(seating.elected) == sorted(seating.elected, key=lambda option: (-totals[option], option))
    if seating.tied:
        assert len({totals[option] for option in seating.tied}) == 1
        assert seating.open_seats == seats - len(seating.elected)
        assert 0 < seating.open_seats < len(seating.tied)
    else:
        assert seating.open_seats == 0


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=4),
    st.integers(1, 4),
    st.booleans(),
    st.sampled_from(["lottery", "vacant"]),
)
def test_the_margin_is_by_the_rules_of_the_page(totals: list[int], seats: int, zero: bool, tie: str) -> None:
    seats = min(seats, len(totals))
    made = contest(len(totals), seats, tie=tie, zero=zero)
    seating = allocate_seats(made, totals)
    drawn = seating.tied if needs_draw(made, seating) else ()
    elected = seating.elected + tuple(reversed(drawn))[: seating.open_seats if drawn else 0]
    losers = set(range(len(totals))) - set(elected)
    found = margin(made, totals, elected, drawn)
    if not losers:
        assert found is None
    elif len(elected) < seats:
        assert found == 1
    elif losers & set(drawn):
        assert found == 0
    else:
        assert found == min(totals[option] for option in elected) - max(totals[option] for option in losers)
        assert found is not None
        assert found > 0 or zero


@pytest.mark.parametrize("totals", [[], [1], [1, 2, 3]])
def test_another_number_of_totals_is_our_mistake(totals: list[int]) -> None:
    with pytest.raises(ValueError, match=f"{len(totals)} totals for 2 options"):
        allocate_seats(contest(2, 1), totals)


def test_the_tie_rule_decides_whether_lots_are_drawn() -> None:
    tied = Seating((), (0, 1), 1)
    assert allocate_seats(contest(2, 1), [3, 3]) == tied
    assert allocate_seats(contest(2, 1, tie="vacant"), [3, 3]) == tied
    assert needs_draw(contest(2, 1), tied)
    assert not needs_draw(contest(2, 1, tie="vacant"), tied)
    assert not needs_draw(contest(2, 1), Seating((0,), (), 0))
