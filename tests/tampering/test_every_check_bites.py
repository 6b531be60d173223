# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every check of the verifier has a forged record that this check alone reports."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.audits import audit
from tests.forge import forge
from tests.tampering.cases import CASES, Case
from verifier.checks import CHECKPOINTS, CHECKS, CLAIMS

NEEDS = {check.id: check.needs for check in (*CHECKS, CHECKPOINTS, CLAIMS)}


def depends(check: str, on: str) -> bool:
    """Whether a check needs another, directly or not."""
    return any(need == on or depends(need, on) for need in NEEDS[check])


def test_the_unchanged_record_is_valid(tmp_path: Path) -> None:
    forge().write(tmp_path)
    result = audit(tmp_path)
    assert (result.verdict, result.code) == ("VALID", 0)
    assert set(result.statuses.values()) == {"PASS"}
    assert [check["id"] for check in result.report["checks"]] == [check.id for check in CHECKS]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.check}: {case.name}")
def test_only_this_check_reports_the_forgery(case: Case, tmp_path: Path) -> None:
    made = forge(case.hooks)
    made.write(tmp_path)
    if case.pinned is not None:
        path = tmp_path / "policy.json"
        policy = json.loads(path.read_bytes())
        case.pinned(policy)
        path.write_text(json.dumps(policy), encoding="utf-8")
    arguments = case.files(tmp_path, made) if case.files is not None else ()
    result = audit(tmp_path, *arguments)
    expected = {
        check: case.status if check == case.check else "NOT CHECKED" if depends(check, case.check) else "PASS"
        for check in result.statuses
    }
    assert result.statuses == expected, {c: result.detail(c) for c, s in result.statuses.items() if s != expected[c]}
    assert result.verdict == ("INVALID" if case.status == "FAIL" else "INCOMPLETE")
    assert result.code == (1 if case.status == "FAIL" else 2)
    assert result.detail(case.check)


def test_every_check_has_a_forgery() -> None:
    assert {case.check for case in CASES} == set(NEEDS)


def test_checks_are_those_of_the_specification() -> None:
    page = (Path(__file__).parents[2] / "specs/verification.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (V\d\d) \| [^|]+ \| ([^|]+) \|", page, re.MULTILINE)
    specified = {check: tuple(re.findall(r"V\d\d", needs)) for check, needs in rows}
    assert {check: set(needs) for check, needs in NEEDS.items()} == {c: set(n) for c, n in specified.items()}
