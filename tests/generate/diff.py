# SPDX-License-Identifier: AGPL-3.0-or-later
"""How one string differs from another, so that a case need not repeat what it shares with another one."""

from __future__ import annotations


def splice(before: str, after: str) -> list[int | str]:
    """`[start, end, text]` with after = before[:start] + text + before[end:]."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    tail = 0
    while tail < min(len(before), len(after)) - start and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return [start, len(before) - tail, after[start : len(after) - tail]]
