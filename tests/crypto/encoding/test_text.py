# SPDX-License-Identifier: AGPL-3.0-or-later
"""Texts and names; the table of look-alikes is read from the page."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.encoding.text import check_distinguishable, check_string, read_text, skeleton
from crypto.errors import EncodingError, UnsafeText
from crypto.suite import MAX_TEXT_CHARACTERS

PAGE = (Path(__file__).resolve().parents[3] / "specs" / "conventions.md").read_text("utf-8")


def code_point(text: str) -> str:
    """The character of `U+0430 а`."""
    digits = text.split(maxsplit=1)[0].removeprefix("U+")
    return bytes.fromhex(digits.zfill(8)).decode("utf-32-be")


def table_of_the_page() -> dict[str, str]:
    """Pairs from the table under `## Texts`."""
    section = PAGE.split("## Texts", 1)[1].split("\n## ", 1)[0]
    table = {}
    for row in re.findall(r"^\|(.+)\|$", section, re.MULTILINE):
        cells = [cell.strip() for cell in row.split("|")]
        if "replaced" in row or set(row) <= {"-", "|"}:
            continue
        for replaced, by in zip(cells[0::2], cells[1::2], strict=True):
            target = code_point(by) if by.startswith("U+") else by
            for item in replaced.split(", "):
                source = code_point(item) if item.startswith("U+") else item.strip("`")
                if source not in target:
                    table[source] = target
    return table


TABLE = table_of_the_page()


def test_the_table_was_found() -> None:
    assert len(TABLE) >= 30
    assert TABLE["\u0430"] == "a"
    assert (TABLE["0"], TABLE["\u0439"]) == ("o", "\u0438")


@pytest.mark.parametrize("source", sorted(TABLE), ids=lambda source: f"U+{ord(source):04X}")
def test_each_row_of_the_table(source: str) -> None:
    assert skeleton(source) == TABLE[source]
    with pytest.raises(UnsafeText, match="can be confused with"):
        check_distinguishable([f"q{source}q", f"Q{TABLE[source].upper()}Q"], "names")


@given(st.text(max_size=20))
def test_skeleton_is_that_of_the_page(name: str) -> None:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    merged = "".join(TABLE.get(character, character) for character in folded)
    assert skeleton(name) == re.sub(r"[ \-_.,'()]", "", merged)


@given(st.text(max_size=12))
def test_a_string_is_clean_by_the_rules_or_refused(text: str) -> None:
    refused = (
        not 1 <= len(text) <= MAX_TEXT_CHARACTERS
        or any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for c in text)
        or any(c.isspace() and c != " " for c in text)
        or text != unicodedata.normalize("NFC", text)
        or text[0] == " "
        or text[-1] == " "
        or "  " in text
    )
    if refused:
        with pytest.raises(EncodingError, match="x "):
            check_string(text, "x")
    else:
        assert check_string(text, "x") == text


def test_lengths_at_the_limit() -> None:
    assert check_string("ж" * MAX_TEXT_CHARACTERS, "x")
    with pytest.raises(EncodingError, match="string of 1 to 500 characters"):
        check_string("ж" * (MAX_TEXT_CHARACTERS + 1), "x")


@pytest.mark.parametrize("value", [None, 1, True, ["a"], {"en": "a"}])
def test_a_name_is_a_string(value: Any) -> None:
    with pytest.raises(EncodingError, match="x is not a string"):
        check_string(value, "x")


@pytest.mark.parametrize(
    "hidden",
    ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u202a", "\u202e", "\u2066", "\u2069", "\U000e0041"],
    ids=lambda hidden: f"U+{ord(hidden):04X}",
)
def test_attack_62_invisible_characters_are_refused(hidden: str) -> None:
    with pytest.raises(UnsafeText, match=f"holds the character U\\+{ord(hidden):04X}"):
        check_string(f"An{hidden}na", "x")


def test_attack_62_look_alikes_are_named() -> None:
    with pytest.raises(UnsafeText, match="options: 'ОЛЕГ' can be confused with 'Олег'"):
        check_distinguishable(["Олег", "Anna", "ОЛЕГ"], "options")
    check_distinguishable(["Олег", "Anna", "Олег П."], "options")
    check_distinguishable([], "options")


def test_texts_have_exactly_the_languages() -> None:
    text = {"en": "Yes", "ru": "Да"}
    assert read_text(text, "x") == text
    assert read_text(text, "x", ("ru", "en")) == text
    for languages in (("en",), ("en", "ru", "de"), ("en", "de")):
        with pytest.raises(EncodingError, match="and not in"):
            read_text(text, "x", languages)


@pytest.mark.parametrize("value", [{}, [], "a", None, {"en": 1}, {"en": None}, {"en": ""}])
def test_malformed_texts(value: Any) -> None:
    with pytest.raises(EncodingError, match="x"):
        read_text(value, "x")


@pytest.mark.parametrize("code", ["e", "engl", "EN", "e1", "en\n", "", "e-", "\u0435n"])
def test_malformed_language_codes(code: str) -> None:
    with pytest.raises(EncodingError, match="is not a language code"):
        read_text({code: "Yes"}, "x")
