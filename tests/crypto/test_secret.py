# SPDX-License-Identifier: AGPL-3.0-or-later
"""A secret is not printed, compared, hashed or pickled by accident."""

from __future__ import annotations

import pickle

import pytest

from crypto.secret import Secret
from crypto.signing import SigningKey, UnsealKey

SEED = b"hunter2 hunter2 hunter2 hunter2!"


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret("hunter2")
    assert secret.reveal() == "hunter2"
    for text in (repr(secret), str(secret), f"{secret}", f"{secret:>20}", f"{secret!r}", f"{[secret]}"):
        assert "hunter2" not in text
        assert "<redacted>" in text


def test_a_secret_is_not_compared_hashed_or_pickled() -> None:
    secret = Secret(b"x")
    with pytest.raises(TypeError, match="not compared"):
        _ = secret == Secret(b"x")
    with pytest.raises(TypeError, match="unhashable"):
        hash(secret)
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(secret)
    with pytest.raises(AttributeError, match="value"):
        _ = secret.value  # type: ignore[attr-defined]


def test_keys_do_not_show_their_seed() -> None:
    for key in (SigningKey(Secret(SEED)), UnsealKey(Secret(SEED))):
        assert SEED.hex() not in repr(key)
        assert key.public.hex() in repr(key)
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(key)
