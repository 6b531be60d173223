# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public record: which files it has, and in which order bodies stand in them.

Spec: specs/record.md#record
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from crypto.encoding.members import Members
from crypto.encoding.strict_json import loads_canonical
from crypto.errors import CryptoError, EncodingError
from crypto.labels import STANDING_KEY
from crypto.protocol.answers import read_answer_entry
from crypto.protocol.contents import RollContent
from crypto.protocol.entry import Entry
from crypto.protocol.envelope import read_ballot_entry
from crypto.protocol.messages import read_decryption_entry
from crypto.protocol.proposals import read_proposal
from crypto.protocol.register_rules import Bodies
from crypto.signing import json_payload

REGISTER_ENTRIES: Final = "register/entries"
REGISTER_CHECKPOINTS: Final = "register/checkpoints"
REGISTER_BODIES: Final = "register/bodies"
ELECTION_ENTRIES: Final = "election/entries"
ELECTION_CHECKPOINTS: Final = "election/checkpoints"
ELECTION_BODIES: Final = "election/bodies"
ELECTION_BALLOTS: Final = "election/ballots"

FILES: Final = (
    REGISTER_ENTRIES,
    REGISTER_CHECKPOINTS,
    REGISTER_BODIES,
    ELECTION_ENTRIES,
    ELECTION_CHECKPOINTS,
    ELECTION_BODIES,
    ELECTION_BALLOTS,
)


def named_body(entry: Entry) -> bytes | None:
    """The hash of the body that an entry names, None if it names none; not of ballots, nor of a roll in a content."""
    try:
        match entry.kind:
            case "standing-key":
                statement, _ = entry.signed_statement()
                names = ("key", "purpose", "register", "sequence", "session", "transcript")
                return Members(json_payload(STANDING_KEY, statement), "standing-key", names).hash("transcript")
            case "proposal":
                return read_proposal(entry)[3]
            case "answer":
                return read_answer_entry(entry).body
            case "decryption":
                return read_decryption_entry(entry).body
    except CryptoError:
        return None
    return None


def bodies_in_order(entries: Iterable[Entry], bodies: Bodies) -> Iterator[bytes]:
    """The bodies of a record's `bodies` file: in the order in which entries first name them, each once."""
    seen: set[bytes] = set()
    for entry in entries:
        digest = named_body(entry)
        for wanted in (digest, _roll_in(digest, bodies) if entry.kind == "proposal" else None):
            if wanted is None or wanted in seen:
                continue
            seen.add(wanted)
            body = bodies(wanted)
            if body is not None:
                yield body


def _roll_in(content: bytes | None, bodies: Bodies) -> bytes | None:
    """The roll body that a content of kind `roll` names."""
    data = bodies(content) if content is not None else None
    if data is None:
        return None
    try:
        value = loads_canonical(data)
        if isinstance(value, dict) and value.get("kind") == "roll":
            return RollContent.from_bytes(data).roll.digest
    except CryptoError:
        return None
    return None


def ballot_slots(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Hashes of the bodies in the `ballots` file: one slot for every well-formed ballot entry, in order."""
    for entry in entries:
        if entry.kind == "ballot":
            try:
                yield read_ballot_entry(entry).envelope.body
            except EncodingError:
                continue
