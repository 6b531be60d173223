# SPDX-License-Identifier: AGPL-3.0-or-later
"""Attacks 17 to 19: rogue and degenerate keys, credentials and entries in a second encoding."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from crypto import labels
from crypto.encoding.members import encode_base64
from crypto.encoding.strict_json import dumps
from crypto.errors import (
    EncodingError,
    Excluded,
    IdentityPoint,
    InvalidCredential,
    NonCanonical,
    NotInSubgroup,
)
from crypto.group import G1, encode_g1, scalar
from crypto.hashing import sha256
from crypto.protocol.envelope import SignedEnvelope, parse_envelope, sign_envelope
from crypto.protocol.phases import State
from crypto.protocol.policy import read_policy
from crypto.roles.member import CastBallot
from tests.attacks.play import (
    BAD_KEYS,
    SECOND_ENCODINGS,
    SMALL_ORDER_KEYS,
    audit_forged,
    recast,
    refusals,
    shared_voter,
    shared_world,
    with_torsion,
)
from tests.attacks.replay import follow
from tests.audits import audit
from tests.forge import BallotSpec, Script, forge
from tests.forge.base import make_policy
from tests.worlds import played_world

# --- 17


def test_attack_17_key_without_proof_of_possession_is_excluded_and_its_party_named() -> None:
    """The last trustee commits to, and reveals, the negative of the others' sum; it knows no secret for it."""
    world = played_world("appoint")
    holders = [*world.registrars, *world.trustees]
    for holder in holders:
        holder.join_election()
    rogue = world.keys.trustees[2].signing
    ceremony = world.running.election.ceremonies["trustee"]
    points = [encode_g1(G1 * scalar(n)).hex() for n in (5, 6)]
    payload = {
        "coefficients": points,
        "party": 3,
        "proof": 128 * "0",
        "session": ceremony.session_id.hex(),
        "shares": [160 * "0"] * 3,
    }
    reveal = labels.CEREMONY_REVEAL + b"\x00" + dumps(payload)
    commitment = (
        labels.CEREMONY_COMMITMENT
        + b"\x00"
        + dumps({"commitment": sha256(reveal).hex(), "party": 3, "session": ceremony.session_id.hex()})
    )
    for holder in world.trustees[:2]:
        for message in holder.party.next_messages():
            world.running.submit_message("ceremony", message)
    world.append("ceremony", {"signature": rogue.sign(commitment).hex(), "statement": encode_base64(commitment)})
    for holder in world.trustees[:2]:
        for message in holder.party.next_messages():
            world.running.submit_message("ceremony", message)
    index = world.append("ceremony", {"signature": rogue.sign(reveal).hex(), "statement": encode_base64(reveal)})
    assert world.running.election.excluded[index].rule == "C1"
    for copies in (world.running.election, world.board[0].copies.election):
        assert copies.ceremonies["trustee"].culprits() == {3}
        assert copies.state is State.CEREMONY


# --- 18


def test_attack_18_credential_in_a_second_encoding_is_refused() -> None:
    world = played_world("begin_voting")
    voter = world.voter(world.members[0])
    ballot = voter.prepare([[1, 0, 0, 0]])
    sigma = voter.credential.signature
    encodings = {
        "plus order three": (with_torsion(sigma), NotInSubgroup, "not in the subgroup"),
        "other sign bit": (bytes([sigma[0] ^ 0x20]) + sigma[1:], InvalidCredential, "does not verify under"),
        "infinity flag": (bytes([sigma[0] | 0x40]) + sigma[1:], NonCanonical, "another encoding of a point"),
        "identity": (bytes([0xC0]) + bytes(47), IdentityPoint, "the identity is not allowed"),
        "identity with sign": (bytes([0xE0]) + bytes(47), NonCanonical, "another encoding of a point"),
    }
    for name, (encoding, refusal, words) in encodings.items():
        signed = sign_envelope(
            election=world.identifier,
            manifest=voter.manifest_digest,
            credential=replace(voter.credential, signature=encoding),
            sequence=1,
            replaces=bytes(32),
            body=ballot.digest(),
            pseudonym=voter._pseudonym,
        )
        cast = CastBallot(signed, ballot.body)
        (answer,) = world.cast(cast)
        assert isinstance(answer, Excluded), name
        assert answer.rule == "B5", name
        with pytest.raises(refusal, match=words):
            world.board[0].relay.accept(cast, world.board[0].copies.election, world.now)
        index = world.append("ballot", signed.entry_members(), ballot.body)
        assert (index, "B5") in world.recount().exclusions(), name
    (promise,) = world.cast(voter.cast(ballot))
    assert not isinstance(promise, Excluded)


def test_attack_18_entry_in_a_second_spelling_is_excluded_or_refused(tmp_path: Path) -> None:
    """Upper-case hex, base64 with stray bits: malformed (B1); white space or escapes: no entry at all."""

    def hook(script: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
        good = script.ballot(9)
        envelope, signature = good.members["envelope"], good.members["signature"]
        spellings = (
            {"envelope": envelope, "signature": signature.upper()},
            {"envelope": envelope, "signature": signature + " "},
            {"envelope": envelope.rstrip("="), "signature": signature},
            {"envelope": with_stray_bits(envelope), "signature": signature},
            {"envelope": envelope + "\n", "signature": signature},
            {"envelope": envelope.replace("A", "-", 1), "signature": signature},
        )
        return [*ballots, *(BallotSpec(members, None, b"", "B1") for members in spellings)]

    script, result = audit_forged({"ballots": hook}, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.excluded == script.excluded
    assert len(script.excluded) == 6


def with_stray_bits(encoded: str) -> str:
    """Base64 that a careless decoder takes for the same bytes."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    digits = encoded.rstrip("=")
    assert digits != encoded
    return digits[:-1] + alphabet[alphabet.index(digits[-1]) + 1] + encoded[len(digits) :]


# --- 19


@pytest.mark.parametrize("name", BAD_KEYS)
def test_attack_19_degenerate_pseudonym_is_refused_by_intake(name: str) -> None:
    world = shared_world("begin_voting")
    voter = shared_voter()
    good = recast(voter, bytes(world.manifest.body_bytes)).signed.envelope.statement
    start = len(labels.ENVELOPE) + 1 + 64
    statement = good[:start] + BAD_KEYS[name] + good[start + 32 :]
    cast = CastBallot(SignedEnvelope(parse_envelope(statement), bytes(64)), bytes(world.manifest.body_bytes))
    (answer,) = world.running.intake.submit([cast])
    assert isinstance(answer, Excluded)
    assert answer.rule == "B3"


def test_attack_19_degenerate_pseudonyms_on_the_ledger_are_excluded(tmp_path: Path) -> None:
    def hook(script: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
        return [*ballots, *(script.ballot(9, vk=key, outcome="B3") for key in BAD_KEYS.values())]

    script, result = audit_forged({"ballots": hook}, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.excluded == script.excluded
    assert len(script.excluded) == len(BAD_KEYS)


@pytest.mark.parametrize("role", ["register", "board", "witnesses"])
def test_attack_19_policy_with_a_degenerate_key_is_refused(role: str, tmp_path: Path) -> None:
    forge().write(tmp_path)
    for key in BAD_KEYS.values():
        policy = make_policy().to_json()
        if role == "register":
            policy["register"]["key"] = key.hex()
        else:
            policy[role]["members"][0]["key"] = key.hex()
        with pytest.raises((EncodingError, NonCanonical), match="Ed25519 key"):
            read_policy(policy)
    (tmp_path / "policy.json").write_text(json.dumps(policy), encoding="utf-8")
    result = audit(tmp_path)
    assert "V01" in result.failed
    assert result.verdict == "INVALID"


@pytest.mark.parametrize("step", ["admitted 3", "key-changed", "announcement", "reviewers", "panel"])
def test_attack_19_register_takes_no_degenerate_key(step: str, tmp_path: Path) -> None:
    bad = SMALL_ORDER_KEYS[4].hex() if step != "panel" else SECOND_ENCODINGS[2].hex()

    def degrade(_: Script, payload: dict) -> dict:
        if step in ("reviewers", "panel"):
            name = "reviewers" if step == "reviewers" else "members"
            first, *others = payload[name]
            return {**payload, name: [{**first, "key": bad}, *others]}
        return {**payload, ("ledger_key" if step == "announcement" else "key"): bad}

    script, result = audit_forged({f"payload:{step}": degrade}, tmp_path)
    expected = "V08" if step in ("admitted 3", "key-changed") else "V07"
    assert refusals(result) == ("INVALID", [expected])
    with pytest.raises(EncodingError, match="Ed25519 key"):
        follow(script)
