# SPDX-License-Identifier: AGPL-3.0-or-later
"""specs/vectors/policy.json."""

from __future__ import annotations

from typing import Any

from tests.generate.world import person, world


def build() -> dict[str, Any]:
    return {"page": "policy.md", "policies": _policies()}


def _policies() -> list[dict[str, Any]]:
    w = world()
    base = "a policy"

    def of(name: str, changes: list[list[Any]], error: str | None, **more: Any) -> dict[str, Any]:
        case = {"name": name, "of": base, "set": changes, **more}
        return case if error is None else case | {"error": error}

    def unsafe(name: str, *changes: list[Any]) -> dict[str, Any]:
        return of(name, list(changes), "UnsafePolicy")

    def malformed(name: str, *changes: list[Any]) -> dict[str, Any]:
        return of(name, list(changes), "EncodingError")

    board, witnesses = ["board", "members"], ["witnesses", "members"]
    key = person("board", 0)["key"]
    small = "01" + "00" * 31
    return [
        {
            "name": base,
            "document": w.policy,
            "fingerprint": w.fingerprint.hex(),
        },
        of("an interval of 60 seconds", [[["register", "interval"], 60]], None),
        of("a host of 100 characters", [[["host"], "a" * 100]], None),
        of("a board that must be unanimous", [[["board", "quorum"], 3]], None),
        unsafe("a quorum of the board that f members reach", [["board", "quorum"], 1]),
        unsafe("a quorum of the board above its number", [["board", "quorum"], 4]),
        unsafe("a quorum of no board member", [["board", "quorum"], 0]),
        unsafe("a board of nobody", [board, []]),
        unsafe("quorums of witnesses that meet in a liar", [["witnesses", "quorum"], 2]),
        unsafe("more faulty witnesses than the quorum allows", [["faulty", "witnesses"], 2]),
        unsafe("a quorum of witnesses above their number", [["witnesses", "quorum"], 5]),
        unsafe("fewer mirrors than the quorum", [[*witnesses, 0, "mirror"], False]),
        unsafe("no faulty board member", [["faulty", "board"], 0]),
        unsafe("no faulty trustee", [["faulty", "trustees"], 0]),
        unsafe("an interval of 59 seconds", [["register", "interval"], 59]),
        unsafe("one key twice in the board", [[*board, 1, "key"], key]),
        unsafe("one key in board and witnesses", [[*witnesses, 3, "key"], key]),
        unsafe("the register's key in the board", [["register", "key"], key]),
        malformed("confusable names in the board", [[*board, 1, "name"], "B\u043eard A"]),
        malformed("confusable organisations in the board", [[*board, 1, "organisation"], "0rganisation A"]),
        malformed("confusable organisations of witnesses", [[*witnesses, 1, "organisation"], "organisation-a"]),
        malformed("a key of small order", [[*board, 0, "key"], small]),
        malformed("a key that is not canonical", [[*board, 0, "key"], "ee" + "ff" * 30 + "7f"]),
        malformed("an upper-case key", [[*board, 0, "key"], key.upper()]),
        malformed("a witness's name with a space", [[*witnesses, 0, "name"], "witness a"]),
        malformed("a witness's name with a plus", [[*witnesses, 0, "name"], "witness+a"]),
        malformed("an empty name", [["name"], ""]),
        malformed("a name with an invisible character", [["name"], "Vec\u200btors"]),
        malformed("another version", [["version"], 2]),
        malformed("another suite", [["suite"], "VECHE-V2"]),
        malformed("a number for a boolean", [["demonstration"], 1]),
        malformed("a boolean for a number", [["clock_tolerance"], True]),
        malformed("a string for a number", [["board", "quorum"], "2"]),
        malformed("an upper-case host", [["host"], "Vectors.example"]),
        malformed("an empty host", [["host"], ""]),
        malformed("a host of 101 characters", [["host"], "a" * 101]),
        malformed("a host with a path", [["host"], "vectors.example/x"]),
        malformed("a host that ends in a newline", [["host"], "vectors.example\n"]),
        malformed("an unknown member", [["quorum"], 1]),
        malformed("an unknown role in faulty", [["faulty", "relays"], 1]),
        malformed("a number above 32 bits", [["clock_tolerance"], 2**32]),
        of("a member that is missing", [], "EncodingError", delete=[["clock_tolerance"]]),
        of("a missing mirror", [], "EncodingError", delete=[[*witnesses, 0, "mirror"]]),
        of("an object for an array", [[board, {}]], "EncodingError"),
    ]  # fmt: skip
