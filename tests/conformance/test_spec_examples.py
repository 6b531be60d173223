# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every value in the `Example` sections of the pages is found in the vector file that the section names, at the place
that it names. How such a section is written stands in specs/vectors/README.md#examples-in-the-pages.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from tests.conformance.vectors import VECTORS, load

PAGES = (
    "ballot",
    "contest-proof",
    "conventions",
    "credential",
    "hashing",
    "key-ceremony",
    "ledger",
    "manifest",
    "policy",
    "proofs",
    "receipt",
    "register",
    "tally",
)
FENCE = re.compile(r"`vectors/([a-z-]+)\.json`, in part:\n\n```\n(.*?)\n```", re.DOTALL)
CASE = re.compile(r'([a-z_0-9]+)(?:, (?:"(.+)"|number (\d+)))?')
MEMBER = re.compile(r"  (\S+)  +(\S.*)")
REMARK = re.compile(r"  +# .*$")
LONG_HEX = re.compile(r"\b[0-9a-f]{8,}\b")
CUT = "…"
LEAST_SHOWN = 8
LINES = range(10, 37)


@dataclass(frozen=True, slots=True)
class Shown:
    """One value of an example: where it should be, and how it is printed."""

    file: str
    family: str
    case: str | int | None
    path: str
    text: str


def section(page: str) -> str:
    """The text of a page's example, up to its line of modules."""
    text = (VECTORS.parent / f"{page}.md").read_text("utf-8")
    match = re.search(r"^## Example\n\n(.*?)(?=^## |^`Code: )", text, re.MULTILINE | re.DOTALL)
    if match is None:
        pytest.fail(f"{page}.md has no section Example")
    return match.group(1)


def read_block(file: str, block: str) -> Iterator[Shown]:
    """The values of a fenced block."""
    family: str | None = None
    case: str | int | None = None
    path, text = "", ""
    for line in block.splitlines():
        bare = REMARK.sub("", line).rstrip()
        member = MEMBER.fullmatch(bare)
        heading = CASE.fullmatch(bare)
        if path and (heading or member):
            assert family is not None
            yield Shown(file, family, case, path, text)
            path = ""
        if heading:
            family, case = heading[1], heading[2] or (int(heading[3]) if heading[3] else None)
        elif member:
            path, text = member[1], member[2]
        else:
            assert path, f"{file}: a line that belongs to nothing: {line}"
            assert bare.startswith("    "), f"{file}: {line}"
            text += bare.strip()
    assert path, f"{file}: the block ends with a heading"
    assert family is not None
    yield Shown(file, family, case, path, text)


def shown(page: str) -> list[Shown]:
    """All values of a page's example."""
    return [value for file, block in FENCE.findall(section(page)) for value in read_block(file, block)]


def find_case(value: Shown) -> Any:
    """The case that a line names."""
    family = load(value.file)[value.family]
    if value.case is None:
        return family
    if isinstance(value.case, int):
        return family[value.case]
    (case,) = [case for case in family if case["name"] == value.case]
    return case


def decoded(text: str) -> str:
    """Bytes behind base64: as text if they are, otherwise hexadecimal."""
    data = base64.b64decode(text, validate=True)
    try:
        found = data.decode("utf-8")
    except UnicodeDecodeError:
        return data.hex()
    return found if all(character >= " " or character in "\0\n" for character in found) else data.hex()


def follow(value: Any, path: str) -> Any:
    """The member that a path leads to."""
    for step in path.split("."):
        if isinstance(value, list):
            value = value[int(step)]
        elif isinstance(value, dict):
            value = value[step]
        elif step == "decoded":
            value = decoded(value)
        elif step == "sha256":
            value = hashlib.sha256(value.encode("utf-8")).hexdigest()
        else:
            value = json.loads(value)[step]
    return value


def printed(value: Any) -> str:
    """How a value is printed: text with JSON escapes but for quotation marks, anything else as compact JSON."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)[1:-1].replace('\\"', '"')
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def agrees(text: str, full: str) -> bool:
    """Whether a text, perhaps cut, is that value: the first piece begins it, the last ends it, others lie between."""
    first, *others = text.split(CUT)
    if not others:
        return text == full
    if any(len(piece) < LEAST_SHOWN for piece in (first, *others)) or not full.startswith(first):
        return False
    at = len(first)
    for piece in others[:-1]:
        place = full.find(piece, at)
        if place < 0:
            return False
        at = place + len(piece)
    return full.endswith(others[-1]) and len(full) - len(others[-1]) > at


@pytest.mark.parametrize("page", PAGES)
def test_every_value_is_in_the_vectors(page: str) -> None:
    values = shown(page)
    assert len(values) >= 4
    for value in values:
        full = printed(follow(find_case(value), value.path))
        assert agrees(value.text, full), f"{page}.md shows {value}, the vectors have {full}"


@cache
def everything(file: str) -> str:
    return (VECTORS / f"{file}.json").read_text("ascii")


@pytest.mark.parametrize("page", PAGES)
def test_example_has_nothing_but_prose_outside_its_blocks(page: str) -> None:
    """No value hides from the test: long digits in prose are in a file that the section names."""
    text = section(page)
    files = [file for file, _ in FENCE.findall(text)]
    prose = FENCE.sub("", text)
    assert files
    assert "```" not in prose
    for digits in LONG_HEX.findall(prose):
        assert any(digits in everything(file) for file in files), digits


@pytest.mark.parametrize("page", PAGES)
def test_example_is_short(page: str) -> None:
    lines = section(page).strip().splitlines()
    assert len(lines) + 2 in LINES
    assert max(map(len, lines)) <= 150


def test_pages_with_an_example_are_these() -> None:
    pages = VECTORS.parent.glob("*.md")
    assert sorted(p.stem for p in pages if "\n## Example\n" in p.read_text("utf-8")) == sorted(PAGES)


@pytest.mark.parametrize(
    ("text", "full", "good"),
    [
        ("0123456789", "0123456789", True),
        ("0123456789", "012345678", False),
        ("01234567…abcdefgh", "01234567..abcdefgh", True),
        ("01234567…abcdefgh", "01234567abcdefgh", False),
        ("01234567…abcdefgh", "01234567..abcdefgi", False),
        ("01234567…abcdefgh", "11234567..abcdefgh", False),
        ("0123456…abcdefgh", "0123456..abcdefgh", False),
        ("01234567…", "01234567..", False),
        ("01234567…middle__…abcdefgh", "01234567.middle__.abcdefgh", True),
        ("01234567…middle__…abcdefgh", "01234567.muddle__.abcdefgh", False),
    ],
)
def test_cut_values(text: str, full: str, good: bool) -> None:
    assert agrees(text, full) is good


def test_a_changed_page_is_noticed() -> None:
    (file, block), *_ = FENCE.findall(section("hashing"))
    values = list(read_block(file, block))
    spoiled = list(read_block(file, block.replace("434f4e", "434f4f")))
    found = [agrees(value.text, printed(follow(find_case(value), value.path))) for value in spoiled]
    assert len(values) == len(spoiled)
    assert found.count(False) == 1


def test_reader_of_blocks() -> None:
    block = 'json, "a"\n  bytes  6162  # letters\n         63\n  x.0    1\nroots, number 2\n  root  ff'
    assert list(read_block("f", block)) == [
        Shown("f", "json", "a", "bytes", "616263"),
        Shown("f", "json", "a", "x.0", "1"),
        Shown("f", "roots", 2, "root", "ff"),
    ]


def sha256(*parts: str | bytes) -> str:
    """SHA-256 over texts and bytes."""
    return hashlib.sha256(b"".join(p.encode("utf-8") if isinstance(p, str) else p for p in parts)).hexdigest()


def value_of(file: str, family: str, case: str | int | None, path: str) -> Any:
    return follow(find_case(Shown(file, family, case, path, "")), path)


def test_remarks_about_hashes_hold() -> None:
    """What the pages say beside the values, recomputed with SHA-256 alone."""
    unhex = bytes.fromhex
    fields = value_of("hashing", "tagged_hash", "two fields", "input")
    assert sha256(unhex(fields)) == value_of("hashing", "tagged_hash", "two fields", "hash")
    opened = value_of("hashing", "transcript", "two challenges", "label")
    absorbed = b"\x1b" + opened.encode() + b"\0\0\0\x07" + b"context"
    assert sha256(absorbed) == value_of("hashing", "transcript", "two challenges", "steps.1.digest")
    lottery = "lottery holders, two of three, in G2"
    assert sha256("v.example:443/register") == value_of("key-ceremony", "sessions", lottery, "scope")
    commitment = value_of("key-ceremony", "sessions", lottery, "messages.0.statement").partition("\0")[2]
    reveal = value_of("key-ceremony", "sessions", lottery, "messages.3.statement.sha256")
    assert json.loads(commitment)["commitment"] == reveal
    first, second = (value_of("ledger", "entries", index, "text") for index in (1, 2))
    assert json.loads(second)["previous"] == sha256(first) == value_of("ledger", "entries", 1, "hash")
    assert sha256(b"\0", first) == value_of("ledger", "entries", 1, "leaf_hash")
    proof, leaf = (value_of("ledger", "inclusion", "2 of 3", path) for path in ("proof.0", "leaf"))
    assert leaf == value_of("ledger", "entries", 2, "leaf_hash")
    assert sha256(b"\x01", unhex(proof), unhex(leaf)) == value_of("ledger", "roots", 3, "root")
    origin, key = value_of("ledger", "notes", "a head", "origin"), load("ledger")["log_key"]
    key_id = value_of("ledger", "notes", "a head", "log_key_id")
    assert sha256(origin, b"\n\x01", unhex(key)).startswith(key_id)
    assert sha256(unhex(value_of("register", "roll", None, "body.decoded"))) == load("register")["roll"]["digest"]
    statement = unhex(value_of("ballot", "ballots", "voter 0, seq 1", "statement"))
    assert sha256(statement) == value_of("ballot", "ballots", "voter 0, seq 2", "replaces")
    body = unhex(value_of("ballot", "ballots", "voter 0, seq 1", "body.decoded"))
    assert (sha256(body), len(body)) == (statement[-32:].hex(), 2016)
    answer = value_of("credential", "answers", "registrar 2", "statement").partition("\0")[2]
    assert json.loads(answer)["body"] == sha256(unhex(value_of("credential", "answers", "registrar 2", "body.decoded")))
    assert sha256(unhex(value_of("tally", "sums", None, "encrypted_tally"))) == load("tally")["sums"]["sum"]
    message = value_of("tally", "draws", "contest 1, options [0, 2]", "m")
    assert message.endswith(sha256(b"\0\0\0\x02"))
    drawn = value_of("tally", "draws", "contest 1, options [0, 2]", "keys")
    assert sorted(drawn, key=drawn.__getitem__) == ["2", "0"]
    manifest = value_of("manifest", "manifests", "a manifest", "document")
    canonical = json.dumps(manifest, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert (sha256(canonical), len(canonical.encode())) == (
        value_of("manifest", "manifests", "a manifest", "digest"),
        4031,
    )
    policy = value_of("policy", "policies", "a policy", "document")
    canonical = json.dumps(policy, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert sha256(canonical) == value_of("policy", "policies", "a policy", "fingerprint")
    proof_of = load("contest-proof")["proofs"][0]
    order = int("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001", 16)
    x, f = int(proof_of["x"], 16), [int(value, 16) for value in proof_of["f"]]
    assert f[0] == (x - f[1] - f[2]) % order == int(proof_of["a"][0], 16)
