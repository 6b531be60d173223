# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes the sample records of specs/vectors/records: `python -m tests.generate.records`.

The forger of tests/forge makes them. Ed25519 keys come from public names; the keys of ceremonies and all randomness of
ballots are fresh each time, so the files differ from run to run. What the verifier must say stands in `record_samples.py`
and `record_evidence.py` by hand; a sample that it judges otherwise is not written.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import chdir
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.audits import run_command
from tests.generate.record_evidence import RECORD, Trial, evidence
from tests.generate.record_samples import SAMPLES, Sample
from tests.verifier.evidence import evidence_of, zipped
from verifier.checks import CHECKPOINTS, CHECKS, CLAIMS

RECORDS: Final = Path(__file__).resolve().parents[2] / "specs" / "vectors" / "records"
WITH_EVIDENCE: Final = "valid-with-evidence"
COUNTS: Final = (
    "roll", "requests", "answered", "credentials", "ballots", "counted", "superseded", "late", "excluded",
    "after_closing", "batches", "gaps", "small_batches",
)  # fmt: skip
"""Members of `counts` in a report that are compared; lists by reviewer are left out."""
FATE: Final = re.compile(r"the ballot is (?:excluded by rule (?P<rule>\w+)|(?P<fate>counted|superseded))")
NEEDS: Final = {check.id: check.needs for check in (*CHECKS, CHECKPOINTS, CLAIMS)}

Json = dict[str, Any]


class UnexpectedError(Exception):
    """The verifier does not say what was written down by hand."""


@cache
def depends(check: str, on: str) -> bool:
    """Whether a check needs another, directly or not."""
    return any(need == on or depends(need, on) for need in NEEDS[check])


def statuses(sample: Sample) -> dict[str, str]:
    """What each check must say, by specs/verification.md#checks."""
    broken = [*sample.lacks, *([sample.fails] if sample.fails else [])]
    found = {}
    for check in CHECKS:
        behind = check.id in broken or any(depends(check.id, other) for other in broken)
        found[check.id] = "FAIL" if check.id == sample.fails else "NOT CHECKED" if behind else "PASS"
    return found


def call(folder: Path, arguments: Sequence[str], *options: str) -> Json:
    """What the verifier says, called in the folder of a sample."""
    with chdir(folder):
        code, output, errors = run_command(*arguments, "--json", *options)
    if not output:
        raise UnexpectedError(f"{arguments}: exit code {code}: {errors}")
    report: Json = json.loads(output)
    if code != {"VALID": 0, "INVALID": 1, "INCOMPLETE": 2}[report["verdict"]]:
        raise UnexpectedError(f"{arguments}: exit code {code} with {report['verdict']}")
    return report


def checks_of(report: Json) -> dict[str, str]:
    """Status by check."""
    return {check["id"]: check["status"] for check in report["checks"]}


def record_outcome(folder: Path, *options: str) -> Json:
    """What expected.json holds of a record, as the verifier sees it."""
    report = call(folder, RECORD, *options)
    contests = [
        {
            "totals": [option["total"] for option in contest["options"]],
            "elected": [place for place, option in enumerate(contest["options"]) if option["elected"]],
            "drawn": [place for place, option in enumerate(contest["options"]) if option["drawn"]],
        }
        for contest in report["results"]
    ]
    return {
        "verdict": report["verdict"],
        "state": report["state"],
        "election": report["election"],
        "checks": checks_of(report),
        "results": contests,
        "counts": {name: report["counts"][name] for name in COUNTS if name in report["counts"]},
        "excluded": [[index, rule] for index, rule, _ in report["excluded"]],
        "encrypted_tally": report["encrypted_tally"],
    }


def trial_outcome(folder: Path, arguments: Sequence[str], alone: Mapping[str, str], *options: str) -> Json:
    """What expected.json holds of one more call."""
    report = call(folder, arguments, *options)
    found = {check: status for check, status in checks_of(report).items() if alone.get(check) != status}
    outcome: Json = {"verdict": report["verdict"], "checks": found}
    if found.get("R7") == "PASS":
        detail = next(check["detail"] for check in report["checks"] if check["id"] == "R7")
        match = FATE.search(detail)
        outcome["fate"] = match and (match["rule"] or match["fate"])
    return outcome


def require(name: str, found: Json, by_hand: Json) -> None:
    """Refuse a sample that comes out otherwise than it should."""
    for member, value in by_hand.items():
        if found.get(member) != value:
            raise UnexpectedError(f"{name}: {member} is {found.get(member)}, not {value}")


def require_sample(sample: Sample, found: Json) -> None:
    """Compare with what `record_samples.py` says."""
    require(sample.name, found, {"verdict": sample.verdict, "state": sample.state, "checks": statuses(sample)})
    if tuple(tuple(contest["totals"]) for contest in found["results"]) != (sample.totals or ()):
        raise UnexpectedError(f"{sample.name}: the results are {found['results']}, not {sample.totals}")
    if sorted(rule for _, rule in found["excluded"]) != list(sample.rules):
        raise UnexpectedError(f"{sample.name}: excluded are {found['excluded']}, not by {sample.rules}")


def trial_by_hand(trial: Trial) -> Json:
    """What `record_evidence.py` says of a call."""
    return {
        "verdict": trial.verdict,
        "checks": trial.statuses,
        **({"fate": trial.fate} if trial.fate is not None else {}),
    }


def make_sample(sample: Sample, folder: Path) -> Json:
    """Write one sample; returns its part of expected.json."""
    made = sample.make()
    record = evidence_of(made)
    files = dict(record.files)
    if sample.spoil is not None:
        sample.spoil(files, made)
    beside, trials = evidence(made) if sample.name == WITH_EVIDENCE else ({}, [])
    for name, data in {"record.zip": zipped(files), "policy.json": record.policy, **beside}.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    found = record_outcome(folder)
    require_sample(sample, found)
    expected: Json = {"name": sample.name, "shows": sample.shows, **found}
    if trials:
        expected["more"] = []
        for trial in trials:
            outcome = trial_outcome(folder, trial.arguments, found["checks"])
            require(trial.shows, outcome, trial_by_hand(trial))
            expected["more"].append({"shows": trial.shows, "arguments": list(trial.arguments), **outcome})
    return expected


def render(samples: Sequence[Json]) -> bytes:
    """expected.json: one line for each member of a sample, and for each further call."""

    def line(value: Any) -> str:
        return json.dumps(value, separators=(",", ":"))

    blocks = []
    for sample in samples:
        members = []
        for name, value in sample.items():
            text = line(value)
            if name == "more":
                text = "[\n" + ",\n".join(f"    {line(item)}" for item in value) + "\n   ]"
            members.append(f'   "{name}": {text}')
        blocks.append("  {\n" + ",\n".join(members) + "\n  }")
    pages = '"page": "record.md, verification.md, receipt.md, ballot.md"'
    return (f'{{\n {pages},\n "samples": [\n' + ",\n".join(blocks) + "\n ]\n}\n").encode("ascii")


def main() -> None:
    """Make all samples, then put them in place of those that were there."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name) / "records"
        expected = [make_sample(sample, work / sample.name) for sample in SAMPLES]
        (work / "expected.json").write_bytes(render(expected))
        shutil.rmtree(RECORDS, ignore_errors=True)
        shutil.copytree(work, RECORDS)
    total = sum(path.stat().st_size for path in RECORDS.rglob("*") if path.is_file())
    print(f"{len(expected)} records, {total} bytes")


if __name__ == "__main__":
    main()
