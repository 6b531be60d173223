# SPDX-License-Identifier: AGPL-3.0-or-later
"""Real ballots from files: candidates with their lists, and ballots as counts of marked option ids.

Spec: specs/manifest.md#contests
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from zlib import error as zlib_error

from cli.demo.voters import Choice
from crypto.encoding.text import check_distinguishable, check_string
from crypto.errors import CryptoError
from crypto.protocol.manifest import Contest, Option
from crypto.suite import MAX_OPTIONS

LANGUAGE = "ru"

MAX_FILE_BYTES = 256 << 20
MAX_BALLOTS = 1_000_000

LISTS: Mapping[str, tuple[str, int, int]] = {
    "civil": ("Общегражданский список", 30, 30),
    "left": ("Левые", 5, 5),
    "liberal": ("Либералы", 5, 5),
    "nationalist": ("Националисты", 5, 5),
}
"""Title, most marks, and seats of each list of the election of October 2012."""


class DataError(Exception):
    """A file that is not what it should be; the message names file and line."""


@dataclass(frozen=True, slots=True)
class RealElection:
    """Contests and ballots of a real election.

    Args:
        patterns: how many ballots have which choice.
    """

    contests: tuple[Contest, ...]
    patterns: tuple[tuple[int, Choice], ...]

    @property
    def ballots(self) -> int:
        """All ballots."""
        return sum(count for count, _ in self.patterns)

    def sample(self, size: int, random: Random) -> list[Choice]:
        """`size` ballots drawn without putting back; all of them, in random order, if `size` is their number."""
        everything = [choice for count, choice in self.patterns for _ in range(count)]
        return random.sample(everything, size)


def read_election(ballots: Path, candidates: Path) -> RealElection:
    """Read both files.

    Raises:
        DataError: wrong columns, unknown ids, too many marks; names the line.
    """
    places, contests = _read_candidates(candidates)
    return RealElection(contests, tuple(_read_ballots(ballots, places, contests)))


def _rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            with gzip.open(io.BytesIO(data)) as unpacked:
                data = unpacked.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise DataError(f"{path}: unpacks to more than {MAX_FILE_BYTES} bytes, which no election needs")
        text = data.decode("utf-8")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (UnicodeDecodeError, EOFError, zlib_error):
        raise DataError(f"{path}: is neither UTF-8 text nor gzip of it") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [column for column in columns if column not in (reader.fieldnames or [])]
    if missing:
        raise DataError(f"{path}: line 1: no column {', '.join(missing)}; it needs {', '.join(columns)}")
    try:
        for row in reader:
            if None in row.values() or None in row:
                raise DataError(f"{path}: line {reader.line_num}: has not as many fields as line 1")
            yield reader.line_num, row
    except csv.Error as error:
        raise DataError(f"{path}: line {reader.line_num}: {error}") from None


def _read_candidates(path: Path) -> tuple[dict[int, tuple[int, int]], tuple[Contest, ...]]:
    """Contest and option of each id, and the contests, options in the order of their ids."""
    options: dict[str, list[tuple[int, str]]] = {name: [] for name in LISTS}
    seen: set[int] = set()
    for line, row in _rows(path, ("option_id", "name", "list")):
        identifier = _number(row["option_id"], f"{path}: line {line}: option_id")
        if identifier in seen:
            raise DataError(f"{path}: line {line}: option {identifier} stands twice")
        if row["list"] not in options:
            raise DataError(f"{path}: line {line}: list {row['list']!r} is none of {', '.join(LISTS)}")
        seen.add(identifier)
        try:
            name = check_string(" ".join(row["name"].split()), "name")
        except CryptoError as error:
            raise DataError(f"{path}: line {line}: {error}") from None
        options[row["list"]].append((identifier, name))
    places: dict[int, tuple[int, int]] = {}
    contests: list[Contest] = []
    for name, listed in options.items():
        if listed:
            listed.sort()
            places |= {identifier: (len(contests), number) for number, (identifier, _) in enumerate(listed)}
            contests.append(_make_contest(path, name, [person for _, person in listed]))
    if not contests:
        raise DataError(f"{path}: no candidates")
    return places, tuple(contests)


def _make_contest(path: Path, name: str, people: Sequence[str]) -> Contest:
    title, most, seats = LISTS[name]
    if len(people) > MAX_OPTIONS:
        raise DataError(f"{path}: list {name}: {len(people)} candidates, at most {MAX_OPTIONS} are possible")
    try:
        check_distinguishable(people, "candidates")
    except CryptoError as error:
        raise DataError(f"{path}: list {name}: {error}") from None
    options = tuple(Option({LANGUAGE: person}) for person in people)
    return Contest({LANGUAGE: title}, options, 0, min(most, len(options)), min(seats, len(options)))


def _read_ballots(
    path: Path, places: Mapping[int, tuple[int, int]], contests: Sequence[Contest]
) -> Iterator[tuple[int, Choice]]:
    total = 0
    for line, row in _rows(path, ("count", "option_ids")):
        where = f"{path}: line {line}"
        count = _number(row["count"], f"{where}: count")
        marks = [[0] * len(contest.options) for contest in contests]
        for text in row["option_ids"].split():
            identifier = _number(text, f"{where}: option id")
            if identifier not in places:
                raise DataError(f"{where}: no candidate has the id {identifier}")
            place, option = places[identifier]
            if marks[place][option]:
                raise DataError(f"{where}: option {identifier} is marked twice")
            marks[place][option] = 1
        for contest, chosen in zip(contests, marks, strict=True):
            if sum(chosen) > contest.maximum:
                title = contest.title[LANGUAGE]
                raise DataError(f"{where}: {sum(chosen)} marks in {title!r}, at most {contest.maximum} are allowed")
        total += count
        if total > MAX_BALLOTS:
            raise DataError(f"{where}: more than {MAX_BALLOTS} ballots; a demonstration holds all of them in memory")
        yield count, tuple(tuple(chosen) for chosen in marks)


def _number(text: str, where: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise DataError(f"{where}: {text!r} is not a number")
    return int(text)
