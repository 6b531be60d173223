# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every member of every kind of entry, and of every statement in one, deleted, nulled and emptied: the table of
specs/verification.md#damage-table.

For kinds that can be excluded the damaged entry is one that is not needed, and the closing or certificate lists it, so the
record must be VALID and say by which rule; unlisted it must be INVALID by the check that the table names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crypto import labels
from crypto.encoding.members import decode_base64, encode_base64
from crypto.encoding.strict_json import loads
from crypto.protocol.ledger_key import KeyChange
from crypto.protocol.messages import make_share_lost
from crypto.sharing.session import REGISTRAR
from tests.audits import audit
from tests.forge import Forge, forge
from tests.forge.base import Hook, signing_key

PAGE = Path(__file__).parents[2] / "specs/verification.md"

ENTRIES = {
    "register": "register",
    "reviewers": "reviewers",
    "panel": "panel",
    "standing-key": "standing-key",
    "admitted": "admitted 11",
    "key-announced": "key-announced",
    "key-changed": "key-changed",
    "suspended": "suspended",
    "restored": "restored",
    "left": "left",
    "announcement": "announcement",
    "election-keys": "election-keys",
    "batch": "election batch 10",
    "opening": "opening",
    "proposal": "proposal roll",
    "approval": "approval roll",
    "ledger-key-changed": "key change",
    "ceremony": "extra ceremony",
    "readiness": "readiness registrar 4",
    "request": "request 11",
    "answer": "answer 4",
    "ballot": "ballot 10",
    "decryption": "decryption 3",
    "draw": "extra draw",
    "share-lost": "share-lost",
}
"""For each kind the entry of the forge's script to damage."""

STRUCTURAL = (
    "register", "reviewers", "panel", "standing-key", "admitted", "key-announced", "key-changed", "suspended", "restored",
    "left", "announcement", "election-keys", "batch", "opening", "proposal", "approval", "ledger-key-changed",
)  # fmt: skip


def table() -> dict[str, tuple[str, str]]:
    """Verdict (or rule) and check ids by kind, as the page says."""
    page = PAGE.read_text(encoding="utf-8").split("## Damage table")[1]
    rows = re.findall(r"^\| (`[^|]+) \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)
    return {kind: (verdict, by) for kinds, verdict, by in rows for kind in re.findall(r"`([a-z-]+)`", kinds)}


TABLE = table()


def empty(value: Any) -> Any:
    """Something empty of the same type."""
    return type(value)()


STILL_GOOD = {("admitted", "case")}
"""Members for which 0 is as good as another number."""

DAMAGES = ("delete", "null", "empty")


def damage(members: dict[str, Any], name: str, how: str) -> dict[str, Any]:
    """The members with one of them damaged."""
    if how == "delete":
        return {other: value for other, value in members.items() if other != name}
    return {**members, name: None if how == "null" else empty(members[name])}


# --- entries that the script does not have by itself


def key_change(made: Forge, _: Any) -> None:
    """The first entry of batch 11 changes the ledger's key."""
    log = made.log
    change = KeyChange(log.origin, len(log.entries), signing_key("second election log").public)
    payload = loads(change.statement()[len(labels.LEDGER_KEY) + 1 :])
    made.statement(log, "key change", "ledger-key-changed", payload, ["board 1", "board 2"])
    log.key = signing_key("second election log")


def extra_ceremony(made: Forge, _: Any) -> None:
    """A message that is sent a second time."""
    from tests.forge.base import run_ceremony

    messages, _shares = run_ceremony(made.sessions[REGISTRAR], made.election)
    index = made.message_entry("extra ceremony", "ceremony", messages[0])
    made.excluded[index] = "C1"


def share_lost(made: Forge, _: Any) -> None:
    message = make_share_lost(made.election, 3, signing_key("trustee 3"))
    made.message_entry("share-lost", "share-lost", message)


def extra_draw(made: Forge, _: Any) -> None:
    members = {"contest": 1, "options": [1, 2], "signature": "00" * 48}
    index = made.append(made.log, "extra draw", "draw", members)
    made.excluded_after[index] = "L1"


def second_ballot(made: Forge, ballots: list[Any]) -> list[Any]:
    """Voter 9 votes again in the next batch; that entry is the one to damage."""
    first = next(spec for _, spec in made.specs if spec.pseudonym == made.ballot(9).pseudonym)
    return [*ballots, made.ballot(9, 2, made.envelope(first).envelope.digest(), outcome="B1")]


SCENES: dict[str, dict[str, Hook]] = {
    "ledger-key-changed": {"voting batch 11": key_change},
    "ceremony": {"after ceremony": extra_ceremony},
    "request": {"asking": lambda _, numbers: [*numbers, 11]},
    "decryption": {"decrypting": lambda made, _: made.shares["trustee"]},
    "draw": {"before certificate": extra_draw},
    "share-lost": {"after closing": share_lost},
    "ballot": {"later ballots": second_ballot},
}


@dataclass(frozen=True, slots=True)
class Damage:
    """One member to damage: of the entry, or of the payload of its statement."""

    kind: str
    member: str
    how: str
    payload: bool

    def __str__(self) -> str:
        return f"{self.kind}: {'statement ' if self.payload else ''}{self.member}: {self.how}"


def members_of(kind: str) -> tuple[list[str], dict[str, Any]]:
    """Names of the members of an entry of a kind, and the JSON payload of its statement."""
    made = forge(SCENES.get(kind, {}))
    name = ENTRIES[kind] if kind != "ballot" else late_ballot(made)
    log = made.register if kind in STRUCTURAL[:12] else made.log
    entry = loads(log.entries[made.places[name]])
    payload: dict[str, Any] = {}
    if "statement" in entry and kind != "request":
        statement = decode_base64(entry["statement"], "statement")
        payload = loads(statement.partition(b"\x00")[2])
    return sorted(entry), payload


def late_ballot(made: Forge) -> str:
    """Name of voter 9's second ballot."""
    index = next(index for index, spec in made.specs if spec.outcome == "B1")
    return next(name for name, place in made.places.items() if place == index and name.startswith("ballot "))


def all_damages() -> Iterator[Damage]:
    for kind in ENTRIES:
        entry, payload = members_of(kind)
        for how in DAMAGES:
            yield from (Damage(kind, member, how, payload=False) for member in entry)
            yield from (
                Damage(kind, member, how, payload=True)
                for member, value in payload.items()
                if how != "empty" or (value and (kind, member) not in STILL_GOOD)
            )


def broken(made: dict[str, Any], spoiled: Damage) -> dict[str, Any]:
    return damage(made, spoiled.member, spoiled.how)


def hooks_for(spoiled: Damage, name: str) -> dict[str, Hook]:
    """The scene of a kind with the damage done to its entry."""
    hooks = dict(SCENES.get(spoiled.kind, {}))
    if not spoiled.payload:
        hooks[f"entry:{name}"] = lambda _, members: broken(members, spoiled)
        return hooks

    def resign(made: Forge, members: dict[str, Any]) -> dict[str, Any]:
        # The damaged statement is signed by the same people again.
        del made
        statement = decode_base64(members["statement"], "statement")
        label, _, payload = statement.partition(b"\x00")
        from crypto.encoding.strict_json import dumps

        spoilt = label + b"\x00" + dumps(broken(loads(payload), spoiled))
        return {**members, "statement": encode_base64(spoilt), **sign_again(members, spoilt)}

    hooks[f"entry:{name}"] = resign
    return hooks


KEYS = {
    signing_key(name).public.hex(): name
    for role, count in (("board", 3), ("panel", 3), ("reviewer", 3), ("registrar", 4), ("trustee", 3), ("member", 12))
    for name in [f"{role} {number}" for number in range(1, count + 1)]
}


def sign_again(members: dict[str, Any], statement: bytes) -> dict[str, Any]:
    """Signatures of the same keys on another statement."""
    if "signatures" in members:
        again = [
            {"key": entry["key"], "signature": signing_key(KEYS[entry["key"]]).sign(statement).hex()}
            for entry in members["signatures"]
        ]
        return {"signatures": again}
    party = loads(decode_base64(members["statement"], "statement").partition(b"\x00")[2])
    index = next((party[name] for name in ("party", "registrar", "trustee") if name in party), 1)
    role = "trustee" if "trustee" in party else party.get("role", "registrar")
    return {"signature": signing_key(f"{role} {index}").sign(statement).hex()}


def listed(spoiled: Damage, rule: str) -> dict[str, Hook]:
    """Hooks that make closing and certificate list the damaged entry, and do without it."""
    match spoiled.kind:
        case "readiness":
            return {"listed registrars": lambda _f, _v: [1, 2, 3], "message:readiness registrar 4": note_excluded(rule)}
        case "request":
            return {"request rule 11": lambda _f, _v: rule}
        case "answer":
            return {"answer rule 4": lambda _f, _v: rule}
        case "decryption":
            return {"decryption rule 3": lambda _f, _v: rule}
        case "share-lost":
            return {"before certificate": lambda made, _: made.excluded_after.update({made.places["share-lost"]: rule})}
    return {}


def note_excluded(rule: str) -> Hook:
    def note(made: Forge, message: Any) -> Any:
        made.excluded[len(made.log.entries)] = rule
        return message

    return note


@pytest.fixture(scope="module")
def ballot_name() -> str:
    return late_ballot(forge(SCENES["ballot"]))


@pytest.mark.parametrize("spoiled", list(all_damages()), ids=str)
def test_damaged_member(spoiled: Damage, tmp_path: Path, ballot_name: str) -> None:
    name = ballot_name if spoiled.kind == "ballot" else ENTRIES[spoiled.kind]
    hooks = hooks_for(spoiled, name)
    shared = not spoiled.payload and (spoiled.member in ("kind", "previous") or spoiled.how == "null")
    verdict, by = TABLE["previous"] if shared else TABLE[spoiled.kind]
    rule = verdict.removeprefix("rule ") if verdict.startswith("rule ") else None
    if rule is not None:
        hooks |= listed(spoiled, rule)
    try:
        made = forge(hooks)
    except KeyError as error:
        # An emptied member can be what it was: a zero, or an empty list.
        pytest.fail(f"the forge did not get to the damage: {error}")
    made.write(tmp_path)
    result = audit(tmp_path)
    if rule is None:
        assert result.verdict == "INVALID", spoiled
        assert result.failed[0] in by, (result.failed[0], result.detail(result.failed[0]))
    else:
        assert result.verdict == "VALID", {c: result.detail(c) for c in result.failed}
        assert result.excluded[made.places[name]] == rule


def test_the_table_has_every_kind() -> None:
    assert set(TABLE) == {*ENTRIES, "kind", "previous", "null"}
