# SPDX-License-Identifier: AGPL-3.0-or-later
"""`crypto` against specs/vectors: credentials, ballots, receipts, the tally, seats."""

from __future__ import annotations

import base64
import json
from itertools import combinations
from typing import Any

import pytest

from crypto import errors
from crypto.blindsig.blinding import Credential, blind, credential_message, finalize, verify_credential
from crypto.blindsig.issuing import blind_sign
from crypto.elgamal.ciphertext import CiphertextSum, EncryptedTally
from crypto.elgamal.dlog import MARK, DiscreteLog
from crypto.elgamal.threshold import combine, partial_decrypt, verify_partial
from crypto.group import (
    G1_IDENTITY,
    decode_g1,
    decode_g2,
    decode_uncleared,
    encode_g1,
    encode_scalar,
    scalar,
)
from crypto.hashing import hash_to_g1, tagged_hash
from crypto.labels import CREDENTIAL, DRAW_ORDER
from crypto.proofs import chaum_pedersen
from crypto.proofs.contest import BallotContext, Shape
from crypto.protocol import lottery
from crypto.protocol.answers import AnswerTask, check_answer, make_answer
from crypto.protocol.ballot import BodyTask, check_bodies, verify_body
from crypto.protocol.chain import Chains
from crypto.protocol.contents import Certificate
from crypto.protocol.credential import make_request, parse_request
from crypto.protocol.envelope import Envelope, parse_envelope, sign_envelope
from crypto.protocol.manifest import Contest, Option, parse_manifest
from crypto.protocol.messages import make_decryption
from crypto.protocol.opening import Opening, check_opening
from crypto.protocol.policy import parse_policy
from crypto.protocol.promise import Promise, make_promise
from crypto.protocol.receipt import Receipt, parse_receipt_code, receipt_code
from crypto.protocol.recount import EnvelopeTask, check_envelopes, check_pseudonym
from crypto.protocol.seats import Seating, allocate_seats, margin, needs_draw
from crypto.secret import Secret
from crypto.sharing.ceremony import DerivedKey
from crypto.sharing.party import SecretShare
from crypto.sharing.session import encode_point
from crypto.signing import PublicKey, SigningKey, decode_public_key
from tests.conformance.computing import (
    Case,
    FixedScalars,
    refused,
    replay,
    unbase64,
    unhex,
)
from tests.conformance.vectors import (
    canonical_bytes,
    cases,
    document_bytes,
    is_good,
    load,
    resolved,
)
from tests.generate import plain
from tests.generate.drbg import derive_scalar
from tests.generate.plain_ceremony import parties

# --- credential.json


@pytest.mark.parametrize("case", cases("credential", "members"))
def test_credentials_from_the_voting_secret(case: Case, election_keys: dict[str, DerivedKey]) -> None:
    election, key = unhex(case, "election"), election_keys["registrar"]
    blinded = blind(Secret(unhex(case, "voting_secret")), election)
    assert blinded.signing.public == unhex(case, "vk")
    assert SigningKey(Secret(unhex(case, "pseudonym_seed"))).public == unhex(case, "vk")
    assert encode_scalar(blinded.factor.reveal()).hex() == case["r"]
    assert encode_g1(credential_message(election, unhex(case, "vk"))).hex() == case["m"]
    assert encode_g1(hash_to_g1(CREDENTIAL, election + unhex(case, "vk"))).hex() == case["m"]
    assert encode_g1(blinded.blinded).hex() == case["B"]
    request = make_request(
        election, unhex(case, "member"), blinded.blinded, SigningKey(Secret(unhex(case, "member_seed")))
    )
    assert (request.statement, request.signature) == (unhex(case, "statement"), unhex(case, "signature"))
    assert parse_request(request.statement, request.signature) == request
    partial = {j: decode_g1(bytes.fromhex(point)) for j, point in enumerate(case["S"], 1)}
    for chosen in combinations(partial, key.session.threshold):
        credential = finalize(blinded, {j: partial[j] for j in chosen}, key.session.threshold, key.public)  # type: ignore[arg-type]
        assert credential == Credential(PublicKey(unhex(case, "vk")), unhex(case, "sigma"))


@pytest.mark.parametrize("case", cases("credential", "credentials"))
def test_credentials_verify(case: Case) -> None:
    key = decode_g2(bytes.fromhex(load("credential")["issuing_key"]))
    credential = Credential(PublicKey(unhex(case, "vk")), unhex(case, "sigma"))
    if is_good(case):
        verify_credential(credential, unhex(case, "election"), key)
    else:
        refused(case, lambda: verify_credential(credential, unhex(case, "election"), key))


@pytest.mark.parametrize("case", cases("credential", "answers"))
def test_answers(case: Case, election_keys: dict[str, DerivedKey]) -> None:
    share = bytes.fromhex(load("credential")["public_shares"][case["registrar"] - 1])
    task = AnswerTask(share, tuple(bytes.fromhex(point) for point in case["B"]), unbase64(case, "body"))
    if not is_good(case):
        assert check_answer(task) is not None
        return
    assert check_answer(task) is None
    secret = derive_share("registrar", case["registrar"], election_keys["registrar"])
    signed = [blind_sign(secret, decode_g1(bytes.fromhex(point))) for point in case["B"]]
    assert b"".join(signed) == unbase64(case, "body")
    party = parties("registrar", 4)[case["registrar"] - 1]
    election = bytes.fromhex(load("credential")["members"][0]["election"])
    answer = make_answer(election, case["registrar"], 0, signed, SigningKey(Secret(party.signing.seed)))
    assert (answer.statement.decode(), answer.signature.hex()) == (case["statement"], case["signature"])


def derive_share(role: str, index: int, key: DerivedKey) -> SecretShare:
    """A share of the registrars from the public coefficients of the generator; checked against its public share."""
    n, t = len(key.session.parties), key.session.threshold
    total = 0
    for dealer in range(1, n + 1):
        total += sum(derive_scalar(f"{role} 1 {dealer} coefficient {k}") * index**k for k in range(t))
    return SecretShare(index, Secret(scalar(total % plain.GROUP_ORDER)), key)


# --- ballot.json


def shapes() -> tuple[Shape, ...]:
    return tuple(Shape(item["n"], item["min"], item["max"]) for item in load("ballot")["contests"])


def tally_key() -> bytes:
    return bytes.fromhex(load("ballot")["tally_key"])


def ballot_context(case: Case) -> BallotContext:
    return BallotContext(
        bytes.fromhex(load("ballot")["manifest"]), unhex(case, "election"), unhex(case, "vk"), case["seq"]
    )


@pytest.mark.parametrize("case", cases("ballot", "ballots"))
def test_ballots(case: Case) -> None:
    body = unbase64(case, "body")
    verify_body(body, ballot_context(case), shapes(), tally_key())
    signed = sign_envelope(
        election=unhex(case, "election"),
        manifest=bytes.fromhex(load("ballot")["manifest"]),
        credential=Credential(PublicKey(unhex(case, "vk")), unhex(case, "credential")),
        sequence=case["seq"],
        replaces=unhex(case, "replaces"),
        body=plain.sha256(body),
        pseudonym=SigningKey(Secret(unhex(case, "pseudonym_seed"))),
    )
    assert (signed.envelope.statement, signed.signature) == (unhex(case, "statement"), unhex(case, "signature"))
    assert (signed.envelope.digest(), signed.envelope.body) == (unhex(case, "envelope_hash"), unhex(case, "body_hash"))


@pytest.mark.parametrize("case", cases("ballot", "bodies"))
def test_bodies_are_excluded(case: Case) -> None:
    assert case["rule"] == "B10"
    body = unbase64(case, "body")
    with pytest.raises(
        (errors.EncodingError, errors.InvalidProof),
        match=r"equation \d of a contest|a ballot body of|zero bytes are not|not below the group order",
    ):
        verify_body(body, ballot_context(case), shapes(), tally_key())
    result = check_bodies(BodyTask(shapes(), tally_key(), ((ballot_context(case), body),)))
    assert list(result.invalid) == [0]


def _forbidden() -> frozenset[PublicKey]:
    """The member keys of the roll."""
    body = base64.b64decode(load("register")["roll"]["body"])
    return frozenset(PublicKey(body[start + 16 : start + 48]) for start in range(0, len(body), 48))


@pytest.mark.parametrize("case", cases("ballot", "envelopes"))
def test_envelopes(case: Case) -> None:
    statement, signature = unhex(case, "statement"), unhex(case, "signature")
    found = None
    try:
        envelope = parse_envelope(statement)
        check_pseudonym(envelope, _forbidden())
        issuing = bytes.fromhex(load("ballot")["issuing_key"])
        task = EnvelopeTask(
            envelope.election, issuing, ((statement, signature, envelope.pseudonym, envelope.credential),)
        )
        found = check_envelopes(task).get(0, (None, ""))[0]
    except errors.EncodingError:
        found = "B1"
    except errors.Excluded as excluded:
        found = excluded.rule
    assert found == case.get("rule")


@pytest.mark.parametrize("case", cases("ballot", "chains"))
def test_chains(case: Case) -> None:
    chains, digests = Chains(case["max_revotes"]), []
    for index, step in enumerate(case["steps"]):
        replaces = bytes(32) if step["replaces"] is None else digests[step["replaces"]]
        statement = f"step {index}".encode()
        digests.append(plain.sha256(statement))
        envelope = Envelope(
            bytes(32), bytes(32), step["vk"].encode() * 32, bytes(48), step["seq"], replaces, bytes(32), statement
        )
        rule = None
        try:
            chains.check(envelope, step["batch"])
            chains.append(index, step["batch"], envelope)
        except errors.Excluded as excluded:
            rule = excluded.rule
        assert rule == step["rule"], f"step {index}"


@pytest.mark.parametrize("case", cases("ballot", "openings"))
def test_openings(case: Case) -> None:
    manifest = parse_manifest(canonical_bytes(resolved("manifest", "manifests")[0]["document"]))

    def check() -> None:
        check_opening(Opening.from_bytes(document_bytes(case)), unhex(case, "noted"), manifest)

    if is_good(case):
        check()
        assert Opening.from_bytes(document_bytes(case)).to_bytes() == canonical_bytes(case["document"])
    else:
        refused(case, check)


# --- receipt.json


@pytest.mark.parametrize("case", cases("receipt", "promises"))
def test_promises(case: Case) -> None:
    file = load("receipt")
    key = decode_public_key(bytes.fromhex(file["promise_key"]))
    if not is_good(case):
        refused(case, lambda: Promise.from_bytes(document_bytes(case)).verify(key))
        return
    promise = Promise.from_bytes(document_bytes(case))
    promise.verify(key)
    assert promise.statement() == unhex(case, "statement")
    seed = SigningKey(Secret(bytes.fromhex(file["promise_seed"])))
    assert make_promise(promise.election, promise.envelope, promise.batch, seed) == promise
    assert promise.to_bytes() == canonical_bytes(case["document"])


@pytest.mark.parametrize("case", cases("receipt", "receipts"))
def test_receipts(case: Case) -> None:
    policy = parse_policy(document_bytes(resolved("policy", "policies")[0]))
    if is_good(case):
        receipt = Receipt.from_bytes(document_bytes(case))
        assert receipt.verify(policy).envelope.digest().hex() == case["document"]["promise"]["envelope"]
        assert receipt.to_bytes() == canonical_bytes(case["document"])
    else:
        refused(case, lambda: Receipt.from_bytes(document_bytes(case)).verify(policy))


@pytest.mark.parametrize("case", cases("receipt", "codes"))
def test_receipt_codes(case: Case) -> None:
    if not is_good(case):
        refused(case, lambda: parse_receipt_code(case["code"]))
        return
    promise = Promise.from_json(case["promise"])
    assert parse_receipt_code(case["code"]) == (promise, case["index"])
    assert receipt_code(promise, *([] if case["index"] is None else [case["index"]])) == case["code"]


# --- tally.json


def encrypted_tally() -> EncryptedTally:
    return EncryptedTally.from_bytes(bytes.fromhex(load("tally")["sums"]["encrypted_tally"]))


def test_sums_of_ballots() -> None:
    expected = load("tally")["sums"]
    chosen = [case for case in resolved("ballot", "ballots") if case["name"] in expected["of"]]
    ballots = tuple((ballot_context(case), unbase64(case, "body")) for case in chosen)
    result = check_bodies(BodyTask(shapes(), tally_key(), ballots))
    assert (result.invalid, result.sums.hex()) == ({}, "".join(expected["uncleared"]))
    total = CiphertextSum(sum(shape.options for shape in shapes()))
    total.add([decode_uncleared(bytes.fromhex(point)) for point in expected["uncleared"]])
    assert total.clear() == encrypted_tally()
    assert total.clear().to_bytes().hex() == expected["encrypted_tally"]
    assert total.clear().digest().hex() == expected["sum"]


@pytest.mark.parametrize("case", cases("tally", "marks"))
def test_marks(case: Case) -> None:
    point = G1_IDENTITY if not case["m"] else MARK * scalar(case["m"])
    assert encode_g1(point).hex() == case["point"]
    assert DiscreteLog(1000).find(decode_g1(unhex(case, "point"), allow_identity=True)) == case["m"]


@pytest.mark.parametrize("case", cases("tally", "decryptions"))
def test_decryptions(case: Case, election_keys: dict[str, DerivedKey], monkeypatch: pytest.MonkeyPatch) -> None:
    closing, election = bytes.fromhex(load("tally")["closing"]), unhex(case, "election")

    def check() -> Any:
        share = decode_g1(unhex(case, "public_share"))
        return verify_partial(election, closing, case["trustee"], share, encrypted_tally(), unbase64(case, "body"))

    if not is_good(case):
        refused(case, check)
        return
    check()
    monkeypatch.setattr(chaum_pedersen, "Hedge", lambda *_: FixedScalars({("commitment", 0): unhex(case, "t")}))
    share = derive_share("trustee", case["trustee"], election_keys["trustee"])
    body = partial_decrypt(election, closing, share, encrypted_tally())
    assert body == unbase64(case, "body")
    seed = bytes.fromhex(load("key-ceremony")["sessions"][0]["signing_seeds"][case["trustee"] - 1])
    message = make_decryption(election, closing, case["trustee"], plain.sha256(body), SigningKey(Secret(seed)))
    assert (message.statement.decode(), message.signature.hex()) == (case["statement"], case["signature"])


def test_results_by_every_subset_of_trustees() -> None:
    expected, closing = load("tally")["results"], bytes.fromhex(load("tally")["closing"])
    shares = {}
    for case in resolved("tally", "decryptions"):
        if is_good(case):
            public = decode_g1(unhex(case, "public_share"))
            shares[case["trustee"]] = verify_partial(
                unhex(case, "election"), closing, case["trustee"], public, encrypted_tally(), unbase64(case, "body")
            )
    logarithm = DiscreteLog(expected["counted"])
    for chosen in combinations(shares, expected["threshold"]):
        points = combine(encrypted_tally(), {j: shares[j] for j in chosen}, expected["threshold"])
        assert [encode_g1(point).hex() for point in points] == expected["R"]
        assert [logarithm.find(point) for point in points] == [m for contest in expected["totals"] for m in contest]


@pytest.mark.parametrize("case", cases("tally", "draws"))
def test_draws(case: Case) -> None:
    key = lottery_key(case)
    election, contest, options = unhex(case, "election"), case["contest"], tuple(case["options"])

    def holds() -> bool:
        return lottery.draw_holds(key, election, contest, options, unhex(case, "Z"))

    if case.get("error"):
        if case["error"] == "VerificationError":
            assert not holds()
        else:
            refused(case, holds)
        return
    assert holds()
    assert encode_g1(lottery.draw_message(election, contest, options)).hex() == case["message"]
    assert lottery.draw_order(unhex(case, "Z"), options) == tuple(case["order"])
    for option, expected in case["keys"].items():
        assert tagged_hash(DRAW_ORDER, unhex(case, "Z"), int(option).to_bytes(2, "big")).hex() == expected
    if "parts" in case:
        parts = {j: bytes.fromhex(part) for j, part in enumerate(case["parts"], 1)}
        for chosen in combinations(parts, key.session.threshold):
            some = {j: parts[j] for j in chosen}
            assert lottery.combine_draw(key, election, contest, options, some) == unhex(case, "Z")
        for j, part in parts.items():
            share = derive_share("lottery", j, key)
            assert lottery.draw_share(share, election, contest, options) == part


def lottery_key(case: Case) -> DerivedKey:
    key = replay(resolved("key-ceremony", "sessions")[1]).derive()
    assert encode_point(key.public).hex() == case["standing_key"]
    return key


def test_certificate() -> None:
    expected = load("tally")["certificate"]
    data = canonical_bytes(expected["document"])
    assert plain.sha256(data).hex() == expected["hash"]
    assert Certificate.from_bytes(data).to_bytes() == data


# --- seats.json


@pytest.mark.parametrize("case", cases("seats", "cases"))
def test_seats(case: Case) -> None:
    names = [f"Option {letter}" for letter in "ABCDEFGH"]
    options = tuple(Option({"en": names[number]}) for number in range(len(case["totals"])))
    contest = Contest({"en": "Contest"}, options, 0, len(options), case["seats"], case["tie"], case["zero_votes_win"])
    seating = allocate_seats(contest, case["totals"])
    assert seating == Seating(tuple(case["elected"]), tuple(case["tied"]), case["open_seats"])
    drawn = case["tied"] if needs_draw(contest, seating) else []
    assert bool(drawn) == (case["draw"] is not None)
    assert margin(contest, case["totals"], case["elected_after_draw"], drawn) == case["margin"]


def test_the_files_name_existing_pages() -> None:
    from tests.conformance.vectors import VECTORS

    for path in VECTORS.glob("*.json"):
        for page in json.loads(path.read_text("ascii"))["page"].split(", "):
            assert (VECTORS.parent / page).is_file(), page
