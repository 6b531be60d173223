# SPDX-License-Identifier: AGPL-3.0-or-later
"""The register: all entries that break it, and the roll at every head."""

from __future__ import annotations

from typing import Any

import pytest

from crypto import errors
from crypto.protocol.entry import parse_entry
from crypto.protocol.policy import parse_policy
from crypto.protocol.register_rules import Register
from tests.generate import plain, vectors_register
from tests.generate.plain import canonical
from tests.generate.world import signer, world

POLICY = parse_policy(canonical(world().policy))
BODIES = {plain.sha256(world().lottery_transcript): world().lottery_transcript}
EVERYTHING = [item["entry"] for item in [*world().register, *vectors_register._tail(world())]]


def register_of(count: int) -> Register:
    register = Register(POLICY, BODIES.get)
    for data in EVERYTHING[:count]:
        register.apply(parse_entry(data))
    return register


@pytest.mark.parametrize("case", vectors_register.refused(), ids=lambda case: case["name"])
def test_entries_that_break_the_register(case: dict[str, Any]) -> None:
    register = register_of(case["after"])
    if "first" in case:
        register.apply(parse_entry(case["first"].encode()))
    before = (register.size, register.chain.last_hash, register.ledger.tree.root(), register.board_sequence)
    members = {key: (m.current, m.sequence, m.announced) for key, m in register.members.items()}
    with pytest.raises(getattr(errors, case["error"]), match=r"\w"):
        register.apply(parse_entry(case["text"].encode()))
    assert (register.size, register.chain.last_hash, register.ledger.tree.root(), register.board_sequence) == before
    assert {key: (m.current, m.sequence, m.announced) for key, m in register.members.items()} == members
    if case["after"] < len(EVERYTHING) and "first" not in case:
        register.apply(parse_entry(EVERYTHING[case["after"]]))


def test_no_entry_can_be_taken_twice_or_left_out() -> None:
    for place in range(1, len(EVERYTHING) - 1):
        register = register_of(place)
        for other in (EVERYTHING[place - 1], EVERYTHING[place + 1]):
            with pytest.raises(
                (errors.BrokenChain, errors.RegisterError), match=r"does not name the entry before|is of kind register"
            ):
                register.apply(parse_entry(other))


def test_the_head_of_the_vectors_is_a_head_of_this_register() -> None:
    register = register_of(len(world().register_entries))
    head = register.ledger.verify_head(world().register_head)
    assert head.checkpoint.size == register.size
    shorter = register_of(5)
    with pytest.raises(errors.InvalidCheckpoint, match="5 are known here"):
        shorter.ledger.verify_head(world().register_head)


def test_checkpoints_above_a_change_need_the_new_key() -> None:
    register = register_of(len(EVERYTHING))
    old, new = signer("register log").public, signer("register log new").public
    change = len(EVERYTHING) - 1
    assert [register.ledger.key_for(size) for size in (1, change, change + 1, change + 9)] == [old, old, new, new]
    witnesses = [(name, signer("witness", i)) for i, name in ((0, "witness-a"), (1, "witness-b"), (2, "witness-c"))]
    for key, good in ((signer("register log"), False), (signer("register log new"), True)):
        note = plain.head(world().register_origin, EVERYTHING, key, witnesses, 9)
        if good:
            assert register.ledger.verify_head(note).checkpoint.size == len(EVERYTHING)
        else:
            with pytest.raises(errors.InvalidCheckpoint, match="is not signed by its log key"):
                register.ledger.verify_head(note)


def test_the_roll_is_frozen_at_a_head() -> None:
    register = register_of(len(EVERYTHING))
    announced = len(world().register_entries) - 1
    final = register.roll(world().election, announced + 1)
    assert final.members == tuple(world().roll)
    for size in (announced, 0, -1, len(EVERYTHING) + 1):
        with pytest.raises(errors.RegisterError, match="does not announce this election before that size"):
            register.roll(world().election, size)
    with pytest.raises(errors.RegisterError, match="does not announce"):
        register.roll(b"x" * 32, announced + 1)


def test_a_register_without_its_transcript_is_broken() -> None:
    register = Register(POLICY, lambda _: None)
    for data in EVERYTHING[:4]:
        register.apply(parse_entry(data))
    with pytest.raises(errors.RegisterError, match="transcript of the lottery key's ceremony is missing"):
        register.apply(parse_entry(EVERYTHING[4]))
