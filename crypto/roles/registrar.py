# SPDX-License-Identifier: AGPL-3.0-or-later
"""A registrar follows the ledger and answers there; it needs no memory but its share.

Spec: specs/credential.md#answer
"""

from __future__ import annotations

from crypto.blindsig.issuing import blind_sign
from crypto.errors import Excluded, ProtocolError
from crypto.protocol.answers import Answer, make_answer
from crypto.protocol.credential import REQUEST_KIND, CountedRequest, Request, Requests
from crypto.roles.copies import Copies
from crypto.roles.holder import Holder
from crypto.sharing.session import REGISTRAR
from crypto.signing import SigningKey, UnsealKey


class Registrar(Holder):
    """Signs, for each position of the roll, the first counted request under a head, and nothing else."""

    def __init__(self, signing: SigningKey, unseal: UnsealKey, copies: Copies) -> None:
        super().__init__(REGISTRAR, signing, unseal, copies)
        self._requests: Requests | None = None
        self._judged = 0

    def answer(self, already: int) -> tuple[Answer, bytes] | None:
        """Partial signatures on the counted requests from number `already` on, and their body; None if there are none.

        What is answered follows from the ledger alone: after a restart or a restored backup it is the same.

        Args:
            already: how many requests this registrar's answers on the ledger cover.

        Raises:
            ProtocolError: the election's ledger is not followed under a head, or its keys are used elsewhere.
        """
        copies, share = self.copies, self.require_share()
        if copies.election_head is None:
            raise ProtocolError("a registrar answers only under a head")
        manifest = copies.election.require_manifest()
        self.check_key(manifest.issuing.key)
        waiting = self._counted()[already:]
        if not waiting:
            return None
        signatures = [blind_sign(share, request.blinded) for request in waiting]
        answer = make_answer(copies.election.identifier, share.index, already, signatures, self._signing)
        return answer, b"".join(signatures)

    def _counted(self) -> list[CountedRequest]:
        election = self.copies.election
        if self._requests is None:
            if election.roll is None:
                raise ProtocolError("the election has no roll yet")
            self._requests = Requests(election.roll)
        collected = election.collected[REQUEST_KIND]
        for item in collected[self._judged :]:
            if isinstance(item.held, Request):
                try:
                    self._requests.take(item.index, item.held)
                except Excluded:
                    continue
        self._judged = len(collected)
        return self._requests.counted
