# SPDX-License-Identifier: AGPL-3.0-or-later
"""specs/vectors/seats.json: totals, seats, ties and margins, worked out by hand."""

from __future__ import annotations

from typing import Any


def build() -> dict[str, Any]:
    return {"page": "tally.md", "cases": _cases()}


def _case(
    name: str, totals: list[int], seats: int, elected: list[int], *, tie: str = "lottery", zero: bool = False,
    tied: list[int] | None = None, left: int = 0, order: list[int] | None = None, margin: int | None,
) -> dict[str, Any]:  # fmt: skip
    """`elected` before any draw; `tied` options for `left` seats; `order` of the draw, if there is one."""
    return {
        "name": name,
        "totals": totals,
        "seats": seats,
        "tie": tie,
        "zero_votes_win": zero,
        "elected": elected,
        "tied": tied or [],
        "open_seats": left,
        "draw": order,
        "elected_after_draw": elected + (order or [])[:left],
        "margin": margin,
    }


def _cases() -> list[dict[str, Any]]:
    return [
        _case("one seat, one leads", [3, 5, 4], 1, [1], margin=1),
        _case("two seats by total, highest first", [3, 9, 4, 1], 2, [1, 2], margin=1),
        _case("equal totals stand by index", [4, 7, 4, 1], 3, [1, 0, 2], margin=3),
        _case("as many seats as options", [2, 1], 2, [0, 1], margin=None),
        _case("as many seats as options with votes", [2, 0, 1], 2, [0, 2], margin=1),
        _case("fewer options with votes than seats", [2, 0, 0], 2, [0], margin=1),
        _case("nobody has votes", [0, 0], 1, [], margin=1),
        _case("nobody has votes and zero wins", [0, 0], 1, [], zero=True, tied=[0, 1], left=1, order=[1, 0], margin=0),
        _case("nobody has votes, zero wins, seats for all", [0, 0], 2, [0, 1], zero=True, margin=None),
        _case("zero wins a seat", [3, 0], 2, [0, 1], zero=True, margin=None),
        _case("zero ties for a seat", [3, 0, 0], 2, [0], zero=True, tied=[1, 2], left=1, order=[2, 1], margin=0),
        _case("two tie for the only seat", [5, 5, 1], 1, [], tied=[0, 1], left=1, order=[1, 0], margin=0),
        _case("two tie for the last of two seats", [9, 5, 5, 1], 2, [0], tied=[1, 2], left=1, order=[2, 1], margin=0),
        _case("three tie for two seats", [5, 9, 5, 5], 3, [1], tied=[0, 2, 3], left=2, order=[3, 0, 2], margin=0),
        _case("all tie", [4, 4, 4], 2, [], tied=[0, 1, 2], left=2, order=[2, 0, 1], margin=0),
        _case("a tie that fits is no tie", [9, 5, 5, 1], 3, [0, 1, 2], margin=4),
        _case("a tie below the seats does not matter", [9, 5, 1, 1], 2, [0, 1], margin=4),
        _case("a tie leaves the seat vacant", [5, 5, 1], 1, [], tie="vacant", tied=[0, 1], left=1, margin=1),
        _case("a tie leaves one of two seats vacant", [9, 5, 5], 2, [0], tie="vacant", tied=[1, 2], left=1, margin=1),
        _case("one option", [1], 1, [0], margin=None),
        _case("one option without votes", [0], 1, [], margin=1),
        _case("one option without votes, zero wins", [0], 1, [0], zero=True, margin=None),
    ]
