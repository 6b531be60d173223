# SPDX-License-Identifier: AGPL-3.0-or-later
"""Envelopes and chains: implements specs/ballot.md#envelope and rules B1 to B8 of specs/ballot.md#counted-or-excluded.

What it leaves of a ballot is six bytes, and of a pseudonym some hundred.
"""

import struct
from array import array
from dataclasses import dataclass, field
from typing import Final

from verifier import labels
from verifier.backend import G1, Backend, load_backend
from verifier.compact import Table
from verifier.contest import random_weights
from verifier.election import Signed
from verifier.errors import EncodingError
from verifier.hashing import sha256
from verifier.rules import Exclusions
from verifier.signatures import is_acceptable_key, is_valid
from verifier.suite import ED25519_KEY_BYTES, GROUP_ORDER, HASH_BYTES

_ENVELOPE: Final = struct.Struct(">32s32s32s48sI32s32s")
_START: Final = len(labels.ENVELOPE) + 1
_STATE: Final = struct.Struct(">32sIII")
"""Of a pseudonym: hash of its last envelope in the chain, that one's batch, seq and slot."""
_NO_SLOT: Final = 0xFFFFFFFF
_GOOD: Final = 0
_CODES: Final = {4: "B4", 5: "B5"}

OUT, CHAIN, LOST, AFTER, CANDIDATE, COUNTED, BAD = range(7)
"""What became of a well-formed ballot: excluded by B2 to B8; in the chain; in the chain but without a body (B9); after
the closing; in the chain and to be examined; counted; excluded by B10. CHAIN means superseded once everything is
examined."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The fields of an envelope."""

    election: bytes
    manifest: bytes
    vk: bytes
    credential: bytes
    seq: int
    replaces: bytes
    body: bytes


EnvelopeItem = tuple[bytes, bytes]
"""(statement, signature)."""


def open_envelope(statement: bytes) -> Envelope:
    """Return the fields of a well-formed envelope statement."""
    return Envelope(*_ENVELOPE.unpack_from(statement, _START))


def _bisect(backend: Backend, key: G1, credentials: list[tuple[int, G1, G1]], bad: list[int]) -> None:
    """Find the credentials that do not satisfy ``e(sigma, G2) = e(H(m), P)``."""
    weights = random_weights(len(credentials))
    left = backend.g1_msm([sigma for _, sigma, _ in credentials], weights)
    right = backend.g1_msm([message for _, _, message in credentials], [GROUP_ORDER - weight for weight in weights])
    if backend.pairing_product_is_one(((left, backend.g2_generator()), (right, key))):
        return
    if len(credentials) == 1:
        bad.append(credentials[0][0])
        return
    middle = len(credentials) // 2
    _bisect(backend, key, credentials[:middle], bad)
    _bisect(backend, key, credentials[middle:], bad)


def check_envelopes(backend_name: str, issuing_key: bytes, items: list[EnvelopeItem]) -> bytes:
    """Return one byte for each envelope: 0 good, 4 wrong signature (B4), 5 wrong credential (B5). Runs in a worker.

    Credentials of a chunk are checked by one product of two pairings with random weights, bisected on failure.
    """
    backend = load_backend(backend_name)
    codes = bytearray(len(items))
    credentials: list[tuple[int, G1, G1]] = []
    for place, (statement, signature) in enumerate(items):
        envelope = open_envelope(statement)
        if not is_valid(envelope.vk, signature, statement):
            codes[place] = 4
            continue
        try:
            sigma = backend.g1_decode(envelope.credential)
        except EncodingError:
            codes[place] = 5
            continue
        credentials.append((place, sigma, backend.hash_to_g1(labels.CREDENTIAL, envelope.election + envelope.vk)))
    if credentials:
        bad: list[int] = []
        _bisect(backend, backend.g2_decode(issuing_key), credentials, bad)
        for place in bad:
            codes[place] = 5
    return bytes(codes)


@dataclass(slots=True)
class EnvelopeRules:
    """State of rules B1 to B8: the chain of every pseudonym, and for every slot what became of it."""

    election: bytes
    manifest: bytes
    voting_opens: int
    max_revotes: int
    roll_keys: Table
    role_keys: frozenset[bytes]
    stated: Exclusions | None
    """Sorted list of the closing that the ballots are compared with; its B9 pairs are taken from it."""
    exclusions: Exclusions
    examined: int = 0
    lost: int = 0
    """Ballots excluded by B9."""
    pseudonyms: Table = field(default_factory=lambda: Table(ED25519_KEY_BYTES, _STATE.size))
    status: bytearray = field(default_factory=bytearray)
    below: "array[int]" = field(default_factory=lambda: array("I"))
    """For each slot, the slot of the envelope before it in its chain."""

    def prepare(self, signed: Signed | None, state: str, batch: int) -> tuple[str, EnvelopeItem | None]:
        """Apply B1 to B3, which depend on nothing before: (rule or "", what a worker has to check or None)."""
        if signed is None:
            return "B1", None
        envelope = open_envelope(signed.statement)
        if (
            envelope.election != self.election
            or envelope.manifest != self.manifest
            or state != "voting"
            or batch < self.voting_opens
        ):
            return "B2", None
        vk = envelope.vk
        if not is_acceptable_key(vk) or vk in self.role_keys or self.roll_keys.find(vk) >= 0:
            return "B3", None
        return "", (signed.statement, signed.signature)

    def decide(self, index: int, batch: int, rule: str, item: EnvelopeItem | None, code: int, *, formed: bool) -> None:
        """Decide one ballot, in the order of the ledger, with a worker's code for it (rules B4 to B8)."""
        self.examined += 1
        slot = len(self.status)
        below = _NO_SLOT
        if not rule and code != _GOOD:
            rule = _CODES[code]
        if not rule and item is not None:
            rule, below = self._continue_chain(item[0], batch, slot)
        if rule:
            self.exclusions.add(index, rule)
            if formed:
                self._add_slot(OUT, _NO_SLOT)
        elif self.stated is not None and self.stated.rule_of(index) == "B9":
            self.exclusions.add(index, "B9")
            self.lost += 1
            self._add_slot(LOST, below)
        else:
            self._add_slot(CHAIN, below)

    def skip(self) -> None:
        """Take a well-formed ballot after the closing, which has a slot and counts for nothing."""
        self._add_slot(AFTER, _NO_SLOT)

    def _add_slot(self, status: int, below: int) -> None:
        self.status.append(status)
        self.below.append(below)

    def _continue_chain(self, statement: bytes, batch: int, slot: int) -> tuple[str, int]:
        envelope = open_envelope(statement)
        row = self.pseudonyms.find(envelope.vk)
        last_hash, last_batch, last_seq, last_slot = bytes(HASH_BYTES), -1, 0, _NO_SLOT
        if row >= 0:
            last_hash, last_batch, last_seq, last_slot = _STATE.unpack(self.pseudonyms.value(row))
        if last_seq >= self.max_revotes:
            return "B6", _NO_SLOT
        if envelope.seq != last_seq + 1 or envelope.replaces != last_hash:
            return "B7", _NO_SLOT
        if batch == last_batch:
            return "B8", _NO_SLOT
        state = _STATE.pack(sha256(statement), batch, envelope.seq, slot)
        if row >= 0:
            self.pseudonyms.set_value(row, state)
        else:
            self.pseudonyms.add(envelope.vk, state)
        return "", last_slot

    def mark_candidates(self) -> int:
        """Mark, of each chain, the highest ballot whose body is not lost; return how many were marked."""
        marked = 0
        for row in range(self.pseudonyms.count):
            *_, slot = _STATE.unpack(self.pseudonyms.value(row))
            marked += self.mark_from(slot)
        return marked

    def mark_from(self, slot: int) -> bool:
        """Mark the highest ballot of a chain from ``slot`` downwards that may still count."""
        while slot != _NO_SLOT and self.status[slot] in (LOST, BAD):
            slot = self.below[slot]
        if slot == _NO_SLOT:
            return False
        self.status[slot] = CANDIDATE
        return True
