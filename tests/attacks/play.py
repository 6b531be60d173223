# SPDX-License-Identifier: AGPL-3.0-or-later
"""What many attacks need: bad points and keys, forged ballots, records to be verified."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from crypto.group import G1_IDENTITY, decode_g1, decode_uncleared, encode_g1, encode_uncleared
from crypto.protocol.envelope import SignedEnvelope, sign_envelope
from crypto.roles.member import CastBallot, Voter
from tests.audits import Audit, audit
from tests.forge import Script, forge
from tests.forge.base import Hook
from tests.shared_data import shared_text
from tests.worlds import SmallWorld, played_world

ORDER_THREE = b"\x00" * 48 + b"\x00" * 47 + b"\x02"
"""(0, 2), uncompressed: a point of order 3, which decodes on the curve."""

SMALL_ORDER_KEYS = tuple(
    bytes.fromhex(text)
    for text in (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    )
)
"""The Ed25519 points under which anybody can sign."""

SECOND_ENCODINGS = tuple(
    (value | sign << 255).to_bytes(32, "little") for value in (2**255 - 19, 2**255 - 18, 2**255 - 1) for sign in (0, 1)
) + tuple(bytes.fromhex(text) for text in ("01" + 30 * "00" + "80", "ec" + 31 * "ff"))
"""Ed25519 keys whose y is 2^255 - 19 or more, or x = 0 with a sign: second encodings of other keys."""


BAD_KEYS = {
    **{f"small order {n}": key for n, key in enumerate(SMALL_ORDER_KEYS)},
    **{f"second encoding {n}": key for n, key in enumerate(SECOND_ENCODINGS)},
}

POINT = 96
"""Bytes of an uncompressed point."""


@cache
def shared_world(step: str = "begin_voting") -> SmallWorld:
    """A world that nobody changes: what is refused changes nothing in it."""
    return played_world(step)


@cache
def shared_voter(number: int = 0) -> Voter:
    """A voter of the shared world."""
    return shared_world().voter(shared_world().members[number])


def good_body(voter: Voter, marks: Sequence[int] = (1, 0, 1, 0)) -> bytes:
    """A ballot body in the shared world."""
    return voter.prepare([list(marks)]).body


def point_at(body: bytes, place: int) -> bytes:
    """Point number `place` of a body."""
    return body[POINT * place : POINT * (place + 1)]


def bad_points() -> dict[str, bytes]:
    """Every 48-byte encoding that is no point of G1, or is the identity."""
    found = {}
    for line in shared_text("vectors/bad-encodings.txt").splitlines():
        name, _, rest = line.partition(" checked=")
        *words, encoded = name.split()
        if rest and words[0] == "G1" and len(encoded) == 96:
            found[" ".join(words)] = bytes.fromhex(encoded)
    return found


def recast(voter: Voter, body: bytes, *, sequence: int = 1, replaces: bytes = bytes(32)) -> CastBallot:
    """A well-signed ballot of a pseudonym with any body."""
    return CastBallot(sign(voter, hashlib.sha256(body).digest(), sequence=sequence, replaces=replaces), body)


def sign(voter: Voter, digest: bytes, *, sequence: int = 1, replaces: bytes = bytes(32)) -> SignedEnvelope:
    """An envelope of a pseudonym over any body."""
    return sign_envelope(
        election=voter.manifest.election,
        manifest=voter.manifest_digest,
        credential=voter.credential,
        sequence=sequence,
        replaces=replaces,
        body=digest,
        pseudonym=voter._pseudonym,
    )


def with_torsion(point: bytes) -> bytes:
    """A compressed point plus a point of order 3: the same point to a careless pairing."""
    return encode_g1(decode_g1(point) + decode_uncleared(ORDER_THREE))


def shifted(point: bytes, by: bytes) -> bytes:
    """The sum of two uncompressed points."""
    total = decode_uncleared(point) + decode_uncleared(by)
    return bytes(96) if total == G1_IDENTITY else encode_uncleared(total)


def audit_world(world: SmallWorld, folder: Path, *arguments: str | Path) -> Audit:
    """What the verifier says of a world's record."""
    world.write(folder)
    return audit(folder, *arguments)


def audit_forged(hooks: Mapping[str, Hook], folder: Path, *arguments: str | Path) -> tuple[Script, Audit]:
    """A forged record, and what the verifier says of it."""
    script = forge(hooks)
    script.write(folder)
    return script, audit(folder, *arguments)


def refusals(result: Audit) -> tuple[str, list[str]]:
    """Verdict and the checks that fail, for short assertions."""
    return result.verdict, result.failed
