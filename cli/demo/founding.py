# SPDX-License-Identifier: AGPL-3.0-or-later
"""The register before an election: reviewers, panel, lottery key, members.

Spec: specs/register.md#entry-kinds
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence

from cli.demo.electorate import MemberSecrets
from cli.demo.world import ORGANISATIONS, HolderKeys, World
from crypto.encoding.strict_json import Json
from crypto.errors import ProtocolError
from crypto.protocol.policy import Clock, Person
from crypto.protocol.register import announcement_members
from crypto.roles.holder import Holder
from crypto.roles.reviewer import admission
from crypto.sharing.ceremony import Ceremony, encode_transcript
from crypto.sharing.party import run_locally
from crypto.sharing.session import LOTTERY, Role, Session, encode_point
from crypto.suite import MEMBER_ID_BYTES


def make_session(role: Role, threshold: int, holders: Sequence[HolderKeys], number: int = 1) -> Session:
    """The descriptor of a first session of a ceremony."""
    return Session(role, number, threshold, tuple(holder.party for holder in holders), ())


def submit_board_statement(world: World, kind: str, members: Mapping[str, Json]) -> bytes:
    """A statement of the board: every member signs what it has read; the operator queues it. Returns the statement."""
    statement = world.register.statement(kind, members)
    signatures = [member.sign_statement(statement) for member in world.board]
    world.register.submit(kind, statement, sorted(signatures, key=lambda signature: str(signature["key"])))
    return statement


def found_register(world: World) -> None:
    """Reviewers, panel and lottery key, in the register's first batches."""
    keys, sizes = world.keys, world.sizes
    reviewers = [
        Person(key.public, f"Reviewer {n + 1}", ORGANISATIONS[n % len(ORGANISATIONS)])
        for n, key in enumerate(keys.reviewers)
    ]
    submit_board_statement(world, "reviewers", {"reviewers": [person.to_json() for person in reviewers]})
    panel = [Person(key.public, f"Panel member {n + 1}", ORGANISATIONS[n]) for n, key in enumerate(keys.panel)]
    submit_board_statement(world, "panel", {"members": [person.to_json() for person in panel], "quorum": 2})

    session = make_session(LOTTERY, sizes.registrars[0], keys.lottery)
    scope = world.policy.lottery_scope
    messages = run_locally([holder.join(Ceremony(session, scope)) for holder in world.lottery])
    transcript = world.bodies.put(encode_transcript(messages))
    shares = [holder.keep_share() for holder in world.lottery]
    submit_board_statement(
        world,
        "standing-key",
        {
            "key": encode_point(shares[0].key.public).hex(),
            "purpose": LOTTERY,
            "session": session.to_json(),
            "transcript": transcript.hex(),
        },
    )
    world.next_register_batch()


def admit_members(world: World, count: int, progress: Callable[[int], None]) -> list[MemberSecrets]:
    """Admit `count` members, each by two reviewers of different organisations, over a few days.

    Their documents are not part of this demonstration: how people come into the register is another chapter.
    """
    members: list[MemberSecrets] = []
    reviewers = world.keys.reviewers
    per_day = max(1, -(-count // 5))
    for number in range(count):
        member = MemberSecrets(secrets.token_bytes(MEMBER_ID_BYTES), secrets.token_bytes(32), secrets.token_bytes(32))
        pair = (reviewers[number % len(reviewers)], reviewers[(number + 1) % len(reviewers)])
        key = member.client().signing.public
        statement, signatures = admission(world.policy, number + 1, member.identifier, key, pair)
        world.register.submit("admitted", statement, signatures)
        members.append(member)
        if (number + 1) % per_day == 0 or number + 1 == count:
            world.next_register_batch()
            progress(number + 1)
    return members


def announce_election(world: World, title: Mapping[str, str], interval: int) -> bytes:
    """The board announces an election; returns its id. Its ledger begins an hour after the register's next batch."""
    register_clock = world.policy.register_clock
    epoch = register_clock.boundary(register_clock.batch_at(world.now) + 1) + 3_600
    clock = Clock(epoch, interval)
    members = announcement_members(title, clock, world.keys.election_log.public, secrets.token_bytes(32))
    submit_board_statement(world, "announcement", members)
    world.next_register_batch()
    announced = list(world.register.register.elections)
    if not announced:
        raise ProtocolError("the announcement is not in the register")
    return announced[-1]


def carry_ceremony(world: World, holders: Sequence[Holder]) -> None:
    """Carry the messages of a ceremony over the election's ledger, which every party follows, until it is complete."""
    for holder in holders:
        holder.join_election()
    while not all(holder.party.ceremony.complete for holder in holders):
        for holder in holders:
            for message in holder.party.next_messages():
                world.running.submit_message("ceremony", message)
        world.next_batch()
        world.sync()
    for holder in holders:
        holder.keep_share()
