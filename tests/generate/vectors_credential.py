# SPDX-License-Identifier: AGPL-3.0-or-later
"""specs/vectors/credential.json: from the voting secret to the credential, by every subset of registrars."""

from __future__ import annotations

import itertools
from typing import Any

from tests.generate import plain
from tests.generate.drbg import GROUP_ORDER as Q
from tests.generate.drbg import derive
from tests.generate.plain import canonical, compressed, scalar_bytes, sha256, times
from tests.generate.world import VOTERS, World, world


def build() -> dict[str, Any]:
    w = world()
    return {
        "page": "credential.md",
        "issuing_key": compressed(w.registrars.public).hex(),
        "threshold": w.registrars.threshold,
        "public_shares": [compressed(point).hex() for point in w.registrars.public_shares.values()],
        "members": [_member(w, voter) for voter in range(VOTERS)],
        "credentials": _credentials(w),
        "answers": _answers(w),
    }


def _member(w: World, voter: int) -> dict[str, Any]:
    blinded = w.blinded(voter)
    partial = {j: times(blinded, share) for j, share in w.registrars.shares.items()}
    statement = w.request(voter)
    inverse = pow(w.blinding(voter), -1, Q)
    for subset in itertools.combinations(partial, w.registrars.threshold):
        combined = plain.interpolate({j: partial[j] for j in subset})
        if compressed(times(combined, inverse)) != w.credential(voter):
            raise ValueError("a subset gives another credential")
    return {
        "name": f"member {voter}",
        "election": w.election.hex(),
        "voting_secret": w.voting_secret(voter).hex(),
        "pseudonym_seed": w.pseudonym(voter).seed.hex(),
        "vk": w.pseudonym(voter).public.hex(),
        "r": scalar_bytes(w.blinding(voter)).hex(),
        "m": compressed(w.credential_point(voter)).hex(),
        "B": compressed(blinded).hex(),
        "member": w.member_id(voter).hex(),
        "member_seed": w.member_key(voter).seed.hex(),
        "statement": statement.hex(),
        "signature": w.member_key(voter).sign(statement).hex(),
        "S": [compressed(point).hex() for point in partial.values()],
        "sigma": w.credential(voter).hex(),
    }


def _credentials(w: World) -> list[dict[str, Any]]:
    good = w.credential(0)
    point = times(w.credential_point(0), w.registrars.secret)
    base = "a credential"

    def bad(name: str, error: str, **changed: str) -> dict[str, Any]:
        return {"name": name, "of": base, **changed, "error": error}

    return [
        {"name": base, "election": w.election.hex(), "vk": w.pseudonym(0).public.hex(), "sigma": good.hex()},
        bad("another election", "InvalidCredential", election=derive("credential other").hex()),
        bad("another pseudonym", "InvalidCredential", vk=w.pseudonym(1).public.hex()),
        bad("the credential of another", "InvalidCredential", sigma=w.credential(1).hex()),
        bad("its negative", "InvalidCredential", sigma=compressed(-point).hex()),
        bad("twice the point", "InvalidCredential", sigma=compressed(point + point).hex()),
        bad("still blinded", "InvalidCredential", sigma=compressed(times(point, w.blinding(0))).hex()),
        bad("a partial signature", "InvalidCredential", sigma=compressed(
            times(w.credential_point(0), w.registrars.shares[1])).hex()),
        bad("with a component of order 3", "NotInSubgroup", sigma=compressed(point + plain.point_of_order(3)).hex()),
        bad("the identity", "IdentityPoint", sigma="c0" + "00" * 47),
        bad("the identity in another spelling", "EncodingError", sigma="e0" + "00" * 47),
        bad("47 bytes", "EncodingError", sigma=good[:-1].hex()),
    ]  # fmt: skip


def _answers(w: World) -> list[dict[str, Any]]:
    """Registrar 2 answers requests 0 and 1, taken here to be those of the members 0 and 1."""
    registrar = 2
    party = w.registrars.people[registrar - 1]
    blinded = [w.blinded(voter) for voter in range(VOTERS)]
    signed = [times(point, w.registrars.shares[registrar]) for point in blinded]
    body = b"".join(map(compressed, signed))
    payload = {
        "election": w.election.hex(),
        "registrar": registrar,
        "first": 0,
        "count": VOTERS,
        "body": sha256(body).hex(),
    }
    statement = plain.json_statement("ANSWER", payload)
    if canonical(payload) not in statement:
        raise ValueError("the payload is not in the statement")
    base = "registrar 2"

    def bad(name: str, points: list[Any]) -> dict[str, Any]:
        return {"name": name, "of": base, "body": plain.b64(b"".join(map(compressed, points))), "rule": "A4"}

    a, b = signed
    return [
        {
            "name": base,
            "registrar": registrar,
            "B": [compressed(point).hex() for point in blinded],
            "body": plain.b64(body),
            "statement": statement.decode(),
            "signature": party.signing.sign(statement).hex(),
        },
        bad("one bad answer", [a, times(blinded[1], w.registrars.shares[1])]),
        bad("answers in another order", [b, a]),
        bad("two errors that cancel", [a + plain.G1, b - plain.G1]),
        bad("an answer too few", [a]),
        bad("an answer too many", [a, b, a]),
        bad("an answer outside the subgroup", [a, b + plain.point_of_order(3)]),
        bad("an answer that is the identity", [a, plain.G1 - plain.G1]),
    ]
