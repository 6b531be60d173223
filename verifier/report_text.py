# SPDX-License-Identifier: AGPL-3.0-or-later
"""The report for a terminal: implements specs/verification.md#counts and
specs/verification.md#what-no-verifier-can-establish.

Whatever comes from a record is escaped, so that a name cannot move the cursor or imitate a verdict; the last line is
the verdict and nothing else.
"""

from collections.abc import Iterator
from typing import Any, Final

from verifier.audit import Outcome
from verifier.explanations import CHECKS, COUNTS, LIMITS, VERDICTS, WORDS
from verifier.report import Report

_BAR: Final = 24
_SHOWN: Final = 20


def printable(text: str) -> str:
    """Return text with everything that a terminal might obey written as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _any_language(text: dict[str, str]) -> str:
    return " / ".join(text.values())


def _head(report: Report) -> Iterator[str]:
    if not report.fingerprint:
        yield "policy: none given, and none readable in the record"
    else:
        yield f"policy fingerprint {report.fingerprint} ({report.name})"
        if not report.pinned:
            yield WORDS["unpinned"][0]
        if report.demonstration:
            yield WORDS["demonstration"][0]
    for quorum in report.quorums:
        names = ", ".join(f"{name} ({organisation})" for name, organisation in quorum.holders)
        yield f"{WORDS[quorum.role][0]}: {quorum.quorum} of {len(quorum.holders)}: {names}"
    if report.election:
        yield f"election {report.election}: {_any_language(report.title)}"
    yield f"state of the election: {report.state}"
    for name, words in COUNTS.items():
        if name in report.counts:
            yield f"  {report.counts[name]:>10}  {words[0]}"
    if report.excluded_by_rule:
        yield "excluded by rule: " + ", ".join(f"{rule} {count}" for rule, count in report.excluded_by_rule.items())
    if report.by_reviewer:
        yield "admissions by reviewer: " + ", ".join(f"{name} {count}" for name, count in report.by_reviewer.items())
        pairs = (f"{first} + {second} {count}" for (first, second), count in report.by_pair.items())
        yield "admissions by pair: " + ", ".join(pairs)


def _check(outcome: Outcome) -> str:
    title = CHECKS[outcome.check][0] if outcome.check in CHECKS else ""
    words = f"{title}: {outcome.detail}" if title else outcome.detail
    return f"{outcome.check} {outcome.status:<11} {outcome.examined:>8}  {words}"


def _contest(contest: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield _any_language(contest["title"])
    most = max([option["total"] for option in contest["options"]] or [0])
    for option in sorted(contest["options"], key=lambda option: -int(option["total"])):
        bar = "#" * (option["total"] * _BAR // most if most else 0)
        notes = " elected" * option["elected"] + " (drawn by lot)" * (option["drawn"] and option["elected"])
        yield f"  {option['total']:>8}  {bar:<{_BAR}}  {_any_language(option['name'])}{notes}"


def lines(report: Report) -> Iterator[str]:
    """Yield the lines of the report; the last one is the verdict."""
    yield from _head(report)
    yield ""
    for outcome in report.outcomes:
        yield _check(outcome)
    if report.results and report.verdict != "VALID":
        yield ""
        yield WORDS["uncertain"][0]
    for contest in report.results:
        yield from _contest(contest)
    if report.encrypted_tally is not None:
        yield ""
        yield f"encrypted tally {report.encrypted_tally}"
    if len(report.excluded):
        yield ""
        yield "excluded entries (index rule):"
        shown = [f"{index} {rule}" for _, (index, rule) in zip(range(_SHOWN), report.excluded, strict=False)]
        yield "  " + ", ".join(shown) + (f" {WORDS['more'][0]}" if len(report.excluded) > _SHOWN else "")
    for title, items in (
        ("warnings", [words[0] for words in report.warnings]),
        ("claims", report.claims),
        ("evidence of a fork", [line for note in report.evidence for line in note.split("\n")]),
        ("not established", [words[0] for words in LIMITS]),
    ):
        if items:
            yield ""
            yield f"{title}:"
            yield from (f"  {item}" for item in items)
    yield ""
    yield VERDICTS[report.verdict][1][0]
    yield report.verdict
