# SPDX-License-Identifier: AGPL-3.0-or-later
"""What breaks a careless contest proof: every line of the page's table, mounted as an attack.

Where the table says what a weaker verifier would let through, the weaker verifier is written out here, the forgery
passes it, and fails ours, alone and in a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from crypto.errors import EncodingError, IdentityPoint, InvalidProof, MalformedPoint, MalformedScalar
from crypto.group import G1_IDENTITY, ONE, ZERO, encode_scalar
from crypto.hashing import Hedge, sha256
from crypto.labels import CONTEST_CHALLENGE_W, CONTEST_CHALLENGE_X
from crypto.proofs import contest, contest_verifier
from crypto.proofs.contest import BallotContext, Shape
from crypto.proofs.contest_prover import ContestProver
from crypto.secret import Secret
from tests.crypto.proofs.verdicts import (
    KEY,
    SECRET,
    decoded,
    draw,
    fresh,
    honest,
    plain_verdict,
    statement,
    verdict,
    with_point,
)
from tests.generate import plain
from tests.generate.drbg import GROUP_ORDER as Q
from tests.generate.plain import G1, Transcript, scalar_bytes, times, xy
from tests.generate.plain_contest import (
    Proof,
    Statement,
    combine,
    differences,
    encrypt,
    equations,
    full_hash,
    generator,
    powers,
    prove,
    vanishes,
)

ORDERS = (3, 11, 10177, 859267, 52437899)
NAMES = ("A1", "B1", "A2", "B2", "M", "V", "D1", "D2")


def repaired(st: Statement, x: int, f: list[int]) -> list[int]:
    """f_1..f_n as wished, and a last slack response that makes the sum come out."""
    rest = sum(c * fj for c, fj in zip(st.weights, f, strict=False))
    missing = (x * st.maximum - rest) * pow(st.weights[-1], -1, Q) % Q
    return [*f, *[0] * (st.slots - len(f) - 1), missing]


# --- M left out of the hash


def without_m(
    transcript: Transcript, first: Mapping[str, Any], answer: Callable[[int], Mapping[str, Any]]
) -> tuple[int, int]:
    """The weaker hash: field 7 lacks M."""
    transcript.absorb(b"".join(xy(point) for name, point in first.items() if name != "M"))
    w = transcript.challenge("CONTEST-CHALLENGE-W")
    transcript.absorb(scalar_bytes(w), b"".join(map(xy, answer(w).values())))
    return w, transcript.challenge("CONTEST-CHALLENGE-X")


def test_m_left_out_of_the_hash_makes_a_ballot_worth_a_thousand_votes() -> None:
    st = statement(2, 0, 1)
    r, a, t, sigma, z_rho = [fresh(), fresh()], [fresh(), fresh()], fresh(), fresh(), fresh()
    wished = [1000, 0]
    points = encrypt(KEY, wished, r)
    points |= {"M": G1, "V": times(generator("R", 0), sigma)}

    def answer(w: int) -> dict[str, Any]:
        masked = sum(p * aj for p, aj in zip(powers(w, 2), a, strict=True))
        return {"D1": times(G1, t), "D2": times(KEY, t) + times(G1, masked)}

    w, x = without_m(st.transcript(), points, answer)
    # Both challenges are known, and M is still free: solve equation 1 for it.
    f = repaired(st, x, [(x * p + aj) % Q for p, aj in zip(wished, a, strict=True)])
    right = combine(f, [fj * (x - fj) for fj in f], z_rho)
    points["M"] = times(right - points["V"], pow(x, -1, Q))
    z_r = (x * sum(p * ri for p, ri in zip(powers(w, 2), r, strict=True)) + t) % Q
    forged = Proof(points | answer(w), f, z_rho, z_r, w, x)

    first = {name: point for name, point in forged.points.items() if name not in ("D1", "D2")}
    assert without_m(st.transcript(), first, lambda _: answer(w)) == (w, x)
    assert equations(st, forged) == [True, True, True]
    assert forged.points["B1"] - times(forged.points["A1"], SECRET) == times(G1, 1000)
    assert verdict(st, forged.data) is InvalidProof


# --- folded equations


def test_equation_2_folded_into_3_lets_whoever_knows_log_y_forge_any_plaintext() -> None:
    st = statement(2, 0, 1)
    drawn = draw(st)
    proof = prove(st, st.bits([1, 0]), **drawn, plaintexts=[1000, 7])
    w, x = proof.w, proof.x
    power = powers(w, 2)
    logs = [r * (1 + SECRET) + p for r, p in zip(drawn["randomness"], (1000, 7), strict=True)]
    masked = sum(p * aj for p, aj in zip(power, proof.steps["a"], strict=False))
    left = x * sum(p * log for p, log in zip(power, logs, strict=True)) + drawn["t"] * (1 + SECRET) + masked
    right = sum(p * fj for p, fj in zip(power, proof.f, strict=False))
    proof.z_r = (left - right) * pow(1 + SECRET, -1, Q) % Q

    one, two, three = differences(st, proof)
    assert vanishes(one)
    assert vanishes(two + three)
    assert equations(st, proof) == [True, False, False]
    assert verdict(st, proof.data) is InvalidProof


def test_equation_2_folded_into_1_lets_a_voter_make_an_option_undecryptable() -> None:
    st = statement(2, 0, 1)
    drawn = draw(st)
    poison = fresh()
    proof = prove(st, st.bits([1, 0]), **drawn, torsion={"A1": times(generator("R", 0), poison)})
    proof.z_rho = (proof.z_rho + proof.x * proof.w * poison) % Q

    one, two, three = differences(st, proof)
    assert vanishes(one + two)
    assert vanishes(three)
    assert equations(st, proof) == [False, False, True]
    opened = proof.points["B1"] - times(proof.points["A1"], SECRET)
    assert all(opened != times(G1, m) for m in range(200))
    assert verdict(st, proof.data) is InvalidProof


def test_attack_52_one_weight_for_all_equations_lets_errors_cancel(monkeypatch: pytest.MonkeyPatch) -> None:
    st = statement(2, 0, 1)
    proof = honest(st, [1, 0], torsion={"D1": G1, "D2": -G1})
    assert equations(st, proof) == [True, False, False]
    ours = decoded(st, proof.data)
    assert verdict(st, proof.data) is InvalidProof
    monkeypatch.setattr(contest_verifier, "random_weight", lambda: ONE)
    assert contest_verifier.verify_batch([ours], KEY)


def test_attack_52_errors_of_two_ballots_do_not_cancel(monkeypatch: pytest.MonkeyPatch) -> None:
    st = statement(2, 0, 1)
    pair = []
    for shift in (1, Q - 1):
        proof = honest(st, [1, 0])
        proof.z_r = (proof.z_r + shift) % Q
        pair.append(decoded(st, proof.data))
    good = decoded(st, honest(st, [0, 1]).data)
    assert contest_verifier.find_invalid([good, *pair, good], KEY) == {1, 2}
    assert not contest_verifier.verify_batch(pair, KEY)
    monkeypatch.setattr(contest_verifier, "random_weight", lambda: ONE)
    assert contest_verifier.verify_batch(pair, KEY)


def test_attack_52_every_equation_has_a_weight_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    st = statement(2, 0, 1)
    proofs = [decoded(st, honest(st, [1, 0]).data) for _ in range(3)]
    drawn: list[Any] = []
    real = contest_verifier.random_weight

    def weight() -> Any:
        drawn.append(real())
        return drawn[-1]

    monkeypatch.setattr(contest_verifier, "random_weight", weight)
    assert contest_verifier.verify_batch(proofs, KEY)
    assert len({encode_scalar(value) for value in drawn}) == 9


# --- randomness


def encrypted(
    marks: list[int], hedge: Hedge, st: Statement | None = None, options: int = 3
) -> tuple[Statement, contest_verifier.ContestProof]:
    st = st or statement(options, 0, options)
    context = BallotContext(st.manifest, st.election, st.pseudonym, st.sequence)
    shape = Shape(st.options, st.minimum, st.maximum)
    made = ContestProver(KEY, window=4).encrypt(context, st.index, shape, marks, hedge)
    return st, decoded(st, made.data)


def masks(proof: contest_verifier.ContestProof, bits: list[int]) -> list[int]:
    """a_j = f_j - x m_j, for whoever knows the votes."""
    return [number(f - proof.x) if bit else number(f) for f, bit in zip(proof.f, bits, strict=True)]


def number(value: Any) -> int:
    return int.from_bytes(encode_scalar(value), "big")


def test_short_masks_would_show_the_votes_and_ours_are_not_short() -> None:
    bound = 1 << 200

    def guess(f: int, x: int) -> set[int]:
        return {bit for bit in (0, 1) if (f - x * bit) % Q < bound}

    st = statement(4, 0, 4)
    marks = [1, 0, 0, 1]
    careless = honest(st, marks, a=[fresh() % bound for _ in range(st.slots - 1)])
    assert verdict(st, careless.data) is None
    assert [guess(f, careless.x) for f in careless.f[1:4]] == [{0}, {0}, {1}]
    _, ours = encrypted(marks, Hedge(Secret(b"s"), b"c"), st)
    assert [guess(number(f), number(ours.x)) for f in ours.f[1:4]] == [set()] * 3


def test_masks_reused_in_two_proofs_show_the_votes() -> None:
    st = statement(3, 0, 3)
    drawn = draw(st)
    first = prove(st, st.bits([1, 0, 1]), **drawn)
    again = replace(st, sequence=2)
    second = prove(again, again.bits([0, 0, 1]), **(draw(again) | {"a": drawn["a"]}))
    pairs = {(0, 0), (0, 1), (1, 0), (1, 1)}
    for j, expected in ((1, (0, 0)), (2, (1, 1))):
        fits = {(m, n) for m, n in pairs if (first.f[j] - first.x * m) % Q == (second.f[j] - second.x * n) % Q}
        assert fits == {expected}


def test_our_masks_are_never_reused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither when the same ballot is made again, nor by a dead generator for another sequence, attempt or marks."""
    st = statement(3, 0, 3)
    bits = st.bits([1, 0, 1])
    secret, seen = Secret(b"voter"), []
    for _ in range(3):
        _, proof = encrypted([1, 0, 1], Hedge(secret, b"same context"), st)
        seen += masks(proof, bits)
    monkeypatch.setattr("crypto.hashing.secrets.token_bytes", bytes)
    for context in (b"seq 1, attempt 1", b"seq 1, attempt 2", b"seq 2, attempt 1"):
        _, proof = encrypted([1, 0, 1], Hedge(secret, context), st)
        seen += masks(proof, bits)
        _, proof = encrypted([1, 0, 1], Hedge(secret, context), replace(st, index=1))
        seen += masks(proof, bits)
    assert len(set(seen)) == len(seen) == 9 * len(bits)


def test_randomness_reused_when_voting_again_shows_whether_the_choice_changed() -> None:
    st = statement(2, 0, 2)
    reused = draw(st)["randomness"]
    first = honest(st, [1, 0], randomness=reused)
    second = honest(replace(st, sequence=2), [1, 1], randomness=reused)
    difference = [second.points[f"B{i}"] - first.points[f"B{i}"] for i in (1, 2)]
    assert difference == [G1 - G1, G1]
    secret = Secret(b"voter")
    _, one = encrypted([1, 0, 0], Hedge(secret, b"seq 1"))
    _, two = encrypted([1, 0, 0], Hedge(secret, b"seq 2"))
    assert all(left != right for left, right in zip(one.ciphertexts, two.ciphertexts, strict=True))


# --- encodings


def test_f_plus_q_is_a_second_encoding_and_refused() -> None:
    st = statement(2, 0, 1)
    proof = honest(st, [1, 0])
    at = 96 * len(proof.points)
    second = proof.data[:at] + (proof.f[1] + Q).to_bytes(32, "big") + proof.data[at + 32 :]
    assert verdict(st, proof.data) is None
    assert plain_verdict(st, second), "a lenient reader would accept it"
    assert verdict(st, second) is MalformedScalar


@pytest.mark.parametrize("place", range(4))
def test_every_scalar_is_below_q(place: int) -> None:
    st = statement(2, 0, 1)
    proof = honest(st, [1, 0])
    at = 96 * len(proof.points) + 32 * place
    for value in (Q, Q + 1, (1 << 256) - 1):
        changed = proof.data[:at] + value.to_bytes(32, "big") + proof.data[at + 32 :]
        assert verdict(st, changed) is MalformedScalar


@pytest.mark.parametrize("name", NAMES)
def test_every_point_is_on_the_curve_and_no_identity(name: str) -> None:
    st = statement(2, 0, 1)
    proof = honest(st, [1, 0])
    at = 96 * NAMES.index(name)
    data = proof.data
    assert verdict(st, data[:at] + bytes(96) + data[at + 96 :]) is IdentityPoint
    assert verdict(st, data[: at + 95] + bytes([data[at + 95] ^ 1]) + data[at + 96 :]) is MalformedPoint
    x = int.from_bytes(data[at : at + 48], "big") + plain.FIELD_MODULUS
    assert verdict(st, data[:at] + x.to_bytes(48, "big") + data[at + 48 :]) is MalformedPoint
    assert verdict(st, data[:at] + bytes([data[at] | 0x40]) + data[at + 1 :]) is MalformedPoint


@pytest.mark.parametrize("change", [-96, -32, -1, 1, 32, 96])
def test_attack_25_the_shape_decides_the_length(change: int) -> None:
    st = statement(2, 0, 1)
    data = honest(st, [1, 0]).data
    changed = data[:change] if change < 0 else data + data[:change]
    assert verdict(st, changed) is EncodingError
    assert verdict(st, b"") is EncodingError
    assert verdict(statement(3, 0, 1), data) is EncodingError
    assert verdict(statement(2, 0, 2), data) is EncodingError


# --- zero challenges


@pytest.mark.parametrize("label", [CONTEST_CHALLENGE_W, CONTEST_CHALLENGE_X])
def test_a_zero_challenge_is_refused(label: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    st = statement(2, 0, 1)
    data = honest(st, [1, 0]).data
    real = contest.Transcript.challenge
    monkeypatch.setattr(contest.Transcript, "challenge", lambda self, name: ZERO if name == label else real(self, name))
    with pytest.raises(InvalidProof, match="a challenge is zero"):
        decoded(st, data)


@pytest.mark.parametrize("challenges", [(0, 77), (77, 0)], ids=["w is zero", "x is zero"])
def test_with_a_zero_challenge_the_equations_say_nothing_about_the_ciphertexts(challenges: tuple[int, int]) -> None:
    st = statement(2, 0, 1)
    drawn = draw(st)
    lie = prove(st, st.bits([1, 0]), **drawn, plaintexts=[1000, 1000], challenge=lambda *_: challenges)
    assert equations(st, lie) == [True, True, True]
    assert verdict(st, lie.data) is InvalidProof


# --- generators


def test_generators_with_known_relations_prove_anything() -> None:
    st = statement(2, 0, 1)
    logs: dict[tuple[str, int], int] = {}

    def known(letter: str, j: int) -> Any:
        return times(G1, logs.setdefault((letter, j), fresh()))

    r, t, mu, nu = [fresh(), fresh()], fresh(), fresh(), fresh()
    a = [fresh(), fresh()]
    points = encrypt(KEY, [1000, 5], r) | {"M": times(G1, mu), "V": times(G1, nu)}

    def answer(w: int) -> dict[str, Any]:
        masked = sum(p * aj for p, aj in zip(powers(w, 2), a, strict=True))
        return {"D1": times(G1, t), "D2": times(KEY, t) + times(G1, masked)}

    w, x = full_hash(st.transcript(), points, answer)
    f = repaired(st, x, [(1000 * x + a[0]) % Q, (5 * x + a[1]) % Q])
    for letter in "HK":
        for j in range(1, st.slots + 1):
            known(letter, j)
    blind = known("R", 0)
    total = sum(logs["H", j] * fj + logs["K", j] * fj * (x - fj) for j, fj in enumerate(f, 1))
    z_rho = (x * mu + nu - total) * pow(logs["R", 0], -1, Q) % Q
    z_r = (x * sum(p * ri for p, ri in zip(powers(w, 2), r, strict=True)) + t) % Q
    forged = Proof(points | answer(w), f, z_rho, z_r, w, x)
    assert blind == times(G1, logs["R", 0])
    assert equations(st, forged, known) == [True, True, True]
    assert equations(st, forged) == [False, True, True]
    assert verdict(st, forged.data) is InvalidProof


# --- torsion


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", NAMES)
def test_torsion_by_the_author_is_accepted_and_afterwards_refused(name: str, order: int) -> None:
    st = statement(2, 0, 1)
    torsion = plain.point_of_order(order)
    assert verdict(st, honest(st, [1, 0], torsion={name: torsion}).data) is None
    proof = honest(st, [1, 0])
    changed = with_point(proof, name, proof.points[name] + torsion)
    assert verdict(st, changed) is InvalidProof
    assert sha256(changed) != sha256(proof.data), "so the envelope, which names the hash, does not fit it"


def test_torsion_on_every_point_at_once() -> None:
    st = statement(2, 0, 1)
    torsion = {name: plain.point_of_order(ORDERS[i % 5]) for i, name in enumerate(NAMES)}
    assert verdict(st, honest(st, [0, 1], torsion=torsion).data) is None
    lie = honest(st, [0, 1], torsion=torsion, plaintexts=[1, 0])
    assert verdict(st, lie.data) is InvalidProof


def test_without_the_cofactor_verdicts_on_torsion_would_be_chance() -> None:
    """The differences are points of order 3, or nothing when the challenges are divisible by 3."""
    st = statement(1, 0, 1)
    seen = set()
    for _ in range(40):
        proof = honest(st, [1], torsion={"A1": plain.point_of_order(3)})
        seen.add(differences(st, proof)[1] == G1_IDENTITY)
        assert verdict(st, proof.data) is None
    assert seen == {True, False}


def test_a_point_that_is_only_torsion() -> None:
    """V may stand for the identity: equations are about components of order q."""
    st = statement(2, 0, 1)
    proof = honest(st, [1, 0])
    replaced = with_point(proof, "D1", plain.point_of_order(3))
    assert verdict(st, replaced) is InvalidProof


# --- lies about marks and sums


HALF = pow(2, -1, Q)


@pytest.mark.parametrize(
    ("bits", "plaintexts"),
    [
        ([2, 0, -1], None),
        ([-1, 1, 1], None),
        ([-1, 2, 0], None),
        ([HALF, HALF, 0], None),
        ([HALF, 0, HALF], None),
        ([3, -1, -1], None),
        ([1, 1, 0], None),
        ([1, 1, -1], None),
        ([1, 1, 1], None),
        ([0, 0, 0], None),
        ([1, 0, 0], [0, 1]),
        ([1, 0, 0], [1, 1]),
        ([0, 0, 1], [1, 0]),
        ([1, 0, 0], [0, 0]),
        ([1, 0, 0], [2, -1]),
        ([1, 0, 0], [1000, 0]),
        ([1, 0, 0], [HALF, HALF]),
        ([0, 0, 1], [-1, 0]),
    ],
    ids=str,
)
def test_lies_in_the_commitment_and_in_the_ciphertexts(bits: list[int], plaintexts: list[int] | None) -> None:
    """(n, min, max) = (2, 0, 1): two options and one slack bit."""
    st = statement(2, 0, 1)
    lie = prove(st, [bit % Q for bit in bits], **draw(st), plaintexts=plaintexts and [p % Q for p in plaintexts])
    assert not all(equations(st, lie))
    assert verdict(st, lie.data) is InvalidProof


@pytest.mark.parametrize(
    ("low", "high", "bits", "plaintexts"),
    [
        (1, 2, [0, 0, 0, 1], None),
        (1, 2, [1, 1, 1, 0], None),
        (1, 2, [1, 1, 0, 0], [1, 1, 1]),
        (1, 2, [1, 0, 0, 1], [0, 0, 0]),
        (2, 2, [1, 0, 0], None),
        (2, 2, [1, 1, 1], None),
        (2, 2, [1, 1, 0], [1, 0, 0]),
    ],
    ids=str,
)
def test_too_many_and_too_few_marks(low: int, high: int, bits: list[int], plaintexts: list[int] | None) -> None:
    st = statement(3, low, high)
    lie = prove(st, bits, **draw(st), plaintexts=plaintexts)
    assert verdict(st, lie.data) is InvalidProof


def test_each_equation_bites() -> None:
    """A lie that only one equation sees."""
    st = statement(2, 0, 1)
    one = honest(st, [1, 0])
    one.z_rho = (one.z_rho + 1) % Q
    two = honest(st, [1, 0], torsion={"D1": G1})
    three = honest(st, [1, 0], torsion={"D2": G1})
    for number_, lie in enumerate((one, two, three), 1):
        assert equations(st, lie) == [number_ != 1, number_ != 2, number_ != 3]
        assert verdict(st, lie.data) is InvalidProof
        with pytest.raises(InvalidProof, match=f"equation {number_} of a contest does not hold"):
            contest_verifier.verify(decoded(st, lie.data), KEY)


# --- context


OTHER = {
    "manifest": b"m" * 32,
    "election": b"e" * 32,
    "pseudonym": b"p" * 32,
    "sequence": 2,
    "index": 1,
    "key": times(G1, SECRET + 1),
}


@pytest.mark.parametrize("member", OTHER)
def test_attack_23_a_proof_is_bound_to_its_context(member: str) -> None:
    st = statement(2, 0, 1)
    data = honest(st, [1, 0]).data
    other = replace(st, **{member: OTHER[member]})
    assert verdict(other, data) is InvalidProof
    assert verdict(other, honest(other, [1, 0]).data) is None


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ((2, 0, 1), (2, 1, 2)),
        ((3, 0, 0), (3, 1, 1)),
        ((3, 0, 0), (3, 3, 3)),
        ((4, 0, 2), (4, 1, 3)),
        ((4, 0, 2), (4, 2, 4)),
    ],
)
def test_attack_25_a_proof_is_bound_to_min_and_max(mine: tuple[int, ...], theirs: tuple[int, ...]) -> None:
    """Where lengths agree, the transcript decides."""
    st, other = statement(*mine), statement(*theirs)
    data = honest(st, [0] * mine[0] if mine[1] == 0 else [1] * mine[1]).data
    assert len(data) == Shape(*theirs).byte_length
    assert verdict(st, data) is None
    assert verdict(other, data) is InvalidProof


def test_every_byte_of_field_7_and_of_the_answers_is_in_the_challenges() -> None:
    st = statement(2, 0, 1)
    proof = honest(st, [1, 0])
    before = decoded(st, proof.data)
    for name in NAMES:
        after = decoded(st, with_point(proof, name, -proof.points[name]))
        assert (after.w != before.w) is (name not in ("D1", "D2"))
        assert after.x != before.x


def test_options_swapped_before_and_after_hashing() -> None:
    st = statement(3, 0, 2)
    drawn = draw(st)
    proof = prove(st, st.bits([1, 0, 1]), **drawn)
    order = ("A2", "B2", "A1", "B1", "A3", "B3")
    swapped = b"".join(xy(proof.points[name]) for name in order) + proof.data[6 * 96 :]
    assert verdict(st, swapped) is InvalidProof
    # Before hashing: ciphertexts in another order than the bits in M.
    assert verdict(st, prove(st, st.bits([1, 0, 1]), **drawn, plaintexts=[0, 1, 1]).data) is InvalidProof
    assert verdict(st, prove(st, st.bits([0, 1, 1]), **drawn).data) is None


def test_attack_24_a_ballot_cannot_be_copied() -> None:
    st = statement(2, 0, 1)
    victim = honest(st, [1, 0])
    mine = replace(st, pseudonym=b"c" * 32)
    assert verdict(mine, victim.data) is InvalidProof
    shift = fresh()
    points = dict(victim.points)
    for i in (1, 2):
        points[f"A{i}"] = points[f"A{i}"] + times(G1, shift)
        points[f"B{i}"] = points[f"B{i}"] + times(KEY, shift)
    again = Proof(points, victim.f, victim.z_rho, victim.z_r, victim.w, victim.x)
    assert verdict(st, again.data) is InvalidProof
    assert verdict(mine, again.data) is InvalidProof
    shifted = with_point(victim, "B1", victim.points["B1"] + G1)
    assert verdict(st, shifted) is InvalidProof


def test_attack_27_equal_randomness_in_two_options_is_the_authors_affair() -> None:
    """Ballots are never compared by points."""
    st = statement(2, 0, 1)
    r = fresh()
    assert verdict(st, honest(st, [1, 0], randomness=[r, r]).data) is None
    assert verdict(st, honest(st, [0, 0], randomness=[1, 1]).data) is None
