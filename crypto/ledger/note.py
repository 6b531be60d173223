# SPDX-License-Identifier: AGPL-3.0-or-later
"""C2SP signed notes: a text and signature lines.

Spec: specs/ledger.md#signed-notes
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from crypto.encoding.members import decode_base64, encode_base64
from crypto.errors import EncodingError
from crypto.hashing import sha256
from crypto.signing import PublicKey
from crypto.suite import MAX_NOTE_BYTES, MAX_NOTE_SIGNATURES

LOG_TYPE: Final = 0x01
WITNESS_TYPE: Final = 0x04

_DASH: Final = "\u2014 "
_KEY_ID_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: name, key id (4 bytes), and what follows the id."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """The line with its newline."""
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and its signature lines. Nothing is verified by parsing."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def encode(self) -> bytes:
        """The note's bytes."""
        return (self.text + "\n" + "".join(signature.line() for signature in self.signatures)).encode("utf-8")

    def find(self, name: str, key_id: bytes) -> NoteSignature | None:
        """The one line of a key.

        Raises:
            EncodingError: two lines of one key.
        """
        found = [line for line in self.signatures if line.name == name and line.key_id == key_id]
        if len(found) > 1:
            raise EncodingError(f"a note is signed twice by {name}")
        return found[0] if found else None


def key_id(name: str, kind: int, key: PublicKey) -> bytes:
    """The first 4 bytes of SHA-256(name || newline || type || key)."""
    return sha256(name.encode("utf-8") + b"\n" + bytes([kind]) + key)[:_KEY_ID_BYTES]


def is_key_name(name: str) -> bool:
    """Whether a note may carry a signature under this name: not empty, no white space, no plus."""
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)


def parse_note(data: bytes) -> Note:
    """Text and signature lines of a note.

    Raises:
        EncodingError: too long, not UTF-8, a control character, no signature line, a malformed one, or too many.
    """
    if len(data) > MAX_NOTE_BYTES:
        raise EncodingError(f"a note of {len(data)} bytes is longer than {MAX_NOTE_BYTES}")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise EncodingError("a note is not UTF-8") from None
    if any(character < " " and character != "\n" for character in whole):
        raise EncodingError("a note holds a control character")
    text, separator, lines = whole.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise EncodingError("a note has no empty line before its signatures, or no newline at its end")
    raw = lines[:-1].split("\n")
    if len(raw) > MAX_NOTE_SIGNATURES:
        raise EncodingError(f"a note has more than {MAX_NOTE_SIGNATURES} signatures")
    return Note(text + "\n", tuple(parse_signature_line(line) for line in raw))


def parse_signature_line(line: str) -> NoteSignature:
    """One signature line, without its newline.

    Raises:
        EncodingError.
    """
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not is_key_name(name):
        raise EncodingError("a signature line of a note is malformed")
    blob = decode_base64(encoded, "note signature")
    if len(blob) <= _KEY_ID_BYTES:
        raise EncodingError("a signature line of a note is too short")
    return NoteSignature(name, blob[:_KEY_ID_BYTES], blob[_KEY_ID_BYTES:])
