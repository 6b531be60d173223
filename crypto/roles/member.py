# SPDX-License-Identifier: AGPL-3.0-or-later
"""A member's client: asks for a credential, encrypts, challenges or casts, keeps evidence.

Spec: specs/credential.md#request, specs/ballot.md#challenge, specs/ballot.md#checks-before-casting
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from crypto.blindsig.blinding import BlindedPseudonym, Credential, blind, finalize
from crypto.errors import EncodingError, InvalidCredential, InvalidShare, ProtocolError, ThresholdNotMet
from crypto.group import G2, G1Point, decode_g1, decode_g2, pairings_equal
from crypto.proofs.contest import BallotContext
from crypto.proofs.contest_prover import ContestProver
from crypto.protocol.ballot import Marks, PreparedBallot, encrypt_ballot
from crypto.protocol.credential import Request, make_request
from crypto.protocol.entry import ZERO_HASH
from crypto.protocol.envelope import SignedEnvelope, sign_envelope
from crypto.protocol.manifest import Manifest
from crypto.protocol.opening import Opening, open_ballot
from crypto.protocol.promise import Promise
from crypto.secret import Secret
from crypto.signing import SigningKey


@dataclass(frozen=True, slots=True)
class CastBallot:
    """What goes to the server, or to a relay: envelope, signature, body."""

    signed: SignedEnvelope
    body: bytes


class Member:
    """A member with its keys.

    Args:
        identifier: member id, 16 bytes.
        signing: the member key.
        voting_secret: 32 bytes, separate from the member key.
    """

    def __init__(self, identifier: bytes, signing: SigningKey, voting_secret: Secret[bytes]) -> None:
        self.identifier = identifier
        self.signing = signing
        self._voting_secret = voting_secret

    def request(self, election: bytes) -> Request:
        """The request for a credential: the same on every device and at every retry."""
        return make_request(election, self.identifier, self._blind(election).blinded, self.signing)

    def credential(self, manifest: Manifest, partial: Mapping[int, bytes]) -> Credential:
        """Check the registrars' partial signatures, combine t of them, unblind, check the credential.

        Args:
            partial: by registrar, as found on the ledger.

        Raises:
            InvalidShare: naming registrars whose partial signatures are malformed or do not hold, if too few are left.
            ThresholdNotMet, InvalidCredential.
        """
        blinded, issuing = self._blind(manifest.election), manifest.issuing
        points: dict[int, G1Point] = {}
        for index, data in partial.items():
            with suppress(EncodingError):
                points[index] = decode_g1(data)
        key = decode_g2(issuing.key)
        try:
            # Registrars are honest as a rule: one pairing for the credential instead of one for each of them.
            return finalize(blinded, points, issuing.threshold, key)
        except (InvalidCredential, ThresholdNotMet):
            good = {index: point for index, point in points.items() if self._holds(point, blinded, manifest, index)}
        bad = partial.keys() - good.keys()
        if bad and len(good) < issuing.threshold:
            raise InvalidShare(f"the partial signatures of registrars {sorted(bad)} do not hold", bad)
        return finalize(blinded, good, issuing.threshold, key)

    def voter(self, manifest: Manifest, credential: Credential, prover: ContestProver | None = None) -> Voter:
        """The pseudonymous side of this member in one election."""
        return Voter(manifest, credential, self._blind(manifest.election).signing, self._voting_secret, prover)

    def _blind(self, election: bytes) -> BlindedPseudonym:
        return blind(self._voting_secret, election)

    @staticmethod
    def _holds(point: G1Point, blinded: BlindedPseudonym, manifest: Manifest, registrar: int) -> bool:
        public_share = decode_g2(manifest.issuing.holders[registrar - 1].public_share)
        return pairings_equal(point, G2, blinded.blinded, public_share)


class Voter:
    """A pseudonym in one election. Nothing here knows the member key.

    Args:
        manifest: taken from under a head of the election's ledger, and from nowhere else.
        prover: tables for the tally key, if they are shared.
    """

    def __init__(
        self,
        manifest: Manifest,
        credential: Credential,
        pseudonym: SigningKey,
        secret: Secret[bytes],
        prover: ContestProver | None = None,
    ) -> None:
        self.manifest = manifest
        self.manifest_digest = manifest.digest()
        self.credential = credential
        self._pseudonym = pseudonym
        self._secret = secret
        self._prover = prover or ContestProver(decode_g1(manifest.tally.key))
        self._attempts = 0
        self._sequence = 0
        self._last = ZERO_HASH
        self._opened: set[bytes] = set()
        self._cast: set[bytes] = set()

    def resume(self, sequence: int, last: bytes) -> None:
        """Go on after the newest envelope of this pseudonym, as a client without memory finds it on the ledger.

        Args:
            sequence: seq of that envelope.
            last: its hash.
        """
        self._sequence, self._last = sequence, last

    def prepare(self, marks: Marks) -> PreparedBallot:
        """Encrypt. Show `digest()` of the result to the voter *before* asking whether to cast or to challenge.

        Raises:
            ValueError: marks that the contests do not allow.
        """
        self._attempts += 1
        context = BallotContext(
            self.manifest_digest, self.manifest.election, self.credential.pseudonym, self._sequence + 1
        )
        return encrypt_ballot(self._prover, context, self.manifest.shapes, marks, self._secret, self._attempts)

    def challenge(self, ballot: PreparedBallot) -> Opening:
        """Open a ballot; its envelope will never be signed.

        Raises:
            ProtocolError: it was cast. Its opening would be a receipt of the vote.
        """
        if ballot.digest() in self._cast:
            raise ProtocolError("a ballot that was cast is never opened")
        self._opened.add(ballot.digest())
        return open_ballot(ballot)

    def cast(self, ballot: PreparedBallot) -> CastBallot:
        """Sign the envelope: only now can the ballot be counted.

        Raises:
            ProtocolError: the ballot was opened, or another one was cast since it was made.
        """
        digest = ballot.digest()
        if digest in self._opened:
            raise ProtocolError("an opened ballot is never cast; make a new one")
        if ballot.context.sequence != self._sequence + 1:
            raise ProtocolError("another ballot was cast since this one was made; make a new one")
        signed = sign_envelope(
            election=self.manifest.election,
            manifest=self.manifest_digest,
            credential=self.credential,
            sequence=ballot.context.sequence,
            replaces=self._last,
            body=digest,
            pseudonym=self._pseudonym,
        )
        self._cast.add(digest)
        self._sequence += 1
        self._last = signed.envelope.digest()
        return CastBallot(signed, ballot.body)

    def check_promise(self, promise: Promise, cast: CastBallot, now: int) -> None:
        """The promise is for this ballot, signed with the manifest's key, and can be claimed.

        Args:
            now: Unix seconds, by the client's clock.

        Raises:
            ProtocolError: for another ballot, or with a batch of the future: no ledger would ever reach it.
            InvalidSignature.
        """
        clock = self.manifest.clock
        if clock.boundary(promise.batch) > now + clock.interval:
            raise ProtocolError(f"the promise names batch {promise.batch}, which is of the future")
        if (promise.election, promise.envelope) != (self.manifest.election, cast.signed.envelope.digest()):
            raise ProtocolError("the promise is for another ballot")
        promise.verify(self.manifest.promise_key)


def warnings_before_casting(manifest: Manifest, answered: int) -> Sequence[str]:
    """What a voter should know before casting, in words.

    Args:
        answered: requests answered under the newest head.
    """
    warnings = []
    if answered < manifest.schedule.min_set:
        warnings.append(
            f"Only {answered} credentials are issued so far; a ballot cast now hides among few. "
            f"Wait until at least {manifest.schedule.min_set} are, if you can."
        )
    if manifest.roll.size < 2 * manifest.schedule.min_set:
        warnings.append(f"The roll has only {manifest.roll.size} members: totals say much about each of them.")
    return warnings
