# SPDX-License-Identifier: AGPL-3.0-or-later
"""Known attacks: the table of specs/threat-model.md#attacks and the tests that mount them name the same numbers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.spec_links import ROOT

IN_REACH = {*range(12, 20), *range(21, 29), *range(30, 47), *range(50, 55), 56, 57, 62}
"""Attacks on what exists so far; the page says of the others where they belong."""

FLAWS = {*range(1, 9), 11, *range(13, 17)}
"""Flaws of the first design that its review found, each mounted in `tests/roles`."""


def names_in(folder: Path) -> Iterator[str]:
    """Names of the test functions below a folder."""
    for path in sorted(folder.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield from (node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def attacks_in(folder: Path) -> set[int]:
    """Numbers in names like `test_attack_17_...` and `test_attack_22_to_27_...`."""
    found: set[int] = set()
    for name in names_in(folder):
        match = re.match(r"test_attack_(\d+)_(?:to_(\d+)_)?", name)
        if match:
            first = int(match[1])
            found |= set(range(first, int(match[2] or first) + 1))
    return found


def rows() -> list[int]:
    """Numbers in the first column of the page's table, in order."""
    page = (ROOT / "specs/threat-model.md").read_text(encoding="utf-8")
    return [int(number) for number in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)]


def test_every_attack_in_reach_is_a_row_and_is_mounted() -> None:
    assert rows() == sorted(IN_REACH)
    assert attacks_in(ROOT / "tests/attacks") == IN_REACH


def test_every_flaw_of_the_first_design_is_mounted() -> None:
    found = {
        int(match[1]) for name in names_in(ROOT / "tests/roles") if (match := re.match(r"test_flaw_R(\d\d)_", name))
    }
    assert found == FLAWS
