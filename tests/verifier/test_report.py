# SPDX-License-Identifier: AGPL-3.0-or-later
"""The HTML report: one file that asks nobody for anything, in two languages, and believes no name that it prints."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from crypto.protocol.manifest import Contest, Option
from tests.verifier.commands import call
from tests.verifier.evidence import SmallScript, evidence_of, small
from verifier.explanations import CHECKS, COUNTS, LIMITS, STATES, STATUSES, VERDICTS, WORDS
from verifier.report import Quorum
from verifier.transitions import ROWS

HOSTILE = ("<img src=x onerror=alert(1)>", 'B" onmouseover="alert(1)', "</td><script>alert(1)</script> & Co")
VOID = {"meta", "input"}


class Page(HTMLParser):
    """Elements with their attributes, and whether every one is closed in its order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


class HostileScript(SmallScript):
    """Options with names that would run in a browser."""

    contests = (
        Contest(
            {"en": "<marquee>Chair", "ru": "<marquee>Председатель"},
            tuple(Option({"en": name, "ru": f"{name} ру"}) for name in HOSTILE),
            0,
            2,
            1,
        ),
    )


def page_of(folder: Path) -> tuple[Page, str]:
    call(folder / "record", "--policy", folder / "policy.json", "--report", folder / "report.html")
    text = (folder / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    return page, text


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Page, str]:
    folder = tmp_path_factory.mktemp("report")
    small().put(folder)
    return page_of(folder)


def test_the_page_asks_nobody_for_anything(good: tuple[Page, str]) -> None:
    page, text = good
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
    assert not [
        attrs for _, attrs in page.elements if attrs.keys() & {"src", "href", "action", "srcset", "style"} - {"style"}
    ]
    assert not re.search(r"url\(|@import|https?://", text)
    assert "default-src 'none'" in text


def test_the_page_says_everything_in_both_languages(good: tuple[Page, str]) -> None:
    page, _ = good
    words = " ".join(page.text)
    for both in (STATES["certified"], VERDICTS["VALID"][0], WORDS["quorums_witnesses"], *LIMITS):
        assert all(word in words for word in both)
    by_language = [attrs["lang"] for tag, attrs in page.elements if tag == "span" and "lang" in attrs]
    # What a check found is in English alone; everything else comes in pairs.
    assert 100 < by_language.count("ru") <= by_language.count("en")


def test_names_do_not_run(tmp_path: Path) -> None:
    evidence_of(HostileScript().build()).put(tmp_path)
    page, _ = page_of(tmp_path)
    assert not {tag for tag, _ in page.elements} & {"script", "img", "marquee"}
    assert not [attrs for _, attrs in page.elements if any(name.startswith("on") for name in attrs)]
    words = "".join(page.text)
    assert all(name in words for name in HOSTILE)


def test_every_word_has_two_languages() -> None:
    tables = [STATES.values(), STATUSES.values(), COUNTS.values(), WORDS.values(), LIMITS, *VERDICTS.values()]
    pairs = [pair for table in tables for pair in table]
    assert all(len(pair) == 2 and all(pair) and pair[0] != pair[1] for pair in pairs if isinstance(pair, tuple))
    assert all(len(texts) == 4 and all(texts) for texts in CHECKS.values())
    assert STATES.keys() == {state for row in ROWS for state in row} | {"nomination", "unknown"}


@pytest.mark.parametrize(
    ("role", "quorum", "holders", "liars"), [("witnesses", 3, 4, 2), ("witnesses", 5, 7, 3), ("trustees", 3, 5, 3)]
)
def test_how_many_could_deceive(role: str, quorum: int, holders: int, liars: int) -> None:
    """Three of four witnesses cosign each of two histories if two of them sign both."""
    assert Quorum(role, quorum, (("name", "organisation"),) * holders).dangerous == liars
