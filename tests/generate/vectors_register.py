# SPDX-License-Identifier: AGPL-3.0-or-later
"""specs/vectors/register.json: a register with every kind of entry, its fold and roll, and entries that break it."""

from __future__ import annotations

from typing import Any

from tests.generate import plain
from tests.generate.drbg import derive
from tests.generate.plain import ZEROS, Ed25519, b64, compressed, entry, sha256, signatures
from tests.generate.world import EPOCH, MEMBERS, World, person, reviewer_list, signer, world


def build() -> dict[str, Any]:
    w = world()
    tail = _tail(w)
    return {
        "page": "register.md",
        "transcript_of": "lottery holders, two of three, in G2",
        "entries": [
            {"kind": item["kind"], "hash": sha256(item["entry"]).hex(), "text": item["entry"].decode()}
            for item in [*w.register, *tail]
        ],
        "election": w.election.hex(),
        "members": _members(w),
        "roll": {
            "size": len(w.register_entries),
            "body": b64(w.roll_body),
            **{key: value for key, value in w.roll_reference.items() if key != "size"},
        },
        "refused": [case for case in refused() if case["name"] in _PUBLISHED],
    }


_PUBLISHED = {
    "a batch number that does not rise",
    "an unknown kind",
    "a stranger beside the board's quorum",
    "a sequence number that skips one",
    "two reviewers of one organisation",
    "a case for the second time",
    "a key for the second time",
    "a key changed by the panel after 13 days",
}


def refused() -> list[dict[str, Any]]:
    """All entries that break the register; some of them stand in the file."""
    w = world()
    return _refused(w, _tail(w))


def _members(w: World) -> list[dict[str, Any]]:
    """After all entries, by member id."""
    status = {4: "suspended", 5: "left"}
    members = [
        {
            "member": w.member_id(number).hex(),
            "key": (signer("member new", number) if number in (2, 3) else signer("member", number)).public.hex(),
            "admitted_in_batch": 0,
            "status": status.get(number, "active"),
        }
        for number in range(MEMBERS)
    ]
    return sorted(members, key=lambda member: str(member["member"]))


def _tail(w: World) -> list[dict[str, Any]]:
    """What follows once the manifest is made: the election's keys, and a change of the log key."""
    made: list[dict[str, Any]] = []

    def append(kind: str, **members: Any) -> None:
        previous = made[-1]["entry"] if made else w.register_entries[-1]
        made.append({"kind": kind, "entry": entry(kind, sha256(previous), **members)})

    board = [signer("board", i) for i in range(3)]
    append("batch", number=41)
    payload = {
        "register": w.register_origin,
        "sequence": 4,
        "election": w.election.hex(),
        "manifest": w.manifest_digest.hex(),
        "issuing_key": compressed(w.registrars.public).hex(),
        "tally_key": compressed(w.trustees.public).hex(),
    }
    statement = plain.json_statement("ELECTION-KEYS", payload)
    append("election-keys", statement=b64(statement), signatures=signatures(board[:2], statement))
    append("batch", number=42)
    size = len(w.register_entries) + len(made)
    change = {"origin": w.register_origin, "size": size, "key": signer("register log new").public.hex()}
    statement = plain.json_statement("LEDGER-KEY", change)
    append("ledger-key-changed", statement=b64(statement), signatures=signatures(board[1:], statement))
    return made


def _refused(w: World, tail: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each entry in place of the next one after the first `after` entries."""
    everything = [item["entry"] for item in [*w.register, *tail]]
    kinds = [item["kind"] for item in [*w.register, *tail]]
    board, panel, reviewers = ([signer(role, i) for i in range(3)] for role in ("board", "panel", "reviewer"))
    cases: list[dict[str, Any]] = []

    def place(kind: str, number: int = 0) -> int:
        return [i for i, name in enumerate(kinds) if name == kind][number]

    def add(name: str, after: int, kind: str, error: str, **members: Any) -> None:
        previous = members.pop("previous", sha256(everything[after - 1]) if after else ZEROS)
        data = entry(kind, previous, **members)
        cases.append({"name": name, "after": after, "text": data.decode(), "error": error})

    def signed(
        name: str, after: int, kind: str, error: str, keys: list[Ed25519], sequence: int, *,
        label: str = "", origin: str = w.register_origin, signer_keys: list[dict[str, str]] | None = None, **members: Any,
    ) -> None:  # fmt: skip
        payload = {"register": origin, "sequence": sequence, **members}
        statement = plain.json_statement(label or kind.upper(), payload)
        made = signatures(keys, statement) if signer_keys is None else signer_keys
        add(name, after, kind, error, statement=b64(statement), signatures=made)

    def admit(name: str, error: str, keys: list[Ed25519], **changed: Any) -> None:
        members = {
            "case": 500,
            "member": derive("register new member", 16).hex(),
            "key": signer("member extra").public.hex(),
        }
        sequence = changed.pop("sequence", 0)
        signed(name, after_admissions, "admitted", error, keys, sequence, **(members | changed))

    after_admissions = place("batch", 1)
    first = {"member": w.member_id(0).hex()}
    add("no entry 0", 0, "batch", "ProtocolError", number=0)
    add("another policy in entry 0", 0, "register", "UnsafePolicy", policy={**w.policy, "name": "Other"})
    add("entry 1 begins no batch", 1, "register", "ProtocolError", policy=w.policy)
    add("a batch number that does not rise", after_admissions, "batch", "WrongPhase", number=0)
    add("a batch with another predecessor", after_admissions, "batch", "BrokenChain", number=1, previous=sha256(b""))
    add("an unknown kind", after_admissions, "cases", "EncodingError", number=1)
    add("a batch with an unknown member", after_admissions, "batch", "EncodingError", number=1, note="x")
    reviewers_at = place("reviewers")
    people = reviewer_list()
    signed("one member of the board", reviewers_at, "reviewers", "InvalidSignature", board[:1], 0, reviewers=people)
    signed("a stranger beside the board's quorum", reviewers_at, "reviewers", "InvalidSignature",
           [*board[:2], reviewers[0]], 0, reviewers=people)  # fmt: skip
    signed(
        "a sequence number that skips one", reviewers_at, "reviewers", "RegisterError", board[:2], 1, reviewers=people
    )
    signed(
        "another register",
        reviewers_at,
        "reviewers",
        "EncodingError",
        board[:2],
        0,
        origin="x/register",
        reviewers=people,
    )
    signed("another label", reviewers_at, "reviewers", "EncodingError", board[:2], 0, label="PANEL", reviewers=people)
    signed("no signature", reviewers_at, "reviewers", "EncodingError", [], 0, reviewers=people)
    twice = [people[0], {**people[1], "name": "R\u0435viewer A"}]
    signed("confusable reviewers", reviewers_at, "reviewers", "UnsafeText", board[:2], 0, reviewers=twice)
    held = [people[0], {**people[1], "key": board[0].public.hex()}]
    signed("a reviewer with a key of the board", reviewers_at, "reviewers", "KeyReuse", board[:2], 0, reviewers=held)
    payload = {"register": w.register_origin, "sequence": 0, "reviewers": people}
    statement = plain.json_statement("REVIEWERS", payload)
    good = signatures(board[:2], statement)
    for name, broken, error in (
        (
            "a signature that does not verify",
            [good[0], {**good[1], "signature": good[0]["signature"]}],
            "InvalidSignature",
        ),
        ("signatures that are not sorted", good[::-1], "EncodingError"),
        ("one signature twice", [good[0], good[0]], "EncodingError"),
    ):
        add(name, reviewers_at, "reviewers", error, statement=b64(statement), signatures=broken)
    panel_at = place("panel")
    signed("a panel that f members decide for", panel_at, "panel", "UnsafePolicy", board[:2], 1,
           quorum=1, members=[person("panel", i) for i in range(3)])  # fmt: skip
    admit("one reviewer", "InvalidSignature", reviewers[:1])
    admit("two reviewers of one organisation", "InvalidSignature", [reviewers[0], signer("reviewer", 3)])
    admit("three reviewers", "InvalidSignature", reviewers)
    admit("a reviewer and a stranger", "InvalidSignature", [reviewers[0], panel[0]])
    admit("a case for the second time", "RegisterError", reviewers[:2], case=100)
    admit("a member for the second time", "RegisterError", reviewers[:2], **first)
    admit("a key for the second time", "KeyReuse", reviewers[:2], key=signer("member", 0).public.hex())
    admit("a key of a role", "KeyReuse", reviewers[:2], key=signer("witness", 0).public.hex())
    admit("a sequence number above zero", "RegisterError", reviewers[:2], sequence=1)
    admit("a case beyond 2^53", "EncodingError", reviewers[:2], case=2**53)
    changed_at = place("key-changed")
    new_key = signer("member extra").public.hex()
    signed("a key changed by another member", changed_at, "key-changed", "InvalidSignature",
           [signer("member", 1)], 1, key=new_key, **first)  # fmt: skip
    signed("a key changed by the panel without announcement", changed_at, "key-changed", "RegisterError",
           panel[:2], 1, key=new_key, **first)  # fmt: skip
    early = place("batch", 2)
    member = {"member": w.member_id(3).hex()}
    add_early = {"key": signer("member new", 3).public.hex(), **member}
    cases.append(_early(everything, early, w, panel, add_early))
    signed("a suspension by one member of the panel", changed_at, "suspended", "InvalidSignature",
           panel[:1], 1, reason="identity", **first)  # fmt: skip
    signed("an unknown reason", changed_at, "suspended", "EncodingError", panel[:2], 1, reason="other", **first)
    signed(
        "a member restored who is active",
        changed_at,
        "restored",
        "RegisterError",
        panel[:2],
        1,
        reason="error",
        **first,
    )
    left = place("left")
    signed("a member who leaves by the panel's hand", left, "left", "InvalidSignature", panel[:2], 1, **first)
    announced = place("announcement")
    signed("an announcement with a ledger key in use", announced, "announcement", "KeyReuse", board[:2], 3,
           title={"en": "Council"}, epoch=EPOCH, interval=3600, eligibility_days=30,
           ledger_key=signer("register log").public.hex(), nonce=derive("register nonce").hex())  # fmt: skip
    signed("an announcement with an interval of 59 seconds", announced, "announcement", "EncodingError", board[:2], 3,
           title={"en": "Council"}, epoch=EPOCH, interval=59, eligibility_days=30,
           ledger_key=signer("election log").public.hex(), nonce=derive("register nonce").hex())  # fmt: skip
    keys_at = place("election-keys")
    keys = {"manifest": w.manifest_digest.hex(), "issuing_key": compressed(w.registrars.public).hex(),
            "tally_key": compressed(w.trustees.public).hex()}  # fmt: skip
    signed("keys of an election that is not announced", keys_at, "election-keys", "RegisterError", board[:2], 4,
           election=sha256(b"other").hex(), **keys)  # fmt: skip
    signed("the standing key as issuing key", keys_at, "election-keys", "KeyReuse", board[:2], 4,
           election=w.election.hex(), **(keys | {"issuing_key": compressed(w.lottery.public).hex()}))  # fmt: skip
    signed("a tally key that is the identity", keys_at, "election-keys", "EncodingError", board[:2], 4,
           election=w.election.hex(), **(keys | {"tally_key": "c0" + "00" * 47}))  # fmt: skip
    signed("keys of one election for the second time", keys_at + 1, "election-keys", "RegisterError", board[:2], 5,
           election=w.election.hex(), **keys)  # fmt: skip
    change_at = place("ledger-key-changed")
    for name, after, size, key, error in (
        ("a ledger key that names another index", change_at, change_at + 1, "register log new", "RegisterError"),
        ("a ledger key that is in use", change_at, change_at, "board", "KeyReuse"),
        ("a ledger key that is not first in its batch", keys_at + 1, keys_at + 1, "register log new", "RegisterError"),
    ):
        change = {"origin": w.register_origin, "size": size, "key": signer(key).public.hex()}
        statement = plain.json_statement("LEDGER-KEY", change)
        add(
            name,
            after,
            "ledger-key-changed",
            error,
            statement=b64(statement),
            signatures=signatures(board[:2], statement),
        )
    return cases


def _early(
    everything: list[bytes], place: int, w: World, panel: list[Ed25519], members: dict[str, str]
) -> dict[str, Any]:
    """The panel changes a key 13 days after its announcement: a batch 14 stands before, where the register has 15."""
    batch = entry("batch", sha256(everything[place - 1]), number=14)
    payload = {"register": w.register_origin, "sequence": 2, **members}
    statement = plain.json_statement("KEY-CHANGED", payload)
    data = entry("key-changed", sha256(batch), statement=b64(statement), signatures=signatures(panel[:2], statement))
    return {
        "name": "a key changed by the panel after 13 days",
        "after": place,
        "first": batch.decode(),
        "text": data.decode(),
        "error": "RegisterError",
    }
