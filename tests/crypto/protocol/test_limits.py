# SPDX-License-Identifier: AGPL-3.0-or-later
"""A reader accepts up to each limit of specs/suite.md and refuses beyond it."""

from __future__ import annotations

import copy
from itertools import product
from typing import Any

import pytest

from crypto.encoding.strict_json import dumps, loads
from crypto.errors import CryptoError, EncodingError, InvalidManifest, UnsafePolicy
from crypto.protocol.entry import make_entry, parse_entry
from crypto.protocol.manifest import parse_manifest
from crypto.protocol.policy import Policy, parse_policy
from crypto.protocol.receipt import Receipt
from crypto.suite import MAX_ENTRY_BYTES, MAX_JSON_DEPTH, MAX_OPTIONS, MAX_PARTIES, MAX_PROOF_HASHES, MAX_REVOTES
from tests.generate import vectors_receipt
from tests.generate.plain import canonical
from tests.generate.world import signer, witness_name, world

LETTERS = "abcdefghkm"


def word(number: int) -> str:
    """Different for every number, and never confusable."""
    return "Q" + "".join(LETTERS[int(digit)] for digit in f"{number:04d}")


def accepted(read: Any, document: Any) -> Any:
    return read(canonical(document))


def refused(read: Any, document: Any, error: type[CryptoError], match: str) -> None:
    with pytest.raises(error, match=match):
        read(canonical(document))


# --- entries and JSON


def test_the_longest_entry() -> None:
    empty = len(make_entry("x", bytes(32), {"a": ""}))
    longest = make_entry("x", bytes(32), {"a": "b" * (MAX_ENTRY_BYTES - empty)})
    assert len(longest) == 65_535
    assert parse_entry(longest).kind == "x"
    with pytest.raises(EncodingError, match="an entry of 65536 bytes is longer than 65535"):
        parse_entry(longest.replace(b'"b', b'"bb', 1))
    with pytest.raises(EncodingError, match="an entry of 65536 bytes; it may have 65535"):
        make_entry("x", bytes(32), {"a": "b" * (MAX_ENTRY_BYTES - empty + 1)})


def test_the_deepest_json() -> None:
    assert loads(b"[" * MAX_JSON_DEPTH + b"]" * MAX_JSON_DEPTH)
    with pytest.raises(EncodingError, match="deeper than 16 levels"):
        loads(b"[" * (MAX_JSON_DEPTH + 1) + b"]" * (MAX_JSON_DEPTH + 1))


def test_the_longest_proof_in_a_receipt() -> None:
    document = vectors_receipt.receipt(world(), world().votes[0])
    document["proof"] = [document["proof"][0]] * MAX_PROOF_HASHES
    assert len(accepted(Receipt.from_bytes, document).proof) == 63
    document["proof"].append(document["proof"][0])
    refused(Receipt.from_bytes, document, EncodingError, "proof is not an array of 0 to 63 items")


# --- manifest


def manifest(**changed: Any) -> dict[str, Any]:
    return copy.deepcopy(world().manifest | changed)


def contest(number: int, options: int = 1) -> dict[str, Any]:
    title = {"en": word(number), "ru": word(number)}
    names = [{"name": {"en": word(i), "ru": word(i)}, "statement": "00" * 32} for i in range(options)]
    return {"title": title, "options": names, "min": 0, "max": 1, "seats": 1, "tie": "vacant", "zero_votes_win": False}


def test_contests_and_options() -> None:
    assert len(accepted(parse_manifest, manifest(contests=[contest(i) for i in range(32)])).contests) == 32
    refused(parse_manifest, manifest(contests=[contest(i) for i in range(33)]), EncodingError, "array of 1 to 32 items")
    largest = accepted(parse_manifest, manifest(contests=[contest(0, MAX_OPTIONS)]))
    assert largest.option_count == 1000
    too_many = manifest(contests=[contest(0, MAX_OPTIONS + 1)])
    refused(parse_manifest, too_many, EncodingError, "options is not an array of 1 to 1000 items")


def in_languages(count: int) -> dict[str, Any]:
    codes = [f"{first}{second}" for first, second in product("ab", "abcdefgh")][:count]
    value = manifest(contests=[contest(0, 2)], languages=codes, title=dict.fromkeys(codes, "Title"))
    value["contests"][0]["title"] = dict.fromkeys(codes, "Contest")
    for number, option in enumerate(value["contests"][0]["options"]):
        option["name"] = dict.fromkeys(codes, word(number))
    return value


def test_languages() -> None:
    assert len(accepted(parse_manifest, in_languages(8)).languages) == 8
    assert len(accepted(parse_manifest, in_languages(1)).languages) == 1
    refused(parse_manifest, in_languages(9), EncodingError, "languages is not an array of 1 to 8 items")


@pytest.mark.parametrize(("revotes", "good"), [(0, False), (1, True), (MAX_REVOTES, True), (MAX_REVOTES + 1, False)])
def test_revotes(revotes: int, good: bool) -> None:
    if good:
        assert accepted(parse_manifest, manifest(max_revotes=revotes)).schedule.max_revotes == revotes
    else:
        refused(parse_manifest, manifest(max_revotes=revotes), InvalidManifest, "1 to 32 ballots")


# --- policy


def policy(
    board: int = 3, witnesses: int = 4, mirrors: int = 4, quorums: tuple[int, int] = (2, 3), faulty: int = 1
) -> Any:
    value = copy.deepcopy(world().policy)
    people = [
        {"key": signer("limit board", i).public.hex(), "name": word(i), "organisation": word(i)} for i in range(board)
    ]
    names = [witness_name(i) if i < 4 else word(i) for i in range(witnesses)]
    seen = [
        {"key": signer("limit witness", i).public.hex(), "name": name, "organisation": word(i), "mirror": i < mirrors}
        for i, name in enumerate(names)
    ]
    value["board"] = {"quorum": quorums[0], "members": people}
    value["witnesses"] = {"quorum": quorums[1], "members": seen}
    value["faulty"] |= {"board": faulty, "witnesses": faulty}
    return value


def test_as_many_members_as_a_role_may_have() -> None:
    largest = policy(MAX_PARTIES, MAX_PARTIES, MAX_PARTIES, (17, 17))
    assert isinstance(accepted(parse_policy, largest), Policy)
    refused(parse_policy, policy(33, 32, 32, (17, 17)), UnsafePolicy, "a role has more than 32 members")
    refused(parse_policy, policy(32, 33, 33, (17, 18)), UnsafePolicy, "a role has more than 32 members")


@pytest.mark.parametrize("n", range(1, 6))
def test_attack_36_and_37_exactly_the_safe_quorums_are_accepted(n: int) -> None:
    """Board f < q <= n; witnesses 2q > n + f, q <= n, at least q mirrors; f at least 1."""
    tried = 0
    for q, f in product(range(n + 2), range(3)):
        board = policy(board=n, quorums=(q, 4), faulty=f)
        # Four witnesses with a quorum of four satisfy 2q > n + f for every f here.
        safe = f >= 1 and f < q <= n
        if safe:
            assert accepted(parse_policy, board).board_quorum == q
        else:
            refused(parse_policy, board, UnsafePolicy, "board|faulty")
        for mirrors in {n, max(0, q - 1)}:
            witnesses = policy(board=3, witnesses=n, mirrors=mirrors, quorums=(3, q), faulty=f)
            if f >= 1 and 2 * q > n + f and q <= n and mirrors >= q:
                assert accepted(parse_policy, witnesses).witness_quorum == q
            else:
                refused(parse_policy, witnesses, UnsafePolicy, "witnesses|faulty|names of board")
            tried += 1
    assert tried > n
    assert dumps(policy())
