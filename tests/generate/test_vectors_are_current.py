# SPDX-License-Identifier: AGPL-3.0-or-later
"""The committed vector files are what the generator writes, to the byte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.generate import drbg
from tests.generate.files import BUILDERS, VECTORS, render
from tests.generate.vectors_encodings import L


@pytest.mark.parametrize("name", BUILDERS)
def test_the_file_is_what_the_generator_writes(name: str) -> None:
    assert (VECTORS / name).read_bytes() == render(BUILDERS[name]()), "run: python -m tests.generate"


def test_there_are_no_other_vector_files() -> None:
    assert {path.name for path in VECTORS.glob("*.json")} == BUILDERS.keys()


def test_every_file_is_described() -> None:
    text = (VECTORS / "README.md").read_text("utf-8")
    for name in BUILDERS:
        assert f"## {name}" in text
        for family in json.loads((VECTORS / name).read_text("ascii")):
            assert f"`{family}`" in text, f"{name}: {family}"


def test_all_files_together_are_small() -> None:
    assert sum((VECTORS / name).stat().st_size for name in BUILDERS) < 300_000


def test_every_page_that_names_vectors_has_them() -> None:
    pages = VECTORS.parent.glob("*.md")
    named = {
        word.split("/")[-1].strip("`.,")
        for page in pages
        for word in page.read_text("utf-8").split()
        if "vectors/" in word and ".json" in word
    }
    assert named - {name + "`" for name in BUILDERS} <= BUILDERS.keys()
    assert BUILDERS.keys() <= named


def test_secrets_are_the_documented_derivation() -> None:
    """SHAKE-256 over the public seed, a zero byte and the label."""
    import hashlib

    expected = hashlib.shake_256(b"Veche test vectors, 1: these secrets are public\x00" + b"a label").digest(64)
    assert drbg.derive("a label", 64) == expected
    assert drbg.derive_scalar("a label") == int.from_bytes(expected, "big") % drbg.GROUP_ORDER
    assert L == 2**252 + 27742317777372353535851937790883648493


def test_the_generator_does_not_import_what_it_is_to_check() -> None:
    program = (
        "import sys, tests.generate.files; print([n for n in sys.modules if n.split('.')[0] in ('crypto', 'verifier')])"
    )
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root, env=environment
    )
    assert result.stdout.strip() == "[]"
