# SPDX-License-Identifier: AGPL-3.0-or-later
"""The command line: implements the exit codes of specs/verification.md#verdict and the tools of
specs/ballot.md#challenge and specs/receipt.md#receipt.
"""

import argparse
import contextlib
import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from verifier import VERSION
from verifier.audit import EXIT_CODES, INCOMPLETE, Check, Outcome, Run, run_checks, verdict
from verifier.backend import NAMES, load_backend
from verifier.checks import BEFORE_VOTING, CHECKPOINTS, CHECKS, CLAIMS
from verifier.claims import envelope_of
from verifier.encoding import decode_hex
from verifier.errors import BrokenError, EncodingError, UsageError
from verifier.notes import parse_checkpoint
from verifier.opening import OpeningChecks, load_opening, marks
from verifier.policy import load_safe_policy
from verifier.receipt import ReceiptChecks, load_receipt
from verifier.record import Record, open_record
from verifier.report import Report, make_report
from verifier.report_html import render
from verifier.report_text import lines, printable
from verifier.suite import HASH_BYTES, MAX_JSON_BYTES, MAX_NOTE_BYTES
from verifier.workers import Pool

EXIT_USAGE: Final = 64
_SMALL_BYTES: Final = 4 << 20
"""Records up to this size are verified in one process unless --jobs says otherwise: workers take longer to start."""
_MAX_CLAIM_FILES: Final = 100_000
_TOOLS: Final = ("receipt", "ballot")
_BAR: Final = 30


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are exceptions."""

    def error(self, message: str) -> NoReturn:
        text = f"{message}\n{self.format_usage().strip()}"
        raise UsageError(text)


def _read_file(path: str, limit: int, what: str) -> bytes:
    """Return a file of the caller's, up to a limit.

    Raises:
        UsageError: it is not there.
        EncodingError: it is longer than anything of its kind.

    """
    if path == "-":
        data = sys.stdin.buffer.read(limit + 1)
    else:
        try:
            with Path(path).open("rb") as file:
                data = file.read(limit + 1)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a path"
            message = f"cannot read the {what} {path}: {reason}. Give the path of a file that exists"
            raise UsageError(message) from error
    if len(data) > limit:
        message = f"the {what} is longer than {limit} bytes"
        raise EncodingError(message)
    return data


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="veche-verify",
        description="Verify the public record of a Veche election.",
        epilog="exit codes: 0 VALID, 1 INVALID, 2 INCOMPLETE, 64 wrong usage. "
        "Other tools: veche-verify receipt FILE, veche-verify ballot FILE (each with --help).",
    )
    parser.add_argument("record", metavar="RECORD", help="folder or .zip file of the record")
    _common(parser)
    parser.add_argument("--report", metavar="FILE", help="also write the report as one HTML file")
    parser.add_argument(
        "--checkpoint", metavar="FILE", action="append", default=[], help="a checkpoint from somebody else (repeatable)"
    )
    parser.add_argument("--claims", metavar="DIR", help="folder of claims of broken promises")
    parser.add_argument("--version", action="version", version=f"veche-verify {VERSION}")
    return parser


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--policy", metavar="FILE", help="trust anchors, from people you trust; - for standard input")
    parser.add_argument("--backend", choices=NAMES, default="fast", help="arithmetic (default: fast)")
    parser.add_argument("--jobs", type=_jobs, metavar="N", help="worker processes (default: by size and processors)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def _jobs(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 256):
        message = "N is 1 to 256"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _tool_parser(tool: str) -> argparse.ArgumentParser:
    if tool == "receipt":
        parser = _Parser(prog="veche-verify receipt", description="Check a receipt, a promise or a receipt code.")
        parser.add_argument("file", metavar="FILE", help="JSON file or text file with a code; - for standard input")
        parser.add_argument("--record", metavar="RECORD", help="record to compare with")
    else:
        parser = _Parser(prog="veche-verify ballot", description="Check a challenged ballot that was opened.")
        parser.add_argument("file", metavar="FILE", help="the opening; - for standard input")
        parser.add_argument("--hash", metavar="HEX", required=True, help="the hash that you noted before you chose")
        parser.add_argument(
            "--record", metavar="RECORD", required=True, help="record of the election, perhaps unfinished"
        )
    _common(parser)
    return parser


def _default_jobs(record: Record, asked: int | None) -> int:
    if asked is not None:
        return asked
    size = sum(source.size for source in record.sources.values())
    if size <= _SMALL_BYTES:
        return 1
    with contextlib.suppress(AttributeError):  # not every system knows it
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def _progress(checks: int) -> Any:  # noqa: ANN401 - a callable that counts
    """Return what `Run.progress` calls: a bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        return lambda _: None
    done = [0]

    def show(what: str) -> None:
        done[0] += what.startswith("V")
        filled = min(_BAR, done[0] * _BAR // (checks + 1))
        sys.stderr.write(f"\r[{'#' * filled}{'.' * (_BAR - filled)}] {what[:40]:<40}")
        sys.stderr.flush()

    return show


def _clear_progress() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r" + " " * 75 + "\r")
        sys.stderr.flush()


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


def _require_libraries() -> None:
    if importlib.util.find_spec("nacl") is None:
        message = "the library PyNaCl is not installed here. Install it with: python -m pip install 'pynacl'"
        raise UsageError(message)


def _load_claims(folder: str | None) -> list[tuple[str, bytes]] | None:
    if folder is None:
        return None
    path = Path(folder)
    if not path.is_dir():
        message = f"there is no folder of claims at {folder}: give a folder that holds one file for each claim"
        raise UsageError(message)
    names = sorted(entry.name for entry in path.iterdir() if entry.is_file())[:_MAX_CLAIM_FILES]
    claims: list[tuple[str, bytes]] = []
    for name in names:
        try:
            claims.append((name, _read_file(str(path / name), MAX_JSON_BYTES, "claim")))
        except EncodingError:
            claims.append((name, b""))  # too long to be one; the check reports it as not proved
    return claims


def _load_checkpoints(paths: Sequence[str]) -> list[tuple[str, bytes]]:
    files: list[tuple[str, bytes]] = []
    for path in paths:
        try:
            files.append((path, _read_file(path, MAX_NOTE_BYTES, "checkpoint")))
        except EncodingError:
            files.append((path, b""))  # too long to be one; the check says so
    return files


def _sizes(files: Sequence[tuple[str, bytes]]) -> frozenset[int]:
    sizes: set[int] = set()
    for _, data in files:
        with contextlib.suppress(EncodingError):
            sizes.add(parse_checkpoint(data).size)
    return frozenset(sizes)


def _policy_bytes(path: str | None) -> bytes | None:
    if path is None:
        return None
    try:
        return _read_file(path, MAX_JSON_BYTES, "policy")
    except EncodingError:
        return b""  # too long to be one: V01 fails


def _require_writable(path: Path) -> None:
    """Refuse before an hour's work what could not be written after it."""
    if path.is_dir() or not path.absolute().parent.is_dir():
        message = f"cannot write {path}: it is a folder, or its folder does not exist. Give the name of a new file"
        raise UsageError(message)


def _write_report(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"cannot write {path}: {error.strerror}. Give another --report FILE"
        raise UsageError(message) from error


def _verify(arguments: argparse.Namespace) -> int:
    record = open_record(Path(arguments.record))
    policy = _policy_bytes(arguments.policy)
    checkpoints, claims = _load_checkpoints(arguments.checkpoint), _load_claims(arguments.claims)
    if arguments.report is not None:
        _require_writable(Path(arguments.report))
    checks: list[Check] = list(CHECKS)
    checks += [CHECKPOINTS] if checkpoints else []
    checks += [CLAIMS] if claims is not None else []
    pool = Pool(_default_jobs(record, arguments.jobs))
    try:
        run = Run(
            record,
            load_backend(arguments.backend),
            pool,
            policy,
            checkpoints,
            claims,
            frozenset(envelope for envelope in (envelope_of(data) for _, data in claims or ()) if envelope is not None),
            _sizes(checkpoints),
            _progress(len(checks)),
        )
        report = make_report(run, run_checks(run, checks))
    finally:
        pool.close()
        record.close()
        _clear_progress()
    if arguments.report is not None:
        _write_report(Path(arguments.report), render(report))
    if arguments.json:
        _print(json.dumps(report.as_json(), ensure_ascii=False, indent=1))
    else:
        for line in lines(report):
            _print(printable(line))
    return EXIT_CODES[report.verdict]


def _finish_tool(
    arguments: argparse.Namespace,
    outcomes: Sequence[Outcome],
    notes: Sequence[str],
    report: Report | None,
    scope: str = "",
) -> int:
    """Print what a tool found; the last line is the verdict. ``scope`` says how much of the record was verified."""
    word = verdict(outcomes)
    if arguments.json:
        value: dict[str, Any] = {
            "verdict": word,
            "checks": [
                {"id": o.check, "status": o.status, "examined": o.examined, "detail": o.detail} for o in outcomes
            ],
            "notes": list(notes),
            "record": None if report is None else report.as_json(),
        }
        _print(json.dumps(value, ensure_ascii=False, indent=1))
        return EXIT_CODES[word]
    if report is not None:
        _print(printable(f"policy fingerprint {report.fingerprint} ({report.name})"))
        _print(f"verdict on the record{scope}: {report.verdict}")
    for outcome in outcomes:
        _print(printable(f"{outcome.check} {outcome.status:<11} {outcome.examined:>8}  {outcome.detail}"))
    for note in notes:
        _print(printable(note))
    _print(word)
    return EXIT_CODES[word]


def _refused(arguments: argparse.Namespace, check: str, error: BrokenError) -> int:
    return _finish_tool(arguments, [Outcome(check, "FAIL", 0, str(error))], [], None)


def _run_tool(run: Run, tool_checks: Sequence[Check]) -> list[Outcome]:
    """Make the checks of a tool behind those of the record; return the tool's outcomes."""
    done = set(run.outcomes)
    return [outcome for outcome in run_checks(run, tool_checks) if outcome.check not in done]


def _receipt(arguments: argparse.Namespace) -> int:
    try:
        receipt = load_receipt(_read_file(arguments.file, MAX_JSON_BYTES, "receipt"))
    except BrokenError as error:
        return _refused(arguments, "R1", error)
    record = open_record(Path(arguments.record)) if arguments.record is not None else Record({}, (), None)
    sizes = frozenset() if receipt.checkpoint is None else frozenset({receipt.checkpoint.size})
    pool = Pool(_default_jobs(record, arguments.jobs))
    try:
        run = Run(
            record,
            load_backend(arguments.backend),
            pool,
            _policy_bytes(arguments.policy),
            watched=frozenset({receipt.promise.envelope}),
            wanted_sizes=sizes,
            progress=_progress(len(CHECKS)),
        )
        if arguments.record is None and run.policy_bytes is not None:
            try:
                run.pinned = load_safe_policy(run.policy_bytes)
            except BrokenError as error:
                return _refused(arguments, "V01", error)
        checks, report = ReceiptChecks(receipt), None
        if arguments.record is not None:
            report = make_report(run, run_checks(run, CHECKS))
            checks.record_verdict = report.verdict
        outcomes = _run_tool(run, checks.table())
    finally:
        pool.close()
        record.close()
        _clear_progress()
    return _finish_tool(arguments, outcomes, [], report)


def _ballot(arguments: argparse.Namespace) -> int:
    try:
        digest = decode_hex(arguments.hash.strip().lower(), HASH_BYTES, "--hash")
    except EncodingError as error:
        raise UsageError(str(error)) from error
    try:
        opening = load_opening(_read_file(arguments.file, MAX_JSON_BYTES, "opening"))
    except BrokenError as error:
        return _refused(arguments, "O1", error)
    record = open_record(Path(arguments.record))
    pool = Pool(_default_jobs(record, arguments.jobs))
    try:
        policy = _policy_bytes(arguments.policy)
        run = Run(record, load_backend(arguments.backend), pool, policy, progress=_progress(len(BEFORE_VOTING)))
        report = make_report(run, run_checks(run, BEFORE_VOTING))
        outcomes = _run_tool(run, OpeningChecks(opening, digest).table())
        notes = [
            f"{title}: {'x' if mark else '-'} {name}"
            for title, options in marks(run, opening)
            for name, mark in options
        ]
    finally:
        pool.close()
        record.close()
        _clear_progress()
    notes.append("compare these marks with what you chose; an opened ballot is no secret, never cast it")
    return _finish_tool(arguments, outcomes, notes, report, " up to its manifest")


def _dispatch(arguments: Sequence[str]) -> int:
    _require_libraries()
    if arguments and arguments[0] in _TOOLS:
        parsed = _tool_parser(arguments[0]).parse_args(arguments[1:])
        return _receipt(parsed) if arguments[0] == "receipt" else _ballot(parsed)
    return _verify(_parser().parse_args(arguments))


def _explain(error: BaseException) -> str:
    """Return where the verifier itself failed, in one line."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "?" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
    return f"{type(error).__name__} at {place}: {printable(str(error))[:300]}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 VALID, 1 INVALID, 2 INCOMPLETE, 64 wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        return _dispatch(list(arguments))
    except UsageError as error:
        sys.stderr.write(f"veche-verify: {printable(str(error).replace(chr(10), ' - '))}\n")
        return EXIT_USAGE
    except KeyboardInterrupt:
        sys.stderr.write("veche-verify: interrupted, so nothing is established\n")
        return EXIT_CODES[INCOMPLETE]
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads: stay silent at exit
        return EXIT_CODES[INCOMPLETE]
    except Exception as error:  # noqa: BLE001 - a crash would exit with 1, which scripts read as INVALID
        sys.stderr.write(f"veche-verify: the verifier itself failed; please report this: {_explain(error)}\n")
        if "--json" in arguments:
            _print(json.dumps({"verdict": INCOMPLETE, "checks": [], "error": _explain(error)}))
        else:
            _print(INCOMPLETE)
        return EXIT_CODES[INCOMPLETE]
