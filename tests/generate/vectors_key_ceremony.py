# SPDX-License-Identifier: AGPL-3.0-or-later
"""specs/vectors/key-ceremony.json: two complete sessions with every secret, messages that are excluded, readiness."""

from __future__ import annotations

import itertools
from typing import Any

from tests.generate import plain
from tests.generate.diff import splice
from tests.generate.drbg import GROUP_ORDER as Q
from tests.generate.drbg import derive, derive_scalar
from tests.generate.plain import canonical, compressed, scalar_bytes, sha256
from tests.generate.plain_ceremony import Ceremony, Message
from tests.generate.plain_proofs import schnorr
from tests.generate.world import world


def build() -> dict[str, Any]:
    w = world()
    return {
        "page": "key-ceremony.md",
        "lagrange": _lagrange(),
        "sessions": [
            _session("trustees, two of three, in G1, with two complaints", w.trustees),
            _session("lottery holders, two of three, in G2", w.lottery),
        ],
        "excluded": [case for case in excluded() if case["name"] not in _UNPUBLISHED],
        "readiness": _readiness(),
    }


_UNPUBLISHED = {
    "a reveal with a secret of zero",
    "a reveal with no proof",
    "a reveal with a proof of party 2",
    "a reveal with a proof of another session",
    "a reveal with a coefficient outside the subgroup",
    "a reveal with a share too many",
    "a reveal with a share too few",
    "a reveal with a coefficient with the identity's second encoding",
    "a reveal with a share of 79 bytes",
}


def _lagrange() -> list[dict[str, Any]]:
    cases = [[1], [1, 2], [2, 3], [1, 3], [1, 2, 3], [2, 4, 5], [32, 1, 7]]
    return [
        {"indices": indices, "coefficients": {str(j): scalar_bytes(value).hex() for j, value in weights.items()}}
        for indices in cases
        for weights in [plain.lagrange(indices)]
    ]


def message_case(message: Message) -> dict[str, Any]:
    return {
        "round": message.round,
        "party": message.party,
        "statement": message.statement.decode(),
        "signature": message.signature.hex(),
    }


def _session(name: str, ceremony: Ceremony) -> dict[str, Any]:
    ceremony.check()
    subsets = itertools.combinations(ceremony.indices, ceremony.threshold)
    for subset in subsets:
        points = {j: ceremony.public_shares[j] for j in subset}
        if plain.interpolate(points) != ceremony.public:
            raise ValueError("a subset gives another key")
    return {
        "name": name,
        "scope": ceremony.scope.hex(),
        "descriptor": canonical(ceremony.descriptor).decode(),
        "session_id": ceremony.session_id.hex(),
        "sealing_secrets": [party.unseal.secret.hex() for party in ceremony.people],
        "signing_seeds": [party.signing.seed.hex() for party in ceremony.people],
        "coefficients": [[scalar_bytes(a).hex() for a in ceremony.polynomials[i]] for i in ceremony.indices],
        "shares": [
            [scalar_bytes(ceremony.share_of(i, j)).hex() for j in ceremony.indices] for i in ceremony.indices
        ],
        "messages": [message_case(message) for message in ceremony.messages],
        "transcript": ceremony.transcript.hex(),
        "public": compressed(ceremony.public).hex(),
        "public_shares": [compressed(ceremony.public_shares[j]).hex() for j in ceremony.indices],
        "secret_shares": [scalar_bytes(ceremony.shares[j]).hex() for j in ceremony.indices],
    }  # fmt: skip


def excluded() -> list[dict[str, Any]]:
    """What rule C1 excludes: a message after the first `after` messages of the trustees' session.

    A message of the session itself is given by its number in the session, as `repeat`; with `splice` its statement is
    changed. Most of these stand in the file.
    """
    good = world().trustees
    cases: list[dict[str, Any]] = []
    n, t = len(good.people), good.threshold

    def add(name: str, after: int, message: Message, error: str) -> None:
        case: dict[str, Any] = {"name": name, "after": after, "error": error}
        if message in good.messages:
            case["repeat"] = good.messages.index(message)
        else:
            case |= {"statement": message.statement.decode(), "signature": message.signature.hex()}
        cases.append(case)

    commitment = good.messages[0]
    other = Ceremony(good.role, good.people, t, derive("ceremony other scope"))
    stranger = good.people[1].signing
    add("a commitment of another session", 0, other.messages[0], "ProtocolError")
    add("a commitment of party 4 of 3", 0, _as(good, "commitment", 1, party=4), "ProtocolError")
    add("a commitment of party 0", 0, _as(good, "commitment", 1, party=0), "ProtocolError")
    add(
        "a commitment signed by another party",
        0,
        Message("commitment", 1, commitment.statement, stranger.sign(commitment.statement)),
        "InvalidSignature",
    )
    add("a second commitment", 1, commitment, "ProtocolError")
    add("a reveal before all commitments", n - 1, good.messages[n], "ProtocolError")
    add("a commitment with an unknown member", 0, _as(good, "commitment", 1, extra=1), "EncodingError")
    add("a commitment that is not canonical", 0, _spaced(good), "EncodingError")
    add("a readiness in place of a commitment", 0, _relabelled(good), "EncodingError")
    add("another reveal than was committed to", n, _reveal(good, 1, proof="00" * 64), "InvalidCommitment")
    cases += _bad_reveals(good)
    reveals = 2 * n
    add("a verdict about party 4 of 3", reveals, _as(good, "verdict", 1, complaints=[4]), "ProtocolError")
    add("complaints that do not rise", reveals, _as(good, "verdict", 1, complaints=[3, 2]), "EncodingError")
    add("one complaint twice", reveals, _as(good, "verdict", 1, complaints=[2, 2]), "EncodingError")
    verdicts = 3 * n
    wrong = good.share_of(2, 3) + 1
    add("a disclosure that does not fit", verdicts, good.disclosure(2, 3, wrong), "InvalidShare")
    add("a disclosure about which nobody complained", verdicts, good.disclosure(2, 1), "ProtocolError")
    add("a disclosure by another dealer", verdicts, good.disclosure(1, 3), "ProtocolError")
    add("a disclosed share of q or more", verdicts, _as(good, "disclosure", 2, to=3, share="ff" * 32), "EncodingError")
    add("a second disclosure of one share", verdicts + 1, good.messages[verdicts], "ProtocolError")
    add("a confirmation before all disclosures", verdicts + 1, good.confirmation(1, good.transcript), "ProtocolError")
    last = len(good.messages) - n
    add("a confirmation of another transcript", last, good.confirmation(1, sha256(b"other")), "TranscriptMismatch")
    add("a second confirmation", last + 1, good.messages[last], "ProtocolError")
    add("a confirmation after the end", len(good.messages), good.messages[-1], "ProtocolError")
    return cases


def _as(ceremony: Ceremony, kind: str, index: int, **members: Any) -> Message:
    """A message with other members, signed by the party `index`."""
    payload = ceremony.payload(index)
    if kind == "commitment":
        payload["commitment"] = sha256(ceremony.reveals[index]).hex()
    return ceremony.sign(kind, index, plain.json_statement(f"CEREMONY-{kind.upper()}", payload | members))


def _spaced(ceremony: Ceremony) -> Message:
    statement = ceremony.messages[0].statement.replace(b'":', b'": ', 1)
    return ceremony.sign("commitment", 1, statement)


def _relabelled(ceremony: Ceremony) -> Message:
    payload = ceremony.messages[0].statement.partition(b"\x00")[2]
    return ceremony.sign("commitment", 1, plain.statement("READINESS", payload))


def _reveal(ceremony: Ceremony, dealer: int, **changed: Any) -> Message:
    return ceremony.sign("reveal", dealer, ceremony.reveal(dealer, **changed))


def _bad_reveals(good: Ceremony) -> list[dict[str, Any]]:
    """Reveals that party 1 committed to; the commitment stands in the case and comes first."""
    identity = "c0" + "00" * 47
    t = good.threshold
    points = [compressed(point).hex() for point in good.coefficient_points(1)]
    extra = compressed(plain.times(plain.G1, derive_scalar("ceremony extra"))).hex()
    honest = _proof(good, 1, 1, good.session_id)
    boxes = [
        plain.sealed_box(party.unseal.public, bytes(32), derive(f"ceremony box {i}")).hex()
        for i, party in enumerate(good.people)
    ]
    torsion = compressed(good.coefficient_points(1)[1] + plain.point_of_order(3)).hex()
    changes: dict[str, tuple[dict[str, Any], str]] = {
        "t - 1 coefficients": ({"coefficients": points[: t - 1]}, "EncodingError"),
        "t + 1 coefficients": ({"coefficients": [*points, extra]}, "EncodingError"),
        "a coefficient that is the identity": ({"coefficients": [points[0], identity]}, "EncodingError"),
        "a secret of zero": ({"coefficients": [identity, points[1]]}, "EncodingError"),
        "a coefficient outside the subgroup": ({"coefficients": [points[0], torsion]}, "NotInSubgroup"),
        "a coefficient with the identity's second encoding": (
            {"coefficients": [points[0], "e0" + "00" * 47]},
            "EncodingError",
        ),
        "no proof": ({"proof": ""}, "EncodingError"),
        "a proof of party 2": ({"proof": _proof(good, 2, 2, good.session_id)}, "InvalidProof"),
        "a proof with the index of party 2": ({"proof": _proof(good, 1, 2, good.session_id)}, "InvalidProof"),
        "a proof of another session": ({"proof": _proof(good, 1, 1, sha256(b"other session"))}, "InvalidProof"),
        "a first coefficient copied from party 2 with its proof": (
            {
                "coefficients": [compressed(good.coefficient_points(2)[0]).hex(), points[1]],
                "proof": _proof(good, 2, 2, good.session_id),
            },
            "InvalidProof",
        ),
        "a share too few": ({"shares": boxes[:-1]}, "EncodingError"),
        "a share too many": ({"shares": [*boxes, boxes[0]]}, "EncodingError"),
        "a share of 79 bytes": ({"shares": [*boxes[:-1], boxes[-1][:-2]]}, "EncodingError"),
    }
    if honest == changes["a proof of party 2"][0]["proof"]:
        raise ValueError("two proofs are equal")
    cases = []
    for name, (changed, error) in changes.items():
        reveal = _reveal(good, 1, **changed)
        commitment = good.signed("commitment", 1, commitment=sha256(reveal.statement).hex())
        cases.append(
            {
                "name": f"a reveal with {name}",
                "first": {"statement": commitment.statement.decode(), "signature": commitment.signature.hex()},
                "after": len(good.people),
                "repeat": len(good.people),
                "splice": splice(good.reveals[1].decode(), reveal.statement.decode()),
                "signature": reveal.signature.hex(),
                "error": error,
            }
        )
    return cases


def _proof(ceremony: Ceremony, dealer: int, index: int, session: bytes) -> str:
    nonce = derive_scalar(f"ceremony proof {dealer} {index}")
    secret = ceremony.polynomials[dealer][0]
    return schnorr("PROOF-OF-POSSESSION", session + plain.u32(index), ceremony.base, secret, nonce).data.hex()


def _readiness() -> list[dict[str, Any]]:
    w = world()
    cases = []
    for ceremony, index in ((w.trustees, 2), (w.registrars, 4)):
        statement, signature, steps = ceremony.readiness(index, w.election, w.manifest_digest)
        cases.append(
            {
                "name": f"{ceremony.role} {index}",
                "election": w.election.hex(),
                "manifest": w.manifest_digest.hex(),
                "role": ceremony.role,
                "party": index,
                "context": steps["context"].hex(),
                "k": scalar_bytes(steps["k"]).hex(),
                "statement": statement.decode(),
                "signature": signature.hex(),
            }
        )
    name = "trustee 2"
    trustees = w.trustees
    statement = str(cases[0]["statement"]).encode()
    signing = trustees.people[1].signing

    def signed(changed: bytes, key: Any = signing) -> dict[str, str]:
        return {"splice": splice(statement.decode(), changed.decode()), "signature": key.sign(changed).hex()}

    as_one = statement.replace(b'"party":2', b'"party":1')
    unknown = statement.replace(b'"party":2', b'"party":4')
    other = sha256(b"other")
    elsewhere = trustees.readiness(2, other, w.manifest_digest)[0]
    plus = _plus_one(statement)
    return [
        *cases,
        {"name": "another election", "of": name, "election": other.hex(), "error": "ProtocolError"},
        {"name": "another manifest", "of": name, "manifest": other.hex(), "error": "ProtocolError"},
        {"name": "a statement for another election", "of": name, **signed(elsewhere), "error": "ProtocolError"},
        {"name": "the proof of party 2 under the name of party 1", "of": name,
         **signed(as_one, trustees.people[0].signing), "error": "InvalidProof"},
        {"name": "an unknown party", "of": name, **signed(unknown), "error": "ProtocolError"},
        {"name": "signed by another party", "of": name,
         **signed(statement, trustees.people[0].signing), "error": "InvalidSignature"},
        {"name": "another response", "of": name, **signed(plus), "error": "InvalidProof"},
    ]  # fmt: skip


def _plus_one(statement: bytes) -> bytes:
    """The statement with s + 1 in its proof."""
    start = statement.index(b'"proof":"') + 9 + 64
    value = (int(statement[start : start + 64], 16) + 1) % Q
    return statement[:start] + scalar_bytes(value).hex().encode() + statement[start + 64 :]
