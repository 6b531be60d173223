# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pass that applies rules Q, A and B1 to B8 to an election's entries, in the order of the ledger
(specs/verification.md#order-of-work).

Signatures, points and credentials go to workers in chunks; what depends on entries before is decided here, when a chunk
comes back. So a rule is decided in the order of the ledger however many workers there are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from verifier.answers import AnswerRules
from verifier.ballots import EnvelopeItem, EnvelopeRules, check_envelopes
from verifier.election import ElectionScan, match_ballot, match_request
from verifier.encoding import load_canonical_json
from verifier.record import Source
from verifier.requests import RequestItem, RequestRules, check_requests
from verifier.rules import Exclusions
from verifier.transitions import Replay
from verifier.workers import Pool

_ITEMS_IN_CHUNK: Final = 1024
_EVENTS_IN_CHUNK: Final = 4096

_RequestEvent = tuple[int, str, int, RequestItem | None]
_AnswerEvent = tuple[int, Any, str, bool]
_BallotEvent = tuple[int, int, str, EnvelopeItem | None, bool]


@dataclass(slots=True)
class Rulings:
    """Rules for requests, answers and envelopes; ``limit`` is the entry of the closing proposal (or the end)."""

    backend_name: str
    scan: ElectionScan
    replay: Replay
    issuing_key: bytes
    limit: int
    exclusions: Exclusions
    requests: RequestRules
    answers: AnswerRules
    ballots: EnvelopeRules

    def run(self, entries: Source, pool: Pool, progress: Callable[[str], None]) -> None:
        """Take all requests, answers and ballots, and wait for the workers."""
        scan = self.scan
        answer = scan.code("answer")
        codes = (scan.request, scan.malformed_request, answer, scan.ballot, scan.malformed_ballot)
        issuing: list[_RequestEvent | _AnswerEvent] = []
        voting: list[_BallotEvent] = []
        request_items = ballot_items = 0
        for index, raw in scan.entries(entries, codes):
            code = scan.kinds[index]
            if code == answer:
                issuing.append((index, load_canonical_json(raw), self.replay.state_at(index), index < self.limit))
            elif index >= self.limit:
                if code == scan.ballot:
                    voting.append((index, -1, "", None, True))
            elif code in (scan.request, scan.malformed_request):
                state, batch = self.replay.state_at(index), scan.batch_of(index)
                request_event = (index, *self.requests.prepare(match_request(raw), state, batch))
                issuing.append(request_event)
                request_items += request_event[3] is not None
            else:
                state, batch = self.replay.state_at(index), scan.batch_of(index)
                rule, item = self.ballots.prepare(match_ballot(raw), state, batch)
                voting.append((index, batch, rule, item, code == scan.ballot))
                ballot_items += item is not None
            if request_items >= _ITEMS_IN_CHUNK or len(issuing) >= _EVENTS_IN_CHUNK:
                self._send_issuing(pool, issuing)
                issuing, request_items = [], 0
                self.answers.dispatch(pool, self.requests.blinded)
            if ballot_items >= _ITEMS_IN_CHUNK or len(voting) >= _EVENTS_IN_CHUNK:
                self._send_voting(pool, voting)
                voting, ballot_items = [], 0
                progress(f"rights to vote, {100 * index // scan.count} %")
        self._send_issuing(pool, issuing)
        self._send_voting(pool, voting)
        pool.drain()
        self.answers.dispatch(pool, self.requests.blinded)
        pool.drain()
        self.exclusions.sort()

    def _send_issuing(self, pool: Pool, events: list[_RequestEvent | _AnswerEvent]) -> None:
        items = [event[3] for event in events if isinstance(event[3], tuple)]

        def then(codes: bytes) -> None:
            left = iter(codes)
            for event in events:
                index, second, third, fourth = event
                if isinstance(fourth, bool):
                    state = third if isinstance(third, str) else ""
                    self.answers.decide(index, second, state, self.requests.counted, counts=fourth)
                else:
                    position = third if isinstance(third, int) else -1
                    code = next(left) if fourth is not None else 0
                    self.requests.decide(index, str(second), position, fourth, code)

        self._send(pool, then, check_requests, items)

    def _send_voting(self, pool: Pool, events: list[_BallotEvent]) -> None:
        items = [event[3] for event in events if event[3] is not None]

        def then(codes: bytes) -> None:
            left = iter(codes)
            for index, batch, rule, item, formed in events:
                if batch < 0:
                    self.ballots.skip()
                else:
                    code = next(left) if item is not None else 0
                    self.ballots.decide(index, batch, rule, item, code, formed=formed)

        self._send(pool, then, check_envelopes, self.issuing_key, items)

    def _send(
        self, pool: Pool, then: Callable[[bytes], None], function: Callable[..., bytes], *arguments: object
    ) -> None:
        if arguments[-1]:
            pool.submit(then, function, self.backend_name, *arguments)
        else:
            pool.after(lambda: then(b""))
