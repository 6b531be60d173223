# SPDX-License-Identifier: AGPL-3.0-or-later
"""What crypto's own folds and rules make of a forged ledger, entry by entry."""

from __future__ import annotations

from dataclasses import dataclass

from crypto.errors import Excluded
from crypto.protocol.contents import Certificate, Closing
from crypto.protocol.election import Election
from crypto.protocol.entry import parse_entry
from crypto.protocol.recount import recount
from crypto.protocol.register_rules import Register
from crypto.protocol.tally import compute_result, judge_decryptions, make_certificate
from tests.forge import Script


@dataclass(frozen=True, slots=True)
class Replayed:
    """The judgement of honest roles that follow a forged ledger.

    Args:
        rules: rule by index, of every entry that has no effect.
        closing, certificate: the contents that an honest member of the board computes at the forged proposals.
    """

    election: Election
    rules: dict[int, str]
    closing: Closing
    certificate: Certificate


def follow(script: Script) -> Election:
    """The election's fold over a forged ledger, register first."""
    register = Register(script.policy, script.bodies.get)
    for data in script.register.entries:
        register.apply(parse_entry(data))
    election = Election(register.elections[script.election], register, script.bodies.get)
    for data in script.log.entries:
        election.apply(parse_entry(data))
    return election


def replay(script: Script) -> Replayed:
    """Fold and judge a whole forged ledger, up to its certificate."""
    election = follow(script)
    approved = election.approved["closing"]
    own = recount(election, approved.proposal.index, Closing.from_bytes(approved.content).missing)
    decryptions = judge_decryptions(election, own)
    result = compute_result(election, own, decryptions)
    everything: dict[int, Excluded] = {
        **election.excluded,
        **own.excluded,
        **decryptions.excluded,
        **result.excluded,
    }
    before = election.proposals[-1].index
    certificate = make_certificate(election, own, decryptions, result, before)
    # That a share was lost too late (S1) shows only when the decryptions are judged, which the certificate is made from.
    rules = {index: why.rule for index, why in everything.items()} | dict(certificate.excluded)
    return Replayed(election, rules, own.closing(election), certificate)
