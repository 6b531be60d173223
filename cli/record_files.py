# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writing a public record to a folder.

Spec: specs/record.md#record
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from crypto.ledger.framing import BODY_LENGTH_BYTES, ENTRY_LENGTH_BYTES, frame
from crypto.protocol.entry import parse_entry
from crypto.protocol.record import (
    ELECTION_BALLOTS,
    ELECTION_BODIES,
    ELECTION_CHECKPOINTS,
    ELECTION_ENTRIES,
    REGISTER_BODIES,
    REGISTER_CHECKPOINTS,
    REGISTER_ENTRIES,
    ballot_slots,
    bodies_in_order,
)
from crypto.roles.bodies import BodyStore
from crypto.roles.sequencer import Sequencer


def write_record(folder: Path, register: Sequencer, election: Sequencer, bodies: BodyStore) -> None:
    """Write the files of a record up to the newest heads, but for `ballots`, which the body store writes itself."""
    for name in ("register", "election"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for sequencer, entries, checkpoints, body_file in (
        (register, REGISTER_ENTRIES, REGISTER_CHECKPOINTS, REGISTER_BODIES),
        (election, ELECTION_ENTRIES, ELECTION_CHECKPOINTS, ELECTION_BODIES),
    ):
        covered = sequencer.entries[: sequencer.newest_size()]
        _write_framed(folder / entries, covered, ENTRY_LENGTH_BYTES)
        _write_framed(folder / checkpoints, sequencer.heads, ENTRY_LENGTH_BYTES)
        _write_framed(folder / body_file, bodies_in_order(map(parse_entry, covered), bodies.get), BODY_LENGTH_BYTES)


def write_ballots(folder: Path, election: Sequencer, bodies: BodyStore, body_bytes: int) -> None:
    """Write the `ballots` file of a record from any body store.

    Args:
        body_bytes: length of a ballot body, as the manifest fixes it.
    """
    with (folder / ELECTION_BALLOTS).open("wb") as file:
        covered = election.entries[: election.newest_size()]
        for digest in ballot_slots(map(parse_entry, covered)):
            body = bodies.get(digest)
            file.write(body if body is not None and len(body) == body_bytes else bytes(body_bytes))


def _write_framed(path: Path, items: Iterable[bytes], length_bytes: int) -> None:
    with path.open("wb") as file:
        for item in items:
            file.write(frame(item, length_bytes))
