# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signed notes, checkpoints and heads: implements specs/ledger.md#signed-notes and specs/ledger.md#checkpoints."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from verifier.encoding import decode_base64
from verifier.errors import EncodingError, VerificationError
from verifier.hashing import sha256
from verifier.policy import Policy
from verifier.signatures import is_valid
from verifier.suite import HASH_BYTES, MAX_NOTE_BYTES, MAX_NOTE_SIGNATURES, SIGNATURE_BYTES

_LOG_TYPE: Final = b"\x01"
_WITNESS_TYPE: Final = b"\x04"
_KEY_ID_BYTES: Final = 4
_TIME_BYTES: Final = 8
_DASH: Final = "\u2014"
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_CHECKPOINT_LINES: Final = 3
_FIRST_PRINTABLE: Final = " "

SignatureClaim = tuple[bytes, bytes, bytes]
"""(public key, signature, message), to be verified by whoever collects them."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A well-formed checkpoint note whose signatures nobody has looked at yet."""

    note: bytes
    text: bytes
    origin: str
    size: int
    root: bytes
    lines: tuple[tuple[str, bytes, bytes], ...]
    """(name, key id, signature bytes) of each signature line."""


@dataclass(frozen=True, slots=True)
class Head:
    """A checkpoint with the log's signature and a quorum of cosignatures; ``time`` is in Unix seconds."""

    size: int
    root: bytes
    time: int
    batch: int
    """Number of its last batch."""


def parse_checkpoint(note: bytes) -> Checkpoint:
    """Read a note whose text is a checkpoint; verifies no signature.

    Raises:
        EncodingError: not a signed note, more than 64 lines, a name with white space, or a text that is not exactly
        origin,
            size and root.

    """
    if len(note) > MAX_NOTE_BYTES:
        message = f"a note of {len(note)} bytes is longer than {MAX_NOTE_BYTES}"
        raise EncodingError(message)
    try:
        content = note.decode("utf-8")
    except UnicodeDecodeError as error:
        message = "a note is not UTF-8"
        raise EncodingError(message) from error
    if any(character < _FIRST_PRINTABLE and character != "\n" for character in content):
        message = "a note holds a control character"
        raise EncodingError(message)
    split = content.rfind("\n\n")
    if split < 0 or not content.endswith("\n"):
        message = "a note has no empty line before its signatures, or does not end in a newline"
        raise EncodingError(message)
    text, signatures = content[: split + 1], content[split + 2 :]
    lines = [_parse_line(line) for line in signatures.split("\n")[:-1]]
    if not 0 < len(lines) <= MAX_NOTE_SIGNATURES:
        message = f"a note has {len(lines)} signatures"
        raise EncodingError(message)
    parts = text.split("\n")[:-1]
    if len(parts) != _CHECKPOINT_LINES or not parts[0] or _SIZE.fullmatch(parts[1]) is None:
        message = "a checkpoint is not exactly the lines origin, size and root"
        raise EncodingError(message)
    root = decode_base64(parts[2], "checkpoint root")
    if len(root) != HASH_BYTES:
        message = "a checkpoint's root is not 32 bytes"
        raise EncodingError(message)
    return Checkpoint(note, text.encode("utf-8"), parts[0], int(parts[1]), root, tuple(lines))


def _parse_line(line: str) -> tuple[str, bytes, bytes]:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != _DASH or not _is_note_name(parts[1]):
        message = "a signature line of a note is not a dash, a name and base64"
        raise EncodingError(message)
    data = decode_base64(parts[2], "signature line of a note")
    if len(data) <= _KEY_ID_BYTES:
        message = "a signature line of a note holds no signature"
        raise EncodingError(message)
    return parts[1], data[:_KEY_ID_BYTES], data[_KEY_ID_BYTES:]


def _is_note_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)


def _key_id(name: str, kind: bytes, key: bytes) -> bytes:
    return sha256(name.encode("utf-8") + b"\n" + kind + key)[:_KEY_ID_BYTES]


def log_signature(checkpoint: Checkpoint, log_key: bytes) -> SignatureClaim:
    """Return the claim that the log signed; the caller verifies it.

    Raises:
        VerificationError: no line, or two lines, of the log's key.

    """
    key_id = _key_id(checkpoint.origin, _LOG_TYPE, log_key)
    found = [data for name, identity, data in checkpoint.lines if name == checkpoint.origin and identity == key_id]
    if len(found) != 1:
        message = (
            f"checkpoint of size {checkpoint.size}: {len(found)} signatures by the log's key {log_key.hex()[:16]}.."
        )
        raise VerificationError(message)
    return log_key, found[0], checkpoint.text


def cosignatures(checkpoint: Checkpoint, policy: Policy) -> tuple[list[SignatureClaim], int]:
    """Return the claims of the policy's witnesses and the head's time; the caller verifies the claims.

    Returns:
        The claims, and the median time: of k sorted times number ``(k - 1) // 2``.

    Raises:
        VerificationError: two lines of one witness, a malformed line of a known one, or fewer than the quorum.

    """
    claims: list[SignatureClaim] = []
    times: list[int] = []
    for witness in policy.witnesses:
        key_id = _key_id(witness.name, _WITNESS_TYPE, witness.key)
        found = [data for name, identity, data in checkpoint.lines if name == witness.name and identity == key_id]
        if not found:
            continue
        time = int.from_bytes(found[0][:_TIME_BYTES], "big")
        if len(found) > 1 or len(found[0]) != _TIME_BYTES + SIGNATURE_BYTES or time == 0:
            message = f"checkpoint of size {checkpoint.size}: bad or double line of witness {witness.name!a}"
            raise VerificationError(message)
        signed = b"cosignature/v1\ntime %d\n" % time + checkpoint.text
        claims.append((witness.key, found[0][_TIME_BYTES:], signed))
        times.append(time)
    if len(claims) < policy.witness_quorum:
        message = (
            f"checkpoint of size {checkpoint.size}: {len(claims)} cosignatures by the policy's witnesses, "
            f"{policy.witness_quorum} are needed"
        )
        raise VerificationError(message)
    times.sort()
    return claims, times[(len(times) - 1) // 2]


def require_claims(claims: Sequence[SignatureClaim], where: str) -> None:
    """Verify claims one by one.

    Raises:
        VerificationError: one of them does not verify.

    """
    for key, signature, message in claims:
        if len(signature) != SIGNATURE_BYTES or not is_valid(key, signature, message):
            reason = f"{where}: the signature by {key.hex()[:16]}.. does not verify"
            raise VerificationError(reason)
