# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the place of an entry on the ledger decides at once, before anything dear is looked at.

Rules Q1, Q2, A1, the state in A2, B1, B2, D1, D2, the state in L1, and S1.

Spec: specs/credential.md#request, specs/credential.md#answer, specs/ballot.md#counted-or-excluded,
specs/tally.md#partial-decryption, specs/tally.md#lottery, specs/election.md#void
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crypto.errors import CryptoError, EncodingError, Excluded, InvalidSignature, ProtocolError, WrongPhase
from crypto.protocol.answers import Answer, check_signer, read_answer_entry
from crypto.protocol.credential import Request
from crypto.protocol.entry import Entry
from crypto.protocol.envelope import SignedEnvelope
from crypto.protocol.lottery import Draw, read_draw_entry
from crypto.protocol.messages import Decryption, read_decryption_entry, read_share_lost_entry
from crypto.protocol.phases import State
from crypto.sharing.session import REGISTRAR, TRUSTEE
from crypto.signing import verify

if TYPE_CHECKING:
    from crypto.protocol.election import Election

Held = Request | SignedEnvelope | Answer | Decryption | Draw
"""What an entry holds that is judged later, in bulk."""

_ISSUES = (State.ISSUING, State.VOTING)
_DECRYPTS = (State.CLOSED, State.TALLIED)


def judge_request(election: Election, held: Request | SignedEnvelope | None) -> Request:
    """Rules Q1 and Q2.

    Raises:
        Excluded.
    """
    if not isinstance(held, Request):
        raise Excluded("Q1", "malformed")
    if held.election != election.identifier:
        raise Excluded("Q2", "a request of another election")
    if election.state not in _ISSUES:
        raise Excluded("Q2", f"a request while the state is {election.state}")
    if election.chain.batch > election.require_manifest().schedule.requests_close:
        raise Excluded("Q2", "a request after the last batch for requests")
    return held


def judge_answer(election: Election, entry: Entry) -> Answer:
    """Rule A1, and the state in A2.

    Raises:
        Excluded.
    """
    try:
        answer = read_answer_entry(entry)
    except EncodingError as error:
        raise Excluded("A1", str(error)) from None
    if election.manifest is None:
        raise Excluded("A1", "nobody is a registrar before the manifest is approved")
    check_signer(answer, election.identifier, election.keys[REGISTRAR])
    if election.state not in _ISSUES:
        raise Excluded("A2", f"an answer while the state is {election.state}")
    return answer


def judge_ballot(election: Election, held: Request | SignedEnvelope | None) -> SignedEnvelope:
    """Rules B1 and B2.

    Raises:
        Excluded.
    """
    if not isinstance(held, SignedEnvelope):
        raise Excluded("B1", "malformed")
    if (held.envelope.election, held.envelope.manifest) != (election.identifier, election.manifest_digest):
        raise Excluded("B2", "a ballot of another election or manifest")
    if election.state is not State.VOTING:
        raise Excluded("B2", f"a ballot while the state is {election.state}")
    if election.chain.batch < election.require_manifest().schedule.voting_opens:
        raise Excluded("B2", "a ballot before voting opens")
    return held


def judge_decryption(election: Election, entry: Entry) -> Decryption:
    """Rules D1 and D2.

    Raises:
        Excluded.
    """
    try:
        held = read_decryption_entry(entry)
    except EncodingError as error:
        raise Excluded("D1", str(error)) from None
    if election.manifest is None:
        raise Excluded("D1", "nobody is a trustee before the manifest is approved")
    party = election.keys[TRUSTEE].session.party(held.trustee)
    if held.election != election.identifier or party is None:
        raise Excluded("D1", "another election, or an unknown trustee")
    try:
        verify(party.key, held.message.statement, held.message.signature)
    except InvalidSignature as error:
        raise Excluded("D1", str(error)) from None
    closing = election.approved.get("closing")
    if election.state not in _DECRYPTS or closing is None or held.closing != closing.proposal.digest:
        raise Excluded("D2", "the election is not closed, or was closed otherwise")
    return held


def judge_draw(election: Election, entry: Entry) -> Draw:
    """Form and state in rule L1.

    Raises:
        Excluded.
    """
    try:
        draw = read_draw_entry(entry)
    except EncodingError as error:
        raise Excluded("L1", str(error)) from None
    if election.state not in _DECRYPTS:
        raise Excluded("L1", f"a draw while the state is {election.state}")
    return draw


def judge_share_lost(election: Election, entry: Entry) -> int:
    """Rule S1; returns the trustee.

    Raises:
        Excluded.
    """
    try:
        named, index, message = read_share_lost_entry(entry)
        if election.state is not State.CLOSED or named != election.identifier:
            raise WrongPhase("not a closed election, or another one")
        party = election.keys[TRUSTEE].session.party(index)
        if party is None or index in election.lost_shares:
            raise ProtocolError(f"there is no trustee {index}, or it said so before")
        verify(party.key, message.statement, message.signature)
    except CryptoError as error:
        raise Excluded("S1", str(error)) from None
    return index
