# SPDX-License-Identifier: AGPL-3.0-or-later
"""`verifier` against the vectors of specs/vectors: credential, ballot, tally, seats. What is left out, and why, stands in
`test_vectors_verifier.py`.
"""

from __future__ import annotations

import base64
import json
from itertools import combinations

import pytest

from tests.conformance.vectors import Case, canonical_bytes, cases, document_bytes, is_good, load, resolved
from tests.conformance.verifying import (
    EACH_BACKEND,
    ballot_election,
    fake_run,
    label,
    refused,
    unbase64,
    unhex,
)
from verifier import labels, seats, tally
from verifier.answers import check_partial_signatures, read_answer
from verifier.backend import G1, Backend
from verifier.ballots import CHAIN, EnvelopeRules, _bisect, check_envelopes, open_envelope
from verifier.bodies import check_bodies
from verifier.ceremony import read_session
from verifier.compact import Table
from verifier.contents import read_certificate
from verifier.contest import Shape
from verifier.election import match_ballot, match_request
from verifier.encoding import load_canonical_json
from verifier.hashing import sha256, tagged_hash
from verifier.manifest import Contest, parse_manifest
from verifier.opening import OpeningChecks, load_opening
from verifier.requests import check_requests
from verifier.rules import Exclusions
from verifier.signatures import check_key, is_valid
from verifier.suite import GROUP_ORDER

ZEROS = 64 * "0"


def entry(kind: str, **members: str) -> bytes:
    """An entry at the beginning of nothing."""
    return canonical_bytes({"kind": kind, "previous": ZEROS, **members})


def text64(data: bytes) -> str:
    return base64.b64encode(data).decode()


# --- credential.json


@EACH_BACKEND
@pytest.mark.parametrize("case", cases("credential", "members"))
def test_requests(case: Case, backend: Backend) -> None:
    """The message under the credential, the point, the request, its signature, the credential of any three registrars."""
    election, vk = unhex(case, "election"), check_key(unhex(case, "vk"), "vk")
    message = backend.hash_to_g1(labels.CREDENTIAL, election + vk)
    assert backend.g1_encode(message).hex() == case["m"]
    assert backend.g1_encode(backend.g1_multiply(message, int(case["r"], 16))).hex() == case["B"]
    statement, signature = unhex(case, "statement"), unhex(case, "signature")
    raw = entry("request", signature=case["signature"], statement=text64(statement))
    signed = match_request(raw)
    assert signed is not None
    assert (signed.statement, signed.signature) == (statement, signature)
    assert statement.endswith(election + unhex(case, "member") + unhex(case, "B"))
    from nacl.bindings import crypto_sign_seed_keypair

    key = crypto_sign_seed_keypair(unhex(case, "member_seed"))[0]
    assert check_requests(backend.name, [(key, signature, statement), (vk, signature, statement)]) == bytes([0, 4])
    inverse = pow(int(case["r"], 16), -1, GROUP_ORDER)
    shares = {j: backend.g1_decode(bytes.fromhex(point)) for j, point in enumerate(case["S"], 1)}
    for chosen in combinations(shares, load("credential")["threshold"]):
        factors = [factor * inverse % GROUP_ORDER for factor in tally.lagrange(chosen)]
        combined = backend.g1_msm([shares[j] for j in chosen], factors)
        assert backend.g1_encode(combined).hex() == case["sigma"]


@EACH_BACKEND
@pytest.mark.parametrize("case", cases("credential", "credentials"))
def test_credentials(case: Case, backend: Backend) -> None:
    """The equation itself; with its envelope a credential is checked in `test_envelopes`."""
    message = backend.hash_to_g1(labels.CREDENTIAL, unhex(case, "election") + unhex(case, "vk"))
    key = backend.g2_decode(bytes.fromhex(load("credential")["issuing_key"]))
    bad: list[int] = []

    def check() -> None:
        _bisect(backend, key, [(0, backend.g1_decode(unhex(case, "sigma")), message)], bad)

    if case.get("error", "InvalidCredential") == "InvalidCredential":
        check()
        assert bad == ([] if is_good(case) else [0])
    else:
        refused(case, check)


@EACH_BACKEND
@pytest.mark.parametrize("case", cases("credential", "answers"))
def test_answers(case: Case, backend: Backend) -> None:
    share = bytes.fromhex(load("credential")["public_shares"][case["registrar"] - 1])
    points = [bytes.fromhex(point) for point in case["B"]]
    for point in points:
        backend.g1_decode(point)
    body = unbase64(case, "body")
    fits = len(body) == 48 * len(points)
    assert (fits and check_partial_signatures(backend.name, share, b"".join(points), body)) is is_good(case)
    if is_good(case):
        value = json.loads(entry("answer", signature=case["signature"], statement=text64(case["statement"].encode())))
        answer = read_answer(value)
        assert (answer.registrar, answer.count, answer.body) == (case["registrar"], len(points), sha256(body))
        from tests.generate.plain_ceremony import parties

        assert is_valid(
            parties("registrar", 4)[case["registrar"] - 1].signing.public, answer.signature, answer.statement
        )


# --- ballot.json


def bodies_checked(backend: Backend, cases_: list[Case]) -> tuple[bytes, bytes]:
    """Codes and sums of bodies whose hash is the one named."""
    items = []
    for case in cases_:
        body = unbase64(case, "body")
        items.append((body, sha256(body), unhex(case, "vk"), case["seq"], True))
    return check_bodies(backend.name, ballot_election(), items)


@EACH_BACKEND
@pytest.mark.parametrize("case", cases("ballot", "ballots"))
def test_ballots(case: Case, backend: Backend) -> None:
    assert bodies_checked(backend, [case])[0] == bytes([2])
    raw = entry("ballot", envelope=text64(unhex(case, "statement")), signature=case["signature"])
    signed = match_ballot(raw)
    assert signed is not None
    envelope = open_envelope(signed.statement)
    assert (envelope.election, envelope.vk, envelope.credential) == tuple(
        unhex(case, name) for name in ("election", "vk", "credential")
    )
    assert (envelope.seq, envelope.replaces, envelope.body) == (
        case["seq"],
        unhex(case, "replaces"),
        unhex(case, "body_hash"),
    )
    assert envelope.manifest.hex() == load("ballot")["manifest"]
    assert sha256(signed.statement) == unhex(case, "envelope_hash")
    issuing = bytes.fromhex(load("ballot")["issuing_key"])
    assert check_envelopes(backend.name, issuing, [(signed.statement, signed.signature)]) == bytes(1)


@EACH_BACKEND
@pytest.mark.parametrize("case", cases("ballot", "bodies"))
def test_bodies_are_excluded(case: Case, backend: Backend) -> None:
    good = resolved("ballot", "ballots")[0]
    assert (case["rule"], bodies_checked(backend, [case])[0]) == ("B10", bytes([3]))
    if backend.name == "fast":  # together with a good one, which alone is summed
        codes, sums = bodies_checked(backend, [case, good])
        assert (codes, sums) == (bytes([3, 2]), bodies_checked(backend, [good])[1])


def rules(max_revotes: int = 32, roll: bytes = b"") -> EnvelopeRules:
    """The rules for envelopes in the election of the vectors."""
    context, keys = ballot_election(), Table(32, 0)
    for at in range(0, len(roll), 48):
        keys.add(roll[at + 16 : at + 48], b"")
    return EnvelopeRules(
        context.election, context.manifest, 0, max_revotes, keys, frozenset(), Exclusions(), Exclusions()
    )


def decide(state: EnvelopeRules, index: int, batch: int, raw: bytes, backend: Backend | None) -> str | None:
    """What becomes of one envelope; without a backend its signature and credential are taken for good."""
    signed = match_ballot(raw)
    rule, item = state.prepare(signed, "voting", batch)
    code = 0
    if backend is not None and item is not None:
        code = check_envelopes(backend.name, bytes.fromhex(load("ballot")["issuing_key"]), [item])[0]
    state.decide(index, batch, rule, item, code, formed=signed is not None)
    return state.exclusions.rule_of(index)


@EACH_BACKEND
@pytest.mark.parametrize("case", cases("ballot", "envelopes"))
def test_envelopes(case: Case, backend: Backend) -> None:
    raw = entry("ballot", envelope=text64(unhex(case, "statement")), signature=case["signature"])
    state = rules(roll=base64.b64decode(load("register")["roll"]["body"]))
    assert decide(state, 5, 1, raw, backend) == case.get("rule")
    if is_good(case):
        assert bytes(state.status) == bytes([CHAIN])


@pytest.mark.parametrize("case", cases("ballot", "chains"))
def test_chains(case: Case) -> None:
    context = ballot_election()
    state = rules(case["max_revotes"])
    hashes: list[bytes] = []
    for index, step in enumerate(case["steps"]):
        replaces = bytes(32) if step["replaces"] is None else hashes[step["replaces"]]
        fields = (
            context.election,
            context.manifest,
            step["vk"].encode() * 32,
            bytes(48),
            step["seq"].to_bytes(4, "big"),
        )
        statement = labels.ENVELOPE + b"\x00" + b"".join((*fields, replaces, sha256(b"body %d" % index)))
        hashes.append(sha256(statement))
        raw = entry("ballot", envelope=text64(statement), signature=128 * "0")
        assert decide(state, index, step["batch"], raw, None) == step["rule"], f"step {index}"


@EACH_BACKEND
@pytest.mark.parametrize("case", cases("ballot", "openings"))
def test_openings(case: Case, backend: Backend) -> None:
    """O1 to O5 but for the part of O2 that looks at the record."""
    manifest = parse_manifest(canonical_bytes(resolved("manifest", "manifests")[0]["document"]))

    class Passed:
        status = "PASS"

    outcomes = dict.fromkeys((f"V{number:02}" for number in range(1, 25)), Passed())
    run = fake_run(backend, manifest=manifest, outcomes=outcomes)

    def check() -> None:
        checks = OpeningChecks(load_opening(document_bytes(case)), unhex(case, "noted"))
        for step in checks.table():
            step.function(run)

    if is_good(case):
        check()
    else:
        refused(case, check, family=case["error"] == "EncodingError" and case["name"] != "sequence number 0")


# --- tally.json


def encrypted_tally(backend: Backend) -> tally.EncryptedTally:
    data = bytes.fromhex("".join(load("tally")["sums"]["uncleared"]))
    return tally.clear(backend, backend.g1_decode_curves(data))


@EACH_BACKEND
def test_sums_of_ballots(backend: Backend) -> None:
    expected = load("tally")["sums"]
    chosen = [case for case in resolved("ballot", "ballots") if case["name"] in expected["of"]]
    codes, sums = bodies_checked(backend, chosen)
    assert (codes, sums.hex()) == (bytes([2] * len(chosen)), "".join(expected["uncleared"]))
    found = encrypted_tally(backend)
    encoded = b"".join(backend.g1_encode(p) for pair in zip(found.a, found.b, strict=True) for p in pair)
    assert (encoded.hex(), found.digest.hex()) == (expected["encrypted_tally"], expected["sum"])


@EACH_BACKEND
@pytest.mark.parametrize("case", cases("tally", "marks"))
def test_marks(case: Case, backend: Backend) -> None:
    point = backend.g1_decode(unhex(case, "point"), identity=True)
    assert tally.is_total(backend, point, case["m"])
    assert not tally.is_total(backend, point, case["m"] + 1)
    if case["m"] <= 100:
        assert tally.search_totals(backend, [point], 100) == [case["m"]]


@EACH_BACKEND
@pytest.mark.parametrize("case", cases("tally", "decryptions"))
def test_decryptions(case: Case, backend: Backend) -> None:
    closing, body = bytes.fromhex(load("tally")["closing"]), unbase64(case, "body")
    decryption = tally.Decryption(unhex(case, "election"), closing, case["trustee"], sha256(body), b"", b"")

    def check() -> tuple[G1, ...]:
        return tally.check_decryption(backend, encrypted_tally(backend), unhex(case, "public_share"), decryption, body)

    if not is_good(case):
        refused(case, check, family=False)
        return
    points = check()
    assert b"".join(map(backend.g1_encode, points)) == body[: 48 * len(points)]
    value = json.loads(entry("decryption", signature=case["signature"], statement=text64(case["statement"].encode())))
    read = tally.read_decryption(value)
    assert (read.election, read.closing, read.trustee, read.body) == (
        decryption.election,
        closing,
        case["trustee"],
        sha256(body),
    )
    session = read_session(
        load_canonical_json(load("key-ceremony")["sessions"][0]["descriptor"].encode()), "x", "trustee"
    )
    assert is_valid(session.keys[case["trustee"] - 1], read.signature, read.statement)


@EACH_BACKEND
def test_results_by_every_subset_of_trustees(backend: Backend) -> None:
    expected, found = load("tally")["results"], encrypted_tally(backend)
    points = {}
    for case in resolved("tally", "decryptions"):
        if is_good(case):
            body = unbase64(case, "body")
            places = range(0, 48 * len(found.a), 48)
            points[case["trustee"]] = tuple(backend.g1_decode(body[at : at + 48], identity=True) for at in places)
    assert len(points) > expected["threshold"]
    for chosen in combinations(points, expected["threshold"]):
        results = tally.combine(backend, found, {j: points[j] for j in chosen}, expected["threshold"])
        assert [backend.g1_encode(point).hex() for point in results] == expected["R"]
        assert tally.search_totals(backend, results, expected["counted"]) == [
            m for contest in expected["totals"] for m in contest
        ]


@EACH_BACKEND
@pytest.mark.parametrize("case", cases("tally", "draws"))
def test_draws(case: Case, backend: Backend) -> None:
    election, key = unhex(case, "election"), unhex(case, "standing_key")
    value = json.loads(
        canonical_bytes(
            {
                "contest": case["contest"],
                "kind": "draw",
                "options": case["options"],
                "previous": ZEROS,
                "signature": case["Z"],
            }
        )
    )

    def holds() -> bool:
        return seats.is_valid_draw(backend, key, election, seats.read_draw(value, backend))

    if case.get("error") == "VerificationError":
        assert not holds()
        return
    if not is_good(case):
        refused(case, holds)
        return
    assert holds()
    message = seats.draw_message(election, case["contest"], case["options"])
    assert backend.g1_encode(backend.hash_to_g1(labels.LOTTERY_DRAW, message)).hex() == case["message"]
    assert seats.drawn_order(unhex(case, "Z"), case["options"]) == case["order"]
    for option, expected in case["keys"].items():
        name = label("VECHE-V1-DRAW-ORDER")
        assert tagged_hash(name, unhex(case, "Z"), int(option).to_bytes(2, "big")).hex() == expected


def test_certificate() -> None:
    expected = load("tally")["certificate"]
    data, document = canonical_bytes(expected["document"]), expected["document"]
    assert sha256(data).hex() == expected["hash"]
    certificate = read_certificate(data, bytes.fromhex(document["election"]))
    assert (certificate.closing.hex(), certificate.counted) == (document["closing"], document["counted"])
    assert [list(contest.totals) for contest in certificate.contests] == [c["totals"] for c in document["contests"]]
    assert [list(pair) for pair in certificate.excluded] == document["excluded"]


# --- seats.json


@pytest.mark.parametrize("case", cases("seats", "cases"))
def test_seats(case: Case) -> None:
    text = (("en", "x"),)
    count = len(case["totals"])
    contest = Contest(text, (text,) * count, Shape(count, 0, count), case["seats"], case["tie"], case["zero_votes_win"])
    standing = seats.stand(contest, case["totals"])
    assert standing == seats.Standing(tuple(case["elected"]), tuple(case["tied"]), case["open_seats"])
    assert seats.needs_draw(contest, standing) == (case["draw"] is not None)
    assert seats.margin(contest, standing, case["totals"], case["elected_after_draw"]) == case["margin"]
