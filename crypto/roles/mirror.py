# SPDX-License-Identifier: AGPL-3.0-or-later
"""A mirror is a witness that holds and serves every entry and body, and cosigns nothing that breaks a ledger.

Spec: specs/ledger.md#witnesses
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from crypto.errors import CryptoError, EncodingError, ProtocolError
from crypto.ledger.checkpoint import Checkpoint
from crypto.protocol.election import Election
from crypto.protocol.entry import BATCH, Entry, parse_entry
from crypto.protocol.envelope import BALLOT, read_ballot_entry
from crypto.protocol.policy import Clock, Policy
from crypto.protocol.record import named_body
from crypto.protocol.register import Announcement
from crypto.protocol.register_rules import Register
from crypto.roles.bodies import BodyStore
from crypto.roles.witness import Witness
from crypto.signing import SigningKey


@dataclass(slots=True)
class _Copy:
    """A ledger as a mirror holds it: cosigned entries folded, newer ones waiting."""

    clock: Clock
    fold: Register | Election
    entries: list[bytes] = field(default_factory=list)
    waiting: list[bytes] = field(default_factory=list)


class Mirror(Witness):
    """A witness with a copy of everything.

    Args:
        bodies: its own store.
    """

    def __init__(self, policy: Policy, name: str, key: SigningKey, bodies: BodyStore) -> None:
        super().__init__(policy, name, key)
        if not any(witness.name == name and witness.mirror for witness in policy.witnesses):
            raise ValueError(f"the policy does not call {name} a mirror")
        self.bodies = bodies
        self.register = Register(policy, bodies.get)
        self._copies = {policy.register_origin: _Copy(policy.register_clock, self.register)}

    def add_election(self, register_head: bytes, index: int, entry: bytes, proof: Sequence[bytes]) -> Announcement:
        """As a witness; the copy of the register must contain the announcement. Raises: as `Witness.add_election`."""
        proved = self.prove_announcement(register_head, index, entry, proof)
        announcement = self.register.elections.get(proved.election)
        if announcement is None:
            raise ProtocolError("this mirror's copy of the register does not announce the election yet")
        origin = self.policy.election_origin(announcement.election)
        if origin not in self._copies:
            self._copies[origin] = _Copy(announcement.clock, self._new_election(announcement))
        self.begin(announcement)
        return announcement

    def receive(self, origin: str, start: int, entries: Sequence[bytes], bodies: Iterable[bytes]) -> None:
        """Take entries from index `start` on, and bodies, before a head over them is cosigned.

        Raises:
            ProtocolError: an unknown ledger, or entries are missing in between.
        """
        copy = self._copies.get(origin)
        if copy is None:
            raise ProtocolError(f"this mirror does not know the ledger {origin}")
        held = len(copy.entries)
        if start > held + len(copy.waiting):
            raise ProtocolError(f"entries from {held + len(copy.waiting)} on are missing")
        for body in bodies:
            self.bodies.put(body)
        # What is not cosigned yet may be replaced, for example after a stolen log key was changed.
        copy.waiting = [*copy.waiting[: max(0, start - held)], *entries[max(0, held - start) :]]

    def entries(self, origin: str) -> Sequence[bytes]:
        """The cosigned entries, for whoever asks."""
        return self._copies[origin].entries

    def check(self, checkpoint: Checkpoint, now: int) -> None:
        """The entries are here, lead to the root, break nothing, have their bodies, and are not of the future.

        Raises:
            CryptoError.
        """
        super().check(checkpoint, now)
        copy = self._copies[checkpoint.origin]
        new = copy.waiting[: checkpoint.size - len(copy.entries)]
        if len(copy.entries) + len(new) != checkpoint.size:
            raise ProtocolError(f"this mirror holds {len(copy.entries) + len(new)} entries of {checkpoint.size}")
        try:
            for number, data in enumerate(new):
                entry = parse_entry(data)
                if number == 0 and copy.entries and entry.kind != BATCH:
                    raise ProtocolError(f"entry {len(copy.entries)} follows a head and does not begin a batch")
                self._require_bodies(copy, entry)
                copy.fold.apply(entry)
            self._check_end(copy, checkpoint, now)
        except CryptoError:
            self._rebuild(copy)
            raise
        copy.entries += new
        del copy.waiting[: len(new)]

    def _check_end(self, copy: _Copy, checkpoint: Checkpoint, now: int) -> None:
        fold = copy.fold
        if fold.ledger.tree.root() != checkpoint.root:
            raise ProtocolError("the entries that this mirror holds lead to another root")
        if copy.clock.boundary(fold.chain.batch) > now + self.policy.clock_tolerance:
            raise ProtocolError(f"batch {fold.chain.batch} is of the future")

    def _require_bodies(self, copy: _Copy, entry: Entry) -> None:
        wanted, length = named_body(entry), None
        if entry.kind == BALLOT:
            manifest = copy.fold.manifest if isinstance(copy.fold, Election) else None
            try:
                wanted = read_ballot_entry(entry).envelope.body
            except EncodingError:
                return
            length = manifest.body_bytes if manifest is not None else None
        if wanted is None:
            return
        body = self.bodies.get(wanted)
        if body is None or length not in (None, len(body)):
            raise ProtocolError(f"a body that a {entry.kind} entry names is not here: {wanted.hex()}")

    def _rebuild(self, copy: _Copy) -> None:
        """Forget what was refused: fold the cosigned entries anew. Rare, so simple."""
        copy.waiting.clear()
        if isinstance(copy.fold, Register):
            self.register = copy.fold = Register(self.policy, self.bodies.get)
            for other in self._copies.values():
                if isinstance(other.fold, Election):
                    other.fold.register = self.register
        else:
            copy.fold = self._new_election(copy.fold.announcement)
        for data in copy.entries:
            copy.fold.apply(parse_entry(data))

    def _new_election(self, announcement: Announcement) -> Election:
        return Election(announcement, self.register, self.bodies.get)
