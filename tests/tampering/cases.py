# SPDX-License-Identifier: AGPL-3.0-or-later
"""For every check of specs/verification.md a record that this check alone reports.

Each forgery is made with all keys, and everything behind it is signed again, so that it gets past all other checks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from crypto.encoding.strict_json import dumps
from crypto.group import G1, encode_g1
from crypto.ledger.checkpoint import Checkpoint, sign_checkpoint
from crypto.ledger.framing import BODY_LENGTH_BYTES, frame
from tests.forge.base import Hook, member_id, signing_key
from tests.forge.preparation import OPENS
from tests.forge.script import Script

Files = Callable[[Path, Script], Sequence[str | Path]]


@dataclass(frozen=True, slots=True)
class Case:
    """One forgery.

    Args:
        check: that must report it.
        hooks: of the forge.
        pinned: changes the policy file that the observer holds.
        files: changes the written record; returns further arguments of the verifier.
        status: what the check must say.
    """

    check: str
    name: str
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    pinned: Callable[[dict[str, Any]], None] | None = None
    files: Files | None = None
    status: str = "FAIL"


def put(**members: Any) -> Hook:
    """A hook that replaces members of an object."""
    return lambda _, value: {**value, **members}


def always(value: Any) -> Hook:
    """A hook that gives something else."""
    return lambda _f, _v: value


def weak_quorum(policy: dict[str, Any]) -> None:
    policy["witnesses"]["quorum"] = 2


def unnamed_body(folder: Path, _: Script) -> Sequence[str]:
    with (folder / "record/election/bodies").open("ab") as file:
        file.write(frame(b"nobody names this", BODY_LENGTH_BYTES))
    return ()


def flipped_body(folder: Path, _: Script) -> Sequence[str]:
    path = folder / "record/election/ballots"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    return ()


def other_title(_: Script, manifest: dict[str, Any]) -> dict[str, Any]:
    return {**manifest, "title": {"en": "Another title", "ru": "Другое название"}}


def spoiled_partial(forge: Script, partial: list[bytes]) -> list[bytes]:
    del forge
    return [encode_g1(G1), *partial[1:]]


def out_of_chain(forge: Script, ballots: list[Any]) -> list[Any]:
    return [*ballots, forge.ballot(9, sequence=3, outcome="B7")]


def false_proof(forge: Script, ballots: list[Any]) -> list[Any]:
    """The last response of the last contest is another scalar: decodes, and proves nothing."""
    good = next(spec for spec in ballots if spec.pseudonym == forge.ballot(9).pseudonym)
    body = good.body[:-1] + bytes([good.body[-1] ^ 1])
    return [forge.ballot(9, content=body) if spec is good else spec for spec in ballots]


def uninvited_ballot(forge: Script, ballots: list[Any]) -> list[Any]:
    """The registrars give a credential to a member who left and never asked."""
    return [*ballots, forge.ballot(8, secret=forge.secrets[12])]


def extend(forge: Script, _: Any) -> None:
    content = forge.content("extension", {"batches": 1, "election": forge.election.hex(), "kind": "extension"})
    proposal = forge.propose("extension", "voting", "voting", content)
    forge.batch(OPENS + 3)
    forge.approve("extension", proposal)


def wrong_seat(_: Script, certificate: dict[str, Any]) -> dict[str, Any]:
    contests = [dict(contest) for contest in certificate["contests"]]
    contests[1]["elected"] = [1]
    return {**certificate, "contests": contests}


def forked_checkpoint(folder: Path, forge: Script) -> Sequence[str | Path]:
    log = forge.log
    other = sign_checkpoint(Checkpoint(log.origin, len(log.entries), b"\x01" * 32), log.key)
    path = folder / "their-checkpoint"
    path.write_bytes(other.encode())
    return "--checkpoint", path


def broken_promise(folder: Path, forge: Script) -> Sequence[str | Path]:
    """Voter 9 voted again, was promised, and the ballot never came."""
    first = next(spec for _, spec in forge.specs if spec.pseudonym == forge.ballot(9).pseudonym)
    lost = forge.ballot(9, 2, forge.envelope(first).envelope.digest())
    (folder / "claims").mkdir()
    (folder / "claims/one.json").write_bytes(forge.claim(lost))
    return "--claims", folder / "claims"


CASES = (
    Case("V01", "policy with a quorum of witnesses that need not overlap", pinned=weak_quorum),
    Case("V02", "body that nothing names", files=unnamed_body),
    Case("V03", "register entry with an unknown member", {"entry:suspended": put(note="seen")}),
    Case("V04", "register founded under another policy", {"policy entry": put(name="Somebody else")}),
    Case("V05", "head of the register with two cosignatures", {"cosignatures:register 2": lambda _, x: x[:2]}),
    Case("V06", "head of the register before its time", {"time:register 17": lambda _, time: time - 1_000}),
    Case("V07", "panel appointed by one member of the board", {"signers:panel": always(["board 1"])}),
    Case("V08", "admission by one reviewer", {"signers:admitted 3": always(["reviewer 1"])}),
    Case(
        "V09",
        "lottery key of a ceremony that is not complete",
        {"transcript": lambda _, body: dumps({"messages": json.loads(body)["messages"][:-1]})},
    ),
    Case("V11", "ledger under another origin", {"origin": always("forge.veche.example/election/second")}),
    Case("V10", "proposal with an unknown member", {"entry:proposal roll": put(note="seen")}),
    Case("V12", "head of the ledger with two cosignatures", {"cosignatures:election 10": lambda _, x: x[:2]}),
    Case("V13", "head of the ledger before its time", {"time:election 10": lambda _, time: time - 1_000}),
    Case("V14", "ballots in another order", {f"order {OPENS}": lambda _, specs: specs[::-1]}),
    Case("V15", "approval by one member of the board", {"approvers:roll": always(["board 1"])}),
    Case(
        "V16", "proposal with an old head of the register", {"register head:voting": lambda f, _: f.register.heads[-3]}
    ),
    Case(
        "V17",
        "registrars who could give two credentials",
        {"session:registrar": lambda _, session: replace(session, threshold=2)},
    ),
    Case("V18", "issuing key without a confirmation", {"ceremony:registrar": lambda _, messages: messages[:-1]}),
    Case("V19", "tally key without a confirmation", {"ceremony:trustee": lambda _, messages: messages[:-1]}),
    Case("V20", "roll without a member", {"roll": lambda _, roll: [item for item in roll if item[0] != member_id(11)]}),
    Case("V21", "manifest with another title than announced", {"content:manifest": other_title}),
    Case("V22", "register records another manifest", {"payload:election-keys": put(manifest="00" * 32)}),
    Case(
        "V23",
        "promise key that is a board member's key",
        {"content:manifest": put(promise_key=signing_key("board 1").public.hex())},
    ),
    Case("V24", "readiness of two registrars", {"ready registrars": lambda _, shares: shares[:2]}),
    Case("V25", "request signed by another member, counted", {"request signer 5": always("member 6")}),
    Case("V26", "wrong partial signature, counted", {"partial 2": spoiled_partial}),
    Case(
        "V27",
        "ballot outside its chain, not listed",
        {"ballots": out_of_chain, "content:closing": put(excluded=[])},
    ),
    Case("V28", "other body than the envelope names", files=flipped_body),
    Case("V29", "ballot with a false proof, counted", {"ballots": false_proof}),
    Case("V30", "credential that nobody asked for", {"ballots": uninvited_ballot}),
    Case("V31", "closing before the end", {"content:manifest": put(voting_closes=14)}),
    Case(
        "V32",
        "extension without an outage",
        {"voting batch 10": extend, "last batch": always(13)},
    ),
    Case("V33", "closing with another sum", {"content:closing": put(sum="11" * 32)}),
    Case(
        "V34",
        "certificate with one good decryption",
        {"decryption body 2": lambda _, body: body[:-1] + bytes([body[-1] ^ 1])},
    ),
    Case("V35", "certificate with other totals", {"totals": lambda _, totals: [totals[0], (5, 3, 1)]}),
    Case("V36", "draw that nobody could have made", {"draw signature": always(encode_g1(G1))}),
    Case("V37", "seat for another option", {"content:certificate": wrong_seat}),
    Case("V38", "certificate with another number of ballots", {"content:certificate": put(counted=8)}),
    Case("V39", "certificate that nobody approved", {"stop before approval": always(True)}, status="NOT CHECKED"),
    Case("V40", "checkpoint of another history", files=forked_checkpoint),
    Case("V41", "promise that was broken, in a close contest", files=broken_promise),
)
