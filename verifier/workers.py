# SPDX-License-Identifier: AGPL-3.0-or-later
"""Division of work: implements specs/verification.md#order-of-work.

The main process reads files in order and hands chunks of bytes to workers; results come back in the order of
submission, so nothing depends on how work was divided. With one job everything runs where it is submitted.
"""

import multiprocessing
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any, Final

from verifier.notes import SignatureClaim
from verifier.signatures import is_valid
from verifier.suite import SIGNATURE_BYTES

_IN_FLIGHT_PER_JOB: Final = 2
_SIGNATURES_IN_CHUNK: Final = 1024


class Pool:
    """Runs functions of this package on chunks, in order, with a bounded number of chunks in flight."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._executor: ProcessPoolExecutor | None = None
        self._waiting: deque[tuple[Future[Any], Callable[[Any], None]]] = deque()

    def submit(self, then: Callable[[Any], None], function: Callable[..., Any], *arguments: object) -> None:
        """Run ``function(*arguments)``, and ``then(result)`` here, after every ``then`` that was submitted before."""
        if self._jobs == 1:
            then(function(*arguments))
            return
        if self._executor is None:
            # Spawned, not forked: the same on every system, and no worker inherits open files.
            context = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(self._jobs, mp_context=context)
        while len(self._waiting) >= self._jobs * (1 + _IN_FLIGHT_PER_JOB):
            self._finish_one()
        self._waiting.append((self._executor.submit(function, *arguments), then))

    def after(self, then: Callable[[], None]) -> None:
        """Run ``then()`` here after the ``then`` of everything submitted before."""
        if not self._waiting:
            then()
            return
        done: Future[None] = Future()
        done.set_result(None)
        self._waiting.append((done, lambda _: then()))
        while len(self._waiting) > 4 * self._jobs * (1 + _IN_FLIGHT_PER_JOB):
            self._finish_one()

    def drain(self) -> None:
        """Wait until nothing is in flight."""
        while self._waiting:
            self._finish_one()

    def _finish_one(self) -> None:
        future, then = self._waiting.popleft()
        then(future.result())

    def close(self) -> None:
        """End the workers; what is still in flight is forgotten."""
        self._waiting.clear()
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None


def check_claims(claims: list[SignatureClaim]) -> int | None:
    """Return the place of the first signature that does not verify, or None (runs in a worker)."""
    for place, (key, signature, message) in enumerate(claims):
        if len(signature) != SIGNATURE_BYTES or not is_valid(key, signature, message):
            return place
    return None


class SignatureQueue:
    """Collects signatures that must all verify; ``problem`` names the first that did not, after `finish`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._claims: list[SignatureClaim] = []
        self._where: list[str] = []
        self.count = 0
        self.problem: str | None = None

    def add(self, claim: SignatureClaim, where: str) -> None:
        """Collect one signature; ``where`` begins the message if it fails."""
        self._claims.append(claim)
        self._where.append(where)
        self.count += 1
        if len(self._claims) >= _SIGNATURES_IN_CHUNK:
            self._send()

    def _send(self) -> None:
        claims, where = self._claims, self._where
        self._claims, self._where = [], []

        def then(place: int | None) -> None:
            if place is not None and self.problem is None:
                self.problem = f"{where[place]}: the signature by {claims[place][0].hex()[:16]}.. does not verify"

        self._pool.submit(then, check_claims, claims)

    def finish(self) -> None:
        """Verify the rest and wait."""
        if self._claims:
            self._send()
        self._pool.drain()
