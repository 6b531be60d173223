# SPDX-License-Identifier: AGPL-3.0-or-later
"""The small election that every forged record begins from: 12 members, two contests, one voter votes twice, one tie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from crypto import labels
from crypto.blindsig.blinding import BlindedPseudonym, Credential, blind, finalize
from crypto.elgamal.ciphertext import CiphertextSum, EncryptedTally
from crypto.elgamal.dlog import DiscreteLog
from crypto.elgamal.threshold import combine, partial_decrypt
from crypto.encoding.members import encode_base64
from crypto.encoding.strict_json import dumps
from crypto.errors import EncodingError
from crypto.group import G1Point, encode_g1
from crypto.hashing import sha256
from crypto.ledger.framing import BODY_LENGTH_BYTES, ENTRY_LENGTH_BYTES, frame
from crypto.proofs.contest import BallotContext
from crypto.protocol.ballot import decode_body
from crypto.protocol.entry import ZERO_HASH, Entry, parse_entry
from crypto.protocol.envelope import SignedEnvelope, parse_envelope
from crypto.protocol.lottery import combine_draw, draw_order, draw_share
from crypto.protocol.order import order_key
from crypto.protocol.promise import make_claim, make_promise
from crypto.protocol.receipt import Receipt
from crypto.protocol.record import ballot_slots, bodies_in_order
from crypto.protocol.seats import allocate_seats, needs_draw
from crypto.secret import Secret
from crypto.sharing.session import LOTTERY, REGISTRAR, TRUSTEE
from crypto.signing import make_statement
from tests.forge.base import (
    FIRST_THOUGHTS,
    MARKS,
    THRESHOLDS,
    BallotSpec,
    Hook,
    make_body,
    member_id,
    signing_key,
)
from tests.forge.preparation import CLOSES, OPENS, Preparation


@lru_cache(maxsize=1024)
def blind_once(secret: bytes, election: bytes) -> BlindedPseudonym:
    """Pseudonym and blinded point of a voting secret: the same in every forged record."""
    return blind(Secret(secret), election)


@lru_cache(maxsize=4096)
def sign_once(secret: bytes, election: bytes, share: Any) -> G1Point:
    """A registrar's partial signature on that point."""
    return blind_once(secret, election).blinded * share.value.reveal()


@lru_cache(maxsize=1024)
def finalize_once(secret: bytes, election: bytes, shares: tuple[Any, ...]) -> Credential:
    """The credential of that pseudonym."""
    partial = {share.index: sign_once(secret, election, share) for share in shares}
    key = shares[0].key
    return finalize(blind_once(secret, election), partial, key.session.threshold, key.public)


class Script(Preparation):
    """Plays the election step by step; every step can be changed by a hook of its name."""

    def marks(self, voter: int) -> Sequence[Sequence[int]]:
        """What a voter finally votes."""
        return MARKS[voter - 1]

    def voter_numbers(self) -> list[int]:
        """Members who ask for a credential."""
        return list(range(1, self.voter_count + 1))

    def make_body(self, context: BallotContext, marks: Sequence[Sequence[int]]) -> bytes:
        """An encrypted ballot."""
        return make_body(self.manifest, self.contests, context, marks).body

    def build(self) -> Script:
        """All of it."""
        self.play_register()
        self.play_preparation()
        self.play_issuing()
        self.play_voting()
        self.play_closing()
        self.play_result()
        unused = self.hooks.keys() - self.used
        if unused:
            raise KeyError(f"hooks that nothing used: {sorted(unused)}")
        return self

    # --- requests and answers

    def play_issuing(self) -> None:
        """Requests of the voters, answers of all registrars, the trustees' readiness, voting."""
        self.secrets = {n: Secret(sha256(f"forge voting secret {n}".encode())) for n in range(1, self.member_count + 1)}
        requests = []
        for number in self.at("asking", self.voter_numbers()):
            blinded = blind_once(self.secrets[number].reveal(), self.election)
            payload = self.election + member_id(number) + encode_g1(blinded.blinded)
            statement = self.at(f"request {number}", make_statement(labels.REQUEST, payload))
            signature = signing_key(self.at(f"request signer {number}", self.member_key(number))).sign(statement)
            place = order_key(self.log.batch, member_id(number))
            requests.append((place, number, {"signature": signature.hex(), "statement": encode_base64(statement)}))
        requests.sort(key=lambda item: item[0])
        self.requested: list[int] = []
        for _, number, members in self.at("requests", requests):
            index = self.append(self.log, f"request {number}", "request", members)
            rule = self.at(f"request rule {number}", None)
            if rule is None:
                self.requested.append(number)
            else:
                self.excluded[index] = rule
        self.batch(7)
        self.covered = {}
        for share in self.at("answering", self.shares[REGISTRAR]):
            self.answer(share)
        for share in self.at("ready trustees", self.shares[TRUSTEE]):
            self.readiness(TRUSTEE, share)
        self.at("after answers", None)
        ready = {
            "registrars": self.at("listed registrars", [1, 2, 3, 4]),
            "trustees": self.at("listed trustees", [1, 2, 3]),
        }
        voting = {
            "election": self.election.hex(),
            "kind": "voting",
            "manifest": self.manifest_digest.hex(),
            "ready": ready,
        }
        proposal = self.propose("voting", "issuing", "voting", self.content("voting", voting))
        self.batch(OPENS)
        self.approve("voting", proposal)
        self.at("before ballots", None)

    def answer(self, share: Any) -> None:
        """A registrar's answer to all counted requests."""
        partial = [
            encode_g1(sign_once(self.secrets[number].reveal(), self.election, share)) for number in self.requested
        ]
        partial = self.at(f"partial {share.index}", partial)
        body = self.at(f"answer body {share.index}", b"".join(partial))
        digest = self.body(body, f"answer {share.index}")
        payload = {
            "body": digest.hex(),
            "count": len(self.requested),
            "election": self.election.hex(),
            "first": 0,
            "registrar": share.index,
        }
        name = f"answer {share.index}"
        index = self.signed_message(name, "answer", labels.ANSWER, payload, f"registrar {share.index}")
        rule = self.at(f"answer rule {share.index}", None)
        if rule is not None:
            self.excluded[index] = rule

    # --- ballots

    def credential(self, number: int, factor: str = "") -> Credential:
        """The credential of voter `number`, made with the registrars' shares."""
        secret = self.secrets[number].reveal() if not factor else sha256(factor.encode())
        return finalize_once(secret, self.election, tuple(self.shares[REGISTRAR]))

    def ballot(
        self,
        voter: int,
        sequence: int = 1,
        replaces: bytes = ZERO_HASH,
        marks: Sequence[Sequence[int]] | None = None,
        *,
        secret: Secret[bytes] | None = None,
        **changes: Any,
    ) -> BallotSpec:
        """A ballot of voter `number`; `changes` replace fields of the envelope, or its `signature` or `content`."""
        secret = secret or self.secrets[voter]
        credential = finalize_once(secret.reveal(), self.election, tuple(self.shares[REGISTRAR]))
        pseudonym = blind_once(secret.reveal(), self.election).signing
        fields: dict[str, bytes] = {
            "election": self.election,
            "manifest": self.manifest_digest,
            "vk": bytes(pseudonym.public),
            "credential": credential.signature,
            "seq": sequence.to_bytes(4, "big"),
            "replaces": replaces,
        }
        fields |= {name: changes[name] for name in fields if name in changes}
        context = BallotContext(
            changes.get("context_manifest", fields["manifest"]),
            fields["election"],
            fields["vk"],
            int.from_bytes(fields["seq"]),
        )
        body = changes.get("content") or self.make_body(context, marks or self.marks(voter))
        fields["body"] = changes.get("body", sha256(body))
        statement = make_statement(labels.ENVELOPE, b"".join(fields.values()))
        signature = changes.get("signature", changes.get("signer", pseudonym).sign(statement))
        members = {"envelope": encode_base64(statement), "signature": signature.hex()}
        return BallotSpec(members, body, fields["vk"], changes.get("outcome"))

    def envelope(self, spec: BallotSpec) -> SignedEnvelope:
        """The signed envelope of a ballot."""
        from crypto.encoding.members import decode_base64

        statement = decode_base64(spec.members["envelope"], "envelope")
        return SignedEnvelope(parse_envelope(statement), bytes.fromhex(spec.members["signature"]))

    def play_voting(self) -> None:
        """Nine ballots, one of them replaced in a later batch."""
        first = [self.ballot(number) for number in range(2, self.voter_count + 1)]
        thought = self.ballot(1, marks=FIRST_THOUGHTS, outcome="superseded")
        last = self.ballot(1, 2, self.envelope(thought).envelope.digest())
        self.specs: list[tuple[int, BallotSpec]] = []
        self.add_ballots(self.at("ballots", [*first, thought]))
        self.batch(OPENS + 1)
        self.add_ballots(self.at("later ballots", [last]))
        self.last = self.at("last batch", CLOSES)
        for number in range(OPENS + 2, self.last + 1):
            if number == self.log.batch:
                continue
            self.batch(number)
            self.at(f"voting batch {number}", None)

    def add_ballots(self, specs: Sequence[BallotSpec]) -> None:
        """Append ballots in the order of their batch."""
        ordered = sorted(specs, key=lambda spec: order_key(self.log.batch, spec.pseudonym))
        for spec in self.at(f"order {self.log.batch}", ordered):
            number = len(self.specs)
            if spec.body is not None:
                self.body(spec.body, f"ballot {number}")
            index = self.append(self.log, f"ballot {number}", "ballot", spec.members)
            self.specs.append((index, spec))
            if spec.outcome not in (None, "superseded"):
                self.excluded[index] = str(spec.outcome)

    # --- closing

    def counted(self) -> list[BallotSpec]:
        """The ballots that count."""
        return self.at("counted", [spec for _, spec in self.specs if spec.outcome is None])

    def true_tally(self) -> EncryptedTally:
        """The encrypted sum of the counted ballots."""
        total = CiphertextSum(sum(len(contest.options) for contest in self.contests))
        shapes = [contest.shape for contest in self.contests]
        for spec in self.counted():
            envelope = self.envelope(spec).envelope
            context = BallotContext(envelope.manifest, envelope.election, envelope.pseudonym, envelope.sequence)
            proofs = decode_body(spec.body or b"", context, shapes, bytes.fromhex(self.manifest["tally"]["key"]))
            total.add([point for proof in proofs for point in proof.ciphertexts])
        return total.clear()

    def play_closing(self) -> None:
        """Closing proposal and approval."""
        self.batch(self.last + 1)
        self.at("before closing", None)
        self.tally = self.at("tally", self.true_tally())
        chains = {spec.pseudonym for _, spec in self.specs if (spec.outcome or "B9") in ("superseded", "B9", "B10")}
        closing = {
            "answered": len(self.requested),
            "counted": len(self.counted()),
            "credentials": len(chains),
            "election": self.election.hex(),
            "excluded": [[index, self.excluded[index]] for index in sorted(self.excluded)],
            "kind": "closing",
            "late": 0,
            "manifest": self.manifest_digest.hex(),
            "requests": len(self.requested),
            "sum": self.tally.digest().hex(),
            "superseded": sum(spec.outcome == "superseded" for _, spec in self.specs),
        }
        proposal = self.propose("closing", "voting", "closed", self.content("closing", closing))
        self.closing = self.at("closing hash", proposal)
        self.closing_index = self.places["proposal closing"]
        self.batch(self.last + 2)
        self.approve("closing", proposal)
        self.at("after closing", None)

    # --- result

    def play_result(self) -> None:
        """Two decryptions of three, a draw, the certificate."""
        results: dict[int, tuple[G1Point, ...]] = {}
        self.excluded_after: dict[int, str] = {}
        for share in self.at("decrypting", self.shares[TRUSTEE][:2]):
            results[share.index] = self.decrypt(share)
        totals = self.totals(results)
        self.at("before draw", None)
        seatings = [allocate_seats(contest, chosen) for contest, chosen in zip(self.contests, totals, strict=True)]
        contests = []
        for number, (contest, chosen, seating) in enumerate(zip(self.contests, totals, seatings, strict=True)):
            elected, drawn = list(seating.elected), []
            if needs_draw(contest, seating):
                drawn = list(seating.tied)
                elected += draw_order(self.draw(number, drawn), drawn)[: seating.open_seats]
            contests.append({"drawn": drawn, "elected": elected, "totals": list(chosen)})
        self.at("before certificate", None)
        certificate = {
            "closing": self.closing.hex(),
            "contests": contests,
            "counted": len(self.counted()),
            "election": self.election.hex(),
            "excluded": [[index, self.excluded_after[index]] for index in sorted(self.excluded_after)],
            "kind": "certificate",
            "manifest": self.manifest_digest.hex(),
        }
        if self.at("stop before certificate", False):
            self.sign_head(self.log)
            return
        content = self.content("certificate", certificate)
        proposal = self.propose("certificate", "tallied", "certified", content)
        self.batch(self.last + 3)
        if not self.at("stop before approval", False):
            self.approve("certificate", proposal)
        self.at("end", None)
        self.sign_head(self.log)

    def decrypt(self, share: Any) -> tuple[G1Point, ...]:
        """A trustee's decryption entry; returns its true points."""
        body = partial_decrypt(self.election, self.closing, share, self.tally)
        points = tuple(a * share.value.reveal() for a in self.tally.a)
        body = self.at(f"decryption body {share.index}", body)
        digest = self.body(body, f"decryption {share.index}")
        payload = {
            "body": digest.hex(),
            "closing": self.closing.hex(),
            "election": self.election.hex(),
            "trustee": share.index,
        }
        name = f"decryption {share.index}"
        index = self.signed_message(name, "decryption", labels.DECRYPTION, payload, f"trustee {share.index}")
        rule = self.at(f"decryption rule {share.index}", None)
        if rule is not None:
            self.excluded_after[index] = rule
        return points

    def totals(self, results: Mapping[int, Sequence[G1Point]]) -> list[tuple[int, ...]]:
        """Totals from the true points of two trustees."""
        logarithm = DiscreteLog(len(self.counted()) * 2)
        flat = [logarithm.find(point) for point in combine(self.tally, results, THRESHOLDS[TRUSTEE][0])]
        totals, start = [], 0
        for contest in self.contests:
            totals.append(tuple(flat[start : start + len(contest.options)]))
            start += len(contest.options)
        return self.at("totals", totals)

    def draw(self, contest: int, options: Sequence[int]) -> bytes:
        """A draw entry; returns its signature."""
        key = self.shares[LOTTERY][0].key
        parts = {s.index: draw_share(s, self.election, contest, options) for s in self.shares[LOTTERY]}
        signature = combine_draw(key, self.election, contest, options, parts)
        signature = self.at("draw signature", signature)
        if not self.at("no draw", False):
            members = {"contest": contest, "options": list(options), "signature": signature.hex()}
            index = self.append(self.log, "draw", "draw", members)
            rule = self.at("draw rule", None)
            if rule is not None:
                self.excluded_after[index] = rule
        return signature

    # --- what comes out

    def write(self, folder: Path) -> Path:
        """Write record and pinned policy; returns the record's folder."""

        record = folder / "record"
        for which, log in (("register", self.register), ("election", self.log)):
            place = record / which
            place.mkdir(parents=True)
            parsed = [entry for entry in map(parsed_or_none, log.entries) if entry is not None]
            (place / "entries").write_bytes(b"".join(frame(data, ENTRY_LENGTH_BYTES) for data in log.entries))
            (place / "checkpoints").write_bytes(b"".join(frame(note, ENTRY_LENGTH_BYTES) for note in log.heads))
            bodies = bodies_in_order(parsed, self.bodies.get)
            (place / "bodies").write_bytes(b"".join(frame(body, BODY_LENGTH_BYTES) for body in bodies))
        length = sum(contest.shape.byte_length for contest in self.contests)
        with (record / "election/ballots").open("wb") as file:
            for digest in ballot_slots(parsed):
                body = self.bodies.get(digest) or b""
                file.write(body if len(body) == length else bytes(length))
        (folder / "policy.json").write_bytes(dumps(self.pinned.to_json()))
        return record

    def promise(self, spec: BallotSpec, batch: int = OPENS) -> Any:
        """A promise for a ballot."""
        return make_promise(self.election, self.envelope(spec).envelope.digest(), batch, signing_key("promise"))

    def claim(self, spec: BallotSpec) -> bytes:
        """A claim that a ballot's promise was broken."""
        return make_claim(self.promise(spec), self.envelope(spec), spec.body or b"")

    def receipt(self, number: int) -> Receipt:
        """The receipt of ballot `number` in the order of the ledger."""
        index, spec = self.specs[number]
        proof = tuple(self.log.tree.inclusion_proof(index, len(self.log.entries)))
        return Receipt(self.promise(spec), index, self.log.entries[index], proof, self.log.heads[-1])


def parsed_or_none(data: bytes) -> Entry | None:
    """An entry, if a forger left one."""
    try:
        return parse_entry(data)
    except EncodingError:
        return None


def forge(hooks: Mapping[str, Hook] | None = None) -> Script:
    """A complete record, changed by hooks."""
    return Script(hooks).build()
