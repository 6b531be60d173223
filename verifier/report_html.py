# SPDX-License-Identifier: AGPL-3.0-or-later
"""The report as one HTML file for people: implements specs/verification.md#counts and
specs/verification.md#what-no-verifier-can-establish, in Russian and English.

One self-contained file: no script, nothing loaded from anywhere, the language chosen by radio buttons that style sheets
understand. Every string that comes from a record is escaped.
"""

from collections.abc import Iterable
from html import escape
from typing import Any, Final

from verifier import VERSION
from verifier.audit import FAIL, NOT_CHECKED, PASS, Outcome
from verifier.explanations import CHECKS, COUNTS, LIMITS, STATES, STATUSES, VERDICTS, WORDS, Words
from verifier.report import Quorum, Report
from verifier.report_text import printable
from verifier.rules import RULES

_MARKS: Final = {PASS: "\u2713", FAIL: "\u2717", NOT_CHECKED: "?"}
_VERDICT_MARKS: Final = {"VALID": "\u2713", "INVALID": "\u2717", "INCOMPLETE": "?"}
_SHOWN: Final = 200

_STYLE: Final = """
:root{--ink:#1b1f24;--paper:#fff;--soft:#f2f4f6;--line:#c9d0d8;--good:#0b6b3a;--bad:#a8121c;--open:#8a5a00;--bar:#3b6ea8}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--paper:#15181c;--soft:#20252b;--line:#444c56;--good:#58c88b;
--bad:#ff8a8a;--open:#f0b95a;--bar:#6fa3dd}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:56rem;padding:1rem;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);
background:var(--paper);overflow-wrap:anywhere}
h1{font-size:1.4rem;margin:.6rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem;border-bottom:2px solid var(--line)}
h3{font-size:1rem;margin:1.2rem 0 .3rem}
.switch{position:absolute;opacity:0}
.switch+label{display:inline-block;padding:.35rem .8rem;border:2px solid var(--line);border-radius:.3rem;cursor:pointer}
.switch:checked+label{border-color:var(--ink);font-weight:700;text-decoration:underline}
.switch:focus-visible+label{outline:3px solid var(--bar);outline-offset:2px}
#lang-ru:checked~main .en,#lang-en:checked~main .ru{display:none}
.verdict{border:4px solid;padding:.8rem 1rem;margin:1rem 0;border-radius:.3rem}
.verdict b{display:block;font-size:1.9rem;line-height:1.2;letter-spacing:.04em}
.VALID{color:var(--good);border-style:solid}.INVALID{color:var(--bad);border-style:double;border-width:8px}
.INCOMPLETE{color:var(--open);border-style:dashed}
.verdict span,.verdict b{color:inherit}
.note{border-left:6px solid var(--open);padding:.3rem .8rem;background:var(--soft);margin:.6rem 0}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3rem .5rem;border-bottom:1px solid var(--line)}
td.number,th.number{width:1%;text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.track{background:var(--soft);height:.55rem;margin-top:.2rem}.fill{background:var(--bar);height:100%;
print-color-adjust:exact;-webkit-print-color-adjust:exact}
.won{font-weight:700}
.check{border:1px solid var(--line);border-left-width:8px;border-radius:.3rem;padding:.5rem .7rem;margin:.5rem 0;
break-inside:avoid}
.check p{margin:.2rem 0}
.PASS{border-left-color:var(--good)}.FAIL{border-left:8px double var(--bad);background:var(--soft)}
.OPEN{border-left:8px dashed var(--open)}
.status{font-weight:700;white-space:nowrap}.PASS .status{color:var(--good)}.FAIL .status{color:var(--bad)}
.OPEN .status{color:var(--open)}
code,pre,.detail{font-family:ui-monospace,monospace;font-size:.85rem}
.detail{color:inherit;opacity:.85}pre{white-space:pre-wrap;background:var(--soft);padding:.5rem}
dl{display:grid;grid-template-columns:auto 1fr;gap:.1rem .8rem;margin:.4rem 0}
dt{text-align:right;font-variant-numeric:tabular-nums;font-weight:700}dd{margin:0}
.quorums li{margin:.5rem 0}ul{padding-left:1.2rem}
footer{margin-top:2rem;font-size:.85rem;opacity:.8}
@media print{.switch,.switch+label{display:none}body{max-width:none;font-size:10pt}h2{break-after:avoid}
tr,.verdict{break-inside:avoid}}
"""


def _safe(text: str) -> str:
    return escape(printable(text), quote=True)


def _both(words: Words) -> str:
    """Return a sentence in both languages, of which the style sheet shows one."""
    english, russian = words
    return f'<span class="ru" lang="ru">{_safe(russian)}</span><span class="en" lang="en">{_safe(english)}</span>'


def _text(text: dict[str, str]) -> str:
    """Return a text of the manifest in both languages of the report, or in what languages there are."""
    first = next(iter(text.values()), "")
    return _both((text.get("en", first), text.get("ru", first)))


def _heading(name: str) -> str:
    return f"<h2>{_both(WORDS[name])}</h2>"


def _verdict(report: Report) -> str:
    word, meaning = VERDICTS[report.verdict]
    mark = _VERDICT_MARKS[report.verdict]
    return (
        f'<section class="verdict {report.verdict}" role="status"><b><span aria-hidden="true">{mark} </span>'
        f"{_both(word)}</b>{_both(meaning)}</section>"
    )


def _policy(report: Report) -> str:
    parts: list[str] = []
    if report.demonstration:
        parts.append(f'<p class="note"><strong>{_both(WORDS["demonstration"])}</strong></p>')
    if not report.pinned:
        parts.append(f'<p class="note"><strong>{_both(WORDS["unpinned"])}</strong></p>')
    parts.append(f"<p>{_safe(report.name)}; {_both(WORDS['fingerprint'])} <code>{_safe(report.fingerprint)}</code></p>")
    if report.election:
        parts.append(f"<p>{_both(WORDS['election'])} <code>{_safe(report.election)}</code></p>")
    parts.append(f"<p>{_both(WORDS['state'])}: {_both(STATES[report.state])}</p>")
    return "".join(parts)


def _quorums(quorums: Iterable[Quorum]) -> str:
    items = [
        f"<li><strong>{_both(WORDS[quorum.role])}, "
        f"{quorum.dangerous} {_both(WORDS['of'])} {len(quorum.holders)}:</strong> "
        + "; ".join(f"{_safe(name)} ({_safe(organisation)})" for name, organisation in quorum.holders)
        + "</li>"
        for quorum in quorums
    ]
    meaning = f"{_both(WORDS['quorums_meaning'])} {_both(WORDS['quorums_witnesses'])}"
    return f"{_heading('quorums')}<p>{meaning}</p><ul class=quorums>{''.join(items)}</ul>"


def _contest(contest: dict[str, Any]) -> str:
    most = max([option["total"] for option in contest["options"]] or [0])
    rows: list[str] = []
    for option in sorted(contest["options"], key=lambda option: -int(option["total"])):
        width = round(100 * option["total"] / most, 1) if most else 0
        marks = ""
        if option["elected"]:
            lot = f", {_both(WORDS['drawn'])}" if option["drawn"] else ""
            marks = f" \u2605 {_both(WORDS['elected'])}{lot}"
        rows.append(
            f"<tr{' class=won' if option['elected'] else ''}><td>{_text(option['name'])}{marks}"
            f'<div class=track aria-hidden=true><div class=fill style="width:{width}%"></div></div></td>'
            f"<td class=number>{option['total']}</td></tr>"
        )
    return (
        f"<h3>{_text(contest['title'])}</h3><table><thead><tr><th scope=col>{_both(WORDS['option'])}</th>"
        f"<th scope=col class=number>{_both(WORDS['votes'])}</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _results(report: Report) -> str:
    parts = [_heading("result")]
    if not report.results:
        parts.append(f"<p>{_both(WORDS['no_result'])}</p>")
    elif report.verdict != "VALID":
        parts.append(f'<p class="note"><strong>{_both(WORDS["uncertain"])}</strong></p>')
    parts.extend(_contest(contest) for contest in report.results)
    return "".join(parts)


def _counts(report: Report) -> str:
    items = [
        f"<dt>{report.counts[name]}</dt><dd>{_both(words)}</dd>"
        for name, words in COUNTS.items()
        if name in report.counts
    ]
    parts = [_heading("counts"), f"<dl>{''.join(items)}</dl>"]
    if report.by_reviewer:
        people = [f"<dt>{count}</dt><dd>{_safe(name)}</dd>" for name, count in report.by_reviewer.items()]
        people += [
            f"<dt>{count}</dt><dd>{_safe(first)} + {_safe(second)}</dd>"
            for (first, second), count in report.by_pair.items()
        ]
        parts.append(f"<h3>{_both(WORDS['admissions'])}</h3><dl>{''.join(people)}</dl>")
    return "".join(parts)


def _check(outcome: Outcome) -> str:
    title, meaning, title_ru, meaning_ru = CHECKS.get(outcome.check, (outcome.check, "", outcome.check, ""))
    style = "OPEN" if outcome.status == NOT_CHECKED else outcome.status
    return (
        f'<article class="check {style}"><p><span class=status><span aria-hidden=true>{_MARKS[outcome.status]}</span> '
        f"{_both(STATUSES[outcome.status])}</span> "
        f"<strong>{_safe(outcome.check)} {_both((title, title_ru))}</strong></p>"
        f"<p>{_both((meaning, meaning_ru))}</p>"
        f"<p class=detail>{_both(WORDS['examined'])}: {outcome.examined}. "
        f'<span lang="en">{_safe(outcome.detail)}</span></p>'
        "</article>"
    )


def _lists(report: Report) -> str:
    parts: list[str] = []
    if report.warnings:
        items = "".join(f"<li>{_both(words)}</li>" for words in report.warnings)
        parts.append(f"{_heading('warnings')}<ul>{items}</ul>")
    if report.claims:
        items = "".join(f"<li>{_safe(line)}</li>" for line in report.claims)
        parts.append(f"{_heading('claims')}<ul>{items}</ul>")
    if report.evidence:
        notes = "".join(
            f"<pre>{'<br>'.join(_safe(line) for line in note.splitlines())}</pre>" for note in report.evidence
        )
        parts.append(f"{_heading('evidence')}{notes}")
    if len(report.excluded):
        rows = [
            f"<tr><td class=number>{index}</td><td>{rule}</td><td lang=en>{_safe(RULES[rule])}</td></tr>"
            for _, (index, rule) in zip(range(_SHOWN), report.excluded, strict=False)
        ]
        more = f"<p>{_both(WORDS['more'])}</p>" if len(report.excluded) > _SHOWN else ""
        parts.append(f"{_heading('excluded')}<table>{''.join(rows)}</table>{more}")
    items = "".join(f"<li>{_both(words)}</li>" for words in LIMITS)
    parts.append(f"{_heading('limits')}<ul>{items}</ul>")
    return "".join(parts)


def render(report: Report) -> str:
    """Return the whole file."""
    tally = f"<p><code>{report.encrypted_tally}</code></p>" if report.encrypted_tally else ""
    title = f": {_text(report.title)}" if report.title else ""
    checks = "".join(_check(outcome) for outcome in report.outcomes)
    return (
        '<!doctype html><html lang="ru"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="referrer" content="no-referrer">'
        f"<title>{report.verdict}: veche-verify</title><style>{_STYLE}</style></head><body>"
        '<input class="switch" type="radio" name="language" id="lang-ru" checked>'
        '<label for="lang-ru" lang="ru">Русский</label> '
        '<input class="switch" type="radio" name="language" id="lang-en">'
        '<label for="lang-en" lang="en">English</label>'
        f"<main><h1>{_both(WORDS['report'])}{title}</h1>{_verdict(report)}{_policy(report)}{_results(report)}"
        f"{_quorums(report.quorums)}{_counts(report)}{_heading('checks')}{checks}{tally}{_lists(report)}</main>"
        f"<footer>veche-verify {VERSION}</footer></body></html>\n"
    )
