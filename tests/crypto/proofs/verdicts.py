# SPDX-License-Identifier: AGPL-3.0-or-later
"""One verdict on a contest from the single verifier, the batch verifier, and the equations as the page writes them."""

from __future__ import annotations

import os
from typing import Any

from crypto.errors import CryptoError, InvalidProof
from crypto.proofs import contest_verifier
from crypto.proofs.contest import BallotContext, Shape
from crypto.proofs.contest_verifier import ContestProof
from tests.generate import plain
from tests.generate.drbg import GROUP_ORDER as Q
from tests.generate.plain import G1, times, xy
from tests.generate.plain_contest import Proof, Statement, computed_f, equations, full_hash, prove

SECRET = 0x5EC2E7
"""log Y."""

KEY = times(G1, SECRET)


def statement(options: int = 2, minimum: int = 0, maximum: int = 1, **changed: Any) -> Statement:
    return Statement(KEY, options, minimum, maximum, **changed)


def fresh() -> int:
    return int.from_bytes(os.urandom(48), "big") % Q


def draw(st: Statement) -> dict[str, Any]:
    """Fresh r, a_2.., rho, sigma, t."""
    return {
        "randomness": [fresh() for _ in range(st.options)],
        "a": [fresh() for _ in range(st.slots - 1)],
        "rho": fresh(),
        "sigma": fresh(),
        "t": fresh(),
    }


def honest(st: Statement, marks: list[int], **changed: Any) -> Proof:
    return prove(st, st.bits(marks), **(draw(st) | changed))


def decoded(st: Statement, data: bytes) -> ContestProof:
    """As the real verifier decodes it."""
    context = BallotContext(st.manifest, st.election, st.pseudonym, st.sequence)
    return contest_verifier.decode(data, context, st.index, Shape(st.options, st.minimum, st.maximum), st.key)


_GOOD: list[ContestProof] = []


def verdict(st: Statement, data: bytes) -> type[CryptoError] | None:
    """The class of the refusal, None if accepted. Raises if single and batch verification disagree."""
    try:
        proof = decoded(st, data)
    except CryptoError as error:
        return type(error)
    try:
        contest_verifier.verify(proof, st.key)
    except InvalidProof:
        single: type[CryptoError] | None = InvalidProof
    else:
        single = None
    if not _GOOD:
        first = statement()
        _GOOD.append(decoded(first, honest(first, [1, 0]).data))
    batches = [[proof]]
    if st.key == KEY:
        batches.append([_GOOD[0], proof])
    for batch in batches:
        expected = set() if single is None else {len(batch) - 1}
        if contest_verifier.verify_batch(batch, st.key) != (single is None):
            raise AssertionError(f"single says {single}, a batch of {len(batch)} the opposite")
        if contest_verifier.find_invalid(batch, st.key) != expected:
            raise AssertionError("bisection blames another contest")
    return single


def plain_proof(st: Statement, data: bytes) -> Proof:
    """A contest read by the page's order of bytes, with its challenges; every point must be on the curve."""
    names = [f"{letter}{i}" for i in range(1, st.options + 1) for letter in "AB"] + ["M", "V", "D1", "D2"]
    points = {}
    for number, name in enumerate(names):
        raw = data[96 * number : 96 * number + 96]
        points[name] = plain.from_xy(int.from_bytes(raw[:48], "big"), int.from_bytes(raw[48:], "big"))
    scalars = [int.from_bytes(data[at : at + 32], "big") for at in range(96 * len(names), len(data), 32)]
    first = {name: points[name] for name in names[:-2]}
    w, x = full_hash(st.transcript(), first, lambda _: {"D1": points["D1"], "D2": points["D2"]})
    return Proof(points, computed_f(st, x, scalars[:-2]), scalars[-2], scalars[-1], w, x)


def plain_verdict(st: Statement, data: bytes) -> bool:
    """Whether the three equations hold, evaluated one by one."""
    return all(equations(st, plain_proof(st, data)))


def with_point(proof: Proof, name: str, point: Any) -> bytes:
    """The bytes with another point."""
    at = 96 * list(proof.points).index(name)
    data = proof.data
    return data[:at] + xy(point) + data[at + 96 :]
