# SPDX-License-Identifier: AGPL-3.0-or-later
"""Typed members, hexadecimal and base64."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.encoding.members import Members, decode_base64, decode_hex, encode_base64
from crypto.errors import EncodingError, NonCanonical
from crypto.suite import MAX_U32, MAX_U53

JSON = st.none() | st.booleans() | st.integers(0, 2**53) | st.text(max_size=6) | st.lists(st.integers(0, 9), max_size=2)


@given(st.binary(max_size=40))
def test_hex_and_base64_come_back(data: bytes) -> None:
    assert decode_hex(data.hex(), len(data), "x") == data
    assert encode_base64(data) == base64.b64encode(data).decode()
    assert decode_base64(encode_base64(data), "x") == data


@given(st.text(max_size=12))
def test_only_one_base64_text_for_some_bytes(text: str) -> None:
    try:
        data = decode_base64(text, "x")
    except EncodingError:
        return
    assert base64.b64encode(data).decode() == text


@given(st.text(max_size=9), st.integers(0, 4))
def test_only_one_hex_text_for_some_bytes(text: str, size: int) -> None:
    try:
        data = decode_hex(text, size, "x")
    except EncodingError:
        return
    assert (data.hex(), len(data)) == (text, size)


def test_attack_39_trailing_bits_of_base64() -> None:
    """`YR==` decodes like `YQ==` even with validate=True of the standard library."""
    assert base64.b64decode("YR==", validate=True) == base64.b64decode("YQ==")
    with pytest.raises(NonCanonical, match="not canonical base64"):
        decode_base64("YR==", "x")


@pytest.mark.parametrize("value", [None, 1, True, ["ab"], {"a": 1}, b"ab"])
def test_hex_and_base64_are_strings(value: Any) -> None:
    with pytest.raises(EncodingError, match="x is not"):
        decode_hex(value, 1, "x")
    with pytest.raises(EncodingError, match="x is not"):
        decode_base64(value, "x")


@pytest.mark.parametrize("value", [None, 1, "ab", [], [["a", 1]], True])
def test_only_an_object_has_members(value: Any) -> None:
    with pytest.raises(EncodingError, match="thing is not an object"):
        Members(value, "thing", ("a",))


def test_missing_and_unknown_members_are_named() -> None:
    with pytest.raises(EncodingError, match=r"thing: missing members \['b'\], unknown members \['c'\]"):
        Members({"a": 1, "c": 2}, "thing", ("a", "b"))
    with pytest.raises(EncodingError, match=r"missing members \[\], unknown members \['b'\]"):
        Members({"a": 1, "b": 2}, "thing", ("a",))
    with pytest.raises(EncodingError, match=r"missing members \['b'\], unknown members \[\]"):
        Members({"a": 1}, "thing", ("a", "b"))
    assert Members({"a": 1}, "thing", ("a",)).integer("a") == 1
    assert Members({}, "thing", ()).raw


def taken(value: Any, take: Callable[[Members], Any]) -> Any:
    return take(Members({"m": value}, "thing", ("m",)))


READERS: dict[str, tuple[Callable[[Members], Any], list[Any], list[Any]]] = {
    "hash": (lambda m: m.hash("m"), ["ab" * 32], ["ab" * 31, "AB" * 32, "ab" * 33, 1, None]),
    "member id": (lambda m: m.member_id("m"), ["ab" * 16], ["ab" * 32, ""]),
    "u32": (lambda m: m.u32("m"), [0, MAX_U32], [MAX_U32 + 1, -1, True, "1", None, 1.0]),
    "u32 from 1": (lambda m: m.u32("m", 1), [1], [0, False]),
    "u53": (lambda m: m.integer("m"), [0, MAX_U53], [MAX_U53 + 1, -1, True]),
    "boolean": (lambda m: m.boolean("m"), [True, False], [0, 1, "true", None]),
    "string": (lambda m: m.string("m", 3), ["", "abc"], ["abcd", 1, None]),
    "choice": (lambda m: m.choice("m", ("a", "b")), ["a", "b"], ["c", "", "A", 1, None, ["a"], {"a": 1}]),
    "array": (lambda m: m.array("m", 1, 2), [[1], [1, 2]], [[], [1, 2, 3], "a", {"a": 1}, None]),
    "integers": (
        lambda m: m.integers("m", 9),
        [[], [0], [1, 2, 9]],
        [[2, 1], [1, 1], [10], [True], ["1"], [None], [[1]], [1, {}], 1],
    ),
}


@pytest.mark.parametrize("name", READERS)
def test_each_type_takes_its_values_and_nothing_else(name: str) -> None:
    take, good, bad = READERS[name]
    for value in good:
        read = taken(value, take)
        assert read in (value, tuple(value) if isinstance(value, list) else value) or read.hex() == value
    for value in bad:
        with pytest.raises(EncodingError, match="thing: m is not"):
            taken(value, take)


@given(JSON)
def test_no_type_raises_anything_but_encoding_error(value: Any) -> None:
    for take, _, _ in READERS.values():
        try:
            taken(value, take)
        except EncodingError:
            continue


def test_objects_inside_say_where_they_are() -> None:
    outer = Members({"a": {"b": "x"}}, "outer", ("a",))
    with pytest.raises(EncodingError, match="outer: a: b is not an integer"):
        outer.members("a", ("b",)).integer("b")
    with pytest.raises(EncodingError, match="unknown members"):
        outer.members("a", ("c",))
    with pytest.raises(EncodingError, match="is not one of here"):
        Members({"kind": "there"}, "x", ("kind",)).literal("kind", "here")
