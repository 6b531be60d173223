# SPDX-License-Identifier: AGPL-3.0-or-later
"""A relay accepts ballots when the server does not, hands them over, and knows at the end what is missing.

Spec: specs/election.md#closing
"""

from __future__ import annotations

from crypto.blindsig.blinding import Credential, verify_credential
from crypto.errors import ProtocolError
from crypto.group import decode_g2
from crypto.protocol.ballot import verify_body
from crypto.protocol.election import Election
from crypto.protocol.recount import Recount, ballot_context, check_pseudonym, forbidden_pseudonyms
from crypto.roles.member import CastBallot
from crypto.signing import PublicKey, verify


class Relay:
    """Holds ballots that authenticate themselves; it learns nothing but their bytes."""

    def __init__(self) -> None:
        self._ballots: dict[bytes, CastBallot] = {}

    def accept(self, cast: CastBallot, election: Election) -> None:
        """Take a valid ballot while voting lasts.

        Raises:
            CryptoError: it would not be counted anyway.
        """
        manifest, envelope = election.require_manifest(), cast.signed.envelope
        if (envelope.election, envelope.manifest) != (election.identifier, election.manifest_digest):
            raise ProtocolError("a ballot of another election or manifest")
        check_pseudonym(envelope, forbidden_pseudonyms(election))
        verify(PublicKey(envelope.pseudonym), envelope.statement, cast.signed.signature)
        credential = Credential(PublicKey(envelope.pseudonym), envelope.credential)
        verify_credential(credential, election.identifier, decode_g2(manifest.issuing.key))
        verify_body(cast.body, ballot_context(envelope), manifest.shapes, manifest.tally.key)
        self._ballots[envelope.digest()] = cast

    def ballots(self) -> list[CastBallot]:
        """What to hand to the server."""
        return list(self._ballots.values())

    def missing_from(self, own: Recount) -> list[CastBallot]:
        """Ballots that this relay received and the ledger does not have.

        A ballot that the pseudonym has since replaced is not owed.
        """
        owed = []
        for digest, cast in self._ballots.items():
            links = own.chains.all().get(cast.signed.envelope.pseudonym, [])
            if all(link.digest != digest for link in links) and cast.signed.envelope.sequence > len(links):
                owed.append(cast)
        return owed
