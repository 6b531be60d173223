# SPDX-License-Identifier: AGPL-3.0-or-later
"""Labels and limits are the same in specification, crypto and verifier."""

from __future__ import annotations

import re

from crypto import labels, suite
from tests.architecture.spec_links import ROOT
from verifier import labels as verifier_labels
from verifier import suite as verifier_suite


def specified_labels() -> set[bytes]:
    page = (ROOT / "specs/labels.md").read_text(encoding="utf-8")
    return {name.encode() for name in re.findall(r"^\| `(VECHE-V1-[A-Z-]+)` \|", page, re.MULTILINE)}


def test_labels_are_equal_in_three_places() -> None:
    specified = specified_labels()
    assert len(specified) > 40
    assert set(labels.registered()) == specified
    assert {name.encode() for name in verifier_labels.REGISTRY} == specified


def test_no_label_begins_another() -> None:
    specified = sorted(specified_labels())
    assert not [(a, b) for a in specified for b in specified if a != b and b.startswith(a)]


def test_sizes_and_limits_are_equal_in_three_places() -> None:
    page = (ROOT / "specs/suite.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| (\d+) \|", page, re.MULTILINE)
    assert len(rows) > 15
    for name, value in rows:
        assert getattr(suite, name) == int(value), name
        if hasattr(verifier_suite, name):
            assert getattr(verifier_suite, name) == int(value), name


def test_group_parameters_are_those_of_the_specification() -> None:
    page = (ROOT / "specs/suite.md").read_text(encoding="utf-8")
    field, order, cofactor = (int(number, 16) for number in re.findall(r"`(0x[0-9a-f]+)` \|", page))
    assert (field, order, cofactor) == (suite.FIELD_MODULUS, suite.GROUP_ORDER, suite.G1_COFACTOR)
    assert (order, cofactor) == (verifier_suite.GROUP_ORDER, verifier_suite.COFACTOR)
