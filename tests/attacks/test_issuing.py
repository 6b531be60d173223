# SPDX-License-Identifier: AGPL-3.0-or-later
"""Attacks 12 to 16 and 21: more credentials than members, marked ones, points that leak a secret."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from unittest.mock import patch

import pytest

import crypto.roles.registrar as registrar_module
from crypto import labels
from crypto.blindsig.blinding import blind, finalize
from crypto.encoding.members import decode_base64, encode_base64
from crypto.errors import (
    ContentMismatch,
    Excluded,
    InvalidCredential,
    InvalidShare,
    KeyReuse,
    UnsafePolicy,
)
from crypto.group import G2, decode_g1, decode_g2, encode_g1, encode_g2, scalar
from crypto.hashing import sha256
from crypto.protocol.credential import Request, make_request, parse_request
from crypto.protocol.order import order_key
from crypto.roles.member import Member
from crypto.secret import Secret
from crypto.sharing.session import encode_point
from crypto.signing import SigningKey, make_statement, sign_all
from tests.attacks.play import (
    audit_forged,
    bad_points,
    refusals,
    shared_world,
)
from tests.attacks.replay import follow
from tests.forge import BallotSpec, Script
from tests.forge.base import member_id, signing_key
from tests.forge.script import finalize_once
from tests.worlds import SmallWorld, played_world


def other_request(world: SmallWorld, number: int, secret: bytes) -> Request:
    """A request of a member for another pseudonym than its client would derive."""
    member = world.members[number]
    blinded = blind(Secret(secret), world.identifier).blinded
    return make_request(world.identifier, member.identifier, blinded, member.client().signing)


def request_with(world: SmallWorld, number: int, point: bytes) -> Request:
    """A well-signed request with any 48 bytes in the place of B."""
    member = world.members[number]
    statement = make_statement(labels.REQUEST, world.identifier + member.identifier + point)
    return parse_request(statement, member.client().signing.sign(statement))


# --- 12


def test_attack_12_second_blinded_point_of_a_member_is_refused_by_intake() -> None:
    world = played_world("begin_issuing")
    world.running.intake.submit_request(world.members[0].client().request(world.identifier))
    with pytest.raises(Excluded, match="Q6: the member has a counted request already"):
        world.running.intake.submit_request(other_request(world, 0, b"another secret"))
    world.running.intake.submit_request(world.members[0].client().request(world.identifier))
    world.next_batch()
    assert len(world.running.election.collected["request"]) == 1


def test_attack_12_second_blinded_point_on_the_ledger_gets_no_answer() -> None:
    world = played_world("begin_issuing")
    requests = [other_request(world, 0, secret) for secret in (b"first", b"second", b"third")]
    for request in requests:
        world.append("request", request.entry_members())
    counted = world.recount().requests.counted
    assert [encode_g1(request.blinded) for request in counted] == [requests[0].blinded]
    assert [rule for _, rule in world.recount().exclusions()] == ["Q6", "Q6"]
    for registrar in world.registrars:
        answer = registrar.answer(0)
        assert answer is not None
        assert (answer[0].first, answer[0].count, len(answer[1])) == (0, 1, 48)
        assert answer[1] == encode_g1(decode_g1(requests[0].blinded) * registrar.require_share().value.reveal())
        assert registrar.answer(1) is None


@pytest.mark.parametrize(
    ("threshold", "parties", "faulty", "safe"), [(3, 5, 1, False), (4, 7, 1, False), (5, 7, 2, True)]
)
def test_attack_12_thresholds_for_two_credentials_are_refused(
    threshold: int, parties: int, faulty: int, safe: bool
) -> None:
    world = played_world("start")
    party = world.sessions()[0].parties[0]
    session = replace(
        world.sessions()[0],
        threshold=threshold,
        parties=tuple(
            replace(
                party, key=SigningKey.generate().public, name=f"R {n}", organisation=f"O {n}", seal=bytes([n + 1] * 32)
            )
            for n in range(parties)
        ),
    )
    if safe:
        session.require_safe(faulty)
    else:
        with pytest.raises(UnsafePolicy, match=f"{threshold} of {parties} registrars, {faulty} faulty, could give"):
            session.require_safe(faulty)


# --- 13


def test_attack_13_request_without_the_members_signature_is_refused() -> None:
    world = played_world("begin_issuing")
    good = world.members[0].client().request(world.identifier)
    forged = replace(good, signature=world.members[1].client().signing.sign(good.statement))
    with pytest.raises(Excluded, match="Q4: the member key's signature does not verify"):
        world.running.intake.submit_request(forged)
    index = world.append("request", forged.entry_members())
    assert world.recount().exclusions() == ((index, "Q4"),)
    assert world.registrars[0].answer(0) is None


def test_attack_13_more_credentials_than_answered_requests_is_invalid(tmp_path: Path) -> None:
    """Three registrars together sign for a member who asked, and for a stranger whom no request names."""

    def stuff(script: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
        return [*ballots, script.ballot(1, secret=Secret(b"nobody"), marks=((1, 0, 0, 0), (1, 0, 0)))]

    _, result = audit_forged({"ballots": stuff}, tmp_path)
    assert refusals(result) == ("INVALID", ["V30"])
    assert result.detail("V30") == "more than there can be: 10 credentials, 9 answered, 9 requested, roll of 11"


def test_attack_13_board_does_not_close_over_more_credentials_than_answers() -> None:
    world = played_world("begin_voting")
    blinded = blind(Secret(b"nobody asked"), world.identifier)
    partial = {r.require_share().index: blinded.blinded * r.require_share().value.reveal() for r in world.registrars}
    credential = finalize(blinded, partial, world.manifest.issuing.threshold, decode_g2(world.manifest.issuing.key))
    member = Member(bytes(16), world.members[0].client().signing, Secret(b"nobody asked"))
    stranger = member.voter(world.manifest, credential)
    world.vote()
    assert not isinstance(world.cast(stranger.cast(stranger.prepare([[1, 0, 0, 0]])))[0], Excluded)
    world.end_voting()
    judged = world.propose_closing()
    assert (len(judged.chains), judged.answered) == (11, 10)
    for member_of_board in world.board:
        with pytest.raises(ContentMismatch, match="credentials"):
            member_of_board.approve(world.now)


# --- 14


def test_attack_14_credential_under_another_key_is_refused_before_it_is_kept() -> None:
    world = played_world("ask")
    member = world.members[0]
    tagged = replace(world.manifest, issuing=replace(world.manifest.issuing, key=encode_g2(G2 * scalar(7))))
    with pytest.raises(InvalidCredential, match="does not verify under the election's issuing key"):
        member.client().credential(tagged, world.partial(member))


def test_attack_14_registrar_with_another_key_is_named_and_marks_nobody() -> None:
    world = played_world("ask")
    member, partial = world.members[0], world.partial(world.members[0])
    clean = member.client().credential(world.manifest, partial)
    share = world.registrars[0].require_share()
    tagged = {**partial, share.index: encode_g1(decode_g1(partial[share.index]) * scalar(3))}
    assert member.client().credential(world.manifest, tagged) == clean
    few = {index: tagged[index] for index in (1, 2, 3)}
    with pytest.raises(InvalidShare, match=r"partial signatures of registrars \[1\] do not hold") as caught:
        member.client().credential(world.manifest, few)
    assert caught.value.culprits == {1}


def test_attack_14_credential_is_the_same_from_every_three_registrars() -> None:
    world = played_world("ask")
    member, partial = world.members[1], world.partial(world.members[1])
    found = {
        member.client().credential(world.manifest, {index: partial[index] for index in chosen}).signature
        for chosen in combinations(sorted(partial), 3)
    }
    assert len(partial) == 4
    assert len(found) == 1


def test_attack_14_ballot_for_a_manifest_of_its_own_is_refused() -> None:
    """A member who was shown a manifest with one more space votes under another digest."""
    world = played_world("begin_voting")
    client = world.members[0].client()
    shown = replace(world.manifest, title={"en": world.manifest.title["en"] + "!"})
    voter = client.voter(shown, client.credential(world.manifest, world.partial(world.members[0])))
    cast = voter.cast(voter.prepare([[1, 0, 0, 0]]))
    (answer,) = world.cast(cast)
    assert isinstance(answer, Excluded)
    assert answer.rule == "B2"
    index = world.append("ballot", cast.signed.entry_members(), cast.body)
    assert (index, "B2") in world.recount().exclusions()


# --- 15


@pytest.mark.parametrize("name", bad_points())
def test_attack_15_small_order_point_in_a_request_is_refused_by_intake(name: str) -> None:
    world = shared_world("begin_issuing")
    with pytest.raises(Excluded, match="Q5: the blinded point is refused"):
        world.running.intake.submit_request(request_with(world, 0, bad_points()[name]))


def test_attack_15_small_order_points_on_the_ledger_meet_no_secret(tmp_path: Path) -> None:
    world = played_world("begin_issuing")
    indices = [
        world.append("request", request_with(world, 0, point).entry_members()) for point in bad_points().values()
    ]
    assert [(index, rule) for index, rule in world.recount().exclusions()] == [(index, "Q5") for index in indices]
    with patch.object(registrar_module, "blind_sign", side_effect=AssertionError("a share touched a bad point")):
        assert all(registrar.answer(0) is None for registrar in world.registrars)
    good = world.members[0].client().request(world.identifier)
    world.append("request", good.entry_members())
    for registrar in world.registrars:
        answer = registrar.answer(0)
        assert answer is not None
        assert answer[0].count == 1


def test_attack_15_record_with_small_order_points_is_valid_and_lists_them(tmp_path: Path) -> None:
    points = bad_points()

    def flood(script: Script, requests: list) -> list:
        extra = []
        for number, point in enumerate(points.values()):
            statement = make_statement(labels.REQUEST, script.election + member_id(11) + point)
            members = {
                "signature": signing_key("member 11").sign(statement).hex(),
                "statement": encode_base64(statement),
            }
            extra.append((order_key(script.log.batch, member_id(11)), f"bad {number}", members))
        return sorted([*requests, *extra], key=lambda item: item[0])

    rules = {f"request rule bad {number}": (lambda _f, _v: "Q5") for number in range(len(points))}
    script, result = audit_forged({"requests": flood, **rules}, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert result.excluded == script.excluded
    assert list(result.excluded.values()) == ["Q5"] * len(points)


# --- 16


def test_attack_16_credential_of_another_election_is_excluded(tmp_path: Path) -> None:
    """Even under the same issuing key a credential is for one election id."""

    def foreign(script: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
        old = finalize_once(script.secrets[9].reveal(), bytes(32), tuple(script.shares["registrar"]))
        key = SigningKey(Secret(sha256(b"old pseudonym")))
        bad = script.ballot(9, vk=bytes(old.pseudonym), credential=old.signature, signer=key)
        # Signed by the right pseudonym: only the credential is of another election.
        statement = decode_base64(bad.members["envelope"], "envelope")
        pseudonym = blind(script.secrets[9], bytes(32)).signing
        bad.members["signature"] = pseudonym.sign(statement).hex()
        bad.outcome = "B5"
        return [*ballots, bad]

    script, result = audit_forged({"ballots": foreign}, tmp_path)
    assert refusals(result) == ("VALID", [])
    assert list(result.excluded.values()) == ["B5"]
    assert result.excluded == script.excluded


def test_attack_16_lottery_key_as_issuing_key_is_refused(tmp_path: Path) -> None:
    def reuse(script: Script, payload: dict) -> dict:
        return {**payload, "issuing_key": encode_point(script.shares["lottery"][0].key.public).hex()}

    script, result = audit_forged({"payload:election-keys": reuse}, tmp_path)
    assert refusals(result) == ("INVALID", ["V22"])
    with pytest.raises(KeyReuse, match="the issuing key is the standing lottery key"):
        follow(script)


# --- 21


def test_attack_21_fifty_requests_of_one_member_give_one_credential() -> None:
    world = played_world("begin_issuing")
    refused = 0
    for number in range(50):
        try:
            world.running.intake.submit_request(other_request(world, 0, bytes([number])))
        except Excluded as why:
            refused += why.rule == "Q6"
    world.next_batch()
    world.sync()
    assert refused == 49
    assert len(world.running.election.collected["request"]) == 1
    assert len(world.recount().requests.counted) == 1


def test_attack_21_lost_device_asks_for_the_same_and_gets_the_same() -> None:
    world = played_world("ask")
    member = world.members[0]
    again = member.client().request(world.identifier)
    assert again == member.client().request(world.identifier)
    assert again.statement in {item.held.statement for item in world.running.election.collected["request"]}
    before = world.running.election.size
    world.running.intake.submit_request(again)
    world.next_batch()
    assert [item.index for item in world.running.election.collected["request"] if item.index >= before] == []
    first = member.client().credential(world.manifest, world.partial(member))
    assert first == member.client().credential(world.manifest, world.partial(member))


def test_attack_21_suspension_behind_the_freeze_changes_nothing_in_this_election() -> None:
    world = played_world("ask")
    member = world.members[0]
    statement = world.register.statement(
        "suspended", {"member": member.identifier.hex(), "reason": "conduct"}, member.identifier
    )
    world.register.submit("suspended", statement, sign_all(world.keys.panel[:2], statement))
    world.next_register_batch()
    world.sync()
    assert world.register.register.members[member.identifier].current.status == "suspended"
    world.begin_voting()
    voter = world.voter(member)
    (promise,) = world.cast(voter.cast(voter.prepare([[1, 0, 0, 0]])))
    assert not isinstance(promise, Excluded)
