# SPDX-License-Identifier: AGPL-3.0-or-later
"""The command line (specs/verification.md#verdict): exit codes, last line, options, and junk wherever a file is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.verifier.commands import CODES, call, check, report, start
from tests.verifier.evidence import evidence_of, small, small_script, stopped_before, zipped
from verifier import VERSION

CHECKS = [f"V{number:02}" for number in range(1, 40)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a record that is VALID, and its policy."""
    folder = tmp_path_factory.mktemp("small")
    small().put(folder)
    return folder


def arguments(place: Path) -> tuple[Path, str, Path]:
    return place / "record", "--policy", place / "policy.json"


# --- as a process of its own


def test_valid_is_0(place: Path, tmp_path: Path) -> None:
    ended = start(*arguments(place), folder=tmp_path)
    assert (ended.code, ended.last_line, ended.errors) == (0, "VALID", "")


def test_invalid_is_1(place: Path, tmp_path: Path) -> None:
    (tmp_path / "record.zip").write_bytes(zipped({**small().files, "readme": b""}))
    ended = start(tmp_path / "record.zip", *arguments(place)[1:], folder=tmp_path)
    assert (ended.code, ended.last_line, ended.errors) == (1, "INVALID", "")


def test_incomplete_is_2(place: Path, tmp_path: Path) -> None:
    ended = start(place / "record", folder=tmp_path)
    assert (ended.code, ended.last_line, ended.errors) == (2, "INCOMPLETE", "")


def test_wrong_usage_is_64(tmp_path: Path) -> None:
    ended = start(folder=tmp_path)
    assert (ended.code, ended.output) == (64, "")
    assert "RECORD" in ended.errors


def test_the_policy_from_standard_input_without_asserts_and_without_unicode(place: Path, tmp_path: Path) -> None:
    ended = start(
        place / "record",
        "--policy",
        "-",
        standard_input=small().policy,
        options=("-O",),
        environment={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"},
        folder=tmp_path,
    )
    assert (ended.code, ended.last_line, ended.errors) == (0, "VALID", "")


def test_a_reader_who_goes_away_is_no_failure(place: Path) -> None:
    import subprocess
    import sys

    process = subprocess.Popen(
        [sys.executable, "-B", "-m", "verifier", *map(str, arguments(place))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=120), errors) == (2, b"")


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_two_jobs_find_what_one_finds(form: str, place: Path, tmp_path: Path) -> None:
    if form == "zip":
        (tmp_path / "record").write_bytes(zipped(small().files))
        (tmp_path / "policy.json").write_bytes(small().policy)
        place = tmp_path
    one, two = (start(*arguments(place), "--json", "--jobs", jobs, folder=tmp_path) for jobs in ("1", "2"))
    assert (one.code, one.errors, two.errors) == (0, "", "")
    assert two == one


def test_two_jobs_blame_what_one_blames(place: Path, tmp_path: Path) -> None:
    ballots = bytearray(small().files["election/ballots"])
    ballots[-1] ^= 1
    small().put(tmp_path, {"election/ballots": bytes(ballots)})
    one, two = (start(*arguments(tmp_path), "--json", "--jobs", jobs, folder=tmp_path) for jobs in ("1", "2"))
    assert (one.code, one.errors, two.errors) == (1, "", "")
    assert two == one


# --- what is printed


def test_the_last_line_is_the_verdict_and_nothing_else(place: Path) -> None:
    ended = call(*arguments(place))
    lines = ended.output.splitlines()
    assert ended.output.endswith("\nVALID\n")
    assert [line[:3] for line in lines if line[:1] == "V" and line[1:3].isdigit()] == CHECKS
    # The fingerprint is printed first: people compare it.
    assert lines[0].startswith("policy fingerprint ")


def test_the_shape_of_the_json(place: Path) -> None:
    value = report(*arguments(place)).report
    assert set(value) >= {"verdict", "checks", "results", "counts", "policy", "state", "election", "excluded"}
    assert value["verdict"] == "VALID"
    assert [item["id"] for item in value["checks"]] == CHECKS
    for item in value["checks"]:
        assert set(item) == {"id", "title", "status", "examined", "detail"}
        assert item["status"] == "PASS"
        assert item["title"]
        assert item["detail"]
    script = small_script()
    assert (value["election"], value["state"]) == (script.election.hex(), "certified")
    assert [[option["total"] for option in contest["options"]] for contest in value["results"]] == [[5, 2, 1]]
    assert [[option["elected"] for option in contest["options"]] for contest in value["results"]] == [
        [True, False, False]
    ]
    assert value["policy"]["pinned"] is True
    assert value["policy"]["demonstration"] is True


def test_the_counts_of_the_specification(place: Path) -> None:
    """specs/verification.md#counts."""
    counts = report(*arguments(place)).report["counts"]
    assert {name: counts[name] for name in counts if not isinstance(counts[name], (dict, list))} == {
        "roll": 11,
        "requests": 6,
        "answered": 6,
        "credentials": 6,
        "ballots": 7,
        "counted": 6,
        "superseded": 1,
        "late": 0,
        "excluded": 0,
        "after_closing": 0,
        "batches": 14,
        "gaps": 2,
        "small_batches": 1,
        "claims": 0,
    }
    assert counts["excluded_by_rule"] == {}
    # Twelve admissions, each by two of three reviewers in turn.
    assert counts["admissions_by_reviewer"] == {"Reviewer One": 8, "Reviewer Three": 8, "Reviewer Two": 8}
    assert sorted(count for *_, count in counts["admissions_by_pair"]) == [4, 4, 4]


def test_what_no_verifier_can_establish_is_printed_at_the_end(place: Path) -> None:
    output = call(*arguments(place)).output
    limits = output[output.rindex("not established:") :]
    for words in ("real persons", "conspired", "silently refused", "decrypt early"):
        assert words in limits


def test_a_demonstration_says_so_in_its_first_lines(place: Path) -> None:
    head = call(*arguments(place)).output.splitlines()[:3]
    assert any("DEMONSTRATION" in line for line in head)


def test_json_says_what_the_text_says(place: Path, tmp_path: Path) -> None:
    for made in (small(), evidence_of(stopped_before("before closing"))):
        folder = tmp_path / str(len(made.files["election/entries"]))
        made.put(folder)
        text, value = call(*arguments(folder)), report(*arguments(folder))
        assert text.code == value.code
        assert text.last_line == value.verdict
        for item in value.report["checks"]:
            line = next(line for line in text.output.splitlines() if line.startswith(item["id"]))
            assert item["status"] in line
            assert item["detail"] in line


# --- forms of one record


def test_folder_zip_and_backends_give_one_report(place: Path, tmp_path: Path) -> None:
    (tmp_path / "record").write_bytes(zipped(small().files, prefix="record/"))
    (tmp_path / "policy.json").write_bytes(small().policy)
    assert check(tmp_path).report == check(place).report


# --- usage


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "RECORD"),
        (["--unknown"], "RECORD"),
        (["{record}", "--unknown"], "--unknown"),
        (["{record}", "{record}"], "unrecognized"),
        (["{nowhere}"], "there is no record"),
        (["/dev/null"], "there is no record"),
        (["a\0b"], "there is no record"),
        (["{record}", "--policy", "{nowhere}"], "cannot read the policy"),
        (["{record}", "--policy", "{record}"], "cannot read the policy"),
        (["{record}", "--policy", "a\0b"], "cannot read the policy"),
        (["{record}", "--policy"], "expected one argument"),
        (["{record}", "--jobs", "0"], "N is 1 to 256"),
        (["{record}", "--jobs", "-1"], "--jobs"),
        (["{record}", "--jobs", "257"], "N is 1 to 256"),
        (["{record}", "--jobs", "1e3"], "N is 1 to 256"),
        (["{record}", "--jobs", "9" * 5000], "--jobs"),
        (["{record}", "--jobs", "\u0663"], "N is 1 to 256"),
        (["{record}", "--backend", "quick"], "invalid choice"),
        (["{record}", "--checkpoint", "{nowhere}"], "cannot read the checkpoint"),
        (["{record}", "--checkpoint", "{record}"], "cannot read the checkpoint"),
        (["{record}", "--claims", "{nowhere}"], "there is no folder of claims"),
        (["{record}", "--claims", "{policy}"], "there is no folder of claims"),
        (["{record}", "--report", "{nowhere}/report.html"], "its folder does not exist"),
        (["receipt"], "FILE"),
        (["receipt", "{nowhere}"], "cannot read the receipt"),
        (["receipt", "{policy}", "--record", "{nowhere}"], None),
        (["receipt", "{policy}", "--hash", "00"], "--hash"),
        (["ballot", "{policy}"], "--hash"),
        (["ballot", "{policy}", "--hash", "00" * 32], "--record"),
        (["ballot", "{nowhere}", "--hash", "00" * 32, "--record", "{record}"], "cannot read the opening"),
        (["ballot", "{policy}", "--hash", "00" * 31, "--record", "{record}"], "--hash"),
        (["ballot", "{policy}", "--hash", "zz" * 32, "--record", "{record}"], "--hash"),
    ],
    ids=lambda value: " ".join(value)[:60].replace("\0", "?") if isinstance(value, list) else "",
)
def test_wrong_usage(words: list[str], expected: str | None, place: Path) -> None:
    values = {"record": place / "record", "policy": place / "policy.json", "nowhere": place / "nowhere"}
    ended = call(*(word.format(**values) for word in words))
    if expected is None:
        # The file that is there is no receipt, which is said before the record is looked for.
        assert (ended.code, ended.last_line) == (1, "INVALID")
        return
    assert (ended.code, ended.output) == (64, "")
    assert expected in ended.errors
    assert ended.errors.startswith("veche-verify: ")
    assert ended.errors.count("\n") == 1


@pytest.mark.parametrize("where", ["folder", "full"])
def test_a_report_that_cannot_be_written_is_wrong_usage(where: str, place: Path) -> None:
    """The record may be VALID: that must not read as a failure of the verifier, nor as INCOMPLETE."""
    from tests.audits import run_command

    target = {"folder": str(place), "full": "/dev/full"}[where]
    code, _, errors = run_command(*arguments(place), "--report", target)
    assert (code, "itself failed" in errors) == (64, False), errors


def test_the_report_is_written_where_it_is_asked_for(place: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    assert call(*arguments(place), "--report", target).code == 0
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    "words", [["--help"], ["receipt", "--help"], ["ballot", "--help"], ["--version"]], ids=" ".join
)
def test_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    from verifier.command import main

    with pytest.raises(SystemExit, match=r"^0$"):
        main(words)
    output = capsys.readouterr().out
    assert VERSION in output if words == ["--version"] else all(word in output for word in ("--policy", "FILE"))


# --- junk

JUNK = {
    "nothing": b"",
    "a byte": b"\x00",
    "a newline": b"\n",
    "letters": b"hello",
    "zeros": bytes(10_000),
    "not UTF-8": b"\xff\xfe\x00",
    "UTF-16": '{"kind":"receipt"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "null": b"null",
    "true": b"true",
    "a number": b"1",
    "a float": b"1.5",
    "a large number": b"9" * 5000,
    "an infinite number": b"1e999",
    "NaN": b"NaN",
    "a string": b'"x"',
    "a lone surrogate": b'"\\ud800"',
    "an array": b"[]",
    "an object": b"{}",
    "an open brace": b"{",
    "a member twice": b'{"kind":1,"kind":2}',
    "a member that is no ASCII": '{"вид":1}'.encode(),
    "a policy without members": b'{"version":1}',
    "a receipt without members": b'{"kind":"receipt"}',
    "a promise without members": b'{"kind":"promise"}',
    "a claim without members": b'{"kind":"claim"}',
    "an opening without members": b'{"kind":"opening"}',
    "deep arrays": b"[" * 100_000,
    "deep arrays that end": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "the start of a code": b"VECHE1:",
    "a short code": b"VECHE1:AAAA",
    "a code of zeros": b"VECHE1:" + b"A" * 226,
    "a code of the wrong letters": b"VECHE1:" + b"0189" * 60,
    "a note without lines": b"forge.veche.example/register\n2\n" + b"A" * 43 + b"=\n\n",
    "a note with a line": "x\n1\nAA==\n\n\u2014 x AAAA\n".encode(),
    "a zip file": b"PK\x03\x04" + bytes(40) + b"PK\x05\x06" + bytes(18),
    "a terminal's orders": b"\x1b[2J\x1b]0;VALID\x07VALID",
}

INPUTS: dict[str, tuple[Callable[[Path, Path], tuple[str | Path, ...]], str, str]] = {
    "record": (lambda p, j: (j, *arguments(p)[1:]), "INVALID", "V02"),
    "policy": (lambda p, j: (p / "record", "--policy", j), "INVALID", "V01"),
    "checkpoint": (lambda p, j: (*arguments(p), "--checkpoint", j), "INCOMPLETE", "V40"),
    "claim": (lambda p, j: (*arguments(p), "--claims", j.parent), "VALID", ""),
    "receipt": (lambda p, j: ("receipt", j, *arguments(p)[1:], "--record", p / "record"), "INVALID", "R1"),
    "receipt alone": (lambda p, j: ("receipt", j), "INVALID", "R1"),
    "opening": (
        lambda p, j: ("ballot", j, "--hash", "00" * 32, *arguments(p)[1:], "--record", p / "record"),
        "INVALID",
        "O1",
    ),
}
"""For each input a call with junk in its place, the verdict, and the check that says so."""


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record that is quickly verified: for inputs that only stand beside it."""
    folder = tmp_path_factory.mktemp("early")
    evidence_of(stopped_before("content:appointment")).put(folder)
    return folder


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("where", INPUTS)
def test_junk_is_judged_and_breaks_nothing(
    where: str, junk: str, place: Path, unfinished: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "junk"
    folder.mkdir()
    (folder / "file").write_bytes(JUNK[junk])
    make, verdict, by = INPUTS[where]
    record = place if where == "claim" and junk in ("nothing", "zeros", "a claim without members") else unfinished
    ended = call(*make(record, folder / "file"), "--json")
    value = json.loads(ended.output)
    assert ended.code == CODES[value["verdict"]]
    if where in ("checkpoint", "claim") and record is unfinished:
        verdict = "INCOMPLETE"  # nothing that is given besides can make it worse
    assert value["verdict"] == verdict
    status = {item["id"]: item["status"] for item in value["checks"]}
    if by:
        assert status[by] == ("NOT CHECKED" if verdict == "INCOMPLETE" else "FAIL")
    assert ended.errors == ""
    # In words too, and nothing that a terminal obeys.
    text = call(*make(record, folder / "file"))
    assert text.code == ended.code
    assert text.last_line == verdict
    assert all(character.isprintable() or character == "\n" for character in text.output)


def too_long(place: Path, limit: int) -> None:
    with place.open("wb") as file:
        file.truncate(limit + 1)


@pytest.mark.parametrize(
    ("where", "limit"), [("policy", 64 << 20), ("checkpoint", 16_384), ("receipt", 64 << 20), ("opening", 64 << 20)]
)
def test_a_file_beyond_its_limit_is_judged(where: str, limit: int, unfinished: Path, tmp_path: Path) -> None:
    too_long(tmp_path / "file", limit)
    make, verdict, _ = INPUTS[where]
    ended = call(*make(unfinished, tmp_path / "file"), "--json")
    assert json.loads(ended.output)["verdict"] == verdict


def test_pinned_policy_wins_over_nothing(place: Path) -> None:
    """Whitespace and order of members do not change a policy; its fingerprint is of the canonical form."""
    spaced = json.dumps(dict(reversed(json.loads(small().policy).items())), indent=3)
    (place / "spaced.json").write_text(spaced, encoding="utf-8")
    result: Any = report(place / "record", "--policy", place / "spaced.json")
    assert result.verdict == "VALID"
    assert result.report["policy"]["fingerprint"] == report(*arguments(place)).report["policy"]["fingerprint"]
