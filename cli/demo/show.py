# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the demonstration prints: phases, progress, tables.

Spec: specs/overview.md#course-of-an-election
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from crypto.protocol.contents import Certificate
from crypto.protocol.manifest import Manifest


class Show:
    """Prints for people; on a terminal with moving bars, otherwise in plain lines."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)
        self.durations: list[tuple[str, float]] = []
        self._started = time.monotonic()
        self._phase: str | None = None

    def phase(self, title: str) -> None:
        """Begin a phase; the one before is over."""
        self.end_phase()
        self._phase, self._started = title, time.monotonic()
        self.console.print(f"\n[bold]{title}[/bold]")

    def end_phase(self) -> None:
        """Note how long the phase took."""
        if self._phase is not None:
            self.durations.append((self._phase, time.monotonic() - self._started))
            self._phase = None

    def say(self, text: str) -> None:
        """One line of what happened."""
        self.console.print(f"  {text}", markup=False, soft_wrap=True)

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Callable[[int], None]]:
        """A bar; call what it gives with the number done so far."""
        columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.console, transient=not self.console.is_terminal) as bar:
            task = bar.add_task(what, total=total)
            yield lambda done: bar.update(task, completed=done)
        if not self.console.is_terminal:
            self.say(f"{what}: {total}")

    def result(self, manifest: Manifest, certificate: Certificate, language: str) -> None:
        """The certified result as a table for each contest."""
        for contest, result in zip(manifest.contests, certificate.contests, strict=True):
            table = Table(title=contest.title[language], title_justify="left", title_style="bold")
            table.add_column("")
            table.add_column("marks", justify="right")
            table.add_column(f"{contest.seats} seats")
            order = sorted(range(len(result.totals)), key=lambda option: (-result.totals[option], option))
            for option in order[: max(20, contest.seats + 3)]:
                seat = ""
                if option in result.elected:
                    seat = "elected by lot" if option in result.drawn else "elected"
                elif option in result.drawn:
                    seat = "lost the draw"
                table.add_row(contest.options[option].name[language], str(result.totals[option]), seat)
            self.console.print(table)
            if len(order) > max(20, contest.seats + 3):
                self.say(f"... and {len(order) - max(20, contest.seats + 3)} more")

    def timing(self) -> None:
        """How long each phase took."""
        self.end_phase()
        table = Table(title="Time of each phase", title_justify="left", title_style="bold")
        table.add_column("phase")
        table.add_column("seconds", justify="right")
        for phase, seconds in self.durations:
            table.add_row(phase, f"{seconds:.1f}")
        table.add_row("all", f"{sum(seconds for _, seconds in self.durations):.1f}", style="bold")
        self.console.print(table)

    def lines(self, lines: Sequence[str]) -> None:
        """Several lines."""
        for line in lines:
            self.say(line)
