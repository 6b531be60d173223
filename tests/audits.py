# SPDX-License-Identifier: AGPL-3.0-or-later
"""Running the verifier as its users do, by its command line, in this process for speed."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verifier.command import main


@dataclass(frozen=True, slots=True)
class Audit:
    """What `veche-verify --json` said."""

    code: int
    report: dict[str, Any]

    @property
    def verdict(self) -> str:
        return str(self.report["verdict"])

    @property
    def statuses(self) -> dict[str, str]:
        """Status by check id."""
        return {check["id"]: check["status"] for check in self.report["checks"]}

    @property
    def failed(self) -> list[str]:
        """Ids of the checks that report FAIL."""
        return [check for check, status in self.statuses.items() if status == "FAIL"]

    def detail(self, check: str) -> str:
        """What a check says."""
        return next(c["detail"] for c in self.report["checks"] if c["id"] == check)

    @property
    def excluded(self) -> dict[int, str]:
        """Rule by index."""
        return {item[0]: item[1] for item in self.report["excluded"]}


def run_command(*arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, standard output, standard error of `veche-verify`."""
    output, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors):
        code = main([str(argument) for argument in arguments])
    return code, output.getvalue(), errors.getvalue()


def audit(folder: Path, *arguments: str | Path) -> Audit:
    """Verify `folder/record` under `folder/policy.json`."""
    code, output, _ = run_command(folder / "record", "--policy", folder / "policy.json", "--json", *arguments)
    return Audit(code, json.loads(output))
