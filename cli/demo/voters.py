# SPDX-License-Identifier: AGPL-3.0-or-later
"""How simulated members behave: when they ask for a credential, when they vote, whether again, whether they challenge.

Choices come from a seeded generator and can be repeated; keys and encryption never do.

Spec: specs/ballot.md#voting-again, specs/ballot.md#challenge
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from crypto.protocol.manifest import Contest, Schedule

Choice = tuple[tuple[int, ...], ...]
"""For each contest, 0 or 1 for each option."""

WAIT_AFTER_LATE_REQUEST = 2
"""Batches that a client waits at least when it asked for its credential during voting."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How often, in percent, members do what."""

    stay_away: int = 10
    never_ask: int = 5
    ask_late: int = 10
    vote_twice: int = 15
    challenge: int = 8


@dataclass(frozen=True, slots=True)
class Vote:
    """One ballot of a member: in which batch, with which marks, after challenging the machine with which others."""

    batch: int
    choice: Choice
    challenge: Choice | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What one member does. `ask` is None if it never asks for a credential."""

    ask: int | None
    votes: tuple[Vote, ...]

    @property
    def counted(self) -> Choice | None:
        """The choice that counts."""
        return self.votes[-1].choice if self.votes else None


def random_choice(random: Random, contests: Sequence[Contest]) -> Choice:
    """Marks as a crowd with favourites would set them: earlier options are somewhat more liked."""
    choice = []
    for contest in contests:
        count = random.randint(max(contest.minimum, min(1, contest.maximum)), contest.maximum)
        liked = sorted(range(len(contest.options)), key=lambda option: random.random() * (option + 2))
        choice.append(tuple(int(option in liked[:count]) for option in range(len(contest.options))))
    return tuple(choice)


def make_plans(
    random: Random,
    choices: Sequence[Choice] | None,
    count: int,
    contests: Sequence[Contest],
    schedule: Schedule,
    issuing: int,
    habits: Habits,
) -> list[Plan]:
    """A plan for each of `count` members.

    Args:
        choices: what each member finally votes; None to draw choices, and who stays away, at random.
        issuing: first batch in which requests are taken.
    """
    plans = []
    for number in range(count):
        if choices is None:
            away = random.randrange(100)
            if away < habits.stay_away:
                ask = random.randint(issuing, schedule.voting_opens - 1) if away >= habits.never_ask else None
                plans.append(Plan(ask, ()))
                continue
        final = choices[number] if choices is not None else random_choice(random, contests)
        plans.append(_voting_plan(random, final, contests, schedule, issuing, habits))
    return plans


def _voting_plan(
    random: Random, final: Choice, contests: Sequence[Contest], schedule: Schedule, issuing: int, habits: Habits
) -> Plan:
    late = random.randrange(100) < habits.ask_late
    # What is sent in one batch stands in the next, so the last one for requests is too late to ask. Registrars answer
    # within an hour or so; who asks late leaves room for that and for the wait.
    last = schedule.voting_closes - 4 * ANSWER_EVERY - WAIT_AFTER_LATE_REQUEST
    ask = random.randint(schedule.voting_opens, min(schedule.requests_close - 1, last)) if late else None
    if ask is None:
        ask = random.randint(issuing, schedule.voting_opens - 1)
    earliest = max(schedule.voting_opens, ask + 3 * ANSWER_EVERY + WAIT_AFTER_LATE_REQUEST)
    batch = random.randint(earliest, schedule.voting_closes - 1)
    challenge = random_choice(random, contests) if random.randrange(100) < habits.challenge else None
    if random.randrange(100) < habits.vote_twice and batch + 8 < schedule.voting_closes:
        again = random.randint(batch + 8, schedule.voting_closes - 1)
        first = random_choice(random, contests)
        return Plan(ask, (Vote(batch, first, challenge), Vote(again, final)))
    return Plan(ask, (Vote(batch, final, challenge),))


ANSWER_EVERY = 6
"""Batches after which registrars look at the ledger and answer."""


def plain_count(choices: Sequence[Choice], contests: Sequence[Contest]) -> tuple[tuple[int, ...], ...]:
    """Totals by counting plain marks: what the encrypted tally must equal."""
    totals = [[0] * len(contest.options) for contest in contests]
    for choice in choices:
        for total, marks in zip(totals, choice, strict=True):
            for option, mark in enumerate(marks):
                total[option] += mark
    return tuple(tuple(total) for total in totals)
