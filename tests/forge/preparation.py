# SPDX-License-Identifier: AGPL-3.0-or-later
"""The forged election up to its manifest: the register, the board's steps, ceremonies, the roll."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from crypto.encoding.strict_json import dumps
from crypto.hashing import sha256
from crypto.ledger.merkle import Tree, leaf_hash
from crypto.protocol.manifest import Contest
from crypto.protocol.proposals import approval_statement
from crypto.sharing.ceremony import encode_transcript
from crypto.sharing.readiness import make_readiness
from crypto.sharing.session import LOTTERY, REGISTRAR, TRUSTEE, encode_point
from crypto.signing import sign_all
from tests.forge.base import (
    CONTESTS,
    DAY,
    EPOCH,
    INTERVAL,
    MEMBERS,
    VOTERS,
    Forge,
    Log,
    Members,
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


class Preparation(Forge):
    """Plays the election until credentials are issued; every step can be changed by a hook of its name."""

    contests: Sequence[Contest] = CONTESTS
    member_count = MEMBERS
    voter_count = VOTERS

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
