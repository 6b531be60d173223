# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signed notes: what a line is, and everything that is none."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import EncodingError
from crypto.ledger.note import Note, NoteSignature, is_key_name, key_id, parse_note, parse_signature_line
from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.suite import MAX_NOTE_BYTES, MAX_NOTE_SIGNATURES
from tests.generate import plain

LINE = "\u2014 example.com/log " + base64.b64encode(b"abcd" + b"s" * 64).decode()
TEXT = "a text\n"
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).filter(is_key_name)


def note(*lines: str, text: str = TEXT) -> bytes:
    return (text + "\n" + "".join(line + "\n" for line in lines)).encode()


@given(
    st.lists(
        st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs"]), max_size=10), min_size=1, max_size=4
    ),
    st.lists(
        st.tuples(NAMES, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=70)), min_size=1, max_size=4
    ),
)
def test_notes_come_back(lines: list[str], signatures: list[tuple[str, bytes, bytes]]) -> None:
    text = "".join(line + "\n" for line in lines)
    made = Note(text, tuple(NoteSignature(*signature) for signature in signatures))
    assert parse_note(made.encode()) == made
    expected = (
        text
        + "\n"
        + "".join(
            f"\u2014 {name} {base64.b64encode(identifier + signature).decode()}\n"
            for name, identifier, signature in signatures
        )
    )
    assert made.encode() == expected.encode()


@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_but_encoding_error(data: bytes) -> None:
    try:
        read = parse_note(data)
    except EncodingError:
        return
    assert read.encode() == data


@given(st.text(st.sampled_from("\u2014 ab+/=\n.Q\u00a0\r"), max_size=40))
def test_random_text_that_looks_like_a_note_is_read_in_one_way(text: str) -> None:
    try:
        read = parse_note(text.encode())
    except EncodingError:
        return
    assert read.encode() == text.encode()


def test_key_ids() -> None:
    key = SigningKey(Secret(b"k" * 32)).public
    assert key_id("log", 1, key) == plain.sha256(b"log\n\x01" + key)[:4]
    assert len({key_id("log", 1, key), key_id("log", 4, key), key_id("lo", 1, key)}) == 3


def test_the_last_empty_line_divides() -> None:
    text = "one\n\ntwo\n\n\u2014 not a signature\n"
    read = parse_note(note(LINE, text=text))
    assert read.text == text
    assert len(read.signatures) == 1


@pytest.mark.parametrize(
    "name",
    ["", "a b", "a+b", "a\u00a0b", "a\u2003b", "a\u3000b", "a\u2028b", "a\x85b", "+", " "],
    ids=ascii,
)
def test_attack_39_names_hold_neither_white_space_nor_plus(name: str) -> None:
    assert not is_key_name(name)
    with pytest.raises(EncodingError, match=r"signature line of a note is malformed|not base64"):
        parse_signature_line(f"\u2014 {name} {base64.b64encode(bytes(68)).decode()}")


BAD_LINES = {
    "a hyphen": LINE.replace("\u2014", "-"),
    "an en dash": LINE.replace("\u2014", "\u2013"),
    "no space after the dash": LINE.replace("\u2014 ", "\u2014"),
    "two spaces after the dash": LINE.replace("\u2014 ", "\u2014  "),
    "a tab": LINE.replace("\u2014 ", "\u2014\t"),
    "no signature": "\u2014 example.com/log",
    "no signature after a space": "\u2014 example.com/log ",
    "a third word": LINE + " x",
    "a space at the end": LINE + " ",
    "trailing bits": "\u2014 log " + "YWJjZR==",
    "no padding": "\u2014 log " + "YWJjZA",
    "URL letters": "\u2014 log " + "-_-_-_==",
    "a line break inside": "\u2014 log YWJj\r",
    "four bytes": "\u2014 log " + base64.b64encode(b"abcd").decode(),
    "three bytes": "\u2014 log " + base64.b64encode(b"abc").decode(),
    "only a dash": "\u2014 ",
}


@pytest.mark.parametrize("name", BAD_LINES)
def test_attack_39_malformed_lines(name: str) -> None:
    with pytest.raises(EncodingError, match=r"signature line of a note is|note signature is not|control character"):
        parse_note(note(LINE, BAD_LINES[name]))
    with pytest.raises(EncodingError, match=r"signature line of a note is|note signature is not|control character"):
        parse_note(note(BAD_LINES[name], LINE))


BAD_NOTES = {
    "empty": b"",
    "no empty line": (TEXT + LINE + "\n").encode(),
    "no signature": (TEXT + "\n").encode(),
    "only text": TEXT.encode(),
    "no newline at the end": note(LINE)[:-1],
    "an empty line at the end": note(LINE) + b"\n",
    "carriage returns": note(LINE).replace(b"\n", b"\r\n"),
    "a byte order mark as UTF-16": note(LINE).decode().encode("utf-16"),
    "U+0000": note(LINE, text="a\x00b\n"),
    "a tab in the text": note(LINE, text="a\tb\n"),
    "U+001F": note(LINE, text="a\x1fb\n"),
    "not UTF-8": b"\xff" + note(LINE),
    "a surrogate": b"\xed\xa0\x80\n\n" + (LINE + "\n").encode(),
    "an overlong character": b"\xc0\xaf\n\n" + (LINE + "\n").encode(),
}


@pytest.mark.parametrize("name", BAD_NOTES)
def test_attack_39_malformed_notes(name: str) -> None:
    with pytest.raises(EncodingError, match=r"a note|a signature line|base64"):
        parse_note(BAD_NOTES[name])


def test_attack_39_ten_thousand_lines_are_refused() -> None:
    short = "\u2014 a " + base64.b64encode(b"abcde").decode()
    assert len(parse_note(note(*[short] * MAX_NOTE_SIGNATURES)).signatures) == MAX_NOTE_SIGNATURES
    with pytest.raises(EncodingError, match="more than 64 signatures"):
        parse_note(note(*[short] * (MAX_NOTE_SIGNATURES + 1)))
    with pytest.raises(EncodingError, match="is longer than 16384"):
        parse_note(note(*[short] * 10_000))


def test_the_longest_note() -> None:
    room = MAX_NOTE_BYTES - len(note(LINE, text="\n"))
    data = note(LINE, text="x" * room + "\n")
    assert len(data) == MAX_NOTE_BYTES
    assert parse_note(data).encode() == data
    with pytest.raises(EncodingError, match="16385 bytes is longer than 16384"):
        parse_note(note(LINE, text="x" * (room + 1) + "\n"))


def test_two_lines_of_one_key_make_the_note_invalid() -> None:
    signature = NoteSignature("log", b"abcd", b"x" * 64)
    other = NoteSignature("log", b"abcd", b"y" * 64)
    for pair in ((signature, signature), (signature, other)):
        read = Note(TEXT, pair)
        with pytest.raises(EncodingError, match="a note is signed twice by log"):
            read.find("log", b"abcd")
        assert read.find("log", b"abce") is None
        assert read.find("lo", b"abcd") is None
    assert Note(TEXT, (signature,)).find("log", b"abcd") == signature
