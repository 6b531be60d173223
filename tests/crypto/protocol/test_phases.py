# SPDX-License-Identifier: AGPL-3.0-or-later
"""The table of transitions against the page's."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from crypto.errors import WrongPhase
from crypto.protocol.phases import State, content_kind, next_by_fact

PAGE = (Path(__file__).resolve().parents[3] / "specs" / "election.md").read_text("utf-8")


def rows() -> tuple[dict[tuple[str, str], str], dict[str, str]]:
    """Approved transitions with their content, and facts."""
    section = PAGE.split("## Transitions", 1)[1].split("\n## ", 1)[0]
    approved, facts = {}, {}
    states = [state.value for state in State]
    for source, target, how, content in re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", section, re.MULTILINE):
        if source == "from":
            continue
        first, _, last = source.partition(" .. ")
        for state in states[states.index(first) : states.index(last or first) + 1]:
            if how.startswith("fact"):
                facts[state] = target
            else:
                approved[state, target] = content.split("`")[1]
    return approved, facts


APPROVED, FACTS = rows()


def test_the_table_was_found() -> None:
    assert len(APPROVED) == 15
    assert FACTS == {"ceremony": "nomination", "closed": "tallied"}


def test_states_are_those_of_the_page() -> None:
    line = PAGE.split("## States", 1)[1].split("`")[1]
    assert [state.value for state in State] == line.split(", ")


@pytest.mark.parametrize("pair", list(product(State, State)), ids=lambda pair: f"{pair[0]} to {pair[1]}")
def test_every_pair_of_states(pair: tuple[State, State]) -> None:
    source, target = pair
    expected = APPROVED.get((source.value, target.value))
    if expected is None:
        with pytest.raises(WrongPhase, match=f"no approval leads from {source} to {target}"):
            content_kind(source, target)
    else:
        assert content_kind(source, target) == expected


@pytest.mark.parametrize("state", list(State))
def test_facts(state: State) -> None:
    if state.value in FACTS:
        assert next_by_fact(state).value == FACTS[state.value]
    else:
        with pytest.raises(WrongPhase, match=f"no fact leads on from {state}"):
            next_by_fact(state)
