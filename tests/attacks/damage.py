# SPDX-License-Identifier: AGPL-3.0-or-later
"""Documents and small records that are changed in one place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.audits import Audit, audit, run_command
from tests.forge.base import Hook
from tests.verifier.evidence import SmallScript, evidence_of, stopped_before


@cache
def early() -> Any:
    """A good record of an election that was only announced: quickly verified."""
    return evidence_of(stopped_before("content:appointment"))


def forged_small(hooks: dict[str, Hook], folder: Path, *, until: str = "") -> Audit:
    """What the verifier says of a small forged record, made up to a step."""
    script = stopped_before(until, hooks=hooks) if until else SmallScript(hooks).build()
    assert hooks.keys() <= script.used
    script.write(folder)
    return audit(folder)


NOTHING = object()


def altered(document: Any, path: Sequence[str | int], value: Any = NOTHING) -> Any:
    """A document with something else in one place, or without it."""
    copy = json.loads(json.dumps(document))
    place = copy
    for step in path[:-1]:
        place = place[step]
    if value is NOTHING:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return copy


def altering(*path: str | int, value: Any = NOTHING) -> Hook:
    return lambda _, content: altered(content, path, value)


def judged(folder: Path, receipt: bytes) -> tuple[int, str]:
    """What is said of a receipt under a policy, without a record."""
    (folder / "receipt.json").write_bytes(receipt)
    code, output, _ = run_command("receipt", folder / "receipt.json", "--policy", folder / "policy.json")
    return code, output.rstrip().rpartition("\n")[2]
