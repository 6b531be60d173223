# SPDX-License-Identifier: AGPL-3.0-or-later
"""The board appoints nobody whom the verifier would find to serve twice (V23)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crypto.errors import KeyReuse
from crypto.protocol.contents import Appointment
from crypto.protocol.phases import State
from crypto.roles.board import Decisions
from tests.worlds import played_world


@pytest.mark.parametrize("shared", ["key", "seal"])
def test_one_person_with_one_secret_in_two_roles_is_not_appointed(shared: str) -> None:
    """The same name does not make it the same role: people may hold two, but with keys and seals of their own."""
    world = played_world()
    registrars, trustees = world.sessions()
    person = registrars.parties[0]
    for same, refused in (
        ({"name": person.name}, False),
        ({"name": person.name, shared: getattr(person, shared)}, True),
    ):
        first = replace(trustees.parties[0], **same)
        sessions = registrars, replace(trustees, parties=(first, *trustees.parties[1:]))
        world.decide(Decisions(sessions))
        world.propose(State.CEREMONY, Appointment(world.identifier, sessions).to_bytes())
        for member in world.board:
            if refused:
                with pytest.raises(KeyReuse, match=f"the {shared} "):
                    member.approve(world.now)
            else:
                assert member.approve(world.now)
