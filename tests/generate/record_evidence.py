# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people hold beside the sample `valid-with-evidence`, and what each piece must come out as, by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

from crypto.hashing import sha256
from crypto.ledger.checkpoint import Checkpoint, sign_checkpoint
from crypto.proofs.contest import BallotContext
from crypto.protocol.opening import open_ballot
from crypto.protocol.promise import make_claim
from crypto.protocol.receipt import receipt_code
from tests.forge import Script
from tests.forge.base import make_body
from tests.generate.record_forgeries import next_ballot

RECORD: Final = ("record.zip", "--policy", "policy.json")
WITH_RECORD: Final = ("--record", *RECORD)
CHALLENGED: Final = ((0, 1, 1),)
"""Marks of the ballot that voter 3 challenges."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One more call of the verifier.

    Args:
        shows: in words.
        arguments: of `veche-verify`, in the folder of the sample.
        verdict: of the call.
        statuses: of the checks that differ from those of the record alone, or that it does not have.
        fate: of a ballot: counted, superseded, or a rule.
    """

    shows: str
    arguments: tuple[str, ...]
    verdict: str
    statuses: dict[str, str] = field(default_factory=dict)
    fate: str | None = None


def passed(letter: str, last: int, **others: str) -> dict[str, str]:
    """PASS of the checks <letter>1 to <letter><last>, but for some; `NC` is short for NOT CHECKED."""
    found = {f"{letter}{number}": "PASS" for number in range(1, last + 1)}
    return found | {check: "NOT CHECKED" if status == "NC" else status for check, status in others.items()}


def number_of(made: Script, voter: int, sequence: int = 1) -> int:
    """The number of a voter's ballot in the order of the ledger."""
    pseudonym = made.ballot(voter).pseudonym
    mine = [number for number, (_, spec) in enumerate(made.specs) if spec.pseudonym == pseudonym]
    return mine[sequence - 1]


def pretty(data: bytes, **changes: Any) -> bytes:
    """A JSON file as people keep it."""
    return json.dumps({**json.loads(data), **changes}, indent=1).encode("ascii") + b"\n"


def evidence(made: Script) -> tuple[dict[str, bytes], list[Trial]]:
    """The files by name, and the calls."""
    files: dict[str, bytes] = {}
    trials = [
        Trial("the record without a policy", RECORD[:1], "INCOMPLETE", {"V01": "NOT CHECKED", "V04": "NOT CHECKED"}),
        *receipts(made, files),
        *checkpoints(made, files),
        *claims(made, files),
        *openings(made, files),
    ]
    return files, trials


def receipts(made: Script, files: dict[str, bytes]) -> list[Trial]:
    """Receipts, promises, a code."""
    counted, superseded = (made.receipt(number_of(made, *which)).to_bytes() for which in ((4,), (1,)))
    index, spec = made.specs[number_of(made, 4)]
    promise = json.loads(counted)["promise"]
    other = {**promise, "batch": promise["batch"] + 1}
    lost = made.promise(next_ballot(made, 2))
    files["receipt-counted.json"] = pretty(counted)
    files["receipt-superseded.json"] = pretty(superseded)
    files["receipt-changed-promise.json"] = pretty(counted, promise=other)
    files["receipt-changed-proof.json"] = pretty(counted, proof=[*json.loads(counted)["proof"][:-1], "00" * 32])
    files["promise-kept.json"] = pretty(made.promise(spec).to_bytes())
    files["promise-broken.json"] = pretty(lost.to_bytes())
    files["code.txt"] = receipt_code(made.promise(spec), index).encode("ascii") + b"\n"
    short = passed("R", 7, R1="NC", R2="NC", R3="NC")
    kept = ("receipt", "receipt-counted.json")
    return [
        Trial("receipt of a counted ballot", (*kept, *WITH_RECORD), "VALID", passed("R", 7), "counted"),
        Trial(
            "receipt of a ballot that its voter replaced",
            ("receipt", "receipt-superseded.json", *WITH_RECORD),
            "VALID",
            passed("R", 7),
            "superseded",
        ),
        Trial(
            "receipt without a record",
            (*kept, *RECORD[1:]),
            "INCOMPLETE",
            passed("R", 7, R4="NC", R5="NC", R6="NC", R7="NC"),
        ),
        Trial(
            "receipt whose promise was changed",
            ("receipt", "receipt-changed-promise.json", *WITH_RECORD),
            "INVALID",
            passed("R", 7, R5="FAIL", R6="NC", R7="NC"),
        ),
        Trial(
            "receipt with a wrong proof of inclusion",
            ("receipt", "receipt-changed-proof.json", *WITH_RECORD),
            "INVALID",
            passed("R", 7, R3="FAIL"),
            "counted",
        ),
        Trial("promise that was kept", ("receipt", "promise-kept.json", *WITH_RECORD), "INCOMPLETE", short, "counted"),
        Trial(
            "promise that was broken",
            ("receipt", "promise-broken.json", *WITH_RECORD),
            "INVALID",
            {**short, "R6": "FAIL", "R7": "NOT CHECKED"},
        ),
        Trial("receipt code", ("receipt", "code.txt", *WITH_RECORD), "INCOMPLETE", short, "counted"),
    ]


def checkpoints(made: Script, files: dict[str, bytes]) -> list[Trial]:
    """A head from before the end of voting, one that is larger than the record, one of another history."""
    log = made.log
    other = sha256(b"the root of another history")
    files["checkpoint-older"] = log.heads[7]
    files["checkpoint-larger"] = sign_checkpoint(Checkpoint(log.origin, len(log.entries) + 3, other), log.key).encode()
    files["checkpoint-fork"] = sign_checkpoint(Checkpoint(log.origin, len(log.entries), other), log.key).encode()
    outcomes = {"older": ("VALID", "PASS"), "larger": ("INCOMPLETE", "NOT CHECKED"), "fork": ("INVALID", "FAIL")}
    shows = {
        "older": "head of the ledger from before the end of voting",
        "larger": "checkpoint that covers more entries than the record has: the record is older",
        "fork": "checkpoint of another history that the log signed for the same size: evidence of a fork",
    }
    return [
        Trial(shows[name], (*RECORD, "--checkpoint", f"checkpoint-{name}"), verdict, {"V40": status})
        for name, (verdict, status) in outcomes.items()
    ]


def claims(made: Script, files: dict[str, bytes]) -> list[Trial]:
    """The smallest margin is 3: one proved claim changes nothing, two might have."""
    for voter in (2, 3):
        lost = next_ballot(made, voter)
        claim = make_claim(made.promise(lost), made.envelope(lost), lost.body or b"")
        files[f"claims-two/{voter}.json"] = claim
        if voter == 2:
            files["claims-one/2.json"] = claim
    files["claims-one/kept.json"] = made.claim(made.specs[number_of(made, 4)][1])
    return [
        Trial(
            "one claim that is proved, and one for a ballot that is in the ledger; margin 3",
            (*RECORD, "--claims", "claims-one"),
            "VALID",
            {"V41": "PASS"},
        ),
        Trial("two claims that are proved; margin 3", (*RECORD, "--claims", "claims-two"), "INVALID", {"V41": "FAIL"}),
    ]


def openings(made: Script, files: dict[str, bytes]) -> list[Trial]:
    """A ballot that its voter challenged, and an opening that shows other marks than it holds."""
    context = BallotContext(made.manifest_digest, made.election, made.ballot(3).pseudonym, 2)
    opening = open_ballot(make_body(made.manifest, made.contests, context, CHALLENGED))
    value = json.loads(opening.to_bytes())
    marks = [{**option, "mark": 1 - option["mark"]} for option in value["contests"][0]]
    files["opening.json"] = pretty(opening.to_bytes())
    files["opening-other-marks.json"] = pretty(opening.to_bytes(), contests=[marks])
    digest = sha256(opening.body).hex()
    end = (*WITH_RECORD, "--hash")
    return [
        Trial("challenged ballot", ("ballot", "opening.json", *end, digest), "VALID", passed("O", 5)),
        Trial(
            "opening that shows other marks than the ballot holds",
            ("ballot", "opening-other-marks.json", *end, digest),
            "INVALID",
            passed("O", 5, O3="FAIL", O4="NC", O5="NC"),
        ),
        Trial(
            "opening of another ballot than the voter noted",
            ("ballot", "opening.json", *end, sha256(b"another body").hex()),
            "INVALID",
            passed("O", 5, O1="FAIL"),
        ),
    ]
