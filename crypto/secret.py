# SPDX-License-Identifier: AGPL-3.0-or-later
"""A holder for values that must not be printed, logged, pickled or compared by accident.

Python can neither wipe memory nor run in constant time (SECURITY.md says what follows from that); this only keeps
secrets out of logs, tracebacks and files.
"""

from __future__ import annotations

from typing import Generic, NoReturn, TypeVar

T = TypeVar("T")


class Secret(Generic[T]):
    """Wraps one secret value; `reveal()` is the only way to it, and easy to search for."""

    __slots__ = ("__value",)

    def __init__(self, value: T) -> None:
        self.__value = value

    def reveal(self) -> T:
        """The value itself."""
        return self.__value

    def __repr__(self) -> str:
        return "<redacted>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "<redacted>"

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError("secrets are not compared; reveal them and use hmac.compare_digest")

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> NoReturn:
        raise TypeError("secrets are not pickled; seal them and store the sealed bytes")
