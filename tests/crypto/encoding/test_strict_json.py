# SPDX-License-Identifier: AGPL-3.0-or-later
"""The strict loader and the canonical writer. Single traps are cases of specs/vectors/encodings.json."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.encoding import strict_json
from crypto.encoding.strict_json import dumps, loads, loads_canonical
from crypto.errors import CryptoError, EncodingError, NonCanonical
from crypto.suite import MAX_JSON_BYTES, MAX_JSON_DEPTH, MAX_U53

NAMES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=8)
STRINGS = st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs"]), max_size=12)
VALUES = st.recursive(
    st.integers(0, MAX_U53) | st.booleans() | STRINGS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def plain_canonical(value: Any) -> str:
    """The canonical form written down from the page, without a JSON writer."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    if isinstance(value, list):
        return "[" + ",".join(map(plain_canonical, value)) + "]"
    return "{" + ",".join(f"{plain_canonical(name)}:{plain_canonical(value[name])}" for name in sorted(value)) + "}"


@given(VALUES)
def test_canonical_form_is_that_of_the_page_and_comes_back(value: Any) -> None:
    expected = plain_canonical(value).encode("utf-8")
    assert dumps(value) == expected
    assert loads_canonical(expected) == value
    assert loads(expected) == value


@given(VALUES)
def test_spaced_and_escaped_json_has_the_same_value_but_is_not_canonical(value: Any) -> None:
    spaced = json.dumps(value, indent=1, ensure_ascii=True).encode()
    assert loads(spaced) == value
    if spaced != plain_canonical(value).encode("utf-8"):
        with pytest.raises(NonCanonical, match="not in canonical form"):
            loads_canonical(spaced)


@given(st.binary(max_size=64))
def test_random_bytes_raise_nothing_but_encoding_error(data: bytes) -> None:
    for read in (loads, loads_canonical):
        try:
            value = read(data)
        except EncodingError:
            continue
        assert dumps(value)


@given(st.text(st.sampled_from('{}[]",:\\untrfals019.-+eE \n\t/\u00e9'), max_size=24))
def test_random_text_that_looks_like_json_raises_nothing_but_encoding_error(text: str) -> None:
    try:
        value = loads(text.encode())
    except EncodingError:
        return
    # What is accepted is what a lenient reader sees too, so strictness only refuses.
    assert value == json.loads(text)


def test_attack_57_a_duplicate_member_is_refused_and_not_overwritten() -> None:
    with pytest.raises(EncodingError, match="'seq' occurs twice"):
        loads(b'{"seq":1,"seq":2}')


def test_attack_57_nesting_of_a_hundred_thousand_levels_is_refused() -> None:
    for opening in (b"[", b'{"a":'):
        with pytest.raises(EncodingError, match="nested deeper than 16 levels"):
            loads(opening * 100_000)
    closed = b"[" * 5_000 + b"]" * 5_000
    with pytest.raises(EncodingError, match="nested deeper than 16 levels"):
        loads(closed)


def test_depth_is_counted_on_the_deepest_branch() -> None:
    deep: Any = 1
    for _ in range(MAX_JSON_DEPTH - 1):
        deep = {"a": [1, 2], "b": deep}
    assert loads(dumps(deep)) == deep
    with pytest.raises(EncodingError, match="nested deeper"):
        loads(dumps([[deep]]))


def test_brackets_in_strings_do_not_count_as_levels() -> None:
    assert loads(dumps(["[" * 100 + "{" * 100])) == ["[" * 100 + "{" * 100]


def test_attack_57_a_number_of_five_thousand_digits_is_refused() -> None:
    with pytest.raises(EncodingError, match="is not an integer from 0 to 2\\^53 - 1"):
        loads(b"9" * 5_000)


@pytest.mark.parametrize("value", [0, 1, 9, 10, MAX_U53 - 1, MAX_U53])
def test_numbers_up_to_2_to_the_53_minus_1(value: int) -> None:
    assert loads(str(value).encode()) == value


def test_a_document_beyond_the_limit_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_json, "MAX_JSON_BYTES", 10)
    assert loads(b'"12345678"') == "12345678"
    with pytest.raises(EncodingError, match="JSON of 11 bytes is longer than 10"):
        loads(b'"123456789"')
    assert MAX_JSON_BYTES == 64 * 1024 * 1024


@pytest.mark.parametrize("escape", [*"bfrt", "u0000", "u0009", "u000d", "u001f"])
def test_attack_57_no_escape_brings_in_a_control_character(escape: str) -> None:
    for document in (f'"\\{escape}"', f'{{"a":["x\\{escape}"]}}'):
        with pytest.raises(EncodingError, match="control character"):
            loads(document.encode())


def test_a_newline_is_the_one_control_character_of_a_note() -> None:
    assert loads_canonical(b'"a\\nb"') == "a\nb"
    assert dumps("a\nb") == b'"a\\nb"'


@pytest.mark.parametrize("document", [b"null", b"[null]", b'{"a":null}', b'[{"a":[null]}]'])
def test_attack_57_null_never_occurs(document: bytes) -> None:
    with pytest.raises(EncodingError, match="null"):
        loads(document)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
def test_attack_57_other_encodings_are_refused_and_not_guessed(encoding: str) -> None:
    with pytest.raises(EncodingError, match="JSON"):
        loads('{"é":"+"}'.encode(encoding))


def test_writing_an_unpaired_surrogate_does_not_crash() -> None:
    with pytest.raises(EncodingError, match="unpaired surrogate"):
        dumps(["\ud800"])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": b"bytes"}, {1, 2}])
def test_our_own_mistakes_are_not_written(value: Any) -> None:
    with pytest.raises((ValueError, TypeError), match=r"\w"):
        dumps(value)


def test_errors_are_of_one_family() -> None:
    assert issubclass(NonCanonical, EncodingError)
    assert issubclass(EncodingError, CryptoError)
