# SPDX-License-Identifier: AGPL-3.0-or-later
"""Claims of broken promises (specs/receipt.md#claim, V41): what proves one, and when it spoils a result."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from crypto.encoding.members import encode_base64
from crypto.protocol.promise import make_claim, make_promise
from tests.audits import Audit
from tests.forge import BallotSpec, Script, forge
from tests.forge.base import signing_key
from tests.forge.preparation import OPENS
from tests.verifier.commands import check
from tests.verifier.evidence import SmallScript, evidence_of, small, small_script, stopped_before

Json = dict[str, Any]


class CloseScript(SmallScript):
    """Totals 5, 3, 1: a margin of 2."""

    small_marks: Sequence[Sequence[int]] = ((1, 0, 0), (1, 1, 0), (1, 1, 0), (1, 0, 1), (1, 0, 0), (0, 1, 0))


class SafeScript(SmallScript):
    """Totals 6, 1, 1: a margin of 5."""

    small_marks: Sequence[Sequence[int]] = ((1, 0, 0), (1, 0, 0), (1, 0, 0), (1, 0, 1), (1, 0, 0), (1, 1, 0))


def next_ballot(made: Script, voter: int, **changes: Any) -> BallotSpec:
    """The ballot that would continue a voter's chain."""
    pseudonym = made.ballot(voter).pseudonym
    last = [spec for _, spec in made.specs if spec.pseudonym == pseudonym][-1]
    sequence = made.envelope(last).envelope.sequence + 1
    return made.ballot(voter, sequence, made.envelope(last).envelope.digest(), **changes)


def claim(made: Script, voter: int, batch: int = OPENS, key: str = "promise", **changes: Any) -> bytes:
    """A voter's claim that a promised ballot never came."""
    spec = next_ballot(made, voter, **changes)
    signed = made.envelope(spec)
    promise = make_promise(made.election, signed.envelope.digest(), batch, signing_key(key))
    return make_claim(promise, signed, spec.body or b"")


def claimed(files: dict[str, bytes], folder: Path) -> Audit:
    """The record with claims beside it."""
    claims = folder / "claims"
    claims.mkdir(exist_ok=True)
    for name, data in files.items():
        (claims / name).write_bytes(data)
    return check(folder, "--claims", claims)


def lines(result: Audit) -> dict[str, str]:
    """What is said of each file."""
    return {line.partition(": ")[0].strip("'"): line.partition(": ")[2] for line in result.report["claims"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    small().put(tmp_path)
    return tmp_path


# --- the margin


@pytest.mark.parametrize(
    ("script", "voters", "margin", "reached"),
    [
        (SafeScript, [4], 5, False),
        (SafeScript, [4, 5], 5, False),
        (SafeScript, [3, 4, 5], 5, True),
        (SmallScript, [4], 3, False),
        (SmallScript, [4, 5], 3, True),
        (CloseScript, [4], 2, True),
    ],
)
def test_twice_the_number_of_claims_against_the_margin(
    script: type[SmallScript], voters: list[int], margin: int, reached: bool, tmp_path: Path
) -> None:
    made = script().build()
    evidence_of(made).put(tmp_path)
    result = claimed({f"{voter}.json": claim(made, voter) for voter in voters}, tmp_path)
    assert (result.verdict, result.failed) == (("INVALID", ["V41"]) if reached else ("VALID", []))
    assert f"{len(voters)} proved of {len(voters)}; smallest margin {margin}" in result.detail("V41")
    assert result.report["counts"]["claims"] == len(voters)
    assert all("proved, the server broke its promise" in line for line in lines(result).values())


def test_a_claim_counts_once_however_often_it_is_handed_in(folder: Path) -> None:
    """The same file, the same with white space, and another promise for the same envelope."""
    one = claim(small_script(), 4)
    spaced = json.dumps(json.loads(one), indent=2).encode()
    other = claim(small_script(), 4, batch=7)
    result = claimed({"a.json": one, "b.json": one, "c.json": spaced, "d.json": other}, folder)
    assert result.verdict == "VALID"
    assert "1 proved of 4" in result.detail("V41")
    assert result.report["counts"]["claims"] == 1


def test_in_a_drawn_contest_one_claim_is_enough_and_none_is_not(tmp_path: Path) -> None:
    """The margin of a draw is 0; without a proved claim it changes nothing."""
    made = forge()
    made.write(tmp_path)
    kept = made.claim(made.specs[0][1])
    assert claimed({"kept.json": kept}, tmp_path).verdict == "VALID"
    result = claimed({"lost.json": claim(made, 9)}, tmp_path)
    assert (result.verdict, result.failed) == ("INVALID", ["V41"])
    assert "smallest margin 0" in result.detail("V41")


# --- the four conditions


def changed(**members: Any) -> Callable[[Json], Json]:
    return lambda value: {**value, **members}


def promised(**members: Any) -> Callable[[Json], Json]:
    return lambda value: {**value, "promise": {**value["promise"], **members}}


def of_spec(make: Callable[[Script], bytes]) -> Callable[[], bytes]:
    return lambda: make(small_script())


def edited(change: Callable[[Json], Json]) -> Callable[[], bytes]:
    return lambda: json.dumps(change(json.loads(claim(small_script(), 4)))).encode()


def false_body(made: Script) -> bytes:
    good = next_ballot(made, 4)
    assert good.body is not None
    return claim(made, 4, content=good.body[:-1] + bytes([good.body[-1] ^ 1]))


def role_key(made: Script) -> bytes:
    """A ballot under a key of the board (B3)."""
    key = signing_key("board 1")
    return claim(made, 4, vk=bytes(key.public), signer=key)


def member_key(made: Script) -> bytes:
    key = signing_key("member 3")
    return claim(made, 4, vk=bytes(key.public), signer=key)


def kept(made: Script) -> bytes:
    return made.claim(made.specs[2][1])


NOT_PROVED: dict[str, tuple[Callable[[], bytes], str]] = {
    "1: promise signed by somebody else": (of_spec(lambda made: claim(made, 4, key="attacker")), "does not verify"),
    "1: promise for another batch than signed": (edited(promised(batch=7)), "does not verify"),
    "1: promise of another election": (edited(promised(election="00" * 32)), "another election or another envelope"),
    "1: promise of another envelope": (edited(promised(envelope="00" * 32)), "another election or another envelope"),
    "2: envelope of another election": (of_spec(lambda made: claim(made, 4, election=bytes(32))), "rule B2"),
    "2: envelope for another manifest": (of_spec(lambda made: claim(made, 4, manifest=bytes(32))), "rule B2"),
    "2: a key of the board": (of_spec(role_key), "rule B3"),
    "2: a key of a member": (of_spec(member_key), "rule B3"),
    "2: another signature": (edited(changed(signature="00" * 64)), "rule B4"),
    "2: somebody else's credential": (
        of_spec(lambda made: claim(made, 4, credential=made.credential(5).signature)),
        "rule B5",
    ),
    "2: no point for a credential": (of_spec(lambda made: claim(made, 4, credential=bytes(48))), "rule B5"),
    "2: another body": (edited(changed(body=encode_base64(bytes(1152)))), "not the one that the envelope names"),
    "2: no body": (edited(changed(body="")), "not the one that the envelope names"),
    "2: a body whose proof fails": (of_spec(false_body), "rule B10"),
    "2: a body of another length": (of_spec(lambda made: claim(made, 4, content=b"x")), "a body of 1 bytes"),
    "2: a malformed envelope": (
        edited(changed(envelope=encode_base64(b"VECHE-V1-ENVELOPE\x00short"))),
        "another length",
    ),
    "3: not due yet": (of_spec(lambda made: claim(made, 4, batch=9)), "was due by 16"),
    "3: a batch that never comes": (of_spec(lambda made: claim(made, 4, batch=2**32 - 1)), "was due by"),
    "4: kept": (of_spec(kept), "the promise was kept: entry"),
    "malformed: an unknown member": (edited(changed(note="x")), "unknown"),
    "malformed: another kind": (edited(changed(kind="receipt")), "expected claim"),
    "malformed: no JSON": (lambda: b"\xff", "not UTF-8"),
    "malformed: nothing": (lambda: b"", "not JSON"),
    "malformed: deep": (lambda: b"[" * 100_000, "nesting"),
}


@pytest.mark.parametrize("name", NOT_PROVED)
def test_claims_that_prove_nothing_change_nothing(name: str, folder: Path) -> None:
    make, words = NOT_PROVED[name]
    result = claimed({"file": make()}, folder)
    assert (result.verdict, result.statuses["V41"]) == ("VALID", "PASS")
    assert "0 proved of 1" in result.detail("V41")
    assert lines(result)["file"].startswith("not proved: ")
    assert words in lines(result)["file"]


def test_one_proved_claim_among_all_others(folder: Path) -> None:
    files = {f"{number:03}": make() for number, (make, _) in enumerate(NOT_PROVED.values())}
    files["true"] = claim(small_script(), 4)
    result = claimed(files, folder)
    assert result.verdict == "VALID"
    assert f"1 proved of {len(files)}" in result.detail("V41")
    assert sorted(lines(result)) == sorted(files)


def appended_late(made: Script, _: Any) -> None:
    """The server appends the ballot only behind the approved closing."""
    spec = next_ballot(made, 4)
    assert spec.body is not None
    made.body(spec.body, "late")
    made.append(made.log, "late", "ballot", spec.members)


@cache
def late() -> Script:
    return SmallScript({"end": appended_late}).build()


def test_a_ballot_behind_the_closing_breaks_the_promise_all_the_same(tmp_path: Path) -> None:
    """Condition 4: no entry *before the effective closing* has this envelope."""
    evidence_of(late()).put(tmp_path)
    result = claimed({"late": claim(late(), 4)}, tmp_path)
    assert lines(result)["late"] == "proved, the server broke its promise"


def test_a_ballot_that_a_rule_would_exclude_only_for_its_place_is_owed(folder: Path) -> None:
    """B6 to B8 depend on the chain and are no condition: the server promised, and the ballot is not there."""
    made = small_script()
    spec = made.ballot(4, 7, bytes(32))
    promise = made.promise(spec)
    result = claimed({"seventh": make_claim(promise, made.envelope(spec), spec.body or b"")}, folder)
    assert lines(result)["seventh"] == "proved, the server broke its promise"


# --- folders


def test_an_empty_folder_is_missing_evidence(folder: Path) -> None:
    result = claimed({}, folder)
    assert (result.verdict, result.statuses["V41"]) == ("INCOMPLETE", "NOT CHECKED")


def test_only_plain_files_are_claims(folder: Path) -> None:
    claims = folder / "claims"
    claims.mkdir()
    (claims / "folder").mkdir()
    (claims / "dangling").symlink_to(claims / "nowhere")
    result = claimed({"one": claim(small_script(), 4)}, folder)
    assert "1 proved of 1" in result.detail("V41")


def test_names_of_files_cannot_reach_the_terminal(folder: Path) -> None:
    result = claimed({"\x1b[2J\u202e": b"x"}, folder)
    assert result.verdict == "VALID"
    assert all(line.isprintable() for line in result.report["claims"])


def test_an_unfinished_election_has_no_margin_yet(tmp_path: Path) -> None:
    made = stopped_before("before closing")
    evidence_of(made).put(tmp_path)
    result = claimed({"one": claim(made, 4)}, tmp_path)
    assert (result.verdict, result.statuses["V41"]) == ("INCOMPLETE", "NOT CHECKED")
