# SPDX-License-Identifier: AGPL-3.0-or-later
"""Simulated members never plan what the server would have to refuse."""

from __future__ import annotations

from random import Random

import pytest

from cli.demo.sample import sample_contests
from cli.demo.story import BATCHES_A_DAY, REQUESTS_CLOSE_BEFORE_END, VOTING_DAYS
from cli.demo.voters import Habits, make_plans
from crypto.protocol.manifest import Schedule


@pytest.mark.parametrize("seed", range(4))
def test_plans_keep_to_the_schedule(seed: int) -> None:
    """What is sent in batch b stands in b + 1: requests up to `requests_close`, ballots up to `voting_closes`."""
    issuing, opens = 20, 200
    closes = opens + VOTING_DAYS * BATCHES_A_DAY
    schedule = Schedule(requests_close=closes - REQUESTS_CLOSE_BEFORE_END, voting_opens=opens, voting_closes=closes)
    habits = Habits(ask_late=50, vote_twice=50)
    plans = make_plans(Random(seed), None, 5_000, sample_contests(), schedule, issuing, habits)
    asked = [plan.ask for plan in plans if plan.ask is not None]
    assert issuing <= min(asked)
    assert max(asked) + 1 == schedule.requests_close
    voted = [vote.batch for plan in plans for vote in plan.votes]
    assert opens <= min(voted)
    assert max(voted) + 1 == closes
    for plan in plans:
        batches = [vote.batch for vote in plan.votes]
        assert batches == sorted(set(batches))
        assert not batches or (plan.ask is not None and plan.ask < batches[0])
