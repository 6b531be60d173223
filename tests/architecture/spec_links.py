# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which module implements which page: read from the modules' docstrings, written into the pages' `Code:` lines.

`python -m tests.architecture.spec_links` brings the lines up to date; a test fails when they are not.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("crypto", "verifier", "cli")
CITATION = re.compile(r"specs/([A-Za-z0-9/_-]+\.md)(?:#([A-Za-z0-9_-]+))?")
CODE_LINE = re.compile(r"^`Code: ([^`—]*?)( — [^`]*)?`$", re.MULTILINE)


def modules() -> list[Path]:
    """All modules of the packages."""
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def pages() -> list[Path]:
    """All pages of the specification but for decisions and vectors."""
    return sorted(path for path in (ROOT / "specs").glob("*.md") if path.name != "README.md")


def anchor(heading: str) -> str:
    """The address of a heading, as hosts of Markdown make it."""
    plain = re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower())
    return plain.replace(" ", "-")


def headings(page: Path) -> set[str]:
    """Anchors of a page."""
    return {anchor(heading) for heading in re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)}


def cited_pages(module: Path) -> set[str]:
    """Pages that a module's own docstring names."""
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return {page for page, _ in CITATION.findall(docstring)}


def implementers() -> dict[str, list[str]]:
    """For each page the modules whose docstring names it."""
    found: dict[str, list[str]] = {page.name: [] for page in pages()}
    for module in modules():
        for page in cited_pages(module):
            if page in found:
                found[page].append(module.relative_to(ROOT).as_posix())
    return found


def code_line(page: Path) -> list[str] | None:
    """The modules that a page's `Code:` line names."""
    match = CODE_LINE.search(page.read_text(encoding="utf-8"))
    return None if match is None else match.group(1).split(" · ")


def main() -> None:
    """Write every page's line anew."""
    for name, names in implementers().items():
        page = ROOT / "specs" / name
        text = page.read_text(encoding="utf-8")
        match = CODE_LINE.search(text)
        if names and match:
            line = f"`Code: {' · '.join(names)}{match.group(2) or ''}`"
            page.write_text(text[: match.start()] + line + text[match.end() :], encoding="utf-8")


if __name__ == "__main__":
    main()
