# SPDX-License-Identifier: AGPL-3.0-or-later
"""One small deployment and election from which most vectors are taken: policy, register, keys, manifest, ballots.

Nothing of it ever ran: it is written down at once by somebody who holds every key.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from tests.generate import plain
from tests.generate.drbg import derive, derive_scalar
from tests.generate.plain import (
    ZEROS,
    Ed25519,
    b64,
    canonical,
    compressed,
    entry,
    hash_to_g1,
    hash_to_scalar,
    leaf_hash,
    sha256,
    signatures,
    tagged_hash,
    times,
    tree_root,
    u32,
)
from tests.generate.plain_ceremony import Ceremony, parties
from tests.generate.plain_contest import Proof, Statement, prove

HOST = "v.example:443"
EPOCH = 1_767_225_600
DAY = 86_400
CONTESTS = ((2, 0, 1), (3, 1, 2))
"""(n, min, max) of each contest."""
MEMBERS = 6
VOTERS = 2


def person(role: str, number: int) -> dict[str, str]:
    letter = "ABCDEFGHJK"[number]
    return {
        "key": signer(role, number).public.hex(),
        "name": f"{role.capitalize()} {letter}",
        "organisation": f"Organisation {letter}",
    }


def reviewer_list() -> list[dict[str, str]]:
    """Four people of three organisations."""
    last = {**person("reviewer", 3), "organisation": person("reviewer", 0)["organisation"]}
    return [*(person("reviewer", i) for i in range(3)), last]


@cache
def signer(role: str, number: int = 0) -> Ed25519:
    return Ed25519(derive(f"world {role} {number}"))


def witness_name(number: int) -> str:
    return f"witness-{'abcd'[number]}"


@dataclass(frozen=True)
class Vote:
    """One cast ballot."""

    voter: int
    sequence: int
    marks: tuple[tuple[int, ...], ...]
    proofs: tuple[Proof, ...]
    body: bytes
    envelope: bytes
    signature: bytes


class World:
    """Everything is computed when it is asked for, and once."""

    register_origin = f"{HOST}/register"

    @cached_property
    def policy(self) -> dict[str, Any]:
        return {
            "version": 1,
            "suite": "VECHE-V1",
            "name": "Vectors",
            "demonstration": True,
            "host": HOST,
            "register": {"key": signer("register log").public.hex(), "epoch": EPOCH, "interval": DAY},
            "board": {"quorum": 2, "members": [person("board", i) for i in range(3)]},
            "witnesses": {
                "quorum": 3,
                "members": [
                    {**person("witness", i), "name": witness_name(i), "mirror": i != 3} for i in range(4)
                ],
            },
            "faulty": {"board": 1, "lottery": 1, "registrars": 1, "trustees": 1, "witnesses": 1},
            "clock_tolerance": 60,
        }  # fmt: skip

    @property
    def fingerprint(self) -> bytes:
        return sha256(canonical(self.policy))

    # --- the register

    @cached_property
    def lottery(self) -> Ceremony:
        return Ceremony("lottery", parties("lottery", 3), 2, sha256(self.register_origin.encode()))

    @cached_property
    def lottery_transcript(self) -> bytes:
        messages = [{"signature": m.signature.hex(), "statement": b64(m.statement)} for m in self.lottery.messages]
        return canonical({"messages": messages})

    def member_id(self, number: int) -> bytes:
        return derive(f"world member {number} id", 16)

    def member_key(self, number: int) -> Ed25519:
        return signer("member", number)

    @cached_property
    def register(self) -> list[dict[str, Any]]:
        """Entries with what they were made of: `entry`, `kind`, and for signed ones label, payload, statement."""
        made: list[dict[str, Any]] = []
        board = [signer("board", i) for i in range(3)]
        panel = [signer("panel", i) for i in range(3)]
        reviewers = [signer("reviewer", i) for i in range(3)]
        counts = {"board": 0}

        def append(kind: str, **members: Any) -> None:
            previous = sha256(made[-1]["entry"]) if made else ZEROS
            made.append({"kind": kind, "entry": entry(kind, previous, **members)})

        def signed(kind: str, keys: list[Ed25519], subject: str, **members: Any) -> bytes:
            payload = {"register": self.register_origin, "sequence": counts.get(subject, 0), **members}
            statement = plain.json_statement(kind.upper(), payload)
            append(kind, statement=b64(statement), signatures=signatures(keys, statement))
            counts[subject] = counts.get(subject, 0) + 1
            made[-1] |= {"statement": statement, "payload": payload}
            return statement

        def about(kind: str, keys: list[Ed25519], member: int, **members: Any) -> None:
            identifier = self.member_id(member).hex()
            signed(kind, keys, identifier, member=identifier, **members)

        append("register", policy=self.policy)
        append("batch", number=0)
        signed("reviewers", board[:2], "board", reviewers=reviewer_list())
        signed("panel", board[1:], "board", quorum=2, members=[person("panel", i) for i in range(3)])
        signed(
            "standing-key", board[:2], "board",
            purpose="lottery", key=compressed(self.lottery.public).hex(), session=self.lottery.descriptor,
            transcript=sha256(self.lottery_transcript).hex(),
        )  # fmt: skip
        for number in range(MEMBERS):
            pair = [reviewers[number % 3], reviewers[(number + 1) % 3]]
            about("admitted", pair, number, case=number + 100, key=self.member_key(number).public.hex())
        append("batch", number=1)
        new_keys = [signer("member new", number) for number in range(MEMBERS)]
        about("key-changed", [self.member_key(2)], 2, key=new_keys[2].public.hex())
        about("key-announced", panel[:2], 3, key=new_keys[3].public.hex())
        about("suspended", panel[:2], 4, reason="identity")
        about("suspended", panel[1:], 2, reason="duplicate")
        about("restored", panel[:2], 2, reason="error")
        about("left", [self.member_key(5)], 5)
        append("batch", number=15)
        about("key-changed", panel[1:], 3, key=new_keys[3].public.hex())
        append("batch", number=40)
        statement = signed(
            "announcement", board[:2], "board",
            title={"en": "Council", "ru": "Совет"}, epoch=EPOCH + 41 * DAY, interval=3600, eligibility_days=30,
            ledger_key=signer("election log").public.hex(), nonce=derive("world nonce").hex(),
        )  # fmt: skip
        self._announcement = statement
        return made

    @cached_property
    def register_entries(self) -> list[bytes]:
        return [item["entry"] for item in self.register]

    @cached_property
    def election(self) -> bytes:
        """The election id."""
        _ = self.register
        return sha256(self._announcement)

    @property
    def election_origin(self) -> str:
        return f"{HOST}/election/{self.election.hex()}"

    def head(self, origin: str, entries: list[bytes], log: Ed25519, time: int) -> bytes:
        return plain.head(origin, entries, log, [(witness_name(i), signer("witness", i)) for i in (2, 0, 1)], time)

    @cached_property
    def register_head(self) -> bytes:
        return self.head(self.register_origin, self.register_entries, signer("register log"), EPOCH + 40 * DAY + 30)

    @cached_property
    def roll(self) -> list[tuple[bytes, bytes]]:
        """Members 0 and 1 as they were admitted, 2 and 3 with their new keys; 4 is suspended, 5 has left."""
        keys = {number: self.member_key(number).public for number in range(VOTERS)}
        keys |= {number: signer("member new", number).public for number in (2, 3)}
        return sorted((self.member_id(number), key) for number, key in keys.items())

    @cached_property
    def roll_body(self) -> bytes:
        return b"".join(identifier + key for identifier, key in self.roll)

    @cached_property
    def roll_reference(self) -> dict[str, Any]:
        leaves = [leaf_hash(identifier + key) for identifier, key in self.roll]
        return {"digest": sha256(self.roll_body).hex(), "root": tree_root(leaves).hex(), "size": len(leaves)}

    # --- the election

    @cached_property
    def registrars(self) -> Ceremony:
        return Ceremony("registrar", parties("registrar", 4), 3, self.election)

    @cached_property
    def trustees(self) -> Ceremony:
        """Dealer 2 cheats party 3; party 1 complains about dealer 3 without cause."""
        return Ceremony(
            "trustee", parties("trustee", 3), 2, self.election, wrong_shares={(2, 3)}, false_complaints={(1, 3)}
        )

    @staticmethod
    def holders(ceremony: Ceremony) -> dict[str, Any]:
        return {
            "holders": [
                {
                    "key": party.signing.public.hex(),
                    "name": party.name,
                    "organisation": party.organisation,
                    "public_share": compressed(ceremony.public_shares[index]).hex(),
                }
                for index, party in enumerate(ceremony.people, 1)
            ],
            "key": compressed(ceremony.public).hex(),
            "threshold": ceremony.threshold,
        }

    @cached_property
    def manifest(self) -> dict[str, Any]:
        def text(english: str, russian: str) -> dict[str, str]:
            return {"en": english, "ru": russian}

        names = [
            [("Olga Bel", "Ольга Бель"), ("Peter Mann", "Пётр Манн")],
            [("Anna Frost", "Анна Фрост"), ("Boris Wolf", "Борис Вольф"), ("Vera Dunn", "Вера Данн")],
        ]
        titles = [text("Chair", "Председатель"), text("Council", "Совет")]
        contests = []
        for number, (_, low, high) in enumerate(CONTESTS):
            options = [{"name": text(*name), "statement": ZEROS.hex()} for name in names[number]]
            options[0]["statement"] = sha256(b"I promise.").hex()
            contests.append(
                {
                    "title": titles[number],
                    "options": options,
                    "min": low,
                    "max": high,
                    "seats": 1,
                    "tie": "lottery" if number else "vacant",
                    "zero_votes_win": False,
                }
            )
        return {
            "kind": "manifest",
            "suite": "VECHE-V1",
            "election": self.election.hex(),
            "title": text("Council", "Совет"),
            "languages": ["en", "ru"],
            "contests": contests,
            "roll": self.roll_reference,
            "issuing": self.holders(self.registrars),
            "tally": self.holders(self.trustees),
            "promise_key": signer("promise").public.hex(),
            "epoch": EPOCH + 41 * DAY,
            "interval": 3600,
            "requests_close": 96,
            "voting_opens": 24,
            "voting_closes": 96,
            "grace": 86400,
            "gap": 3600,
            "extension_cap": 24,
            "min_batch": 5,
            "max_wait": 6,
            "min_ballots": 5,
            "min_set": 20,
            "max_revotes": 32,
        }

    @cached_property
    def manifest_digest(self) -> bytes:
        return sha256(canonical(self.manifest))

    # --- credentials: voter k is member k

    def voting_secret(self, voter: int) -> bytes:
        return derive(f"world voting secret {voter}")

    def pseudonym(self, voter: int) -> Ed25519:
        return Ed25519(tagged_hash("PSEUDONYM", self.voting_secret(voter), self.election))

    def blinding(self, voter: int) -> int:
        return hash_to_scalar("BLINDING-FACTOR", self.voting_secret(voter) + self.election)

    def credential_point(self, voter: int) -> Any:
        return hash_to_g1("CREDENTIAL", self.election + self.pseudonym(voter).public)

    def blinded(self, voter: int) -> Any:
        return times(self.credential_point(voter), self.blinding(voter))

    def credential(self, voter: int) -> bytes:
        """x m, with the issuing secret in one piece."""
        return compressed(times(self.credential_point(voter), self.registrars.secret))

    def request(self, voter: int) -> bytes:
        payload = self.election + self.member_id(voter) + compressed(self.blinded(voter))
        return plain.statement("REQUEST", payload)

    # --- ballots

    def statement(self, voter: int, sequence: int, contest: int) -> Statement:
        n, low, high = CONTESTS[contest]
        return Statement(
            self.trustees.public, n, low, high,
            self.manifest_digest, self.election, self.pseudonym(voter).public, sequence, contest,
        )  # fmt: skip

    def _vote(
        self, voter: int, sequence: int, marks: tuple[tuple[int, ...], ...], replaces: bytes, torsion: dict[str, Any]
    ) -> Vote:
        proofs = []
        for contest, chosen in enumerate(marks):
            st = self.statement(voter, sequence, contest)
            name = f"world ballot {voter} {sequence} {contest}"
            drawn = {key: derive_scalar(f"{name} {key}") for key in ("rho", "sigma", "t")}
            drawn["randomness"] = self.randomness(voter, sequence, contest)
            drawn["a"] = [derive_scalar(f"{name} a {j}") for j in range(2, st.slots + 1)]
            proofs.append(prove(st, st.bits(chosen), **drawn, torsion=torsion if contest == 0 else {}))
        body = b"".join(proof.data for proof in proofs)
        key = self.pseudonym(voter)
        payload = self.election + self.manifest_digest + key.public + self.credential(voter)
        envelope = plain.statement("ENVELOPE", payload + u32(sequence) + replaces + sha256(body))
        return Vote(voter, sequence, marks, tuple(proofs), body, envelope, key.sign(envelope))

    def randomness(self, voter: int, sequence: int, contest: int) -> list[int]:
        return [derive_scalar(f"world ballot {voter} {sequence} {contest} r {i}") for i in range(CONTESTS[contest][0])]

    @cached_property
    def votes(self) -> list[Vote]:
        """Voter 0 votes twice; voter 1 adds a point of order 3 to a ciphertext, which changes nothing."""
        first = self._vote(0, 1, ((1, 0), (1, 1, 0)), ZEROS, {})
        second = self._vote(0, 2, ((0, 1), (1, 0, 1)), sha256(first.envelope), {})
        other = self._vote(1, 1, ((0, 0), (1, 0, 1)), ZEROS, {"A1": plain.point_of_order(3)})
        return [first, second, other]

    @property
    def counted(self) -> list[Vote]:
        return self.votes[1:]

    @staticmethod
    def ballot_members(vote: Vote) -> dict[str, Any]:
        return {"envelope": b64(vote.envelope), "signature": vote.signature.hex()}

    @cached_property
    def ledger(self) -> list[bytes]:
        """A short ledger of the election: chained, in batches, in order; approvals are left out."""
        made: list[bytes] = []

        def append(kind: str, **members: Any) -> None:
            made.append(entry(kind, sha256(made[-1]) if made else ZEROS, **members))

        def in_order(batch: int, items: list[tuple[bytes, dict[str, Any]]]) -> list[dict[str, Any]]:
            return [
                members
                for _, members in sorted(items, key=lambda item: tagged_hash("BATCH-ORDER", u32(batch), item[0]))
            ]

        append("opening", election=self.election.hex(), register_head=self.register_head.decode())
        append("batch", number=0)
        append("batch", number=1)
        requests = []
        for voter in range(VOTERS):
            statement = self.request(voter)
            members = {"statement": b64(statement), "signature": self.member_key(voter).sign(statement).hex()}
            requests.append((self.member_id(voter), members))
        for members in in_order(1, requests):
            append("request", **members)
        append("batch", number=24)
        ballots = [(self.pseudonym(vote.voter).public, self.ballot_members(vote)) for vote in self.votes]
        for members in in_order(24, [ballots[0], ballots[2]]):
            append("ballot", **members)
        append("batch", number=25)
        append("ballot", **ballots[1][1])
        append("batch", number=27)
        return made

    @cached_property
    def ledger_head(self) -> bytes:
        """Over everything but the last entry, which begins the next batch."""
        time = EPOCH + 41 * DAY + 27 * 3600 + 5
        return self.head(self.election_origin, self.ledger[:-1], signer("election log"), time)


@cache
def world() -> World:
    return World()
