# SPDX-License-Identifier: AGPL-3.0-or-later
"""Attacks 36 to 38: split views, witnesses and policies that protect nobody, truncation and closing games."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crypto.encoding.strict_json import dumps
from crypto.errors import (
    EncodingError,
    UnsafePolicy,
)
from crypto.ledger.checkpoint import Checkpoint, sign_checkpoint
from crypto.ledger.note import NoteSignature
from crypto.protocol.policy import Policy, read_policy
from crypto.roles.witness import BAD_REQUEST, CONFLICT
from tests.attacks.ledgers import Thief, cut, script, witness_request
from tests.attacks.play import SMALL_ORDER_KEYS, audit_forged, refusals
from tests.audits import audit
from tests.forge import Script
from tests.forge.base import make_policy, signing_key
from tests.forge.preparation import CLOSES
from tests.worlds import played_world
from verifier.errors import BrokenError
from verifier.policy import load_safe_policy


def test_attack_36_second_root_of_one_size_is_refused_by_every_witness() -> None:
    world = played_world("vote")
    thief = Thief(world)
    size = world.running.sequencer.newest_size()
    fork = thief.note(size, b"\x07" * 32)
    for witness in world.witnesses:
        answer = witness.add_checkpoint(witness_request(size, [], fork.encode()), world.now + 2)
        assert (answer.status, answer.body) == (CONFLICT, f"{size}\n".encode())
        assert witness.newest(thief.origin) == (size, world.running.election.ledger.tree.root(size))


def test_attack_36_shorter_history_is_refused_by_every_witness() -> None:
    world = played_world("vote")
    thief = Thief(world)
    for witness in world.witnesses:
        size, root = witness.newest(thief.origin)
        older = thief.note(size - 1).encode()
        assert witness.add_checkpoint(witness_request(0, [], older), world.now + 2).status == CONFLICT
        assert witness.add_checkpoint(witness_request(size, [], older), world.now + 2).status == BAD_REQUEST
        assert witness.add_checkpoint(witness_request(size - 1, [], older), world.now + 2).status == CONFLICT
        assert witness.newest(thief.origin) == (size, root)


def test_attack_36_fork_is_printed_as_evidence(record: Path, tmp_path: Path) -> None:
    """Somebody was shown another history: both notes together convince whoever knows the log key."""
    log = script().log
    for which, origin, key, size in (
        ("election", log.origin, log.key, len(log.entries)),
        ("register", script().register.origin, script().register.key, len(script().register.entries)),
    ):
        other = sign_checkpoint(Checkpoint(origin, size, b"\x01" * 32), key).encode()
        (tmp_path / which).write_bytes(other)
        result = audit(record, "--checkpoint", tmp_path / which)
        assert refusals(result) == ("INVALID", ["V40"])
        evidence = "\n".join(result.report["fork_evidence"])
        assert other.decode() in evidence
        own = (log if which == "election" else script().register).heads[-1].decode()
        assert own in evidence


def test_attack_36_checkpoint_that_nobody_signed_is_no_evidence(record: Path, tmp_path: Path) -> None:
    log = script().log
    other = sign_checkpoint(Checkpoint(log.origin, len(log.entries), b"\x01" * 32), signing_key("a forger")).encode()
    (tmp_path / "note").write_bytes(other)
    result = audit(record, "--checkpoint", tmp_path / "note")
    assert (result.verdict, result.failed, result.report["fork_evidence"]) == ("INCOMPLETE", [], [])


def test_attack_36_newer_checkpoint_says_that_the_record_is_old(record: Path, tmp_path: Path) -> None:
    log = script().log
    other = sign_checkpoint(Checkpoint(log.origin, len(log.entries) + 5, b"\x01" * 32), log.key).encode()
    (tmp_path / "note").write_bytes(other)
    result = audit(record, "--checkpoint", tmp_path / "note")
    assert (result.verdict, result.statuses["V40"]) == ("INCOMPLETE", "NOT CHECKED")


@pytest.mark.parametrize(("quorum", "parties", "faulty", "safe"), [(2, 3, 1, False), (2, 4, 1, False), (3, 4, 1, True)])
def test_attack_36_quorums_that_need_not_meet_are_refused(quorum: int, parties: int, faulty: int, safe: bool) -> None:
    witnesses = tuple(replace(witness, mirror=True) for witness in make_policy().witnesses[:parties])
    policy = make_policy().to_json()
    policy["witnesses"] = {
        "members": [
            {"key": w.key.hex(), "mirror": True, "name": w.name, "organisation": w.organisation} for w in witnesses
        ],
        "quorum": quorum,
    }
    policy["faulty"]["witnesses"] = faulty
    judge_policy(policy, safe=safe, words="witnesses")


# --- 37


def judge_policy(policy: dict[str, Any], *, safe: bool, words: str) -> None:
    """A policy is refused by crypto and by the functions of V01, or taken by both."""
    data = dumps(policy)
    if safe:
        assert isinstance(read_policy(policy), Policy)
        load_safe_policy(data)
    else:
        with pytest.raises((UnsafePolicy, EncodingError), match=words):
            read_policy(policy)
        with pytest.raises(BrokenError, match=words):
            load_safe_policy(data)


def changed_witness(**members: Any) -> Callable[[dict[str, Any]], None]:
    def change(policy: dict[str, Any]) -> None:
        policy["witnesses"]["members"][0] |= members

    return change


def set_quorum(role: str, quorum: int) -> Callable[[dict[str, Any]], None]:
    def change(policy: dict[str, Any]) -> None:
        policy[role]["quorum"] = quorum

    return change


POLICIES: dict[str, Callable[[dict[str, Any]], None]] = {
    "two witnesses with one key": changed_witness(key=signing_key("witness 2").public.hex()),
    "witness with the log key": changed_witness(key=signing_key("register log").public.hex()),
    "witness with a board member's key": changed_witness(key=signing_key("board 1").public.hex()),
    "witness with a key of small order": changed_witness(key=SMALL_ORDER_KEYS[0].hex()),
    "two witnesses with one name": changed_witness(name="w2.forge.example"),
    "two witnesses of one organisation": changed_witness(organisation="Bridge Fund"),
    "two witnesses of look-alike organisations": changed_witness(organisation="Вridge Fund"),
    "name with a space": changed_witness(name="w1 forge.example"),
    "name with a plus": changed_witness(name="w1+forge.example"),
    "name with a no-break space": changed_witness(name="w1\u00a0forge.example"),
    "one mirror less than the quorum": changed_witness(mirror=False),
    "witness quorum of 0": set_quorum("witnesses", 0),
    "witness quorum above their number": set_quorum("witnesses", 5),
    "board quorum of 0": set_quorum("board", 0),
    "board quorum of f": set_quorum("board", 1),
    "board quorum above its number": set_quorum("board", 4),
    "nobody on the board": lambda policy: policy["board"].update(members=[]),
    "no witnesses": lambda policy: policy["witnesses"].update(members=[]),
    "nobody faulty": lambda policy: policy["faulty"].update(board=0),
    "interval of a second": lambda policy: policy["register"].update(interval=1),
    "quorum as text": set_quorum("witnesses", "3"),  # type: ignore[arg-type]
    "quorum as true": set_quorum("board", True),
    "host in capitals": lambda policy: policy.update(host="Forge.veche.example"),
    "another suite": lambda policy: policy.update(suite="VECHE-V2"),
    "a member too many": lambda policy: policy.update(trusted=True),
}


@pytest.mark.parametrize("name", POLICIES)
def test_attack_37_policy_that_protects_nobody_is_refused(name: str) -> None:
    policy = json.loads(dumps(make_policy().to_json()))
    POLICIES[name](policy)
    judge_policy(policy, safe=False, words=r".")


def test_attack_37_policy_that_protects_nobody_makes_every_record_invalid(tmp_path: Path) -> None:
    script().write(tmp_path)
    policy = json.loads(dumps(make_policy().to_json()))
    POLICIES["two witnesses with one key"](policy)
    (tmp_path / "policy.json").write_bytes(dumps(policy))
    result = audit(tmp_path)
    assert result.verdict == "INVALID"
    assert "V01" in result.failed


@pytest.mark.parametrize("time", [0])
def test_attack_37_cosignature_without_a_time_counts_for_nothing(time: int, tmp_path: Path) -> None:
    """u64(0) in front of a signature that its witness really made over "time 0"."""

    def timeless(forged: Script, lines: list[NoteSignature]) -> list[NoteSignature]:
        size, root = forged.log.tree.size, forged.log.tree.root()
        text = Checkpoint(forged.log.origin, size, root).text()
        message = f"cosignature/v1\ntime {time}\n{text}".encode()
        signature = bytes(8) + signing_key("witness 1").sign(message)
        return [replace(lines[0], signature=signature), *lines[1:]]

    _, result = audit_forged({"cosignatures:election 10": timeless}, tmp_path)
    assert refusals(result) == ("INVALID", ["V12"])


def test_attack_37_cosignatures_of_one_witness_under_two_names_are_one(tmp_path: Path) -> None:
    def doubled(_: Script, lines: list[NoteSignature]) -> list[NoteSignature]:
        return [
            lines[0],
            lines[1],
            replace(lines[0], name="w3.forge.example"),
            replace(lines[1], name="w4.forge.example"),
        ]

    _, result = audit_forged({"cosignatures:election 10": doubled}, tmp_path)
    assert refusals(result) == ("INVALID", ["V12"])


def test_attack_38_record_that_ends_early_is_incomplete(tmp_path: Path) -> None:
    """The operator hands out the record of the day before: its last ballots are missing, and nothing says closed."""

    def stop(forged: Script, _: Any) -> None:
        forged.sign_head(forged.log)
        raise StoppedError

    forged = Script({f"voting batch {CLOSES}": stop})
    with pytest.raises(StoppedError):
        forged.build()
    forged.write(tmp_path)
    result = audit(tmp_path)
    assert (result.verdict, result.failed) == ("INCOMPLETE", [])
    assert result.report["results"] == []


class StoppedError(Exception):
    """The forge stops here."""


def test_attack_38_entries_beyond_the_last_head_are_not_believed(tmp_path: Path) -> None:
    script().write(tmp_path)
    cut(tmp_path, "election/checkpoints", lambda heads: heads[:-1])
    result = audit(tmp_path)
    assert (result.verdict, result.statuses["V12"]) == ("INCOMPLETE", "NOT CHECKED")


def test_attack_38_entries_cut_off_behind_the_last_head_are_missed(tmp_path: Path) -> None:
    script().write(tmp_path)
    cut(tmp_path, "election/entries", lambda entries: entries[:-1])
    result = audit(tmp_path)
    assert (result.verdict, result.statuses["V12"]) == ("INCOMPLETE", "NOT CHECKED")


def second_closing(forged: Script, _: Any) -> None:
    """A second closing is proposed once the first is approved."""
    content = forged.bodies.get(bytes.fromhex(proposal_of(forged, "closing")["content"]))
    forged.propose("again", "voting", "closed", content)


def proposal_of(forged: Script, name: str) -> dict[str, Any]:
    return json.loads(forged.log.entries[forged.places[f"proposal {name}"]])


@pytest.mark.parametrize(
    ("name", "hooks", "check"),
    [
        ("a second closing", {"after closing": second_closing}, "V15"),
        ("closing by one member of the board", {"approvers:closing": lambda _f, _v: ["board 1"]}, "V15"),
        ("closing by two strangers", {"approvers:closing": lambda _f, _v: ["x", "y"]}, "V15"),
        ("closing in the last batch of voting", {"last batch": lambda _f, _v: CLOSES - 1}, "V31"),
        (
            "closing after the grace",
            {f"time:election {CLOSES + 1}": lambda _, time: time + 86_400 + 21_600 + 301},
            None,
        ),
    ],
)
def test_attack_38_closing_games_are_invalid(
    name: str, hooks: dict[str, Any], check: str | None, tmp_path: Path
) -> None:
    _, result = audit_forged(hooks, tmp_path)
    assert result.verdict == "INVALID", name
    if check is not None:
        assert check in result.failed
    else:
        assert set(result.failed) & {"V31", "V13"}


def test_attack_38_ballot_behind_the_closing_counts_for_nothing(tmp_path: Path) -> None:
    def late(forged: Script, value: Any) -> Any:
        forged.append(forged.log, "late", "ballot", forged.ballot(9, 2).members)
        return value

    forged, result = audit_forged({"end": late}, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.report["counts"]["counted"] == 9
    assert result.report["counts"]["after_closing"] == 1
    assert forged.places["late"] not in dict(result.excluded)


def test_attack_38_extension_by_one_member_of_the_board_is_invalid(tmp_path: Path) -> None:
    def extend(forged: Script, _: Any) -> None:
        content = forged.content("extension", {"batches": 1, "election": forged.election.hex(), "kind": "extension"})
        proposal = forged.propose("extension", "voting", "voting", content)
        forged.batch(forged.log.batch + 1)
        forged.approve("extension", proposal)

    hooks = {"voting batch 10": extend, "approvers:extension": lambda _f, _v: ["board 1"]}
    _, result = audit_forged(hooks, tmp_path)
    assert result.verdict == "INVALID"
    assert "V15" in result.failed
