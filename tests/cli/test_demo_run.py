# SPDX-License-Identifier: AGPL-3.0-or-later
"""`veche demo` from end to end, as its users run it, and `veche-verify` on what it leaves."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.architecture.spec_links import ROOT
from tests.audits import run_command
from tests.shared_data import shared_path

ENVIRONMENT = {**os.environ, "COLUMNS": "140"}


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli.main", "demo", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=ENVIRONMENT)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """One run with the built-in election."""
    out = tmp_path_factory.mktemp("demo") / "out"
    return out, run("--out", out, "--voters", "40", "--seed", "5")


@pytest.mark.xdist_group("demo")
def test_ends_with_the_verdict_and_leaves_everything(finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    out, result = finished
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "VALID"
    assert sorted(path.name for path in out.iterdir()) == [
        "challenged",
        "policy.json",
        "receipts",
        "record",
        "report.html",
    ]
    assert sorted(p.relative_to(out / "record").as_posix() for p in (out / "record").rglob("*") if p.is_file()) == [
        "election/ballots", "election/bodies", "election/checkpoints", "election/entries",
        "register/bodies", "register/checkpoints", "register/entries",
    ]  # fmt: skip
    for words in ("Key ceremonies", "Voting", "stayed away", "one trustee is away", "equal a plain count"):
        assert words in result.stdout


@pytest.mark.xdist_group("demo")
def test_some_voted_twice_some_challenged_some_stayed_away(
    finished: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    out, result = finished
    challenged, twice, away = map(
        int, re.search(r"(\d+) challenged .* (\d+) voted twice, (\d+) stayed", result.stdout).groups()
    )  # type: ignore[union-attr]
    assert min(challenged, twice, away) > 0
    code, output, _ = run_command(out / "record", "--policy", out / "policy.json", "--json")
    report = json.loads(output)
    assert (code, report["verdict"], report["policy"]["demonstration"]) == (0, "VALID", True)
    counts = report["counts"]
    assert counts["roll"] == 40
    assert counts["superseded"] == twice
    assert counts["counted"] == 40 - away == counts["credentials"]
    assert len(list((out / "challenged").glob("*.json"))) == challenged


@pytest.mark.xdist_group("demo")
def test_receipts_and_challenged_ballots_check_out(finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    out, _ = finished
    policy, record = ("--policy", out / "policy.json"), ("--record", out / "record")
    receipts = sorted((out / "receipts").glob("*.json"))
    assert receipts
    code, output, _ = run_command("receipt", receipts[0], *policy, *record)
    assert (code, output.splitlines()[-1]) == (0, "VALID")
    assert receipts[0].with_suffix(".svg").read_text(encoding="utf-8").lstrip().startswith("<?xml")
    opening = min((out / "challenged").glob("*.json"))
    noted = opening.with_suffix(".hash").read_text(encoding="ascii").strip()
    code, output, _ = run_command("ballot", opening, "--hash", noted, *policy, *record)
    assert (code, output.splitlines()[-1]) == (0, "VALID")
    code, output, _ = run_command("ballot", opening, "--hash", "00" * 32, *policy, *record)
    assert (code, output.splitlines()[-1]) == (1, "INVALID")


@pytest.mark.xdist_group("demo")
def test_no_secret_and_no_plain_vote_is_left(finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    out, result = finished
    for word in ("seed", "secret", "private"):
        assert word not in (out / "policy.json").read_text(encoding="utf-8")
    assert "voting_secret" not in result.stdout + result.stderr


@pytest.mark.xdist_group("demo")
def test_a_second_run_does_not_touch_the_first(finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    out, _ = finished
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    result = run("--out", out)
    assert result.returncode == 64
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


@pytest.mark.xdist_group("real")
def test_real_ballots_give_the_totals_of_a_plain_count(tmp_path: Path) -> None:
    ballots = shared_path("data/kso2012/ballots.csv.gz")
    candidates = shared_path("data/kso2012/candidates.csv")
    out = tmp_path / "out"
    result = run("--out", out, "--ballots", ballots, "--candidates", candidates, "--voters", "14", "--seed", "2")
    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "VALID"), result.stderr
    assert "equal a plain count of the 14 choices" in result.stdout
    _, output, _ = run_command(out / "record", "--policy", out / "policy.json", "--json")
    contests = json.loads(output)["results"]
    assert [len(contest["options"]) for contest in contests] == [169, 16, 11, 13]
    # No sample of 14 ballots has more marks than 14 times what each list allows.
    marks = [sum(option["total"] for option in contest["options"]) for contest in contests]
    assert all(0 < mark <= 14 * most for mark, most in zip(marks, (30, 5, 5, 5), strict=True))


def test_the_seed_repeats_choices_but_never_keys() -> None:
    from random import Random

    from cli.demo.sample import sample_contests
    from cli.demo.voters import Habits, make_plans
    from cli.demo.world import Sizes, make_keys
    from crypto.protocol.manifest import Schedule

    schedule = Schedule(requests_close=300, voting_opens=200, voting_closes=400)

    def plans(seed: int) -> list[object]:
        return list(make_plans(Random(seed), None, 30, sample_contests(), schedule, 100, Habits()))

    assert plans(7) == plans(7) != plans(8)
    ids = Counter(key.public for _ in range(2) for key in make_keys(Sizes()).board)
    assert max(ids.values()) == 1


@pytest.mark.xdist_group("killed")
@pytest.mark.parametrize("after", [3, 9, 16])
def test_a_killed_demonstration_leaves_nothing_valid(tmp_path: Path, after: int) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "cli.main", "demo", "--out", str(out), "--voters", "12", "--jobs", "1"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    if process.wait() == 0:
        pytest.fail("the demonstration ended before it was killed; kill it earlier")
    assert not (out / "policy.json").exists()
    for record in (out / "record", out / "record.partial"):
        if record.exists():
            code, output, _ = run_command(record)
            assert (code, output.splitlines()[-1]) != (0, "VALID")
    shutil.rmtree(out, ignore_errors=True)
