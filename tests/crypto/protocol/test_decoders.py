# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every reader of outside bytes: random and damaged bytes raise errors of ours and nothing else."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.elgamal.ciphertext import EncryptedTally
from crypto.encoding.strict_json import dumps
from crypto.errors import CryptoError, EncodingError
from crypto.ledger.checkpoint import parse_checkpoint
from crypto.ledger.note import parse_note
from crypto.protocol.answers import parse_answer
from crypto.protocol.contents import Appointment, Certificate, Closing, Extension, RollContent, Void, VotingContent
from crypto.protocol.credential import parse_request
from crypto.protocol.entry import parse_entry
from crypto.protocol.envelope import parse_envelope
from crypto.protocol.manifest import parse_manifest
from crypto.protocol.members import Roll
from crypto.protocol.opening import Opening
from crypto.protocol.policy import parse_policy
from crypto.protocol.promise import Promise
from crypto.protocol.receipt import Receipt, parse_receipt_code
from crypto.sharing.ceremony import parse_message
from tests.conformance.vectors import document_bytes, resolved
from tests.generate import vectors_ballot, vectors_receipt, vectors_tally
from tests.generate.plain import canonical
from tests.generate.world import world

HASH = "ab" * 32

DOCUMENTS: dict[str, tuple[Callable[[bytes], Any], Any]] = {
    "policy": (parse_policy, world().policy),
    "manifest": (parse_manifest, world().manifest),
    "promise": (Promise.from_bytes, vectors_receipt.promise(world(), world().votes[0])),
    "receipt": (Receipt.from_bytes, vectors_receipt.receipt(world(), world().votes[0])),
    "opening": (Opening.from_bytes, resolved("ballot", "openings")[0]["document"]),
    "certificate": (Certificate.from_bytes, vectors_tally.build()["certificate"]["document"]),
    "appointment": (
        Appointment.from_bytes,
        {
            "kind": "appointment",
            "election": HASH,
            "sessions": [world().registrars.descriptor, world().trustees.descriptor],
        },
    ),
    "roll": (
        RollContent.from_bytes,
        {"kind": "roll", "election": HASH, "register": {"root": HASH, "size": 9}, **world().roll_reference},
    ),
    "voting": (
        VotingContent.from_bytes,
        {"kind": "voting", "election": HASH, "manifest": HASH, "ready": {"registrars": [1, 2], "trustees": [1, 3]}},
    ),
    "extension": (Extension.from_bytes, {"kind": "extension", "election": HASH, "batches": 3}),
    "void": (Void.from_bytes, {"kind": "void", "election": HASH, "reason": {"en": "Flood", "ru": "Потоп"}}),
    "closing": (
        Closing.from_bytes,
        {
            "kind": "closing", "election": HASH, "manifest": HASH, "requests": 9, "answered": 8, "credentials": 7,
            "counted": 6, "superseded": 1, "late": 0, "excluded": [[3, "C1"], [9, "B9"]], "sum": HASH,
        },
    ),
}  # fmt: skip

READERS: dict[str, Callable[[bytes], Any]] = {
    **{name: read for name, (read, _) in DOCUMENTS.items()},
    "entry": parse_entry,
    "envelope": parse_envelope,
    "request": lambda data: parse_request(data, bytes(64)),
    "answer": lambda data: parse_answer(data, bytes(64)),
    "ceremony message": parse_message,
    "note": parse_note,
    "checkpoint": lambda data: parse_checkpoint(data.decode("latin-1")),
    "roll body": Roll.from_bytes,
    "encrypted tally": EncryptedTally.from_bytes,
    "receipt code": lambda data: parse_receipt_code("VECHE1:" + data.decode("latin-1")),
}

SAMPLES: dict[str, bytes] = {
    **{name: canonical(document) for name, (_, document) in DOCUMENTS.items()},
    "entry": world().ledger[3],
    "envelope": world().votes[0].envelope,
    "request": world().request(0),
    "ceremony message": world().trustees.messages[0].statement,
    "note": world().ledger_head,
    "checkpoint": world().ledger_head.partition(b"\n\n")[0] + b"\n",
    "roll body": world().roll_body,
    "encrypted tally": vectors_tally.tally_bytes(world()),
    "receipt code": vectors_receipt._codes(world())[0]["code"].removeprefix("VECHE1:").encode(),
    "answer": b'VECHE-V1-ANSWER\x00{"body":"%s","count":1,"election":"%s","first":0,"registrar":1}'
    % ((HASH.encode(),) * 2),
}


def test_samples_are_good() -> None:
    assert SAMPLES.keys() == READERS.keys()
    for name, data in SAMPLES.items():
        READERS[name](data)


@given(st.sampled_from(sorted(READERS)), st.binary(max_size=80))
def test_random_bytes_raise_nothing_but_encoding_error(name: str, data: bytes) -> None:
    if (name == "roll body" and not data) or (name == "encrypted tally" and not data):
        return
    with pytest.raises(EncodingError, match=r"\w"):
        READERS[name](data)


@settings(max_examples=400)
@given(st.sampled_from(sorted(READERS)), st.data())
def test_damaged_bytes_raise_errors_of_ours(name: str, data: Any) -> None:
    sample = bytearray(SAMPLES[name])
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(sample) - 1))
        match data.draw(st.integers(0, 3)):
            case 0:
                sample[place] ^= 1 << data.draw(st.integers(0, 7))
            case 1:
                del sample[place]
            case 2:
                sample.insert(place, data.draw(st.sampled_from(b'"\\{}[]:,0a\x00\n\xff')))
            case _:
                del sample[place:]
        if not sample:
            return
    try:
        READERS[name](bytes(sample))
    except CryptoError:
        return


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every member and item, however deep."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        yield (*path, name)
        yield from paths(child, (*path, name))


def replaced(document: Any, path: tuple[Any, ...], new: Any) -> Any:
    changed = copy.deepcopy(document)
    parent = changed
    for step in path[:-1]:
        parent = parent[step]
    if new is DELETED:
        del parent[path[-1]]
    else:
        parent[path[-1]] = new
    return changed


DELETED = object()
HOLLOW = {"deleted": DELETED, "null": None, "array": [], "object": {}, "string": "", "true": True, "minus one": -1}


def kind_of(value: Any) -> str:
    return "boolean" if isinstance(value, bool) else type(value).__name__


def harmless(name: str, path: tuple[Any, ...], old: Any, new: Any) -> bool:
    """Replacements that give another good document: their type is right, and the page allows emptiness there."""
    if new is DELETED:
        # An item of an array may go where the page fixes no number; a text of a content is in any languages.
        return isinstance(path[-1], int) or (path[0] == "reason" and len(path) == 2)
    if kind_of(new) != kind_of(old):
        return False
    if name == "opening" and len(path) == 2 and new == []:
        return True
    empty_allowed = {"proof", "elected", "drawn", "excluded", "registrars", "trustees", "culprits"}
    return (
        (new == [] and path[-1] in empty_allowed)
        or new is True
        or (new == "" and (path[-1] in {"entry", "body", "checkpoint"} or path[0] == "excluded"))
    )


@pytest.mark.parametrize("name", DOCUMENTS)
def test_attack_53_no_member_of_a_document_can_be_missing_null_or_hollow(name: str) -> None:
    read, document = DOCUMENTS[name]
    tried = 0
    for path in paths(document):
        old = document
        for step in path:
            old = old[step]
        for new in HOLLOW.values():
            if harmless(name, path, old, new):
                continue
            data = dumps(replaced(document, path, new))
            with pytest.raises(CryptoError, match=r"\w"):
                read(data)
            tried += 1
    assert tried >= 10


@pytest.mark.parametrize("name", DOCUMENTS)
def test_unknown_members_are_refused_at_every_level(name: str) -> None:
    read, document = DOCUMENTS[name]
    for path in [(), *paths(document)]:
        changed = copy.deepcopy(document)
        inner = changed
        for step in path:
            inner = inner[step]
        if isinstance(inner, dict):
            inner["unknown"] = 1
            with pytest.raises(EncodingError, match=r"unknown|language"):
                read(dumps(changed))


@pytest.mark.parametrize(
    "name", ["manifest", "certificate", "appointment", "roll", "voting", "extension", "void", "closing"]
)
def test_contents_are_received_in_canonical_form(name: str) -> None:
    read, document = DOCUMENTS[name]
    spaced = document_bytes({"document": document})
    with pytest.raises(EncodingError, match="not in canonical form"):
        read(spaced)


def test_files_that_people_keep_may_have_white_space() -> None:
    for name in ("policy", "promise", "receipt", "opening"):
        read, document = DOCUMENTS[name]
        assert read(document_bytes({"document": document})) == read(canonical(document))
    assert vectors_ballot.build()["page"] == "ballot.md"
