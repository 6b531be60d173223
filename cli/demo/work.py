# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spreading dear work over processes, with a bounded amount under way.

Spec: specs/verification.md#order-of-work
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from crypto.protocol.recount import Mapper

T = TypeVar("T")
R = TypeVar("R")

CHUNKS_UNDER_WAY = 3
"""For each process; more would only fill memory."""


@contextmanager
def workers(jobs: int) -> Iterator[Mapper]:
    """A mapper over `jobs` processes; in this process for one job."""
    if jobs <= 1:
        yield map
        return
    with ProcessPoolExecutor(jobs) as pool:

        def spread(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
            waiting: deque[Future[R]] = deque()
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) >= CHUNKS_UNDER_WAY * jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

        yield spread
