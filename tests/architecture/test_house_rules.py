# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rules of the house that a program can check."""

from __future__ import annotations

import ast
import re
import sys
from importlib import metadata
from pathlib import Path

import pytest

from tests.architecture.spec_links import ROOT, modules

MOST_LINES = 500
SCALAR_DOORS = re.compile(
    r"\b(?:Scalar|G1Point|G2Point|GT)\(|\.(?:from_\w+_bytes\w*|multiexp_unchecked|pairing_check|hash_to_curve)\("
)


def tracked() -> list[Path]:
    """All files of the project that hold text."""
    endings = {".py", ".md", ".toml", ".json", ".txt", ""}
    skipped = {
        ".git",
        ".venv",
        "__pycache__",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".hypothesis",
        "node_modules",
    }
    return [
        path
        for path in sorted(ROOT.rglob("*"))
        if path.is_file() and path.suffix in endings and not skipped & set(path.relative_to(ROOT).parts)
    ]


@pytest.mark.parametrize("module", modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_modules_are_short_licensed_and_documented(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert text.startswith("# SPDX-License-Identifier: AGPL-3.0-or-later\n")
    assert len(text.splitlines()) <= MOST_LINES
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("module", modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_assert_decides_anything(module: Path) -> None:
    # An assert vanishes under python -O.
    asserts = [
        node.lineno for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))) if isinstance(node, ast.Assert)
    ]
    assert asserts == []


def test_broad_excepts_are_none_but_the_one_that_must_not_look_like_a_verdict() -> None:
    broad = [
        module.relative_to(ROOT).as_posix()
        for module in modules()
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
    ]
    # A crash of the verifier would end with 1, which means INVALID: it says that it failed, and INCOMPLETE.
    assert broad == ["verifier/command.py"]


def test_values_of_the_group_come_through_its_doors() -> None:
    outside = [path for path in modules() if path.parts[len(ROOT.parts)] == "crypto" and "group" not in path.parts]
    used = {
        path.name: match.group()
        for path in outside
        for match in [SCALAR_DOORS.search(path.read_text(encoding="utf-8"))]
        if match
    }
    assert used == {}


def test_weak_generators_touch_no_secret() -> None:
    # ATTACKS 32: `random` draws the choices of simulated people and nothing else.
    users = [
        path.relative_to(ROOT).as_posix()
        for path in modules()
        if re.search(r"^\s*(?:import|from) (?:random|numpy|uuid)\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert users == ["cli/demo/ballot_files.py", "cli/demo/command.py", "cli/demo/voters.py"]


def test_no_setting_changes_mathematics() -> None:
    reading = [
        path.relative_to(ROOT).as_posix()
        for path in modules()
        if re.search(r"os\.environ|getenv", path.read_text(encoding="utf-8"))
    ]
    assert reading == []


def test_no_file_names_a_machine_or_a_registry() -> None:
    pattern = re.compile(r"/(?:work|root|home)/|https?://[a-z.]*(?:pypi|npmjs|debian)")
    named = [
        path.relative_to(ROOT).as_posix()
        for path in tracked()
        if path != Path(__file__) and pattern.search(path.read_text(encoding="utf-8", errors="ignore"))
    ]
    assert named == []


def test_the_packages_are_ours_and_nothing_collides_with_them() -> None:
    import cli
    import crypto
    import verifier

    for package in (crypto, verifier, cli):
        assert Path(str(package.__file__)).resolve().is_relative_to(ROOT)
    installed = {distribution.metadata["Name"].lower() for distribution in metadata.distributions()}
    assert not installed & {"pycryptodome", "pycrypto", "crypto"}


def test_names_are_not_of_the_standard_library() -> None:
    assert not {"crypto", "verifier", "cli", "specs"} & set(sys.stdlib_module_names)
