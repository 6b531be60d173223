# SPDX-License-Identifier: AGPL-3.0-or-later
"""`veche-verify receipt` (specs/receipt.md): receipts, promises and codes, good and bad, with a record and without."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from crypto.encoding.members import encode_base64
from crypto.ledger.checkpoint import Checkpoint, WitnessKey, cosign, sign_checkpoint
from crypto.ledger.merkle import Tree, leaf_hash
from crypto.ledger.note import Note
from crypto.protocol.promise import make_promise
from crypto.protocol.receipt import receipt_code
from tests.audits import Audit
from tests.forge import BallotSpec, Script
from tests.forge.base import names, signing_key
from tests.forge.preparation import OPENS
from tests.verifier.commands import report
from tests.verifier.evidence import SmallScript, evidence_of, stopped_before

Json = dict[str, Any]


def more_ballots(script: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
    """One without a credential of its own."""
    return [*ballots, script.ballot(6, credential=script.credential(5).signature, outcome="B5")]


def more_later(script: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
    """One whose body proves nothing; the ballot before it counts."""
    pseudonym = script.ballot(2).pseudonym
    first = next(spec for _, spec in script.specs if spec.pseudonym == pseudonym)
    digest = script.envelope(first).envelope.digest()
    good = script.ballot(2, 2, digest)
    assert good.body is not None
    false = good.body[:-1] + bytes([good.body[-1] ^ 1])
    return [*ballots, script.ballot(2, 2, digest, content=false, outcome="B10")]


def too_late(script: Script, _: Any) -> None:
    """A good ballot, with the log's key, behind the approved closing: B2, and no list names it."""
    spec = script.ballot(3, 2, digest_of(script, 3))
    assert spec.body is not None
    script.body(spec.body, "too late")
    index = script.append(script.log, "too late", "ballot", spec.members)
    script.specs.append((index, spec))


def digest_of(script: Script, voter: int) -> bytes:
    pseudonym = script.ballot(voter).pseudonym
    last = [spec for _, spec in script.specs if spec.pseudonym == pseudonym][-1]
    return script.envelope(last).envelope.digest()


@cache
def script() -> Script:
    return SmallScript({"ballots": more_ballots, "later ballots": more_later, "end": too_late}).build()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("receipts")
    evidence_of(script()).put(folder)
    return folder


def number_of(voter: int, which: int = -1) -> int:
    """The number of a voter's ballot, of its first, or of its last."""
    pseudonym = script().ballot(voter).pseudonym
    return [number for number, (_, spec) in enumerate(script().specs) if spec.pseudonym == pseudonym][which]


def receipt(number: int) -> Json:
    """The receipt of a ballot as its voter holds it."""
    value: Json = json.loads(script().receipt(number).to_bytes())
    return value


def given(data: bytes | Json, folder: Path, *arguments: str | Path) -> Audit:
    """What the tool says of a file."""
    target = folder / "file"
    target.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    return report("receipt", target, *arguments)


def with_record(data: bytes | Json, place: Path, tmp_path: Path) -> Audit:
    return given(data, tmp_path, "--policy", place / "policy.json", "--record", place / "record")


ALL_PASS = {f"R{number}": "PASS" for number in range(1, 8)}

# --- good ones


@pytest.mark.parametrize(
    ("voter", "which", "fate"),
    [
        (4, 0, "the ballot is counted"),
        (1, 1, "the ballot is counted"),
        (1, 0, "the ballot is superseded"),
        (2, 0, "the ballot is counted"),
        (2, 1, "excluded by rule B10"),
    ],
)
def test_a_receipt_tells_what_became_of_the_ballot(
    voter: int, which: int, fate: str, place: Path, tmp_path: Path
) -> None:
    result = with_record(receipt(number_of(voter, which)), place, tmp_path)
    assert (result.verdict, result.statuses) == ("VALID", ALL_PASS)
    assert fate in result.detail("R7")
    assert result.detail("R6").startswith("1 entry of the ledger matches")


def test_both_ballots_of_a_batch_have_their_own_fate(place: Path, tmp_path: Path) -> None:
    fates = [with_record(receipt(number_of(6, which)), place, tmp_path).detail("R7") for which in (0, 1)]
    assert sorted(fates) == ["the ballot is counted", "the ballot is excluded by rule B5"]


def test_a_ballot_behind_the_closing_is_excluded_by_b2(place: Path, tmp_path: Path) -> None:
    """specs/ballot.md: entries of kind `ballot` after the effective closing are excluded by rule B2."""
    result = with_record(receipt(number_of(3)), place, tmp_path)
    assert result.verdict == "VALID"
    assert "B2" in result.detail("R7"), result.detail("R7")


def test_white_space_in_a_receipt_is_nothing(place: Path, tmp_path: Path) -> None:
    spaced = json.dumps(receipt(number_of(4)), indent=4).encode() + b"\n\n"
    assert with_record(spaced, place, tmp_path).verdict == "VALID"


@pytest.mark.parametrize("known", [True, False], ids=["with its index", "without an index"])
def test_a_code_needs_the_record(known: bool, place: Path, tmp_path: Path) -> None:
    number = number_of(4)
    index, spec = script().specs[number]
    code = receipt_code(script().promise(spec), *([index] if known else []))
    result = with_record(code.encode() + b"\n", place, tmp_path)
    assert (result.verdict, result.failed) == ("INCOMPLETE", [])
    assert [result.statuses[check] for check in ("R4", "R5", "R6", "R7")] == ["PASS"] * 4
    assert "counted" in result.detail("R7")


def test_a_promise_that_was_kept(place: Path, tmp_path: Path) -> None:
    _, spec = script().specs[number_of(4)]
    result = with_record(script().promise(spec).to_bytes(), place, tmp_path)
    assert (result.verdict, result.failed) == ("INCOMPLETE", [])
    assert "1 entry of the ledger matches" in result.detail("R6")
    assert "counted" in result.detail("R7")


def test_the_last_line_is_the_verdict(place: Path, tmp_path: Path) -> None:
    from tests.verifier.commands import call

    (tmp_path / "file").write_text(json.dumps(receipt(number_of(4))))
    ended = call("receipt", tmp_path / "file", "--policy", place / "policy.json", "--record", place / "record")
    assert (ended.code, ended.last_line) == (0, "VALID")
    assert "verdict on the record: VALID" in ended.output


# --- without evidence


def test_without_a_record_a_receipt_is_incomplete_at_best(place: Path, tmp_path: Path) -> None:
    result = given(receipt(number_of(4)), tmp_path, "--policy", place / "policy.json")
    assert (result.verdict, result.failed) == ("INCOMPLETE", [])
    assert [result.statuses[check] for check in ("R1", "R2", "R3")] == ["PASS"] * 3
    assert result.statuses["R4"] == "NOT CHECKED"


def test_without_a_policy_nobody_knows_the_witnesses(place: Path, tmp_path: Path) -> None:
    result = given(receipt(number_of(4)), tmp_path)
    assert (result.verdict, result.statuses["R2"]) == ("INCOMPLETE", "NOT CHECKED")
    unpinned = given(receipt(number_of(4)), tmp_path, "--record", place / "record")
    assert (unpinned.verdict, unpinned.statuses["R4"]) == ("INCOMPLETE", "NOT CHECKED")


def test_a_promise_alone_is_incomplete(place: Path, tmp_path: Path) -> None:
    promise = receipt(number_of(4))["promise"]
    assert given(promise, tmp_path, "--policy", place / "policy.json").verdict == "INCOMPLETE"


def test_in_a_running_election_nobody_knows_yet(tmp_path: Path) -> None:
    made = stopped_before("before closing")
    evidence_of(made).put(tmp_path)
    value = json.loads(made.receipt(0).to_bytes())
    result = given(value, tmp_path, "--policy", tmp_path / "policy.json", "--record", tmp_path / "record")
    assert (result.verdict, result.failed) == ("INCOMPLETE", [])
    assert result.statuses["R4"] == "NOT CHECKED"
    assert "INCOMPLETE" in result.detail("R4")


def test_a_receipt_newer_than_the_record_is_incomplete(tmp_path: Path) -> None:
    """The receipt's checkpoint covers more entries than the copy of the record that somebody has."""
    made = stopped_before("later ballots")
    evidence_of(made).put(tmp_path)
    newer = SmallScript().build()
    pseudonym = newer.ballot(1).pseudonym
    number = [n for n, (_, spec) in enumerate(newer.specs) if spec.pseudonym == pseudonym][-1]
    value = json.loads(newer.receipt(number).to_bytes())
    result = given(value, tmp_path, "--policy", tmp_path / "policy.json", "--record", tmp_path / "record")
    assert (result.verdict, result.failed) == ("INCOMPLETE", [])


# --- bad ones


def put(**members: Any) -> Callable[[Json], Json]:
    return lambda value: {**value, **members}


def promised(**members: Any) -> Callable[[Json], Json]:
    return lambda value: {**value, "promise": {**value["promise"], **members}}


def entry(change: Callable[[Json], Json]) -> Callable[[Json], Json]:
    """Another entry in the receipt, with nothing else changed."""

    def changed(value: Json) -> Json:
        index = value["index"]
        members = change(json.loads(script().log.entries[index]))
        data = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
        return {**value, "entry": encode_base64(data)}

    return changed


def witnesses() -> tuple[WitnessKey, ...]:
    return script().policy.witnesses


def note(checkpoint: Checkpoint, count: int = 4, key: str = "election log") -> str:
    """A cosigned checkpoint."""
    signed = sign_checkpoint(checkpoint, signing_key(key))
    lines = [
        cosign(witness.name, signing_key(name), signed.text, 1_770_000_000)
        for witness, name in zip(witnesses()[:count], names("witness", 4), strict=False)
    ]
    return Note(signed.text, (*signed.signatures, *lines)).encode().decode()


def head() -> Checkpoint:
    log = script().log
    return Checkpoint(log.origin, len(log.entries), log.tree.root())


def own_tree(value: Json) -> Json:
    """A valid proof in a tree of the attacker's own, under a checkpoint that nobody cosigned (attack 35)."""
    data = script().log.entries[value["index"]]
    tree = Tree([leaf_hash(b"x"), leaf_hash(data)])
    proof = [node.hex() for node in tree.inclusion_proof(1, 2)]
    checkpoint = note(Checkpoint(script().log.origin, 2, tree.root()), 0, "attacker")
    return {**value, "index": 1, "proof": proof, "checkpoint": checkpoint}


def other_leaf(value: Json) -> Json:
    """A valid proof and checkpoint, of another voter's entry (attack 35)."""
    other = receipt(number_of(5))
    return {**value, **{name: other[name] for name in ("index", "entry", "proof")}}


def without_lines(value: Json, *gone: str) -> Json:
    lines = value["checkpoint"].split("\n")
    return {**value, "checkpoint": "\n".join(line for line in lines if not any(name in line for name in gone))}


BAD: dict[str, tuple[Callable[[Json], Json], str]] = {
    "another kind": (put(kind="Receipt"), "R1"),
    "an unknown member": (put(note="x"), "R1"),
    "a member less": (lambda value: {name: value[name] for name in value if name != "proof"}, "R1"),
    "no checkpoint": (put(checkpoint=""), "R1"),
    "an empty entry": (put(entry=""), "R1"),
    "an entry that is not JSON": (put(entry=encode_base64(b"x")), "R1"),
    "a negative index": (put(index=-1), "R1"),
    "sixty-four hashes": (put(proof=["00" * 32] * 64), "R1"),
    "a hash of 31 bytes": (put(proof=["00" * 31]), "R1"),
    "base64 with a newline": (lambda value: {**value, "entry": value["entry"] + "\n"}, "R1"),
    "an entry of another kind": (entry(lambda members: {**members, "kind": "request"}), "R1"),
    "an entry with another member": (entry(lambda members: {**members, "note": "x"}), "R1"),
    "somebody else's entry": (other_leaf, "R1"),
    "somebody else's promise": (lambda value: {**value, "promise": receipt(number_of(5))["promise"]}, "R1"),
    "a promise of another election": (promised(election="00" * 32), "R1"),
    "a promise of another envelope": (promised(envelope="00" * 32), "R1"),
    "a promise with another batch": (promised(batch=9), "R5"),
    "a promise that the server did not sign": (promised(signature="00" * 64), "R5"),
    "two cosignatures": (lambda value: without_lines(value, "w1.", "w2."), "R2"),
    "no cosignature": (lambda value: {**value, "checkpoint": note(head(), 0)}, "R2"),
    "a checkpoint of another ledger": (
        lambda value: {**value, "checkpoint": note(Checkpoint("forge.veche.example/register", 3, bytes(32)))},
        "R2",
    ),
    "a checkpoint with another root": (
        lambda value: {**value, "checkpoint": note(Checkpoint(head().origin, head().size, bytes(32)))},
        "R3",
    ),
    "the attacker's own tree": (own_tree, "R2"),
    "another index": (lambda value: {**value, "index": value["index"] + 1}, "R3"),
    "an index beyond the tree": (put(index=10**6), "R3"),
    "no proof": (put(proof=[]), "R3"),
    "a hash too many": (lambda value: {**value, "proof": [*value["proof"], "00" * 32]}, "R3"),
    "a hash too few": (lambda value: {**value, "proof": value["proof"][:-1]}, "R3"),
    "another hash": (lambda value: {**value, "proof": ["00" * 32, *value["proof"][1:]]}, "R3"),
    "hashes in another order": (lambda value: {**value, "proof": value["proof"][::-1]}, "R3"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_receipts_are_invalid(name: str, place: Path, tmp_path: Path) -> None:
    change, by = BAD[name]
    result = with_record(change(receipt(number_of(4))), place, tmp_path)
    assert (result.verdict, result.failed[:1]) == ("INVALID", [by])
    if by in ("R1", "R2", "R3"):
        # These need no record.
        alone = given(change(receipt(number_of(4))), tmp_path, "--policy", place / "policy.json")
        assert (alone.verdict, alone.failed[:1]) == ("INVALID", [by])


def test_a_fork_that_a_quorum_cosigned_is_seen_by_whoever_has_the_record(place: Path, tmp_path: Path) -> None:
    """The receipt is right by itself: its ledger is another one, of the same size, with the same entry in it."""
    value = receipt(number_of(4))
    entries = [*script().log.entries[:-1], b"another end"]
    tree = Tree(map(leaf_hash, entries))
    proof = [node.hex() for node in tree.inclusion_proof(value["index"], len(entries))]
    forked = {**value, "proof": proof, "checkpoint": note(Checkpoint(head().origin, len(entries), tree.root()))}
    alone = given(forked, tmp_path, "--policy", place / "policy.json")
    assert (alone.verdict, alone.failed) == ("INCOMPLETE", [])
    result = with_record(forked, place, tmp_path)
    assert (result.verdict, result.failed) == ("INVALID", ["R6"])
    assert "fork" in result.detail("R6")


def lost(voter: int = 4, batch: int = OPENS) -> bytes:
    """A promise for a ballot that never came."""
    spec = script().ballot(voter, 2, digest_of(script(), voter))
    return script().promise(spec, batch).to_bytes()


def test_a_promise_that_was_broken(place: Path, tmp_path: Path) -> None:
    result = with_record(lost(), place, tmp_path)
    assert (result.verdict, result.failed) == ("INVALID", ["R6"])
    assert "no entry of the ledger holds this envelope" in result.detail("R6")


def test_a_promise_that_is_not_due(place: Path, tmp_path: Path) -> None:
    """The ledger ends with batch 15; a promise of batch 9 is due by 9 + 1 + 6."""
    result = with_record(lost(batch=9), place, tmp_path)
    assert (result.verdict, result.failed) == ("INCOMPLETE", [])
    assert "due by 16" in result.detail("R6")


def test_a_promise_by_somebody_else(place: Path, tmp_path: Path) -> None:
    _, spec = script().specs[number_of(4)]
    promise = make_promise(script().election, script().envelope(spec).envelope.digest(), OPENS, signing_key("attacker"))
    assert with_record(promise.to_bytes(), place, tmp_path).failed == ["R5"]


def test_a_code_with_another_index(place: Path, tmp_path: Path) -> None:
    index, spec = script().specs[number_of(4)]
    code = receipt_code(script().promise(spec), index + 1)
    result = with_record(code.encode(), place, tmp_path)
    assert (result.verdict, result.failed) == ("INVALID", ["R6"])


CODES: Mapping[str, Callable[[str], str]] = {
    "in lower case": str.lower,
    "with a lower-case letter": lambda code: code[:7] + code[7].lower() + code[8:],
    "with padding": lambda code: code + "=" * 6,
    "without its prefix": lambda code: code[7:],
    "with another prefix": lambda code: "VECHE2:" + code[7:],
    "a character too short": lambda code: code[:-1],
    "a group too long": lambda code: code + "AAAAAAAA",
    "with a space": lambda code: code[:20] + " " + code[20:],
    "with a digit that is none": lambda code: code[:20] + "1" + code[21:],
    "of another version": lambda code: code[:7] + "AI" + code[9:],
    "with trailing bits": lambda code: code[:-1] + chr(ord(code[-1]) + 1),
}


@pytest.mark.parametrize("name", CODES)
def test_bad_codes_are_invalid(name: str, place: Path, tmp_path: Path) -> None:
    index, spec = script().specs[number_of(4)]
    code = receipt_code(script().promise(spec), index)
    result = with_record(CODES[name](code).encode(), place, tmp_path)
    assert (result.verdict, result.failed) == ("INVALID", ["R1"])


def twice(made: Script, _: Any) -> None:
    """The log appends an entry once more, in a later batch; the rules exclude the copy (attack 30)."""
    _, spec = made.specs[0]
    copy = made.append(made.log, "copy", "ballot", spec.members)
    made.excluded[copy] = "B7"
    made.specs.append((copy, BallotSpec(spec.members, spec.body, spec.pseudonym, "B7")))


def test_an_envelope_that_is_there_twice_is_counted_aloud(tmp_path: Path) -> None:
    made = SmallScript({"voting batch 11": twice}).build()
    evidence_of(made).put(tmp_path)
    value = json.loads(made.receipt(0).to_bytes())
    result = given(value, tmp_path, "--policy", tmp_path / "policy.json", "--record", tmp_path / "record")
    assert (result.verdict, result.failed) == ("INVALID", ["R6"])
    assert "2 entries of the ledger hold this envelope" in result.detail("R6")


def test_a_receipt_of_an_invalid_record(place: Path, tmp_path: Path) -> None:
    evidence_of(script()).put(tmp_path, {"election/ballots": bytes(8)})
    value = receipt(number_of(4))
    result = given(value, tmp_path, "--policy", tmp_path / "policy.json", "--record", tmp_path / "record")
    assert (result.verdict, result.failed) == ("INVALID", ["R4"])


def test_a_receipt_of_another_election(place: Path, tmp_path: Path) -> None:
    """A receipt that is right, with the record of another election of the same deployment."""
    other = SmallScript({"payload:announcement": lambda _, payload: {**payload, "nonce": "11" * 32}}).build()
    value = json.loads(other.receipt(0).to_bytes())
    assert other.election != script().election
    result = with_record(value, place, tmp_path)
    assert (result.verdict, result.failed[0]) == ("INVALID", "R5")
    alone = given(value, tmp_path, "--policy", place / "policy.json")
    assert (alone.verdict, alone.failed) == ("INCOMPLETE", [])


def test_a_receipt_under_another_policy(place: Path, tmp_path: Path) -> None:
    """Witnesses that the observer's policy does not name say nothing."""
    value = json.loads((place / "policy.json").read_bytes())
    for number, member in enumerate(value["witnesses"]["members"]):
        member["key"] = signing_key(f"stranger {number}").public.hex()
    (tmp_path / "other.json").write_text(json.dumps(value))
    result = given(receipt(number_of(4)), tmp_path, "--policy", tmp_path / "other.json")
    assert (result.verdict, result.failed) == ("INVALID", ["R2"])


def test_a_refused_policy_is_no_policy(place: Path, tmp_path: Path) -> None:
    """Cosignatures of one witness of four are no quorum, whoever made the policy file (specs/policy.md)."""
    value = json.loads((place / "policy.json").read_bytes())
    value["witnesses"]["quorum"] = 1
    (tmp_path / "unsafe.json").write_text(json.dumps(value))
    one = {**receipt(number_of(4)), "checkpoint": note(head(), 1)}
    result = given(one, tmp_path, "--policy", tmp_path / "unsafe.json")
    assert (result.verdict, result.failed) == ("INVALID", ["V01"])
