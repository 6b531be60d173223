# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checkpoints, cosignatures, heads, against notes built by hand from the C2SP texts."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import nacl.signing
import pytest

from crypto.errors import EncodingError, InvalidCheckpoint
from crypto.ledger.checkpoint import (
    Checkpoint,
    WitnessKey,
    cosign,
    cosignatures,
    median_time,
    parse_checkpoint,
    sign_checkpoint,
    verify_cosignature,
    verify_head,
    verify_log_signature,
)
from crypto.ledger.note import Note, parse_note
from crypto.secret import Secret
from crypto.signing import PublicKey, SigningKey
from crypto.suite import MAX_U53

ORIGIN = "log.example/register"
ROOT = hashlib.sha256(b"root").digest()
LOG = nacl.signing.SigningKey(b"l" * 32)
WITNESSES = {f"w{number}.example": nacl.signing.SigningKey(bytes([number]) * 32) for number in range(1, 5)}
KNOWN = tuple(
    WitnessKey(name, f"Organisation {name}", PublicKey(bytes(key.verify_key)), mirror=True)
    for name, key in WITNESSES.items()
)
TEXT = f"{ORIGIN}\n4096\n{base64.b64encode(ROOT).decode()}\n"


def line(name: str, kind: int, key: nacl.signing.SigningKey, blob: bytes) -> str:
    """A signature line as C2SP signed-note writes it: dash, name, base64 of key id and signature."""
    identifier = hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + bytes(key.verify_key)).digest()[:4]
    return f"\u2014 {name} {base64.b64encode(identifier + blob).decode()}\n"


def log_line(text: str = TEXT, key: nacl.signing.SigningKey = LOG, name: str = ORIGIN) -> str:
    return line(name, 0x01, key, key.sign(text.encode()).signature)


def witness_line(name: str, time: int, text: str = TEXT, key: nacl.signing.SigningKey | None = None) -> str:
    """A cosignature/v1 line: 8 bytes of time, and a signature over header, time line and text."""
    key = key or WITNESSES[name]
    message = f"cosignature/v1\ntime {time}\n{text}".encode()
    return line(name, 0x04, key, time.to_bytes(8, "big") + key.sign(message).signature)


def note(*lines: str, text: str = TEXT) -> bytes:
    return (text + "\n" + "".join(lines)).encode()


def head(data: bytes, quorum: int = 3) -> Any:
    return verify_head(data, PublicKey(bytes(LOG.verify_key)), KNOWN, quorum)


GOOD = (log_line(), witness_line("w1.example", 100), witness_line("w2.example", 300), witness_line("w3.example", 200))


def test_a_head_built_by_hand() -> None:
    found = head(note(*GOOD))
    assert found.checkpoint == Checkpoint(ORIGIN, 4096, ROOT)
    assert (found.time, found.witnesses) == (200, {"w1.example", "w2.example", "w3.example"})
    assert found.note == note(*GOOD)


def test_we_write_what_was_built_by_hand() -> None:
    checkpoint = Checkpoint(ORIGIN, 4096, ROOT)
    assert checkpoint.text() == TEXT
    signed = sign_checkpoint(checkpoint, SigningKey(Secret(b"l" * 32)))
    assert signed.encode() == note(log_line())
    key = SigningKey(Secret(bytes([2]) * 32))
    assert cosign("w2.example", key, TEXT, 300).line() == witness_line("w2.example", 300)
    assert verify_log_signature(signed, PublicKey(bytes(LOG.verify_key))) == checkpoint
    with pytest.raises(ValueError, match="time is positive"):
        cosign("w2.example", key, TEXT, 0)


def test_lines_of_unknown_keys_are_ignored() -> None:
    stranger = nacl.signing.SigningKey(b"s" * 32)
    extra = (
        witness_line("w9.example", 5, key=stranger),
        witness_line("w4.example", 5, key=stranger),
        log_line(key=stranger),
        line("w1.example", 0x01, WITNESSES["w1.example"], b"any length"),
    )
    assert head(note(*extra, *GOOD)).time == 200


def test_order_of_lines_does_not_matter() -> None:
    assert head(note(*reversed(GOOD))).time == 200


@pytest.mark.parametrize("left_out", range(4))
def test_attack_53_missing_signatures(left_out: int) -> None:
    kept = [text for place, text in enumerate(GOOD) if place != left_out]
    with pytest.raises(InvalidCheckpoint, match=r"is not signed by its log key|2 cosignatures, 3 are needed"):
        head(note(*kept))


def test_attack_37_a_quorum_of_nobody_is_none() -> None:
    with pytest.raises(InvalidCheckpoint, match="0 cosignatures, 0 are needed"):
        head(note(log_line()), quorum=0)


def test_attack_37_one_witness_does_not_count_twice() -> None:
    twice = (GOOD[0], GOOD[1], GOOD[2], witness_line("w1.example", 101))
    with pytest.raises(EncodingError, match=r"signed twice by w1.example"):
        head(note(*twice))


def test_attack_37_a_cosignature_under_another_witnesses_name_does_not_count() -> None:
    """Version 1 does not sign the name; name and key belong together by the key id."""
    borrowed = witness_line("w1.example", 100).replace("w1.example", "w4.example")
    with pytest.raises(InvalidCheckpoint, match="2 cosignatures, 3 are needed"):
        head(note(GOOD[0], GOOD[1], GOOD[2], borrowed))


@pytest.mark.parametrize(
    ("blob", "message"),
    [
        (bytes(72), "is malformed"),
        ((100).to_bytes(8, "big") + bytes(64), "does not verify"),
        ((100).to_bytes(8, "big") + bytes(63), "is malformed"),
        ((100).to_bytes(8, "big") + bytes(65), "is malformed"),
        (b"x", "is malformed"),
        ((2**63).to_bytes(8, "big") + bytes(64), "is malformed"),
    ],
)
def test_attack_37_a_known_witness_with_a_bad_line_spoils_the_note(blob: bytes, message: str) -> None:
    bad = line("w4.example", 0x04, WITNESSES["w4.example"], blob)
    with pytest.raises(InvalidCheckpoint, match=f"the cosignature of w4.example {message}"):
        head(note(*GOOD, bad))


def test_attack_37_time_zero_and_another_time_are_refused() -> None:
    with pytest.raises(InvalidCheckpoint, match="is malformed"):
        head(note(*GOOD, witness_line("w4.example", 0)))
    blob = base64.b64decode(witness_line("w4.example", 500).split(" ")[2])[4:]
    changed = line("w4.example", 0x04, WITNESSES["w4.example"], (501).to_bytes(8, "big") + blob[8:])
    with pytest.raises(InvalidCheckpoint, match="does not verify"):
        head(note(*GOOD, changed))


def test_a_log_signature_is_no_cosignature_and_the_other_way_round() -> None:
    as_witness = line(
        "w4.example",
        0x04,
        WITNESSES["w4.example"],
        (7).to_bytes(8, "big") + WITNESSES["w4.example"].sign(TEXT.encode()).signature,
    )
    with pytest.raises(InvalidCheckpoint, match="does not verify"):
        head(note(*GOOD, as_witness))
    as_log = line(ORIGIN, 0x01, LOG, LOG.sign(f"cosignature/v1\ntime 7\n{TEXT}".encode()).signature)
    with pytest.raises(InvalidCheckpoint, match="the log's signature on a checkpoint"):
        head(note(as_log, *GOOD[1:]))


def test_attack_35_signatures_are_over_this_text() -> None:
    for before, after in (("4096", "4097"), (base64.b64encode(ROOT).decode(), base64.b64encode(ROOT[::-1]).decode())):
        other = TEXT.replace(before, after)
        with pytest.raises(InvalidCheckpoint, match="does not verify"):
            head(note(*GOOD, text=other))
        with pytest.raises(InvalidCheckpoint, match=r"the cosignature of w1.example does not verify"):
            head(note(log_line(other), *GOOD[1:], text=other))


def test_a_checkpoint_of_another_origin_is_not_signed_under_this_name() -> None:
    other = TEXT.replace(ORIGIN, "log.example/other")
    with pytest.raises(InvalidCheckpoint, match="is not signed by its log key"):
        head(note(log_line(other), *(witness_line(f"w{i}.example", 5, other) for i in (1, 2, 3)), text=other))


BAD_TEXTS = {
    "leading zeros": TEXT.replace("4096", "04096"),
    "zero with zeros": TEXT.replace("4096", "00"),
    "a plus": TEXT.replace("4096", "+4096"),
    "a minus": TEXT.replace("4096", "-4096"),
    "an exponent": TEXT.replace("4096", "1e3"),
    "an underscore": TEXT.replace("4096", "4_096"),
    "a fraction": TEXT.replace("4096", "4096.0"),
    "white space before": TEXT.replace("4096", " 4096"),
    "white space behind": TEXT.replace("4096", "4096 "),
    "digits of another script": TEXT.replace("4096", "\u0664\u0660\u0669\u0666"),
    "superscript digits": TEXT.replace("4096", "\u2074"),
    "hexadecimal": TEXT.replace("4096", "0x10"),
    "no size": TEXT.replace("4096", ""),
    "beyond 2^53": TEXT.replace("4096", str(2**53)),
    "a thousand digits": TEXT.replace("4096", "9" * 1000),
    "an extension line": TEXT + "extension\n",
    "an empty fourth line": TEXT + "\n",
    "two lines": "\n".join(TEXT.split("\n")[:2]) + "\n",
    "no newline at the end": TEXT[:-1],
    "an empty origin": "\n" + TEXT.split("\n", 1)[1],
    "a space in the origin": "a b" + TEXT[len(ORIGIN) :],
    "a plus in the origin": "a+b" + TEXT[len(ORIGIN) :],
    "a root of 31 bytes": TEXT.replace(base64.b64encode(ROOT).decode(), base64.b64encode(ROOT[:31]).decode()),
    "a root of 33 bytes": TEXT.replace(base64.b64encode(ROOT).decode(), base64.b64encode(ROOT + b"x").decode()),
    "a root in hexadecimal": TEXT.replace(base64.b64encode(ROOT).decode(), ROOT.hex()),
    "no root": TEXT.replace(base64.b64encode(ROOT).decode(), ""),
    "a root without padding": TEXT.replace("=", ""),
    "nothing": "",
}


@pytest.mark.parametrize("name", BAD_TEXTS)
def test_attack_39_malformed_checkpoints(name: str) -> None:
    with pytest.raises(EncodingError, match="checkpoint"):
        parse_checkpoint(BAD_TEXTS[name])


@pytest.mark.parametrize("size", [0, 1, 10, MAX_U53])
def test_sizes(size: int) -> None:
    assert parse_checkpoint(TEXT.replace("4096", str(size))).size == size


def test_cosignatures_of_known_witnesses_with_their_times() -> None:
    read = parse_note(note(*GOOD))
    assert cosignatures(read, KNOWN) == {"w1.example": 100, "w2.example": 300, "w3.example": 200}
    assert cosignatures(read, KNOWN[3:]) == {}
    found = read.signatures[1]
    assert verify_cosignature(found, read.text, KNOWN[0].key) == 100
    with pytest.raises(InvalidCheckpoint, match="does not verify"):
        verify_cosignature(found, read.text, KNOWN[1].key)
    assert isinstance(read, Note)


@pytest.mark.parametrize("count", range(1, 8))
def test_the_median_is_number_k_minus_1_over_2(count: int) -> None:
    times = [(7 * number) % 31 for number in range(1, count + 1)]
    assert median_time(times) == sorted(times)[(count - 1) // 2]
    assert median_time(list(reversed(times))) == median_time(times)


def test_f_liars_cannot_move_the_median_out_of_the_honest_times() -> None:
    """n = 4, f = 1, q = 3: whatever one of the three says, the median lies between the honest two."""
    for lie in (1, 50, 100, 150, 200, 10**9):
        assert 100 <= median_time([100, lie, 200]) <= 200
        assert 100 <= median_time([100, lie, 150, 200]) <= 200


def test_there_is_no_median_of_nothing() -> None:
    with pytest.raises(ValueError, match="no median of nothing"):
        median_time([])
