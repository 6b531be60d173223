# SPDX-License-Identifier: AGPL-3.0-or-later
"""The `veche` command.

Spec: specs/overview.md#course-of-an-election
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from cli.demo.ballot_files import DataError
from cli.demo.command import BAD_DATA, WRONG_USAGE, Options, UsageError, run_demo

INTERRUPTED = 130

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Veche: elections of an alliance in exile, which anybody can check.",
    pretty_exceptions_enable=False,
)


@app.callback()
def root() -> None:
    """Keep `veche` a command with sub-commands while there is only one."""


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="New or empty folder for record, policy, receipts and report.")] = Path(
        "veche-demo"
    ),
    voters: Annotated[
        int | None, typer.Option(help="Members; with --ballots the size of a random sample. [default: 100, or all]")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Repeats the members' choices, never their keys.")] = None,
    ballots: Annotated[
        Path | None, typer.Option(help="Real ballots, CSV or gzip of it: columns count, option_ids.")
    ] = None,
    candidates: Annotated[
        Path | None, typer.Option(help="Their candidates, CSV: columns option_id, name, list.")
    ] = None,
    jobs: Annotated[int, typer.Option(help="Processes for the dear work; 0: one for each processor.")] = 0,
) -> None:
    """Run a whole election on this machine, with all roles and a simulated clock, and verify it.

    Ends with the verifier's verdict as last line, and its exit code: 0 VALID, 1 INVALID, 2 INCOMPLETE. 64: wrong usage,
    65: bad data in a file.
    """
    options = Options(out, voters, seed, ballots, candidates, jobs or os.cpu_count() or 1)
    try:
        raise typer.Exit(run_demo(options))
    except UsageError as error:
        _fail(str(error), WRONG_USAGE)
    except DataError as error:
        _fail(str(error), BAD_DATA)


def _fail(message: str, code: int) -> None:
    typer.echo(f"veche: {message}", err=True)
    raise typer.Exit(code)


def main() -> None:
    """Entry point; wrong usage ends with 64, as for the verifier."""
    try:
        code = app(standalone_mode=False)
    except typer.Abort:
        typer.echo("veche: interrupted; nothing that would verify was left", err=True)
        code = INTERRUPTED
    except TyperException as error:
        typer.echo(f"veche: {error.format_message()} Try 'veche --help'.", err=True)
        code = WRONG_USAGE
    sys.exit(code)


if __name__ == "__main__":
    main()
