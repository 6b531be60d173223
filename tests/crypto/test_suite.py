# SPDX-License-Identifier: AGPL-3.0-or-later
"""The frozen numbers against the tables of the page, and against py_ecc."""

from __future__ import annotations

import re
from pathlib import Path

from py_ecc.optimized_bls12_381 import curve_order, field_modulus

from crypto import suite

PAGE = (Path(__file__).resolve().parents[2] / "specs" / "suite.md").read_text("utf-8")


def test_sizes_and_limits_are_those_of_the_page() -> None:
    rows = dict(re.findall(r"^\| `([A-Z0-9_]+)` \| (\d+) \|", PAGE, re.MULTILINE))
    assert len(rows) == 19
    assert {name: getattr(suite, name) for name in rows} == {name: int(value) for name, value in rows.items()}
    constants = {name for name in vars(suite) if name.isupper() and isinstance(getattr(suite, name), int)}
    assert constants - rows.keys() == {"FIELD_MODULUS", "GROUP_ORDER", "G1_COFACTOR", "MAX_U16", "MAX_U32", "MAX_U53"}


def test_group_numbers_are_those_of_the_page_and_of_py_ecc() -> None:
    p, q, h = (int(value, 16) for value in re.findall(r"`0x([0-9a-f]{30,})`", PAGE))
    assert (p, q, h) == (suite.FIELD_MODULUS, suite.GROUP_ORDER, suite.G1_COFACTOR)
    assert (p, q) == (field_modulus, curve_order)
    # The curve has p + 1 - t points with the trace t = u + 1 of this family, u = -0xd201000000010000.
    u = -0xD201000000010000
    assert h * q == p + 1 - (u + 1)
    assert h == (u - 1) ** 2 // 3


def test_identifier() -> None:
    assert re.search(r"ASCII string `([^`]+)`", PAGE).group(1) == suite.SUITE_ID  # type: ignore[union-attr]


def test_integer_bounds() -> None:
    assert (suite.MAX_U16, suite.MAX_U32, suite.MAX_U53) == (65_535, 4_294_967_295, 9_007_199_254_740_991)
