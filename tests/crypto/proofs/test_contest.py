# SPDX-License-Identifier: AGPL-3.0-or-later
"""The contest proof when everybody is honest: shapes, slack, lengths, every marking."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from crypto.errors import IdentityPoint, InvalidProof
from crypto.group import G1, G1_IDENTITY, ZERO, encode_g1, encode_scalar, encode_uncleared
from crypto.hashing import Hedge
from crypto.proofs import contest, contest_prover, contest_verifier
from crypto.proofs.contest import BallotContext, ContestTranscript, Shape, blinding_generator, generators
from crypto.proofs.contest_prover import ContestProver, encrypt_option
from crypto.secret import Secret
from crypto.suite import MAX_OPTIONS
from tests.crypto.proofs.verdicts import KEY, SECRET, decoded, honest, plain_verdict, statement, verdict
from tests.generate import plain
from tests.generate.plain_contest import generator, slack_weights

PROVER = ContestProver(KEY, window=4)


def encrypted(st: Any, marks: Any, hedge: Hedge | None = None) -> bytes:
    context = BallotContext(st.manifest, st.election, st.pseudonym, st.sequence)
    hedge = hedge or Hedge(Secret(b"s"), b"c")
    shape = Shape(st.options, st.minimum, st.maximum)
    return PROVER.encrypt(context, st.index, shape, marks, hedge).data


@pytest.mark.parametrize("options", [1, 2, 3])
def test_every_marking_of_small_contests_is_proved_and_accepted(options: int) -> None:
    """All bounds 0 <= min <= max <= n, min = max among them, and every choice of marks within them."""
    proved = 0
    for low, high in product(range(options + 1), repeat=2):
        if low > high:
            continue
        st = statement(options, low, high)
        for marks in product((0, 1), repeat=options):
            if low <= sum(marks) <= high:
                assert verdict(st, encrypted(st, marks)) is None
                proved += 1
            else:
                with pytest.raises(ValueError, match=f"{sum(marks)} marks, {low} to {high} are allowed"):
                    encrypted(st, marks)
    assert proved >= 2**options


@pytest.mark.parametrize(("options", "low", "high"), [(4, 0, 4), (5, 1, 3), (7, 0, 5)])
def test_our_proofs_hold_by_the_equations_of_the_page(options: int, low: int, high: int) -> None:
    st = statement(options, low, high)
    marks = [1] * low + [0] * (options - low)
    data = encrypted(st, marks)
    assert plain_verdict(st, data)
    assert verdict(st, honest(st, marks).data) is None


def test_ciphertexts_hold_the_marks() -> None:
    st = statement(4, 0, 4)
    proof = decoded(st, encrypted(st, [0, 1, 1, 0]))
    points = proof.ciphertexts
    plaintexts = [points[2 * i + 1] - plain.times(points[2 * i], SECRET) for i in range(4)]
    assert plaintexts == [G1_IDENTITY, G1, G1, G1_IDENTITY]


# --- shapes


@pytest.mark.parametrize("d", range(41))
def test_slack_weights_reach_every_value_up_to_d_and_none_above(d: int) -> None:
    shape = Shape(max(d, 1), 0, d)
    weights = shape.weights[shape.options :]
    assert list(weights) == slack_weights(d)
    sums = {sum(w * b for w, b in zip(weights, bits, strict=True)) for bits in product((0, 1), repeat=len(weights))}
    assert sums == set(range(d + 1))
    for marks in range(d + 1):
        bits = shape.slack_bits(marks)
        assert len(bits) == len(weights)
        assert set(bits) <= {0, 1}
        assert marks + sum(w * b for w, b in zip(weights, bits, strict=True)) == d


def test_examples_of_the_page() -> None:
    examples = {0: (), 1: (1,), 5: (1, 2, 2), 30: (1, 2, 4, 8, 15)}
    for d, weights in examples.items():
        assert Shape(30, 0, d).weights[30:] == weights


@pytest.mark.parametrize(("options", "low", "high"), [(1, 1, 1), (3, 2, 2), (3, 0, 0), (5, 2, 4)])
def test_slack_outside_the_bounds_is_our_mistake(options: int, low: int, high: int) -> None:
    shape = Shape(options, low, high)
    for marks in (low - 1, high + 1):
        with pytest.raises(ValueError, match="are allowed"):
            shape.slack_bits(marks)


@pytest.mark.parametrize(
    ("options", "low", "high"),
    [(0, 0, 0), (-1, 0, 0), (3, 2, 1), (3, 0, 4), (3, -1, 2), (3, 4, 4), (MAX_OPTIONS + 1, 0, 1)],
)
def test_a_statement_outside_the_bounds_is_refused(options: int, low: int, high: int) -> None:
    with pytest.raises(InvalidProof, match="proves nothing"):
        Shape(options, low, high)


def test_lengths() -> None:
    assert Shape(20, 0, 5).byte_length == 4_992
    assert Shape(209, 0, 45).byte_length == 47_424
    for options, low, high in ((1, 0, 0), (2, 0, 1), (20, 0, 5), (20, 3, 3), (MAX_OPTIONS, 0, MAX_OPTIONS)):
        slots = options + len(slack_weights(high - low))
        assert Shape(options, low, high).byte_length == 96 * (2 * options + 4) + 32 * (slots + 1)


def test_twenty_options_take_4992_bytes() -> None:
    st = statement(20, 0, 5)
    data = encrypted(st, [1, 0, 1] + [0] * 17)
    assert len(data) == 4_992
    assert verdict(st, data) is None


def test_the_largest_contest_is_accepted() -> None:
    st = statement(MAX_OPTIONS, 1, MAX_OPTIONS)
    data = encrypted(st, [1, 1, 0] * 333 + [1])
    contest_verifier.verify(decoded(st, data), KEY)


# --- generators


def test_generators_are_derived_and_all_different() -> None:
    h, k = generators(b"H", 20), generators(b"K", 20)
    assert [encode_uncleared(point) for point in h] == [plain.xy(generator("H", j)) for j in range(1, 21)]
    assert [encode_uncleared(point) for point in k] == [plain.xy(generator("K", j)) for j in range(1, 21)]
    assert encode_uncleared(blinding_generator()) == plain.xy(generator("R", 0))
    assert len({encode_g1(point) for point in [*h, *k, blinding_generator(), G1]}) == 42


# --- the prover


@pytest.mark.parametrize("marks", [[1], [1, 0, 0], [], [2, 0], [True, False], ["1", 0], [1.0, 0], [None, 0]])
def test_the_prover_takes_zeros_and_ones_only(marks: Any) -> None:
    with pytest.raises(ValueError, match="2 marks, each 0 or 1, are needed"):
        encrypted(statement(), marks)


def test_a_tally_key_that_is_the_identity_is_refused() -> None:
    with pytest.raises(InvalidProof, match="the tally key is the identity"):
        ContestProver(G1_IDENTITY)
    with pytest.raises(InvalidProof, match="the tally key is the identity"):
        ContestTranscript(BallotContext(b"", b"", b"", 1), 0, Shape(1, 0, 1), G1_IDENTITY)
    with pytest.raises(InvalidProof, match="the tally key is the identity"):
        decoded(statement(2, 0, 1), encrypted(statement(), [1, 0])) and contest_verifier.decode(
            encrypted(statement(), [1, 0]), BallotContext(b"", b"", b"", 1), 0, Shape(2, 0, 1), G1_IDENTITY
        )


def test_a_zero_challenge_makes_the_prover_begin_again_with_fresh_randomness(monkeypatch: pytest.MonkeyPatch) -> None:
    class Watched:
        def __init__(self) -> None:
            self.asked: list[str] = []
            self._hedge = Hedge(Secret(b"s"), b"c")

        def scalar(self, purpose: str, index: int = 0) -> Any:
            self.asked.append(purpose)
            return self._hedge.scalar(purpose, index)

    real = contest.Transcript.challenge
    answers = iter([ZERO, None, ZERO, None, None])

    def challenge(self: Any, label: Any) -> Any:
        zero = next(answers)
        return real(self, label) if zero is None else zero

    monkeypatch.setattr(contest.Transcript, "challenge", challenge)
    watched = Watched()
    st = statement()
    data = encrypted(st, [1, 0], watched)  # type: ignore[arg-type]
    monkeypatch.undo()
    attempts = [{purpose for purpose in watched.asked if f"attempt {number} " in purpose} for number in range(3)]
    assert all(attempts)
    assert not attempts[0] & attempts[1] & attempts[2]
    assert verdict(st, data) is None


def test_an_identity_that_would_be_sent_makes_the_prover_begin_again(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def encode(point: Any) -> bytes:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise IdentityPoint("the identity has no uncompressed encoding")
        return encode_uncleared(point)

    monkeypatch.setattr(contest_prover, "encode_uncleared", encode)
    st = statement()
    data = encrypted(st, [0, 1])
    assert calls > 8
    assert verdict(st, data) is None


def test_an_option_is_encrypted_again_from_its_randomness() -> None:
    st = statement(2, 0, 2)
    context = BallotContext(st.manifest, st.election, st.pseudonym, st.sequence)
    made = PROVER.encrypt(context, 0, Shape(2, 0, 2), [1, 0], Hedge(Secret(b"s"), b"c"))
    for place, (r, mark) in enumerate(zip(made.randomness.reveal(), (1, 0), strict=True)):
        piece = made.data[192 * place : 192 * place + 192]
        assert encrypt_option(KEY, r, mark) == piece
        assert encrypt_option(KEY, r, 1 - mark) != piece
        number = int.from_bytes(encode_scalar(r), "big")
        assert piece[:96] == plain.xy(plain.times(plain.G1, number))


def test_an_empty_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="a batch of no proofs proves nothing"):
        contest_verifier.verify_batch([], KEY)
    with pytest.raises(ValueError, match="a batch of no proofs proves nothing"):
        contest_verifier.find_invalid([], KEY)
