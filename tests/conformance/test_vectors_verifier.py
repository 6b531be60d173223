# SPDX-License-Identifier: AGPL-3.0-or-later
"""`verifier` against the vectors of specs/vectors: encodings, hashes, proofs, the contest's proof, ceremonies.

With both of its backends wherever there is arithmetic. What the verifier has no function for, and so is not run:

| file | family | because |
|---|---|---|
| hashing | `hedge` | randomness of provers |
| proofs, contest-proof, key-ceremony, credential, receipt | how bytes are made (`k`, `t`, `r`, `a`, seeds) | it makes nothing |
| contest-proof | `bits`; `points`, `f` beyond what the decoder returns | provers choose them |
| contest-proof | `statements_refused`: the limit of options | of the manifest, which `test_vectors_verifier_ledgers.py` has |
| key-ceremony | `sealing_secrets`, `shares`, `secret_shares` | it opens no seal and holds no share |
| credential | `voting_secret`, `r`; `S` combined to `sigma` | members do that |
| receipt | codes made from promises | it reads them |
| ledger | `consistency` | it has all entries and recomputes roots; there is nothing to prove |
| ledger | `medians` on their own | the median is taken where cosignatures are read: `notes` has it |

`test_vectors_verifier_election.py` has credential, ballot, tally, seats; `test_vectors_verifier_ledgers.py` policy, manifest,
register, ledger, receipt.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.vectors import VECTORS, Case, cases, excluded_message, is_good, load, resolved
from tests.conformance.verifying import EACH_BACKEND, label, refused, unbase64, unhex
from verifier import tally
from verifier.backend import Backend
from verifier.ceremony import Ceremony, DerivedKeys, Session, read_session
from verifier.contest import (
    ElectionContext,
    Proof,
    Shape,
    _decode_contest,
    decode_body,
    generators,
    verify_batch,
    verify_single,
)
from verifier.encoding import Fields, canonical_json, decode_base64, decode_hex, load_canonical_json, load_json
from verifier.errors import BrokenError
from verifier.hashing import Transcript, expand_message_xmd, hash_to_scalar, tagged_hash
from verifier.proofs import decode_scalar, verify_equality, verify_schnorr
from verifier.readiness import ReadinessRules
from verifier.signatures import check_key, is_valid, read_seal, require_valid
from verifier.suite import COFACTOR, SCALAR_BYTES
from verifier.texts import check_clean, skeleton

# --- encodings.json


@pytest.mark.parametrize("case", cases("encodings", "json"))
def test_json(case: Case) -> None:
    data = unhex(case, "bytes")
    if not is_good(case):
        refused(case, lambda: load_json(data))
        refused(case, lambda: load_canonical_json(data))
        return
    assert canonical_json(load_json(data)) == unhex(case, "canonical")
    assert load_canonical_json(unhex(case, "canonical")) == load_json(data)
    if data != unhex(case, "canonical"):
        refused(case, lambda: load_canonical_json(data))


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
    else:
        refused(case, lambda: decode_base64(case["text"], "x"))


@pytest.mark.parametrize("case", cases("encodings", "texts"))
def test_texts(case: Case) -> None:
    if is_good(case):
        assert check_clean(case["text"], "x") == case["text"]
    else:
        refused(case, lambda: check_clean(case["text"], "x"))


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
        assert decode_scalar(data, "x").to_bytes(SCALAR_BYTES, "big") == data
    else:
        refused(case, lambda: decode_scalar(data, "x"))


@EACH_BACKEND
@pytest.mark.parametrize("case", cases("encodings", "g1"))
def test_points_of_g1(case: Case, backend: Backend) -> None:
    data = unhex(case, "bytes")
    if not is_good(case):
        refused(case, lambda: backend.g1_decode(data))
        return
    point = backend.g1_decode(data, identity=case.get("allow_identity", False))
    assert backend.g1_encode(point) == data
    assert backend.g1_equal(backend.g1_decode_again(data), point)
    if "xy" in case:
        assert backend.g1_encode_curve(point) == unhex(case, "xy")


@EACH_BACKEND
@pytest.mark.parametrize("case", cases("encodings", "g2"))
def test_points_of_g2(case: Case, backend: Backend) -> None:
    data = unhex(case, "bytes")
    if is_good(case):
        assert backend.g2_encode(backend.g2_decode(data)) == data
    else:
        refused(case, lambda: backend.g2_decode(data))


@EACH_BACKEND
@pytest.mark.parametrize("case", cases("encodings", "uncompressed"))
def test_uncompressed_points(case: Case, backend: Backend) -> None:
    data = unhex(case, "bytes")
    if is_good(case):
        assert backend.g1_encode_curve(backend.g1_decode_curve(data)) == data
        assert [backend.g1_encode_curve(point) for point in backend.g1_decode_curves(data * 2)] == [data] * 2
    else:
        refused(case, lambda: backend.g1_decode_curve(data))


@EACH_BACKEND
@pytest.mark.parametrize("case", cases("encodings", "clearing"))
def test_clearing(case: Case, backend: Backend) -> None:
    point = backend.g1_multiply(backend.g1_decode_curve(unhex(case, "bytes")), COFACTOR)
    assert backend.g1_encode(point) == unhex(case, "cleared")


@pytest.mark.parametrize("case", cases("encodings", "ed25519_keys"))
def test_ed25519_keys(case: Case) -> None:
    if is_good(case):
        assert check_key(unhex(case, "bytes"), "x") == unhex(case, "bytes")
    else:
        refused(case, lambda: check_key(unhex(case, "bytes"), "x"))


@pytest.mark.parametrize("case", cases("encodings", "x25519_keys"))
def test_x25519_keys(case: Case) -> None:
    fields = Fields({"seal": case["bytes"]}, ("seal",), "x")
    if is_good(case):
        assert read_seal(fields, "seal") == unhex(case, "bytes")
    else:
        refused(case, lambda: read_seal(fields, "seal"))


@pytest.mark.parametrize("case", cases("encodings", "signatures"))
def test_signatures(case: Case) -> None:
    """Keys are read before anything is verified under them, and signatures have their size."""
    key, message, signature = (unhex(case, name) for name in ("key", "message", "signature"))

    def check() -> None:
        decode_hex(signature.hex(), 64, "signature")
        require_valid(check_key(key, "key"), signature, message, "x")

    if is_good(case):
        check()
        assert is_valid(key, signature, message)
    else:
        refused(case, check, family=False)


# --- hashing.json


@pytest.mark.parametrize("case", cases("hashing", "tagged_hash"))
def test_tagged_hash(case: Case) -> None:
    assert tagged_hash(label(case["label"]), *map(bytes.fromhex, case["fields"])) == unhex(case, "hash")
    assert hashlib.sha256(unhex(case, "input")).digest() == unhex(case, "hash")


@pytest.mark.parametrize("case", cases("hashing", "hash_to_scalar"))
def test_hash_to_scalar(case: Case) -> None:
    name, message = label(case["label"]), unhex(case, "message")
    assert expand_message_xmd(message, name + b"_XMD:SHA-256_", 48) == unhex(case, "expanded")
    assert hash_to_scalar(name, message) == int(case["scalar"], 16)


@EACH_BACKEND
@pytest.mark.parametrize("case", cases("hashing", "hash_to_g1"))
def test_hash_to_g1(case: Case, backend: Backend) -> None:
    point = backend.hash_to_g1(label(case["label"]), unhex(case, "message"))
    assert (backend.g1_encode(point), backend.g1_encode_curve(point)) == (unhex(case, "point"), unhex(case, "xy"))


@pytest.mark.parametrize("case", cases("hashing", "transcript"))
def test_transcript(case: Case) -> None:
    transcript = Transcript(label(case["label"]))
    for step in case["steps"]:
        if "absorb" in step:
            transcript.absorb(unhex(step, "absorb"))
        else:
            assert transcript.challenge(label(step["challenge"])) == int(step["scalar"], 16)


# --- proofs.json


@EACH_BACKEND
@pytest.mark.parametrize("case", cases("proofs", "schnorr"))
def test_schnorr(case: Case, backend: Backend) -> None:
    name, context = label(case["label"]), unhex(case, "context")

    def check() -> None:
        verify_schnorr(backend, name, context, unhex(case, "P"), unhex(case, "proof"), "x")

    if is_good(case):
        check()
    else:
        refused(case, check)


@EACH_BACKEND
@pytest.mark.parametrize("case", cases("proofs", "equality"))
def test_equality(case: Case, backend: Backend) -> None:
    results = b"".join(bytes.fromhex(point) for point in case["D"])

    def check() -> tuple[Any, ...]:
        bases = [backend.g1_decode(bytes.fromhex(point), identity=True) for point in case["A"]]
        return verify_equality(
            backend, unhex(case, "context"), unhex(case, "P"), bases, results, unhex(case, "proof"), "x"
        )

    if is_good(case):
        assert b"".join(map(backend.g1_encode, check())) == results
    else:
        with pytest.raises((BrokenError, ValueError)):  # ValueError: a proof about nothing
            check()


# --- contest-proof.json


@pytest.mark.parametrize("case", cases("contest-proof", "slack"))
def test_slack(case: Case) -> None:
    d = case["d"]
    assert list(Shape(max(d, 1), 0, d).weights()) == [1] * max(d, 1) + case["weights"]


@EACH_BACKEND
def test_contest_generators(backend: Backend) -> None:
    given = dict(load("contest-proof")["generators"])
    count = max(int(name[1:]) for name in given if name != "H")
    h, k, big_h = generators(backend.name, count)
    assert backend.g1_encode_curve(big_h).hex() == given.pop("H")
    assert given
    for name, expected in given.items():
        assert backend.g1_encode_curve({"H": h, "K": k}[name[0]][int(name[1:]) - 1]).hex() == expected


@pytest.mark.parametrize(
    "case", [case for case in cases("contest-proof", "statements_refused") if case.values[0]["n"] <= 1000]
)
def test_contest_statements_are_refused(case: Case) -> None:
    with pytest.raises(ValueError, match="a contest of"):
        Shape(case["n"], case["min"], case["max"])


def contest_of(case: Case, backend: Backend) -> tuple[ElectionContext, tuple[Proof, ...]]:
    """The proof of the case as a body of one contest, or behind the verifier's own door for later contests."""
    shape, number = Shape(case["n"], case["min"], case["max"]), case["contest"]
    context = ElectionContext(unhex(case, "manifest"), unhex(case, "election"), unhex(case, "Y"), (shape,))
    vk, seq, data = unhex(case, "vk"), case["seq"], unbase64(case, "bytes")
    if number == 0:
        return context, decode_body(backend, context, vk, seq, data)
    longer = ElectionContext(context.manifest, context.election, context.tally_key, (shape,) * (number + 1))
    return context, (_decode_contest(backend, longer, number, vk, seq, data),)


@EACH_BACKEND
@pytest.mark.parametrize("case", cases("contest-proof", "proofs"))
def test_contest_proofs_single_and_batch(case: Case, backend: Backend) -> None:
    if case.get("error") == "EncodingError":
        refused(case, lambda: contest_of(case, backend))
        return
    context, proofs = contest_of(case, backend)
    assert verify_single(backend, context, proofs) is is_good(case)
    assert verify_batch(backend, context, [proofs, proofs]) == [is_good(case)] * 2
    if "f" in case and is_good(case) and "of" not in case:
        (proof,) = proofs
        found = (proof.w, proof.x, proof.z_rho, proof.z_r, *proof.responses)
        assert found == tuple(int(text, 16) for text in (*(case[n] for n in ("w", "x", "z_rho", "z_r")), *case["f"]))
        assert list(proof.weights) == case["weights"]


# --- key-ceremony.json


@pytest.mark.parametrize("case", cases("key-ceremony", "lagrange"))
def test_lagrange(case: Case) -> None:
    found = tally.lagrange(case["indices"])
    assert dict(zip(map(str, case["indices"]), found, strict=True)) == {
        j: int(text, 16) for j, text in case["coefficients"].items()
    }


def session_of(case: Case) -> Session:
    return read_session(load_canonical_json(case["descriptor"].encode()), "x", "registrar", "trustee", "lottery")


def replay(case: Case, backend: Backend, count: int | None = None, first: Case | None = None) -> Ceremony:
    ceremony = Ceremony(session_of(case), unhex(case, "scope"), backend)
    for number, message in enumerate(case["messages"][:count]):
        chosen = first if first and number == 0 else message
        ceremony.offer(chosen["statement"].encode(), unhex(chosen, "signature"))
    return ceremony


@EACH_BACKEND
@pytest.mark.parametrize("case", cases("key-ceremony", "sessions"))
def test_ceremonies(case: Case, backend: Backend) -> None:
    ceremony = replay(case, backend)
    assert ceremony.session.canonical.decode() == case["descriptor"]
    assert (ceremony.session_id, ceremony.is_complete) == (unhex(case, "session_id"), True)
    assert ceremony.transcript() == unhex(case, "transcript")
    derived = ceremony.derive_keys()
    assert derived.key.hex() == case["public"]
    assert [share.hex() for share in derived.shares] == case["public_shares"]


@EACH_BACKEND
@pytest.mark.parametrize("case", cases("key-ceremony", "excluded"))
def test_excluded_ceremony_messages(case: Case, backend: Backend) -> None:
    sessions = list(resolved("key-ceremony", "sessions"))
    ceremony = replay(sessions[0], backend, case["after"], case.get("first"))
    before = (ceremony.round, ceremony.accepted, ceremony.culprits(), ceremony.transcript())
    statement, signature = excluded_message(case, sessions)
    refused(case, lambda: ceremony.offer(statement, signature), family=False)
    assert (ceremony.round, ceremony.accepted, ceremony.culprits(), ceremony.transcript()) == before


def keys_of_roles(backend: Backend) -> tuple[dict[str, Session], dict[str, DerivedKeys]]:
    """The trustees' keys from their session; the registrars' from the numbers of credential.json."""
    from tests.generate.plain_ceremony import parties

    trustees = replay(resolved("key-ceremony", "sessions")[0], backend)
    file = load("credential")
    descriptor = {
        "role": "registrar",
        "number": 1,
        "threshold": file["threshold"],
        "parties": [party.json() for party in parties("registrar", 4)],
        "culprits": [],
    }
    shares = tuple(bytes.fromhex(share) for share in file["public_shares"])
    return (
        {"registrar": read_session(descriptor, "x", "registrar"), "trustee": trustees.session},
        {
            "registrar": DerivedKeys(bytes.fromhex(file["issuing_key"]), shares),
            "trustee": trustees.derive_keys(),
        },
    )


@EACH_BACKEND
def test_readiness(backend: Backend) -> None:
    sessions, derived = keys_of_roles(backend)
    for case in resolved("key-ceremony", "readiness"):
        rules = ReadinessRules(backend, unhex(case, "election"), sessions, derived)
        entry = {
            "kind": "readiness",
            "previous": "00" * 32,
            "signature": case["signature"],
            "statement": base64.b64encode(case["statement"].encode()).decode(),
        }
        rules.take(7, entry, unhex(case, "manifest"))
        excluded = [tuple(pair) for pair in rules.exclusions]
        assert excluded == ([] if is_good(case) else [(7, "P1")]), case["name"]
        if is_good(case):
            assert rules.ready(unhex(case, "manifest"), case["role"], 8) == (case["party"],)


def test_every_family_of_the_vectors_is_used_or_in_the_table() -> None:
    """Lists of cases by the name that `cases`, `resolved` or `load` gets; the rest stands in the table of this file."""
    folder = Path(__file__).parent
    source = "".join(path.read_text("utf-8") for path in sorted(folder.glob("test_vectors_verifier*.py")))
    left_out = set(re.findall(r"^\| ([a-z-]+) \| `([a-z_]+)`", __doc__ or "", re.MULTILINE))
    families = {
        (path.stem, family)
        for path in VECTORS.glob("*.json")
        for family, value in load(path.stem).items()
        if isinstance(value, list) and value and isinstance(value[0], dict)
    }
    used = set(re.findall(r'(?:cases|resolved)\("([a-z-]+)", "([a-z_0-9]+)"', source))
    used |= set(re.findall(r'load\("([a-z-]+)"\)\["([a-z_0-9]+)"\]', source))
    assert used > {("ledger", "notes"), ("register", "entries")}
    inside = {("ballot", "contests"), ("ledger", "witnesses"), ("register", "members")}
    unused = families - used - inside  # what is inside other cases' tests is read there as `file[..]`
    assert unused == {("hashing", "hedge"), ("ledger", "consistency"), ("ledger", "medians")}
    assert unused <= left_out
