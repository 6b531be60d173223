# SPDX-License-Identifier: AGPL-3.0-or-later
"""`verifier` against the vectors of specs/vectors: policy, manifest, register, ledger, receipt. What is left out, and why,
stands in `test_vectors_verifier.py`.
"""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.conformance.vectors import (
    Case,
    canonical_bytes,
    cases,
    document_bytes,
    is_good,
    load,
    resolved,
    transcript_body,
)
from tests.conformance.verifying import EACH_BACKEND, fake_run, framed, refused, source, unhex
from verifier import labels
from verifier.backend import Backend
from verifier.ceremony import Ceremony
from verifier.checks_register import check_key_changes
from verifier.election import ElectionScan
from verifier.encoding import load_canonical_json
from verifier.errors import BrokenError, EncodingError, EvidenceMissingError, RuleError
from verifier.hashing import sha256, tagged_hash
from verifier.manifest import check_limits, parse_manifest
from verifier.members import _MEMBER, Fold, Member, make_roll
from verifier.merkle import Tree, leaf_hash, verify_inclusion
from verifier.notes import cosignatures, log_signature, parse_checkpoint, require_claims
from verifier.policy import Policy, load_safe_policy
from verifier.receipt import ReceiptChecks, load_receipt, read_promise
from verifier.record import Bodies
from verifier.register import RegisterScan
from verifier.signatures import is_valid, require_valid

# --- policy.json, manifest.json


def policy() -> Policy:
    return load_safe_policy(document_bytes(resolved("policy", "policies")[0]))


@pytest.mark.parametrize("case", cases("policy", "policies"))
def test_policies(case: Case) -> None:
    if not is_good(case):
        refused(case, lambda: load_safe_policy(document_bytes(case)), family=False)
        return
    found = load_safe_policy(document_bytes(case))
    assert found.fingerprint == sha256(canonical_bytes(case["document"]))
    if "of" not in case:
        assert found.fingerprint == unhex(case, "fingerprint")


@pytest.mark.parametrize("case", cases("manifest", "manifests"))
def test_manifests(case: Case) -> None:
    data = canonical_bytes(case["document"])
    if not is_good(case):
        refused(case, lambda: check_limits(parse_manifest(data)), family=False)
        return
    manifest = parse_manifest(data)
    check_limits(manifest)
    if "of" not in case:
        assert (manifest.digest, manifest.context().body_bytes) == (unhex(case, "digest"), case["body_bytes"])
        assert len(data) == case["bytes"]


# --- register.json


def fold_register(texts: list[str], backend: Backend) -> tuple[RegisterScan, Fold]:
    """V03, V07, V08 and changes of the log's key over these entries, every signature verified at once."""
    entries = [text.encode() for text in texts]
    scan = RegisterScan()
    scan.run(framed(entries))
    if scan.problem is not None:
        raise EncodingError(scan.problem)

    def collect(key: bytes, signature: bytes, statement: bytes, where: str, member: bool) -> None:
        require_valid(key, signature, statement, where)

    trusted = policy()
    check_key_changes(scan, trusted.register_origin, trusted.register_key, trusted)
    changes = {change.index: change.key for change in scan.key_changes}
    fold = Fold(trusted, backend, collect)
    for index, raw in enumerate(entries):
        kind = scan.KINDS[scan.kinds[index]]
        if index in changes:
            fold.take_key_change(changes[index])
        elif kind not in ("register", "batch"):
            fold.take(index, kind, raw, scan.batch_of(index))
    if fold.member_problem is not None:
        raise RuleError(fold.member_problem)
    return scan, fold


def register_texts(count: int | None = None) -> list[str]:
    return [item["text"] for item in load("register")["entries"][:count]]


@EACH_BACKEND
def test_register_fold_and_roll(backend: Backend) -> None:
    file = load("register")
    scan, fold = fold_register(register_texts(), backend)
    assert [scan.KINDS[code] for code in scan.kinds] == [item["kind"] for item in file["entries"]]
    assert [sha256(text.encode()).hex() for text in register_texts()] == [item["hash"] for item in file["entries"]]
    rows = sorted(range(fold.members.count), key=fold.members.key)
    members = [Member(*_MEMBER.unpack(fold.members.value(row))) for row in rows]
    names = ("active", "suspended", "left")
    assert [
        {
            "member": fold.members.key(row).hex(),
            "key": member.key.hex(),
            "admitted_in_batch": member.admitted,
            "status": names[member.status],
        }
        for row, member in zip(rows, members, strict=True)
    ] == file["members"]
    expected = file["roll"]
    assert list(fold.announcements) == [bytes.fromhex(file["election"])]
    _, then = fold_register(register_texts(expected["size"]), backend)
    roll = make_roll(then, then.announcements[bytes.fromhex(file["election"])], ())
    assert (base64.b64encode(roll.body).decode(), sha256(roll.body).hex(), roll.root.hex()) == (
        expected["body"],
        expected["digest"],
        expected["root"],
    )


@EACH_BACKEND
def test_standing_key_of_the_register(backend: Backend) -> None:
    file = load("register")
    session = next(case for case in load("key-ceremony")["sessions"] if case["name"] == file["transcript_of"])
    _, fold = fold_register(register_texts(), backend)
    assert fold.standing is not None
    body = transcript_body(session)
    assert sha256(body) == fold.standing.transcript
    scope = sha256(policy().register_origin.encode("ascii"))
    ceremony = Ceremony(fold.standing.session, scope, backend)
    for message in load_canonical_json(body)["messages"]:
        ceremony.offer(base64.b64decode(message["statement"]), bytes.fromhex(message["signature"]))
    assert ceremony.derive_keys().key == fold.standing.key


@pytest.mark.parametrize("case", cases("register", "refused"))
def test_register_entries_are_refused(case: Case) -> None:
    from verifier.backend import load_backend

    before = register_texts(case["after"])
    fold_register(before, load_backend("fast"))
    texts = [*before, case["text"]]
    if "first" in case:
        texts.insert(len(before), case["first"])
        fold_register(texts[:-1], load_backend("fast"))
    with pytest.raises(BrokenError):
        fold_register(texts, load_backend("fast"))


# --- ledger.json


def ledger_entries() -> list[bytes]:
    return [item["text"].encode() for item in load("ledger")["entries"]]


def scanned(entries: list[bytes], sizes: tuple[int, ...] = ()) -> ElectionScan:
    scan = ElectionScan(sizes)
    scan.run(framed(entries))
    return scan


def test_ledger_entries() -> None:
    scan = scanned(ledger_entries())
    assert (scan.problem, scan.order_problem, scan.count) == (None, None, len(ledger_entries()))
    for item in load("ledger")["entries"]:
        data = item["text"].encode()
        assert (sha256(data).hex(), leaf_hash(data).hex()) == (item["hash"], item["leaf_hash"])


@pytest.mark.parametrize("case", cases("ledger", "entries_refused"))
def test_ledger_entries_are_refused(case: Case) -> None:
    scan = scanned([*ledger_entries()[: case["index"]], case["text"].encode()])
    assert scan.count == case["index"]
    assert (scan.problem or "").startswith(f"entry {case['index']}: ")


@pytest.mark.parametrize("case", cases("ledger", "roots"))
def test_roots(case: Case) -> None:
    tree = Tree()
    for data in ledger_entries()[: case["size"]]:
        tree.append(leaf_hash(data))
    assert (tree.size, tree.root().hex()) == (case["size"], case["root"])
    if case["size"]:
        assert scanned(ledger_entries(), (case["size"],)).roots[case["size"]].hex() == case["root"]


@pytest.mark.parametrize("case", cases("ledger", "inclusion"))
def test_inclusion_proofs(case: Case) -> None:
    root = next((item["root"] for item in load("ledger")["roots"] if item["size"] == case["size"]), None)
    assert root is not None
    proof = [bytes.fromhex(node) for node in case["proof"]]

    def check() -> None:
        verify_inclusion(unhex(case, "leaf"), case["index"], case["size"], proof, bytes.fromhex(root))

    if is_good(case):
        check()
    else:
        refused(case, check)


@pytest.mark.parametrize("case", cases("ledger", "notes"))
def test_notes(case: Case) -> None:
    file, trusted = load("ledger"), policy()
    assert trusted.witness_quorum == file["quorum"]
    assert {w.name: w.key.hex() for w in trusted.witnesses} == {w["name"]: w["key"] for w in file["witnesses"]}
    origin = resolved("ledger", "notes")[0]["origin"]

    def check() -> int:
        checkpoint = parse_checkpoint(case["text"].encode())
        claims, time = cosignatures(checkpoint, trusted)
        claims.append(log_signature(checkpoint, bytes.fromhex(file["log_key"])))
        require_claims(claims, "note")
        return time

    if not is_good(case):
        refused(case, check, family=False)
        return
    assert check() == case["time"]
    checkpoint = parse_checkpoint(case["text"].encode())
    assert (checkpoint.origin, checkpoint.size, checkpoint.root.hex()) == (origin, case["size"], case["root"])
    key_ids = {(name, identity.hex()) for name, identity, _ in checkpoint.lines}
    assert (origin, case["log_key_id"]) in key_ids
    keys = {witness.name: witness.key for witness in trusted.witnesses}
    for line in case["cosignatures"]:
        (data,) = [
            d for name, identity, d in checkpoint.lines if (name, identity.hex()) == (line["name"], line["key_id"])
        ]
        assert int.from_bytes(data[:8], "big") == line["time"]
        assert is_valid(keys[line["name"]], data[8:], line["message"].encode())


@pytest.mark.parametrize("case", cases("ledger", "order"))
def test_order_keys(case: Case) -> None:
    found = tagged_hash(labels.BATCH_ORDER, case["batch"].to_bytes(4, "big"), unhex(case, "key"))
    assert found == unhex(case, "hash")


@pytest.mark.parametrize("case", cases("ledger", "orders"))
def test_order_within_batches(case: Case) -> None:
    """The chain apart: each entry is read as if the one that it names stood before it."""
    scan, entries = ElectionScan(), ledger_entries()

    def check() -> None:
        for place, index in enumerate(case["order"]):
            previous = load_canonical_json(entries[index])["previous"]
            scan.kinds.append(scan.read_entry(place, entries[index], previous))
        if scan.order_problem is not None:
            raise RuleError(scan.order_problem)

    if is_good(case):
        check()
    else:
        refused(case, check)


@pytest.mark.parametrize("case", cases("ledger", "frames"))
def test_frames(case: Case) -> None:
    file = source(unhex(case, "file"))

    def read() -> list[bytes]:
        if case["length_bytes"] == 2:
            return list(file.frames())
        bodies = Bodies(file)
        for item in case["items"]:
            bodies.resolve(sha256(bytes.fromhex(item)))
        assert bodies.resolved == len(bodies)
        return [bodies.read(sha256(bytes.fromhex(item))) for item in case["items"]]

    if is_good(case):
        assert [item.hex() for item in read()] == case["items"]
    else:
        refused(case, lambda: list(file.frames()) if case["length_bytes"] == 2 else Bodies(file))


# --- receipt.json


@pytest.mark.parametrize("case", cases("receipt", "promises"))
def test_promises(case: Case) -> None:
    key = bytes.fromhex(load("receipt")["promise_key"])

    def check() -> None:
        promise = load_receipt(document_bytes(case)).promise
        require_valid(key, promise.signature, promise.statement(), "promise")

    if is_good(case):
        check()
        assert load_receipt(document_bytes(case)).promise.statement() == unhex(case, "statement")
    else:
        refused(case, check)


@pytest.mark.parametrize("case", cases("receipt", "receipts"))
def test_receipts(case: Case) -> None:
    """R1 to R3."""
    run: Any = fake_run(pinned=policy(), policy=policy())

    def check() -> None:
        checks = ReceiptChecks(load_receipt(document_bytes(case)))
        for step in checks.table()[:3]:
            step.function(run)

    if is_good(case):
        check()
    else:
        refused(case, check, family=False)


def test_receipt_without_policy_is_open() -> None:
    """The doubles of this file do not let through what they should not."""
    checks = ReceiptChecks(load_receipt(document_bytes(resolved("receipt", "receipts")[0])))
    with pytest.raises(EvidenceMissingError):
        checks.table()[1].function(fake_run())


@pytest.mark.parametrize("case", cases("receipt", "codes"))
def test_receipt_codes(case: Case) -> None:
    if not is_good(case):
        refused(case, lambda: load_receipt(case["code"].encode()))
        return
    found = load_receipt(case["code"].encode())
    assert found.promise == read_promise(case["promise"])
    assert found.index == case["index"]
    assert (found.entry, found.checkpoint) == (None, None)
