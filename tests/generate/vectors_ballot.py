# SPDX-License-Identifier: AGPL-3.0-or-later
"""specs/vectors/ballot.json: bodies, envelopes, chains, an opening."""

from __future__ import annotations

from typing import Any

from tests.generate import plain
from tests.generate.drbg import derive
from tests.generate.plain import ZEROS, Ed25519, b64, compressed, scalar_bytes, sha256
from tests.generate.world import CONTESTS, Vote, World, world


def build() -> dict[str, Any]:
    w = world()
    return {
        "page": "ballot.md",
        "manifest": w.manifest_digest.hex(),
        "tally_key": compressed(w.trustees.public).hex(),
        "issuing_key": compressed(w.registrars.public).hex(),
        "contests": [{"n": n, "min": low, "max": high} for n, low, high in CONTESTS],
        "ballots": [_ballot(w, vote) for vote in w.votes],
        "envelopes": _envelopes(w),
        "bodies": _bodies(w),
        "chains": _chains(),
        "openings": _openings(w),
    }


def _name(vote: Vote) -> str:
    return f"voter {vote.voter}, seq {vote.sequence}"


def _ballot(w: World, vote: Vote) -> dict[str, Any]:
    replaced = [v for v in w.votes if v.voter == vote.voter and v.sequence == vote.sequence - 1]
    return {
        "name": _name(vote),
        "marks": [list(contest) for contest in vote.marks],
        "election": w.election.hex(),
        "vk": w.pseudonym(vote.voter).public.hex(),
        "credential": w.credential(vote.voter).hex(),
        "seq": vote.sequence,
        "replaces": (sha256(replaced[0].envelope) if replaced else ZEROS).hex(),
        "body": b64(vote.body),
        "body_hash": sha256(vote.body).hex(),
        "statement": vote.envelope.hex(),
        "envelope_hash": sha256(vote.envelope).hex(),
        "pseudonym_seed": w.pseudonym(vote.voter).seed.hex(),
        "signature": vote.signature.hex(),
    }


def _envelopes(w: World) -> list[dict[str, Any]]:
    """One envelope, and others that exactly one of the rules B1, B3, B4, B5 excludes."""
    vote = w.votes[0]
    key = w.pseudonym(0)
    payload = vote.envelope.partition(b"\x00")[2]

    def signed(
        name: str, rule: str | None, changed: bytes, by: Ed25519 = key, label: str = "ENVELOPE"
    ) -> dict[str, Any]:
        statement = plain.statement(label, changed)
        case = {"name": name, "statement": statement.hex(), "signature": by.sign(statement).hex()}
        if rule is None:
            return case
        if len(statement) == len(vote.envelope):
            # Only what differs from the good envelope.
            places = [i for i, byte in enumerate(statement) if byte != vote.envelope[i]]
            del case["statement"]
            case["of"] = "a good envelope"
            if places:
                case["patch"] = [[places[0], statement[places[0] : places[-1] + 1].hex()]]
        return case | {"rule": rule}

    def field(start: int, value: bytes) -> bytes:
        return payload[:start] + value + payload[start + len(value) :]

    torsion = compressed(plain.times(w.credential_point(0), w.registrars.secret) + plain.point_of_order(3))
    other = Ed25519(derive("ballot other"))
    return [
        signed("a good envelope", None, payload),
        signed("a byte too few", "B1", payload[:-1]),
        signed("a byte too many", "B1", payload + b"\x00"),
        signed("another label", "B1", payload, label="PROMISE"),
        signed("a pseudonym of small order", "B3", field(64, b"\x01" + bytes(31))),
        signed("a pseudonym that is not canonical", "B3", field(64, b"\xee" + b"\xff" * 30 + b"\x7f")),
        signed("a member key as pseudonym", "B3", field(64, w.member_key(1).public), w.member_key(1)),
        signed("signed by another key", "B4", payload, other),
        signed("the credential of another pseudonym", "B5", field(96, w.credential(1))),
        signed("a pseudonym without credential", "B5", field(64, other.public), other),
        signed("a credential with a component of order 3", "B5", field(96, torsion)),
        signed("a credential that is the identity", "B5", field(96, b"\xc0" + bytes(47))),
    ]


def _bodies(w: World) -> list[dict[str, Any]]:
    """Bodies that rule B10 excludes, under the context of the first ballot; contests start at `offsets`."""
    vote = w.votes[0]
    split = len(vote.proofs[0].data)
    other = w.votes[2]
    base = _name(vote)

    def bad(name: str, **changed: Any) -> dict[str, Any]:
        return {"name": name, "of": base, "rule": "B10", **changed}

    return [
        bad("a byte too few", truncate=len(vote.body) - 1),
        bad("a byte too many", append="00"),
        bad("nothing", truncate=0),
        bad("only the first contest", truncate=split),
        bad("another ballot of the same pseudonym", body_of=_name(w.votes[1])),
        bad("the ballot of another voter", body_of=_name(other)),
        bad("a ciphertext of another voter", patch=[[0, other.body[:192].hex()]]),
        bad("another bit in the last scalar", patch=[[len(vote.body) - 1, f"{vote.body[-1] ^ 1:02x}"]]),
        bad("zeros in place of a point", patch=[[split, bytes(96).hex()]]),
    ]


def _chains() -> list[dict[str, Any]]:
    """Envelopes in ledger order with what becomes of them by B6, B7, B8. `replaces` is the number of another step."""
    return [
        {
            "name": "three ballots at most",
            "max_revotes": 3,
            "steps": [
                {"vk": "a", "seq": 1, "replaces": None, "batch": 1, "rule": None},
                {"vk": "b", "seq": 2, "replaces": None, "batch": 1, "rule": "B7"},
                {"vk": "b", "seq": 1, "replaces": None, "batch": 1, "rule": None},
                {"vk": "a", "seq": 2, "replaces": 0, "batch": 1, "rule": "B8"},
                {"vk": "a", "seq": 2, "replaces": 0, "batch": 2, "rule": None},
                {"vk": "a", "seq": 1, "replaces": None, "batch": 3, "rule": "B7"},
                {"vk": "a", "seq": 2, "replaces": 0, "batch": 3, "rule": "B7"},
                {"vk": "a", "seq": 3, "replaces": 0, "batch": 3, "rule": "B7"},
                {"vk": "a", "seq": 3, "replaces": 2, "batch": 3, "rule": "B7"},
                {"vk": "a", "seq": 4, "replaces": 4, "batch": 3, "rule": "B7"},
                {"vk": "a", "seq": 3, "replaces": 4, "batch": 3, "rule": None},
                {"vk": "a", "seq": 4, "replaces": 10, "batch": 4, "rule": "B6"},
                {"vk": "b", "seq": 2, "replaces": 2, "batch": 4, "rule": None},
                {"vk": "c", "seq": 0, "replaces": None, "batch": 4, "rule": "B7"},
                {"vk": "c", "seq": 1, "replaces": 0, "batch": 4, "rule": "B7"},
            ],
        }
    ]


def _openings(w: World) -> list[dict[str, Any]]:
    """The first ballot, had it been challenged; the document's `body` is that ballot's."""
    vote = w.votes[0]
    document = {
        "kind": "opening",
        "election": w.election.hex(),
        "manifest": w.manifest_digest.hex(),
        "vk": w.pseudonym(0).public.hex(),
        "seq": 1,
        "contests": [
            [
                {"mark": mark, "randomness": scalar_bytes(r).hex()}
                for mark, r in zip(marks, w.randomness(0, 1, contest), strict=True)
            ]
            for contest, marks in enumerate(vote.marks)
        ],
    }
    base = "an opening"
    noted = sha256(vote.body).hex()
    contests: Any = document["contests"]

    def bad(name: str, error: str, *changes: list[Any], **more: Any) -> dict[str, Any]:
        return {"name": name, "of": base, "set": list(changes), **more, "error": error}

    return [
        {"name": base, "body_of": _name(vote), "document": document, "noted": noted},
        bad("another hash was noted", "InvalidOpening", noted=sha256(b"other").hex()),
        bad("another mark", "InvalidOpening", [["contests", 0, 0, "mark"], 0]),
        bad("another randomness", "InvalidOpening", [["contests", 0, 0, "randomness"], scalar_bytes(7).hex()]),
        bad("options swapped", "InvalidOpening", [["contests", 1], [contests[1][2], contests[1][1], contests[1][0]]]),
        bad("an option too few", "InvalidOpening", [["contests", 1], contests[1][:2]]),
        bad("a contest too few", "InvalidOpening", [["contests"], contests[:1]]),
        bad("another election", "InvalidOpening", [["election"], sha256(b"other").hex()]),
        bad("another manifest", "InvalidOpening", [["manifest"], sha256(b"other").hex()]),
        bad("another pseudonym", "InvalidProof", [["vk"], w.pseudonym(1).public.hex()]),
        bad("another sequence number", "InvalidProof", [["seq"], 2]),
        bad("a mark of 2", "EncodingError", [["contests", 0, 0, "mark"], 2]),
        bad("randomness of q or more", "EncodingError", [["contests", 0, 0, "randomness"], "ff" * 32]),
        bad("sequence number 0", "EncodingError", [["seq"], 0]),
        bad("a boolean for a mark", "EncodingError", [["contests", 0, 0, "mark"], True]),
    ]
