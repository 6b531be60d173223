# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks V25 to V33 of specs/verification.md#checks: requests, answers, ballots, closing, sum.

Where the board has approved no closing, they compare with the newest one proposed; where there is none, they report
what they computed and are NOT CHECKED.
"""

from collections.abc import Collection
from itertools import pairwise
from typing import Final

from verifier.answers import AnswerRules
from verifier.audit import Run
from verifier.ballots import EnvelopeRules
from verifier.bodies import BodyRules
from verifier.checks_manifest import find_readiness
from verifier.compact import Table
from verifier.contents import Closing, read_closing, read_extension
from verifier.decryptions import DecryptionRules
from verifier.election import Proposal
from verifier.encoding import load_canonical_json
from verifier.errors import BrokenError, EvidenceMissingError, RuleError, VerificationError
from verifier.requests import RequestRules, make_roll_table
from verifier.rules import KIND_RULES, RULES, Exclusions
from verifier.rulings import Rulings
from verifier.suite import ED25519_KEY_BYTES
from verifier.tally import clear

REQUEST_RULES: Final = frozenset(KIND_RULES["request"])
ANSWER_RULES: Final = frozenset(KIND_RULES["answer"])
ENVELOPE_RULES: Final = frozenset({f"B{number}" for number in range(1, 9)})
BODY_RULES: Final = frozenset({"B9", "B10"})
OTHER_RULES: Final = frozenset(RULES) - REQUEST_RULES - ANSWER_RULES - ENVELOPE_RULES - BODY_RULES


def limit(run: Run) -> int:
    """Return the entry of the closing that is compared with; without one, the number of entries."""
    proposal = run.closing_proposal
    return run.need(run.election, "the ledger").count if proposal is None else proposal.index


def find_closing(run: Run) -> None:
    """Read the content of the closing that is compared with; what is wrong with it is V31's matter."""
    proposal = run.closing_proposal
    if proposal is None or run.closing is not None:
        return
    try:
        data = run.load_content(proposal.content, "the closing")
        closing = read_closing(data, run.need(run.manifest, "the manifest").election)
    except EvidenceMissingError as error:
        run.closing_reason = str(error)
    except BrokenError as error:
        run.closing_reason = f"the closing cannot be read (see V31): {error}"
    else:
        if closing.excluded.is_ascending():
            run.closing = closing
        else:
            run.closing_reason = "the closing's list is not ascending (see V31)"


def find_extension(run: Run) -> None:
    """Take the batches of an approved extension; whether it was allowed is V32's matter."""
    approved = run.need(run.replay, "the course").approval_of("voting", "voting")
    if approved is not None:
        try:
            data = run.load_content(approved[1].content, "the extension")
            run.extension = read_extension(data, run.need(run.manifest, "the manifest").election)
        except (BrokenError, EvidenceMissingError):
            run.extension = 0


def rulings(run: Run) -> Rulings:
    """Apply rules Q, A and B1 to B8 to the ledger, once."""
    if run.rulings is not None:
        return run.rulings
    manifest, scan = run.need(run.manifest, "the manifest"), run.need(run.election, "the ledger")
    replay, bodies = run.need(run.replay, "the course"), run.need(run.election_bodies, "the file of bodies")
    find_extension(run)
    find_closing(run)
    stated = None if run.closing is None else run.closing.excluded
    roll = make_roll_table(run.roll_body)
    roll_keys = Table(ED25519_KEY_BYTES, 0)
    for row in range(roll.count):
        roll_keys.add(roll.value(row), b"")
    holders = (*manifest.issuing.holders, *manifest.tally.holders)
    role_keys = {manifest.promise_key, *(holder.key for holder in holders), *(key for _, key in run.policy.role_keys())}
    exclusions = Exclusions()
    registrars = tuple(holder.key for holder in manifest.issuing.holders)
    name, election = run.backend.name, manifest.election
    answers = AnswerRules(name, election, registrars, manifest.issuing.shares, stated, bodies, exclusions)
    found = Rulings(
        name,
        scan,
        replay,
        manifest.issuing.key,
        limit(run),
        exclusions,
        RequestRules(election, manifest.requests_close, roll, exclusions),
        answers,
        EnvelopeRules(
            election,
            manifest.digest,
            manifest.voting_opens,
            manifest.max_revotes,
            roll_keys,
            frozenset(role_keys),
            stated,
            exclusions,
        ),
    )
    found.run(run.source("election/entries"), run.pool, run.progress)
    run.rulings = found
    return found


def ballot_bodies(run: Run) -> BodyRules:
    """Pass over the bodies of ballots, once."""
    if run.bodies is None:
        found, scan = rulings(run), run.need(run.election, "the ledger")
        manifest = run.need(run.manifest, "the manifest")
        rules = BodyRules(run.backend, manifest.context(), scan, found.ballots, found.exclusions, run.voting_closes)
        rules.run(run.source("election/entries"), run.source("election/ballots"), run.pool, run.progress)
        found.exclusions.sort()
        run.bodies = rules
    return run.bodies


def _compare(run: Run, computed: Exclusions, rules: Collection[str], numbers: dict[str, tuple[int, int]]) -> None:
    """Compare computed exclusions and numbers (computed, stated) with the closing's.

    Raises:
        EvidenceMissingError: there is no closing to compare with; the message reports what was computed.
        RuleError: the first difference.

    """
    ours = computed.chosen(rules, 0, limit(run))
    if run.closing is None:
        parts = [f"{name} {value}" for name, (value, _) in numbers.items()]
        message = f"{run.closing_reason}; as it stands: {', '.join([*parts, f'{len(ours)} excluded'])}"
        raise EvidenceMissingError(message, provisional=True)
    with run.judging("closing", approved=run.closing_is_approved):
        difference = ours.difference(run.closing.excluded.chosen(rules))
        if difference is not None:
            raise RuleError(difference)
        for name, (value, stated) in numbers.items():
            if value != stated:
                message = f"the closing says {stated} {name}; recomputed are {value}"
                raise RuleError(message)


def _stated(run: Run, name: str) -> int:
    return 0 if run.closing is None else int(getattr(run.closing, name))


def check_requests(run: Run) -> str:
    """V25 of specs/verification.md#checks.

    Requirement: "rules Q1 to Q6: exactly the pairs of `closing`; the number of counted requests".

    Examined: requests.
    """
    found = rulings(run)
    run.saw(found.requests.examined)
    counted = found.requests.counted
    _compare(run, found.exclusions, REQUEST_RULES, {"requests": (counted, _stated(run, "requests"))})
    return f"{counted} counted, {found.requests.examined - counted} excluded"


def check_answers(run: Run) -> str:
    """V26 of specs/verification.md#checks.

    Requirement: "rules A1 to A4: exactly the pairs of `closing`; the number of answered requests".

    Examined: answers.
    """
    found, manifest = rulings(run), run.need(run.manifest, "the manifest")
    run.saw(found.answers.examined)
    if found.answers.missing:
        message = f"the body of the answer at entry {found.answers.missing[0]} is missing and not listed"
        raise EvidenceMissingError(message, provisional=run.closing is None)
    answered = found.answers.answered(manifest.issuing.threshold)
    _compare(run, found.exclusions, ANSWER_RULES, {"answered": (answered, _stated(run, "answered"))})
    return f"{answered} requests answered"


def check_envelopes(run: Run) -> str:
    """V27 of specs/verification.md#checks.

    Requirement: "rules B1 to B8: exactly the pairs of `closing`; the number of credentials".

    Examined: ballots before the closing.
    """
    found = rulings(run)
    run.saw(found.ballots.examined)
    credentials = found.ballots.pseudonyms.count
    _compare(run, found.exclusions, ENVELOPE_RULES, {"credentials": (credentials, _stated(run, "credentials"))})
    return f"{credentials} credentials"


def check_bodies(run: Run) -> str:
    """V28 of specs/verification.md#checks.

    Requirement: "every slot holds the body that its envelope names".

    Examined: slots.
    """
    rules = ballot_bodies(run)
    run.saw(rules.examined)
    if rules.other:
        message = f"the slot of entry {min(rules.other)} holds another body than its envelope names"
        raise VerificationError(message)
    if rules.missing:
        message = f"the body of the ballot at entry {rules.missing[0]} is missing and not listed"
        raise EvidenceMissingError(message, provisional=run.closing is None)
    return f"{rules.examined} slots of {rules.context.body_bytes} bytes"


def check_ballots(run: Run) -> str:
    """V29 of specs/verification.md#checks.

    Requirement: "rules B9, B10: exactly the pairs of `closing`; counted, superseded, late".

    Examined: ballots before the closing.
    """
    rules, found = ballot_bodies(run), rulings(run)
    run.saw(found.ballots.examined)
    computed = {"counted": rules.counted, "superseded": rules.superseded, "late": rules.late}
    _compare(run, found.exclusions, BODY_RULES, {name: (value, _stated(run, name)) for name, value in computed.items()})
    if not rules.counted:
        message = "no ballot is counted"
        raise EvidenceMissingError(message)
    return ", ".join(f"{value} {name}" for name, value in computed.items())


def check_issuance(run: Run) -> str:
    """V30 of specs/verification.md#checks.

    Requirement: "credentials <= answered requests <= counted requests <= roll".

    Examined: credentials.
    """
    found, manifest = rulings(run), run.need(run.manifest, "the manifest")
    answered = found.answers.answered(manifest.issuing.threshold)
    chain = (found.ballots.pseudonyms.count, answered, found.requests.counted, manifest.roll_size)
    run.saw(chain[0])
    words = f"{chain[0]} credentials, {chain[1]} answered, {chain[2]} requested, roll of {chain[3]}"
    if list(chain) != sorted(chain):
        message = f"more than there can be: {words}"
        raise RuleError(message)
    return words


def _other_exclusions(run: Run) -> Exclusions:
    """Return the exclusions by C1, P1, S1, D1, D2 and L1 before the closing."""
    scan, replay = run.need(run.election, "the ledger"), run.need(run.replay, "the course")
    manifest, end = run.need(run.manifest, "the manifest"), limit(run)
    computed = replay.exclusions(None)
    computed.extend(find_readiness(run).exclusions)
    decryptions = DecryptionRules(
        run.backend,
        manifest.election,
        tuple(holder.key for holder in manifest.tally.holders),
        manifest.tally.shares,
        manifest.tally.threshold,
        None,
        run.need(run.election_bodies, "the file of bodies"),
        None,
    )
    decryption, draw = scan.code("decryption"), scan.code("draw")
    for index, raw in scan.entries(run.source("election/entries"), (decryption, draw)):
        if index >= end:
            break
        if scan.kinds[index] == draw:
            decryptions.exclusions.add(index, "L1")  # no draw is due before the tally
        else:
            decryptions.take(index, load_canonical_json(raw), replay.state_at(index))
    computed.extend(decryptions.exclusions)
    run.early = decryptions
    return computed.chosen(OTHER_RULES, 0, end)


def check_closing(run: Run) -> str:
    """V31 of specs/verification.md#checks.

    Requirement: "its proposal is after `voting_closes`, its time within the grace; the list is ascending, each pair
    names an entry before it and a rule of its kind; rules C1, P1, S1 are as recomputed".

    Examined: pairs of the list.
    """
    find_extension(run)
    proposal = run.closing_proposal
    if proposal is None:
        message = "no closing is proposed yet"
        raise EvidenceMissingError(message, provisional=True)
    with run.judging("closing", approved=run.closing_is_approved):
        ends = _judge_closing(run, proposal)
    if not run.closing_is_approved:
        message = (
            f"proposal {proposal.number} is as recomputed but not approved; state {run.need(run.replay, '').state}"
        )
        raise EvidenceMissingError(message, provisional=True)
    return f"proposal {proposal.number} in batch {proposal.batch}; voting ended with batch {ends}"


def _judge_closing(run: Run, proposal: Proposal) -> int:
    """Check place, time and list of a closing; return the last batch of voting."""
    manifest = run.need(run.manifest, "the manifest")
    closing = read_closing(run.load_content(proposal.content, "the closing"), manifest.election)
    run.saw(len(closing.excluded))
    if closing.manifest != manifest.digest:
        message = "the closing is for another manifest"
        raise RuleError(message)
    _check_list(run, closing, proposal.index)
    ends = run.voting_closes
    if proposal.batch <= ends:
        message = f"the closing is proposed in batch {proposal.batch}; voting ends with batch {ends}"
        raise RuleError(message)
    covering = [head for head in run.election_heads if head.size > proposal.index]
    tolerance = run.policy.clock_tolerance
    first = manifest.clock.boundary(ends) - tolerance
    last = manifest.clock.boundary(ends + 1) + manifest.grace + tolerance
    if not covering or not first <= covering[0].time <= last:
        when = covering[0].time if covering else "never"
        message = f"the closing was logged at {when}, not between {first} and {last}"
        raise RuleError(message)
    difference = _other_exclusions(run).difference(closing.excluded.chosen(OTHER_RULES))
    if difference is not None:
        raise RuleError(difference)
    return ends


def _check_list(run: Run, closing: Closing, end: int) -> None:
    scan = run.need(run.election, "the ledger")
    if not closing.excluded.is_ascending():
        message = "the closing's list is not ascending"
        raise RuleError(message)
    for index, rule in closing.excluded:
        if index >= end:
            message = f"the closing's list names entry {index}, which is not before it"
            raise RuleError(message)
        kind = scan.kind_of(scan.kinds[index])
        if rule not in KIND_RULES.get(kind, ()):
            message = f"the closing's list says {rule} of entry {index}, a {kind}"
            raise RuleError(message)


def check_extension(run: Run) -> str:
    """V32 of specs/verification.md#checks.

    Requirement: "an approved extension is the only one, within cap and allowance, in time".

    Examined: approved extensions.
    """
    manifest, replay = run.need(run.manifest, "the manifest"), run.need(run.replay, "the course")
    extensions = [
        proposal for _, proposal in replay.approved if (proposal.source, proposal.target) == ("voting", "voting")
    ]
    run.saw(len(extensions))
    if not extensions:
        return "voting was not extended"
    if len(extensions) > 1:
        message = f"{len(extensions)} extensions are approved; one is allowed"
        raise RuleError(message)
    proposal = extensions[0]
    batches = read_extension(run.load_content(proposal.content, "the extension"), manifest.election)
    clock = manifest.clock
    if clock.boundary(proposal.batch) > clock.boundary(manifest.voting_closes + 1) + manifest.grace:
        message = f"the extension was proposed in batch {proposal.batch}, after the grace"
        raise RuleError(message)
    first, last = manifest.voting_opens - 1, manifest.voting_closes + 1
    heads = [head for head in run.election_heads if head.batch <= proposal.batch]
    batches_run = frozenset(pairwise(run.need(run.election, "the election's ledger").batch_numbers))
    outages = [
        after.time - before.time
        for before, after in pairwise(heads)
        # A batch between two heads proves that the log ran, whichever heads somebody kept.
        if (before.batch, after.batch) in batches_run
        and after.time - before.time > manifest.gap
        and first <= before.batch
        and after.batch <= last
    ]
    allowance = (sum(outages) - len(outages) * clock.interval) // clock.interval
    if batches > min(manifest.extension_cap, allowance):
        cap = manifest.extension_cap
        message = f"extended by {batches} batches; {len(outages)} outages allow {allowance}, the cap is {cap}"
        raise RuleError(message)
    return f"by {batches} batches, for {len(outages)} outages"


def check_sum(run: Run) -> str:
    """V33 of specs/verification.md#checks.

    Requirement: "the sum of the counted ballots has the hash in `closing`".

    Examined: counted ballots.
    """
    rules = ballot_bodies(run)
    run.tally = clear(run.backend, rules.sums)
    run.saw(rules.counted)
    digest = run.tally.digest.hex()
    if run.closing is None:
        message = f"{run.closing_reason}; as the ballots stand, the encrypted tally is {digest}"
        raise EvidenceMissingError(message, provisional=True)
    with run.judging("closing", approved=run.closing_is_approved):
        if run.tally.digest != run.closing.sum:
            message = f"the sum is {digest}; the closing says {run.closing.sum.hex()}"
            raise VerificationError(message)
    return f"encrypted tally {digest}"
