# SPDX-License-Identifier: AGPL-3.0-or-later
"""A witness cosigns each ledger's growth, and never two histories.

Spec: specs/ledger.md#witnesses
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from crypto.encoding.members import decode_base64
from crypto.errors import CryptoError, EncodingError, ProtocolError
from crypto.ledger.checkpoint import Checkpoint, cosign, parse_checkpoint, verify_head, verify_log_signature
from crypto.ledger.merkle import EMPTY_ROOT, leaf_hash, verify_consistency, verify_inclusion
from crypto.ledger.note import parse_note
from crypto.protocol.entry import parse_entry
from crypto.protocol.ledger_key import read_key_change
from crypto.protocol.policy import Policy
from crypto.protocol.register import Announcement, verify_announcement_entry
from crypto.signing import PublicKey, SigningKey
from crypto.suite import HASH_BYTES, MAX_PROOF_HASHES

OK: Final = 200
BAD_REQUEST: Final = 400
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
CONFLICT: Final = 409
UNPROCESSABLE: Final = 422


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """Status and body of an `add-checkpoint` answer, as C2SP tlog-witness defines them."""

    status: int
    body: bytes = b""


@dataclass(slots=True)
class Witnessed:
    """What a witness keeps of one ledger: the log key for sizes above `key_from`, and what it cosigned last."""

    log_key: PublicKey
    key_from: int = 0
    size: int = 0
    root: bytes = EMPTY_ROOT


def parse_add_checkpoint(request: bytes) -> tuple[int, list[bytes], bytes]:
    """Old size, consistency proof, and note of a request.

    Raises:
        EncodingError.
    """
    head, separator, note = request.partition(b"\n\n")
    lines = head.decode("ascii", errors="replace").split("\n")
    size = lines[0].removeprefix("old ")
    if not separator or not lines[0].startswith("old ") or not (size.isascii() and size.isdigit()):
        raise EncodingError("a request begins with `old` and a size, and has an empty line")
    if str(int(size[:20])) != size or len(lines) - 1 > MAX_PROOF_HASHES:
        raise EncodingError("the old size has leading zeros, or there are too many hashes")
    proof = [decode_base64(line, "consistency proof") for line in lines[1:]]
    if any(len(node) != HASH_BYTES for node in proof):
        raise EncodingError("a hash of the consistency proof is not 32 bytes")
    return int(size), proof, note


class Witness:
    """A witness of the policy that keeps, for each ledger, the newest head it cosigned.

    Args:
        name: under which it cosigns; its key must be the policy's.
    """

    def __init__(self, policy: Policy, name: str, key: SigningKey) -> None:
        if not any((w.name, w.key) == (name, key.public) for w in policy.witnesses):
            raise ValueError(f"the policy has no witness {name} with this key")
        self.policy = policy
        self.name = name
        self._key = key
        self._ledgers = {policy.register_origin: Witnessed(policy.register_key)}

    def add_election(self, register_head: bytes, index: int, entry: bytes, proof: Sequence[bytes]) -> Announcement:
        """Begin to witness the ledger of an election that the register announces. Raises: as `prove_announcement`."""
        announcement = self.prove_announcement(register_head, index, entry, proof)
        self.begin(announcement)
        return announcement

    def prove_announcement(
        self, register_head: bytes, index: int, entry: bytes, proof: Sequence[bytes]
    ) -> Announcement:
        """The announcement of an election, proved.

        Args:
            register_head: a head of the register.
            index, entry, proof: of the announcement in it.

        Raises:
            CryptoError: no head, no inclusion, or not an announcement signed by the board.
        """
        policy, register = self.policy, self._ledgers[self.policy.register_origin]
        head = verify_head(register_head, register.log_key, policy.witnesses, policy.witness_quorum)
        if head.checkpoint.origin != policy.register_origin:
            raise ProtocolError("the announcement is not proved against the register")
        verify_inclusion(leaf_hash(entry), index, head.checkpoint.size, proof, head.checkpoint.root)
        return verify_announcement_entry(parse_entry(entry), index, policy)

    def begin(self, announcement: Announcement) -> None:
        """Witness the ledger of a proved announcement from now on."""
        self._ledgers.setdefault(self.policy.election_origin(announcement.election), Witnessed(announcement.ledger_key))

    def change_log_key(self, origin: str, entry: bytes) -> None:
        """Learn of a new log key from the entry with which the board changes it.

        Raises:
            CryptoError: an unknown ledger, no quorum, or entries that this witness cosigned already would come under
                the new key.
        """
        known = self._ledgers.get(origin)
        if known is None:
            raise ProtocolError(f"this witness does not know the ledger {origin}")
        change = read_key_change(parse_entry(entry), self.policy, origin)
        if change.size < known.size:
            raise ProtocolError(f"{known.size} entries are cosigned under the old key, the new one begins before")
        known.log_key, known.key_from = change.key, change.size + 1

    def newest(self, origin: str) -> tuple[int, bytes]:
        """Size and root that this witness cosigned last."""
        known = self._ledgers[origin]
        return known.size, known.root

    def add_checkpoint(self, request: bytes, now: int) -> WitnessAnswer:
        """Answer a request at time `now`, Unix seconds. What is cosigned is kept before the answer is given."""
        try:
            old, proof, data = parse_add_checkpoint(request)
            note = parse_note(data)
            checkpoint = parse_checkpoint(note.text)
        except EncodingError as error:
            return WitnessAnswer(BAD_REQUEST, str(error).encode())
        known = self._ledgers.get(checkpoint.origin)
        if known is None:
            return WitnessAnswer(NOT_FOUND, b"this witness does not know the ledger")
        try:
            verify_log_signature(note, known.log_key)
        except CryptoError as error:
            return WitnessAnswer(FORBIDDEN, str(error).encode())
        if old > checkpoint.size:
            return WitnessAnswer(BAD_REQUEST, b"the old size is above the new one")
        if old != known.size or (old == checkpoint.size and known.root != checkpoint.root):
            return WitnessAnswer(CONFLICT, f"{known.size}\n".encode())
        try:
            verify_consistency(old, checkpoint.size, proof, known.root, checkpoint.root)
            self.check(checkpoint, now)
        except CryptoError as error:
            return WitnessAnswer(UNPROCESSABLE, str(error).encode())
        known.size, known.root = checkpoint.size, checkpoint.root
        return WitnessAnswer(OK, cosign(self.name, self._key, note.text, now).line().encode("utf-8"))

    def check(self, checkpoint: Checkpoint, now: int) -> None:
        """What is demanded beyond consistency: here only that a new log key signs no entries of the old one.

        Raises:
            CryptoError.
        """
        del now
        if checkpoint.size < self._ledgers[checkpoint.origin].key_from:
            raise ProtocolError("the new log key signs entries of the old one")
