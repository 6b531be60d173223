# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bodies of ballots: implements rules B9 and B10 of specs/ballot.md#counted-or-excluded, specs/record.md#record
(Ballots) and the sum of specs/tally.md#sum.

The file of ballots is read in step with the ledger's entries. The first pass compares every body with its envelope and
examines the top ballot of each chain; only if some of those fail is the file read again for the ones below them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from verifier.backend import G1, Backend, load_backend
from verifier.ballots import AFTER, BAD, CANDIDATE, CHAIN, COUNTED, LOST, OUT, EnvelopeRules, open_envelope
from verifier.contest import ElectionContext, Proof, decode_body, verify_batch
from verifier.election import ElectionScan, match_ballot
from verifier.errors import BrokenError
from verifier.hashing import sha256
from verifier.record import Source
from verifier.rules import Exclusions
from verifier.suite import G1_UNCOMPRESSED_BYTES
from verifier.workers import Pool

_CHUNK_BYTES: Final = 8 << 20
_OTHER, _FITS, _GOOD, _BAD = range(4)

BodyItem = tuple[bytes, bytes, bytes, int, bool]
"""(body, SHA-256 that the envelope names, vk, seq, whether the proofs are to be examined)."""


def check_bodies(backend_name: str, context: ElectionContext, items: list[BodyItem]) -> tuple[bytes, bytes]:
    """Examine a chunk of bodies. Runs in a worker.

    Returns:
        One byte for each item (0: not the named body; 1: the named body; 2: and its proofs are good; 3: and it is
        excluded by B10), and the sums of the ciphertexts of the good ones, A and B of each option in order, 96 bytes
        each and not cleared.

    """
    backend = load_backend(backend_name)
    codes = bytearray(len(items))
    places: list[int] = []
    decoded: list[tuple[Proof, ...]] = []
    for place, (body, digest, vk, seq, prove) in enumerate(items):
        codes[place] = _FITS if sha256(body) == digest else _OTHER
        if not prove or codes[place] == _OTHER:
            continue
        try:
            decoded.append(decode_body(backend, context, vk, seq, body))
        except BrokenError:
            codes[place] = _BAD
            continue
        places.append(place)
    sums = [backend.g1_identity()] * (2 * context.ciphertexts)
    if decoded:
        for place, proofs, good in zip(places, decoded, verify_batch(backend, context, decoded), strict=True):
            codes[place] = _GOOD if good else _BAD
            if good:
                ciphertexts = [point for proof in proofs for point in proof.ciphertexts]
                sums = backend.g1_add_each(sums, ciphertexts)
    return bytes(codes), b"".join(backend.g1_encode_curve(point) for point in sums)


def slots(source: Source, body_bytes: int) -> Iterator[bytes]:
    """Yield the slots of the file of ballots in order."""
    for block in source.blocks(body_bytes):
        for at in range(0, len(block), body_bytes):
            yield block[at : at + body_bytes]


@dataclass(slots=True)
class BodyRules:
    """What passes over the bodies leave: which ballots count, and the sum of their ciphertexts."""

    backend: Backend
    context: ElectionContext
    scan: ElectionScan
    rules: EnvelopeRules
    exclusions: Exclusions
    last_batch: int
    """Ballots of later batches are late if they count."""
    examined: int = 0
    counted: int = 0
    late: int = 0
    missing: list[int] = field(default_factory=list)
    """Entries in a chain whose body is neither there nor listed."""
    other: list[int] = field(default_factory=list)
    """Entries whose slot holds another body."""
    sums: list[G1] = field(init=False)
    _failed: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with empty sums."""
        self.sums = [self.backend.g1_identity()] * (2 * self.context.ciphertexts)

    @property
    def superseded(self) -> int:
        """Number of ballots below a counted one of their chain."""
        return self.rules.status.count(CHAIN)

    def run(self, entries: Source, ballots: Source, pool: Pool, progress: Callable[[str], None]) -> None:
        """Pass over all bodies, and again as long as the top ballot of some chain turned out bad."""
        self.rules.mark_candidates()
        first = True
        while first or self._failed:
            marked = [slot for slot in self._failed if self.rules.mark_from(slot)]
            if not first and not marked:
                return
            self._failed = []
            self._sweep(entries, ballots, pool, progress, compare=first)
            pool.drain()
            first = False

    def _sweep(
        self, entries: Source, ballots: Source, pool: Pool, progress: Callable[[str], None], *, compare: bool
    ) -> None:
        items: list[BodyItem] = []
        places: list[tuple[int, int]] = []
        proofs = size = 0
        status = self.rules.status
        bodies = slots(ballots, self.context.body_bytes)
        for slot, (index, raw) in enumerate(self.scan.entries(entries, (self.scan.ballot,))):
            body = next(bodies, b"")
            prove = status[slot] == CANDIDATE
            if not (compare or prove):
                continue
            if compare:
                self.examined += 1
            if not body.strip(b"\x00"):
                if status[slot] in (CHAIN, CANDIDATE):
                    self.missing.append(index)
                    status[slot] = CHAIN
                continue
            signed = match_ballot(raw)
            if signed is None:
                continue
            envelope = open_envelope(signed.statement)
            items.append((body, envelope.body, envelope.vk, envelope.seq, prove))
            places.append((slot, index))
            proofs += prove
            size += len(body)
            if proofs >= self.context.ballots_in_chunk or size >= _CHUNK_BYTES:
                self._send(pool, items, places)
                items, places, proofs, size = [], [], 0, 0
                progress(f"ballots, {100 * slot // len(status)} %")
        if items:
            self._send(pool, items, places)

    def _send(self, pool: Pool, items: list[BodyItem], places: list[tuple[int, int]]) -> None:
        def then(result: tuple[bytes, bytes]) -> None:
            codes, sums = result
            for (slot, index), code in zip(places, codes, strict=True):
                self._take(slot, index, code)
            for place in range(len(self.sums)):
                data = sums[place * G1_UNCOMPRESSED_BYTES : (place + 1) * G1_UNCOMPRESSED_BYTES]
                if any(data):
                    self.sums[place] = self.backend.g1_add(self.sums[place], self.backend.g1_decode_curve(data))

        pool.submit(then, check_bodies, self.backend.name, self.context, items)

    def _take(self, slot: int, index: int, code: int) -> None:
        if code == _OTHER:
            self.other.append(index)
        elif code == _GOOD:
            self.rules.status[slot] = COUNTED
            self.counted += 1
            self.late += self.scan.batch_of(index) > self.last_batch
        elif code == _BAD:
            self.rules.status[slot] = BAD
            self.exclusions.add(index, "B10")
            self._failed.append(slot)

    def fate(self, slot: int) -> str:
        """Return in words what became of a well-formed ballot that no rule before B9 excluded."""
        return {
            OUT: "excluded",
            CHAIN: "superseded by a later ballot of the same pseudonym",
            LOST: "excluded by rule B9",
            AFTER: "excluded by rule B2: it stands behind the closing",
            CANDIDATE: "not examined",
            COUNTED: "counted",
            BAD: "excluded by rule B10",
        }[self.rules.status[slot]]
