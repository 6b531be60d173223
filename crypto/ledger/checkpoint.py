# SPDX-License-Identifier: AGPL-3.0-or-later
"""C2SP checkpoints and cosignatures, and what makes a checkpoint a head.

Spec: specs/ledger.md#checkpoints
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from crypto.encoding.binary import u64
from crypto.encoding.members import decode_base64
from crypto.errors import EncodingError, InvalidCheckpoint, InvalidSignature
from crypto.ledger.note import LOG_TYPE, WITNESS_TYPE, Note, NoteSignature, is_key_name, key_id, parse_note
from crypto.signing import SIGNATURE_BYTES, PublicKey, SigningKey, verify
from crypto.suite import HASH_BYTES, MAX_U53

_TEXT_LINES: Final = 3
_TIME_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Origin, number of entries and root of a ledger at one moment."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """A witness of the policy."""

    name: str
    organisation: str
    key: PublicKey
    mirror: bool


@dataclass(frozen=True, slots=True)
class Head:
    """A checkpoint with the log's signature and a quorum of cosignatures.

    Args:
        time: median of the cosignatures' times, Unix seconds.
        witnesses: names of those who cosigned.
        note: the note's bytes.
    """

    checkpoint: Checkpoint
    time: int
    witnesses: frozenset[str]
    note: bytes


def parse_checkpoint(text: str) -> Checkpoint:
    """A checkpoint from a note's text.

    Raises:
        EncodingError: other lines than three, a size with leading zeros or signs, a root that is not 32 bytes.
    """
    lines = text.split("\n")
    if len(lines) != _TEXT_LINES + 1 or lines[-1]:
        raise EncodingError("a checkpoint has exactly three lines")
    origin, size, root = lines[:_TEXT_LINES]
    if not is_key_name(origin):
        raise EncodingError("a checkpoint's origin is empty or holds white space or a plus")
    # int() would take signs, underscores and digits of other scripts.
    if not (size.isascii() and size.isdigit()) or str(int(size[:20])) != size or int(size) > MAX_U53:
        raise EncodingError("a checkpoint's size is not a plain decimal number")
    digest = decode_base64(root, "checkpoint root")
    if len(digest) != HASH_BYTES:
        raise EncodingError("a checkpoint's root is not 32 bytes")
    return Checkpoint(origin, int(size), digest)


def sign_checkpoint(checkpoint: Checkpoint, log: SigningKey) -> Note:
    """A note with the log's own signature, under the name of its origin."""
    text = checkpoint.text()
    line = NoteSignature(
        checkpoint.origin, key_id(checkpoint.origin, LOG_TYPE, log.public), log.sign(text.encode("utf-8"))
    )
    return Note(text, (line,))


def verify_log_signature(note: Note, log: PublicKey) -> Checkpoint:
    """The checkpoint of a note that the log signed.

    Raises:
        EncodingError, InvalidCheckpoint.
    """
    checkpoint = parse_checkpoint(note.text)
    line = note.find(checkpoint.origin, key_id(checkpoint.origin, LOG_TYPE, log))
    if line is None:
        raise InvalidCheckpoint(f"the checkpoint of {checkpoint.origin} is not signed by its log key")
    try:
        verify(log, note.text.encode("utf-8"), line.signature)
    except InvalidSignature:
        raise InvalidCheckpoint(f"the log's signature on a checkpoint of {checkpoint.origin} does not verify") from None
    return checkpoint


def _cosigned_message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def cosign(name: str, key: SigningKey, text: str, time: int) -> NoteSignature:
    """A witness's cosignature line at `time`, Unix seconds.

    Raises:
        ValueError: a time that is not positive.
    """
    if time <= 0:
        raise ValueError("a cosignature's time is positive")
    signature = u64(time) + key.sign(_cosigned_message(text, time))
    return NoteSignature(name, key_id(name, WITNESS_TYPE, key.public), signature)


def verify_cosignature(line: NoteSignature, text: str, key: PublicKey) -> int:
    """The time of a witness's cosignature.

    Raises:
        InvalidCheckpoint.
    """
    time = int.from_bytes(line.signature[:_TIME_BYTES], "big")
    if len(line.signature) != _TIME_BYTES + SIGNATURE_BYTES or not 0 < time <= MAX_U53:
        raise InvalidCheckpoint(f"the cosignature of {line.name} is malformed")
    try:
        verify(key, _cosigned_message(text, time), line.signature[_TIME_BYTES:])
    except InvalidSignature:
        raise InvalidCheckpoint(f"the cosignature of {line.name} does not verify") from None
    return time


def cosignatures(note: Note, witnesses: Sequence[WitnessKey]) -> dict[str, int]:
    """Times of the cosignatures by known witnesses; lines of others are ignored.

    Raises:
        EncodingError: two lines of one witness.
        InvalidCheckpoint: a known witness's line that does not verify.
    """
    times = {}
    for witness in witnesses:
        line = note.find(witness.name, key_id(witness.name, WITNESS_TYPE, witness.key))
        if line is not None:
            times[witness.name] = verify_cosignature(line, note.text, witness.key)
    return times


def verify_head(data: bytes, log: PublicKey, witnesses: Sequence[WitnessKey], quorum: int) -> Head:
    """A note that is a head: signed by the log, cosigned by a quorum.

    Raises:
        EncodingError, InvalidCheckpoint.
    """
    note = parse_note(data)
    checkpoint = verify_log_signature(note, log)
    times = cosignatures(note, witnesses)
    if quorum < 1 or len(times) < quorum:
        raise InvalidCheckpoint(
            f"the checkpoint of {checkpoint.origin} at size {checkpoint.size} has {len(times)} cosignatures, "
            f"{quorum} are needed"
        )
    return Head(checkpoint, median_time(list(times.values())), frozenset(times), data)


def median_time(times: Sequence[int]) -> int:
    """Number (k - 1) / 2, rounded down, of k sorted times.

    Raises:
        ValueError: no times.
    """
    if not times:
        raise ValueError("there is no median of nothing")
    return sorted(times)[(len(times) - 1) // 2]
