# SPDX-License-Identifier: AGPL-3.0-or-later
"""What several modules of attacks are given."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.ledgers import script


@pytest.fixture(scope="package")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `record/` and `policy.json` of the forged record that nobody changes."""
    folder = tmp_path_factory.mktemp("record")
    script().write(folder)
    return folder
