# SPDX-License-Identifier: AGPL-3.0-or-later
"""Changing the key of a ledger after a seizure.

Spec: specs/ledger.md#change-of-the-ledger-key
"""

from __future__ import annotations

from dataclasses import dataclass

from crypto.encoding.members import Members
from crypto.errors import RegisterError
from crypto.labels import LEDGER_KEY
from crypto.protocol.entry import BATCH, Chain, Entry
from crypto.protocol.policy import Policy
from crypto.signing import (
    KEY_BYTES,
    PublicKey,
    decode_public_key,
    json_payload,
    make_json_statement,
    require_quorum,
    verify_all,
)


@dataclass(frozen=True, slots=True)
class KeyChange:
    """From the entry with index `size` on, `origin` is signed with `key`."""

    origin: str
    size: int
    key: PublicKey

    def statement(self) -> bytes:
        """What the board signs."""
        return make_json_statement(LEDGER_KEY, {"key": self.key.hex(), "origin": self.origin, "size": self.size})


def read_key_change(entry: Entry, policy: Policy, origin: str) -> KeyChange:
    """A change of the key of `origin` that a quorum of the board signed.

    Raises:
        CryptoError.
    """
    statement, signatures = entry.signed_statement()
    payload = Members(json_payload(LEDGER_KEY, statement), "ledger-key-changed", ("key", "origin", "size"))
    payload.literal("origin", origin)
    signers = verify_all(signatures, statement)
    require_quorum(signers, policy.board_keys, policy.board_quorum, "ledger-key-changed")
    return KeyChange(origin, payload.integer("size"), decode_public_key(payload.hex("key", KEY_BYTES)))


def take_key_change(entry: Entry, chain: Chain, policy: Policy, origin: str) -> PublicKey:
    """The new key, from an entry that may come next: the first of a batch, naming its own index.

    Raises:
        CryptoError.
    """
    change = read_key_change(entry, policy, origin)
    if change.size != chain.size or chain.last_kind != BATCH:
        raise RegisterError("a change of the ledger key names its own index and is the first entry of a batch")
    return change.key
