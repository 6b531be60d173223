# SPDX-License-Identifier: AGPL-3.0-or-later
"""The numbered rules by which an entry is excluded, and lists of exclusions.

One place for what specs/election.md#entry-kinds scatters over its pages: which rules a kind has and what each means.
"""

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from typing import Final

RULES: Final = {
    "C1": "a message of a key ceremony that is malformed, misplaced, wrongly signed or false",
    "P1": "a proof of readiness that is malformed, misplaced, wrongly signed or false",
    "Q1": "a malformed request",
    "Q2": "a request for another election, or outside the time for requests",
    "Q3": "a request by somebody who is not on the roll",
    "Q4": "a request whose signature does not verify",
    "Q5": "a request whose blinded element is not a proper point",
    "Q6": "a second request for one position of the roll",
    "A1": "an answer that is malformed, of another election, by an unknown registrar, or wrongly signed",
    "A2": "an answer at the wrong time or for the wrong range of requests",
    "A3": "an answer whose body nobody could give",
    "A4": "an answer with a wrong partial signature",
    "B1": "a malformed ballot",
    "B2": "a ballot for another election or outside the time for voting",
    "B3": "a ballot under a key that is no acceptable pseudonym",
    "B4": "a ballot whose signature does not verify",
    "B5": "a ballot without a valid credential",
    "B6": "one ballot too many of a pseudonym",
    "B7": "a ballot that does not continue its pseudonym's chain",
    "B8": "a second ballot of a pseudonym in one batch",
    "B9": "a ballot whose body nobody could give",
    "B10": "a ballot whose body or proof is wrong",
    "D1": "a decryption that is malformed, of another election, by an unknown trustee, or wrongly signed",
    "D2": "a decryption at the wrong time or for another closing",
    "D3": "a second decryption of a trustee",
    "D4": "a decryption with a missing or wrong body",
    "L1": "a draw that is malformed, not needed, a second one, or false",
    "S1": "a statement of a lost share that is malformed, misplaced, a second one, or wrongly signed",
}
KIND_RULES: Final = {
    "ceremony": frozenset({"C1"}),
    "readiness": frozenset({"P1"}),
    "request": frozenset({"Q1", "Q2", "Q3", "Q4", "Q5", "Q6"}),
    "answer": frozenset({"A1", "A2", "A3", "A4"}),
    "ballot": frozenset({"B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B9", "B10"}),
    "decryption": frozenset({"D1", "D2", "D3", "D4"}),
    "draw": frozenset({"L1"}),
    "share-lost": frozenset({"S1"}),
}
_NAMES: Final = tuple(RULES)
_CODES: Final = {name: code for code, name in enumerate(_NAMES)}
_SHIFT: Final = 6
_MASK: Final = (1 << _SHIFT) - 1


class Exclusions:
    """A list of (index of an entry, rule), eight bytes each."""

    __slots__ = ("_packed",)

    def __init__(self, pairs: Iterable[tuple[int, str]] = (), *, packed: Iterable[int] = ()) -> None:
        self._packed = array("Q", packed)
        self._packed.extend(index << _SHIFT | _CODES[rule] for index, rule in pairs)

    @property
    def packed(self) -> "array[int]":
        """The pairs as integers, which sort by index."""
        return self._packed

    def add(self, index: int, rule: str) -> None:
        """Append a pair."""
        self._packed.append(index << _SHIFT | _CODES[rule])

    def __len__(self) -> int:
        return len(self._packed)

    def __iter__(self) -> Iterator[tuple[int, str]]:
        for packed in self._packed:
            yield packed >> _SHIFT, _NAMES[packed & _MASK]

    def is_ascending(self) -> bool:
        """Tell whether indices rise strictly."""
        last = -1
        for packed in self._packed:
            if packed >> _SHIFT <= last:
                return False
            last = packed >> _SHIFT
        return True

    def sort(self) -> None:
        """Sort by index."""
        self._packed = array("Q", sorted(self._packed))

    def chosen(self, rules: Collection[str], first: int = 0, last: int | None = None) -> "Exclusions":
        """Return the pairs with one of ``rules`` and an index from ``first`` to below ``last``, sorted."""
        codes = {_CODES[rule] for rule in rules}
        low, high = first << _SHIFT, None if last is None else last << _SHIFT
        chosen = (p for p in self._packed if p & _MASK in codes and p >= low and (high is None or p < high))
        return Exclusions(packed=sorted(chosen))

    def extend(self, other: "Exclusions") -> None:
        """Append all pairs of another list."""
        self._packed.extend(other.packed)

    def rule_of(self, index: int) -> str | None:
        """Return the rule of an entry in a sorted list, or None."""
        place = bisect_left(self._packed, index << _SHIFT)
        if place < len(self._packed) and self._packed[place] >> _SHIFT == index:
            return _NAMES[self._packed[place] & _MASK]
        return None

    def difference(self, stated: "Exclusions") -> str | None:
        """Compare two sorted lists; return the first difference in words, or None where they are equal."""
        if self._packed == stated.packed:
            return None
        ours, theirs = set(self._packed), set(stated.packed)
        packed = min(ours ^ theirs)
        index, rule = packed >> _SHIFT, _NAMES[packed & _MASK]
        if packed in ours:
            return f"entry {index} is excluded by {rule}, which the list does not say"
        return f"the list says {rule} of entry {index}, which the rules do not"


def is_rule(name: object) -> bool:
    """Tell whether a string names a rule."""
    return isinstance(name, str) and name in RULES
