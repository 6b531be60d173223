# SPDX-License-Identifier: AGPL-3.0-or-later
"""A holder's own copies of register and election: entries come from anyone, heads decide.

Registrars, trustees, lottery holders, board members and members follow the ledgers like this before they act.

Spec: specs/ledger.md#checkpoints
"""

from __future__ import annotations

from collections.abc import Sequence

from crypto.errors import CryptoError, ProtocolError
from crypto.ledger.checkpoint import Head
from crypto.protocol.election import Election
from crypto.protocol.entry import parse_entry
from crypto.protocol.policy import Policy
from crypto.protocol.register_rules import Register
from crypto.roles.bodies import BodyStore


class Copies:
    """Copies of the register and of one election.

    Args:
        policy: pinned; it comes from people.
        bodies: where bodies are looked up.
    """

    def __init__(self, policy: Policy, bodies: BodyStore) -> None:
        self.policy = policy
        self.bodies = bodies
        self.register = Register(policy, bodies.get)
        self.register_head: Head | None = None
        self.election_head: Head | None = None
        self.election_heads: list[Head] = []
        """The heads of the election that are known here, ascending by size."""
        self._election: Election | None = None

    @property
    def election(self) -> Election:
        """The election that is followed.

        Raises:
            ProtocolError: none is.
        """
        if self._election is None:
            raise ProtocolError("no election is followed yet")
        return self._election

    def follow(self, election: bytes) -> Election:
        """The copy of an announced election, begun if there is none yet.

        Raises:
            ProtocolError: the register does not announce it, or another one is followed: a role has one object, and one
                set of keys, for each election.
        """
        if self._election is not None:
            if self._election.identifier != election:
                raise ProtocolError("another election is followed here already")
            return self._election
        announcement = self.register.elections.get(election)
        if announcement is None:
            raise ProtocolError("the register does not announce this election")
        self._election = Election(announcement, self.register, self.bodies.get)
        return self._election

    def update_register(self, note: bytes, entries: Sequence[bytes]) -> Head:
        """Take the register's next entries up to the head in `note`.

        Raises:
            CryptoError: the entries do not lead to the head: nothing is taken. Or they break the register although
                there is a head over them: whatever stands before the broken one is taken.
        """
        self.register_head = _follow(self.register, note, entries)
        return self.register_head

    def update_election(self, note: bytes, entries: Sequence[bytes], earlier: Sequence[bytes] = ()) -> Head:
        """Take the election's next entries up to the head in `note`.

        Args:
            earlier: heads before it, ascending, for whoever has to know when the log ran.

        Raises:
            CryptoError: as `update_register`; or one of `earlier` is no head of this ledger.
        """
        self.election_head = _follow(self.election, note, entries)
        known = {head.checkpoint.size: head for head in self.election_heads}
        for head in (*map(self.election.ledger.verify_head, earlier), self.election_head):
            known.setdefault(head.checkpoint.size, head)
        self.election_heads = [known[size] for size in sorted(known)]
        return self.election_head


def _follow(fold: Register | Election, note: bytes, entries: Sequence[bytes]) -> Head:
    parsed = [parse_entry(data) for data in entries]
    # The head comes first: entries that no witness has seen must not reach a fold that a holder acts upon.
    head = fold.ledger.verify_next_head(note, parsed)
    for entry in parsed:
        try:
            fold.apply(entry)
        except CryptoError as error:
            raise ProtocolError(f"entry {fold.size} breaks {fold.ledger.origin}: {error}") from error
    return head
