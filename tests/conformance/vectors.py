# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads `specs/vectors`: the cases of a file, with what they take from another case filled in.

Nothing here knows an implementation; `test_vectors_crypto.py` and its neighbours do. How a case refers to another one is
written in `specs/vectors/README.md`.
"""

from __future__ import annotations

import base64
import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(__file__).resolve().parents[2] / "specs" / "vectors"

Case = dict[str, Any]

_BYTES_MEMBER = {
    ("contest-proof", "proofs"): "bytes",
    ("ballot", "bodies"): "body",
    ("ballot", "envelopes"): "statement",
    ("tally", "decryptions"): "body",
}
"""What `patch`, `truncate` and `append` change."""

_HEX = {("ballot", "envelopes")}

_TEXT_MEMBER = {
    ("key-ceremony", "readiness"): "statement",
    ("receipt", "codes"): "code",
    ("ledger", "notes"): "text",
}
"""What `splice`, `replace`, `lines` and `extra_lines` change."""

_BASES = {("ballot", "bodies"): "ballots"}
"""Where the case lies that `of` names, if not in the same list."""


@cache
def load(file: str) -> dict[str, Any]:
    """A vector file as it is."""
    value: dict[str, Any] = json.loads((VECTORS / f"{file}.json").read_text("ascii"))
    return value


@cache
def resolved(file: str, family: str) -> tuple[Case, ...]:
    """The cases of a list, complete."""
    bases = {case["name"]: case for case in load(file)[_BASES.get((file, family), family)] if "name" in case}
    return tuple(_resolve(file, family, case, bases) for case in load(file)[family])


def cases(file: str, family: str, *, good: bool | None = None) -> list[Any]:
    """The cases as parameters of a test: all, the good ones, or those to be refused."""
    chosen = [case for case in resolved(file, family) if good is None or good == is_good(case)]
    if not chosen:
        raise ValueError(f"{file}: {family} has no such case")
    return [pytest.param(case, id=str(case.get("name", number))) for number, case in enumerate(chosen)]


def is_good(case: Case) -> bool:
    """Whether an implementation must accept."""
    return not case.get("error") and not case.get("rule")


def _resolve(file: str, family: str, case: Case, bases: dict[str, Case]) -> Case:
    case = copy.deepcopy(case)
    if "of" in case:
        base = _resolve(file, family, bases[case["of"]], bases)
        case = {key: value for key, value in base.items() if key not in ("error", "rule", "of")} | case
    if "body_of" in case:
        body = next(ballot["body"] for ballot in load(file)["ballots"] if ballot["name"] == case["body_of"])
        if "document" in case:
            case["document"]["body"] = body
        else:
            case["body"] = body
    _change_bytes(case, _BYTES_MEMBER.get((file, family)), hexadecimal=(file, family) in _HEX)
    _change_text(case, _TEXT_MEMBER.get((file, family)))
    _change_document(case)
    return case


def _change_bytes(case: Case, member: str | None, *, hexadecimal: bool) -> None:
    if member is None or not case.keys() & {"patch", "truncate", "append"}:
        return
    data = bytearray(bytes.fromhex(case[member]) if hexadecimal else base64.b64decode(case[member]))
    for start, new in case.get("patch", []):
        replaced = bytes.fromhex(new)
        data[start : start + len(replaced)] = replaced
    data = data[: case.get("truncate", len(data))] + bytes.fromhex(case.get("append", ""))
    case[member] = data.hex() if hexadecimal else base64.b64encode(data).decode()


def splice(text: str, change: list[Any]) -> str:
    """`[start, end, new]` applied to a text."""
    start, end, new = change
    return text[:start] + new + text[end:]


def _change_text(case: Case, member: str | None) -> None:
    if member is None:
        return
    if "splice" in case:
        case[member] = splice(case[member], case["splice"])
    for before, after in case.get("replace", []):
        if before not in case[member]:
            raise ValueError(f"{case['name']}: nothing to replace")
        case[member] = case[member].replace(before, after, 1)
    if "lines" in case:
        text, _, lines = case[member].rpartition("\n\n")
        split = lines.splitlines(keepends=True)
        case[member] = text + "\n\n" + "".join(split[number] for number in case["lines"])
    for number in range(case.get("extra_lines", 0)):
        case[member] += f"\u2014 extra-{number} {base64.b64encode(bytes(68)).decode()}\n"


def _change_document(case: Case) -> None:
    for path, value in case.get("set", []):
        _parent(case["document"], path)[path[-1]] = value
    for path in case.get("delete", []):
        del _parent(case["document"], path)[path[-1]]
    for path, before, after in case.get("edit", []):
        parent = _parent(case["document"], path)
        if before not in parent[path[-1]]:
            raise ValueError(f"{case['name']}: nothing to edit")
        parent[path[-1]] = parent[path[-1]].replace(before, after, 1)


def _parent(document: Any, path: list[Any]) -> Any:
    for step in path[:-1]:
        document = document[step]
    return document


def document_bytes(case: Case) -> bytes:
    """The document as a JSON file with white space, as people write it."""
    return json.dumps(case["document"], ensure_ascii=False, indent=2).encode("utf-8")


def canonical_bytes(value: Any) -> bytes:
    """The canonical form of a value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def excluded_message(case: Case, sessions: list[Case]) -> tuple[bytes, bytes]:
    """Statement and signature of a case of key-ceremony `excluded`."""
    messages = sessions[0]["messages"]
    statement = case.get("statement")
    if "repeat" in case:
        statement = messages[case["repeat"]]["statement"]
        if "splice" in case:
            statement = splice(statement, case["splice"])
    signature = case.get("signature") or messages[case["repeat"]]["signature"]
    return str(statement).encode(), bytes.fromhex(signature)


def transcript_body(session: Case) -> bytes:
    """The body that a `standing-key` entry names, from the messages of a session."""
    messages = [
        {"signature": message["signature"], "statement": base64.b64encode(message["statement"].encode()).decode()}
        for message in session["messages"]
    ]
    return canonical_bytes({"messages": messages})
