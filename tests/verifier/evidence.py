# SPDX-License-Identifier: AGPL-3.0-or-later
"""Forged records as bytes in memory, so that tests can change them, and the small election that most of them use."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from crypto.proofs.contest import BallotContext
from crypto.protocol.manifest import Contest, Option
from tests.forge import Script
from tests.forge.base import FIRST_THOUGHTS, Hook

FILES = (
    "register/entries",
    "register/checkpoints",
    "register/bodies",
    "election/entries",
    "election/checkpoints",
    "election/bodies",
    "election/ballots",
)
"""The seven files of specs/record.md."""


class SmallScript(Script):
    """One contest of three options, six voters, no tie: totals 5, 2, 1, so a margin of 3."""

    contests: Sequence[Contest] = (
        Contest(
            {"en": "Chair", "ru": "Председатель"},
            tuple(Option({"en": f"Person {c}", "ru": f"Человек {c}"}) for c in "ABD"),
            0,
            2,
            1,
        ),
    )
    voter_count = 6
    small_marks: Sequence[Sequence[int]] = ((1, 0, 0), (1, 0, 0), (1, 1, 0), (1, 0, 1), (1, 0, 0), (0, 1, 0))
    first_thought = (0, 0, 1)
    """What voter 1 votes before voting again."""

    def marks(self, voter: int) -> Sequence[Sequence[int]]:
        return (self.small_marks[voter - 1],)

    def make_body(self, context: BallotContext, marks: Sequence[Sequence[int]]) -> bytes:
        return super().make_body(context, (self.first_thought,) if marks == FIRST_THOUGHTS else marks)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A record as files by name, and the policy that its observer holds."""

    files: Mapping[str, bytes]
    policy: bytes

    def put(self, folder: Path, changed: Mapping[str, bytes | None] | None = None) -> Path:
        """Write `folder/record` and `folder/policy.json`; `changed` replaces files, or leaves out those that are None."""
        record = folder / "record"
        for name, data in {**self.files, **(changed or {})}.items():
            if data is not None:
                place = record / name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(data)
        record.mkdir(exist_ok=True)
        (folder / "policy.json").write_bytes(self.policy)
        return record


def evidence_of(script: Script) -> Evidence:
    """What a forge has made."""
    with tempfile.TemporaryDirectory() as name:
        record = script.write(Path(name))
        files = {file: (record / file).read_bytes() for file in FILES}
        return Evidence(files, (Path(name) / "policy.json").read_bytes())


@cache
def small_script() -> Script:
    """The small election, complete. Shared: whoever changes it spoils it for others."""
    return SmallScript().build()


@cache
def small() -> Evidence:
    """Its record, which is VALID."""
    return evidence_of(small_script())


def zipped(files: Mapping[str, bytes], *, prefix: str = "", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An honest zip file of these members."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(prefix + name), data, method)
    return buffer.getvalue()


class StoppedError(Exception):
    """A forge that was stopped on its way."""


def stopped_before(
    step: str, script: type[Script] = SmallScript, hooks: Mapping[str, Hook] | None = None, *, head: bool = True
) -> Script:
    """The record as it is when `step` (a hook of the forge) is about to happen, under a head."""

    def stop(_: Script, __: Any) -> Any:
        raise StoppedError

    made = script({**(hooks or {}), step: stop})
    with pytest.raises(StoppedError):
        made.build()
    if head:
        made.sign_head(made.log)
    return made
