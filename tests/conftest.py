# SPDX-License-Identifier: AGPL-3.0-or-later
"""What all tests share: hypothesis without deadlines, and a last word about what could not be run."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from tests.shared_data import LEFT_OUT, SHARED

# Deadlines measure a noisy machine. Derandomised, so that a run that passes passes again; `--hypothesis-seed` varies it.
settings.register_profile(
    "veche", deadline=None, max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("veche")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what a pytest-xdist worker left out to the process that prints the summary."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = sorted(LEFT_OUT)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Take it."""
    LEFT_OUT.update(getattr(node, "workeroutput", {}).get("left_out", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line in the summary for everything that lies beside the repository and was not found."""
    if LEFT_OUT:
        terminalreporter.section("left out", sep="!", red=True, bold=True)
        terminalreporter.line(f"LEFT OUT because ../shared is missing ({SHARED}): {', '.join(sorted(LEFT_OUT))}")
