# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the tests of `crypto` against the vectors share."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from crypto import errors
from crypto.encoding.strict_json import loads_canonical
from crypto.group import (
    decode_scalar,
)
from crypto.sharing.ceremony import Ceremony, Round, SignedMessage
from crypto.sharing.session import Session

Case = dict[str, Any]


def refused(case: Case, call: Callable[[], object]) -> None:
    """The call raises the kind of error that the case names, or a kind of it."""
    expected = getattr(errors, case["error"])
    try:
        call()
    except errors.CryptoError as error:
        if not isinstance(error, expected):
            pytest.fail(f"{type(error).__name__} in place of {case['error']}: {error}")
    else:
        pytest.fail(f"accepted; {case['error']} is due")


def unhex(case: Case, name: str) -> bytes:
    return bytes.fromhex(case[name])


def unbase64(case: Case, name: str) -> bytes:
    return base64.b64decode(case[name], validate=True)


class FixedScalars:
    """Stands for `Hedge` and gives the scalars of a vector by purpose and index."""

    def __init__(self, scalars: dict[tuple[str, int], bytes]) -> None:
        self._scalars = scalars

    def scalar(self, purpose: str, index: int = 0) -> Any:
        return decode_scalar(self._scalars[purpose, index])


def session_of(case: Case) -> Ceremony:
    return Ceremony(Session.from_json(loads_canonical(case["descriptor"].encode())), unhex(case, "scope"))


def replay(case: Case, count: int | None = None) -> Ceremony:
    ceremony = session_of(case)
    for message in case["messages"][:count]:
        number = ceremony.accept(SignedMessage(message["statement"].encode(), unhex(message, "signature")))
        assert number is Round[message["round"].upper()]
    return ceremony
