# SPDX-License-Identifier: AGPL-3.0-or-later
"""The generator of sample records still makes every one of them, with fresh keys, and refuses what comes out otherwise."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.generate.record_samples import SAMPLES, Sample
from tests.generate.records import RECORDS, WITH_EVIDENCE, UnexpectedError, make_sample, render, require_sample


def without_lot(contest: dict[str, list[int]]) -> dict[str, list[int]]:
    """A contest without those who have their seat, or not, by the lot."""
    return {**contest, "elected": [option for option in contest["elected"] if option not in contest["drawn"]]}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_sample_can_be_made_anew(sample: Sample, tmp_path: Path) -> None:
    made = make_sample(sample, tmp_path / sample.name)
    there = next(
        item
        for item in json.loads((RECORDS / "expected.json").read_text("ascii"))["samples"]
        if item["name"] == sample.name
    )
    changing = {"encrypted_tally", "excluded", "more", "results"}
    assert {k: v for k, v in made.items() if k not in changing} == {k: v for k, v in there.items() if k not in changing}
    assert [without_lot(contest) for contest in made["results"]] == [
        without_lot(contest) for contest in there["results"]
    ]
    assert sorted(rule for _, rule in made["excluded"]) == sorted(rule for _, rule in there["excluded"])
    if there["encrypted_tally"] is not None:
        assert made["encrypted_tally"] != there["encrypted_tally"], "randomness is fresh each time"
    assert json.loads(render([made]))["samples"] == [made]
    assert (tmp_path / sample.name / "record.zip").read_bytes() != (RECORDS / sample.name / "record.zip").read_bytes()


@pytest.mark.parametrize(
    "changes",
    [{"fails": "V30"}, {"lacks": ("V39",)}, {"totals": ((5, 1, 2),)}, {"rules": ("B7",)}, {"state": "void"}],
    ids=str,
)
def test_sample_that_comes_out_otherwise_is_refused(changes: dict[str, object]) -> None:
    sample = next(sample for sample in SAMPLES if sample.name == WITH_EVIDENCE)
    found = next(
        item
        for item in json.loads((RECORDS / "expected.json").read_text("ascii"))["samples"]
        if item["name"] == sample.name
    )
    require_sample(sample, found)
    with pytest.raises(UnexpectedError, match=WITH_EVIDENCE):
        require_sample(replace(sample, **changes), found)  # type: ignore[arg-type]
