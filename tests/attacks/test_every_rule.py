# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every rule of exclusion: an entry that it excludes spoils nothing if it is listed, and is found if it is not.

For each rule, and for each place where entries of its kind may stand, a forged ledger with one entry that the rule
excludes. Who follows the ledger with crypto, and who verifies the record, must say the same of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from crypto import labels
from crypto.blindsig.blinding import blind
from crypto.encoding.members import decode_base64, encode_base64
from crypto.group import G1, encode_g1
from crypto.protocol.order import order_key
from crypto.sharing.ceremony import SignedMessage
from crypto.signing import make_json_statement, make_statement
from tests.attacks.replay import replay
from tests.audits import audit
from tests.forge import BallotSpec, Script, forge
from tests.forge.base import Hook, member_id, signing_key

SMALL_ORDER = bytes.fromhex("a0" + 47 * "00")
"""A point of order 3 on the curve of G1."""

EXCLUDED = "excluded entry"
"""Name under which a case appends the entry that its rule excludes."""


@dataclass(frozen=True, slots=True)
class Case:
    """One entry that one rule excludes.

    Args:
        hooks: of the forge; they append the entry and note the rule in `excluded` or `excluded_after`.
        check: that finds the entry if no list names it; None if no list has to.
        verdict: then.
    """

    rule: str
    name: str
    hooks: Mapping[str, Hook]
    check: str | None
    verdict: str = "INVALID"
    changes: Mapping[str, Hook] = field(default_factory=dict)


def note(script: Script, rule: str, *, after: bool) -> None:
    """Remember which rule excludes the newest entry."""
    (script.excluded_after if after else script.excluded)[len(script.log.entries) - 1] = rule


def again(name: str, kind: str, rule: str, *, after: bool = False) -> Hook:
    """Append an entry's members a second time."""

    def hook(script: Script, value: Any) -> Any:
        entry = json.loads(script.log.entries[script.places[name]])
        members = {key: entry[key] for key in entry.keys() - {"kind", "previous"}}
        script.append(script.log, EXCLUDED, kind, members)
        note(script, rule, after=after)
        return value

    return hook


def message(kind: str, rule: str, make: Callable[[Script], SignedMessage], *, after: bool = False) -> Hook:
    """Append a signed message."""

    def hook(script: Script, value: Any) -> Any:
        script.message_entry(EXCLUDED, kind, make(script))
        note(script, rule, after=after)
        return value

    return hook


def signed(label: labels.Label, signer: str, payload: Callable[[Script], dict[str, Any]]) -> Any:
    """A maker of a message with a JSON payload."""

    def make(script: Script) -> SignedMessage:
        statement = make_json_statement(label, payload(script))
        return SignedMessage(statement, signing_key(signer).sign(statement))

    return make


# --- requests


def request(rule: str, member: int, signer: str, change: Callable[[Script, bytes], bytes]) -> dict[str, Hook]:
    """One more request: of a member, with a changed payload, signed by somebody."""

    def hook(script: Script, requests: list[Any]) -> list[Any]:
        blinded = blind(script.secrets[member], script.election).blinded
        payload = script.election + member_id(member) + encode_g1(blinded)
        statement = make_statement(labels.REQUEST, change(script, payload))
        members = {"signature": signing_key(signer).sign(statement).hex(), "statement": encode_base64(statement)}
        place = order_key(script.log.batch, member_id(member)) if rule != "Q1" else b""
        return sorted([*requests, (place, EXCLUDED, members)], key=lambda item: item[0])

    return {"requests": hook, f"request rule {EXCLUDED}": lambda _f, _v: rule}


def other_point(script: Script, payload: bytes) -> bytes:
    return payload[:48] + encode_g1(blind(script.secrets[12], script.election).blinded)


# --- ballots


def ballot(rule: str, make: Callable[[Script], BallotSpec], where: str = "ballots") -> dict[str, Hook]:
    """One more ballot."""

    def hook(script: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
        spec = make(script)
        spec.outcome = rule
        return [*ballots, spec]

    return {where: hook}


def malformed(script: Script) -> BallotSpec:
    good = script.ballot(9)
    statement = decode_base64(good.members["envelope"], "envelope")[:-1]
    signature = signing_key("anybody").sign(statement)
    return BallotSpec({"envelope": encode_base64(statement), "signature": signature.hex()}, None, b"")


def next_ballot(script: Script, voter: int, **changes: Any) -> BallotSpec:
    """The ballot of a voter that continues its chain."""
    pseudonym = script.ballot(voter).pseudonym
    last = next(spec for _, spec in script.specs if spec.pseudonym == pseudonym)
    return script.ballot(voter, 2, script.envelope(last).envelope.digest(), **changes)


def with_outcome(**outcomes: str | None) -> Hook:
    """Ballots of a batch get other outcomes, by voter: v1=.., v9=.."""

    def hook(script: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
        for name, outcome in outcomes.items():
            pseudonym = script.ballot(int(name[1:])).pseudonym
            for spec in ballots:
                if spec.pseudonym == pseudonym:
                    spec.outcome = outcome
        return ballots

    return hook


def without_body(voter: int) -> Hook:
    def hook(script: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
        pseudonym = script.ballot(voter).pseudonym
        for spec in ballots:
            if spec.pseudonym == pseudonym:
                spec.body, spec.outcome = None, "B9"
        return ballots

    return hook


def false_proof(script: Script) -> BallotSpec:
    good = next_ballot(script, 9)
    assert good.body is not None
    return next_ballot(script, 9, content=good.body[:-1] + bytes([good.body[-1] ^ 1]))


def second_in_batch(script: Script) -> BallotSpec:
    return script.ballot(9, 2, script.envelope(script.ballot(9)).envelope.digest())


def roll_key(script: Script) -> BallotSpec:
    key = signing_key("member 3")
    return script.ballot(9, vk=bytes(key.public), signer=key)


# --- decryptions and the rest


def decryption(rule: str, signer: str, *, after: bool = True, **changes: Any) -> Hook:
    """A decryption with a body that proves nothing."""

    def hook(script: Script, value: Any) -> Any:
        body = script.body(b"no decryption", EXCLUDED)
        closing = script.closing if after else bytes(32)
        payload = {"body": body.hex(), "closing": closing.hex(), "election": script.election.hex(), "trustee": 3}
        statement = make_json_statement(labels.DECRYPTION, {**payload, **changes})
        script.message_entry(EXCLUDED, "decryption", SignedMessage(statement, signing_key(signer).sign(statement)))
        note(script, rule, after=after)
        return value

    return hook


def draw(rule: str, *, after: bool = True, contest: int = 0) -> Hook:
    def hook(script: Script, value: Any) -> Any:
        members = {"contest": contest, "options": [1, 2], "signature": encode_g1(G1).hex()}
        script.append(script.log, EXCLUDED, "draw", members)
        note(script, rule, after=after)
        return value

    return hook


def lost_share(signer: str, *, after: bool, trustee: int = 3) -> Hook:
    make = signed(labels.SHARE_LOST, signer, lambda s: {"election": s.election.hex(), "trustee": trustee})
    return message("share-lost", "S1", make, after=after)


def bad_answer(rule: str, signer: str, *, after: bool = False, **changes: Any) -> Hook:
    """Registrar 1 (or whoever signs for it) answers once more."""

    def hook(script: Script, value: Any) -> Any:
        body = script.body(bytes(48), EXCLUDED)
        payload = {"body": body.hex(), "count": 1, "election": script.election.hex(), "first": 0, "registrar": 1}
        statement = make_json_statement(labels.ANSWER, {**payload, **changes})
        script.message_entry(EXCLUDED, "answer", SignedMessage(statement, signing_key(signer).sign(statement)))
        note(script, rule, after=after)
        return value

    return hook


def unlisted_ballot(script: Script, value: Any) -> Any:
    """A good ballot after the closing: no list names it."""
    script.append(script.log, EXCLUDED, "ballot", script.ballot(9, 2).members)
    return value


def unlisted_request(script: Script, value: Any) -> Any:
    """A good request after the closing: no list names it."""
    payload = script.election + member_id(11) + encode_g1(blind(script.secrets[11], script.election).blinded)
    statement = make_statement(labels.REQUEST, payload)
    members = {"signature": signing_key("member 11").sign(statement).hex(), "statement": encode_base64(statement)}
    script.append(script.log, EXCLUDED, "request", members)
    return value


def flip(_: Script, body: bytes) -> bytes:
    return body[:-1] + bytes([body[-1] ^ 1])


CASES = (
    Case(
        "C1",
        "message of a round that is over",
        {"after ceremony": again("ceremony trustee 0", "ceremony", "C1")},
        "V31",
    ),
    Case(
        "C1",
        "message behind the closing",
        {"decrypting": again("ceremony registrar 3", "ceremony", "C1", after=True)},
        "V38",
    ),
    Case("P1", "second readiness", {"after answers": again("readiness trustee 2", "readiness", "P1")}, "V31"),
    Case(
        "P1",
        "second readiness behind the closing",
        {"decrypting": again("readiness trustee 2", "readiness", "P1", after=True)},
        "V38",
    ),
    Case("Q1", "request with a byte too few", request("Q1", 11, "member 11", lambda _, payload: payload[:-1]), "V25"),
    Case(
        "Q2",
        "request of another election",
        request("Q2", 11, "member 11", lambda _, payload: bytes(32) + payload[32:]),
        "V25",
    ),
    Case("Q3", "request of a member who left", request("Q3", 12, "member 12", lambda _, payload: payload), "V25"),
    Case("Q4", "request signed by another member", request("Q4", 11, "member 6", lambda _, payload: payload), "V25"),
    Case(
        "Q5",
        "request with a point of order 3",
        request("Q5", 11, "member 11", lambda _, payload: payload[:48] + SMALL_ORDER),
        "V25",
    ),
    Case("Q6", "second request of a member", request("Q6", 1, "member 1", other_point), "V25"),
    Case("Q2", "request behind the closing", {"end": unlisted_request}, None),
    Case("A1", "answer signed by another registrar", {"after answers": bad_answer("A1", "registrar 2")}, "V26"),
    Case("A1", "answer of registrar 0", {"after answers": bad_answer("A1", "registrar 1", registrar=0)}, "V26"),
    Case("A1", "answer of registrar 5 of 4", {"after answers": bad_answer("A1", "registrar 1", registrar=5)}, "V26"),
    Case("A2", "second answer to one request", {"after answers": bad_answer("A2", "registrar 1")}, "V26"),
    Case(
        "A2",
        "answer to a request that nobody made",
        {"after answers": bad_answer("A2", "registrar 1", first=9)},
        "V26",
    ),
    Case("A1", "answer while there is no manifest", {"content:manifest": bad_answer("A1", "registrar 1")}, "V26"),
    Case(
        "A2", "answer behind the approved closing", {"decrypting": bad_answer("A2", "registrar 1", after=True)}, "V38"
    ),
    Case(
        "A3",
        "answer without its body",
        {"drop:answer 4": lambda _f, _v: True, "answer rule 4": lambda _f, _v: "A3"},
        "V26",
        "INCOMPLETE",
    ),
    Case(
        "A4",
        "answer with one wrong partial signature",
        {"partial 4": lambda _, partial: [*partial[:-1], encode_g1(G1)], "answer rule 4": lambda _f, _v: "A4"},
        "V26",
    ),
    Case(
        "A4",
        "answer with a point of order 3",
        {"partial 4": lambda _, partial: [SMALL_ORDER, *partial[1:]], "answer rule 4": lambda _f, _v: "A4"},
        "V26",
    ),
    Case(
        "A4",
        "answer of another length",
        {"answer body 4": lambda _, body: body[:-48], "answer rule 4": lambda _f, _v: "A4"},
        "V26",
    ),
    Case("B1", "ballot with a byte too few", ballot("B1", malformed), "V27"),
    Case("B2", "ballot for another manifest", ballot("B2", lambda s: s.ballot(9, manifest=bytes(32))), "V27"),
    Case("B2", "ballot of another election", ballot("B2", lambda s: s.ballot(9, election=bytes(32))), "V27"),
    Case("B2", "ballot behind the closing", {"end": unlisted_ballot}, None),
    Case("B3", "ballot under a member key", ballot("B3", roll_key), "V27"),
    Case("B4", "ballot with another signature", ballot("B4", lambda s: s.ballot(9, signature=bytes(64))), "V27"),
    Case(
        "B5",
        "ballot with a credential for another pseudonym",
        ballot("B5", lambda s: s.ballot(9, credential=s.credential(8).signature)),
        "V27",
    ),
    Case(
        "B6",
        "ballot beyond the last that is allowed",
        {"ballots": with_outcome(v1=None), "later ballots": with_outcome(v1="B6")},
        "V27",
        changes={"content:manifest": lambda _, manifest: {**manifest, "max_revotes": 1}},
    ),
    Case("B7", "ballot that skips a sequence number", ballot("B7", lambda s: s.ballot(9, 3)), "V27"),
    Case("B8", "second ballot in a batch", ballot("B8", second_in_batch), "V27"),
    Case("B9", "ballot without its body", {"ballots": without_body(9)}, "V28", "INCOMPLETE"),
    Case("B10", "ballot with a false proof", ballot("B10", false_proof, "later ballots"), "V29"),
    Case("D1", "decryption signed by another trustee", {"before draw": decryption("D1", "trustee 2")}, "V38"),
    Case("D1", "decryption of trustee 0", {"before draw": decryption("D1", "trustee 3", trustee=0)}, "V38"),
    Case("D1", "decryption of trustee 4 of 3", {"before draw": decryption("D1", "trustee 3", trustee=4)}, "V38"),
    Case(
        "D2", "decryption for another closing", {"before draw": decryption("D2", "trustee 3", closing=64 * "0")}, "V38"
    ),
    Case("D3", "second decryption of a trustee", {"before draw": decryption("D3", "trustee 1", trustee=1)}, "V38"),
    Case("D4", "decryption with another body", {"before draw": decryption("D4", "trustee 3")}, "V38"),
    Case(
        "D4",
        "decryption with a false proof, the first of all",
        {
            "decrypting": lambda script, _: script.shares["trustee"][::-1],
            "decryption body 3": flip,
            "decryption rule 3": lambda _f, _v: "D4",
        },
        "V38",
    ),
    Case(
        "D1", "decryption before the closing, by nobody", {"before closing": decryption("D1", "x", after=False)}, "V31"
    ),
    Case(
        "D2",
        "decryption before the closing, by a trustee",
        {"before closing": decryption("D2", "trustee 3", after=False)},
        "V31",
    ),
    Case("L1", "draw that does not hold", {"before draw": draw("L1")}, "V38"),
    Case("L1", "draw in a contest without a tie", {"before certificate": draw("L1", contest=1)}, "V38"),
    Case("L1", "draw in a contest that there is not", {"before certificate": draw("L1", contest=2)}, "V38"),
    Case("L1", "second draw of a tie", {"before certificate": again("draw", "draw", "L1", after=True)}, "V38"),
    Case("L1", "draw before the closing", {"before closing": draw("L1", after=False)}, "V31"),
    Case("S1", "lost share before the closing", {"before closing": lost_share("trustee 3", after=False)}, "V31"),
    Case("S1", "lost share signed by another", {"decrypting": lost_share("trustee 2", after=True)}, "V38"),
    Case("S1", "lost share of trustee 0", {"decrypting": lost_share("trustee 3", after=True, trustee=0)}, "V38"),
    Case("S1", "lost share behind the tally", {"before draw": lost_share("trustee 3", after=True)}, "V38"),
)

RULES = {
    "C1",
    "P1",
    *(f"Q{n}" for n in range(1, 7)),
    *(f"A{n}" for n in range(1, 5)),
    *(f"B{n}" for n in range(1, 11)),
    *(f"D{n}" for n in range(1, 5)),
    "L1",
    "S1",
}


def name_of(case: Case) -> str:
    return f"{case.rule}: {case.name}"


def made(case: Case, **more: Hook) -> Script:
    return forge({**case.hooks, **case.changes, **more})


def test_every_rule_has_a_case() -> None:
    assert {case.rule for case in CASES} == RULES


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_listed_entry_is_excluded_alike_by_all_and_spoils_nothing(case: Case, tmp_path: Path) -> None:
    script = made(case)
    listed = {**script.excluded, **script.excluded_after}
    assert set(listed.values()) == ({case.rule} if case.check else set())

    script.write(tmp_path)
    result = audit(tmp_path)
    assert (result.verdict, result.failed) == ("VALID", []), {c: result.detail(c) for c in result.failed}
    assert result.excluded == listed

    replayed = replay(script)
    unlisted = {} if case.check else {script.places[EXCLUDED]: case.rule}
    assert replayed.rules == {**listed, **unlisted}
    assert dict(replayed.closing.excluded) == script.excluded
    assert dict(replayed.certificate.excluded) == script.excluded_after


@pytest.mark.parametrize("case", [case for case in CASES if case.check], ids=name_of)
def test_entry_that_no_list_names_is_found(case: Case, tmp_path: Path) -> None:
    def forget(_: Script, content: dict[str, Any]) -> dict[str, Any]:
        return {**content, "excluded": []}

    script = made(case, **{"content:closing": forget, "content:certificate": forget})
    script.write(tmp_path)
    result = audit(tmp_path)
    assert result.verdict == case.verdict
    failed = [case.check] if case.verdict == "INVALID" else []
    assert result.failed == failed, {c: result.detail(c) for c in result.failed}
    assert result.statuses[str(case.check)] == ("FAIL" if failed else "NOT CHECKED")
    index = script.places.get(EXCLUDED)
    if index is not None:
        assert f"entry {index} " in result.detail(str(case.check))


ONE_OF_A_KIND = {case.rule[0]: case for case in CASES if case.check and case.verdict == "INVALID"}


@pytest.mark.parametrize("case", ONE_OF_A_KIND.values(), ids=name_of)
def test_entry_that_is_listed_under_another_rule_is_found(case: Case, tmp_path: Path) -> None:
    """The list says C1 of everything, and B1 of what C1 excludes."""
    false = "B1" if case.rule == "C1" else "C1"

    def relabel(_: Script, content: dict[str, Any]) -> dict[str, Any]:
        return {**content, "excluded": [[index, false] for index, _ in content["excluded"]]}

    made(case, **{"content:closing": relabel, "content:certificate": relabel}).write(tmp_path)
    result = audit(tmp_path)
    assert (result.verdict, result.code) == ("INVALID", 1)


def test_good_entry_cannot_be_listed(tmp_path: Path) -> None:
    def accuse(script: Script, content: dict[str, Any]) -> dict[str, Any]:
        return {**content, "excluded": [[script.specs[0][0], "B7"]]}

    forge({"content:closing": accuse}).write(tmp_path)
    result = audit(tmp_path)
    assert (result.verdict, result.failed) == ("INVALID", ["V27"])
