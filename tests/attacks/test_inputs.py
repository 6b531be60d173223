# SPDX-License-Identifier: AGPL-3.0-or-later
"""Attacks 50 to 54: bad encodings, empty batches, errors that cancel, missing evidence, false anchors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crypto import labels
from crypto.encoding.strict_json import dumps
from crypto.errors import CryptoError, Excluded
from crypto.group import G1, decode_g1, encode_g1, scalar
from crypto.protocol.promise import Promise
from tests.attacks.damage import altered, altering, early, forged_small, judged
from tests.attacks.play import audit_forged, bad_points, recast, refusals
from tests.attacks.replay import follow, replay
from tests.audits import Audit, audit, run_command
from tests.forge import BallotSpec, Script
from tests.forge.base import Hook, make_policy, signing_key
from tests.shared_data import shared_text
from tests.tampering.cases import always, put
from tests.verifier.evidence import SmallScript, evidence_of, small, small_script, stopped_before
from tests.worlds import played_world
from verifier.backend import NAMES

# --- 50


def bad_points_of_g2() -> dict[str, bytes]:
    """96-byte encodings that are no point of G2, or are the identity."""
    lines = (line.split() for line in shared_text("vectors/bad-encodings.txt").splitlines() if line[:3] == "G2 ")
    return {
        **{" ".join(words[1:3]): bytes.fromhex(words[3]) for words in lines},
        "identity": bytes([0xC0]) + bytes(95),
        "identity with a sign": bytes([0xE0]) + bytes(95),
        "identity with junk": bytes([0xC0]) + bytes(94) + b"\x01",
        "a point of G1": encode_g1(G1) + bytes(48),
    }


def answer(script: Script, first: int, count: int, body: bytes, rule: str) -> None:
    """An answer of registrar 4 that a rule excludes."""
    digest, name = script.body(body, "bad answer").hex(), f"answer 4 from {first}"
    payload = {"body": digest, "count": count, "election": script.election.hex(), "first": first, "registrar": 4}
    script.excluded[script.signed_message(name, "answer", labels.ANSWER, payload, "registrar 4")] = rule


@pytest.mark.parametrize("name", bad_points_of_g2())
def test_attack_50_bad_point_of_g2_is_no_key(name: str, tmp_path: Path) -> None:
    """The standing key of the register, by both arithmetics and by whoever follows the register."""
    hooks = {"payload:standing-key": put(key=bad_points_of_g2()[name].hex())}
    script = stopped_before("content:appointment", hooks=hooks)
    script.write(tmp_path)
    results = [audit(tmp_path, "--backend", backend) for backend in NAMES]
    assert [refusals(result) for result in results] == [("INVALID", ["V07"])] * 2
    with pytest.raises(CryptoError, match=r"key|point"):
        follow(script)


def test_attack_50_bad_points_of_g1_on_the_ledger_are_excluded(tmp_path: Path) -> None:
    """Registrar 4 answers with each of them, and each is a draw: second encodings of good points among them."""
    points = bad_points()

    def answers(script: Script, value: Any) -> Any:
        for number, point in enumerate(points.values()):
            answer(script, number, 1, point, "A4")
        return value

    def draws(script: Script, value: Any) -> Any:
        for name, point in points.items():
            members = {"contest": 0, "options": [1, 2], "signature": point.hex()}
            script.excluded_after[script.append(script.log, f"draw {name}", "draw", members)] = "L1"
        return value

    hooks = {"answering": lambda _, shares: shares[:3], "after answers": answers, "before draw": draws}
    script, result = audit_forged(hooks, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.excluded == {**script.excluded, **script.excluded_after} == replay(script).rules
    assert list(result.excluded.values()) == ["A4"] * len(points) + ["L1"] * len(points)


# --- 51


EMPTY: dict[str, tuple[dict[str, Hook], str, str]] = {
    "registrars": ({"content:appointment": altering("sessions", 0, "parties", value=[])}, "V17", "ceremony:registrar"),
    "trustees": ({"content:appointment": altering("sessions", 1, "parties", value=[])}, "V17", "ceremony:registrar"),
    "sessions": ({"content:appointment": altering("sessions", value=[])}, "V17", "ceremony:registrar"),
    "ceremony": ({"ceremony:trustee": always([])}, "V19", "content:manifest"),
    "roll": ({"roll": always([])}, "V20", "content:manifest"),
    "contests": ({"content:manifest": altering("contests", value=[])}, "V21", "asking"),
    "options": ({"content:manifest": altering("contests", 0, "options", value=[])}, "V21", "asking"),
    "languages": ({"content:manifest": altering("languages", value=[])}, "V21", "asking"),
    "holders": ({"content:manifest": altering("tally", "holders", value=[])}, "V21", "asking"),
    "signatures of an approval": ({"approvers:roll": always([])}, "V15", "asking"),
    "signatures of an admission": ({"signers:admitted 3": always([])}, "V03", "content:appointment"),
    "cosignatures of the ledger": ({"cosignatures:election 1": always([])}, "V12", "asking"),
    "cosignatures of the register": ({"cosignatures:register 2": always([])}, "V05", "content:appointment"),
    "readiness": ({"ready trustees": always([])}, "V24", "ballots"),
    "contests of the certificate": ({"content:certificate": altering("contests", value=[])}, "V35", "end"),
}
"""Places where a check over nothing would be true, the check that says so, and a step behind."""


@pytest.mark.parametrize("name", EMPTY)
def test_attack_51_nothing_proves_nothing(name: str, tmp_path: Path) -> None:
    hooks, check, stop = EMPTY[name]
    result = forged_small(hooks, tmp_path, until=stop)
    assert result.verdict == "INVALID"
    assert result.failed[0] == check


@pytest.mark.parametrize("role", ["board", "witnesses"])
@pytest.mark.parametrize("quorum", [0, 1])
def test_attack_51_policy_of_nobody_is_refused(role: str, quorum: int, tmp_path: Path) -> None:
    small().put(tmp_path)
    policy = json.loads(small().policy)
    policy[role] = {"members": [], "quorum": quorum}
    (tmp_path / "policy.json").write_bytes(dumps(policy))
    result = audit(tmp_path)
    assert (result.verdict, result.failed[0]) == ("INVALID", "V01")
    assert f"{role}: quorum {quorum} of 0" in result.detail("V01")


def test_attack_51_election_without_ballots_is_incomplete(tmp_path: Path) -> None:
    hooks = {"ballots": always([]), "later ballots": always([])}
    result = forged_small(hooks, tmp_path, until="content:certificate")
    assert (refusals(result), result.statuses["V29"]) == (("INCOMPLETE", []), "NOT CHECKED")
    assert result.report["results"] == []


def test_attack_51_empty_answer_is_excluded(tmp_path: Path) -> None:
    hook: Hook = lambda script, _: answer(script, len(script.requested), 0, b"", "A1")  # noqa: E731
    script, result = audit_forged({"after answers": hook}, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.excluded == script.excluded == replay(script).rules
    assert list(result.excluded.values()) == ["A1"]


# --- 52


def opposite(first: bytes, second: bytes) -> tuple[bytes, bytes]:
    """Two points with errors whose sum is zero: good together wherever their weights are the same."""
    error = G1 * scalar(1234567)
    return encode_g1(decode_g1(first) + error), encode_g1(decode_g1(second) - error)


def test_attack_52_partial_signatures_whose_errors_cancel_are_excluded(tmp_path: Path) -> None:
    hooks: dict[str, Hook] = {
        "partial 4": lambda _, partial: [*opposite(*partial[:2]), *partial[2:]],
        "answer rule 4": always("A4"),
    }
    script, result = audit_forged(hooks, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.excluded == script.excluded == replay(script).rules
    assert list(result.excluded.values()) == ["A4"]


def test_attack_52_credentials_whose_errors_cancel_are_excluded(tmp_path: Path) -> None:
    def crooked(script: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
        one, other = opposite(script.credential(8).signature, script.credential(9).signature)
        bad = [script.ballot(n, credential=c, outcome="B5") for n, c in ((8, one), (9, other))]
        return [*ballots, *bad]

    script, result = audit_forged({"ballots": crooked}, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.excluded == script.excluded == replay(script).rules
    assert list(result.excluded.values()) == ["B5", "B5"]


def test_attack_52_credentials_whose_errors_cancel_are_refused_by_intake() -> None:
    world = played_world("begin_voting")
    voters = [world.voter(member) for member in world.members[:2]]
    ballots = [voter.prepare([[1, 0, 0, 0]]) for voter in voters]
    good = [voter.credential for voter in voters]
    pair = opposite(good[0].signature, good[1].signature)
    for voter, credential, signature in zip(voters, good, pair, strict=True):
        voter.credential = replace(credential, signature=signature)
    casts = [recast(voter, ballot.body) for voter, ballot in zip(voters, ballots, strict=True)]
    assert [answer.rule for answer in world.cast(*casts) if isinstance(answer, Excluded)] == ["B5", "B5"]
    for voter, credential in zip(voters, good, strict=True):
        voter.credential = credential
    casts = [recast(voter, ballot.body) for voter, ballot in zip(voters, ballots, strict=True)]
    assert all(isinstance(answer, Promise) for answer in world.cast(*casts))


# --- 53

HOLLOW: tuple[Any, ...] = (None, [], {}, "")


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every member of a document, and of the first item of every array in it."""
    items = value.items() if isinstance(value, dict) else list(enumerate(value))[:1]
    for name, inner in items:
        if isinstance(value, dict):
            yield (*path, name)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, name))


def hollowings(document: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every member of a document deleted, and with something empty in its place: each in another way in turn."""
    for number, path in enumerate(places(document)):
        yield path, altered(document, path)
        others = (altered(document, path, HOLLOW[(number + n) % 4]) for n in range(4))
        yield path, next(other for other in others if other != document)


def test_attack_53_policy_with_a_hollow_member_is_refused(tmp_path: Path) -> None:
    early().put(tmp_path)
    for path, policy in list(hollowings(json.loads(early().policy)))[::3]:
        (tmp_path / "policy.json").write_text(json.dumps(policy), encoding="utf-8")
        result = audit(tmp_path)
        assert (result.verdict, result.failed[0]) == ("INVALID", "V01"), path


def test_attack_53_receipt_with_a_hollow_member_is_refused(tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_bytes(small().policy)
    receipt = json.loads(small_script().receipt(2).to_bytes())
    assert judged(tmp_path, json.dumps(receipt).encode()) == (2, "INCOMPLETE")
    for path, changed in hollowings(receipt):
        assert judged(tmp_path, json.dumps(changed).encode()) == (1, "INVALID"), path


CONTENTS = {
    "ceremony": ("appointment", "ceremony:registrar", "V17"),
    "roll": ("roll", "content:manifest", "V20"),
    "manifest": ("manifest", "after manifest", "V21"),
    "voting": ("voting", "ballots", "V24"),
    "closing": ("closing", "decrypting", "V31"),
    "certificate": ("certificate", "end", "V35"),
}
"""By proposal the kind of its content, the step behind its approval, and the check that reads it."""


@pytest.mark.parametrize("name", CONTENTS)
def test_attack_53_content_with_a_hollow_member_is_refused(name: str, tmp_path: Path) -> None:
    """Members of contents, in one way each; the board approves them all the same."""
    kind, stop, check = CONTENTS[name]
    contents = (json.loads(body) for body in small_script().bodies._bodies.values() if body[:1] == b"{")
    good = next(content for content in contents if content.get("kind") == kind)
    chosen = [item for item in hollowings(good) if len(item[0]) < 4][:: 3 if name != "manifest" else 7]
    for number, (path, content) in enumerate(chosen):
        hook: Hook = lambda _f, _v, content=content: dumps(content)  # noqa: E731
        result = forged_small({f"content bytes:{name}": hook}, tmp_path / str(number), until=stop)
        assert (result.verdict, check in result.failed) == ("INVALID", True), path
    assert len(chosen) > 3


# --- 54


STRANGERS: dict[str, tuple[tuple[str | int, ...], Any]] = {
    "register": (("register", "key"), signing_key("honest").public.hex()),
    "board": (("board", "members", 0, "key"), signing_key("honest").public.hex()),
    "witnesses": (("witnesses", "members", 0, "key"), signing_key("honest").public.hex()),
    "host": (("host",), "honest.example"),
    "faulty": (("faulty", "trustees"), 2),
    "name": (("name",), "Honest deployment"),
}
"""Places in which the observer's policy names somebody else than the record's."""


@pytest.mark.parametrize("place", STRANGERS)
def test_attack_54_perfect_record_under_its_own_anchors_is_invalid(place: str, tmp_path: Path) -> None:
    small().put(tmp_path)
    (tmp_path / "policy.json").write_bytes(dumps(altered(make_policy().to_json(), *STRANGERS[place])))
    result = audit(tmp_path)
    assert result.verdict == "INVALID"
    assert "V04" in result.failed


def test_attack_54_perfect_record_without_a_policy_is_incomplete(tmp_path: Path) -> None:
    small().put(tmp_path)
    code, output, _ = run_command(tmp_path / "record", "--json")
    result = Audit(code, json.loads(output))
    assert (result.code, refusals(result)) == (2, ("INCOMPLETE", []))
    assert [check for check, status in result.statuses.items() if status != "PASS"] == ["V01", "V04"]


@pytest.mark.parametrize(
    ("place", "check"), [("register", "V05"), ("board", "V07"), ("witnesses", "V05"), ("host", "V05")]
)
def test_attack_54_record_that_quotes_the_observers_policy_is_invalid(place: str, check: str, tmp_path: Path) -> None:
    """Its first entry names the anchors that the observer trusts; everything in it is signed by others."""
    policy = altered(make_policy().to_json(), *STRANGERS[place])
    if place == "witnesses":
        # Three of four would still be a quorum.
        path = ("witnesses", "members", 1, "key")
        policy = altered(policy, path, signing_key("another honest").public.hex())
    script = SmallScript({"policy entry": always(policy)}).build()
    evidence_of(script).put(tmp_path)
    (tmp_path / "policy.json").write_bytes(dumps(policy))
    result = audit(tmp_path)
    assert (result.verdict, result.statuses["V04"]) == ("INVALID", "PASS")
    assert check in result.failed


DERIVED: dict[str, tuple[dict[str, Hook], str]] = {
    "register's root": ({"content:roll": lambda _, c: {**c, "register": {**c["register"], "root": 64 * "0"}}}, "V20"),
    "epoch": ({"content:manifest": lambda _, c: {**c, "epoch": c["epoch"] - 86_400}}, "V21"),
    "registered issuing key": ({"payload:election-keys": put(issuing_key=signing_key("x").public.hex() * 3)}, "V07"),
    "ready registrars": ({"listed registrars": always([1, 2, 3])}, "V24"),
    "requests": ({"content:closing": put(requests=7)}, "V25"),
    "answered": ({"content:closing": put(answered=7)}, "V26"),
    "credentials": ({"content:closing": put(credentials=5)}, "V27"),
    "counted": ({"content:closing": put(counted=7)}, "V29"),
    "superseded": ({"content:closing": put(superseded=0)}, "V29"),
    "manifest of the closing": ({"content:closing": put(manifest=64 * "0")}, "V31"),
    "closing of the certificate": ({"content:certificate": put(closing=64 * "0")}, "V38"),
}
"""What a record says and anybody can compute."""


@pytest.mark.parametrize("name", DERIVED)
def test_attack_54_what_can_be_computed_is_not_believed(name: str, tmp_path: Path) -> None:
    hooks, check = DERIVED[name]
    assert refusals(forged_small(hooks, tmp_path)) == ("INVALID", [check])
