# SPDX-License-Identifier: AGPL-3.0-or-later
"""Appending to a ledger, signing its heads, and collecting cosignatures: what register and election have in common.

Spec: specs/ledger.md#batches, specs/ledger.md#checkpoints, specs/ledger.md#witnesses
"""

from __future__ import annotations

from typing import Protocol

from crypto.encoding.members import encode_base64
from crypto.encoding.strict_json import Json
from crypto.errors import EncodingError, Excluded, InvalidCheckpoint
from crypto.ledger.checkpoint import Checkpoint, cosignatures, parse_checkpoint, sign_checkpoint
from crypto.ledger.note import WITNESS_TYPE, Note, key_id, parse_note, parse_signature_line
from crypto.protocol.entry import BATCH, Chain, Entry, make_entry, parse_entry
from crypto.protocol.follow import LedgerTree
from crypto.signing import SigningKey


class Fold(Protocol):
    """The rules of a ledger: `Register` or `Election`."""

    chain: Chain
    ledger: LedgerTree

    def apply(self, entry: Entry) -> Excluded | None:
        """Take the next entry, or raise if it would break the ledger."""


class Sequencer:
    """The one writer of a ledger.

    Args:
        fold: the rules; every entry is checked against them before it is appended.
        log_key: signs heads.
    """

    def __init__(self, fold: Fold, log_key: SigningKey) -> None:
        self.fold = fold
        self.entries: list[bytes] = []
        self.heads: list[bytes] = []
        self._log_key = log_key
        self._pending: Note | None = None

    @property
    def batch(self) -> int:
        """Number of the latest batch; -1 before the first."""
        return self.fold.chain.batch

    def append(self, kind: str, members: dict[str, Json] | None = None) -> Excluded | None:
        """Append an entry; returns why it is excluded, if it is.

        Raises:
            CryptoError: it would break the ledger; nothing was appended.
        """
        return self.append_bytes(make_entry(kind, self.fold.chain.last_hash, members))

    def append_bytes(self, data: bytes) -> Excluded | None:
        """Append an entry that is made already. Raises: as `append`."""
        excluded = self.fold.apply(parse_entry(data))
        self.entries.append(data)
        return excluded

    def begin_batch(self, number: int) -> None:
        """Append a `batch` entry.

        Raises:
            WrongPhase: the number does not rise.
        """
        self.append(BATCH, {"number": number})

    def change_key(self, log_key: SigningKey) -> None:
        """Sign heads with another key from now on; the ledger must name it."""
        self._log_key = log_key

    def sign_head(self) -> bytes:
        """The log's own note over all entries, still without cosignatures."""
        ledger = self.fold.ledger
        checkpoint = Checkpoint(ledger.origin, ledger.size, ledger.tree.root())
        self._pending = sign_checkpoint(checkpoint, self._log_key)
        return self._pending.encode()

    def witness_request(self, old_size: int) -> bytes:
        """The body of an `add-checkpoint` request for the newest note.

        Args:
            old_size: what the witness cosigned last.

        Raises:
            ValueError: there is no note, or the witness is ahead of this ledger.
        """
        if self._pending is None:
            raise ValueError("sign a head before asking for cosignatures")
        new_size = parse_checkpoint(self._pending.text).size
        proof = self.fold.ledger.tree.consistency_proof(old_size, new_size)
        lines = [f"old {old_size}", *(encode_base64(node) for node in proof), "", ""]
        return "\n".join(lines).encode("ascii") + self._pending.encode()

    def add_cosignatures(self, lines: bytes) -> None:
        """Take a witness's answer; lines of unknown keys are dropped.

        Raises:
            EncodingError, InvalidCheckpoint: a malformed line, or one of a known witness that does not verify.
        """
        if self._pending is None:
            raise ValueError("there is no note to be cosigned")
        try:
            text = lines.decode("utf-8")
        except UnicodeDecodeError as error:
            raise EncodingError("a witness's answer is not UTF-8") from error
        added = tuple(parse_signature_line(line) for line in text.splitlines())
        note = Note(self._pending.text, (*self._pending.signatures, *added))
        witnesses = self.fold.ledger.policy.witnesses
        cosignatures(note, witnesses)
        known = {(witness.name, key_id(witness.name, WITNESS_TYPE, witness.key)) for witness in witnesses}
        kept = tuple(line for line in note.signatures[1:] if (line.name, line.key_id) in known)
        self._pending = Note(note.text, (note.signatures[0], *kept))

    def publish_head(self) -> bytes:
        """The newest note as a head, once enough witnesses have cosigned.

        Raises:
            InvalidCheckpoint: fewer than a quorum.
        """
        if self._pending is None:
            raise InvalidCheckpoint("no head was signed")
        note = self._pending.encode()
        self.fold.ledger.verify_head(note)
        if not self.heads or self.heads[-1] != note:
            self.heads.append(note)
        return note

    @property
    def newest_head(self) -> bytes:
        """The newest published head.

        Raises:
            InvalidCheckpoint: there is none.
        """
        if not self.heads:
            raise InvalidCheckpoint("the ledger has no head yet")
        return self.heads[-1]

    def newest_size(self) -> int:
        """Number of entries that the newest head covers."""
        return parse_checkpoint(parse_note(self.newest_head).text).size
