# SPDX-License-Identifier: AGPL-3.0-or-later
"""Large valid records, made quickly by someone who holds all keys."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path

from crypto import labels
from crypto.blindsig.blinding import BlindedPseudonym, blind, credential_message
from crypto.encoding.members import encode_base64
from crypto.group import ZERO, Scalar, decode_g1, encode_g1, lagrange_at_zero
from crypto.hashing import sha256
from crypto.proofs.contest import BallotContext
from crypto.proofs.contest_prover import ContestProver
from crypto.protocol.ballot import encrypt_ballot
from crypto.protocol.entry import ZERO_HASH
from crypto.protocol.manifest import Contest, Option
from crypto.secret import Secret
from crypto.sharing.session import REGISTRAR
from crypto.signing import SigningKey, make_statement
from tests.forge.base import BallotSpec
from tests.forge.preparation import CLOSES, OPENS
from tests.forge.script import Script

NON_VOTERS = 12
MIN_VOTES = 10
"""A record in which only these vote measures what requests cost by themselves."""


def one_contest(options: int, most: int) -> tuple[Contest, ...]:
    """A contest of `options` options and up to `most` marks."""
    names = tuple(Option({"en": f"Option {number:04}", "ru": f"Вариант {number:04}"}) for number in range(options))
    return (Contest({"en": "Only contest", "ru": "Единственный список"}, names, 0, most, 1, "vacant"),)


def real_contests() -> tuple[Contest, ...]:
    """The shape of the election of 2012: 169, 16, 13 and 11 options."""
    contests = []
    for title, options, most in (("first", 169, 30), ("second", 16, 5), ("third", 13, 5), ("fourth", 11, 5)):
        names = tuple(Option({"en": f"{title} {n:03}", "ru": f"{title} {n:03}"}) for n in range(options))
        contests.append(Contest({"en": title, "ru": title}, names, 0, most, most, "vacant"))
    return tuple(contests)


SHAPES = {2: one_contest(2, 1), 5: one_contest(5, 2), 20: one_contest(20, 5), 209: real_contests()}


class BulkScript(Script):
    """The forge's script with many members; those who vote vote once.

    Args:
        voters: members with a credential.
        votes: how many of them vote.
    """

    def __init__(self, contests: Sequence[Contest], voters: int, votes: int, pool: ProcessPoolExecutor) -> None:
        super().__init__({})
        self.contests = contests
        self.voter_count = voters
        self.votes = votes
        self.member_count = voters + NON_VOTERS
        self.pool = pool
        self._blinded: dict[int, BlindedPseudonym] = {}

    def voter_numbers(self) -> list[int]:
        # Member 12 left before the roll was frozen.
        return [number for number in range(1, self.voter_count + 2) if number != 12]

    def marks(self, voter: int) -> Sequence[Sequence[int]]:
        chosen = []
        for contest in self.contests:
            marks = [0] * len(contest.options)
            for step in range(contest.maximum):
                marks[(voter + step) % len(marks)] = 1
            chosen.append(marks)
        return chosen

    def play_voting(self) -> None:
        """All ballots, spread over the batches of voting."""
        shares, key = self.shares[REGISTRAR], self.shares[REGISTRAR][0].key
        coefficients = lagrange_at_zero(range(1, key.session.threshold + 1))
        issuing = sum((coefficients[s.index] * s.value.reveal() for s in shares[: len(coefficients)]), ZERO)
        self.specs = []
        voters = self.voter_numbers()[: self.votes]
        parts = [voters[start :: CLOSES - OPENS] for start in range(CLOSES - OPENS)]
        self.last = CLOSES
        for number, part in enumerate(parts):
            if number:
                self.batch(OPENS + number)
            self.add_ballots(self.make_many(part, issuing))
        self.batch(CLOSES)

    def make_many(self, voters: Sequence[int], issuing: Scalar) -> list[BallotSpec]:
        """Ballots of many voters, made in worker processes."""
        tally = bytes.fromhex(self.manifest["tally"]["key"])
        prepared = []
        for voter in voters:
            signing = blind(self.secrets[voter], self.election).signing
            credential = encode_g1(credential_message(self.election, signing.public) * issuing)
            prepared.append((voter, signing, credential))
        tasks = [
            (
                tally,
                self.contests,
                BallotContext(self.manifest_digest, self.election, signing.public, 1),
                self.marks(voter),
            )
            for voter, signing, _ in prepared
        ]
        bodies = self.pool.map(encrypt_one, tasks, chunksize=16)
        return [
            self.seal(signing, credential, body)
            for (_, signing, credential), body in zip(prepared, bodies, strict=True)
        ]

    def seal(self, signing: SigningKey, credential: bytes, body: bytes) -> BallotSpec:
        """The entry of a ballot."""
        payload = self.election + self.manifest_digest + signing.public + credential
        statement = make_statement(labels.ENVELOPE, payload + (1).to_bytes(4, "big") + ZERO_HASH + sha256(body))
        members = {"envelope": encode_base64(statement), "signature": signing.sign(statement).hex()}
        return BallotSpec(members, body, bytes(signing.public))


def encrypt_one(task: tuple[bytes, Sequence[Contest], BallotContext, Sequence[Sequence[int]]]) -> bytes:
    """One body; runs in a worker."""
    tally, contests, context, marks = task
    shapes = [contest.shape for contest in contests]
    return encrypt_ballot(prover(tally), context, shapes, marks, Secret(b"bench"), 1).body


@lru_cache(maxsize=2)
def prover(tally: bytes) -> ContestProver:
    """Tables for a tally key."""
    return ContestProver(decode_g1(tally), 10)


def make_record(folder: Path, options: int, voters: int, votes: int, pool: ProcessPoolExecutor) -> Path:
    """Write a record with `votes` ballots by members of whom `voters` asked for a credential."""
    folder.mkdir(parents=True)
    BulkScript(SHAPES[options], voters, votes, pool).build().write(folder)
    return folder
