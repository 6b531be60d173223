# SPDX-License-Identifier: AGPL-3.0-or-later
"""`crypto` against every case of every file in specs/vectors."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest

from crypto import errors
from crypto.blindsig.blinding import Credential, blind, credential_message, finalize, verify_credential
from crypto.blindsig.issuing import blind_sign
from crypto.elgamal.ciphertext import CiphertextSum, EncryptedTally
from crypto.elgamal.dlog import MARK, DiscreteLog
from crypto.elgamal.threshold import combine, partial_decrypt, verify_partial
from crypto.encoding.members import decode_base64, decode_hex, encode_base64
from crypto.encoding.strict_json import dumps, loads, loads_canonical
from crypto.encoding.text import check_string, skeleton
from crypto.group import (
    G1_IDENTITY,
    clear,
    decode_g1,
    decode_g2,
    decode_scalar,
    decode_uncleared,
    encode_g1,
    encode_g2,
    encode_scalar,
    encode_uncleared,
    lagrange_at_zero,
    scalar,
)
from crypto.hashing import Hedge, expand_message, hash_to_g1, hash_to_scalar, tagged_hash
from crypto.labels import BATCH_ORDER, CREDENTIAL, DRAW_ORDER, Label, registered
from crypto.ledger.checkpoint import cosignatures, median_time, parse_checkpoint, verify_head
from crypto.ledger.framing import frame, unframe
from crypto.ledger.merkle import Tree, leaf_hash, verify_consistency, verify_inclusion
from crypto.ledger.note import LOG_TYPE, WITNESS_TYPE, key_id, parse_note
from crypto.proofs import chaum_pedersen, contest_verifier, schnorr
from crypto.proofs.contest import BallotContext, Shape, blinding_generator, generators
from crypto.proofs.contest_prover import ContestProver
from crypto.protocol import lottery
from crypto.protocol.answers import AnswerTask, check_answer, make_answer
from crypto.protocol.ballot import BodyTask, check_bodies, verify_body
from crypto.protocol.chain import Chains
from crypto.protocol.contents import Certificate
from crypto.protocol.credential import make_request, parse_request
from crypto.protocol.entry import Chain, parse_entry
from crypto.protocol.envelope import Envelope, parse_envelope, sign_envelope
from crypto.protocol.manifest import Contest, Option, parse_manifest
from crypto.protocol.messages import make_decryption
from crypto.protocol.opening import Opening, check_opening
from crypto.protocol.order import BatchOrder, order_key
from crypto.protocol.policy import parse_policy
from crypto.protocol.promise import Promise, make_promise
from crypto.protocol.receipt import Receipt, parse_receipt_code, receipt_code
from crypto.protocol.recount import EnvelopeTask, check_envelopes, check_pseudonym
from crypto.protocol.register_rules import Register
from crypto.protocol.seats import Seating, allocate_seats, margin, needs_draw
from crypto.secret import Secret
from crypto.sharing import party as party_module
from crypto.sharing.ceremony import Ceremony, DerivedKey, Round, SignedMessage, encode_transcript, share_fits
from crypto.sharing.party import CeremonyParty, SecretShare
from crypto.sharing.polynomial import evaluate
from crypto.sharing.readiness import check_readiness
from crypto.sharing.session import Session, encode_point
from crypto.signing import PublicKey, SigningKey, UnsealKey, decode_public_key, decode_seal_key, verify
from crypto.transcript import Transcript
from tests.conformance.vectors import (
    canonical_bytes,
    cases,
    document_bytes,
    excluded_message,
    is_good,
    load,
    resolved,
    transcript_body,
)
from tests.generate import plain
from tests.generate.drbg import derive, derive_scalar

Case = dict[str, Any]


def refused(case: Case, call: Callable[[], object]) -> None:
    """The call raises the kind of error that the case names, or a kind of it."""
    expected = getattr(errors, case["error"])
    try:
        call()
    except errors.CryptoError as error:
        if not isinstance(error, expected):
            pytest.fail(f"{type(error).__name__} in place of {case['error']}: {error}")
    else:
        pytest.fail(f"accepted; {case['error']} is due")


def unhex(case: Case, name: str) -> bytes:
    return bytes.fromhex(case[name])


def unbase64(case: Case, name: str) -> bytes:
    return base64.b64decode(case[name], validate=True)


def label(name: str) -> Label:
    return next(known for known in registered() if known == name.encode())


class FixedScalars:
    """Stands for `Hedge` and gives the scalars of a vector by purpose and index."""

    def __init__(self, scalars: dict[tuple[str, int], bytes]) -> None:
        self._scalars = scalars

    def scalar(self, purpose: str, index: int = 0) -> Any:
        return decode_scalar(self._scalars[purpose, index])


# --- encodings.json


@pytest.mark.parametrize("case", cases("encodings", "json", good=True))
def test_json_is_read_and_written_in_canonical_form(case: Case) -> None:
    data, canonical = unhex(case, "bytes"), unhex(case, "canonical")
    assert dumps(loads(data)) == canonical
    assert loads_canonical(canonical) == loads(data)
    if data != canonical:
        with pytest.raises(errors.NonCanonical, match="not in canonical form"):
            loads_canonical(data)


@pytest.mark.parametrize("case", cases("encodings", "json", good=False))
def test_json_is_refused(case: Case) -> None:
    refused(case, lambda: loads(unhex(case, "bytes")))
    refused(case, lambda: loads_canonical(unhex(case, "bytes")))


@pytest.mark.parametrize("case", cases("encodings", "hex"))
def test_hex(case: Case) -> None:
    if is_good(case):
        assert decode_hex(case["text"], case["size"], "x") == unhex(case, "bytes")
    else:
        refused(case, lambda: decode_hex(case["text"], case["size"], "x"))


@pytest.mark.parametrize("case", cases("encodings", "base64"))
def test_base64(case: Case) -> None:
    if is_good(case):
        assert decode_base64(case["text"], "x") == unhex(case, "bytes")
        assert encode_base64(unhex(case, "bytes")) == case["text"]
    else:
        refused(case, lambda: decode_base64(case["text"], "x"))


@pytest.mark.parametrize("case", cases("encodings", "texts"))
def test_texts(case: Case) -> None:
    if is_good(case):
        assert check_string(case["text"], "x") == case["text"]
    else:
        refused(case, lambda: check_string(case["text"], "x"))


@pytest.mark.parametrize("case", cases("encodings", "skeletons"))
def test_skeletons(case: Case) -> None:
    if "skeleton" in case:
        assert skeleton(case["name"]) == case["skeleton"]
    else:
        left, right = case["pair"]
        assert (skeleton(left) == skeleton(right)) is case["confusable"]


@pytest.mark.parametrize("case", cases("encodings", "scalars"))
def test_scalars(case: Case) -> None:
    data = unhex(case, "bytes")
    if is_good(case):
        assert encode_scalar(decode_scalar(data)) == data
    else:
        refused(case, lambda: decode_scalar(data))


@pytest.mark.parametrize("case", cases("encodings", "g1"))
def test_points_of_g1(case: Case) -> None:
    data, identity = unhex(case, "bytes"), case.get("allow_identity", False)
    if is_good(case):
        point = decode_g1(data, allow_identity=identity)
        assert encode_g1(point) == data
        if "xy" in case:
            assert encode_uncleared(point) == unhex(case, "xy")
    else:
        refused(case, lambda: decode_g1(data))


@pytest.mark.parametrize("case", cases("encodings", "g2"))
def test_points_of_g2(case: Case) -> None:
    data = unhex(case, "bytes")
    if is_good(case):
        assert encode_g2(decode_g2(data)) == data
    else:
        refused(case, lambda: decode_g2(data))


@pytest.mark.parametrize("case", cases("encodings", "uncompressed"))
def test_uncompressed_points(case: Case) -> None:
    data = unhex(case, "bytes")
    if is_good(case):
        assert encode_uncleared(decode_uncleared(data)) == data
    else:
        refused(case, lambda: decode_uncleared(data))


@pytest.mark.parametrize("case", cases("encodings", "clearing"))
def test_clearing(case: Case) -> None:
    assert encode_g1(clear(decode_uncleared(unhex(case, "bytes")))) == unhex(case, "cleared")


@pytest.mark.parametrize("case", cases("encodings", "ed25519_keys"))
def test_ed25519_keys(case: Case) -> None:
    if is_good(case):
        assert decode_public_key(unhex(case, "bytes")) == unhex(case, "bytes")
    else:
        refused(case, lambda: decode_public_key(unhex(case, "bytes")))


@pytest.mark.parametrize("case", cases("encodings", "x25519_keys"))
def test_x25519_keys(case: Case) -> None:
    if is_good(case):
        assert decode_seal_key(unhex(case, "bytes")) == unhex(case, "bytes")
    else:
        refused(case, lambda: decode_seal_key(unhex(case, "bytes")))


@pytest.mark.parametrize("case", cases("encodings", "signatures"))
def test_signatures(case: Case) -> None:
    key, message, signature = (unhex(case, name) for name in ("key", "message", "signature"))
    if is_good(case):
        verify(PublicKey(key), message, signature)
    else:
        refused(case, lambda: verify(PublicKey(key), message, signature))


# --- hashing.json


@pytest.mark.parametrize("case", cases("hashing", "tagged_hash"))
def test_tagged_hash(case: Case) -> None:
    assert tagged_hash(label(case["label"]), *map(bytes.fromhex, case["fields"])) == unhex(case, "hash")


@pytest.mark.parametrize("case", cases("hashing", "hash_to_scalar"))
def test_hash_to_scalar(case: Case) -> None:
    name, message = label(case["label"]), unhex(case, "message")
    assert expand_message(message, name + b"_XMD:SHA-256_", 48) == unhex(case, "expanded")
    assert encode_scalar(hash_to_scalar(name, message)) == unhex(case, "scalar")


@pytest.mark.parametrize("case", cases("hashing", "hash_to_g1"))
def test_hash_to_g1(case: Case) -> None:
    point = hash_to_g1(label(case["label"]), unhex(case, "message"))
    assert (encode_g1(point), encode_uncleared(point)) == (unhex(case, "point"), unhex(case, "xy"))


@pytest.mark.parametrize("case", cases("hashing", "transcript"))
def test_transcript(case: Case) -> None:
    transcript = Transcript(label(case["label"]))
    for step in case["steps"]:
        if "absorb" in step:
            transcript.absorb(unhex(step, "absorb"))
        else:
            assert encode_scalar(transcript.challenge(label(step["challenge"]))) == unhex(step, "scalar")


@pytest.mark.parametrize("case", cases("hashing", "hedge"))
def test_hedge(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crypto.hashing.secrets.token_bytes", lambda size: unhex(case, "fresh")[:size])
    hedge = Hedge(Secret(unhex(case, "secret")), unhex(case, "context"))
    assert encode_scalar(hedge.scalar(case["purpose"], case["index"])) == unhex(case, "scalar")


# --- proofs.json


def point_of(case: Case, name: str) -> Any:
    return decode_g2(unhex(case, name)) if case.get("group") == "G2" else decode_g1(unhex(case, name))


@pytest.mark.parametrize("case", cases("proofs", "schnorr"))
def test_schnorr(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    name, context, proof = label(case["label"]), unhex(case, "context"), unhex(case, "proof")
    if not is_good(case):
        refused(case, lambda: schnorr.verify(name, context, point_of(case, "P"), proof))
        return
    public = point_of(case, "P")
    schnorr.verify(name, context, public, proof)
    fixed = FixedScalars({("commitment", 0): unhex(case, "k")})
    monkeypatch.setattr(schnorr, "Hedge", lambda *_: fixed)
    assert schnorr.prove(name, context, Secret(decode_scalar(unhex(case, "x"))), public) == proof


@pytest.mark.parametrize("case", cases("proofs", "equality"))
def test_equality(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    name, context, proof = label("VECHE-V1-PROOF-OF-DECRYPTION"), unhex(case, "context"), unhex(case, "proof")

    def check() -> None:
        bases = [decode_g1(bytes.fromhex(point), allow_identity=True) for point in case["A"]]
        results = [decode_g1(bytes.fromhex(point), allow_identity=True) for point in case["D"]]
        chaum_pedersen.verify(name, context, decode_g1(unhex(case, "P")), bases, results, proof)

    if not is_good(case):
        refused(case, check)
        return
    check()
    fixed = FixedScalars({("commitment", 0): unhex(case, "t")})
    monkeypatch.setattr(chaum_pedersen, "Hedge", lambda *_: fixed)
    bases = [decode_g1(bytes.fromhex(point), allow_identity=True) for point in case["A"]]
    results, made = chaum_pedersen.prove(name, context, Secret(decode_scalar(unhex(case, "x"))), bases)
    assert ([encode_g1(point).hex() for point in results], made) == (case["D"], proof)


# --- contest-proof.json


@pytest.mark.parametrize("case", cases("contest-proof", "slack"))
def test_slack(case: Case) -> None:
    d = case["d"]
    shape = Shape(max(d, 1), 0, d)
    assert list(shape.weights) == [1] * max(d, 1) + case["weights"]
    # `bits` are those of the value max - marks.
    for value, bits in enumerate(case["bits"]):
        assert "".join(map(str, shape.slack_bits(d - value))) == bits


def test_contest_generators() -> None:
    given = dict(load("contest-proof")["generators"])
    assert encode_uncleared(blinding_generator()).hex() == given.pop("H")
    for name, expected in given.items():
        assert encode_uncleared(generators(name[0].encode(), int(name[1:]))[-1]).hex() == expected


@pytest.mark.parametrize("case", cases("contest-proof", "statements_refused"))
def test_contest_statements_are_refused(case: Case) -> None:
    refused(case, lambda: Shape(case["n"], case["min"], case["max"]))


def contest_context(case: Case) -> BallotContext:
    return BallotContext(unhex(case, "manifest"), unhex(case, "election"), unhex(case, "vk"), case["seq"])


def decode_contest(case: Case) -> Any:
    shape = Shape(case["n"], case["min"], case["max"])
    data, key = unbase64(case, "bytes"), decode_g1(unhex(case, "Y"))
    return contest_verifier.decode(data, contest_context(case), case["contest"], shape, key), key


@pytest.mark.parametrize("case", cases("contest-proof", "proofs"))
def test_contest_proofs_single_and_batch(case: Case) -> None:
    if is_good(case):
        proof, key = decode_contest(case)
        contest_verifier.verify(proof, key)
        assert contest_verifier.verify_batch([proof, proof], key)
        assert contest_verifier.find_invalid([proof], key) == set()
        return

    def single() -> None:
        proof, key = decode_contest(case)
        contest_verifier.verify(proof, key)

    refused(case, single)
    if case["error"] == "InvalidProof":
        proof, key = decode_contest(case)
        assert not contest_verifier.verify_batch([proof], key)
        assert contest_verifier.find_invalid([proof], key) == {0}


@pytest.mark.parametrize(
    "case", [case for case in cases("contest-proof", "proofs", good=True) if "of" not in case.values[0]]
)
def test_contest_proofs_are_made_like_this(case: Case) -> None:
    start = f"contest {case['contest']} attempt 0 "
    scalars = {(start + "ciphertext", i): bytes.fromhex(r) for i, r in enumerate(case["r"])}
    scalars |= {(start + "mask", j): bytes.fromhex(a) for j, a in enumerate(case["a"]) if j}
    scalars |= {
        (start + purpose, 0): unhex(case, name)
        for purpose, name in (("rho", "rho"), ("sigma", "sigma"), ("nonce", "t"))
    }
    shape = Shape(case["n"], case["min"], case["max"])
    prover = ContestProver(decode_g1(unhex(case, "Y")), window=4)
    made = prover.encrypt(contest_context(case), case["contest"], shape, case["marks"], FixedScalars(scalars))  # type: ignore[arg-type]
    assert made.data == unbase64(case, "bytes")
    assert [encode_scalar(r).hex() for r in made.randomness.reveal()] == case["r"]
    proof, _ = decode_contest(case)
    steps = (proof.w, proof.x, proof.z_rho, proof.z_r)
    assert [encode_scalar(value).hex() for value in steps] == [case[name] for name in ("w", "x", "z_rho", "z_r")]
    assert [encode_scalar(f).hex() for f in proof.f] == case["f"]
    assert [*shape.weights] == case["weights"]
    assert [*case["marks"], *shape.slack_bits(sum(case["marks"]))] == case["bits"]
    if "points" in case:
        assert [encode_uncleared(point).hex() for point in proof.points] == list(case["points"].values())


# --- key-ceremony.json


@pytest.mark.parametrize("case", cases("key-ceremony", "lagrange"))
def test_lagrange(case: Case) -> None:
    coefficients = lagrange_at_zero(case["indices"])
    assert {str(j): encode_scalar(value).hex() for j, value in coefficients.items()} == case["coefficients"]


def session_of(case: Case) -> Ceremony:
    return Ceremony(Session.from_json(loads_canonical(case["descriptor"].encode())), unhex(case, "scope"))


def replay(case: Case, count: int | None = None) -> Ceremony:
    ceremony = session_of(case)
    for message in case["messages"][:count]:
        number = ceremony.accept(SignedMessage(message["statement"].encode(), unhex(message, "signature")))
        assert number is Round[message["round"].upper()]
    return ceremony


@pytest.mark.parametrize("case", cases("key-ceremony", "sessions"))
def test_ceremonies(case: Case) -> None:
    ceremony = replay(case)
    assert dumps(ceremony.session.to_json()).decode() == case["descriptor"]
    assert (ceremony.session_id, ceremony.complete) == (unhex(case, "session_id"), True)
    assert ceremony.transcript() == unhex(case, "transcript")
    key = ceremony.derive()
    assert encode_point(key.public).hex() == case["public"]
    assert [encode_point(share).hex() for share in key.public_shares.values()] == case["public_shares"]
    assert encode_transcript(
        [SignedMessage(m["statement"].encode(), unhex(m, "signature")) for m in case["messages"]]
    ) == transcript_body(case)
    for dealer, coefficients in enumerate(case["coefficients"], 1):
        polynomial = [decode_scalar(bytes.fromhex(a)) for a in coefficients]
        for to, share in enumerate(case["shares"][dealer - 1], 1):
            assert encode_scalar(evaluate(polynomial, to)).hex() == share
            assert share_fits(ceremony.session, ceremony.reveals[dealer], to, decode_scalar(bytes.fromhex(share)))
    for index, share in enumerate(case["secret_shares"], 1):
        SecretShare(index, Secret(decode_scalar(bytes.fromhex(share))), key)


@pytest.mark.parametrize("case", cases("key-ceremony", "sessions"))
def test_sealed_shares_of_ceremonies_open(case: Case) -> None:
    ceremony = replay(case)
    for to, secret in enumerate(case["sealing_secrets"], 1):
        unseal = UnsealKey(Secret(bytes.fromhex(secret)))
        for dealer in ceremony.session.indices:
            share = unseal.unseal(ceremony.reveals[dealer].sealed_shares[to - 1])
            good = share.hex() == case["shares"][dealer - 1][to - 1]
            assert good or dealer in ceremony.complaints[to]


def test_a_party_makes_the_messages_of_the_honest_session(monkeypatch: pytest.MonkeyPatch) -> None:
    case = resolved("key-ceremony", "sessions")[1]
    parties = []
    for index, (signing, sealing) in enumerate(zip(case["signing_seeds"], case["sealing_secrets"], strict=True), 1):
        polynomial = FixedScalars(
            {("coefficient", k): bytes.fromhex(a) for k, a in enumerate(case["coefficients"][index - 1])}
        )
        nonce = derive_scalar(f"lottery 1 {index} nonce")
        boxes = iter([derive(f"lottery 1 {index} box {to}") for to in range(1, 4)])
        monkeypatch.setattr(party_module, "Hedge", lambda *_, p=polynomial: p)
        monkeypatch.setattr(
            schnorr, "Hedge", lambda *_, k=nonce: FixedScalars({("commitment", 0): plain.scalar_bytes(k)})
        )
        monkeypatch.setattr(
            party_module, "seal", lambda key, data, boxes=boxes: plain.sealed_box(key, data, next(boxes))
        )
        parties.append(
            CeremonyParty(
                session_of(case), SigningKey(Secret(bytes.fromhex(signing))), UnsealKey(Secret(bytes.fromhex(sealing)))
            )
        )
    carried = party_module.run_locally(parties)
    assert [(m.statement.decode(), m.signature.hex()) for m in carried] == [
        (m["statement"], m["signature"]) for m in case["messages"]
    ]
    for party, share in zip(parties, case["secret_shares"], strict=True):
        assert encode_scalar(party.share().value.reveal()).hex() == share


@pytest.mark.parametrize("case", cases("key-ceremony", "excluded"))
def test_excluded_ceremony_messages(case: Case) -> None:
    sessions = list(resolved("key-ceremony", "sessions"))
    if "first" in case:
        ceremony = session_of(sessions[0])
        first = case["first"]
        ceremony.accept(SignedMessage(first["statement"].encode(), unhex(first, "signature")))
        for message in sessions[0]["messages"][1 : case["after"]]:
            ceremony.accept(SignedMessage(message["statement"].encode(), unhex(message, "signature")))
    else:
        ceremony = replay(sessions[0], case["after"])
    before = (ceremony.round, ceremony.accepted, ceremony.culprits(), ceremony.transcript())
    statement, signature = excluded_message(case, sessions)
    refused(case, lambda: ceremony.accept(SignedMessage(statement, signature)))
    assert (ceremony.round, ceremony.accepted, ceremony.culprits(), ceremony.transcript()) == before


@pytest.fixture(scope="module")
def election_keys() -> dict[str, DerivedKey]:
    """The trustees' key from its session; the registrars' from the numbers of credential.json."""
    trustees = replay(resolved("key-ceremony", "sessions")[0]).derive()
    file = load("credential")
    people = [party.json() for party in _registrar_parties()]
    session = Session.from_json(
        {"role": "registrar", "number": 1, "threshold": file["threshold"], "parties": people, "culprits": []}
    )
    shares = {j: decode_g2(bytes.fromhex(share)) for j, share in enumerate(file["public_shares"], 1)}
    public = decode_g2(bytes.fromhex(file["issuing_key"]))
    return {"trustee": trustees, "registrar": DerivedKey(session, bytes(32), bytes(32), public, shares)}


def _registrar_parties() -> Any:
    from tests.generate.plain_ceremony import parties

    return parties("registrar", 4)


@pytest.mark.parametrize("case", cases("key-ceremony", "readiness"))
def test_readiness(case: Case, election_keys: dict[str, DerivedKey]) -> None:
    message = SignedMessage(case["statement"].encode(), unhex(case, "signature"))

    def check() -> tuple[str, int]:
        return check_readiness(message, unhex(case, "election"), unhex(case, "manifest"), election_keys)

    if is_good(case):
        assert check() == (case["role"], case["party"])
    else:
        refused(case, check)


# --- policy.json, manifest.json


@pytest.mark.parametrize("case", cases("policy", "policies"))
def test_policies(case: Case) -> None:
    if is_good(case):
        policy = parse_policy(document_bytes(case))
        assert policy.to_json() == case["document"]
        if "of" not in case:
            assert policy.fingerprint() == unhex(case, "fingerprint")
    else:
        refused(case, lambda: parse_policy(document_bytes(case)))


@pytest.mark.parametrize("case", cases("manifest", "manifests"))
def test_manifests(case: Case) -> None:
    data = canonical_bytes(case["document"])
    if is_good(case):
        manifest = parse_manifest(data)
        assert manifest.to_bytes() == data
        if "of" not in case:
            assert (manifest.digest(), manifest.body_bytes) == (unhex(case, "digest"), case["body_bytes"])
            assert len(data) == case["bytes"]
    else:
        refused(case, lambda: parse_manifest(data))


# --- register.json


def register_after(count: int) -> Register:
    policy = parse_policy(document_bytes(resolved("policy", "policies")[0]))
    session = next(
        case for case in load("key-ceremony")["sessions"] if case["name"] == load("register")["transcript_of"]
    )
    body = transcript_body(session)
    register = Register(policy, {plain.sha256(body): body}.get)
    for item in load("register")["entries"][:count]:
        entry = parse_entry(item["text"].encode())
        assert (entry.kind, entry.digest().hex()) == (item["kind"], item["hash"])
        register.apply(entry)
    return register


def test_register_fold_and_roll() -> None:
    file = load("register")
    register = register_after(len(file["entries"]))
    assert [
        {
            "member": member.identifier.hex(),
            "key": member.current.key.hex(),
            "admitted_in_batch": member.batch,
            "status": member.current.status,
        }
        for _, member in sorted(register.members.items())
    ] == file["members"]
    election, expected = bytes.fromhex(file["election"]), file["roll"]
    assert list(register.elections) == [election]
    roll = register.roll(election, expected["size"])
    assert (encode_base64(roll.to_bytes()), roll.digest().hex(), roll.root().hex()) == (
        expected["body"],
        expected["digest"],
        expected["root"],
    )
    # What happened later has no effect: the roll at any later head is the same.
    assert register.roll(election, register.size) == roll


def check_register_refusal(case: Case) -> None:
    register = register_after(case["after"])
    if "first" in case:
        register.apply(parse_entry(case["first"].encode()))
    size, last, members = register.size, register.chain.last_hash, dict(register.members)
    refused(case, lambda: register.apply(parse_entry(case["text"].encode())))
    assert (register.size, register.chain.last_hash, register.members) == (size, last, members)


@pytest.mark.parametrize("case", cases("register", "refused"))
def test_register_entries_are_refused(case: Case) -> None:
    check_register_refusal(case)


# --- ledger.json


def ledger_entries() -> list[bytes]:
    return [item["text"].encode() for item in load("ledger")["entries"]]


def ledger_leaves() -> list[bytes]:
    return [leaf_hash(data) for data in ledger_entries()]


def test_ledger_entries() -> None:
    chain = Chain()
    for item in load("ledger")["entries"]:
        entry = parse_entry(item["text"].encode())
        chain.check(entry)
        chain.advance(entry)
        assert (entry.digest().hex(), leaf_hash(entry.data).hex()) == (item["hash"], item["leaf_hash"])
    assert chain.size == len(load("ledger")["entries"])


@pytest.mark.parametrize("case", cases("ledger", "entries_refused"))
def test_ledger_entries_are_refused(case: Case) -> None:
    chain = Chain()
    for data in ledger_entries()[: case["index"]]:
        chain.advance(parse_entry(data))
    refused(case, lambda: chain.check(parse_entry(case["text"].encode())))


@pytest.mark.parametrize("case", cases("ledger", "roots"))
def test_roots(case: Case) -> None:
    assert Tree(ledger_leaves()).root(case["size"]).hex() == case["root"]


@pytest.mark.parametrize("case", cases("ledger", "inclusion"))
def test_inclusion_proofs(case: Case) -> None:
    index, size, proof = case["index"], case["size"], [bytes.fromhex(node) for node in case["proof"]]
    tree = Tree(ledger_leaves())
    root = tree.root(size)

    def check() -> None:
        verify_inclusion(unhex(case, "leaf"), index, size, proof, root)

    if is_good(case):
        check()
        assert tree.inclusion_proof(index, size) == proof
    else:
        refused(case, check)


@pytest.mark.parametrize("case", cases("ledger", "consistency"))
def test_consistency_proofs(case: Case) -> None:
    proof = [bytes.fromhex(node) for node in case["proof"]]

    def check() -> None:
        verify_consistency(case["old"], case["new"], proof, unhex(case, "old_root"), unhex(case, "new_root"))

    if is_good(case):
        check()
        assert Tree(ledger_leaves()).consistency_proof(case["old"], case["new"]) == proof
    else:
        refused(case, check)


@pytest.mark.parametrize("case", cases("ledger", "notes"))
def test_notes(case: Case) -> None:
    file = load("ledger")
    policy = parse_policy(document_bytes(resolved("policy", "policies")[0]))
    log = decode_public_key(bytes.fromhex(file["log_key"]))
    data = case["text"].encode()
    if not is_good(case):
        refused(case, lambda: verify_head(data, log, policy.witnesses, file["quorum"]))
        return
    head = verify_head(data, log, policy.witnesses, file["quorum"])
    assert (head.checkpoint.origin, head.checkpoint.size, head.checkpoint.root.hex(), head.time) == (
        case["origin"],
        case["size"],
        case["root"],
        case["time"],
    )
    note = parse_note(data)
    assert note.encode() == data
    assert parse_checkpoint(note.text).text() == note.text
    assert key_id(case["origin"], LOG_TYPE, log).hex() == case["log_key_id"]
    assert cosignatures(note, policy.witnesses) == {line["name"]: line["time"] for line in case["cosignatures"]}
    for line in case["cosignatures"]:
        key = next(witness.key for witness in policy.witnesses if witness.name == line["name"])
        assert key_id(line["name"], WITNESS_TYPE, key).hex() == line["key_id"]
        found = note.find(line["name"], unhex(line, "key_id"))
        assert found is not None
        verify(key, line["message"].encode(), found.signature[8:])


@pytest.mark.parametrize("case", cases("ledger", "medians"))
def test_medians(case: Case) -> None:
    assert median_time(case["times"]) == case["median"]


@pytest.mark.parametrize("case", cases("ledger", "order"))
def test_order_keys(case: Case) -> None:
    assert order_key(case["batch"], unhex(case, "key")) == unhex(case, "hash")
    assert tagged_hash(BATCH_ORDER, case["batch"].to_bytes(4, "big"), unhex(case, "key")) == unhex(case, "hash")


@pytest.mark.parametrize("case", cases("ledger", "orders"))
def test_order_within_batches(case: Case) -> None:
    entries = [parse_entry(data) for data in ledger_entries()]

    def check() -> None:
        order, batch = BatchOrder(), 0
        for index in case["order"]:
            entry = entries[index]
            batch = entry.value["number"] if entry.kind == "batch" else batch
            order.check(entry, batch)

    if is_good(case):
        check()
    else:
        refused(case, check)


@pytest.mark.parametrize("case", cases("ledger", "frames"))
def test_frames(case: Case) -> None:
    data, size = unhex(case, "file"), case["length_bytes"]
    if is_good(case):
        items = [bytes.fromhex(item) for item in case["items"]]
        assert list(unframe(data, size)) == items
        assert b"".join(frame(item, size) for item in items) == data
    else:
        refused(case, lambda: list(unframe(data, size)))


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
    party = _registrar_parties()[case["registrar"] - 1]
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
