# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors and data that lie beside the repository in `../shared` and are not part of it.

`VECHE_SHARED` names another folder. A test that needs them where they are missing is skipped, and the end of the
run says so in words: see `tests/conftest.py`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(os.environ.get("VECHE_SHARED") or Path(__file__).resolve().parents[1].parent / "shared")

LEFT_OUT: set[str] = set()
"""What was asked for and is missing, for the summary at the end."""


def shared_path(relative: str) -> Path:
    """The path of a shared file or folder; skips the test, loudly, if it is not there."""
    path = SHARED / relative
    if not path.exists():
        LEFT_OUT.add(relative)
        pytest.skip(f"LEFT OUT: {path} is missing")
    return path


def shared_text(relative: str) -> str:
    """The text of a shared file."""
    return shared_path(relative).read_text("utf-8")


def shared_json(relative: str) -> Any:
    """The value of a shared JSON file, read with the standard loader: it is not ours."""
    return json.loads(shared_text(relative))
