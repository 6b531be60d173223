# SPDX-License-Identifier: AGPL-3.0-or-later
"""What voters of the demonstration take home: receipts with QR codes, and ballots they challenged.

Spec: specs/receipt.md#receipt, specs/receipt.md#receipt-code, specs/ballot.md#challenge
"""

from __future__ import annotations

from pathlib import Path

import qrcode
from qrcode.image.svg import SvgPathImage

from cli.demo.story import Story
from cli.demo.world import World
from crypto.protocol.opening import Opening, check_opening
from crypto.protocol.receipt import receipt_code

MOST_RECEIPTS = 100
"""Receipts are offered, not kept: a demonstration writes those of the first voters only."""


def write_receipts(folder: Path, story: Story, world: World) -> int:
    """Receipts of some voters' last ballots, each checked as a member would; returns how many."""
    folder.mkdir()
    written = 0
    for voter in story.voters:
        if not voter.promises or written == MOST_RECEIPTS:
            continue
        receipt = world.running.receipt(voter.promises[-1])
        receipt.verify(world.policy)
        written += 1
        path = folder / f"receipt-{written:03}.json"
        path.write_bytes(receipt.to_bytes())
        symbol = qrcode.make(receipt_code(receipt.promise, receipt.index), image_factory=SvgPathImage)
        symbol.save(str(path.with_suffix(".svg")))
    return written


def write_challenges(folder: Path, story: Story) -> int:
    """Opened ballots with the hash that their voters noted, each checked; returns how many."""
    folder.mkdir()
    manifest = story.world.running.election.require_manifest()
    for number, challenge in enumerate(story.challenges, 1):
        check_opening(Opening.from_bytes(challenge.opening), challenge.noted, manifest)
        (folder / f"ballot-{number:03}.json").write_bytes(challenge.opening)
        (folder / f"ballot-{number:03}.hash").write_text(challenge.noted.hex() + "\n", encoding="ascii")
    return len(story.challenges)
