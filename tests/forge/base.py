# SPDX-License-Identifier: AGPL-3.0-or-later
"""A forger with every key: makes complete records without asking anybody's rules.

The script in `build` is a small valid election. A test changes one thing on the way, by a hook, and everything after it is
made and signed again, so that the forgery gets past all checks but the one that is meant to find it.

Keys, ceremonies and ballots are deterministic or cached, so that a forged record costs little.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from crypto import labels
from crypto.encoding.members import encode_base64
from crypto.encoding.strict_json import dumps
from crypto.group import decode_g1
from crypto.hashing import sha256
from crypto.ledger.checkpoint import Checkpoint, WitnessKey, cosign, sign_checkpoint
from crypto.ledger.merkle import Tree, leaf_hash
from crypto.ledger.note import Note
from crypto.proofs.contest import BallotContext
from crypto.proofs.contest_prover import ContestProver
from crypto.protocol.ballot import PreparedBallot, encrypt_ballot
from crypto.protocol.entry import LEDGER_KEY_CHANGED, ZERO_HASH
from crypto.protocol.manifest import Contest, Option
from crypto.protocol.policy import Clock, Person, Policy
from crypto.protocol.promise import Promise
from crypto.protocol.register import LABELS
from crypto.roles.bodies import MemoryBodies
from crypto.secret import Secret
from crypto.sharing.ceremony import Ceremony, SignedMessage
from crypto.sharing.party import CeremonyParty, SecretShare, run_locally
from crypto.sharing.session import LOTTERY, REGISTRAR, TRUSTEE, Party, Role, Session
from crypto.signing import SigningKey, UnsealKey, make_json_statement, sign_all

DAY = 86_400
EPOCH = 1_767_225_600
INTERVAL = 21_600
"""Seconds between batches of the election: few batches keep the records small."""

Members = dict[str, Any]
Hook = Callable[..., Any]

ORGANISATIONS = ("Alpha Union", "Bridge Fund", "Cedar House", "Delta League", "Elm Society")
MEMBERS = 12
VOTERS = 9
THRESHOLDS = {REGISTRAR: (3, 4), TRUSTEE: (2, 3), LOTTERY: (2, 3)}
CONTESTS = (
    Contest(
        {"en": "Delegates", "ru": "Делегаты"},
        tuple(Option({"en": f"Person {c}", "ru": f"Человек {c}"}) for c in "ABDE"),
        0,
        3,
        2,
    ),
    Contest(
        {"en": "Council", "ru": "Совет"},
        tuple(Option({"en": f"Candidate {c}", "ru": f"Кандидат {c}"}) for c in "RSZ"),
        1,
        1,
        1,
    ),
)
# Contest 0 ties for its second seat (options 1 and 2), so that every record has a draw.
MARKS = (
    ((1, 1, 0, 0), (1, 0, 0)),
    ((1, 0, 1, 0), (1, 0, 0)),
    ((1, 1, 0, 0), (1, 0, 0)),
    ((1, 0, 1, 0), (0, 1, 0)),
    ((1, 1, 1, 0), (0, 1, 0)),
    ((0, 0, 0, 1), (1, 0, 0)),
    ((1, 0, 0, 0), (1, 0, 0)),
    ((0, 0, 0, 0), (0, 0, 1)),
    ((0, 0, 0, 1), (1, 0, 0)),
)
FIRST_THOUGHTS = ((0, 0, 0, 1), (0, 0, 1))
"""What voter 0 votes first, before voting again."""


@lru_cache(maxsize=512)
def signing_key(name: str) -> SigningKey:
    """The Ed25519 key of somebody, the same each time."""
    return SigningKey(Secret(hashlib.sha256(f"forge signing {name}".encode()).digest()))


@lru_cache(maxsize=64)
def unseal_key(name: str) -> UnsealKey:
    """The X25519 key of somebody."""
    return UnsealKey(Secret(hashlib.sha256(f"forge unseal {name}".encode()).digest()))


def names(role: str, count: int) -> list[str]:
    """role 1, role 2, .."""
    return [f"{role} {number}" for number in range(1, count + 1)]


def make_policy(**changes: Any) -> Policy:
    """The policy of forged records."""
    arguments: dict[str, Any] = {
        "name": "Forged deployment",
        "demonstration": True,
        "host": "forge.veche.example",
        "register_key": signing_key("register log").public,
        "register_clock": Clock(EPOCH, DAY),
        "board": tuple(
            Person(signing_key(name).public, name, ORGANISATIONS[n]) for n, name in enumerate(names("board", 3))
        ),
        "board_quorum": 2,
        "witnesses": tuple(
            WitnessKey(f"w{n + 1}.forge.example", ORGANISATIONS[n], signing_key(name).public, mirror=n < 3)
            for n, name in enumerate(names("witness", 4))
        ),
        "witness_quorum": 3,
        "faulty": {"board": 1, "lottery": 1, "registrars": 1, "trustees": 1, "witnesses": 1},
        "clock_tolerance": 300,
    }
    return Policy(**{**arguments, **changes})


def make_session(role: Role, **changes: Any) -> Session:
    """The session descriptor of a role."""
    threshold, count = THRESHOLDS[role]
    parties = tuple(
        Party(signing_key(name).public, name, ORGANISATIONS[n], unseal_key(name).public)
        for n, name in enumerate(names(role, count))
    )
    arguments: dict[str, Any] = {
        "role": role,
        "number": 1,
        "threshold": threshold,
        "parties": parties,
        "culprits": (),
    }
    return Session(**{**arguments, **changes})


_ceremonies: dict[bytes, tuple[list[SignedMessage], list[SecretShare]]] = {}


def run_ceremony(session: Session, scope: bytes) -> tuple[list[SignedMessage], list[SecretShare]]:
    """Messages and shares of a complete ceremony; made once for each session."""
    identifier = session.identifier(scope)
    if identifier not in _ceremonies:
        keys = {signing_key(name).public: name for role, (_, n) in THRESHOLDS.items() for name in names(role, n)}
        parties = [
            CeremonyParty(Ceremony(session, scope), signing_key(keys[p.key]), unseal_key(keys[p.key]))
            for p in session.parties
        ]
        messages = run_locally(parties)
        _ceremonies[identifier] = (messages, [party.share() for party in parties])
    return _ceremonies[identifier]


_bodies: dict[tuple[bytes, ...], PreparedBallot] = {}


def make_body(
    manifest: Members, contests: Sequence[Contest], context: BallotContext, marks: Sequence[Sequence[int]]
) -> PreparedBallot:
    """An encrypted ballot; made once for each context and marks."""
    flat = bytes(mark for contest in marks for mark in contest)
    place = (context.manifest, context.pseudonym, context.sequence.to_bytes(4, "big"), flat)
    if place not in _bodies:
        prover = ContestProver(decode_g1(bytes.fromhex(manifest["tally"]["key"])))
        shapes = [contest.shape for contest in contests]
        _bodies[place] = encrypt_ballot(prover, context, shapes, marks, Secret(b"forge"), 1)
    return _bodies[place]


@dataclass(slots=True)
class BallotSpec:
    """A ballot entry to be made, and what becomes of it by the rules: None for counted, `superseded`, or a rule."""

    members: Members
    body: bytes | None
    pseudonym: bytes
    outcome: str | None = None


@dataclass(slots=True)
class Log:
    """One ledger in the making."""

    origin: str
    key: SigningKey
    clock: Clock
    entries: list[bytes] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    tree: Tree = field(default_factory=Tree)
    batch: int = -1

    @property
    def last_hash(self) -> bytes:
        return sha256(self.entries[-1]) if self.entries else ZERO_HASH


class Forge:
    """One record in the making.

    Args:
        hooks: by name of a step; each gets the forge and the value about to be used, and returns another.
    """

    def __init__(self, hooks: Mapping[str, Hook] | None = None) -> None:
        self.hooks = dict(hooks or {})
        self.used: set[str] = set()
        self.pinned = make_policy()
        self.policy = self.pinned
        self.bodies = MemoryBodies()
        self.register = Log(self.policy.register_origin, signing_key("register log"), Clock(EPOCH, DAY))
        self.election_log: Log | None = None
        self.places: dict[str, int] = {}
        self.excluded: dict[int, str] = {}
        self.board_sequence = 0
        self.shares: dict[str, list[SecretShare]] = {}
        self.manifest: Members = {}
        self.manifest_digest = ZERO_HASH
        self.promises: list[Promise] = []

    # --- hooks

    def at(self, name: str, value: Any) -> Any:
        """The value of a step, or what the test makes of it."""
        hook = self.hooks.get(name)
        if hook is None:
            return value
        self.used.add(name)
        return hook(self, value)

    # --- ledgers

    @property
    def log(self) -> Log:
        """The election's ledger."""
        assert self.election_log is not None
        return self.election_log

    def append(self, log: Log, name: str, kind: str, members: Members) -> int:
        """Append an entry; the hook `entry:<name>` may change its members, `raw:<name>` its bytes. Returns the index."""
        members = self.at(f"entry:{name}", {**members, "kind": kind, "previous": log.last_hash.hex()})
        data = self.at(f"raw:{name}", dumps(members))
        index = len(log.entries)
        log.entries.append(data)
        log.tree.append(leaf_hash(data))
        self.places[name] = index
        return index

    def begin_batch(self, log: Log, number: int) -> None:
        """A batch entry."""
        which = "register" if log is self.register else "election"
        self.append(log, f"{which} batch {number}", "batch", {"number": number})
        log.batch = number

    def sign_head(self, log: Log, late: int = 0) -> bytes:
        """A head over all entries, cosigned by all witnesses shortly after the batch's boundary."""
        which = "register" if log is self.register else "election"
        name = f"head:{which} {log.batch}"
        checkpoint = self.at(name, Checkpoint(log.origin, log.tree.size, log.tree.root()))
        time = self.at(f"time:{which} {log.batch}", log.clock.boundary(log.batch) + 2 + late)
        note = sign_checkpoint(checkpoint, self.at(f"log key:{which} {log.batch}", log.key))
        lines = [
            cosign(witness.name, signing_key(name), note.text, time)
            for witness, name in zip(self.policy.witnesses, names("witness", 4), strict=True)
        ]
        lines = self.at(f"cosignatures:{which} {log.batch}", lines)
        data = self.at(f"note:{which} {log.batch}", Note(note.text, (*note.signatures, *lines)).encode())
        log.heads.append(data)
        return data

    def body(self, data: bytes, name: str) -> bytes:
        """Keep a body beside the ledger, unless the hook `drop:<name>` says so; returns its hash."""
        if not self.at(f"drop:{name}", False):
            self.bodies.put(data)
        return sha256(data)

    # --- statements

    def statement(self, log: Log, name: str, kind: str, payload: Members, signers: Sequence[str]) -> bytes:
        """An entry with a statement that several sign. Returns the statement."""
        label = {**LABELS, LEDGER_KEY_CHANGED: labels.LEDGER_KEY}[kind]
        payload = self.at(f"payload:{name}", payload)
        statement = self.at(f"statement:{name}", make_json_statement(label, payload))
        signatures = sign_all([signing_key(s) for s in self.at(f"signers:{name}", list(signers))], statement)
        members = {"statement": encode_base64(statement), "signatures": signatures}
        self.append(log, name, kind, members)
        return statement

    def board_statement(self, name: str, kind: str, payload: Members) -> bytes:
        """An entry of the register that the board signs."""
        payload = {**payload, "register": self.policy.register_origin, "sequence": self.board_sequence}
        self.board_sequence += 1
        return self.statement(self.register, name, kind, payload, names("board", 2))

    def member_statement(
        self, name: str, kind: str, member: int, sequence: int, payload: Members, by: Sequence[str]
    ) -> None:
        """An entry of the register about a member."""
        payload = {
            **payload,
            "member": member_id(member).hex(),
            "register": self.policy.register_origin,
            "sequence": sequence,
        }
        self.statement(self.register, name, kind, payload, by)

    def signed_message(self, name: str, kind: str, label: labels.Label, payload: Members, signer: str) -> int:
        """An entry of the election's ledger with a statement that one party signs."""
        payload = self.at(f"payload:{name}", payload)
        statement = self.at(f"statement:{name}", make_json_statement(label, payload))
        return self.message_entry(
            name, kind, SignedMessage(statement, signing_key(self.at(f"signer:{name}", signer)).sign(statement))
        )

    def message_entry(self, name: str, kind: str, message: SignedMessage) -> int:
        """An entry with a signed message."""
        message = self.at(f"message:{name}", message)
        members = {"signature": message.signature.hex(), "statement": encode_base64(message.statement)}
        return self.append(self.log, name, kind, members)


def member_id(number: int) -> bytes:
    """Id of member `number`."""
    return hashlib.sha256(f"forge member {number}".encode()).digest()[:16]
