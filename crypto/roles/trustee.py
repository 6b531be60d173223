# SPDX-License-Identifier: AGPL-3.0-or-later
"""A trustee decrypts one sum of one election: the one that it recomputed itself from an approved closing.

Spec: specs/tally.md#partial-decryption
"""

from __future__ import annotations

from crypto.elgamal.threshold import partial_decrypt
from crypto.errors import ContentMismatch, SecondRequest, TooFewBallots, WrongPhase
from crypto.hashing import sha256
from crypto.protocol.contents import Closing, require_equal
from crypto.protocol.messages import make_decryption, make_share_lost
from crypto.protocol.phases import State
from crypto.protocol.recount import Mapper, Recount, recount
from crypto.roles.copies import Copies
from crypto.roles.holder import Holder
from crypto.sharing.ceremony import SignedMessage
from crypto.sharing.session import TRUSTEE
from crypto.signing import SigningKey, UnsealKey


class Trustee(Holder):
    """Holds a share of one election's tally key. It never takes a sum, or the key's owner's word, from anybody."""

    def __init__(self, signing: SigningKey, unseal: UnsealKey, copies: Copies) -> None:
        super().__init__(TRUSTEE, signing, unseal, copies)
        self._decrypted: dict[bytes, bytes] = {}

    def recount(self, mapper: Mapper = map) -> Recount:
        """Judge the whole ledger up to the effective closing.

        Raises:
            WrongPhase: no closing is approved.
            ContentMismatch: the approved closing is not what the ledger gives.
        """
        election = self.copies.election
        approved = election.approved.get("closing")
        if approved is None or election.state not in (State.CLOSED, State.TALLIED):
            raise WrongPhase("a trustee decrypts nothing before the closing is approved")
        stated = Closing.from_bytes(approved.content)
        own = recount(election, approved.proposal.index, stated.missing, mapper)
        require_equal(approved.content, own.closing(election).to_bytes(), "the approved closing")
        return own

    def decrypt(self, own: Recount) -> tuple[SignedMessage, bytes]:
        """The signed statement and the body of this trustee's decryption; the same closing gives the same sum.

        Args:
            own: what `recount` gave.

        Raises:
            WrongPhase: no closing is approved.
            ContentMismatch: the sum is not that of the approved closing, or the key is another election's too.
            TooFewBallots: the sum of so few would tell how people voted.
            SecondRequest: another closing of this election was decrypted before; refused for ever.
        """
        election, share = self.copies.election, self.require_share()
        approved = election.approved.get("closing")
        if approved is None:
            raise WrongPhase("a trustee decrypts nothing before the closing is approved")
        manifest = election.require_manifest()
        self.check_key(manifest.tally.key)
        if Closing.from_bytes(approved.content).sum != own.tally.digest():
            raise ContentMismatch("the approved closing names another encrypted tally")
        if len(own.counted) < manifest.schedule.min_ballots:
            raise TooFewBallots(
                f"{len(own.counted)} ballots, {manifest.schedule.min_ballots} are needed: there is no result"
            )
        closing = approved.proposal.digest
        if self._decrypted.setdefault(election.identifier, closing) != closing:
            raise SecondRequest("this trustee has decrypted another closing of this election")
        body = partial_decrypt(election.identifier, closing, share, own.tally)
        return make_decryption(election.identifier, closing, share.index, sha256(body), self._signing), body

    def share_lost(self, index: int) -> SignedMessage:
        """A signed statement that the share of trustee `index`, this one, cannot be read any more."""
        return make_share_lost(self.copies.election.identifier, index, self._signing)
