# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the two files of vectors for the verifier share: its backends, sources in memory, its kinds of refusal."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from io import BytesIO
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.conformance.vectors import Case, load
from verifier import errors
from verifier.audit import Run
from verifier.backend import NAMES, Backend, load_backend
from verifier.contest import ElectionContext, Shape
from verifier.record import Source

EACH_BACKEND = pytest.mark.parametrize("backend", [load_backend(name) for name in NAMES], ids=NAMES)

FAMILIES: dict[str, type[errors.BrokenError]] = {
    "EncodingError": errors.EncodingError,
    "NonCanonical": errors.EncodingError,
    "MalformedScalar": errors.EncodingError,
    "MalformedPoint": errors.EncodingError,
    "NotInSubgroup": errors.EncodingError,
    "IdentityPoint": errors.EncodingError,
    "UnsafeText": errors.EncodingError,
}
"""Kinds of error in the vectors that every implementation finds as an error of encoding."""


def refused(case: Case, call: Callable[[], object], *, family: bool = True) -> None:
    """The call raises one of the verifier's refusals, of the family that the case names unless told otherwise."""
    expected = FAMILIES.get(case.get("error", ""), errors.BrokenError) if family else errors.BrokenError
    with pytest.raises(expected):
        call()


def unhex(case: Case, name: str) -> bytes:
    return bytes.fromhex(case[name])


def unbase64(case: Case, name: str) -> bytes:
    return base64.b64decode(case[name], validate=True)


def label(name: str) -> bytes:
    """A label that the verifier knows."""
    from verifier.labels import REGISTRY

    assert name in REGISTRY
    return name.encode("ascii")


def source(data: bytes, name: str = "vector") -> Source:
    """A file in memory."""
    return Source(name, len(data), lambda: BytesIO(data))


def framed(items: Sequence[bytes]) -> Source:
    """A file of entries."""
    return source(b"".join(len(item).to_bytes(2, "big") + item for item in items))


def fake_run(backend: Backend | None = None, **members: Any) -> Run:
    """As much of a run as checks of receipts and openings look at before there is a record."""

    def need(value: Any, what: str) -> Any:
        if value is None:
            raise errors.EvidenceMissingError(what)
        return value

    everything = {"pinned": None, "register": None, "manifest": None, **members}
    return cast("Run", SimpleNamespace(backend=backend, need=need, saw=lambda _: None, **everything))


def ballot_election() -> ElectionContext:
    """The election of ballot.json."""
    file = load("ballot")
    election = bytes.fromhex(file["ballots"][0]["election"])
    shapes = tuple(Shape(item["n"], item["min"], item["max"]) for item in file["contests"])
    return ElectionContext(bytes.fromhex(file["manifest"]), election, bytes.fromhex(file["tally_key"]), shapes)
