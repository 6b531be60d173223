# SPDX-License-Identifier: AGPL-3.0-or-later
"""The verifier alone: its folder, or the one file made of it, beside the libraries that it names and nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sysconfig
import venv
from importlib import metadata
from pathlib import Path

import pytest

from tests.verifier.commands import ROOT, Ended
from tests.verifier.evidence import evidence_of, small, stopped_before

REQUIREMENTS = ROOT / "verifier/requirements.txt"


def required() -> list[str]:
    """Distributions that `verifier/requirements.txt` names."""
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    return [re.split(r"[<>=!~]", line)[0] for line in lines if line and not line.startswith("#")]


def with_dependencies(names: list[str]) -> set[str]:
    """These distributions and, as their metadata say, what they need; extras are left out."""
    found: set[str] = set()
    while names:
        name = names.pop().lower().replace("_", "-")
        if name not in found:
            found.add(name)
            needs = [need for need in metadata.requires(name) or [] if "extra ==" not in need]
            names += [re.split(r"[^A-Za-z0-9._-]", need)[0] for need in needs if is_installed(need)]
    return found


def is_installed(need: str) -> bool:
    """Whether a dependency is here at all: some are for other systems only."""
    return bool(list(metadata.distributions(name=re.split(r"[^A-Za-z0-9._-]", need)[0])))


def environment(folder: Path, names: list[str]) -> Path:
    """A new environment with these distributions and their dependencies; returns its interpreter."""
    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
    place = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))
    for name in with_dependencies(list(names)):
        distribution = metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
            (place / top).symlink_to(Path(str(distribution.locate_file(top))))
    return folder / "bin/python"


def run(interpreter: Path, folder: Path, *arguments: str | Path) -> Ended:
    """Start a program there, with nothing of this process's environment."""
    done = subprocess.run(
        [interpreter, "-B", *map(str, arguments)], cwd=folder, env={}, capture_output=True, text=True, check=False
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `verifier/`, `env/` with its libraries, a record and its policy."""
    folder = tmp_path_factory.mktemp("alone")
    shutil.copytree(ROOT / "verifier", folder / "verifier", ignore=shutil.ignore_patterns("__pycache__"))
    environment(folder / "env", required())
    small().put(folder)
    evidence_of(stopped_before("content:manifest")).put(folder / "unfinished")
    return folder


RECORD = ("record", "--policy", "policy.json")


def test_the_folder_alone_verifies(alone: Path) -> None:
    interpreter = alone / "env/bin/python"
    assert "No module named 'crypto'" in run(interpreter, alone, "-c", "import crypto").errors
    ended = run(interpreter, alone, "-m", "verifier", *RECORD)
    assert (ended.code, ended.last_line, ended.errors) == (0, "VALID", "")


def test_the_folder_alone_verifies_without_the_fast_library(alone: Path, tmp_path: Path) -> None:
    interpreter = environment(tmp_path / "env", [name for name in required() if "arkworks" not in name])
    unfinished = ("unfinished/record", "--policy", "unfinished/policy.json", "--json")
    found = []
    for python, backend in ((alone / "env/bin/python", "fast"), (interpreter, "reference")):
        ended = run(python, alone, "-m", "verifier", *unfinished, "--backend", backend)
        assert (ended.code, ended.errors) == (2, "")
        found.append(json.loads(ended.output))
    assert found[0] == found[1]
    ended = run(interpreter, alone, "-m", "verifier", *RECORD)
    assert ended.code == 64
    assert "pip install 'py_arkworks_bls12381'" in ended.errors
    assert "--backend reference" in ended.errors


def test_without_any_library_it_says_what_to_install(alone: Path, tmp_path: Path) -> None:
    ended = run(environment(tmp_path / "env", []), alone, "-m", "verifier", *RECORD)
    assert ended.code == 64
    assert "pip install 'pynacl'" in ended.errors
    assert "Traceback" not in ended.errors


def test_one_file_is_always_the_same_and_verifies(alone: Path, tmp_path: Path) -> None:
    interpreter = alone / "env/bin/python"
    sums = set()
    for name in ("one", "two"):
        # The place, the age and the line ends of the sources must not show.
        copy = tmp_path / name / "verifier"
        shutil.copytree(ROOT / "verifier", copy, ignore=shutil.ignore_patterns("__pycache__"))
        if name == "two":
            for path in copy.glob("*.py"):
                path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        ended = run(interpreter, tmp_path / name, "-m", "verifier.build_pyz", "veche-verify.pyz")
        assert ended.code == 0, ended.errors
        sums.add(ended.output.split()[0])
    assert len(sums) == 1
    file = tmp_path / "one/veche-verify.pyz"
    assert file.read_bytes() == (tmp_path / "two/veche-verify.pyz").read_bytes()
    ended = run(interpreter, alone, file, *RECORD)
    assert (ended.code, ended.last_line) == (0, "VALID")
    ended = run(environment(tmp_path / "env", []), alone, file, *RECORD)
    assert (ended.code, "pip install 'pynacl'" in ended.errors) == (64, True)
