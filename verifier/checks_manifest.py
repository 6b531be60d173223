# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks V20 to V24 of specs/verification.md#checks: roll, manifest, keys and readiness."""

from bisect import bisect_left

from verifier.audit import Run
from verifier.ceremony import REGISTRAR, TRUSTEE
from verifier.checks_register import fold_register
from verifier.contents import read_roll, read_voting
from verifier.encoding import load_canonical_json
from verifier.errors import EvidenceMissingError, RuleError, VerificationError
from verifier.explanations import Words
from verifier.hashing import sha256
from verifier.manifest import check_holders, check_limits, parse_manifest
from verifier.members import make_roll
from verifier.readiness import ReadinessRules
from verifier.signatures import is_acceptable_key
from verifier.texts import require_distinct

_FRESH_SECONDS = 86400
_ROW_BYTES = 48


def check_roll(run: Run) -> str:
    """V20 of specs/verification.md#checks.

    Requirement: "the approved roll is the fold of the register at its head, which is fresh, without parties of the
    newest sessions; its body, size, root".

    Examined: members on the roll.
    """
    replay, announcement = run.need(run.replay, "the course"), run.need(run.announcement, "the announcement")
    approved = replay.approval_of("roll-frozen")
    if approved is None:
        message = "no roll is approved"
        raise EvidenceMissingError(message)
    proposal = approved[1]
    content = read_roll(run.load_content(proposal.content, "the roll"), announcement.election)
    head = run.proposal_heads[proposal.index]
    if (content.register_root, content.register_size) != (head.root, head.size):
        message = "content roll names another tree of the register than its proposal"
        raise RuleError(message)
    boundary = announcement.clock.boundary(proposal.batch)
    if boundary - head.time > _FRESH_SECONDS + run.policy.clock_tolerance:
        message = f"the head of the register was {boundary - head.time} seconds old when the roll was proposed"
        raise RuleError(message)
    fold, _, _ = fold_register(run, head.size, verify=False)
    if announcement.election not in fold.announcements:
        message = "the roll's head of the register is older than the announcement"
        raise RuleError(message)
    parties = frozenset(key for session in run.sessions.values() for key in session.keys)
    roll = make_roll(fold, announcement, parties)
    stated = (content.digest, content.root, content.size)
    if stated != (sha256(roll.body), roll.root, roll.size):
        message = f"the roll is not the fold of the register at size {head.size}, which has {roll.size} members"
        raise VerificationError(message)
    run.saw(roll.size)
    if run.need(run.election_bodies, "the file of bodies").size_of(content.digest) is None:
        message = "the roll body is missing"
        raise EvidenceMissingError(message)
    run.roll_body = roll.body
    return f"{roll.size} members, register of size {head.size}"


def check_manifest(run: Run) -> str:
    """V21 of specs/verification.md#checks.

    Requirement: "the approved manifest: form, texts, limits; roll, keys, holders, times, title as derived".

    Examined: contests and options.
    """
    replay, announcement = run.need(run.replay, "the course"), run.need(run.announcement, "the announcement")
    approved = replay.approval_of("issuing")
    if approved is None:
        message = "no manifest is approved"
        raise EvidenceMissingError(message)
    manifest = parse_manifest(run.load_content(approved[1].content, "the manifest"))
    check_limits(manifest)
    run.saw(sum(1 + len(contest.options) for contest in manifest.contests))
    roll_proposal = replay.approval_of("roll-frozen")
    roll = (
        read_roll(run.load_content(roll_proposal[1].content, "the roll"), announcement.election)
        if roll_proposal
        else None
    )
    derived = {
        "election": (manifest.election, announcement.election),
        "title": (manifest.title, announcement.title),
        "epoch or interval": (manifest.clock, announcement.clock),
        "roll": (
            (manifest.roll_digest, manifest.roll_root, manifest.roll_size),
            None if roll is None else (roll.digest, roll.root, roll.size),
        ),
    }
    for name, (stated, expected) in derived.items():
        if stated != expected:
            message = f"manifest: {name} differs from what the ledgers say"
            raise RuleError(message)
    check_holders(manifest.issuing, run.sessions[REGISTRAR], run.derived[REGISTRAR], "issuing")
    check_holders(manifest.tally, run.sessions[TRUSTEE], run.derived[TRUSTEE], "tally")
    run.manifest = manifest
    return f"digest {manifest.digest.hex()}"


def check_election_keys(run: Run) -> str:
    """V22 of specs/verification.md#checks.

    Requirement: "the register's entry for this election has its digest and keys, before `issuing`; no other
    election names one of them".

    Examined: `election-keys` entries.
    """
    manifest, fold = run.need(run.manifest, "the manifest"), run.need(run.fold, "the register's state")
    run.saw(len(fold.election_keys))
    approved = run.need(run.need(run.replay, "the course").approval_of("issuing"), "the approval of issuing")
    size = run.proposal_heads[approved[1].index].size
    own = [keys for keys in fold.election_keys if keys.election == manifest.election]
    if not own or own[0].index >= size:
        message = "the register has no entry election-keys for this election before its manifest was proposed"
        raise RuleError(message)
    if (own[0].manifest, own[0].issuing_key, own[0].tally_key) != (
        manifest.digest,
        manifest.issuing.key,
        manifest.tally.key,
    ):
        message = f"entry {own[0].index} of the register names another manifest or other keys"
        raise RuleError(message)
    for keys in fold.election_keys:
        if keys.election != manifest.election and (
            keys.issuing_key == manifest.issuing.key or keys.tally_key == manifest.tally.key
        ):
            message = f"entry {keys.index} of the register names a key of this election for another one"
            raise RuleError(message)
    if fold.standing is not None and fold.standing.key == manifest.issuing.key:
        message = "the issuing key is the lottery's standing key"
        raise RuleError(message)
    return f"named by entry {own[0].index} of the register, and by no other"


def role_keys(run: Run) -> list[tuple[str, bytes]]:
    """Return every key of every role of the election but the roll's, with its role."""
    manifest, fold = run.need(run.manifest, "the manifest"), run.need(run.fold, "the register's state")
    replay, announcement = run.need(run.replay, "the course"), run.need(run.announcement, "the announcement")
    approved = run.need(replay.approval_of("issuing"), "the approval of issuing")
    size = run.proposal_heads[approved[1].index].size
    changes = run.need(run.register, "the register").key_changes
    keys = [
        *run.policy.role_keys(),
        *((role, key) for index, role, key in fold.role_claims if index < size),
        *(("register", change.key) for change in changes if change.index < size),
        ("promise", manifest.promise_key),
        ("ledger", announcement.ledger_key),
    ]
    keys.extend(("ledger", change.key) for change in run.need(run.election, "the ledger").key_changes)
    for role, session in run.sessions.items():
        keys.extend((role, key) for key in session.keys)
        keys.extend((f"{role}'s seal", seal) for seal in session.seals)
    return keys


def check_key_separation(run: Run) -> str:
    """V23 of specs/verification.md#checks.

    Requirement: "the signing keys of all roles, of the logs, the promise key and the roll are pairwise different,
    acceptable; so are seals; one organisation has one seat of a role".

    Examined: keys.
    """
    manifest = run.need(run.manifest, "the manifest")
    owners: dict[bytes, str] = {}
    seals: dict[bytes, str] = {}
    for role, key in role_keys(run):
        seal = role.endswith("seal")
        held = (seals if seal else owners).setdefault(key, role)
        if held != role:
            message = f"one key serves as {held} and as {role}: {key.hex()}"
            raise RuleError(message)
        if not seal and not is_acceptable_key(key):
            message = f"the key of a {role} is not acceptable: {key.hex()}"
            raise RuleError(message)
    members: set[bytes] = set()
    for at in range(0, len(run.roll_body), _ROW_BYTES):
        key = run.roll_body[at + 16 : at + _ROW_BYTES]
        if key in owners or key in members or not is_acceptable_key(key):
            role = owners.get(key, "member")
            message = f"a key of the roll is not acceptable, is there twice, or serves as {role}: {key.hex()}"
            raise RuleError(message)
        members.add(key)
    for role, holders in (("registrars", manifest.issuing.holders), ("trustees", manifest.tally.holders)):
        require_distinct([holder.organisation for holder in holders], role)
    run.saw(len(owners) + len(seals) + len(members))
    return f"{len(owners) + len(seals)} keys of roles, {len(members)} of the roll"


def find_readiness(run: Run) -> ReadinessRules:
    """Apply rule P1 to all entries of kind `readiness`."""
    if run.readiness is None:
        scan, replay = run.need(run.election, "the ledger"), run.need(run.replay, "the course")
        rules = ReadinessRules(run.backend, replay.election, run.sessions, run.derived)
        proposed = [p for p in scan.proposals if (p.source, p.target) == ("roll-frozen", "issuing")]
        for index, raw in scan.entries(run.source("election/entries"), (scan.code("readiness"),)):
            place = bisect_left(proposed, index, key=lambda proposal: proposal.index)
            rules.take(index, load_canonical_json(raw), proposed[place - 1].content if place else None)
        run.readiness = rules
    return run.readiness


def _just_enough(role: str, russian: str, needed: int, all_of: int) -> Words:
    return (
        f"exactly {needed} of {all_of} {role} were ready: none of them may fail",
        f"Готовы ровно {needed} из {all_of} {russian}: никто из них не может выбыть",
    )


def check_readiness(run: Run) -> str:
    """V24 of specs/verification.md#checks.

    Requirement: "enough registrars at `issuing` and trustees at `voting`; the list in content `voting` is as
    recomputed".

    Examined: accepted proofs of readiness.
    """
    manifest, replay = run.need(run.manifest, "the manifest"), run.need(run.replay, "the course")
    rules = find_readiness(run)
    issuing = run.need(replay.approval_of("issuing"), "the approval of issuing")
    registrars = rules.ready(manifest.digest, REGISTRAR, issuing[0].index)
    run.saw(len(registrars))
    needed, all_of = manifest.issuing.threshold, len(manifest.issuing.holders)
    if len(registrars) < needed:
        message = f"{len(registrars)} registrars were ready at `issuing`; {needed} are needed"
        raise RuleError(message)
    if len(registrars) == needed < all_of:
        run.warnings.append(_just_enough("registrars", "регистраторов", needed, all_of))
    voting = replay.approval_of("voting", "issuing")
    if voting is None:
        message = f"voting has not begun; {len(registrars)} of {all_of} registrars were ready at `issuing`"
        raise EvidenceMissingError(message, provisional=True)
    content = read_voting(run.load_content(voting[1].content, "the beginning of voting"), manifest.election)
    expected = tuple(rules.ready(manifest.digest, role, voting[1].index) for role in (REGISTRAR, TRUSTEE))
    run.saw(len(expected[1]))
    if len(expected[1]) < manifest.tally.threshold:
        message = f"{len(expected[1])} trustees were ready at `voting`; {manifest.tally.threshold} are needed"
        raise RuleError(message)
    if (content.manifest, (content.registrars, content.trustees)) != (manifest.digest, expected):
        message = f"content voting names {content.registrars} and {content.trustees} as ready instead of {expected}"
        raise RuleError(message)
    needed, all_of = manifest.tally.threshold, len(manifest.tally.holders)
    if len(expected[1]) == needed < all_of:
        run.warnings.append(_just_enough("trustees", "хранителей", needed, all_of))
    return f"ready at voting: {len(expected[0])} registrars, {len(expected[1])} trustees"
