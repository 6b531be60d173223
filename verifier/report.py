# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a report says, gathered once for all its forms: implements specs/verification.md#counts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from verifier.audit import Outcome, Run, verdict
from verifier.ceremony import REGISTRAR, TRUSTEE
from verifier.checks_ballots import limit
from verifier.checks_result import state_name
from verifier.errors import VerifierError
from verifier.explanations import CHECKS, LIMITS, Words
from verifier.rules import RULES, Exclusions


@dataclass(slots=True)
class Quorum:
    """Who holds a role, and how many of them can act together."""

    role: str
    quorum: int
    holders: tuple[tuple[str, str], ...]
    """(name, organisation) of each holder."""

    @property
    def dangerous(self) -> int:
        """How many liars can break what the role is for: two quorums of witnesses may meet in liars alone."""
        return 2 * self.quorum - len(self.holders) if self.role == "witnesses" else self.quorum


@dataclass(slots=True)
class Report:
    """Everything that a report prints."""

    verdict: str
    outcomes: tuple[Outcome, ...]
    fingerprint: str = ""
    name: str = ""
    demonstration: bool = False
    pinned: bool = False
    quorums: list[Quorum] = field(default_factory=list)
    state: str = "unknown"
    election: str = ""
    """Election id in hexadecimal."""
    title: dict[str, str] = field(default_factory=dict)
    results: list[dict[str, Any]] = field(default_factory=list)
    """For each contest title, options (name, total, elected, drawn) as in the JSON output."""
    counts: dict[str, int] = field(default_factory=dict)
    excluded_by_rule: dict[str, int] = field(default_factory=dict)
    by_reviewer: dict[str, int] = field(default_factory=dict)
    by_pair: dict[tuple[str, str], int] = field(default_factory=dict)
    warnings: list[Words] = field(default_factory=list)
    excluded: Exclusions = field(default_factory=Exclusions)
    encrypted_tally: str | None = None
    claims: list[str] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the object of ``--json``."""
        return {
            "verdict": self.verdict,
            "checks": [
                {
                    "id": outcome.check,
                    "title": title_of(outcome.check),
                    "status": outcome.status,
                    "examined": outcome.examined,
                    "detail": outcome.detail,
                }
                for outcome in self.outcomes
            ],
            "results": self.results,
            "counts": {
                **self.counts,
                "excluded_by_rule": self.excluded_by_rule,
                "admissions_by_reviewer": self.by_reviewer,
                "admissions_by_pair": [[*pair, count] for pair, count in self.by_pair.items()],
            },
            "policy": {
                "fingerprint": self.fingerprint,
                "name": self.name,
                "demonstration": self.demonstration,
                "pinned": self.pinned,
                "quorums": [
                    {
                        "role": quorum.role,
                        "quorum": quorum.quorum,
                        "holders": [{"name": name, "organisation": other} for name, other in quorum.holders],
                    }
                    for quorum in self.quorums
                ],
            },
            "state": self.state,
            "election": self.election,
            "title": self.title,
            "warnings": [words[0] for words in self.warnings],
            "excluded": [[index, rule, RULES[rule]] for index, rule in self.excluded],
            "encrypted_tally": self.encrypted_tally,
            "claims": self.claims,
            "fork_evidence": self.evidence,
            "limits": [words[0] for words in LIMITS],
        }


def title_of(check: str) -> str:
    """Return a check's English title; checks of receipts and openings are titled by their report."""
    return CHECKS[check][0] if check in CHECKS else check


def _quorums(run: Run) -> list[Quorum]:
    policy, fold = run.policy, run.fold
    quorums = [
        Quorum("board", policy.board_quorum, tuple((member.name, member.organisation) for member in policy.board)),
        Quorum("witnesses", policy.witness_quorum, tuple((w.name, w.organisation) for w in policy.witnesses)),
    ]
    sessions = {"registrars": run.sessions.get(REGISTRAR), "trustees": run.sessions.get(TRUSTEE)}
    if fold is not None and fold.standing is not None:
        sessions["lottery"] = fold.standing.session
    for role, session in sessions.items():
        if session is not None:
            holders = tuple((party.name, party.organisation) for party in session.parties)
            quorums.append(Quorum(role, session.threshold, holders))
    return quorums


def _counts(run: Run, report: Report) -> None:
    scan, manifest = run.election, run.manifest
    if scan is None or run.replay is None:
        return
    counts = {"batches": len(scan.batch_numbers), "gaps": scan.gaps}
    if manifest is not None:
        end = limit(run)
        codes = (scan.ballot, scan.malformed_ballot)
        before = sum(scan.kinds.count(code, 0, end) for code in codes)
        voting = zip(scan.batch_numbers, scan.ballots_in_batch, strict=False)
        last = run.voting_closes
        counts["roll"] = manifest.roll_size
        counts["ballots"] = before
        counts["after_closing"] = sum(scan.kinds.count(code) for code in codes) - before
        counts["small_batches"] = sum(0 < size < manifest.min_batch and number < last for number, size in voting)
    if run.rulings is not None and manifest is not None:
        counts["requests"] = run.rulings.requests.counted
        counts["answered"] = run.rulings.answers.answered(manifest.issuing.threshold)
        counts["credentials"] = run.rulings.ballots.pseudonyms.count
        report.excluded.extend(run.rulings.exclusions)
    if run.bodies is not None:
        counts["counted"] = run.bodies.counted
        counts["superseded"] = run.bodies.superseded
        counts["late"] = run.bodies.late
    counts["claims"] = run.proved_claims
    report.excluded.extend(run.replay.exclusions(None if run.decryptions is None else run.decryptions.tallied))
    for rules in (run.readiness, run.decryptions, run.draws, run.early):
        if rules is not None:
            report.excluded.extend(rules.exclusions)
    report.excluded.sort()
    counts["excluded"] = len(report.excluded)
    report.counts = counts
    report.excluded_by_rule = dict(sorted(Counter(rule for _, rule in report.excluded).items()))


def _results(run: Run) -> list[dict[str, Any]]:
    manifest = run.manifest
    if manifest is None or not run.results:
        return []
    return [
        {
            "title": dict(contest.title),
            "options": [
                {
                    "name": dict(name),
                    "total": result.totals[place],
                    "elected": place in result.elected,
                    "drawn": place in result.drawn,
                }
                for place, name in enumerate(contest.options)
            ],
        }
        for contest, result in zip(manifest.contests, run.results, strict=True)
    ]


def _warn(run: Run, report: Report) -> list[Words]:
    counts, manifest = report.counts, run.manifest
    warnings = list(run.warnings)

    def warn(name: str, english: str, russian: str) -> None:
        if counts.get(name):
            warnings.append((english.format(counts[name]), russian.format(counts[name])))

    warn(
        "gaps", "{} batches were left out: the ledger did not run then", "Пропущено пачек: {}; журнал тогда не работал"
    )
    warn("small_batches", "{} batches held few ballots", "Пачек с малым числом бюллетеней: {}")
    warn("late", "{} counted ballots were appended after the end", "Учтено бюллетеней, внесённых после конца: {}")
    counted = counts.get("counted", 0)
    if manifest is not None and run.bodies is not None and 0 < counted < manifest.min_set:
        warnings.append(
            (
                f"only {counted} ballots: so few that totals say much about each voter",
                f"Всего бюллетеней: {counted}; при таком числе итоги много говорят о каждом",
            )
        )
    for number, result in enumerate(run.results):
        if counted and all(total in (0, counted) for total in result.totals):
            warnings.append(
                (
                    f"contest {number} was unanimous, so everybody's choice in it is known",
                    f"В голосовании {number} все выбрали одно и то же, поэтому выбор каждого известен",
                )
            )
    return warnings


def make_report(run: Run, outcomes: Sequence[Outcome]) -> Report:
    """Gather a report after the checks were made; computes what an unfinished election allows."""
    ordered = tuple(sorted(outcomes, key=lambda outcome: outcome.check))
    report = Report(verdict(outcomes), ordered)
    try:
        policy = run.policy
    except VerifierError:
        return report  # nothing in the record or beside it says whom to trust
    report.fingerprint, report.name = policy.fingerprint.hex(), policy.name
    report.demonstration, report.pinned = policy.demonstration, run.pinned is not None
    report.quorums, report.state = _quorums(run), state_name(run)
    if run.announcement is not None:
        report.election, report.title = run.announcement.election.hex(), dict(run.announcement.title)
    if run.fold is not None:
        report.by_reviewer = dict(sorted(run.fold.by_reviewer.items()))
        report.by_pair = dict(sorted(run.fold.by_pair.items()))
    _counts(run, report)
    report.results = _results(run)
    report.encrypted_tally = None if run.tally is None else run.tally.digest.hex()
    report.warnings = _warn(run, report)
    report.claims, report.evidence = run.claim_lines, run.fork_evidence
    return report
