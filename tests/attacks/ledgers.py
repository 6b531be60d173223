# SPDX-License-Identifier: AGPL-3.0-or-later
"""What attacks on ledgers need: a record that nobody changes, a thief of the log key, requests to witnesses."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from crypto.ledger.checkpoint import Checkpoint, sign_checkpoint
from crypto.ledger.framing import ENTRY_LENGTH_BYTES, frame, unframe
from crypto.ledger.merkle import Tree, leaf_hash
from crypto.ledger.note import Note
from crypto.roles.mirror import Mirror
from crypto.roles.witness import Witness, WitnessAnswer
from tests.forge import Script, forge
from tests.worlds import SmallWorld


@cache
def script() -> Script:
    """A forged record that nobody changes."""
    return forge()


def witness_request(old: int, proof: list[bytes], note: bytes) -> bytes:
    lines = [f"old {old}", *(base64.b64encode(node).decode() for node in proof), "", ""]
    return "\n".join(lines).encode() + note


class Thief:
    """Whoever has the election's log key, and extends or rewrites the ledger as it likes."""

    bodies: Sequence[bytes] = ()
    """What it hands to mirrors beside the entries."""

    def __init__(self, world: SmallWorld) -> None:
        self.world = world
        self.entries = list(world.running.sequencer.entries)
        self.tree = Tree(map(leaf_hash, self.entries))
        self.origin = world.running.election.ledger.origin

    def append(self, data: bytes) -> None:
        self.entries.append(data)
        self.tree.append(leaf_hash(data))

    def note(self, size: int | None = None, root: bytes | None = None) -> Note:
        size = self.tree.size if size is None else size
        return sign_checkpoint(
            Checkpoint(self.origin, size, root or self.tree.root(size)), self.world.keys.election_log
        )

    def show(self, witness: Witness, note: Note | None = None, old: int | None = None) -> WitnessAnswer:
        """Give a witness everything it wants, and ask for its cosignature."""
        note = note or self.note()
        size = witness.newest(self.origin)[0] if old is None else old
        if isinstance(witness, Mirror):
            witness.receive(self.origin, size, self.entries[size:], self.bodies)
        new = int(note.text.split("\n")[1])
        proof = self.tree.consistency_proof(size, new) if size <= new <= self.tree.size else []
        return witness.add_checkpoint(witness_request(size, proof, note.encode()), self.world.now + 2)


def cut(folder: Path, name: str, keep: Callable[[list[bytes]], list[bytes]]) -> None:
    """Keep some items of a framed file."""
    path = folder / "record" / name
    items = keep(list(unframe(path.read_bytes(), ENTRY_LENGTH_BYTES)))
    path.write_bytes(b"".join(frame(item, ENTRY_LENGTH_BYTES) for item in items))
