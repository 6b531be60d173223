# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks V34 to V39 of specs/verification.md#checks: decryptions, totals, draws, seats, certificate, end."""

from collections.abc import Sequence

from verifier.audit import ContestOutcome, Run
from verifier.backend import G1
from verifier.checks_ballots import ANSWER_RULES, limit
from verifier.checks_manifest import find_readiness
from verifier.contents import Certificate, read_certificate
from verifier.decryptions import DecryptionRules, DrawRules
from verifier.encoding import load_canonical_json
from verifier.errors import BrokenError, EvidenceMissingError, RuleError, VerificationError
from verifier.rules import Exclusions
from verifier.seats import finish, margin, stand
from verifier.tally import combine, is_total, search_totals


def find_decryptions(run: Run) -> DecryptionRules:
    """Apply rules D1 to D4 to the entries behind the closing, once."""
    if run.decryptions is not None:
        return run.decryptions
    manifest, scan = run.need(run.manifest, "the manifest"), run.need(run.election, "the ledger")
    replay = run.need(run.replay, "the course")
    approved = replay.approval_of("closed")
    rules = DecryptionRules(
        run.backend,
        manifest.election,
        tuple(holder.key for holder in manifest.tally.holders),
        manifest.tally.shares,
        manifest.tally.threshold,
        None if approved is None else approved[1].entry_hash,
        run.need(run.election_bodies, "the file of bodies"),
        run.tally,
        enough=run.need(run.bodies, "the ballots").counted >= manifest.min_ballots,
    )
    for index, raw in scan.entries(run.source("election/entries"), (scan.code("decryption"),), first=limit(run)):
        rules.take(index, load_canonical_json(raw), replay.state_at(index))
    run.decryptions = rules
    return rules


def find_certificate(run: Run) -> Certificate | None:
    """Read the content of the approved certificate, or else of the newest proposed; None where there is none.

    Raises:
        EvidenceMissingError: the body of an approved certificate is missing.
        BrokenError: it is malformed.

    """
    proposal = run.certificate_proposal
    if run.certificate is None and proposal is not None:
        election = run.need(run.manifest, "the manifest").election
        try:
            run.certificate = read_certificate(run.load_content(proposal.content, "the certificate"), election)
        except EvidenceMissingError as error:
            raise EvidenceMissingError(str(error), provisional=True) from error
    return run.certificate


def check_decryptions(run: Run) -> str:
    """V34 of specs/verification.md#checks.

    Requirement: "rules D1 to D4; accepted decryptions of t trustees before an approved certificate's proposal, and
    not before an approved proposal that starts from `closed`".

    Examined: decryptions behind the closing.
    """
    rules, manifest = find_decryptions(run), run.need(run.manifest, "the manifest")
    replay = run.need(run.replay, "the course")
    run.saw(rules.examined)
    stated = {pair for pair in _stated_exclusions(run) if pair[1] == "D4"}
    lacking = [index for index in rules.missing if (index, "D4") not in stated]
    if lacking:
        message = f"the body of the decryption at entry {lacking[0]} is missing, and no certificate lists it"
        raise EvidenceMissingError(message)
    for _, proposal in replay.approved:
        if proposal.source == "tallied" and (rules.tallied is None or proposal.index < rules.tallied):
            accepted = len(rules.accepted)
            message = f"proposal {proposal.number} is from `tallied`, but only {accepted} decryptions were accepted"
            raise RuleError(message)
        if proposal.source == "closed" and rules.tallied is not None and proposal.index > rules.tallied:
            message = f"proposal {proposal.number} is from `closed`, but the tally was known"
            raise RuleError(message)
    trustees = ", ".join(str(trustee) for trustee in sorted(rules.accepted)) or "none"
    words = f"accepted of trustees {trustees}; {len(rules.exclusions)} excluded"
    if rules.tallied is None:
        message = f"{words}; {manifest.tally.threshold} are needed"
        raise EvidenceMissingError(message)
    return words


def _stated_exclusions(run: Run) -> Exclusions:
    try:
        certificate = find_certificate(run)
    except (BrokenError, EvidenceMissingError):
        return Exclusions()  # V35 says why
    return Exclusions() if certificate is None else certificate.excluded


def check_totals(run: Run) -> str:
    """V35 of specs/verification.md#checks.

    Requirement: "the certificate's totals satisfy `R = m (h G)`, 0 <= m <= counted, and sum within min..max".

    Examined: options.
    """
    manifest, rules = run.need(run.manifest, "the manifest"), run.need(run.decryptions, "the decryptions")
    counted = run.need(run.bodies, "the ballots").counted
    results = combine(run.backend, run.need(run.tally, "the sum"), rules.accepted, manifest.tally.threshold)
    lacking = EvidenceMissingError(
        "the tally is correct as far as it goes, not certified: the totals were searched", provisional=True
    )
    totals: Sequence[int] | None = None
    try:
        with run.judging("certificate", approved=run.certificate_is_approved):
            certificate = find_certificate(run)
            totals = None if certificate is None else _stated_totals(run, certificate, results)
    except EvidenceMissingError as error:
        run.certificate, lacking = None, error
    certified = totals is not None
    if totals is None:
        totals = search_totals(run.backend, results, counted)
    run.saw(len(totals))
    at = 0
    for contest in manifest.contests:
        part = tuple(totals[at : at + len(contest.options)])
        at += len(contest.options)
        if not contest.shape.minimum * counted <= sum(part) <= contest.shape.maximum * counted:
            message = f"{sum(part)} marks in a contest of {counted} ballots"
            raise VerificationError(message)
        standing = stand(contest, part)
        elected, drawn = finish(contest, standing, None)
        run.results.append(ContestOutcome(part, elected, drawn, margin(contest, standing, part, elected)))
    if not certified:
        raise lacking
    return f"{len(totals)} totals over {counted} counted ballots"


def _stated_totals(run: Run, certificate: Certificate, results: Sequence[G1]) -> list[int]:
    """Return the certificate's totals over all contests, each checked against the decrypted result."""
    sizes = [len(contest.options) for contest in run.need(run.manifest, "the manifest").contests]
    if [len(contest.totals) for contest in certificate.contests] != sizes:
        message = "the certificate has other contests or options than the manifest"
        raise RuleError(message)
    counted = run.need(run.bodies, "the ballots").counted
    totals = [total for contest in certificate.contests for total in contest.totals]
    for option, (result, total) in enumerate(zip(results, totals, strict=True)):
        if total > counted or not is_total(run.backend, result, total):
            message = f"option {option} (over all contests) has not {total} marks"
            raise VerificationError(message)
    return totals


def find_draws(run: Run) -> DrawRules:
    """Apply rule L1 to the draws behind the closing, once; settle seats as far as draws allow."""
    if run.draws is not None:
        return run.draws
    manifest, scan = run.need(run.manifest, "the manifest"), run.need(run.election, "the ledger")
    standings = tuple(
        stand(contest, result.totals) for contest, result in zip(manifest.contests, run.results, strict=True)
    )
    tallied = run.need(run.decryptions, "the decryptions").tallied
    approved = run.need(run.replay, "the course").approval_of("certified")
    certified = None if approved is None else approved[0].index
    rules = DrawRules(run.backend, manifest.election, run.lottery_key, manifest.contests, standings, tallied, certified)
    for index, raw in scan.entries(run.source("election/entries"), (scan.code("draw"),), first=limit(run)):
        rules.take(index, load_canonical_json(raw))
    for number, (contest, standing, result) in enumerate(zip(manifest.contests, standings, run.results, strict=True)):
        draw = rules.draws.get(number)
        result.elected, result.drawn = finish(contest, standing, None if draw is None else draw[1].signature)
        result.margin = margin(contest, standing, result.totals, result.elected)
    run.draws = rules
    return rules


def check_draws(run: Run) -> str:
    """V36 of specs/verification.md#checks.

    Requirement: "every tie that needs a draw has exactly one, over exactly the tied options, verified under the
    standing key".

    Examined: contests.
    """
    rules, proposal = find_draws(run), run.certificate_proposal
    run.saw(len(rules.contests))
    for contest in rules.needed:
        draw = rules.draws.get(contest)
        if proposal is None:
            message = f"contest {contest} ties; a draw is {'there' if draw else 'not there yet'}, a certificate is not"
            raise EvidenceMissingError(message, provisional=True)
        with run.judging("certificate", approved=run.certificate_is_approved):
            if draw is None or draw[0] > proposal.index:
                message = f"contest {contest} ties and was certified without a draw"
                raise RuleError(message)
    return f"{len(rules.needed)} ties drawn; {len(rules.exclusions)} draws excluded"


def check_seats(run: Run) -> str:
    """V37 of specs/verification.md#checks.

    Requirement: "the elected and drawn of the certificate are as recomputed".

    Examined: contests.
    """
    certificate = run.need(run.certificate, "the certificate")
    with run.judging("certificate", approved=run.certificate_is_approved):
        for number, (stated, computed) in enumerate(zip(certificate.contests, run.results, strict=True)):
            if (stated.elected, stated.drawn) != (computed.elected, computed.drawn):
                lists = list(stated.elected), list(computed.elected)
                message = f"contest {number}: the certificate elects {lists[0]}; recomputed are {lists[1]}"
                raise RuleError(message)
            run.saw(1)
    return f"{sum(len(result.elected) for result in run.results)} options elected"


def check_certificate(run: Run) -> str:
    """V38 of specs/verification.md#checks.

    Requirement: "its other members, and its list of excluded entries, are as recomputed".

    Examined: pairs of the list, and its members.
    """
    certificate, manifest = run.need(run.certificate, "the certificate"), run.need(run.manifest, "the manifest")
    replay, rulings = run.need(run.replay, "the course"), run.need(run.rulings, "the rules")
    proposal = run.need(run.certificate_proposal, "the certificate's proposal")
    closing = run.need(run.closing_proposal, "the closing's proposal")
    counted = run.need(run.bodies, "the ballots").counted
    run.saw(4 + len(certificate.excluded))
    decryptions, draws = run.need(run.decryptions, "the decryptions"), run.need(run.draws, "the draws")
    tallied = run.need(decryptions.tallied, "the tally")
    computed = replay.exclusions(tallied)
    for more in (find_readiness(run).exclusions, decryptions.exclusions, draws.exclusions):
        computed.extend(more)
    computed.extend(rulings.exclusions.chosen(ANSWER_RULES))
    ours = computed.chosen({rule for _, rule in computed}, closing.index + 1, proposal.index)
    with run.judging("certificate", approved=run.certificate_is_approved):
        stated = (certificate.manifest, certificate.closing, certificate.counted)
        if stated != (manifest.digest, closing.entry_hash, counted):
            message = "the certificate names another manifest, closing or number of counted ballots"
            raise RuleError(message)
        if not certificate.excluded.is_ascending():
            message = "the certificate's list is not ascending"
            raise RuleError(message)
        difference = ours.difference(certificate.excluded)
        if difference is not None:
            raise RuleError(difference)
    return f"proposal {proposal.number}; {len(ours)} entries excluded behind the closing"


def check_end(run: Run) -> str:
    """V39 of specs/verification.md#checks.

    Requirement: "the certificate is approved, the state is `certified`, and a head covers it".

    Examined: the approval.
    """
    replay = run.need(run.replay, "the course")
    approved = replay.approval_of("certified")
    if approved is None or replay.state != "certified":
        message = f"tally correct, not certified: the state is {state_name(run)}"
        raise EvidenceMissingError(message)
    covering = [head for head in run.election_heads if head.size > approved[0].index]
    if not covering:
        message = "no head covers the approval of the certificate"
        raise EvidenceMissingError(message)
    run.saw(1)
    return f"certified by entry {approved[0].index}, under a head of {covering[0].time} (Unix seconds)"


def state_name(run: Run) -> str:
    """Return the election's state with the facts `nomination` and `tallied` (specs/election.md#transitions)."""
    if run.replay is None:
        return "unknown"
    if run.replay.state == "ceremony" and run.replay.nomination is not None:
        return "nomination"
    if run.replay.state == "closed" and run.decryptions is not None and run.decryptions.tallied is not None:
        return "tallied"
    return run.replay.state
