# SPDX-License-Identifier: AGPL-3.0-or-later
"""A relay accepts ballots when the server does not, hands them over, and knows at the end what is missing.

Spec: specs/election.md#closing
"""

from __future__ import annotations

from crypto.blindsig.blinding import Credential, verify_credential
from crypto.errors import ProtocolError, WrongPhase
from crypto.group import decode_g2
from crypto.hashing import sha256
from crypto.protocol.ballot import verify_body
from crypto.protocol.chain import continues
from crypto.protocol.election import Election
from crypto.protocol.phases import State
from crypto.protocol.recount import Recount, ballot_context, check_pseudonym, forbidden_pseudonyms
from crypto.roles.member import CastBallot
from crypto.signing import PublicKey, verify


class Relay:
    """Holds ballots that authenticate themselves; it learns nothing but their bytes."""

    def __init__(self) -> None:
        self._ballots: dict[tuple[bytes, int], CastBallot] = {}

    def accept(self, cast: CastBallot, election: Election, now: int) -> None:
        """Take a valid ballot while voting lasts: one for each pseudonym and sequence number.

        Args:
            now: Unix seconds, by the relay's own clock.

        Raises:
            CryptoError: it would not be counted anyway, or comes too early or too late.
        """
        manifest, envelope, clock = election.require_manifest(), cast.signed.envelope, election.announcement.clock
        opens, closes = clock.boundary(manifest.schedule.voting_opens - 1), clock.boundary(election.voting_closes)
        if election.state is not State.VOTING or not opens <= now < closes:
            raise WrongPhase("ballots are taken during voting only")
        if (envelope.election, envelope.manifest) != (election.identifier, election.manifest_digest):
            raise ProtocolError("a ballot of another election or manifest")
        if sha256(cast.body) != envelope.body:
            # The server could never append it, so that it would be owed for ever.
            raise ProtocolError("the body is not the one that the envelope names")
        check_pseudonym(envelope, forbidden_pseudonyms(election))
        verify(PublicKey(envelope.pseudonym), envelope.statement, cast.signed.signature)
        credential = Credential(PublicKey(envelope.pseudonym), envelope.credential)
        verify_credential(credential, election.identifier, decode_g2(manifest.issuing.key))
        if not 1 <= envelope.sequence <= manifest.schedule.max_revotes:
            raise ProtocolError(f"ballot {envelope.sequence}; {manifest.schedule.max_revotes} are allowed")
        place = (envelope.pseudonym, envelope.sequence)
        if self._ballots.get(place, cast) != cast:
            raise ProtocolError("this relay has another ballot of this pseudonym with the same number")
        verify_body(cast.body, ballot_context(envelope), manifest.shapes, manifest.tally.key)
        self._ballots[place] = cast

    def ballots(self) -> list[CastBallot]:
        """What to hand to the server, of each pseudonym in the order of its chain."""
        return [self._ballots[place] for place in sorted(self._ballots)]

    def missing_from(self, own: Recount) -> list[CastBallot]:
        """Ballots that this relay received and that the server could still append, but has not.

        What another ballot of the pseudonym has overtaken is not owed, nor what continues no chain.
        """
        owed: list[CastBallot] = []
        last: dict[bytes, tuple[int, bytes]] = {}
        for cast in self.ballots():
            envelope = cast.signed.envelope
            head = own.chains.head(envelope.pseudonym)
            known = (head.envelope.sequence, head.digest) if head is not None else None
            newest = last.get(envelope.pseudonym, known)
            if continues(envelope, newest):
                owed.append(cast)
                last[envelope.pseudonym] = (envelope.sequence, envelope.digest())
        return owed
