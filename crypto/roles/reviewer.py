# SPDX-License-Identifier: AGPL-3.0-or-later
"""A reviewer signs admissions, the panel signs what concerns a member's standing; what they look at is not here.

Spec: specs/register.md#admitted
"""

from __future__ import annotations

from collections.abc import Sequence

from crypto.encoding.strict_json import Json
from crypto.protocol.policy import Policy
from crypto.protocol.register import make_register_statement
from crypto.signing import PublicKey, SigningKey, sign_all


def admission(
    policy: Policy, case: int, member: bytes, key: PublicKey, reviewers: Sequence[SigningKey]
) -> tuple[bytes, list[Json]]:
    """The statement that admits a member, with the reviewers' signatures."""
    members: dict[str, Json] = {"case": case, "key": key.hex(), "member": member.hex()}
    statement = make_register_statement("admitted", policy, 0, members)
    return statement, sign_all(reviewers, statement)
