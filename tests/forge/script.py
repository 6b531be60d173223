# SPDX-License-Identifier: AGPL-3.0-or-later
"""The small election that every forged record begins from: 12 members, two contests, one voter votes twice, one tie."""

from __future__ import annotations

import json
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
from crypto.ledger.merkle import Tree, leaf_hash
from crypto.proofs.contest import BallotContext
from crypto.protocol.ballot import decode_body
from crypto.protocol.entry import ZERO_HASH, Entry, parse_entry
from crypto.protocol.envelope import SignedEnvelope, parse_envelope
from crypto.protocol.lottery import combine_draw, draw_order, draw_share
from crypto.protocol.manifest import Contest
from crypto.protocol.order import order_key
from crypto.protocol.promise import make_claim, make_promise
from crypto.protocol.proposals import approval_statement
from crypto.protocol.receipt import Receipt
from crypto.protocol.record import ballot_slots, bodies_in_order
from crypto.protocol.seats import allocate_seats, needs_draw
from crypto.secret import Secret
from crypto.sharing.ceremony import encode_transcript
from crypto.sharing.readiness import make_readiness
from crypto.sharing.session import LOTTERY, REGISTRAR, TRUSTEE, encode_point
from crypto.signing import make_statement, sign_all
from tests.forge.base import (
    CONTESTS,
    DAY,
    EPOCH,
    FIRST_THOUGHTS,
    INTERVAL,
    MARKS,
    MEMBERS,
    THRESHOLDS,
    VOTERS,
    BallotSpec,
    Forge,
    Hook,
    Log,
    Members,
    make_body,
    make_session,
    member_id,
    names,
    run_ceremony,
    signing_key,
)

ANNOUNCED = 40
"""Batch of the register in which the election is announced."""

OPENS, CLOSES = 8, 12
"""Batches of voting."""


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


class Script(Forge):
    """Plays the election step by step; every step can be changed by a hook of its name."""

    contests: Sequence[Contest] = CONTESTS
    member_count = MEMBERS
    voter_count = VOTERS

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

    # --- the register

    def play_register(self) -> None:
        """Reviewers, panel, lottery key, 12 admissions, changes of three members, announcement."""
        log = self.register
        self.policy = self.at("policy", self.policy)
        self.append(log, "register", "register", {"policy": self.at("policy entry", self.policy.to_json())})
        self.begin_batch(log, 0)
        people = [("Reviewer One", "Alpha Union"), ("Reviewer Two", "Bridge Fund"), ("Reviewer Three", "Cedar House")]
        reviewers = [
            {"key": signing_key(f"reviewer {n}").public.hex(), "name": name, "organisation": organisation}
            for n, (name, organisation) in enumerate(people, 1)
        ]
        self.board_statement("reviewers", "reviewers", {"reviewers": reviewers})
        panel = [
            {"key": signing_key(name).public.hex(), "name": name, "organisation": organisation}
            for name, organisation in zip(
                names("panel", 3), ("Alpha Union", "Bridge Fund", "Delta League"), strict=True
            )
        ]
        self.board_statement("panel", "panel", {"members": panel, "quorum": 2})
        session = self.at("session:lottery", make_session(LOTTERY))
        messages, self.shares[LOTTERY] = run_ceremony(session, self.policy.lottery_scope)
        transcript = self.body(self.at("transcript", encode_transcript(messages)), "transcript")
        key = self.shares[LOTTERY][0].key.public
        payload = {
            "key": encode_point(key).hex(),
            "purpose": "lottery",
            "session": session.to_json(),
            "transcript": transcript.hex(),
        }
        self.board_statement("standing-key", "standing-key", payload)
        self.sign_head(log)
        self.begin_batch(log, 1)
        for number in range(1, self.member_count + 1):
            self.admit(number)
        self.at("after admissions", None)
        self.sign_head(log)
        self.begin_batch(log, 2)
        # Member 12 leaves, 11 is suspended, 10 changes its key; 10 and 11 come back later in other ways.
        self.member_statement("left", "left", 12, 1, {}, ["member 12"])
        self.member_statement("suspended", "suspended", 11, 1, {"reason": "identity"}, names("panel", 2))
        key = signing_key("member 10 new").public
        self.member_statement("key-changed", "key-changed", 10, 1, {"key": key.hex()}, ["member 10"])
        announced = signing_key("member 9 new").public
        self.member_statement("key-announced", "key-announced", 9, 1, {"key": announced.hex()}, names("panel", 2))
        self.sign_head(log)
        self.begin_batch(log, 17)
        self.member_statement("restored", "restored", 11, 2, {"reason": "appeal"}, names("panel", 2))
        changed = {"key": announced.hex()}
        self.member_statement("key-changed by panel", "key-changed", 9, 2, changed, names("panel", 2))
        self.at("more register", None)
        self.sign_head(log)
        self.begin_batch(log, ANNOUNCED)
        payload = {
            "eligibility_days": 30,
            "epoch": EPOCH + (ANNOUNCED + 1) * DAY,
            "interval": INTERVAL,
            "ledger_key": signing_key("election log").public.hex(),
            "nonce": sha256(b"forge nonce").hex(),
            "title": {"en": "Forged election", "ru": "Поддельные выборы"},
        }
        statement = self.board_statement("announcement", "announcement", payload)
        self.election = self.at("election id", sha256(statement))
        self.at("after announcement", None)
        self.sign_head(log)
        self.roll = self.at("roll", self.true_roll())

    def admit(self, number: int) -> None:
        """An admission by two reviewers of different organisations."""
        key = signing_key(f"member {number}").public
        by = [f"reviewer {1 + number % 3}", f"reviewer {1 + (number + 1) % 3}"]
        self.member_statement(f"admitted {number}", "admitted", number, 0, {"case": number, "key": key.hex()}, by)

    def member_key(self, number: int) -> str:
        """Name of the key that a member has when the roll is frozen."""
        return f"member {number} new" if number in (9, 10) else f"member {number}"

    def true_roll(self) -> list[tuple[bytes, bytes]]:
        """Member ids and keys of the roll, ascending."""
        numbers = (n for n in range(1, self.member_count + 1) if n != 12)
        return sorted((member_id(n), bytes(signing_key(self.member_key(n)).public)) for n in numbers)

    # --- the board

    def propose(self, name: str, source: str, target: str, content: bytes) -> bytes:
        """A proposal with its content; returns the proposal entry's hash."""
        digest = self.body(self.at(f"content bytes:{name}", content), f"content {name}")
        self.proposals += 1
        members = {
            "content": self.at(f"content hash:{name}", digest).hex(),
            "from": source,
            "number": self.proposals,
            "register_head": self.at(f"register head:{name}", self.register.heads[-1]).decode(),
            "to": target,
        }
        index = self.append(self.log, f"proposal {name}", "proposal", members)
        return sha256(self.log.entries[index])

    def approve(self, name: str, proposal: bytes) -> None:
        """The board's approval of a proposal."""
        statement = self.at(f"approval statement:{name}", approval_statement(self.election, proposal))
        signers = self.at(f"approvers:{name}", names("board", 2))
        members = {"proposal": proposal.hex(), "signatures": sign_all([signing_key(s) for s in signers], statement)}
        self.append(self.log, f"approval {name}", "approval", members)

    def content(self, name: str, value: Members) -> bytes:
        """A content body; the hook `content:<name>` may change its members."""
        return dumps(self.at(f"content:{name}", value))

    def batch(self, number: int) -> None:
        """End the present batch of the election with a head and begin the next."""
        if self.log.batch >= 0:
            self.sign_head(self.log)
        self.begin_batch(self.log, number)

    # --- ceremonies, roll, manifest

    def play_preparation(self) -> None:
        """Opening, appointment, ceremonies, roll."""
        from crypto.protocol.policy import Clock

        epoch = EPOCH + (ANNOUNCED + 1) * DAY
        self.election_log = Log(
            self.at("origin", self.policy.election_origin(self.election)),
            signing_key("election log"),
            Clock(epoch, INTERVAL),
        )
        self.proposals = 0
        opening = {"election": self.election.hex(), "register_head": self.register.heads[-1].decode()}
        self.append(self.log, "opening", "opening", opening)
        self.batch(0)
        self.sessions = {role: self.at(f"session:{role}", make_session(role)) for role in (REGISTRAR, TRUSTEE)}
        appointment = {
            "election": self.election.hex(),
            "kind": "appointment",
            "sessions": [self.sessions[REGISTRAR].to_json(), self.sessions[TRUSTEE].to_json()],
        }
        proposal = self.propose("ceremony", "draft", "ceremony", self.content("appointment", appointment))
        self.batch(1)
        self.approve("ceremony", proposal)
        for role in (REGISTRAR, TRUSTEE):
            messages, self.shares[role] = run_ceremony(self.sessions[role], self.election)
            messages = self.at(f"ceremony:{role}", messages)
            for number, message in enumerate(messages):
                self.message_entry(f"ceremony {role} {number}", "ceremony", message)
        self.at("after ceremony", None)
        self.begin_batch(self.register, ANNOUNCED + 1)
        self.sign_head(self.register)
        size, root = len(self.register.entries), self.register.tree.root()
        body = b"".join(identifier + key for identifier, key in self.roll)
        digest = self.body(body, "roll")
        tree = Tree(leaf_hash(identifier + key) for identifier, key in self.roll)
        self.roll_reference = {"digest": digest.hex(), "root": tree.root().hex(), "size": len(self.roll)}
        roll = {
            **self.roll_reference,
            "election": self.election.hex(),
            "kind": "roll",
            "register": {"root": root.hex(), "size": size},
        }
        content = self.content("roll", roll)
        self.roll_reference = {name: json.loads(content)[name] for name in ("digest", "root", "size")}
        proposal = self.propose("roll", "nomination", "roll-frozen", content)
        self.batch(2)
        self.approve("roll", proposal)
        self.play_manifest()

    def key_member(self, role: str) -> Members:
        """A key of the manifest with its holders."""
        derived = self.shares[role][0].key
        holders = [
            {
                "key": party.key.hex(),
                "name": party.name,
                "organisation": party.organisation,
                "public_share": encode_point(derived.public_shares[index]).hex(),
            }
            for index, party in enumerate(derived.session.parties, 1)
        ]
        return {"holders": holders, "key": encode_point(derived.public).hex(), "threshold": derived.session.threshold}

    def play_manifest(self) -> None:
        """Manifest, the register's election keys, readiness."""
        epoch = EPOCH + (ANNOUNCED + 1) * DAY
        manifest = {
            "contests": [contest.to_json() for contest in self.contests],
            "election": self.election.hex(),
            "epoch": epoch,
            "extension_cap": 4,
            "gap": 2 * INTERVAL,
            "grace": DAY,
            "interval": INTERVAL,
            "issuing": self.key_member(REGISTRAR),
            "kind": "manifest",
            "languages": ["en", "ru"],
            "max_revotes": 32,
            "max_wait": 6,
            "min_ballots": 5,
            "min_batch": 5,
            "min_set": 20,
            "promise_key": signing_key("promise").public.hex(),
            "requests_close": 10,
            "roll": self.roll_reference,
            "suite": "VECHE-V1",
            "tally": self.key_member(TRUSTEE),
            "title": {"en": "Forged election", "ru": "Поддельные выборы"},
            "voting_closes": CLOSES,
            "voting_opens": OPENS,
        }
        content = self.content("manifest", manifest)
        self.manifest = json.loads(content)
        self.manifest_digest = sha256(content)
        self.begin_batch(self.register, ANNOUNCED + 2)
        keys = {
            "election": self.election.hex(),
            "issuing_key": self.manifest["issuing"]["key"],
            "manifest": self.manifest_digest.hex(),
            "tally_key": self.manifest["tally"]["key"],
        }
        self.at("before election keys", None)
        self.board_statement("election-keys", "election-keys", keys)
        self.sign_head(self.register)
        self.batch(5)
        proposal = self.propose("manifest", "roll-frozen", "issuing", content)
        for share in self.at("ready registrars", self.shares[REGISTRAR]):
            self.readiness(REGISTRAR, share)
        self.batch(6)
        self.approve("manifest", proposal)
        self.at("after manifest", None)

    def readiness(self, role: str, share: Any) -> None:
        """A readiness entry."""
        name = f"{role} {share.index}"
        message = make_readiness(self.election, self.manifest_digest, share, signing_key(name))
        self.message_entry(f"readiness {name}", "readiness", message)

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
