# SPDX-License-Identifier: AGPL-3.0-or-later
"""`crypto` against specs/vectors: ceremonies, policies, manifests, the register, ledgers."""

from __future__ import annotations

import pytest

from crypto.encoding.members import encode_base64
from crypto.encoding.strict_json import dumps
from crypto.group import (
    decode_scalar,
    encode_scalar,
    lagrange_at_zero,
)
from crypto.hashing import tagged_hash
from crypto.labels import BATCH_ORDER
from crypto.ledger.checkpoint import cosignatures, median_time, parse_checkpoint, verify_head
from crypto.ledger.framing import frame, unframe
from crypto.ledger.merkle import Tree, leaf_hash, verify_consistency, verify_inclusion
from crypto.ledger.note import LOG_TYPE, WITNESS_TYPE, key_id, parse_note
from crypto.proofs import schnorr
from crypto.protocol.entry import Chain, parse_entry
from crypto.protocol.manifest import parse_manifest
from crypto.protocol.order import BatchOrder, order_key
from crypto.protocol.policy import parse_policy
from crypto.protocol.register_rules import Register
from crypto.secret import Secret
from crypto.sharing import party as party_module
from crypto.sharing.ceremony import DerivedKey, SignedMessage, encode_transcript, share_fits
from crypto.sharing.party import CeremonyParty, SecretShare
from crypto.sharing.polynomial import evaluate
from crypto.sharing.readiness import check_readiness
from crypto.sharing.session import encode_point
from crypto.signing import SigningKey, UnsealKey, decode_public_key, verify
from tests.conformance.computing import Case, FixedScalars, refused, replay, session_of, unhex
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

# --- key-ceremony.json


@pytest.mark.parametrize("case", cases("key-ceremony", "lagrange"))
def test_lagrange(case: Case) -> None:
    coefficients = lagrange_at_zero(case["indices"])
    assert {str(j): encode_scalar(value).hex() for j, value in coefficients.items()} == case["coefficients"]


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
