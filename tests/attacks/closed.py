# SPDX-License-Identifier: AGPL-3.0-or-later
"""An election of the small world that is closed and not decrypted, and what trustees put on its ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from crypto.encoding.strict_json import Json
from crypto.hashing import sha256
from crypto.protocol.contents import Certificate
from crypto.protocol.entry import parse_entry
from crypto.protocol.messages import make_decryption, signed_message_members
from tests.worlds import SmallWorld, copy_world, played_world


@cache
def _closed() -> SmallWorld:
    world = played_world("end_voting")
    world.propose_closing()
    world.approve()
    return world


def closed_world() -> SmallWorld:
    """A world of its own in state `closed`: nobody has decrypted yet."""
    return copy_world(_closed())


def append_all(world: SmallWorld, kind: str, items: Iterable[dict[str, Json]]) -> list[int]:
    """Put entries of a kind that carries no order on the ledger, in one batch; returns their indices."""
    before = world.running.election.size
    world.running._queue += [(kind, members) for members in items]
    world.next_batch()
    world.sync()
    entries = world.running.sequencer.entries
    return [index for index in range(before, len(entries)) if parse_entry(entries[index]).kind == kind]


def decryption(world: SmallWorld, trustee: int, body: bytes) -> dict[str, Json]:
    """A decryption with any body, signed by its trustee."""
    world.bodies.put(body)
    closing = world.running.election.approved["closing"].proposal.digest
    key = world.keys.trustees[trustee - 1].signing
    return signed_message_members(make_decryption(world.identifier, closing, trustee, sha256(body), key))


def finish_with(world: SmallWorld, trustees: Sequence[int]) -> Certificate:
    """These trustees decrypt, and the board certifies what comes out."""
    for number in trustees:
        trustee = world.trustees[number - 1]
        world.running.submit_message("decryption", *trustee.decrypt(trustee.recount()))
    world.next_batch()
    world.sync()
    return world.draw_lots().certify()
