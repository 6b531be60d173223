# SPDX-License-Identifier: AGPL-3.0-or-later
"""What several modules of vectors are given."""

from __future__ import annotations

import pytest

from crypto.group import (
    decode_g2,
)
from crypto.sharing.ceremony import DerivedKey
from crypto.sharing.session import Session
from tests.conformance.computing import replay
from tests.conformance.vectors import load, resolved
from tests.generate.plain_ceremony import parties


@pytest.fixture(scope="package")
def election_keys() -> dict[str, DerivedKey]:
    """The trustees' key from its session; the registrars' from the numbers of credential.json."""
    trustees = replay(resolved("key-ceremony", "sessions")[0]).derive()
    file = load("credential")
    people = [party.json() for party in parties("registrar", 4)]
    session = Session.from_json(
        {"role": "registrar", "number": 1, "threshold": file["threshold"], "parties": people, "culprits": []}
    )
    shares = {j: decode_g2(bytes.fromhex(share)) for j, share in enumerate(file["public_shares"], 1)}
    public = decode_g2(bytes.fromhex(file["issuing_key"]))
    return {"trustee": trustees, "registrar": DerivedKey(session, bytes(32), bytes(32), public, shares)}
