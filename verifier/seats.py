# SPDX-License-Identifier: AGPL-3.0-or-later
"""From totals to seats: implements specs/tally.md#seats, specs/tally.md#lottery and specs/tally.md#margin."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from verifier import labels
from verifier.backend import Backend
from verifier.encoding import Fields
from verifier.hashing import sha256, tagged_hash
from verifier.manifest import LOTTERY, Contest
from verifier.suite import G1_BYTES, GROUP_ORDER


@dataclass(frozen=True, slots=True)
class Standing:
    """A contest before any draw: who is elected already, who ties for how many seats."""

    elected: tuple[int, ...]
    tied: tuple[int, ...]
    open_seats: int
    """Seats for which the tied compete; they are drawn, or stay empty under the rule `vacant`."""


@dataclass(frozen=True, slots=True)
class Draw:
    """A well-formed draw entry."""

    contest: int
    options: tuple[int, ...]
    signature: bytes


def read_draw(value: Any, backend: Backend) -> Draw:  # noqa: ANN401
    """Read a draw entry; its signature is decoded strictly.

    Raises:
        EncodingError: members, types, or no point of the subgroup (rule L1).

    """
    fields = Fields(value, ("kind", "previous", "contest", "options", "signature"), "draw")
    signature = fields.hex("signature", G1_BYTES)
    backend.g1_decode(signature)
    return Draw(fields.u32("contest"), fields.u32_array("options", ascending=True), signature)


def stand(contest: Contest, totals: Sequence[int]) -> Standing:
    """Apply the rules of specs/tally.md#seats up to the draw."""
    candidates = [option for option, total in enumerate(totals) if total > 0 or contest.zero_votes_win]
    order = sorted(candidates, key=lambda option: (-totals[option], option))
    if len(order) <= contest.seats:
        return Standing(tuple(order), (), 0)
    boundary = totals[order[contest.seats - 1]]
    above = [option for option in order if totals[option] > boundary]
    equal = [option for option in order if totals[option] == boundary]
    left = contest.seats - len(above)
    if len(equal) <= left:
        return Standing(tuple(above + equal), (), 0)
    return Standing(tuple(above), tuple(sorted(equal)), left)


def needs_draw(contest: Contest, standing: Standing) -> bool:
    """Tell whether a tie is broken by the lottery."""
    return bool(standing.tied) and contest.tie == LOTTERY


def draw_message(election: bytes, contest: int, tied: Sequence[int]) -> bytes:
    """Return the message of a draw: ``"tie" || 0x00 || election id || u16(contest) || SHA-256(list)``."""
    listed = b"".join(option.to_bytes(2, "big") for option in tied)
    return b"tie\x00" + election + contest.to_bytes(2, "big") + sha256(listed)


def is_valid_draw(backend: Backend, key: bytes, election: bytes, draw: Draw) -> bool:
    """Check ``e(Z, G2) = e(H(m), standing key)``; the options are at most 1000, so u16 holds them."""
    message = backend.hash_to_g1(labels.LOTTERY_DRAW, draw_message(election, draw.contest, draw.options))
    minus = backend.g1_multiply(message, GROUP_ORDER - 1)
    pairs = ((backend.g1_decode(draw.signature), backend.g2_generator()), (minus, backend.g2_decode(key)))
    return backend.pairing_product_is_one(pairs)


def drawn_order(signature: bytes, tied: Sequence[int]) -> list[int]:
    """Return the tied options in the order of the draw."""
    return sorted(tied, key=lambda option: tagged_hash(labels.DRAW_ORDER, signature, option.to_bytes(2, "big")))


def finish(contest: Contest, standing: Standing, signature: bytes | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return (elected in order, options that went into the lottery); ``signature`` is the draw's, where one is due."""
    if not needs_draw(contest, standing) or signature is None:
        return standing.elected, ()
    winners = drawn_order(signature, standing.tied)[: standing.open_seats]
    return (*standing.elected, *winners), standing.tied


def margin(contest: Contest, standing: Standing, totals: Sequence[int], elected: Sequence[int]) -> int | None:
    """Return how many votes would change a seat of the contest, or None where none could (specs/tally.md#margin)."""
    losers = [option for option in range(len(totals)) if option not in elected]
    if not losers:
        return None
    if len(elected) < contest.seats:
        return 1
    if needs_draw(contest, standing):
        return 0
    return min(totals[option] for option in elected) - max(totals[option] for option in losers)
