# SPDX-License-Identifier: AGPL-3.0-or-later
"""specs/vectors/ledger.json: entries, tree, proofs, notes, checkpoints, cosignatures, order, framing."""

from __future__ import annotations

import base64
from typing import Any

from tests.generate import plain
from tests.generate.drbg import derive
from tests.generate.plain import Ed25519, b64, leaf_hash, sha256, tagged_hash, tree_root, u32, u64
from tests.generate.world import World, signer, witness_name, world


def build() -> dict[str, Any]:
    w = world()
    return {
        "page": "ledger.md",
        "origin": w.election_origin,
        "log_key": signer("election log").public.hex(),
        "witnesses": [
            {"name": witness_name(i), "key": signer("witness", i).public.hex()} for i in range(4)
        ],
        "quorum": 3,
        "entries": _entries(w),
        "entries_refused": _entries_refused(w),
        "roots": _roots(w),
        "inclusion": _inclusion(w),
        "consistency": _consistency(w),
        "notes": _notes(w),
        "medians": _medians(),
        "order": _order(w),
        "orders": _orders(w),
        "frames": _frames(),
    }  # fmt: skip


def _leaves(w: World) -> list[bytes]:
    return [leaf_hash(data) for data in w.ledger]


def _entries(w: World) -> list[dict[str, Any]]:
    return [
        {"index": index, "text": data.decode(), "hash": sha256(data).hex(), "leaf_hash": leaf_hash(data).hex()}
        for index, data in enumerate(w.ledger)
    ]


def _entries_refused(w: World) -> list[dict[str, Any]]:
    """In place of the entry `index`."""
    previous = sha256(w.ledger[1]).hex()

    def bad(name: str, text: str, error: str) -> dict[str, Any]:
        return {"name": name, "index": 2, "text": text, "error": error}

    good = f'{{"kind":"batch","number":1,"previous":"{previous}"}}'
    return [
        bad("another predecessor", good.replace(previous, sha256(w.ledger[0]).hex()), "BrokenChain"),
        bad("zeros for a predecessor", good.replace(previous, "00" * 32), "BrokenChain"),
        bad("a batch number that does not rise", good.replace('"number":1', '"number":0'), "WrongPhase"),
        bad("members in another order", f'{{"number":1,"kind":"batch","previous":"{previous}"}}', "EncodingError"),
        bad("white space", good.replace(",", ", "), "EncodingError"),
        bad("a newline at the end", good + "\n", "EncodingError"),
        bad("an escape that is not needed", good.replace("batch", "b\\u0061tch"), "EncodingError"),
        bad("an upper-case hash", good.replace(previous, previous.upper()), "EncodingError"),
        bad("no predecessor", '{"kind":"batch","number":1}', "EncodingError"),
        bad("no kind", f'{{"number":1,"previous":"{previous}"}}', "EncodingError"),
        bad("a kind that is no string", good.replace('"batch"', "1"), "EncodingError"),
        bad("an array", "[]", "EncodingError"),
        bad("a batch without number", f'{{"kind":"batch","previous":"{previous}"}}', "EncodingError"),
        bad("a batch with another member", good.replace("{", '{"epoch":1,'), "EncodingError"),
        bad("a number above 32 bits", good.replace('"number":1', '"number":4294967296'), "EncodingError"),
    ]


def _roots(w: World) -> list[dict[str, Any]]:
    leaves = _leaves(w)
    return [{"size": size, "root": tree_root(leaves[:size]).hex()} for size in range(len(leaves) + 1)]


def _inclusion(w: World) -> list[dict[str, Any]]:
    leaves = _leaves(w)

    def case(index: int, size: int) -> dict[str, Any]:
        proof = plain.inclusion_path(index, leaves[:size])
        name = f"{index} of {size}"
        return {
            "name": name,
            "index": index,
            "size": size,
            "leaf": leaves[index].hex(),
            "proof": [node.hex() for node in proof],
        }

    good = [
        case(index, size)
        for index, size in ((0, 1), (0, 2), (1, 2), (2, 3), (4, 7), (6, 7), (3, 10), (8, 11), (10, 11))
    ]
    proof = case(4, 7)["proof"]

    def bad(name: str, **changed: Any) -> dict[str, Any]:
        return {"name": name, "of": "4 of 7", **changed, "error": "InvalidInclusionProof"}

    return [
        *good,
        bad("another index", index=5),
        bad("an index equal to the size", index=7),
        bad("size 0", index=0, size=0, proof=[]),
        bad("a hash too few", proof=proof[:-1]),
        bad("a hash too many", proof=[*proof, proof[0]]),
        bad("a hash twice at the start", proof=[proof[0], *proof]),
        bad("no hash", proof=[]),
        bad("the root as leaf and no hash", leaf=tree_root(leaves[:7]).hex(), proof=[]),
        bad("hashes swapped", proof=[proof[1], proof[0], *proof[2:]]),
        bad("another leaf", leaf=leaves[5].hex()),
        bad("the entry's hash in place of the leaf hash", leaf=sha256(w.ledger[4]).hex()),
        bad("another size of the same depth", size=6),
    ]  # fmt: skip


def _consistency(w: World) -> list[dict[str, Any]]:
    leaves = _leaves(w)

    def case(old: int, new: int) -> dict[str, Any]:
        proof = plain.consistency_path(old, leaves[:new])
        roots = {"old_root": tree_root(leaves[:old]).hex(), "new_root": tree_root(leaves[:new]).hex()}
        return {"name": f"{old} to {new}", "old": old, "new": new, **roots, "proof": [node.hex() for node in proof]}

    pairs = ((0, 5), (1, 1), (1, 2), (2, 3), (3, 7), (4, 7), (4, 8), (6, 7), (6, 11), (8, 11), (10, 11), (11, 11))
    proof = case(6, 11)["proof"]
    roots = {size: tree_root(leaves[:size]).hex() for size in (0, 5, 6, 7, 11)}

    def bad(name: str, **changed: Any) -> dict[str, Any]:
        return {"name": name, "of": "6 to 11", **changed, "error": "InvalidConsistencyProof"}

    return [
        *(case(old, new) for old, new in pairs),
        bad("another old root", old_root=roots[5]),
        bad("another new root", new_root=roots[7]),
        bad("roots swapped", old_root=roots[11], new_root=roots[6]),
        bad("another old size", old=7),
        bad("a hash too few", proof=proof[:-1]),
        bad("a hash too many", proof=[*proof, proof[0]]),
        bad("no hash", proof=[]),
        bad("old above new", old=11, new=6, proof=[]),
        bad("equal sizes, other roots", old=6, new=6, proof=[], new_root=roots[7]),
        bad("equal sizes with a hash", old=6, new=6, proof=[roots[6]], new_root=roots[6]),
        bad("from size 0 with a hash", old=0, old_root=roots[0], proof=[roots[6]]),
        bad("from size 0 with another root", old=0, proof=[]),
    ]


def _notes(w: World) -> list[dict[str, Any]]:
    """A head, its parts, and notes that are none.

    `replace`: pairs of strings, each replaced once; `lines`: which signature lines are kept, in this order;
    `extra_lines`: so many lines of unknown keys are added.
    """
    base = "a head"
    note = w.ledger_head.decode()
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    size = len(w.ledger) - 1
    root = tree_root(_leaves(w)[:size])
    log, *cosigned = lines.splitlines(keepends=True)
    log_key = signer("election log")
    times = [_time_in(line) for line in cosigned]
    sized = f"\n{size}\n"
    first = f"\u2014 {witness_name(2)} "
    end = cosigned[-1][-9:]

    def of(name: str, *pairs: tuple[str, str], error: str | None = None) -> dict[str, Any]:
        for before, _ in pairs:
            if note.count(before) < 1:
                raise ValueError(f"{name}: nothing to replace")
        case: dict[str, Any] = {"name": name, "of": base, "replace": [list(pair) for pair in pairs]}
        return case if error is None else case | {"error": error}

    def kept(name: str, order: list[int], error: str | None = None) -> dict[str, Any]:
        case: dict[str, Any] = {"name": name, "of": base, "lines": order}
        return case if error is None else case | {"error": error}

    short_text = plain.checkpoint_text("x.example/register", size, root)

    def changed_text(name: str, before: str, after: str) -> dict[str, Any]:
        """Another text, signed again by everybody: only its form is wrong."""
        if short_text.count(before) != 1:
            raise ValueError(f"{name}: nothing to replace")
        other = short_text.replace(before, after, 1)
        return {"name": name, "text": _sign_again(other, log_key), "error": encoding}

    def stranger(name: str) -> str:
        return plain.cosignature_line(name, text, Ed25519(derive("ledger stranger")), times[0])

    third = witness_name(3)
    third_id = plain.key_id(third, 4, signer("witness", 3).public)
    zero = plain.cosignature_line(third, text, signer("witness", 3), 0)
    wrong = plain.signature_line(third, third_id, u64(times[0]) + bytes(64))
    short = plain.signature_line(third, third_id, b"x")
    other_log = plain.log_line(w.election_origin, text, Ed25519(derive("ledger stranger")))
    invalid, encoding = "InvalidCheckpoint", "EncodingError"
    encoded = b64(root)
    return [
        {
            "name": base,
            "text": note,
            "origin": w.election_origin,
            "size": size,
            "root": root.hex(),
            "log_key_id": plain.key_id(w.election_origin, 1, log_key.public).hex(),
            "cosignatures": [
                {
                    "name": witness_name(i),
                    "key_id": plain.key_id(witness_name(i), 4, signer("witness", i).public).hex(),
                    "time": time,
                    "message": f"cosignature/v1\ntime {time}\n{text}",
                }
                for i, time in zip((2, 0, 1), times, strict=True)
            ],
            "time": sorted(times)[1],
        },
        of("a line of an unknown witness", (first, stranger("other.example") + first)),
        of("a line with a known name and an unknown key", (first, stranger(third) + first)),
        kept("cosignatures in another order", [0, 2, 1, 3]),
        kept("the log's signature last", [1, 2, 3, 0]),
        {"name": "64 signature lines", "of": base, "extra_lines": 60},
        {"name": "65 signature lines", "of": base, "extra_lines": 61, "error": encoding},
        kept("two cosignatures", [0, 1, 3], invalid),
        kept("no signature of the log", [1, 2, 3], invalid),
        kept("one cosignature twice", [0, 1, 1, 2, 3], encoding),
        kept("the log's signature twice", [0, 0, 1, 2, 3], encoding),
        of("the log's signature by another key", (log, other_log), error=invalid),
        of("another size", (sized, f"\n{size + 1}\n"), error=invalid),
        of("another root", (encoded, b64(sha256(b"other"))), error=invalid),
        of("another origin", ("v.example", "u.example"), error=invalid),
        of("a fourth cosignature that does not verify", (first, wrong + first), error=invalid),
        of("a fourth cosignature with time 0", (first, zero + first), error=invalid),
        of("a fourth cosignature that is too short", (first, short + first), error=invalid),
        of("carriage returns", (sized, f"\r\n{size}\r\n"), error=encoding),
        of("a byte order mark", (w.election_origin + sized, "\ufeff" + w.election_origin + sized), error="CryptoError"),
        of("U+0000 in the text", (sized, f"\n{size}\x00\n"), error=encoding),
        of("no newline at the end", (end, end[:-1]), error=encoding),
        of("an empty line at the end", (end, end + "\n"), error=encoding),
        of("no empty line", ("\n\n", "\n"), error=encoding),
        of("a hyphen in place of the dash", (first, first.replace("\u2014", "-")), error=encoding),
        of("two spaces after the dash", (first, first.replace("\u2014 ", "\u2014  ")), error=encoding),
        of("a no-break space in a name", (first, first.replace("witness-", "witness\u00a0")), error=encoding),
        of("a plus in a name", (first, first.replace("witness-", "witness+")), error=encoding),
        of("an empty name", (first, "\u2014  "), error=encoding),
        of("a character that is not base64", (end, end[:-1] + "!\n"), error=encoding),
        of("a space after the base64", (end, end[:-1] + " \n"), error=encoding),
        changed_text("a size with leading zeros", sized, f"\n00{size}\n"),
        changed_text("a size with a plus", sized, f"\n+{size}\n"),
        changed_text("a size in digits of another script", sized, "\n\u0661\u0660\n"),
        changed_text("an extension line", encoded + "\n", encoded + "\nextra\n"),
        changed_text("a root of 31 bytes", encoded, b64(root[:31])),
        changed_text("a root with stray bits", encoded, _stray(encoded)),
    ]


def _stray(encoded: str) -> str:
    """The same 32 bytes with other trailing bits before the padding."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return encoded[:-2] + letters[letters.index(encoded[-2]) + 1] + "="


def _sign_again(text: str, log_key: Ed25519) -> str:
    origin = text.split("\n", 1)[0]
    cosigned = [plain.cosignature_line(witness_name(i), text, signer("witness", i), 1_770_000_000) for i in range(3)]
    return plain.note(text, [plain.log_line(origin, text, log_key), *cosigned]).decode()


def _time_in(line: str) -> int:
    return int.from_bytes(base64.b64decode(line.split(" ")[2])[4:12], "big")


def _medians() -> list[dict[str, Any]]:
    return [
        {"times": [7], "median": 7},
        {"times": [9, 2], "median": 2},
        {"times": [30, 10, 20], "median": 20},
        {"times": [4, 1, 3, 2], "median": 2},
        {"times": [5, 5, 1, 9, 7], "median": 5},
        {"times": [1, 1, 1, 2, 2, 2], "median": 1},
    ]


def _order(w: World) -> list[dict[str, Any]]:
    keys = [("member id", w.member_id(0), 1), ("vk", w.pseudonym(0).public, 24), ("vk", w.pseudonym(0).public, 25)]
    return [
        {"key": key.hex(), "what": what, "batch": batch, "hash": tagged_hash("BATCH-ORDER", u32(batch), key).hex()}
        for what, key, batch in keys
    ]


def _orders(w: World) -> list[dict[str, Any]]:
    """Entries of the ledger above in another order within their batch, as indices; `previous` is not looked at."""
    kinds = ["batch" if b'"kind":"batch"' in data else "" for data in w.ledger]
    if [i for i, kind in enumerate(kinds) if kind] != [1, 2, 5, 8, 10]:
        raise ValueError("the ledger has another shape")
    return [
        {"name": "as they are", "order": list(range(len(w.ledger)))},
        {"name": "two requests swapped", "order": [0, 1, 2, 4, 3, 5], "error": "WrongPhase"},
        {"name": "two ballots swapped", "order": [*range(6), 7, 6, 8], "error": "WrongPhase"},
        {"name": "a ballot before a request", "order": [0, 1, 2, 3, 6, 4], "error": "WrongPhase"},
        {"name": "an opening after a request", "order": [0, 1, 2, 3, 0], "error": "WrongPhase"},
        {"name": "the same request twice in a row", "order": [0, 1, 2, 3, 3, 4]},
        {"name": "the same ballot twice in a row", "order": [0, 1, 5, 6, 6, 7]},
    ]


def _frames() -> list[dict[str, Any]]:
    return [
        {"name": "two entries", "length_bytes": 2, "items": ["6162", ""], "file": "000261620000"},
        {"name": "a body", "length_bytes": 4, "items": ["616263"], "file": "00000003616263"},
        {"name": "nothing", "length_bytes": 2, "items": [], "file": ""},
        {"name": "half a length", "length_bytes": 2, "file": "0002616200", "error": "EncodingError"},
        {"name": "a length without an item", "length_bytes": 2, "file": "0001", "error": "EncodingError"},
        {"name": "an item that is cut", "length_bytes": 4, "file": "000000036162", "error": "EncodingError"},
    ]
