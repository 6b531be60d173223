# SPDX-License-Identifier: AGPL-3.0-or-later
"""No dead end between code, specification and vectors, in either direction."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.spec_links import CITATION, ROOT, code_line, headings, implementers, modules, pages

MARKDOWN = sorted(
    path for path in ROOT.rglob("*.md") if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
)
SOURCES = [*modules(), *sorted((ROOT / "tests").rglob("*.py"))]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_citations_name_headings_that_exist(source: Path) -> None:
    for page, heading in CITATION.findall(source.read_text(encoding="utf-8")):
        target = ROOT / "specs" / page
        assert target.is_file(), f"{source.name} cites {page}"
        assert not heading or heading in headings(target), f"{source.name} cites {page}#{heading}"


def test_every_module_cites_the_specification() -> None:
    helpers = {"__init__.py", "__main__.py", "errors.py", "secret.py"}
    silent = [
        path.relative_to(ROOT).as_posix()
        for path in modules()
        if path.name not in helpers and not CITATION.search(path.read_text(encoding="utf-8"))
    ]
    assert silent == []


@pytest.mark.parametrize("page", pages(), ids=lambda path: path.name)
def test_code_lines_name_exactly_the_modules_that_cite_the_page(page: Path) -> None:
    expected = implementers()[page.name]
    assert (code_line(page) or []) == expected, "run python -m tests.architecture.spec_links"


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target, heading in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text(encoding="utf-8")):
        assert not target.startswith("http"), f"{page.name} depends on {target}"
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{page.name} links to {target}"
        if heading and file.suffix == ".md":
            assert heading in headings(file), f"{page.name} links to {target}#{heading}"


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "specs/README.md").read_text(encoding="utf-8")
    assert [page.name for page in pages() if f"({page.name})" not in index] == []


def test_every_decision_is_in_its_index() -> None:
    folder = ROOT / "specs/decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    numbered = [path.name for path in folder.glob("0*.md") if not path.name.startswith("0000")]
    assert [name for name in sorted(numbered) if f"({name})" not in index] == []


def test_every_vector_file_is_named_by_a_page_and_the_other_way_round() -> None:
    named = set()
    for page in pages():
        named |= set(re.findall(r"vectors/([a-z-]+\.json)", page.read_text(encoding="utf-8")))
    assert named == {path.name for path in (ROOT / "specs/vectors").glob("*.json")}
