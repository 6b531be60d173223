# SPDX-License-Identifier: AGPL-3.0-or-later
"""The registry of labels against the tables of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from crypto import labels
from crypto.suite import SUITE_ID

PAGE = (Path(__file__).resolve().parents[2] / "specs" / "labels.md").read_text("utf-8")
LISTED = re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)


@pytest.fixture
def registry() -> Iterator[dict[bytes, labels.Label]]:
    """The registry, put back afterwards."""
    before = dict(labels._registry)
    yield labels._registry
    labels._registry.clear()
    labels._registry.update(before)


def test_registry_equals_the_tables() -> None:
    assert len(LISTED) == len(set(LISTED)) > 40
    assert labels.registered() == {name.encode("ascii") for name in LISTED}


def test_constants_are_named_after_their_labels() -> None:
    for name in LISTED:
        constant = name.removeprefix("VECHE-V1-").replace("-", "_")
        assert getattr(labels, constant) == name.encode("ascii")


def test_attack_16_labels_are_versioned_and_prefix_free() -> None:
    for label in labels.registered():
        assert label.startswith(b"VECHE-V1-")
        assert 12 <= len(label) <= 200
        assert not any(other != label and other.startswith(label) for other in labels.registered())


@pytest.mark.parametrize("purpose", ["ANSWER", "ANSWERS", "CREDENTIAL-X", "CONTEST-CHALLENGE", "SESS"])
def test_attack_16_a_second_use_and_a_prefix_are_refused(registry: dict[bytes, labels.Label], purpose: str) -> None:
    before = dict(registry)
    with pytest.raises(ValueError, match="clashes with"):
        labels._register(purpose)
    assert registry == before


@pytest.mark.parametrize("purpose", ["AB", "", "A" * 192])
def test_lengths_are_bounded(registry: dict[bytes, labels.Label], purpose: str) -> None:
    registry.clear()
    with pytest.raises(ValueError, match="is not 12 to 200 bytes long"):
        labels._register(purpose)


def test_a_new_purpose_is_taken_once(registry: dict[bytes, labels.Label]) -> None:
    assert labels._register("UNUSED-PURPOSE") == f"{SUITE_ID}-UNUSED-PURPOSE".encode()
    assert labels._register("A" * 191) in labels.registered()
    with pytest.raises(ValueError, match="clashes with"):
        labels._register("UNUSED-PURPOSE")


def test_a_label_is_ascii(registry: dict[bytes, labels.Label]) -> None:
    with pytest.raises(UnicodeEncodeError, match="ascii"):
        labels._register("\u0410NSWER")
