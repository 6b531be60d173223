# SPDX-License-Identifier: AGPL-3.0-or-later
"""Proposals and approvals: how the board moves an election, and nobody else does.

Spec: specs/election.md#proposals, specs/election.md#approvals
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from crypto.encoding.strict_json import Json
from crypto.errors import InvalidApproval, WrongPhase
from crypto.labels import APPROVAL
from crypto.ledger.checkpoint import Head
from crypto.protocol.entry import Entry
from crypto.protocol.phases import State, content_kind
from crypto.protocol.policy import Policy
from crypto.signing import make_statement, read_signatures, require_quorum, verify_all
from crypto.suite import MAX_NOTE_BYTES

PROPOSAL: Final = "proposal"
APPROVAL_KIND: Final = "approval"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A logged proposal.

    Args:
        index, batch: of its entry.
        digest: SHA-256 of its entry; fixes everything before it.
        content: SHA-256 of the content.
        head: the head of the register that it names.
    """

    number: int
    source: State
    target: State
    content: bytes
    head: Head
    index: int
    batch: int
    digest: bytes

    @property
    def kind(self) -> str:
        """The kind of content that it needs."""
        return content_kind(self.source, self.target)


def proposal_members(
    number: int, source: State, target: State, content: bytes, register_head: bytes
) -> dict[str, Json]:
    """The members of a proposal entry beside `kind` and `previous`.

    Args:
        content: SHA-256 of the content.
        register_head: the newest head of the register, a note.
    """
    return {
        "content": content.hex(),
        "from": source.value,
        "number": number,
        "register_head": register_head.decode("utf-8"),
        "to": target.value,
    }


def read_proposal(entry: Entry) -> tuple[int, State, State, bytes, bytes]:
    """Number, from, to, content hash, and note of a proposal entry.

    Raises:
        EncodingError: malformed.
        WrongPhase: no row of the table.
    """
    members = entry.members("content", "from", "number", "register_head", "to")
    names = tuple(State)
    source, target = State(members.choice("from", names)), State(members.choice("to", names))
    content_kind(source, target)
    note = members.string("register_head", MAX_NOTE_BYTES).encode("utf-8")
    return members.u32("number", 1), source, target, members.hash("content"), note


def approval_statement(election: bytes, proposal: bytes) -> bytes:
    """What a member of the board signs: the election and the hash of the proposal's entry."""
    return make_statement(APPROVAL, election + proposal)


def approval_members(proposal: bytes, signatures: list[Json]) -> dict[str, Json]:
    """The members of an approval entry beside `kind` and `previous`."""
    return {"proposal": proposal.hex(), "signatures": signatures}


def check_approval(entry: Entry, newest: Proposal | None, batch: int, election: bytes, policy: Policy) -> Proposal:
    """The approved proposal: the newest one, of an earlier batch, signed by a quorum of the board and nobody else.

    Raises:
        EncodingError, InvalidApproval, InvalidSignature.
    """
    members = entry.members("proposal", "signatures")
    digest = members.hash("proposal")
    if newest is None or newest.digest != digest:
        raise InvalidApproval("an approval of a proposal that is not the newest")
    if batch <= newest.batch:
        raise InvalidApproval("an approval in the batch of its proposal: nobody can have seen it under a head")
    signatures = read_signatures(members.array("signatures"), "approval")
    signers = verify_all(signatures, approval_statement(election, digest))
    require_quorum(signers, policy.board_keys, policy.board_quorum, "approval")
    return newest


def require_state(proposal: Proposal, state: State) -> None:
    """The state is the one that the proposal starts from.

    Raises:
        WrongPhase.
    """
    if proposal.source is not state:
        raise WrongPhase(f"a proposal from {proposal.source} while the state is {state}")
