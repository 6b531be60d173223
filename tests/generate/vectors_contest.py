# SPDX-License-Identifier: AGPL-3.0-or-later
"""specs/vectors/contest-proof.json: slack, generators, whole proofs with every step, and what must be refused."""

from __future__ import annotations

from typing import Any

from tests.generate import plain
from tests.generate.drbg import GROUP_ORDER as Q
from tests.generate.drbg import derive, derive_scalar
from tests.generate.plain import G1, b64, compressed, scalar_bytes, times, xy
from tests.generate.plain_contest import Proof, Statement, equations, generator, prove, slack_bits, slack_weights

KEY_SECRET = derive_scalar("contest y")


def build() -> dict[str, Any]:
    return {
        "page": "contest-proof.md",
        "slack": _slack(),
        "generators": {
            **{f"{letter}{j}": xy(generator(letter, j)).hex() for letter in "HK" for j in range(1, 4)},
            "H": xy(generator("R", 0)).hex(),
        },
        "statements_refused": _refused(),
        "proofs": _proofs(),
    }


def _slack() -> list[dict[str, Any]]:
    """All d up to 40; the bits for each value as a string of digits, m_{n+1} first."""
    return [
        {
            "d": d,
            "weights": slack_weights(d),
            "bits": ["".join(map(str, slack_bits(d, value))) for value in range(d + 1)],
        }
        for d in (*range(13), 30, 40)
    ]


def _refused() -> list[dict[str, Any]]:
    return [
        {"name": name, "n": n, "min": low, "max": high, "error": "InvalidProof"}
        for name, (n, low, high) in {
            "no options": (0, 0, 0),
            "min above max": (3, 2, 1),
            "max above n": (3, 0, 4),
            "more options than the limit": (1001, 0, 1),
        }.items()
    ]


def statement(options: int, minimum: int, maximum: int, index: int = 0) -> Statement:
    return Statement(
        key=times(G1, KEY_SECRET),
        options=options,
        minimum=minimum,
        maximum=maximum,
        manifest=derive("contest manifest"),
        election=derive("contest election"),
        pseudonym=plain.Ed25519(derive("contest pseudonym")).public,
        sequence=1,
        index=index,
    )


def secrets(name: str, st: Statement) -> dict[str, Any]:
    """r, a_2.., rho, sigma, t."""
    return {
        "randomness": [derive_scalar(f"contest {name} r {i}") for i in range(1, st.options + 1)],
        "a": [derive_scalar(f"contest {name} a {j}") for j in range(2, st.slots + 1)],
        "rho": derive_scalar(f"contest {name} rho"),
        "sigma": derive_scalar(f"contest {name} sigma"),
        "t": derive_scalar(f"contest {name} t"),
    }


def _public(st: Statement) -> dict[str, Any]:
    return {
        "manifest": st.manifest.hex(),
        "election": st.election.hex(),
        "vk": st.pseudonym.hex(),
        "seq": st.sequence,
        "contest": st.index,
        "n": st.options,
        "min": st.minimum,
        "max": st.maximum,
        "Y": compressed(st.key).hex(),
    }


def _scalars(values: Any) -> list[str]:
    return [scalar_bytes(value).hex() for value in values]


def _case(name: str, st: Statement, marks: list[int], *, shown: bool = False) -> tuple[dict[str, Any], Proof]:
    drawn = secrets(name, st)
    proof = prove(st, st.bits(marks), **drawn)
    case = {
        "name": name,
        **_public(st),
        "marks": marks,
        "bits": st.bits(marks),
        "weights": st.weights,
        "r": _scalars(drawn["randomness"]),
        "a": _scalars(proof.steps["a"]),
        "rho": scalar_bytes(drawn["rho"]).hex(),
        "sigma": scalar_bytes(drawn["sigma"]).hex(),
        "t": scalar_bytes(drawn["t"]).hex(),
        **({"points": {key: xy(point).hex() for key, point in proof.points.items()}} if shown else {}),
        "w": scalar_bytes(proof.w).hex(),
        "x": scalar_bytes(proof.x).hex(),
        "f": _scalars(proof.f),
        "z_rho": scalar_bytes(proof.z_rho).hex(),
        "z_r": scalar_bytes(proof.z_r).hex(),
        "bytes": b64(proof.data),
    }
    return case, proof


def _proofs() -> list[dict[str, Any]]:
    two, proof = _case("one of two", statement(2, 0, 1), [0, 1], shown=True)
    others = [
        _case("exactly one option", statement(1, 1, 1), [1])[0],
        _case("two to three of three", statement(3, 2, 3, 2), [1, 0, 1])[0],
        _case("up to five of five", statement(5, 0, 5, 31), [1, 0, 1, 1, 0])[0],
    ]
    return [two, *others, *_with_torsion(), *_negative(proof)]


def _short(name: str, base: str, error: str | None, **members: Any) -> dict[str, Any]:
    """A case that differs from the case `base` in the members given."""
    case = {"name": name, "of": base, **members}
    return case if error is None else case | {"error": error}


def _with_torsion() -> list[dict[str, Any]]:
    """By the author, before hashing: accepted, for a point stands for its component of order q."""
    st = statement(2, 0, 1)
    cases = []
    for point, order in (("A1", 3), ("D2", 10177)):
        torsion = {point: plain.point_of_order(order)}
        proof = prove(st, st.bits([1, 0]), **secrets(f"torsion {point}", st), torsion=torsion)
        name = f"a component of order {order} on {point}, by the author"
        cases.append(_short(name, "one of two", None, bytes=b64(proof.data)))
    return cases


def _negative(good: Proof) -> list[dict[str, Any]]:
    base = "one of two"
    names = list(good.points)
    scalars_at = 96 * len(names)

    def changed_point(name: str, point: Any) -> list[Any]:
        return [[96 * names.index(name), xy(point).hex()]]

    def changed_scalar(number: int, value: int) -> list[Any]:
        return [[scalars_at + 32 * number, value.to_bytes(32, "big").hex()]]

    elsewhere: dict[str, dict[str, Any]] = {
        "another contest": {"contest": 1},
        "another sequence number": {"seq": 2},
        "another pseudonym": {"vk": plain.Ed25519(derive("contest other")).public.hex()},
        "another election": {"election": derive("contest other").hex()},
        "another manifest": {"manifest": derive("contest other").hex()},
        "another tally key": {"Y": compressed(times(G1, KEY_SECRET + 1)).hex()},
        # The same length: n = 2, one slack bit.
        "another minimum and maximum": {"min": 1, "max": 2},
    }
    cases = [_short(name, base, "InvalidProof", **members) for name, members in elsewhere.items()]
    cases += [
        _short(f"{name} doubled", base, "InvalidProof", patch=changed_point(name, times(good.points[name], 2)))
        for name in ("A2", "B1", "M", "V", "D1", "D2")
    ]
    for name in ("A1", "V", "D1"):
        patch = changed_point(name, good.points[name] + plain.point_of_order(3))
        cases.append(_short(f"{name} with a component of order 3, added afterwards", base, "InvalidProof", patch=patch))
    scalars = [*good.f[1:], good.z_rho, good.z_r]
    for number, name in enumerate(("f_2", "f_3", "z_rho", "z_r")):
        patch = changed_scalar(number, (scalars[number] + 1) % Q)
        cases.append(_short(f"{name} plus one", base, "InvalidProof", patch=patch))
    # 2q is below 2^256, so every f has a second encoding.
    cases.append(_short("f_2 + q", base, "EncodingError", patch=changed_scalar(0, good.f[1] + Q)))
    off_curve = [[95, f"{good.data[95] ^ 1:02x}"]]
    cases += [
        _short("a byte too few", base, "EncodingError", truncate=len(good.data) - 1),
        _short("a byte too many", base, "EncodingError", append="00"),
        _short("no bytes", base, "EncodingError", truncate=0),
        _short("A1 is 96 zero bytes", base, "EncodingError", patch=[[0, bytes(96).hex()]]),
        _short("M is 96 zero bytes", base, "EncodingError", patch=[[384, bytes(96).hex()]]),
        _short("A1 is off the curve", base, "EncodingError", patch=off_curve),
        _short("z_r is q", base, "EncodingError", patch=changed_scalar(3, Q)),
        _short("z_rho is 2^256 - 1", base, "EncodingError", patch=changed_scalar(2, (1 << 256) - 1)),
    ]
    return cases + _cheats(statement(2, 0, 1))


def _cheats(st: Statement) -> list[dict[str, Any]]:
    """Lies of a prover who follows every step but one; all equations but those named hold."""
    half = pow(2, -1, Q)
    lies: dict[str, tuple[list[int], list[int] | None]] = {
        "a mark of 2, the slack repairs the sum": ([2, 0, -1], None),
        "a mark of -1, the other repairs the sum": ([-1, 1, 1], None),
        "two halves": ([half, half, 0], None),
        "two marks where one is allowed": ([1, 1, 0], None),
        "a thousand in the ciphertexts, one in M": ([1, 0, 0], [1000, 0]),
    }
    cases = []
    for name, (bits, plaintexts) in lies.items():
        proof = prove(st, [bit % Q for bit in bits], **secrets(name.replace(",", ""), st), plaintexts=plaintexts)
        if all(equations(st, proof)):
            raise ValueError(f"{name}: the lie holds")
        cases.append(_short(name, "one of two", "InvalidProof", bytes=b64(proof.data)))
    least = statement(2, 1, 1)
    proof = prove(least, [0, 0], **secrets("none where one is due", least))
    cases.append(_short("no mark where one is due", "one of two", "InvalidProof", min=1, bytes=b64(proof.data)))
    return cases
