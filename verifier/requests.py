# SPDX-License-Identifier: AGPL-3.0-or-later
"""Requests for credentials: implements specs/credential.md#request, rules Q1 to Q6."""

from dataclasses import dataclass, field
from typing import Final

from verifier import labels
from verifier.backend import load_backend
from verifier.compact import Table
from verifier.election import Signed
from verifier.errors import EncodingError
from verifier.rules import Exclusions
from verifier.signatures import is_valid
from verifier.suite import ED25519_KEY_BYTES, G1_BYTES, HASH_BYTES, MEMBER_ID_BYTES

_START: Final = len(labels.REQUEST) + 1
_MEMBER_AT: Final = _START + HASH_BYTES
_BLINDED_AT: Final = _MEMBER_AT + MEMBER_ID_BYTES
_GOOD: Final = 0
_CODES: Final = {4: "Q4", 5: "Q5"}

RequestItem = tuple[bytes, bytes, bytes]
"""(member key, signature, statement)."""


def check_requests(backend_name: str, items: list[RequestItem]) -> bytes:
    """Return one byte for each request: 0 good, 4 wrong signature (Q4), 5 wrong point (Q5). Runs in a worker."""
    backend = load_backend(backend_name)
    codes = bytearray(len(items))
    for place, (key, signature, statement) in enumerate(items):
        if not is_valid(key, signature, statement):
            codes[place] = 4
            continue
        try:
            backend.g1_decode(statement[_BLINDED_AT:])
        except EncodingError:
            codes[place] = 5
    return bytes(codes)


def make_roll_table(roll_body: bytes) -> Table:
    """Return the roll as a table from member id to key; a row is a position."""
    row_bytes = MEMBER_ID_BYTES + ED25519_KEY_BYTES
    roll = Table(MEMBER_ID_BYTES, ED25519_KEY_BYTES)
    for at in range(0, len(roll_body), row_bytes):
        roll.add(roll_body[at : at + MEMBER_ID_BYTES], roll_body[at + MEMBER_ID_BYTES : at + row_bytes])
    return roll


@dataclass(slots=True)
class RequestRules:
    """State of rules Q1 to Q6: which positions have a counted request, and the counted blinded elements in order."""

    election: bytes
    requests_close: int
    roll: Table
    exclusions: Exclusions
    examined: int = 0
    blinded: bytearray = field(default_factory=bytearray)
    _taken: bytearray = field(init=False)

    def __post_init__(self) -> None:
        """Begin with no position taken."""
        self._taken = bytearray(self.roll.count)

    @property
    def counted(self) -> int:
        """Number of counted requests so far."""
        return len(self.blinded) // G1_BYTES

    def prepare(self, signed: Signed | None, state: str, batch: int) -> tuple[str, int, RequestItem | None]:
        """Apply Q1 to Q3, which depend on nothing before.

        Returns:
            (rule or "", position or -1, what a worker has to check or None).

        """
        if signed is None:
            return "Q1", -1, None
        statement = signed.statement
        wrong_time = state not in ("issuing", "voting") or batch > self.requests_close
        if statement[_START:_MEMBER_AT] != self.election or wrong_time:
            return "Q2", -1, None
        position = self.roll.find(statement[_MEMBER_AT:_BLINDED_AT])
        if position < 0:
            return "Q3", -1, None
        return "", position, (self.roll.value(position), signed.signature, statement)

    def decide(self, index: int, rule: str, position: int, item: RequestItem | None, code: int) -> None:
        """Decide one request, in the order of the ledger, with a worker's code for it."""
        self.examined += 1
        if not rule and code != _GOOD:
            rule = _CODES[code]
        elif not rule and self._taken[position]:
            rule = "Q6"
        if rule or item is None:
            self.exclusions.add(index, rule)
            return
        self._taken[position] = 1
        self.blinded += item[2][_BLINDED_AT:]

    def blinded_elements(self, first: int, count: int) -> bytes:
        """Return the blinded elements of counted requests, 48 bytes each."""
        return bytes(self.blinded[first * G1_BYTES : (first + count) * G1_BYTES])
