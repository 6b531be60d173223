# SPDX-License-Identifier: AGPL-3.0-or-later
"""Holders of a share: what registrars, trustees and lottery holders have in common, and the lottery holder itself.

Spec: specs/key-ceremony.md#messages, specs/tally.md#lottery
"""

from __future__ import annotations

from crypto.errors import ProtocolError
from crypto.protocol.lottery import draw_share
from crypto.protocol.recount import Recount
from crypto.protocol.tally import compute_result, judge_decryptions
from crypto.roles.copies import Copies
from crypto.sharing.ceremony import Ceremony, SignedMessage
from crypto.sharing.party import CeremonyParty, SecretShare
from crypto.sharing.readiness import make_readiness
from crypto.sharing.session import LOTTERY
from crypto.signing import SigningKey, UnsealKey


class Holder:
    """A holder of a share of one key.

    Args:
        role: `registrar`, `trustee` or `lottery`.
        signing, unseal: keys that the session names.
        copies: of the ledgers.
    """

    def __init__(self, role: str, signing: SigningKey, unseal: UnsealKey, copies: Copies) -> None:
        self.role = role
        self.copies = copies
        self.share: SecretShare | None = None
        self._signing = signing
        self._unseal = unseal
        self._party: CeremonyParty | None = None

    def join(self, ceremony: Ceremony) -> CeremonyParty:
        """Take part in a session as this holder follows it.

        Raises:
            ProtocolError: another role, or these keys are not a party's.
        """
        if ceremony.session.role != self.role:
            raise ProtocolError(f"a {self.role} takes no part in a session of {ceremony.session.role}s")
        self._party = CeremonyParty(ceremony, self._signing, self._unseal)
        return self._party

    def join_election(self) -> CeremonyParty:
        """Take part in the newest session of this role that the board approved on the election's ledger.

        Raises:
            ProtocolError: there is none.
        """
        ceremony = self.copies.election.ceremonies.get(self.role)
        if ceremony is None:
            raise ProtocolError(f"the board has approved no session of {self.role}s")
        return self.join(ceremony)

    @property
    def party(self) -> CeremonyParty:
        """The ceremony as this holder follows it.

        Raises:
            ProtocolError: it takes part in none.
        """
        if self._party is None:
            raise ProtocolError("no ceremony was joined")
        return self._party

    def keep_share(self) -> SecretShare:
        """The share of the complete ceremony. Raises: as `CeremonyParty.share`."""
        self.share = self.party.share()
        return self.share

    def require_share(self) -> SecretShare:
        """The share.

        Raises:
            ProtocolError: there is none.
        """
        if self.share is None:
            raise ProtocolError("this holder has no share")
        return self.share

    def readiness(self, manifest: bytes) -> SignedMessage:
        """A fresh proof that the share is readable, for the election with this manifest."""
        return make_readiness(self.copies.election.identifier, manifest, self.require_share(), self._signing)

    def check_key(self, key: bytes) -> None:
        """No election but the followed one names this key in the register.

        Raises:
            ProtocolError.
        """
        election = self.copies.election.identifier
        for other in self.copies.register.election_keys.values():
            if other.election != election and key in (other.issuing_key, other.tally_key):
                raise ProtocolError("another election names this key; a key is used for one election only")


class LotteryHolder(Holder):
    """Holds a share of the standing lottery key and answers only draws that the ledger demands."""

    def __init__(self, signing: SigningKey, unseal: UnsealKey, copies: Copies) -> None:
        super().__init__(LOTTERY, signing, unseal, copies)

    def draw(self, recount: Recount) -> dict[int, bytes]:
        """This holder's parts of all draws that are due, by contest; the messages are hashed from the ledger.

        Args:
            recount: of the followed ledger.

        Raises:
            CryptoError: the election is not tallied.
        """
        election, share = self.copies.election, self.require_share()
        result = compute_result(election, recount, judge_decryptions(election, recount))
        return {
            contest: draw_share(share, election.identifier, contest, options)
            for contest, options in result.open_draws(election.require_manifest()).items()
        }
