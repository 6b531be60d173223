# SPDX-License-Identifier: AGPL-3.0-or-later
"""The states of an election and every way from one to another, as one table.

Spec: specs/election.md#states, specs/election.md#transitions
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from crypto.errors import WrongPhase


class State(StrEnum):
    """The states, in order."""

    DRAFT = "draft"
    CEREMONY = "ceremony"
    NOMINATION = "nomination"
    ROLL_FROZEN = "roll-frozen"
    ISSUING = "issuing"
    VOTING = "voting"
    CLOSED = "closed"
    TALLIED = "tallied"
    CERTIFIED = "certified"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row: `content` is the kind that the board approves, or None for a fact that needs nobody."""

    source: State
    target: State
    content: str | None


_BEFORE_CLOSED: Final = (
    State.DRAFT,
    State.CEREMONY,
    State.NOMINATION,
    State.ROLL_FROZEN,
    State.ISSUING,
    State.VOTING,
)

TRANSITIONS: Final = (
    Transition(State.DRAFT, State.CEREMONY, "appointment"),
    Transition(State.CEREMONY, State.CEREMONY, "appointment"),
    Transition(State.CEREMONY, State.NOMINATION, None),
    Transition(State.NOMINATION, State.ROLL_FROZEN, "roll"),
    Transition(State.ROLL_FROZEN, State.ISSUING, "manifest"),
    Transition(State.ISSUING, State.VOTING, "voting"),
    Transition(State.VOTING, State.VOTING, "extension"),
    Transition(State.VOTING, State.CLOSED, "closing"),
    Transition(State.CLOSED, State.TALLIED, None),
    Transition(State.TALLIED, State.CERTIFIED, "certificate"),
    *(Transition(state, State.VOID, "void") for state in _BEFORE_CLOSED),
    Transition(State.CLOSED, State.VOID, "void"),
)

_APPROVED: Final = {(row.source, row.target): row.content for row in TRANSITIONS if row.content is not None}
_FACTS: Final = {row.source: row.target for row in TRANSITIONS if row.content is None}


def content_kind(source: State, target: State) -> str:
    """The kind of content that moves an election from `source` to `target` once approved.

    Raises:
        WrongPhase: there is no such row.
    """
    kind = _APPROVED.get((source, target))
    if kind is None:
        raise WrongPhase(f"no approval leads from {source} to {target}")
    return kind


def next_by_fact(state: State) -> State:
    """The state that a fact leads to: nomination, or tallied.

    Raises:
        WrongPhase: no fact leads on from here.
    """
    if state not in _FACTS:
        raise WrongPhase(f"no fact leads on from {state}")
    return _FACTS[state]
