# SPDX-License-Identifier: AGPL-3.0-or-later
"""Each record of specs/vectors/records comes out exactly as expected.json says, with both backends of the verifier."""

from __future__ import annotations

import json
import zipfile
from functools import cache
from typing import Any

import pytest

from tests.conformance.vectors import VECTORS
from tests.generate.record_evidence import Trial
from tests.generate.record_samples import SAMPLES, Sample
from tests.generate.records import (
    RECORDS,
    WITH_EVIDENCE,
    call,
    checks_of,
    record_outcome,
    render,
    require_sample,
    trial_outcome,
)
from tests.verifier.evidence import FILES
from verifier.checks import CHECKS

Json = dict[str, Any]

MOST_BYTES = 1_500_000
SLOW = (
    "valid-everything",
    "valid-absent-holders",
    "invalid-false-proof",
    "invalid-false-decryption",
    "invalid-too-many-credentials",
)
"""Records whose verdict rests on arithmetic: these are also verified with the reference backend, which is slow."""


@cache
def expected() -> dict[str, Json]:
    """The samples of expected.json by name."""
    value = json.loads((RECORDS / "expected.json").read_text("ascii"))
    return {sample["name"]: sample for sample in value["samples"]}


def told(sample: Json) -> Json:
    """What is said of the record itself."""
    return {name: value for name, value in sample.items() if name not in ("name", "shows", "more")}


def trials() -> list[Any]:
    return [pytest.param(trial, id=trial["shows"]) for trial in expected()[WITH_EVIDENCE]["more"]]


@pytest.mark.parametrize("name", expected())
def test_record(name: str) -> None:
    assert record_outcome(RECORDS / name, "--jobs", "1") == told(expected()[name])


@pytest.mark.parametrize("name", SLOW)
def test_record_with_the_reference_backend(name: str) -> None:
    assert record_outcome(RECORDS / name, "--jobs", "1", "--backend", "reference") == told(expected()[name])


@pytest.mark.parametrize("trial", trials())
def test_further_call(trial: Json) -> None:
    alone = expected()[WITH_EVIDENCE]["checks"]
    found = trial_outcome(RECORDS / WITH_EVIDENCE, trial["arguments"], alone, "--jobs", "1")
    assert found == {name: trial[name] for name in found.keys() | trial.keys() - {"shows", "arguments"}}


def test_opening_with_the_reference_backend() -> None:
    trial = next(trial for trial in expected()[WITH_EVIDENCE]["more"] if trial["arguments"][0] == "ballot")
    report = call(RECORDS / WITH_EVIDENCE, trial["arguments"], "--jobs", "1", "--backend", "reference")
    assert (report["verdict"], checks_of(report)) == (trial["verdict"], trial["checks"])


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_expectations_are_those_written_by_hand(sample: Sample) -> None:
    found = expected()[sample.name]
    assert found["shows"] == sample.shows
    require_sample(sample, found)


def test_calls_are_those_written_by_hand() -> None:
    """Hashes in arguments apart, which change with the keys."""
    from tests.generate.record_evidence import evidence
    from tests.verifier.evidence import small_script

    files, made = evidence(small_script())
    there = expected()[WITH_EVIDENCE]["more"]
    assert [(t.shows, t.verdict, t.statuses, t.fate) for t in made] == [
        (t["shows"], t["verdict"], t["checks"], t.get("fate")) for t in there
    ]
    assert [without_hash(list(t.arguments)) for t in made] == [without_hash(t["arguments"]) for t in there]
    folder = RECORDS / WITH_EVIDENCE
    beside = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert beside == {*files, "record.zip", "policy.json"}
    assert isinstance(made[0], Trial)


def without_hash(arguments: list[str]) -> list[str]:
    return arguments[:-1] if "--hash" in arguments else arguments


def test_files_are_those_that_expected_json_names() -> None:
    assert list(expected()) == [sample.name for sample in SAMPLES]
    assert {path.name for path in RECORDS.iterdir()} == {*expected(), "expected.json"}
    assert (RECORDS / "expected.json").read_bytes() == render(list(expected().values()))
    assert sum(path.stat().st_size for path in RECORDS.rglob("*") if path.is_file()) < MOST_BYTES


@pytest.mark.parametrize("name", expected())
def test_zip_holds_the_seven_files_of_a_record(name: str) -> None:
    with zipfile.ZipFile(RECORDS / name / "record.zip") as archive:
        assert sorted(archive.namelist()) == sorted(FILES)


def test_samples_show_every_verdict_state_and_many_checks() -> None:
    verdicts = [sample["verdict"] for sample in expected().values()]
    assert {word: verdicts.count(word) >= 4 for word in ("VALID", "INCOMPLETE", "INVALID")} == dict.fromkeys(
        ("VALID", "INCOMPLETE", "INVALID"), True
    )
    assert {sample["state"] for sample in expected().values()} >= {"ceremony", "voting", "tallied", "certified", "void"}
    failing = [
        check for sample in expected().values() for check, status in sample["checks"].items() if status == "FAIL"
    ]
    assert len(set(failing)) >= 7
    assert all(list(sample["checks"]) == [check.id for check in CHECKS] for sample in expected().values())
    assert all(sample["name"].startswith(sample["verdict"].lower() + "-") for sample in expected().values())


def test_readme_explains_every_member() -> None:
    text = (VECTORS / "README.md").read_text("utf-8").split("## records/")[1]
    members = {name for sample in expected().values() for name in sample} | {
        name for trial in expected()[WITH_EVIDENCE]["more"] for name in trial
    }
    assert [name for name in sorted(members) if f"`{name}`" not in text] == []
