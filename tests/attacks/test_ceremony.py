# SPDX-License-Identifier: AGPL-3.0-or-later
"""Attacks 40 and 41: on the ceremonies that make keys, and on the indices of those who hold shares."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from cli.demo.founding import submit_board_statement
from cli.demo.world import make_holders
from crypto import labels
from crypto.encoding.members import decode_base64, encode_base64
from crypto.encoding.strict_json import Json, loads
from crypto.errors import (
    ContentMismatch,
    CryptoError,
    KeyReuse,
    ProtocolError,
    ThresholdNotMet,
    UnsafeText,
    WrongPhase,
)
from crypto.group import G1, decode_g1, decode_g2, encode_g1, encode_scalar, scalar
from crypto.hashing import sha256, tagged_hash
from crypto.protocol.contents import Appointment
from crypto.protocol.phases import State
from crypto.protocol.register import election_keys_members
from crypto.protocol.tally import compute_result, judge_decryptions
from crypto.roles.board import Decisions
from crypto.roles.trustee import Trustee
from crypto.sharing.ceremony import LABELS, Round, SignedMessage, encode_transcript, message_json, parse_message
from crypto.sharing.session import LOTTERY, TRUSTEE
from crypto.signing import make_json_statement, seal
from tests.attacks.closed import append_all, closed_world, decryption, finish_with
from tests.attacks.play import audit_forged, audit_world, refusals, with_torsion
from tests.attacks.replay import follow
from tests.audits import Audit, audit
from tests.forge import Script
from tests.forge.base import CONTESTS, Hook, run_ceremony, signing_key
from tests.verifier.evidence import stopped_before
from tests.worlds import SmallWorld, copy_world, played_world

IDENTITY = "c0" + 47 * "00"
GENERATOR = encode_g1(G1).hex()


def gather() -> SmallWorld:
    """State `ceremony`: the trustees have joined, and nobody has said anything."""
    world = played_world("appoint")
    for trustee in world.trustees:
        trustee.join_election()
    return world


def speak(world: SmallWorld, *parties: int) -> None:
    """These trustees, or all, say what their own tools have to say in the present round."""
    for number in parties or (1, 2, 3):
        for message in world.trustees[number - 1].party.next_messages():
            world.running.submit_message("ceremony", message)
    world.next_batch()
    world.sync()


def complete(world: SmallWorld) -> None:
    """The ceremony goes on to its end, and gives all trustees shares of one key."""
    while not world.running.election.ceremonies[TRUSTEE].complete:
        speak(world)
    keys = {encode_g1(trustee.keep_share().key.public) for trustee in world.trustees}
    assert keys == {encode_g1(world.board[0].copies.election.keys[TRUSTEE].public)}


def put(world: SmallWorld, message: SignedMessage) -> int:
    """A message on the ledger that no trustee's own tool would send."""
    return world.append("ceremony", message_json(message))


def signed(world: SmallWorld, party: int, statement: bytes) -> SignedMessage:
    return SignedMessage(statement, world.keys.trustees[party - 1].signing.sign(statement))


def said(world: SmallWorld, number: Round, party: int, **payload: Json) -> SignedMessage:
    """A message of a party in the session that all follow."""
    session = world.running.election.ceremonies[TRUSTEE].session_id.hex()
    return signed(world, party, make_json_statement(LABELS[number], {"party": party, "session": session, **payload}))


def require_excluded(world: SmallWorld, index: int, words: str) -> None:
    """Operator, board and trustees exclude an entry by C1 for the same reason."""
    for copies in (world.running.election, world.board[0].copies.election, world.trustees[0].copies.election):
        assert copies.excluded[index].rule == "C1"
        assert words in copies.excluded[index].reason
        assert copies.state is State.CEREMONY


def go_on_without(world: SmallWorld, culprit: int) -> None:
    """The session names one culprit; the board appoints another in its place, and the second session gives a key."""
    first = world.running.election.ceremonies[TRUSTEE]
    assert first.culprits() == {culprit}
    (newcomer,) = make_holders("Newcomer", 1)
    parties, old = list(first.session.parties), first.session.parties[culprit - 1]
    parties[culprit - 1] = replace(newcomer.party, organisation=old.organisation)
    session = replace(first.session, number=2, parties=tuple(parties), culprits=(old.key,))
    world.decide(Decisions((session,)))
    world.propose(State.CEREMONY, Appointment(world.identifier, (session,)).to_bytes())
    world.approve()
    world.trustees[culprit - 1] = Trustee(newcomer.signing, newcomer.unseal, world.trustees[culprit - 1].copies)
    for trustee in world.trustees:
        trustee.join_election()
    complete(world)


def changed(reveal: bytes, change: Callable[[dict[str, Any]], dict[str, Any]]) -> bytes:
    """A reveal with other members."""
    payload = loads(reveal.partition(b"\x00")[2])
    assert isinstance(payload, dict)
    return make_json_statement(LABELS[Round.REVEAL], {**payload, **change(payload)})


def coefficients(change: Callable[[list[str]], list[str]]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda payload: {"coefficients": change(payload["coefficients"])}


BAD_REVEALS: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], str]] = {
    "t - 1 coefficients": (coefficients(lambda points: points[:-1]), "coefficients"),
    "t + 1 coefficients": (coefficients(lambda points: [*points, GENERATOR]), "coefficients"),
    "last coefficient the identity": (coefficients(lambda points: [points[0], IDENTITY]), "identity"),
    "last coefficient with torsion": (
        coefficients(lambda points: [points[0], with_torsion(bytes.fromhex(points[1])).hex()]),
        "not in the subgroup",
    ),
    "key without a proof": (coefficients(lambda points: [GENERATOR, points[1]]), "proof does not verify"),
    "no shares": (lambda _: {"shares": []}, "shares"),
    "one share too few": (lambda payload: {"shares": payload["shares"][:-1]}, "shares"),
}
"""Reveals that keep to what their party committed to, and must be refused for themselves."""


# --- 40, through the roles


def test_attack_40_nobody_reveals_before_all_have_committed() -> None:
    """Trustee 3 waits for the others' reveals before it commits, and tempts them with its own."""
    world = gather()
    speak(world, 1, 2)
    assert [trustee.party.next_messages() for trustee in world.trustees[:2]] == [[], []]
    index = put(world, signed(world, 3, world.trustees[2].party._reveal))
    require_excluded(world, index, "a reveal while the session awaits commitments")
    assert world.board[0].copies.election.ceremonies[TRUSTEE].culprits() == {3}
    speak(world)
    assert len(world.running.election.ceremonies[TRUSTEE].reveals) == 0
    complete(world)


def test_attack_40_reveal_chosen_after_the_others_is_refused() -> None:
    """Trustee 3 has committed, sees what the others reveal, and picks another secret until it likes the key."""
    world = gather()
    speak(world)
    speak(world, 1, 2)
    world.trustees[2].join_election()
    index = put(world, signed(world, 3, world.trustees[2].party._reveal))
    require_excluded(world, index, "party 3 reveals something else than it committed to")
    go_on_without(world, 3)


def test_attack_40_second_commitment_is_refused() -> None:
    world = gather()
    speak(world, 1, 2, 3)
    speak(world, 1)
    index = put(world, said(world, Round.COMMITMENT, 2, commitment=64 * "0"))
    require_excluded(world, index, "a commitment while the session awaits reveals")
    complete(world)


@pytest.mark.parametrize("name", BAD_REVEALS)
def test_attack_40_bad_reveal_has_no_effect_and_names_its_party(name: str) -> None:
    world, (change, words) = gather(), BAD_REVEALS[name]
    dealer = world.trustees[2].party
    dealer._reveal = changed(dealer._reveal, change)
    speak(world)
    speak(world)
    require_excluded(world, max(world.running.election.excluded), words)
    go_on_without(world, 3)


def wrong_share(world: SmallWorld) -> None:
    """Trustee 3 seals to trustee 1 another share than its coefficients give; trustee 1 complains."""
    dealer, victim = world.trustees[2].party, world.keys.trustees[0].party
    box = seal(victim.seal, encode_scalar(scalar(12345))).hex()
    dealer._reveal = changed(dealer._reveal, lambda payload: {"shares": [box, *payload["shares"][1:]]})
    for _ in range(3):
        speak(world)
    assert world.running.election.ceremonies[TRUSTEE].complaints == {1: {3}, 2: frozenset(), 3: frozenset()}


def test_attack_40_complaint_cannot_be_ignored() -> None:
    world = gather()
    wrong_share(world)
    transcript = world.running.election.ceremonies[TRUSTEE].transcript().hex()
    for party in (3, 2):
        index = put(world, said(world, Round.CONFIRMATION, party, transcript=transcript))
        require_excluded(world, index, "a confirmation while the session awaits disclosures")
    wrong = said(world, Round.DISCLOSURE, 3, to=1, share=encode_scalar(scalar(12345)).hex())
    require_excluded(world, put(world, wrong), "the share that party 3 discloses for 1 does not fit")
    assert world.trustees[0].party.next_messages() == []
    go_on_without(world, 3)


def test_attack_40_disclosed_share_is_used_and_makes_the_key_whole() -> None:
    world = gather()
    wrong_share(world)
    complete(world)
    assert world.running.election.ceremonies[TRUSTEE].disclosed.keys() == {(3, 1)}
    share = world.trustees[0].require_share()
    assert G1 * share.value.reveal() == share.key.public_shares[1]


def test_attack_40_party_that_was_shown_other_messages_confirms_something_else() -> None:
    """Log and witnesses show trustee 1 another reveal of trustee 3: nobody's transcript then has all confirmations."""
    world = gather()
    fork = copy_world(world)
    fork.trustees[2].join_election()
    for history in (world, fork):
        for _ in range(3):
            speak(history)
    (misled,) = fork.trustees[0].party.next_messages()
    require_excluded(world, put(world, misled), "party 1 confirms another transcript")
    speak(world, 2, 3)
    assert not world.running.election.ceremonies[TRUSTEE].complete
    go_on_without(world, 1)


def test_attack_40_message_of_another_session_is_refused() -> None:
    """A message of the session before, and one of another election with the same parties."""
    world = gather()
    speak(world, 1, 2)
    old = world.trustees[0].party.ceremony
    elsewhere = replace(old.session, number=1).identifier(bytes(32)).hex()
    foreign = {"commitment": 64 * "0", "party": 1, "session": elsewhere}
    index = put(world, signed(world, 1, make_json_statement(LABELS[Round.COMMITMENT], foreign)))
    require_excluded(world, index, "a message of another session")
    late = said(world, Round.COMMITMENT, 3, commitment=64 * "0")
    go_on_without(world, 3)
    require_excluded(world, put(world, late), "a message of another session")


@pytest.mark.parametrize("member", ["key", "public_share"])
def test_attack_40_manifest_with_another_key_than_the_ceremonys_is_not_approved(member: str) -> None:
    """After the ceremony somebody puts another key, or another holder's public share, into the manifest."""
    world = played_world("freeze_roll")
    honest = world.make_manifest()
    tally = honest.tally
    first, second, third = tally.holders
    forged = {
        "key": replace(tally, key=encode_g1(G1 * scalar(7))),
        "public_share": replace(tally, holders=(replace(first, public_share=GENERATOR_BYTES), second, third)),
    }[member]
    manifest = replace(honest, tally=forged)
    keys = decode_g2(manifest.issuing.key), decode_g1(manifest.tally.key)
    submit_board_statement(world, "election-keys", election_keys_members(world.identifier, manifest.digest(), *keys))
    world.next_register_batch()
    world.sync()
    world.propose(State.ISSUING, manifest.to_bytes())
    for board in world.board:
        with pytest.raises(ContentMismatch, match=r"manifest differs from what the ledger gives in: tally"):
            board.approve(world.now)


GENERATOR_BYTES = encode_g1(G1)


# --- 40, in the record


def audit_until(step: str, hooks: dict[str, Hook], folder: Path) -> tuple[Script, Audit]:
    """A record forged up to a step, and what the verifier says of it."""
    script = stopped_before(step, Script, hooks)
    script.write(folder)
    return script, audit(folder)


def agreed(script: Script, messages: Sequence[SignedMessage]) -> list[SignedMessage]:
    """Rounds 1 to 4 as they are, and everybody's confirmation of them: all parties are accomplices."""
    session = script.sessions[TRUSTEE].identifier(script.election)

    def place(statement: bytes) -> tuple[int, int]:
        number, payload = parse_message(statement)
        return number, payload.u32("party")

    spoken = sorted((message.statement for message in messages), key=place)
    transcript = tagged_hash(labels.TRANSCRIPT_OF_CEREMONY, session, *spoken).hex()
    return [*messages, *(party_says(script, Round.CONFIRMATION, party, transcript=transcript) for party in (1, 2, 3))]


def party_says(script: Script, number: Round, party: int, **payload: Json) -> SignedMessage:
    session = script.sessions[TRUSTEE].identifier(script.election).hex()
    statement = make_json_statement(LABELS[number], {"party": party, "session": session, **payload})
    return SignedMessage(statement, signing_key(f"trustee {party}").sign(statement))


def recommitted(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Hook:
    """Trustee 3 commits to another reveal, and all confirm it."""

    def hook(script: Script, messages: list[SignedMessage]) -> list[SignedMessage]:
        reveal = changed(messages[5].statement, change)
        commitment = party_says(script, Round.COMMITMENT, 3, commitment=sha256(reveal).hex())
        last = SignedMessage(reveal, signing_key("trustee 3").sign(reveal))
        return agreed(script, [*messages[:2], commitment, *messages[3:5], last, *messages[6:9]])

    return hook


def unanswered(script: Script, messages: list[SignedMessage]) -> list[SignedMessage]:
    verdict = party_says(script, Round.VERDICT, 3, complaints=[1])
    return agreed(script, [*messages[:8], verdict])


RECORDS: dict[str, Hook] = {
    **{name: recommitted(change) for name, (change, _) in BAD_REVEALS.items()},
    "reveals before the last commitment": lambda script, m: agreed(script, [*m[:2], *m[3:5], m[2], *m[5:9]]),
    "complaint without an answer": unanswered,
    "ceremony of another election": lambda script, _: run_ceremony(script.sessions[TRUSTEE], bytes(32))[0],
    "one party for two": lambda _, m: [*m[:11], m[10]],
    "last message unsigned": lambda _, m: [*m[:11], replace(m[11], signature=bytes(64))],
    "last message signed by another": lambda _, m: [
        *m[:11],
        replace(m[11], signature=signing_key("trustee 1").sign(m[11].statement)),
    ],
}
"""Ceremonies of the trustees in which nobody objects to anything."""


@pytest.mark.parametrize("name", RECORDS)
def test_attack_40_ceremony_of_accomplices_in_the_record_gives_no_key(name: str, tmp_path: Path) -> None:
    script, result = audit_until("content:manifest", {"ceremony:trustee": RECORDS[name]}, tmp_path)
    assert refusals(result) == ("INVALID", ["V19"])
    assert "leaves the ceremony, which is not complete for the trustees" in result.detail("V19")
    with pytest.raises(WrongPhase, match="a proposal from nomination while the state is ceremony"):
        follow(script)


def test_attack_40_control_the_accomplices_confirmations_are_good(tmp_path: Path) -> None:
    """Made like the ceremonies above, with nothing wrong in it."""
    _, result = audit_forged({"ceremony:trustee": recommitted(lambda _: {})}, tmp_path)
    assert refusals(result) == ("VALID", [])


def test_attack_40_lottery_key_of_another_deployments_ceremony_is_refused(tmp_path: Path) -> None:
    def elsewhere(script: Script, _: bytes) -> bytes:
        return encode_transcript(run_ceremony(script.shares[LOTTERY][0].key.session, bytes(32))[0])

    script, result = audit_until("content:appointment", {"transcript": elsewhere}, tmp_path)
    assert refusals(result) == ("INVALID", ["V09"])
    with pytest.raises(ProtocolError, match="message 0 of a ceremony transcript is refused: a message of another"):
        follow(script)


def replaced_key(member: str) -> Hook:
    def hook(script: Script, manifest: dict[str, Any]) -> dict[str, Any]:
        tally = json.loads(json.dumps(manifest["tally"]))
        if member == "key":
            tally["key"] = GENERATOR
        else:
            tally["holders"][0][member] = {
                "public_share": tally["holders"][1]["public_share"],
                "key": signing_key("somebody else").public.hex(),
                "name": "Somebody else",
            }[member]
        return {**manifest, "tally": tally}

    return hook


@pytest.mark.parametrize("member", ["key", "public_share", "name"])
def test_attack_40_key_replaced_after_the_ceremony_is_invalid(member: str, tmp_path: Path) -> None:
    """Everything behind the manifest is made with what it says; the verifier derives key and shares itself."""
    # No further than the closing: trustees have no share of such a key.
    _, result = audit_until("before closing", {"content:manifest": replaced_key(member)}, tmp_path)
    assert refusals(result) == ("INVALID", ["V21"])
    assert "tally" in result.detail("V21")


# --- 41


@pytest.mark.parametrize(
    ("member", "error", "words"),
    [
        ("key", KeyReuse, "two parties of a session have the same key"),
        ("seal", KeyReuse, "two parties of a session have the same key"),
        ("organisation", UnsafeText, "organisations of parties"),
        ("name", UnsafeText, "parties"),
    ],
)
def test_attack_41_one_party_has_one_index(member: str, error: type[CryptoError], words: str, tmp_path: Path) -> None:
    """The third trustee is the second one again in one of its members, or nearly so."""

    def twice(_: Script, content: dict[str, Any]) -> dict[str, Any]:
        registrars, trustees = content["sessions"]
        first, second, third = trustees["parties"]
        again = "Trust\u0435e 2" if member == "name" else second[member]
        return {**content, "sessions": [registrars, {**trustees, "parties": [first, second, {**third, member: again}]}]}

    script, result = audit_until("ceremony:registrar", {"content:appointment": twice}, tmp_path)
    assert result.verdict == "INVALID"
    assert result.failed[0] == "V17"
    with pytest.raises(error, match=words):
        follow(script)


NOBODY = {
    "zero": "0",
    "one too many": "4",
    "beyond 32 bits": str(2**32 + 1),
    "group order": str(0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001),
    "group order and one": str(0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000002),
    "minus one": "-1",
    "minus zero": "-0",
    "string": '"1"',
    "boolean": "true",
    "float": "1.0",
    "exponent": "1e0",
    "leading zero": "01",
    "list": "[1]",
    "null": "null",
}
"""Spellings of an index that some implementation takes for a trustee's."""


def indexed(statement: bytes, spelling: str) -> bytes:
    """A decryption statement under another index."""
    head, _, _ = statement.rpartition(b'"trustee":')
    return head + b'"trustee":' + spelling.encode() + b"}"


def test_attack_41_index_that_is_nobodys_counts_for_nothing(tmp_path: Path) -> None:
    world = closed_world()
    message, body = world.trustees[0].decrypt(world.trustees[0].recount())
    world.bodies.put(body)
    key = world.keys.trustees[0].signing
    statements = [indexed(message.statement, spelling) for spelling in NOBODY.values()]
    indices = append_all(
        world,
        "decryption",
        ({"signature": key.sign(s).hex(), "statement": encode_base64(s)} for s in statements),
    )
    assert len(indices) == len(NOBODY)
    for copies in (world.running.election, world.board[0].copies.election):
        assert {index: copies.excluded[index].rule for index in indices} == dict.fromkeys(indices, "D1")
    certificate = finish_with(world, (1, 2))
    assert certificate.excluded == tuple((index, "D1") for index in indices)
    result = audit_world(world, tmp_path)
    assert (refusals(result), result.excluded) == (("VALID", []), dict.fromkeys(indices, "D1"))


def test_attack_41_one_trustee_twice_is_one_trustee(tmp_path: Path) -> None:
    world = closed_world()
    trustee = world.trustees[0]
    own = trustee.recount()
    bodies = [trustee.decrypt(own)[1] for _ in range(3)]
    indices = append_all(world, "decryption", (decryption(world, 1, body) for body in bodies))
    election = world.running.election
    judged = judge_decryptions(election, own)
    assert (judged.accepted.keys(), judged.tallied_at) == ({1}, None)
    assert [judged.excluded[index].rule for index in indices[1:]] == ["D3", "D3"]
    with pytest.raises(ThresholdNotMet, match="1 accepted decryptions, 2 are needed") as caught:
        compute_result(election, own, judged)
    assert (caught.value.used, caught.value.missing) == ({1}, {2, 3})
    finish_with(world, (3,))
    result = audit_world(world, tmp_path)
    assert (refusals(result), result.excluded) == (("VALID", []), dict.fromkeys(indices[1:], "D3"))


def test_attack_41_certificate_over_one_trustee_twice_is_invalid(tmp_path: Path) -> None:
    def again(script: Script, _: SignedMessage) -> SignedMessage:
        entry = json.loads(script.log.entries[script.places["decryption 1"]])
        return SignedMessage(decode_base64(entry["statement"], "statement"), bytes.fromhex(entry["signature"]))

    _, result = audit_forged({"message:decryption 2": again}, tmp_path)
    assert refusals(result) == ("INVALID", ["V34"])
    assert "only 1 decryptions were accepted" in result.detail("V34")


def test_attack_41_every_two_trustees_in_any_order_give_the_same(tmp_path: Path) -> None:
    results = []
    for pair in (*combinations(range(3), 2), (2, 1, 0)):
        chosen: Hook = lambda script, _, pair=pair: [script.shares[TRUSTEE][n] for n in pair]  # noqa: E731
        _, result = audit_forged({"decrypting": chosen}, tmp_path / "".join(map(str, pair)))
        assert refusals(result) == ("VALID", [])
        results.append(result.report["results"])
    assert all(result == results[0] for result in results)
    assert len(results[0]) == len(CONTESTS)
