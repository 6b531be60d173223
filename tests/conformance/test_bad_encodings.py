# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every line of ../shared/vectors/bad-encodings.txt through `crypto` and both backends of `verifier`: one answer each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from crypto import errors, group
from tests.conformance.verifying import EACH_BACKEND
from tests.shared_data import shared_text
from verifier.backend import Backend
from verifier.errors import EncodingError
from verifier.proofs import decode_scalar

FILE = "vectors/bad-encodings.txt"
DIGITS = frozenset("0123456789abcdef")
IDENTITY = bytes([0xC0]) + bytes(47)


@dataclass(frozen=True, slots=True)
class Line:
    """Group, description and bytes of a line."""

    group: str
    what: str
    data: bytes


def lines() -> list[Line]:
    """All lines of the file; whatever follows the digits is about other libraries."""
    found = []
    for text in shared_text(FILE).splitlines():
        words = text.split()
        place = next(number for number, word in enumerate(words) if len(word) >= 64 and DIGITS.issuperset(word))
        found.append(Line(words[0], " ".join(words[1:place]), bytes.fromhex(words[place])))
    return found


def answer(read: Callable[[bytes], object], data: bytes) -> bool:
    """Whether bytes are read. Any error but one of encoding fails the test."""
    try:
        read(data)
    except (errors.EncodingError, EncodingError):
        return False
    return True


def readers(backend: Backend) -> dict[str, tuple[Callable[[bytes], Any], Callable[[bytes], Any]]]:
    """Of each type that a point or scalar may stand for: how crypto reads it, and how the verifier does."""
    return {
        "G1": (group.decode_g1, backend.g1_decode),
        "G1 or identity": (
            lambda data: group.decode_g1(data, allow_identity=True),
            lambda data: backend.g1_decode(data, identity=True),
        ),
        "G1 uncompressed": (group.decode_uncleared, backend.g1_decode_curve),
        "G2": (group.decode_g2, backend.g2_decode),
        "scalar": (group.decode_scalar, lambda data: decode_scalar(data, "x")),
    }


def test_the_file_has_points_of_both_groups_and_scalars() -> None:
    found = lines()
    assert len(found) >= 14
    assert {line.group for line in found} == {"G1", "G2", "scalar"}


@EACH_BACKEND
def test_each_line_is_refused_where_it_belongs(backend: Backend) -> None:
    for line in lines():
        for read in readers(backend)[line.group]:
            assert not answer(read, line.data), line


@EACH_BACKEND
def test_each_line_gets_one_answer_as_any_type(backend: Backend) -> None:
    """The identity is read where it is allowed, by both; everything else by nobody."""
    accepted = set()
    for line in lines():
        for name, (ours, theirs) in readers(backend).items():
            assert answer(ours, line.data) == answer(theirs, line.data), (line, name)
            if answer(theirs, line.data):
                accepted.add((line.data, name))
    assert accepted == {(IDENTITY, "G1 or identity")}


@EACH_BACKEND
def test_each_line_cut_or_with_a_byte_more_is_refused(backend: Backend) -> None:
    for line in lines():
        for data in (line.data[:-1], line.data + b"\x00", b"\x00" + line.data):
            for name, (ours, theirs) in readers(backend).items():
                assert (answer(ours, data), answer(theirs, data)) == (False, False), (line, name)


@EACH_BACKEND
def test_good_encodings_are_read_by_the_same_readers(backend: Backend) -> None:
    """The readers of this file do not refuse everything."""
    g1, g2 = group.encode_g1(group.G1), group.encode_g2(group.G2)
    good = {
        "G1": g1,
        "G1 or identity": g1,
        "G1 uncompressed": group.encode_uncleared(group.G1),
        "G2": g2,
        "scalar": bytes(31) + b"\x01",
    }
    for name, (ours, theirs) in readers(backend).items():
        assert (answer(ours, good[name]), answer(theirs, good[name])) == (True, True), name


def test_both_backends_are_compared() -> None:
    from verifier.backend import NAMES

    assert NAMES == ("fast", "reference")
    with pytest.raises(EncodingError):
        decode_scalar(b"", "x")
