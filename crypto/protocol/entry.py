# SPDX-License-Identifier: AGPL-3.0-or-later
"""Entries of a ledger: canonical JSON that names the hash of the entry before, in numbered batches.

Spec: specs/ledger.md#entry, specs/ledger.md#batches
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from crypto.encoding.members import Members, decode_hex, encode_base64
from crypto.encoding.strict_json import Json, dumps, loads_canonical
from crypto.errors import BrokenChain, EncodingError, WrongPhase
from crypto.hashing import sha256
from crypto.signing import Signature, read_signatures
from crypto.suite import HASH_BYTES, MAX_ENTRY_BYTES

BATCH: Final = "batch"
LEDGER_KEY_CHANGED: Final = "ledger-key-changed"
ZERO_HASH: Final = bytes(HASH_BYTES)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry whose form is checked, but for the members of its kind."""

    data: bytes
    kind: str
    previous: bytes
    value: dict[str, Json]

    def digest(self) -> bytes:
        """SHA-256 of the whole entry."""
        return sha256(self.data)

    def members(self, *names: str) -> Members:
        """The members beside `kind` and `previous`.

        Raises:
            EncodingError: other members.
        """
        return Members(self.value, f"{self.kind} entry", ("kind", "previous", *names))

    def signed_statement(self) -> tuple[bytes, tuple[Signature, ...]]:
        """Statement and signatures of an entry that many sign.

        Raises:
            EncodingError.
        """
        members = self.members("statement", "signatures")
        return members.bytes("statement"), read_signatures(members.array("signatures"), f"{self.kind} entry")


def make_entry(kind: str, previous: bytes, members: dict[str, Json] | None = None) -> bytes:
    """The bytes of an entry after the one with hash `previous`.

    Raises:
        EncodingError: longer than an entry may be.
    """
    data = dumps({**(members or {}), "kind": kind, "previous": previous.hex()})
    if len(data) > MAX_ENTRY_BYTES:
        raise EncodingError(f"an entry of {len(data)} bytes; it may have {MAX_ENTRY_BYTES}")
    return data


def parse_entry(data: bytes) -> Entry:
    """An entry in canonical form with `kind` and `previous`.

    Raises:
        EncodingError.
    """
    if len(data) > MAX_ENTRY_BYTES:
        raise EncodingError(f"an entry of {len(data)} bytes is longer than {MAX_ENTRY_BYTES}")
    value = loads_canonical(data)
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        raise EncodingError("an entry is an object with a kind")
    return Entry(data, value["kind"], decode_hex(value.get("previous"), HASH_BYTES, "entry: previous"), value)


class Chain:
    """What all ledgers have in common: the hash chain, and batches whose numbers rise.

    Entry 0 stands before all batches, entry 1 begins one.
    """

    __slots__ = ("batch", "last_hash", "last_kind", "size")

    def __init__(self) -> None:
        self.size = 0
        self.last_hash = ZERO_HASH
        self.last_kind = ""
        self.batch = -1

    def check(self, entry: Entry) -> None:
        """The entry may come next.

        Raises:
            BrokenChain: it names another predecessor.
            EncodingError, WrongPhase: a batch number that does not rise, or no batch where one must begin.
        """
        if entry.previous != self.last_hash:
            raise BrokenChain(f"entry {self.size} does not name the entry before it")
        if entry.kind == BATCH:
            if self.size == 0 or batch_number(entry) <= self.batch:
                raise WrongPhase(f"entry {self.size}: batch numbers do not rise")
        elif self.size == 1:
            raise WrongPhase("entry 1 does not begin a batch")

    def advance(self, entry: Entry) -> None:
        """Take an entry that was checked."""
        if entry.kind == BATCH:
            self.batch = batch_number(entry)
        self.size += 1
        self.last_hash = entry.digest()
        self.last_kind = entry.kind


def batch_number(entry: Entry) -> int:
    """The number of a `batch` entry.

    Raises:
        EncodingError.
    """
    return entry.members("number").u32("number")


def signatures_member(statement: bytes, signatures: Sequence[Json]) -> dict[str, Json]:
    """The members of an entry that carries a statement and a list of signatures."""
    return {"statement": encode_base64(statement), "signatures": list(signatures)}
