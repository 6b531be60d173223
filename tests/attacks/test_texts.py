# SPDX-License-Identifier: AGPL-3.0-or-later
"""Attacks 56, 57 and 62: hostile files beside the record, JSON that readers take differently, names that deceive."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.demo.ballot_files import DataError, read_election
from crypto.encoding.members import decode_base64
from crypto.encoding.strict_json import dumps
from crypto.errors import ContentMismatch, EncodingError
from crypto.hashing import sha256
from crypto.protocol.contents import Appointment
from crypto.protocol.manifest import Contest, Option
from crypto.protocol.phases import State
from crypto.roles.board import Decisions
from crypto.sharing.ceremony import SignedMessage
from tests.attacks.damage import NOTHING, altered, altering, early, forged_small, judged
from tests.attacks.play import audit_forged, refusals
from tests.attacks.replay import replay
from tests.audits import audit
from tests.forge import BallotSpec, Script
from tests.forge.base import Hook, signing_key
from tests.tampering.cases import always
from tests.verifier.evidence import small_script
from tests.worlds import played_world

# --- 56


def read_files(candidates: bytes, ballots: bytes, folder: Path) -> None:
    """Read the two files that `veche demo` is given."""
    (folder / "candidates.csv").write_bytes(candidates)
    (folder / "ballots.csv").write_bytes(ballots)
    read_election(folder / "ballots.csv", folder / "candidates.csv")


CANDIDATES = "option_id,name,list\n1,Анна Первая,civil\n2,Борис Второй,civil\n".encode()
BALLOTS = b"count,option_ids\n20,1\n"

DEMO_FILES: dict[str, tuple[bytes, bytes, str]] = {
    "identifier in a second spelling": (CANDIDATES + "01,Вера Третья,civil\n".encode(), BALLOTS, "stands twice"),
    "identifier of Arabic digits": (CANDIDATES + "٣,Вера Третья,civil\n".encode(), BALLOTS, "is not a number"),
    "mark in a second spelling": (CANDIDATES, BALLOTS + b"1,1 01\n", "is marked twice"),
    "negative count": (CANDIDATES, BALLOTS + b"-5,1\n", "is not a number"),
    "count of many digits": (CANDIDATES, BALLOTS + b"9" * 5000 + b",1\n", "is not a number"),
    "field without an end": (CANDIDATES, BALLOTS + b'1,"1' + b" " * 200_000, "field larger than field limit"),
    "UTF-16": (CANDIDATES.decode().encode("utf-16"), BALLOTS, "neither UTF-8 text nor gzip"),
    "cut gzip": (CANDIDATES, b"\x1f\x8b\x08", "neither UTF-8 text nor gzip"),
}


@pytest.mark.parametrize("name", DEMO_FILES)
def test_attack_56_hostile_file_of_the_demonstration_is_refused(name: str, tmp_path: Path) -> None:
    read_files(CANDIDATES, BALLOTS, tmp_path)
    candidates, ballots, words = DEMO_FILES[name]
    with pytest.raises(DataError, match=words):
        read_files(candidates, ballots, tmp_path)


# --- 57


def number(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """The first number of a document, spelt otherwise."""
    return lambda data: re.sub(rb"(?<=:)(\d+)", lambda found: change(found[1]), data, count=1)


def first_string(spelling: bytes) -> Callable[[bytes], bytes]:
    """Something before the first string that is a value."""
    return lambda data: re.sub(rb'(?<=:)"', lambda _: b'"' + spelling, data, count=1)


def first_member(data: bytes) -> bytes:
    name, value = next(iter(json.loads(data).items()))
    return dumps({name: value})[1:-1]


TRAPS: dict[str, Callable[[bytes], bytes]] = {
    "member twice": lambda data: data[:-1] + b"," + first_member(data) + b"}",
    "member twice, first another": lambda data: b"{" + first_member(data).partition(b":")[0] + b":0," + data[1:],
    "unknown member": lambda data: data[:-1] + b',"zzz":0}',
    "deep member": lambda data: data[:-1] + b',"zzz":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "float": number(lambda n: n + b".0"),
    "exponent": number(lambda n: n + b"e0"),
    "leading zero": number(lambda n: b"0" + n),
    "minus": number(lambda n: b"-" + n),
    "plus": number(lambda n: b"+" + n),
    "underscore": number(lambda n: n + b"_0"),
    "number as a string": number(lambda n: b'"' + n + b'"'),
    "boolean": number(lambda _: b"true"),
    "NaN": number(lambda _: b"NaN"),
    "infinity": number(lambda _: b"1e400"),
    "beyond 2^53": number(lambda _: b"9007199254740992"),
    "five thousand digits": number(lambda n: n + b"0" * 5_000),
    "lone surrogate": first_string(b"\\ud800"),
    "zero character": first_string(b"\\u0000"),
    "line feed": first_string(b"\n"),
    "Latin-1": first_string(b"\xe9"),
    "comma at the end": lambda data: data[:-1] + b",}",
    "comment": lambda data: data[:-1] + b"/**/}",
    "two documents": lambda data: data + data,
    "zero byte behind": lambda data: data + b"\x00",
    "byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "UTF-32 without a mark": lambda data: data.decode().encode("utf-32-be"),
}
"""JSON that some reader takes, made of canonical JSON that has a number and a string."""


@pytest.mark.parametrize("name", TRAPS)
def test_attack_57_trap_in_a_file_or_an_entry_is_refused(name: str, tmp_path: Path) -> None:
    trap = TRAPS[name]
    early().put(tmp_path)
    (tmp_path / "policy.json").write_bytes(trap(dumps(json.loads(early().policy))))
    assert audit(tmp_path).failed[0] == "V01"
    (tmp_path / "policy.json").write_bytes(early().policy)
    assert judged(tmp_path, trap(dumps(json.loads(small_script().receipt(2).to_bytes())))) == (1, "INVALID")
    hooks: dict[str, Hook] = {"raw:register batch 2": lambda _, data: trap(data)}
    result = forged_small(hooks, tmp_path / "entry", until="content:appointment")
    assert (result.verdict, result.failed[0]) == ("INVALID", "V03")


def test_attack_57_traps_in_statements_on_the_ledger_are_excluded(tmp_path: Path) -> None:
    def pour(script: Script, value: Any) -> Any:
        good = json.loads(script.log.entries[script.places["readiness registrar 4"]])
        label, zero, payload = decode_base64(good["statement"], "statement").partition(b"\x00")
        for name, trap in TRAPS.items():
            statement = label + zero + trap(payload)
            message = SignedMessage(statement, signing_key("registrar 4").sign(statement))
            script.excluded[script.message_entry(name, "readiness", message)] = "P1"
        return value

    script, result = audit_forged({"after answers": pour}, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.excluded == script.excluded == replay(script).rules
    assert len(script.excluded) == len(TRAPS)


def test_attack_57_traps_in_a_proposed_content_are_signed_by_nobody() -> None:
    world = played_world("start")
    world.decide(Decisions(world.sessions()))
    content = Appointment(world.identifier, world.sessions()).to_bytes()
    for name, trap in list(TRAPS.items())[::3]:
        world.propose(State.CEREMONY, trap(content))
        for member in world.board:
            with pytest.raises(ContentMismatch, match="appointment"):
                member.approve(world.now)
        assert world.running.election.state is State.DRAFT, name
    world.appoint()
    assert world.running.election.state is State.CEREMONY


# --- 62

TEXTS = {
    "same name": "Person A",
    "Cyrillic letter": "Person \u0410",
    "full width": "Person \uff21",
    "spaces and points": "Per.son-a",
    "bidirectional override": "Person \u202eB",
    "zero width": "Person\u200b B",
    "control": "Person\u0007 B",
    "newline": "Person\nB",
    "leading space": " Person B",
    "two spaces": "Person  B",
    "no-break space": "Person\u00a0B",
    "not composed": "Person e\u0301",
    "empty": "",
    "501 characters": "P" * 501,
}
NAME = ("contests", 0, "options", 1, "name")


@pytest.mark.parametrize("name", TEXTS)
def test_attack_62_manifest_with_a_deceptive_name_is_refused(name: str, tmp_path: Path) -> None:
    hooks = {"content:manifest": altering(*NAME, "en", value=TEXTS[name])}
    assert refusals(forged_small(hooks, tmp_path, until="asking")) == ("INVALID", ["V21"])


@pytest.mark.parametrize(
    ("language", "name"), [("de", "Person B"), ("ru", "Человек A"), ("ru", NOTHING)], ids=["more", "equal", "less"]
)
def test_attack_62_every_language_shows_every_option_alike(language: str, name: Any, tmp_path: Path) -> None:
    hooks = {"content:manifest": altering(*NAME, language, value=name)}
    assert refusals(forged_small(hooks, tmp_path, until="asking")) == ("INVALID", ["V21"])


def test_attack_62_board_signs_no_deceptive_names_even_if_people_decided_them() -> None:
    world = played_world("freeze_roll")
    honest = world.make_manifest()
    for name in list(TEXTS.values())[::2]:
        options = (Option({"en": "Person A"}), Option({"en": name}))
        contests = (Contest({"en": "Delegates"}, options, 0, 1, 1),)
        for member in world.board:
            member.decisions = replace(member.decisions, contests=contests)
        lie = json.loads(honest.to_bytes())
        lie["contests"] = [contest.to_json() for contest in contests]
        world.propose(State.ISSUING, dumps(lie))
        for member in world.board:
            with pytest.raises(EncodingError, match=r"can be confused|cannot see|a space|form C|not a string|control"):
                member.approve(world.now)
    world.begin_issuing()
    assert world.running.election.state is State.ISSUING


def swapped(manifest: Any) -> Any:
    """The first two options of the first contest in the other order."""
    first, second, *rest = manifest["contests"][0]["options"]
    return altered(manifest, ("contests", 0, "options"), [second, first, *rest])


@pytest.mark.parametrize("listed", [True, False])
def test_attack_62_ballots_for_another_order_of_options_do_not_count(listed: bool, tmp_path: Path) -> None:
    """Voters were shown one manifest; the ledger holds another, with the first two options swapped."""

    def shown(script: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
        other = sha256(dumps(swapped(script.manifest)))
        outcome = "B2" if listed else None
        return [script.ballot(voter, manifest=other, outcome=outcome) for voter in range(1, script.voter_count + 1)]

    hooks: dict[str, Hook] = {"ballots": shown, "later ballots": always([])}
    result = forged_small(hooks, tmp_path, until="content:certificate" if listed else "")
    if listed:
        assert (refusals(result), result.report["results"]) == (("INCOMPLETE", []), [])
        assert set(result.excluded.values()) == {"B2"}
    else:
        assert refusals(result) == ("INVALID", ["V27"])


def test_attack_62_board_signs_no_other_order_than_decided() -> None:
    world = played_world("freeze_roll")
    content = json.loads(world.make_manifest().to_bytes())
    for lie in (swapped(content), {**content, "contests": []}):
        world.propose(State.ISSUING, dumps(lie))
        for member in world.board:
            with pytest.raises(ContentMismatch, match="manifest differs from what the ledger gives in: contests"):
                member.approve(world.now)
    world.begin_issuing()
    assert world.running.election.state is State.ISSUING
