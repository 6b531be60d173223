# SPDX-License-Identifier: AGPL-3.0-or-later
"""Calls of `veche-verify` that must never break down, whatever they are given."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.audits import Audit, run_command

ROOT = Path(__file__).resolve().parents[2]
CODES = {"VALID": 0, "INVALID": 1, "INCOMPLETE": 2}
"""Exit codes of specs/verification.md."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended."""

    code: int
    output: str
    errors: str

    @property
    def last_line(self) -> str:
        return self.output.rstrip("\n").rpartition("\n")[2]


def call(*arguments: str | Path) -> Ended:
    """One call in this process. A broken verifier fails the test at once, whatever the test is about."""
    ended = Ended(*run_command(*arguments))
    assert "itself failed" not in ended.errors, ended.errors
    assert "Traceback" not in ended.errors + ended.output
    assert ended.code in (0, 1, 2, 64)
    return ended


def report(*arguments: str | Path) -> Audit:
    """One call that verifies: exit code and verdict agree."""
    ended = call(*arguments, "--json")
    value: dict[str, Any] = json.loads(ended.output)
    assert ended.code == CODES[value["verdict"]]
    return Audit(ended.code, value)


def check(folder: Path, *arguments: str | Path) -> Audit:
    """Verify `folder/record` (a folder or a zip file) under `folder/policy.json`."""
    return report(folder / "record", "--policy", folder / "policy.json", *arguments)


def start(
    *arguments: str | Path,
    standard_input: bytes = b"",
    options: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Ended:
    """One call as a process of its own: `python <options> -m verifier <arguments>`."""
    done = subprocess.run(
        [sys.executable, "-B", *options, "-m", "verifier", *map(str, arguments)],
        input=standard_input,
        capture_output=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        timeout=300,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
