# SPDX-License-Identifier: AGPL-3.0-or-later
"""Some hundred damaged contests: the single verifier, batches, and the page's equations always agree."""

from __future__ import annotations

import random
from typing import Any

import pytest

from crypto.errors import InvalidProof
from crypto.proofs import contest_verifier
from crypto.proofs.contest_verifier import ContestProof
from tests.crypto.proofs.verdicts import KEY, decoded, honest, plain_verdict, statement, verdict, with_point
from tests.generate import plain
from tests.generate.drbg import GROUP_ORDER as Q
from tests.generate.plain import G1, scalar_bytes, times
from tests.generate.plain_contest import Proof, Statement

SHAPES = ((1, 0, 1), (2, 0, 1), (3, 1, 2), (4, 0, 4))
ORDERS = (3, 11, 10177)


def damaged(st: Statement, proof: Proof, chance: random.Random) -> bytes:
    """One change, or none."""
    name = chance.choice(list(proof.points))
    other = chance.choice(list(proof.points))
    point = proof.points[name]
    at = 96 * len(proof.points)
    place = at + 32 * chance.randrange((len(proof.data) - at) // 32)
    value = int.from_bytes(proof.data[place : place + 32], "big")

    def scalar(new: int) -> bytes:
        return proof.data[:place] + scalar_bytes(new) + proof.data[place + 32 :]

    match chance.randrange(9):
        case 0:
            return proof.data
        case 1:
            return scalar(value + 1)
        case 2:
            return scalar(-value)
        case 3:
            return scalar(value ^ 1 << chance.randrange(250))
        case 4:
            return with_point(proof, name, -point)
        case 5:
            return with_point(proof, name, proof.points[other])
        case 6:
            return with_point(proof, name, point + plain.point_of_order(chance.choice(ORDERS)))
        case 7:
            return with_point(proof, name, point + times(G1, chance.randrange(1, Q)))
        case _:
            # Torsion by the author: good, and on a damaged proof still bad.
            torsion = {name: plain.point_of_order(chance.choice(ORDERS))}
            again = honest(st, [1] * st.maximum + [0] * (st.options - st.maximum), torsion=torsion)
            if chance.random() < 0.5:
                again.z_r = (again.z_r + 1) % Q
            return again.data


@pytest.mark.parametrize("seed", range(10))
def test_attack_52_single_batch_and_page_agree(seed: int) -> None:
    chance = random.Random(seed)
    seen: set[Any] = set()
    for number in range(24):
        shape = SHAPES[number % len(SHAPES)]
        st = statement(*shape, index=number % 3)
        marks = [1] * st.minimum + [0] * (st.options - st.minimum)
        proof = honest(st, marks)
        data = damaged(st, proof, chance)
        found = verdict(st, data)
        assert (found is None) == plain_verdict(st, data)
        seen.add(found)
    assert seen == {None, InvalidProof}


def test_bisection_names_exactly_the_bad_ones_among_mixed_shapes() -> None:
    chance = random.Random(7)
    pool: list[tuple[ContestProof, bool]] = []
    for number in range(24):
        st = statement(*SHAPES[number % len(SHAPES)])
        proof = honest(st, [1] * st.minimum + [0] * (st.options - st.minimum))
        bad = number % 5 == 2
        if bad:
            proof.z_rho = (proof.z_rho + 1) % Q
        pool.append((decoded(st, proof.data), bad))
    for _ in range(8):
        chosen = chance.sample(pool, chance.randrange(1, len(pool)))
        expected = {place for place, (_, bad) in enumerate(chosen) if bad}
        assert contest_verifier.find_invalid([proof for proof, _ in chosen], KEY) == expected
    assert contest_verifier.find_invalid([proof for proof, bad in pool if bad], KEY) == set(range(5))
