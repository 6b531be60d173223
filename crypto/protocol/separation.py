# SPDX-License-Identifier: AGPL-3.0-or-later
"""One key, one role: what the board looks at before it appoints parties or approves a manifest.

Register and ledger refuse what they can see themselves; parties of sessions and the promise key are the board's matter.

Spec: specs/election.md#approvals, specs/verification.md#checks (V23)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from crypto.errors import KeyReuse
from crypto.protocol.election import Election
from crypto.sharing.session import Session
from crypto.signing import PublicKey


def require_separate_sessions(election: Election, appointed: Sequence[Session]) -> None:
    """No party of a session has a key or a seal that serves elsewhere. A member's key may: it will not be on the roll.

    Args:
        appointed: sessions that take the place of the newest ones of their roles.

    Raises:
        KeyReuse: naming the party.
    """
    sessions = {role: ceremony.session for role, ceremony in election.ceremonies.items()}
    sessions |= {session.role: session for session in appointed}
    used = election.register.role_keys | dict.fromkeys(election.ledger.log_keys, "log")
    seals: dict[bytes, str] = {}
    lottery = election.register.lottery
    newest = [*([lottery.session] if lottery is not None else ()), *sessions.values()]
    for session in newest:
        for party in session.parties:
            if used.setdefault(party.key, session.role) != session.role:
                raise KeyReuse(f"{party.name}, {session.role}: the key serves as one of {used[party.key]} already")
            if seals.setdefault(party.seal, session.role) != session.role:
                raise KeyReuse(f"{party.name}, {session.role}: the seal is that of a {seals[party.seal]}")


def require_new_promise_key(election: Election, key: PublicKey) -> None:
    """The promise key serves nowhere else.

    Raises:
        KeyReuse.
    """
    parties: Iterable[PublicKey] = (p.key for c in election.ceremonies.values() for p in c.session.parties)
    roll = frozenset(member for _, member in election.roll.members) if election.roll else frozenset()
    if key in {*election.register.role_keys, *election.ledger.log_keys, *parties, *roll}:
        raise KeyReuse("the promise key serves as something else already")
