# SPDX-License-Identifier: AGPL-3.0-or-later
"""A fresh proof that a share is readable."""

from __future__ import annotations

from typing import Any

import pytest

from crypto import errors
from crypto.encoding.strict_json import loads
from crypto.labels import READINESS, SHARE_LOST
from crypto.secret import Secret
from crypto.sharing.ceremony import DerivedKey, SignedMessage
from crypto.sharing.party import SecretShare
from crypto.sharing.readiness import check_readiness, make_readiness
from crypto.signing import SigningKey, make_json_statement
from tests.crypto.sharing.test_ceremony import fold, plain_ceremony
from tests.generate.plain import scalar_bytes
from tests.generate.plain_ceremony import Ceremony as PlainCeremony

ELECTION, MANIFEST = b"e" * 32, b"m" * 32

TRUSTEES, REGISTRARS = plain_ceremony(), plain_ceremony("registrar", 4, 3)


@pytest.fixture(scope="module")
def keys() -> dict[str, DerivedKey]:
    return {"trustee": fold(TRUSTEES).derive(), "registrar": fold(REGISTRARS).derive()}


def share(ceremony: PlainCeremony, index: int, keys: dict[str, DerivedKey]) -> SecretShare:
    from crypto.group import scalar

    return SecretShare(index, Secret(scalar(ceremony.shares[index])), keys[ceremony.role])


def signing(ceremony: PlainCeremony, index: int) -> SigningKey:
    return SigningKey(Secret(ceremony.people[index - 1].signing.seed))


def ready(keys: dict[str, DerivedKey], ceremony: PlainCeremony = TRUSTEES, index: int = 2) -> SignedMessage:
    return make_readiness(ELECTION, MANIFEST, share(ceremony, index, keys), signing(ceremony, index))


def changed(message: SignedMessage, key: SigningKey, **members: Any) -> SignedMessage:
    payload = loads(message.statement.partition(b"\x00")[2]) | members
    statement = make_json_statement(READINESS, payload)
    return SignedMessage(statement, key.sign(statement))


def test_what_we_make_is_accepted(keys: dict[str, DerivedKey]) -> None:
    for ceremony in (TRUSTEES, REGISTRARS):
        for index in (1, len(ceremony.people)):
            message = ready(keys, ceremony, index)
            assert check_readiness(message, ELECTION, MANIFEST, keys) == (ceremony.role, index)


def test_what_the_page_makes_is_accepted(keys: dict[str, DerivedKey]) -> None:
    for ceremony in (TRUSTEES, REGISTRARS):
        statement, signature, _ = ceremony.readiness(3, ELECTION, MANIFEST)
        message = SignedMessage(statement, signature)
        assert check_readiness(message, ELECTION, MANIFEST, keys) == (ceremony.role, 3)


def test_bound_to_election_and_manifest(keys: dict[str, DerivedKey]) -> None:
    message = ready(keys)
    for election, manifest in ((b"x" * 32, MANIFEST), (ELECTION, b"x" * 32), (MANIFEST, ELECTION)):
        with pytest.raises(errors.ProtocolError, match="readiness for another election or manifest"):
            check_readiness(message, election, manifest, keys)
        named = changed(message, signing(TRUSTEES, 2), election=election.hex(), manifest=manifest.hex())
        with pytest.raises(errors.InvalidProof, match="does not verify"):
            check_readiness(named, election, manifest, keys)


def test_bound_to_role_and_party(keys: dict[str, DerivedKey]) -> None:
    message = ready(keys)
    with pytest.raises(errors.InvalidProof, match="does not verify"):
        check_readiness(changed(message, signing(TRUSTEES, 1), party=1), ELECTION, MANIFEST, keys)
    with pytest.raises(errors.InvalidProof, match="does not verify"):
        check_readiness(changed(message, signing(REGISTRARS, 2), role="registrar"), ELECTION, MANIFEST, keys)
    with pytest.raises(errors.ProtocolError, match="there is no trustee 4"):
        check_readiness(changed(message, signing(TRUSTEES, 2), party=4), ELECTION, MANIFEST, keys)
    with pytest.raises(errors.ProtocolError, match="there is no trustee 0"):
        check_readiness(changed(message, signing(TRUSTEES, 2), party=0), ELECTION, MANIFEST, keys)


def test_bound_to_the_signer(keys: dict[str, DerivedKey]) -> None:
    message = ready(keys)
    forged = SignedMessage(message.statement, signing(TRUSTEES, 1).sign(message.statement))
    with pytest.raises(errors.InvalidSignature, match="does not verify"):
        check_readiness(forged, ELECTION, MANIFEST, keys)


@pytest.mark.parametrize(
    "members",
    [{"role": "lottery"}, {"proof": "00" * 63}, {"proof": "ff" * 64}, {"party": "2"}, {"extra": 1}, {"election": ""}],
    ids=str,
)
def test_malformed(keys: dict[str, DerivedKey], members: dict[str, Any]) -> None:
    with pytest.raises(errors.EncodingError, match=r"readiness: |a scalar is not below"):
        check_readiness(changed(ready(keys), signing(TRUSTEES, 2), **members), ELECTION, MANIFEST, keys)


def test_another_statement_is_none(keys: dict[str, DerivedKey]) -> None:
    payload = loads(ready(keys).statement.partition(b"\x00")[2])
    statement = make_json_statement(SHARE_LOST, payload)
    with pytest.raises(errors.EncodingError, match="not a statement under VECHE-V1-READINESS"):
        check_readiness(SignedMessage(statement, signing(TRUSTEES, 2).sign(statement)), ELECTION, MANIFEST, keys)


def test_a_proof_is_not_that_of_possession(keys: dict[str, DerivedKey]) -> None:
    """The same share under the other label."""
    from tests.generate.plain_proofs import schnorr

    context = ELECTION + MANIFEST + b"trustee" + (2).to_bytes(4, "big")
    wrong = schnorr("PROOF-OF-POSSESSION", context, TRUSTEES.base, TRUSTEES.shares[2], 4711)
    right = schnorr("PROOF-OF-READINESS", context, TRUSTEES.base, TRUSTEES.shares[2], 4711)
    message = changed(ready(keys), signing(TRUSTEES, 2), proof=right.data.hex())
    assert check_readiness(message, ELECTION, MANIFEST, keys) == ("trustee", 2)
    with pytest.raises(errors.InvalidProof, match="does not verify"):
        check_readiness(changed(message, signing(TRUSTEES, 2), proof=wrong.data.hex()), ELECTION, MANIFEST, keys)
    assert scalar_bytes(right.c) == right.data[:32]
