# SPDX-License-Identifier: AGPL-3.0-or-later
"""Registrars' answers: implements specs/credential.md#answer, rules A1 to A4."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from verifier import labels
from verifier.backend import load_backend
from verifier.contest import random_weights
from verifier.encoding import Fields, load_canonical_json
from verifier.errors import BrokenError, EncodingError
from verifier.record import Bodies
from verifier.rules import Exclusions
from verifier.signatures import is_valid, read_signature, split_statement
from verifier.suite import G1_BYTES, GROUP_ORDER
from verifier.workers import Pool

_POINTS_IN_CHUNK: Final = 2048


@dataclass(frozen=True, slots=True)
class Answer:
    """A well-formed answer: requests ``first`` to ``first + count - 1``, partial signatures in the body."""

    election: bytes
    registrar: int
    first: int
    count: int
    body: bytes
    statement: bytes
    signature: bytes


def read_answer(value: Any) -> Answer:  # noqa: ANN401
    """Read an answer entry.

    Raises:
        EncodingError: members, types, label, payload (rule A1).

    """
    fields = Fields(value, ("kind", "previous", "statement", "signature"), "answer")
    statement, signature = fields.base64("statement"), read_signature(fields, "signature")
    payload = Fields(
        load_canonical_json(split_statement(statement, labels.ANSWER, "answer")),
        ("election", "registrar", "first", "count", "body"),
        "answer",
    )
    count = payload.u32("count")
    if count < 1:
        message = "answer: it covers no request"
        raise EncodingError(message)
    return Answer(
        payload.hash("election"),
        payload.u32("registrar"),
        payload.u32("first"),
        count,
        payload.hash("body"),
        statement,
        signature,
    )


def check_partial_signatures(backend_name: str, share: bytes, blinded: bytes, signatures: bytes) -> bool:
    """Check ``e(S_k, G2) = e(B_k, P_j)`` for all k by one product with random weights. Runs in a worker.

    Args:
        backend_name: the arithmetic.
        share: P_j, 96 bytes.
        blinded: the B_k, 48 bytes each, decoded strictly before (Q5).
        signatures: the S_k, 48 bytes each; decoded strictly here.

    """
    backend = load_backend(backend_name)
    places = range(0, len(signatures), G1_BYTES)
    try:
        answers = [backend.g1_decode(signatures[at : at + G1_BYTES]) for at in places]
    except EncodingError:
        return False
    requests = [backend.g1_decode_again(blinded[at : at + G1_BYTES]) for at in places]
    weights = random_weights(len(answers))
    left = backend.g1_msm(answers, weights)
    right = backend.g1_msm(requests, [GROUP_ORDER - weight for weight in weights])
    return backend.pairing_product_is_one(((left, backend.g2_generator()), (right, backend.g2_decode(share))))


@dataclass(slots=True)
class AnswerRules:
    """State of rules A1 to A4: what each registrar's entries have covered, and who answered which request."""

    backend_name: str
    election: bytes
    keys: tuple[bytes, ...]
    shares: tuple[bytes, ...]
    stated: Exclusions | None
    """Sorted list of the closing that the answers are compared with; its A3 pairs are taken from it."""
    bodies: Bodies
    exclusions: Exclusions
    examined: int = 0
    missing: list[int] = field(default_factory=list)
    """Answers before the closing whose body is missing and not listed."""
    answers_of: bytearray = field(default_factory=bytearray)
    """For each counted request, how many registrars have answered it."""
    _covered: list[int] = field(init=False)
    _pending: deque[tuple[int, Answer]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        """Begin with nothing covered."""
        self._covered = [0] * len(self.keys)

    def decide(self, index: int, value: Any, state: str, counted: int, *, counts: bool) -> None:  # noqa: ANN401
        """Apply A1 and A2 in the order of the ledger.

        Args:
            index: of the entry.
            value: the entry's JSON.
            state: in which it stands.
            counted: number of counted requests before it.
            counts: whether it stands before the closing; a later one answers nothing any more.

        """
        self.examined += counts
        known = state not in ("draft", "ceremony", "nomination", "roll-frozen")  # before, no registrar is known
        try:
            answer = read_answer(value)
            good = (
                known
                and answer.election == self.election
                and 1 <= answer.registrar <= len(self.keys)
                and is_valid(self.keys[answer.registrar - 1], answer.signature, answer.statement)
            )
        except BrokenError:
            good = False
        if not good:
            self.exclusions.add(index, "A1")
            return
        done = self._covered[answer.registrar - 1]
        late = not counts or state not in ("issuing", "voting")
        if late or answer.first != done or done + answer.count > counted:
            self.exclusions.add(index, "A2")
            return
        self._covered[answer.registrar - 1] += answer.count
        self._pending.append((index, answer))

    def dispatch(self, pool: Pool, blinded: bytearray) -> None:
        """Send the partial signatures of decided answers to workers (rules A3 and A4)."""
        while self._pending:
            index, answer = self._pending.popleft()
            size = self.bodies.size_of(answer.body)
            if self.stated is not None and self.stated.rule_of(index) == "A3":
                self.exclusions.add(index, "A3")
            elif size is None:
                self.missing.append(index)
            elif size != G1_BYTES * answer.count:
                self.exclusions.add(index, "A4")
            else:
                self._send(pool, index, answer, blinded)

    def _send(self, pool: Pool, index: int, answer: Answer, blinded: bytearray) -> None:
        verdicts: list[bool] = []
        pieces = range(0, answer.count, _POINTS_IN_CHUNK)

        def then(good: bool) -> None:  # noqa: FBT001 - a worker's result
            verdicts.append(good)
            if len(verdicts) < len(pieces):
                return
            if not all(verdicts):
                self.exclusions.add(index, "A4")
                return
            end = answer.first + answer.count
            if len(self.answers_of) < end:
                self.answers_of.extend(bytes(end - len(self.answers_of)))
            for request in range(answer.first, end):
                self.answers_of[request] += 1

        share = self.shares[answer.registrar - 1]
        for first in pieces:
            count = min(_POINTS_IN_CHUNK, answer.count - first)
            signatures = self.bodies.read(answer.body, first * G1_BYTES, count * G1_BYTES)
            start = (answer.first + first) * G1_BYTES
            elements = bytes(blinded[start : start + count * G1_BYTES])
            pool.submit(then, check_partial_signatures, self.backend_name, share, elements, signatures)

    def answered(self, threshold: int) -> int:
        """Return how many requests at least ``threshold`` registrars have answered."""
        return sum(count >= threshold for count in self.answers_of)
