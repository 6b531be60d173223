# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hash chain, order within a batch, chains of ballots: what every ledger and every pseudonym must keep to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.encoding.members import encode_base64
from crypto.errors import BrokenChain, EncodingError, Excluded, WrongPhase
from crypto.labels import ENVELOPE, REQUEST
from crypto.protocol.chain import Chains
from crypto.protocol.entry import ZERO_HASH, Chain, make_entry, parse_entry
from crypto.protocol.envelope import Envelope, parse_envelope
from crypto.protocol.order import BatchOrder, order_key
from tests.generate import plain
from tests.generate.plain import u32
from tests.generate.world import world

# --- hash chain


def taken(count: int) -> Chain:
    chain = Chain()
    for data in world().ledger[:count]:
        entry = parse_entry(data)
        chain.check(entry)
        chain.advance(entry)
    return chain


@pytest.mark.parametrize("place", range(1, 11))
def test_attack_39_no_entry_can_be_left_out_repeated_or_changed(place: int) -> None:
    ledger = world().ledger
    chain = taken(place)
    for other in {*range(len(ledger))} - {place}:
        with pytest.raises((BrokenChain, WrongPhase), match=f"entry {place} does not|entry 1 does not begin"):
            chain.check(parse_entry(ledger[other]))
    changed = ledger[place].replace(b'"kind":"', b'"kind":"x', 1)
    chain.advance(parse_entry(changed))
    if place + 1 < len(ledger):
        with pytest.raises(BrokenChain, match=f"entry {place + 1} does not name the entry before it"):
            chain.check(parse_entry(ledger[place + 1]))


@pytest.mark.parametrize(
    ("size", "number", "error"),
    [(0, 0, WrongPhase), (2, 0, WrongPhase), (3, 1, WrongPhase), (6, 23, WrongPhase), (6, 24, WrongPhase)],
)
def test_batch_numbers_rise(size: int, number: int, error: type[Exception]) -> None:
    chain = taken(size)
    entry = parse_entry(make_entry("batch", chain.last_hash, {"number": number}))
    with pytest.raises(error, match="batch numbers do not rise"):
        chain.check(entry)


def test_gaps_are_allowed_and_entry_1_begins_a_batch() -> None:
    chain = taken(3)
    chain.check(parse_entry(make_entry("batch", chain.last_hash, {"number": 4_294_967_295})))
    first = taken(1)
    with pytest.raises(WrongPhase, match="entry 1 does not begin a batch"):
        first.check(parse_entry(make_entry("request", first.last_hash, {})))
    first.check(parse_entry(make_entry("batch", first.last_hash, {"number": 7})))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'"x"',
        b'{"kind":"x"}',
        b'{"kind":1,"previous":"' + b"00" * 32 + b'"}',
        b'{"kind":"x","previous":""}',
        b'{"kind":"x","previous":"' + b"AA" * 32 + b'"}',
    ],
)
def test_what_is_no_entry(data: bytes) -> None:
    with pytest.raises(EncodingError, match=r"not JSON|an entry is an object with a kind|entry: previous is not"):
        parse_entry(data)


# --- order within a batch


def request_entry(member: bytes) -> Any:
    statement = plain.label("REQUEST") + b"\x00" + b"e" * 32 + member + b"b" * 48
    members = {"statement": encode_base64(statement), "signature": "00" * 64}
    return parse_entry(make_entry("request", ZERO_HASH, members))


def ballot_entry(pseudonym: bytes) -> Any:
    statement = ENVELOPE + b"\x00" + b"e" * 64 + pseudonym + bytes(116)
    members = {"envelope": encode_base64(statement), "signature": "00" * 64}
    return parse_entry(make_entry("ballot", ZERO_HASH, members))


def bad_entry(kind: str) -> Any:
    return parse_entry(make_entry(kind, ZERO_HASH, {"x": 1}))


MEMBERS = [bytes([number]) * 16 for number in range(6)]
PSEUDONYMS = [bytes([number]) * 32 for number in range(6)]


def in_order(batch: int, keys: list[bytes]) -> list[bytes]:
    return sorted(keys, key=lambda key: plain.tagged_hash("BATCH-ORDER", u32(batch), key))


@given(st.permutations(MEMBERS), st.permutations(PSEUDONYMS), st.integers(0, 2**32 - 1))
def test_there_is_exactly_one_order(members: list[bytes], pseudonyms: list[bytes], batch: int) -> None:
    good = members == in_order(batch, members) and pseudonyms == in_order(batch, pseudonyms)
    order = BatchOrder()
    entries = [request_entry(member) for member in members] + [ballot_entry(vk) for vk in pseudonyms]
    try:
        for entry in entries:
            order.check(entry, batch)
    except WrongPhase:
        assert not good
    else:
        assert good


def test_requests_before_ballots_and_other_kinds_before_both() -> None:
    member, vk = request_entry(MEMBERS[0]), ballot_entry(PSEUDONYMS[0])
    proposal, batch = bad_entry("proposal"), parse_entry(make_entry("batch", ZERO_HASH, {"number": 9}))
    for good in (
        [proposal, member, vk],
        [member],
        [vk],
        [proposal, vk, batch, proposal, member],
        [member, batch, member],
    ):
        order = BatchOrder()
        for entry in good:
            order.check(entry, 1)
    for bad in ([vk, member], [member, proposal], [vk, proposal], [proposal, vk, member]):
        order = BatchOrder()
        with pytest.raises(WrongPhase, match="stands after requests or ballots of its batch"):
            for entry in bad:
                order.check(entry, 1)


def test_malformed_ones_stand_anywhere_among_their_kind() -> None:
    members = in_order(3, MEMBERS)
    order = BatchOrder()
    for member in members:
        assert order.check(bad_entry("request"), 3) is None
        assert order.check(request_entry(member), 3) is not None
    assert order.check(bad_entry("ballot"), 3) is None
    with pytest.raises(WrongPhase, match="stands after"):
        order.check(bad_entry("request"), 3)


def test_a_malformed_one_hides_no_disorder() -> None:
    first, second = in_order(3, MEMBERS[:2])
    order = BatchOrder()
    order.check(request_entry(second), 3)
    order.check(bad_entry("request"), 3)
    with pytest.raises(WrongPhase, match="not in the order of its batch"):
        order.check(request_entry(first), 3)


def test_each_batch_has_an_order_of_its_own() -> None:
    orders = {tuple(in_order(batch, MEMBERS)) for batch in range(20)}
    assert len(orders) > 10
    for key in MEMBERS:
        assert order_key(7, key) == plain.tagged_hash("BATCH-ORDER", u32(7), key)
    assert REQUEST == b"VECHE-V1-REQUEST"


# --- chains of ballots


def envelope(sequence: int, replaces: bytes = ZERO_HASH, vk: bytes = b"v" * 32, body: bytes = b"b" * 32) -> Envelope:
    payload = b"e" * 32 + b"m" * 32 + vk + b"c" * 48 + u32(sequence) + replaces + body
    return parse_envelope(ENVELOPE + b"\x00" + payload)


def refused(chains: Chains, item: Envelope, batch: int | None, rule: str) -> None:
    with pytest.raises(Excluded, match=f"^{rule}: ") as raised:
        chains.check(item, batch)
    assert raised.value.rule == rule


def test_attack_28_an_old_ballot_cannot_come_back() -> None:
    chains = Chains(32)
    first = envelope(1)
    second = envelope(2, first.digest(), body=b"2" * 32)
    for index, item in enumerate((first, second)):
        chains.check(item, index)
        chains.append(index, index, item)
    head = chains.head(first.pseudonym)
    assert head is not None
    assert head.envelope == second
    refused(chains, first, 5, "B7")
    refused(chains, second, 5, "B7")
    refused(chains, envelope(3, first.digest()), 5, "B7")
    refused(chains, envelope(3), 5, "B7")
    refused(chains, envelope(4, second.digest()), 5, "B7")
    refused(chains, envelope(2, second.digest()), 5, "B7")
    refused(chains, envelope(3, plain.sha256(b"other")), 5, "B7")
    chains.check(envelope(3, second.digest()), 5)


def test_attack_28_two_ballots_of_one_batch_have_no_order_so_the_second_is_excluded() -> None:
    chains = Chains(32)
    first = envelope(1)
    chains.append(0, 7, first)
    refused(chains, envelope(2, first.digest()), 7, "B8")
    chains.check(envelope(2, first.digest()), 8)
    chains.check(envelope(2, first.digest()), None)


def test_attack_63_a_pseudonym_has_so_many_ballots_and_no_more() -> None:
    chains = Chains(3)
    last = ZERO_HASH
    for number in range(1, 4):
        item = envelope(number, last)
        chains.check(item, number)
        chains.append(number, number, item)
        last = item.digest()
    refused(chains, envelope(4, last), 9, "B6")
    refused(chains, envelope(1), 9, "B6")
    other = envelope(1, vk=b"w" * 32)
    chains.check(other, 9)
    chains.append(9, 9, other)
    assert len(chains) == 2
    assert [len(links) for links in chains.all().values()] == [3, 1]


@pytest.mark.parametrize("sequence", [0, 2, 2**32 - 1])
def test_a_chain_begins_with_1_and_zeros(sequence: int) -> None:
    refused(Chains(32), envelope(sequence), 1, "B7")
    refused(Chains(32), envelope(1, b"r" * 32), 1, "B7")
    assert Chains(32).head(b"v" * 32) is None
