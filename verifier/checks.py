# SPDX-License-Identifier: AGPL-3.0-or-later
"""The table of specs/verification.md#checks as data: number, name, what a check needs, the function that makes it."""

from typing import Final

from verifier import checks_ballots as ballots
from verifier import checks_election as election
from verifier import checks_evidence as evidence
from verifier import checks_manifest as manifest
from verifier import checks_register as register
from verifier import checks_result as result
from verifier.audit import Check

CHECKS: Final = (
    Check("V01", "policy", (), register.check_policy),
    Check("V02", "files", (), register.check_files),
    Check("V03", "register entries", ("V02",), register.check_register_entries),
    Check("V04", "register policy", ("V01", "V03"), register.check_register_policy),
    Check("V05", "register heads", ("V03",), register.check_register_heads),
    Check("V06", "register times", ("V05",), register.check_register_times),
    Check("V07", "register statements", ("V03",), register.check_register_statements),
    Check("V08", "register members", ("V07",), register.check_register_members),
    Check("V09", "lottery key", ("V07",), register.check_lottery_key),
    Check("V10", "ledger entries", ("V02",), election.check_election_entries),
    Check("V11", "announcement", ("V07", "V10"), register.check_announcement),
    Check("V12", "ledger heads", ("V11",), election.check_election_heads),
    Check("V13", "ledger times", ("V12",), election.check_election_times),
    Check("V14", "order", ("V10",), election.check_order),
    Check("V15", "transitions", ("V10", "V07"), election.check_transitions),
    Check("V16", "register references", ("V05", "V15"), election.check_register_references),
    Check("V17", "appointments", ("V15",), election.check_appointments),
    Check("V18", "issuing ceremony", ("V17",), election.check_issuing_ceremony),
    Check("V19", "tally ceremony", ("V17",), election.check_tally_ceremony),
    Check("V20", "roll", ("V08", "V11", "V16", "V17"), manifest.check_roll),
    Check("V21", "manifest", ("V18", "V19", "V20"), manifest.check_manifest),
    Check("V22", "election keys", ("V21",), manifest.check_election_keys),
    Check("V23", "key separation", ("V21",), manifest.check_key_separation),
    Check("V24", "readiness", ("V21",), manifest.check_readiness),
    Check("V25", "requests", ("V21",), ballots.check_requests),
    Check("V26", "answers", ("V25",), ballots.check_answers),
    Check("V27", "envelopes", ("V21",), ballots.check_envelopes),
    Check("V28", "bodies", ("V27",), ballots.check_bodies),
    Check("V29", "ballots", ("V28",), ballots.check_ballots),
    Check("V30", "issuance count", ("V26", "V27"), ballots.check_issuance),
    Check("V31", "closing", ("V13", "V15", "V21"), ballots.check_closing),
    Check("V32", "extension", ("V13", "V15", "V21"), ballots.check_extension),
    Check("V33", "encrypted tally", ("V29",), ballots.check_sum),
    Check("V34", "decryptions", ("V33",), result.check_decryptions),
    Check("V35", "totals", ("V34",), result.check_totals),
    Check("V36", "draws", ("V35", "V09"), result.check_draws),
    Check("V37", "seats", ("V36",), result.check_seats),
    Check("V38", "certificate", ("V37",), result.check_certificate),
    Check("V39", "end", ("V31", "V38"), result.check_end),
)
CHECKPOINTS: Final = Check("V40", "checkpoints", ("V05", "V12"), evidence.check_checkpoints)
CLAIMS: Final = Check("V41", "claims", ("V38",), evidence.check_claims)
BEFORE_VOTING: Final = CHECKS[: [check.id for check in CHECKS].index("V25")]
"""What is checked of a record before a challenged ballot is compared with it."""
