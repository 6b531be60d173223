# SPDX-License-Identifier: AGPL-3.0-or-later
"""specs/vectors/manifest.json."""

from __future__ import annotations

from typing import Any

from tests.generate.plain import canonical
from tests.generate.plain_contest import slack_weights
from tests.generate.world import CONTESTS, world


def build() -> dict[str, Any]:
    return {"page": "manifest.md", "manifests": _manifests()}


def _manifests() -> list[dict[str, Any]]:
    w = world()
    base = "a manifest"
    length = sum(96 * (2 * n + 4) + 32 * (n + len(slack_weights(high - low)) + 1) for n, low, high in CONTESTS)

    def of(name: str, changes: list[list[Any]], error: str | None, **more: Any) -> dict[str, Any]:
        case = {"name": name, "of": base, "set": changes, **more}
        return case if error is None else case | {"error": error}

    def invalid(name: str, *changes: list[Any]) -> dict[str, Any]:
        return of(name, list(changes), "InvalidManifest")

    def malformed(name: str, *changes: list[Any]) -> dict[str, Any]:
        return of(name, list(changes), "EncodingError")

    def unsafe(name: str, *changes: list[Any]) -> dict[str, Any]:
        return of(name, list(changes), "UnsafeText")

    chair, council = ["contests", 0], ["contests", 1]
    long = [
        {"name": {"en": "A" + "bcdefghkmnpqrstuvwxyz"[i // 21] + "bcdefghkmnpqrstuvwxyz"[i % 21], "ru": f"Имя {i + 2}x{i}"},
         "statement": "00" * 32}
        for i in range(2)
    ]  # fmt: skip
    return [
        {
            "name": base,
            "document": w.manifest,
            "digest": w.manifest_digest.hex(),
            "bytes": len(canonical(w.manifest)),
            "body_bytes": length,
        },
        of("the shortest vote", [[["voting_closes"], 97], [["voting_opens"], 96]], None),
        of(
            "a single option that must be marked",
            [
                [[*chair, "options"], long[:1]],
                [[*chair, "min"], 1],
                [[*chair, "max"], 1],
            ],
            None,
        ),
        of("all seats", [[[*council, "seats"], 3]], None),
        invalid("min above max", [[*council, "min"], 3]),
        invalid("max above the number of options", [[*council, "max"], 4]),
        invalid("max of 0", [[*chair, "max"], 0]),
        invalid("no seat", [[*council, "seats"], 0]),
        invalid("more seats than options", [[*council, "seats"], 4]),
        invalid("voting that closes when it opens", [["voting_closes"], 24], [["requests_close"], 24]),
        invalid("voting that opens in batch 0", [["voting_opens"], 0]),
        invalid("requests after the vote", [["requests_close"], 97]),
        invalid("four ballots are tallied", [["min_ballots"], 4]),
        invalid("no ballot at all", [["max_revotes"], 0]),
        invalid("33 ballots of one pseudonym", [["max_revotes"], 33]),
        malformed("no contest", [["contests"], []]),
        malformed("no option", [[*chair, "options"], []]),
        malformed("another suite", [["suite"], "VECHE-V2"]),
        malformed("another kind", [["kind"], "roll"]),
        malformed("another tie rule", [[*chair, "tie"], "age"]),
        malformed("a number for a boolean", [[*chair, "zero_votes_win"], 0]),
        malformed("languages that are not sorted", [["languages"], ["ru", "en"]]),
        malformed("a language twice", [["languages"], ["en", "en", "ru"]]),
        malformed("a language without texts", [["languages"], ["de", "en", "ru"]]),
        malformed("a text in a further language", [["title"], {"de": "Rat", "en": "Council", "ru": "Совет"}]),
        malformed("a title in one language only", [[*chair, "title"], {"en": "Chair"}]),
        malformed("a statement that is no hash", [[*chair, "options", 0, "statement"], ""]),
        malformed("a promise key of small order", [["promise_key"], "00" * 32]),
        malformed("a public share of the wrong group", [["tally", "holders", 0, "public_share"], "00" * 96]),
        malformed("an unknown member", [["note"], ""]),
        of("a missing member", [], "EncodingError", delete=[["grace"]]),
        malformed("null", [["grace"], None]),
        unsafe("options that look alike", [[*council, "options", 1, "name", "en"], "\u0410nn\u0430 Fr\u043est"]),
        unsafe("options that look alike in Russian", [[*council, "options", 1, "name", "ru"], "Aннa Фpocт"]),
        unsafe("contests that look alike", [[*council, "title", "en"], "CHA1R"]),
        unsafe("an invisible character in a name", [[*council, "options", 1, "name", "en"], "Boris\u2060Wolf"]),
        unsafe("a name that runs from right to left", [[*council, "options", 1, "name", "en"], "\u202eBoris"]),
        unsafe("a space at the end of a name", [[*council, "options", 1, "name", "en"], "Boris "]),
    ]
