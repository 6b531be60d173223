# SPDX-License-Identifier: AGPL-3.0-or-later
"""`veche-verify ballot` (specs/ballot.md#challenge): what an opened ballot must hold, and how a machine would lie."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from crypto.encoding.members import encode_base64
from crypto.group import decode_g1
from crypto.proofs.contest import BallotContext
from crypto.protocol.opening import open_ballot
from tests.audits import Audit
from tests.forge import Script
from tests.forge.base import make_body
from tests.generate import plain
from tests.generate.drbg import derive_scalar
from tests.generate.plain_contest import Proof, Statement, prove
from tests.verifier.commands import call, report
from tests.verifier.evidence import evidence_of, small, stopped_before

Json = dict[str, Any]
MARKS = [0, 1, 1]


@cache
def script() -> Script:
    """The small election before its first ballot: challenges are made while it runs."""
    return stopped_before("ballots")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("openings")
    evidence_of(script()).put(folder)
    return folder


def pseudonym() -> bytes:
    return script().ballot(3).pseudonym


@cache
def opening() -> Json:
    """An honest client's opening of a ballot for person B and person D."""
    made = script()
    context = BallotContext(made.manifest_digest, made.election, pseudonym(), 1)
    value: Json = json.loads(open_ballot(make_body(made.manifest, made.contests, context, (MARKS,))).to_bytes())
    return value


def statement() -> Statement:
    """The contest, for a prover that lies."""
    made = script()
    key = decode_g1(bytes.fromhex(made.manifest["tally"]["key"]))
    return Statement(key, 3, 0, 2, made.manifest_digest, made.election, pseudonym())


RANDOMNESS = [derive_scalar(f"opening r {number}") for number in range(3)]


def opened(bits: list[int], shown: list[int], **lies: Any) -> Json:
    """An opening of a ballot that a machine of the attacker's made."""
    st = statement()
    slack = st.bits(bits) if sum(bits) <= 2 else [*bits, 0, 0]
    drawn = {
        "randomness": RANDOMNESS,
        "a": [derive_scalar(f"opening a {number}") for number in range(st.slots - 1)],
        "rho": derive_scalar("opening rho"),
        "sigma": derive_scalar("opening sigma"),
        "t": derive_scalar("opening t"),
    }
    return file(prove(st, slack, **drawn, **lies), shown)


def file(proof: Proof, shown: list[int]) -> Json:
    randomness = [plain.scalar_bytes(r).hex() for r in RANDOMNESS]
    options = [{"mark": mark, "randomness": r} for mark, r in zip(shown, randomness, strict=True)]
    return {**opening(), "body": encode_base64(proof.data), "contests": [options]}


def noted(value: Json) -> str:
    """What the voter wrote down before choosing."""
    from crypto.encoding.members import decode_base64

    return hashlib.sha256(decode_base64(value["body"], "body")).hexdigest()


def arguments(value: Json, place: Path, folder: Path, digest: str | None = None) -> list[str | Path]:
    (folder / "opening").write_text(json.dumps(value))
    chosen = digest or noted(value)
    return [
        "ballot",
        folder / "opening",
        "--hash",
        chosen,
        "--policy",
        place / "policy.json",
        "--record",
        place / "record",
    ]


def checked(value: Json, place: Path, folder: Path, digest: str | None = None) -> Audit:
    return report(*arguments(value, place, folder, digest))


# --- honest machines


def test_an_honest_opening_is_valid_and_its_marks_are_printed(place: Path, tmp_path: Path) -> None:
    result = checked(opening(), place, tmp_path)
    assert (result.verdict, set(result.statuses.values())) == ("VALID", {"PASS"})
    assert list(result.statuses) == ["O1", "O2", "O3", "O4", "O5"]
    assert result.report["notes"][:3] == ["Chair: - Person A", "Chair: x Person B", "Chair: x Person D"]
    ended = call(*arguments(opening(), place, tmp_path))
    assert (ended.code, ended.last_line) == (0, "VALID")
    assert "Chair: x Person B\nChair: x Person D\n" in ended.output


def test_a_hash_may_be_typed_in_capitals(place: Path, tmp_path: Path) -> None:
    assert checked(opening(), place, tmp_path, noted(opening()).upper()).verdict == "VALID"


def test_with_the_record_of_a_finished_election_too(tmp_path: Path) -> None:
    small().put(tmp_path)
    assert checked(opening(), tmp_path, tmp_path).verdict == "VALID"


def test_the_plain_prover_makes_honest_ballots_too(place: Path, tmp_path: Path) -> None:
    assert checked(opened([1, 0, 0], [1, 0, 0]), place, tmp_path).verdict == "VALID"


# --- machines that lie


def test_another_ballot_than_the_one_noted(place: Path, tmp_path: Path) -> None:
    """The machine encrypts honestly only once it knows that it is challenged."""
    result = checked(opening(), place, tmp_path, "00" * 32)
    assert (result.verdict, result.failed) == ("INVALID", ["O1"])


def test_other_marks_than_those_encrypted(place: Path, tmp_path: Path) -> None:
    result = checked(opened([1, 0, 0], [0, 1, 0]), place, tmp_path)
    assert (result.verdict, result.failed) == ("INVALID", ["O3"])
    assert "contest 0, option 0" in result.detail("O3")


@pytest.mark.parametrize("option", range(3))
def test_one_other_mark(option: int, place: Path, tmp_path: Path) -> None:
    value = copy.deepcopy(opening())
    value["contests"][0][option]["mark"] ^= 1
    result = checked(value, place, tmp_path)
    assert "O3" in result.failed
    assert f"contest 0, option {option}" in result.detail("O3")


@pytest.mark.parametrize("option", range(3))
def test_other_randomness(option: int, place: Path, tmp_path: Path) -> None:
    value = copy.deepcopy(opening())
    r = int(value["contests"][0][option]["randomness"], 16) + 1
    value["contests"][0][option]["randomness"] = f"{r:064x}"
    result = checked(value, place, tmp_path)
    assert (result.verdict, result.failed) == ("INVALID", ["O3"])


def test_a_mark_that_only_the_second_part_holds(place: Path, tmp_path: Path) -> None:
    """B = r Y + 2 G is no mark, whatever the proof says."""
    result = checked(opened([1, 0, 0], [1, 0, 0], plaintexts=[2, 0, 0]), place, tmp_path)
    assert result.verdict == "INVALID"
    assert {"O3", "O5"} >= set(result.failed) >= {"O3"}


@pytest.mark.parametrize("point", ["A1", "B1"])
def test_a_component_of_small_order_is_another_point(point: str, place: Path, tmp_path: Path) -> None:
    """The proof holds, after clearing; the ciphertext is not the one that the randomness gives."""
    value = opened([1, 0, 0], [1, 0, 0], torsion={point: plain.point_of_order(3)})
    result = checked(value, place, tmp_path)
    assert (result.verdict, result.failed) == ("INVALID", ["O3"])


def test_more_marks_than_are_allowed(place: Path, tmp_path: Path) -> None:
    result = checked(opened([1, 1, 1], [1, 1, 1]), place, tmp_path)
    assert (result.verdict, result.failed) == ("INVALID", ["O4", "O5"])


def test_a_proof_that_fails_would_not_have_counted(place: Path, tmp_path: Path) -> None:
    value = copy.deepcopy(opened([1, 0, 0], [1, 0, 0]))
    from crypto.encoding.members import decode_base64

    body = decode_base64(value["body"], "body")
    value["body"] = encode_base64(body[:-1] + bytes([body[-1] ^ 1]))
    result = checked(value, place, tmp_path)
    assert (result.verdict, result.failed) == ("INVALID", ["O5"])


# --- other contexts, other shapes


def put(**members: Any) -> Callable[[Json], Json]:
    return lambda value: {**value, **members}


def options(change: Callable[[list[Json]], Any]) -> Callable[[Json], Json]:
    return lambda value: {**value, "contests": [change(copy.deepcopy(value["contests"][0]))]}


CHANGED: dict[str, tuple[Callable[[Json], Json], list[str]]] = {
    "another election": (put(election="00" * 32), ["O2"]),
    "another manifest": (put(manifest="00" * 32), ["O2"]),
    "another pseudonym": (put(vk="d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"), ["O5"]),
    "another sequence number": (put(seq=2), ["O5"]),
    "sequence number 0": (put(seq=0), ["O1"]),
    "a body cut by a byte": (
        lambda value: {**value, "body": encode_base64(b"x" * 1151)},
        ["O3"],
    ),
    "an option less": (options(lambda listed: listed[:2]), ["O3"]),
    "an option more": (options(lambda listed: [*listed, listed[0]]), ["O3"]),
    "options in another order": (options(lambda listed: listed[::-1]), ["O3"]),
    "no option": (options(lambda _: []), ["O3"]),
    "no contest": (put(contests=[]), ["O3"]),
    "a contest more": (lambda value: {**value, "contests": value["contests"] * 2}, ["O3"]),
    "a mark of 2": (options(lambda listed: [{**listed[0], "mark": 2}, *listed[1:]]), ["O1"]),
    "a mark that is true": (options(lambda listed: [{**listed[0], "mark": True}, *listed[1:]]), ["O1"]),
    "a mark that is a string": (options(lambda listed: [{**listed[0], "mark": "1"}, *listed[1:]]), ["O1"]),
    "randomness of q": (options(lambda listed: [{**listed[0], "randomness": f"{plain.GROUP_ORDER:064x}"}]), ["O1"]),
    "randomness of 31 bytes": (options(lambda listed: [{**listed[0], "randomness": "00" * 31}]), ["O1"]),
    "an option with a mask": (options(lambda listed: [{**listed[0], "a": "00" * 32}]), ["O1"]),
    "an unknown member": (put(note="x"), ["O1"]),
    "a member less": (lambda value: {name: value[name] for name in value if name != "seq"}, ["O1"]),
    "a pseudonym of small order": (put(vk="01" + "00" * 31), ["O1"]),
    "another kind": (put(kind="receipt"), ["O1"]),
    "contests that are no array": (put(contests={}), ["O1"]),
    "a contest that is no array": (put(contests=[{}]), ["O1"]),
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed_openings_are_invalid(name: str, place: Path, tmp_path: Path) -> None:
    change, failing = CHANGED[name]
    value = change(opening())
    result = checked(value, place, tmp_path)
    assert (result.verdict, result.failed) == ("INVALID", failing)


# --- the record


def test_without_a_policy_the_manifest_may_be_false(place: Path, tmp_path: Path) -> None:
    words = arguments(opening(), place, tmp_path)
    result = report(*words[:4], *words[6:])
    assert (result.verdict, result.failed) == ("INCOMPLETE", [])
    assert "V01" in result.detail("O2")


def test_a_manifest_under_no_good_head_may_be_false(tmp_path: Path) -> None:
    made = evidence_of(script())
    notes = made.files["election/checkpoints"]
    newest = notes.rindex(b"w2.forge.example ") + len(b"w2.forge.example ")
    end = notes.index(b"\n", newest)
    cosignature = bytearray(base64.b64decode(notes[newest:end]))
    cosignature[-1] ^= 1
    made.put(tmp_path, {"election/checkpoints": notes[:newest] + base64.b64encode(cosignature) + notes[end:]})
    result = checked(opening(), tmp_path, tmp_path)
    assert result.verdict == "INCOMPLETE"
    assert "V12" in result.detail("O2")


def test_without_a_manifest_nothing_can_be_compared(tmp_path: Path) -> None:
    evidence_of(stopped_before("content:manifest")).put(tmp_path)
    result = checked(opening(), tmp_path, tmp_path)
    assert (result.verdict, result.failed) == ("INCOMPLETE", [])
    assert result.statuses["O1"] == "PASS"
