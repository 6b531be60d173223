# SPDX-License-Identifier: AGPL-3.0-or-later
"""`crypto` against specs/vectors: encodings, hashing, proofs, contest proofs."""

from __future__ import annotations

from typing import Any

import pytest

from crypto import errors
from crypto.encoding.members import decode_base64, decode_hex, encode_base64
from crypto.encoding.strict_json import dumps, loads, loads_canonical
from crypto.encoding.text import check_string, skeleton
from crypto.group import (
    clear,
    decode_g1,
    decode_g2,
    decode_scalar,
    decode_uncleared,
    encode_g1,
    encode_g2,
    encode_scalar,
    encode_uncleared,
)
from crypto.hashing import Hedge, expand_message, hash_to_g1, hash_to_scalar, tagged_hash
from crypto.labels import Label, registered
from crypto.proofs import chaum_pedersen, contest_verifier, schnorr
from crypto.proofs.contest import BallotContext, Shape, blinding_generator, generators
from crypto.proofs.contest_prover import ContestProver
from crypto.secret import Secret
from crypto.signing import PublicKey, decode_public_key, decode_seal_key, verify
from crypto.transcript import Transcript
from tests.conformance.computing import Case, FixedScalars, refused, unbase64, unhex
from tests.conformance.vectors import (
    cases,
    is_good,
    load,
)


def label(name: str) -> Label:
    return next(known for known in registered() if known == name.encode())


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
