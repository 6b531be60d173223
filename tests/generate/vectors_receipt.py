# SPDX-License-Identifier: AGPL-3.0-or-later
"""specs/vectors/receipt.json: promise, receipt, code."""

from __future__ import annotations

import base64
from typing import Any

from tests.generate import plain
from tests.generate.diff import splice
from tests.generate.plain import b64, canonical, sha256, u32, u64
from tests.generate.world import Vote, World, signer, world

BATCH = 23
"""The latest batch when the promises were given."""


def build() -> dict[str, Any]:
    w = world()
    return {
        "page": "receipt.md",
        "promise_seed": signer("promise").seed.hex(),
        "promise_key": signer("promise").public.hex(),
        "promises": _promises(w),
        "receipts": _receipts(w),
        "codes": _codes(w),
    }


def promise(w: World, vote: Vote) -> dict[str, Any]:
    envelope = sha256(vote.envelope)
    statement = plain.statement("PROMISE", w.election + envelope + u32(BATCH))
    return {
        "kind": "promise",
        "election": w.election.hex(),
        "envelope": envelope.hex(),
        "batch": BATCH,
        "signature": signer("promise").sign(statement).hex(),
    }


def _promises(w: World) -> list[dict[str, Any]]:
    base = "a promise"
    document = promise(w, w.votes[1])
    envelope = sha256(w.votes[1].envelope)

    def bad(name: str, error: str, *changes: list[Any], **more: Any) -> dict[str, Any]:
        return {"name": name, "of": base, "set": list(changes), **more, "error": error}

    return [
        {
            "name": base,
            "statement": plain.statement("PROMISE", w.election + envelope + u32(BATCH)).hex(),
            "document": document,
        },
        bad("another envelope", "InvalidSignature", [["envelope"], sha256(b"other").hex()]),
        bad("another election", "InvalidSignature", [["election"], sha256(b"other").hex()]),
        bad("another batch", "InvalidSignature", [["batch"], BATCH + 1]),
        bad("another signature", "InvalidSignature", [["signature"], promise(w, w.votes[0])["signature"]]),
        bad("another kind", "EncodingError", [["kind"], "receipt"]),
        bad("an upper-case hash", "EncodingError", [["envelope"], envelope.hex().upper()]),
        bad("a batch above 32 bits", "EncodingError", [["batch"], 2**32]),
        bad("an unknown member", "EncodingError", [["note"], ""]),
        bad("no signature", "EncodingError", delete=[["signature"]]),
    ]


def receipt(w: World, vote: Vote) -> dict[str, Any]:
    entries = w.ledger[:-1]
    wanted = canonical(w.ballot_members(vote))[1:-1].split(b",")[0]
    index = next(i for i, data in enumerate(entries) if wanted in data)
    leaves = [plain.leaf_hash(data) for data in entries]
    return {
        "kind": "receipt",
        "promise": promise(w, vote),
        "index": index,
        "entry": b64(entries[index]),
        "proof": [node.hex() for node in plain.inclusion_path(index, leaves)],
        "checkpoint": w.ledger_head.decode(),
    }


def _receipts(w: World) -> list[dict[str, Any]]:
    base = "a receipt"
    document = receipt(w, w.votes[1])
    other = receipt(w, w.votes[2])
    note = document["checkpoint"]
    lines = note.rpartition("\n\n")[2]
    cosigned = lines.splitlines(keepends=True)

    def bad(name: str, error: str, *changes: list[Any], **more: Any) -> dict[str, Any]:
        return {"name": name, "of": base, "set": list(changes), **more, "error": error}

    def lines_replaced(*pairs: tuple[str, str]) -> dict[str, Any]:
        return {"edit": [[["checkpoint"], before, after] for before, after in pairs]}

    proof = document["proof"]
    sized = f"\n{len(w.ledger) - 1}\n"
    return [
        {"name": base, "document": document},
        {"name": "without the log's own signature, which a receipt does not need", "of": base,
         **lines_replaced((cosigned[0], ""))},
        bad("another index", "InvalidInclusionProof", [["index"], document["index"] - 1]),
        bad("an index not below the size", "InvalidInclusionProof", [["index"], len(w.ledger) - 1]),
        bad("a hash too few", "InvalidInclusionProof", [["proof"], proof[:-1]]),
        bad("a hash too many", "InvalidInclusionProof", [["proof"], [*proof, proof[0]]]),
        bad("hashes in another order", "InvalidInclusionProof", [["proof"], proof[::-1]]),
        bad("no proof", "InvalidInclusionProof", [["proof"], []]),
        bad("the entry of another ballot", "InvalidInclusionProof", [["entry"], other["entry"]]),
        bad("the promise for another ballot", "InvalidInclusionProof", [["promise"], other["promise"]]),
        bad("two cosignatures", "InvalidCheckpoint", **lines_replaced((cosigned[3], ""))),
        bad("only the log's signature", "InvalidCheckpoint", **lines_replaced((cosigned[1], ""), (cosigned[2], ""), (cosigned[3], ""))),
        bad("another size in the checkpoint", "InvalidCheckpoint", **lines_replaced((sized, f"\n{len(w.ledger)}\n"))),
        bad("no checkpoint", "EncodingError", delete=[["checkpoint"]]),
        bad("an empty checkpoint", "EncodingError", [["checkpoint"], ""]),
        bad("one cosignature twice", "EncodingError", **lines_replaced((cosigned[1], cosigned[1] + cosigned[1]))),
        bad("a hash of 31 bytes", "EncodingError", [["proof", 0], proof[0][:-2]]),
        bad("an entry that is no ballot", "EncodingError", [["entry"], b64(w.ledger[1])]),
        bad("a negative index", "EncodingError", [["index"], -1]),
    ]  # fmt: skip


def _code(document: dict[str, Any], index: int) -> str:
    data = (
        b"\x01"
        + bytes.fromhex(document["election"])
        + bytes.fromhex(document["envelope"])
        + u32(document["batch"])
        + u64(index)
        + bytes.fromhex(document["signature"])
    )
    if len(data) != 141:
        raise ValueError("a receipt code holds 141 bytes")
    return "VECHE1:" + base64.b32encode(data).decode().rstrip("=")


def _codes(w: World) -> list[dict[str, Any]]:
    document = promise(w, w.votes[1])
    index = receipt(w, w.votes[1])["index"]
    code = _code(document, index)
    # 141 bytes are 1128 bits, 226 digits of 5 bits: two bits of the last digit are left over.
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    stray = code[:-1] + digits[digits.index(code[-1]) + 1]
    version = "VECHE1:AI" + code[9:]

    def bad(name: str, text: str) -> dict[str, Any]:
        return {"name": name, "of": "a receipt", "splice": splice(code, text), "error": "EncodingError"}

    return [
        {"name": "a receipt", "promise": document, "index": index, "code": code},
        {"name": "a promise without index", "promise": document, "index": None, "code": _code(document, 2**64 - 1)},
        bad("lower case", code.lower()),
        bad("lower case after the prefix", code[:7] + code[7:].lower()),
        bad("no prefix", code[7:]),
        bad("another prefix", "VECHE2:" + code[7:]),
        bad("padding", code + "======"),
        bad("a digit too few", code[:-1]),
        bad("eight digits too many", code + "A" * 8),
        bad("stray trailing bits", stray),
        bad("another version", version),
        bad("a space", code[:20] + " " + code[20:]),
        bad("a digit that is none", code[:20] + "1" + code[21:]),
        bad("a letter of another script", code[:20] + "\u0410" + code[21:]),
        bad("nothing", "VECHE1:"),
    ]
