# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fiat-Shamir: a challenge depends on every byte before it, and on where fields end."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from crypto.group import encode_scalar
from crypto.labels import (
    CONTEST_CHALLENGE_W,
    CONTEST_CHALLENGE_X,
    CONTEST_PROOF,
    PROOF_OF_POSSESSION,
    PROOF_OF_READINESS,
    Label,
)
from crypto.transcript import Transcript
from tests.generate import plain

FIELDS = st.lists(st.binary(max_size=5), max_size=4)


def challenge(fields: list[bytes], opening: Label = CONTEST_PROOF, label: Label = CONTEST_CHALLENGE_W) -> bytes:
    transcript = Transcript(opening)
    for field in fields:
        transcript.absorb(field)
    return encode_scalar(transcript.challenge(label))


@given(FIELDS)
def test_challenge_is_the_hash_to_scalar_of_the_running_hash(fields: list[bytes]) -> None:
    data = bytes([len(CONTEST_PROOF)]) + CONTEST_PROOF
    data += b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    expected = plain.hash_to_scalar("CONTEST-CHALLENGE-W", hashlib.sha256(data).digest())
    assert challenge(fields) == plain.scalar_bytes(expected)


@given(FIELDS, FIELDS)
def test_attack_26_two_different_statements_have_two_challenges(left: list[bytes], right: list[bytes]) -> None:
    assert (challenge(left) == challenge(right)) == (left == right)


def test_labels_separate_transcripts_and_challenges() -> None:
    assert challenge([b"x"], PROOF_OF_POSSESSION) != challenge([b"x"], PROOF_OF_READINESS)
    assert challenge([b"x"], label=CONTEST_CHALLENGE_W) != challenge([b"x"], label=CONTEST_CHALLENGE_X)


def test_a_transcript_goes_on_after_a_challenge_and_the_challenge_is_not_part_of_it() -> None:
    transcript = Transcript(CONTEST_PROOF)
    transcript.absorb(b"a")
    first = encode_scalar(transcript.challenge(CONTEST_CHALLENGE_W))
    assert encode_scalar(transcript.challenge(CONTEST_CHALLENGE_W)) == first == challenge([b"a"])
    transcript.absorb(b"b")
    assert encode_scalar(transcript.challenge(CONTEST_CHALLENGE_W)) == challenge([b"a", b"b"]) != first
