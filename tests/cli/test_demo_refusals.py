# SPDX-License-Identifier: AGPL-3.0-or-later
"""What `veche demo` refuses, before anything is written, and in which words."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.spec_links import ROOT

CANDIDATES = "option_id,name,list\n1,Анна Первая,civil\n2,Борис Второй,civil\n" + "".join(
    f"{number},Человек {number},left\n" for number in range(11, 18)
)
BALLOTS = "count,option_ids\n20,1 11\n"


def demo(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command as its users do."""
    command = [sys.executable, "-m", "cli.main", "demo", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Good ballots and candidates."""
    ballots, candidates = tmp_path / "ballots.csv", tmp_path / "candidates.csv"
    ballots.write_text(BALLOTS, encoding="utf-8")
    candidates.write_text(CANDIDATES, encoding="utf-8")
    return ballots, candidates


def refused(code: int, words: str, *arguments: str | Path, out: Path) -> None:
    result = demo("--out", out, *arguments)
    assert result.returncode == code, result.stderr
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert not out.exists() or not any(path.name.startswith("record") for path in out.iterdir())


def test_too_few_voters(tmp_path: Path) -> None:
    refused(64, "tells how people voted", "--voters", "9", out=tmp_path / "out")


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    refused(64, "not an empty folder", out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("mine", encoding="utf-8")
    result = demo("--out", path)
    assert (result.returncode, path.read_text(encoding="utf-8")) == (64, "mine")
    assert "not an empty folder" in result.stderr


def test_ballots_without_candidates(tmp_path: Path, files: tuple[Path, Path]) -> None:
    refused(64, "belong together", "--ballots", files[0], out=tmp_path / "out")


def test_unknown_option(tmp_path: Path) -> None:
    refused(64, "--voter", "--voter", "20", out=tmp_path / "out")


def test_jobs_below_one(tmp_path: Path) -> None:
    refused(64, "--jobs", "--jobs", "-1", out=tmp_path / "out")


def test_more_voters_than_ballots(tmp_path: Path, files: tuple[Path, Path]) -> None:
    ballots, candidates = files
    arguments = ("--ballots", ballots, "--candidates", candidates, "--voters", "21")
    refused(64, "holds 20 ballots", *arguments, out=tmp_path / "out")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("count,marks\n1,1\n", "line 1: no column option_ids"),
        ("count,option_ids\n20,1\n1,99\n", "line 3: no candidate has the id 99"),
        ("count,option_ids\n20,11 12 13 14 15 16\n", "line 2: 6 marks in 'Левые', at most 5"),
        ("count,option_ids\n20,1 1\n", "line 2: option 1 is marked twice"),
        ("count,option_ids\nx,1\n", "line 2: count: 'x' is not a number"),
        ("count,option_ids\n-1,1\n", "line 2: count: '-1' is not a number"),
        ("count,option_ids\n٣,1\n", "line 2: count: '٣' is not a number"),
        ("count,option_ids\n20\n", "line 2: has not as many fields"),
        ("count,option_ids\n20,1\n999999999,1\n", "line 3: more than 1000000 ballots"),
        ("count,option_ids\n20,1,2\n", "line 2: has not as many fields"),
        ("count,option_ids\n9,1\n", "holds 9 ballots, at least 10"),
        ("", "line 1: no column"),
        ("count,option_ids\n20,\udc80\n", "neither UTF-8 text nor gzip"),
    ],
)
def test_bad_ballots_are_named_by_line(tmp_path: Path, files: tuple[Path, Path], content: str, words: str) -> None:
    ballots, candidates = files
    ballots.write_bytes(content.encode("utf-8", errors="surrogateescape"))
    code = 64 if words.startswith("holds") else 65
    refused(code, words, "--ballots", ballots, "--candidates", candidates, out=tmp_path / "out")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("id,name,list\n1,A,civil\n", "line 1: no column option_id"),
        (CANDIDATES + "2,Снова Второй,civil\n", "option 2 stands twice"),
        (CANDIDATES + "3,Кто-то,green\n", "list 'green' is none of"),
        ("option_id,name,list\n", "no candidates"),
        (CANDIDATES + "3,,civil\n", "line 11: name is not a string"),
        (CANDIDATES + "3,Вера \u202eяьтерТ,civil\n", "the character U+202E"),
        (CANDIDATES + "3,Анна Пepвая,civil\n", "can be confused with"),  # two Latin letters
        (CANDIDATES + "".join(f"{n},Человек {n},civil\n" for n in range(100, 1101)), "at most 1000"),
    ],
)
def test_bad_candidates_are_named(tmp_path: Path, files: tuple[Path, Path], content: str, words: str) -> None:
    ballots, candidates = files
    candidates.write_text(content, encoding="utf-8")
    refused(65, words, "--ballots", ballots, "--candidates", candidates, out=tmp_path / "out")


def test_broken_gzip_and_missing_file(tmp_path: Path, files: tuple[Path, Path]) -> None:
    ballots, candidates = files
    ballots.write_bytes(gzip.compress(BALLOTS.encode())[:-9])
    refused(65, "neither UTF-8 text nor gzip", "--ballots", ballots, "--candidates", candidates, out=tmp_path / "out")
    ballots.write_bytes(gzip.compress(bytes(257 << 20), 1))
    refused(65, "unpacks to more than", "--ballots", ballots, "--candidates", candidates, out=tmp_path / "out")
    missing = tmp_path / "nowhere.csv"
    refused(65, "cannot be read", "--ballots", missing, "--candidates", candidates, out=tmp_path / "out")


def test_help_names_every_option_and_exit_code() -> None:
    result = demo("--help")
    assert result.returncode == 0
    for word in ("--out", "--voters", "--seed", "--ballots", "--candidates", "--jobs", "INVALID", "64"):
        assert word in result.stdout
