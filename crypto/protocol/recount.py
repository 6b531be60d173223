# SPDX-License-Identifier: AGPL-3.0-or-later
"""Judging every request, answer and ballot of a ledger: counted, superseded, or excluded by exactly one rule.

Operator, board and trustees run this; the verifier has its own. The dear parts are pure functions of plain bytes
(`check_envelopes`, `check_answer`, `check_bodies`), handed to a mapper that may spread them over processes.

Spec: specs/credential.md#request, specs/credential.md#answer, specs/ballot.md#counted-or-excluded
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from crypto.blindsig.blinding import credential_message
from crypto.blindsig.issuing import find_bad_signatures
from crypto.elgamal.ciphertext import CiphertextSum, EncryptedTally
from crypto.errors import EncodingError, Excluded, InvalidSignature, ProtocolError
from crypto.group import decode_g1, decode_g2, encode_g1
from crypto.proofs.contest import BallotContext
from crypto.protocol.answers import ANSWER_KIND, Answer, AnswerTask, check_answer
from crypto.protocol.ballot import BodyTask, add_sums, check_bodies
from crypto.protocol.chain import Chains, Link
from crypto.protocol.contents import Closing, Exclusion
from crypto.protocol.credential import REQUEST_KIND, Request, Requests
from crypto.protocol.election import Collected, Election
from crypto.protocol.envelope import BALLOT, Envelope, SignedEnvelope
from crypto.protocol.manifest import Manifest
from crypto.sharing.session import REGISTRAR, encode_point
from crypto.signing import PublicKey, decode_public_key, verify

T = TypeVar("T")

Mapper = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""Like the built-in map, in order; may work in other processes."""

ENVELOPES_IN_CHUNK: Final = 1024
POINTS_IN_CHUNK: Final = 32_768


@dataclass(frozen=True, slots=True)
class EnvelopeTask:
    """A chunk of envelopes with signatures to verify; plain bytes."""

    election: bytes
    issuing_key: bytes
    envelopes: tuple[tuple[bytes, bytes, bytes, bytes], ...]
    """statement, signature, vk, credential"""


def check_envelopes(task: EnvelopeTask) -> dict[int, tuple[str, str]]:
    """Rules B4 and B5 of a chunk: rule and reason by position, for those that fail."""
    failed: dict[int, tuple[str, str]] = {}
    positions, signatures, messages = [], [], []
    for position, (statement, signature, pseudonym, credential) in enumerate(task.envelopes):
        try:
            verify(PublicKey(pseudonym), statement, signature)
            point = decode_g1(credential)
        except InvalidSignature as error:
            failed[position] = ("B4", str(error))
        except EncodingError as error:
            failed[position] = ("B5", str(error))
        else:
            positions.append(position)
            signatures.append(point)
            messages.append(credential_message(task.election, pseudonym))
    if positions:
        for number in find_bad_signatures(signatures, messages, decode_g2(task.issuing_key)):
            failed[positions[number]] = ("B5", "the credential does not verify under the election's issuing key")
    return failed


def check_pseudonym(envelope: Envelope, forbidden: frozenset[PublicKey]) -> PublicKey:
    """Rule B3: an acceptable key that nobody has for anything else.

    Args:
        forbidden: keys of the roll, the policy and the manifest.

    Raises:
        Excluded.
    """
    try:
        key = decode_public_key(envelope.pseudonym)
    except EncodingError as error:
        raise Excluded("B3", str(error)) from None
    if key in forbidden:
        raise Excluded("B3", "the pseudonym is a key of the roll or of a role")
    return key


def forbidden_pseudonyms(election: Election) -> frozenset[PublicKey]:
    """Keys that no ballot may be cast under."""
    roll = frozenset(key for _, key in election.roll.members) if election.roll else frozenset()
    return roll | election.role_keys()


@dataclass(frozen=True, slots=True)
class Recount:
    """What becomes of every entry before a closing.

    Args:
        excluded: rule and reason by entry index, of all kinds.
        answered: requests that at least t registrars answered.
        counted: the counted ballots, ascending by entry index.
        tally: their encrypted sum.
    """

    requests: Requests
    answered: int
    chains: Chains
    counted: tuple[Link, ...]
    superseded: int
    late: int
    excluded: dict[int, Excluded]
    tally: EncryptedTally

    def exclusions(self) -> tuple[Exclusion, ...]:
        """Pairs of index and rule, ascending."""
        return tuple((index, self.excluded[index].rule) for index in sorted(self.excluded))

    def closing(self, election: Election) -> Closing:
        """The content that closes the election."""
        return Closing(
            election=election.identifier,
            manifest=election.manifest_digest,
            requests=len(self.requests.counted),
            answered=self.answered,
            credentials=len(self.chains),
            counted=len(self.counted),
            superseded=self.superseded,
            late=self.late,
            excluded=self.exclusions(),
            sum=self.tally.digest(),
        )


def recount(election: Election, before: int, missing: frozenset[int], mapper: Mapper = map) -> Recount:
    """Judge everything before entry `before`.

    Args:
        before: index of the closing proposal, or the number of entries.
        missing: entries whose body nobody can give.
        mapper: spreads the dear parts.

    Raises:
        ProtocolError: a body that is not stated to be missing cannot be had.
        WrongPhase: the election has no manifest yet.
    """
    manifest = election.require_manifest()
    excluded = {index: why for index, why in election.excluded.items() if index < before}
    requests = judge_requests(election, before, excluded)
    answered = _judge_answers(election, before, missing, requests, excluded, mapper)
    chains = judge_envelopes(election, before, excluded, mapper)
    counted, superseded, tally = _judge_bodies(election, manifest, chains, missing, excluded, mapper)
    late = sum(link.batch > election.voting_closes for link in counted)
    return Recount(requests, answered, chains, counted, superseded, late, excluded, tally)


def _before(election: Election, kind: str, before: int) -> list[Collected]:
    return [item for item in election.collected[kind] if item.index < before]


def judge_requests(election: Election, before: int, excluded: dict[int, Excluded]) -> Requests:
    """Rules Q3 to Q6 for the requests before entry `before`; what they exclude is added to `excluded`."""
    if election.roll is None:
        raise ProtocolError("the election has no roll yet")
    requests = Requests(election.roll)
    for item in _before(election, REQUEST_KIND, before):
        if isinstance(item.held, Request):
            try:
                requests.take(item.index, item.held)
            except Excluded as why:
                excluded[item.index] = why
    return requests


class AnswerRanges:
    """Rule A2: each registrar answers counted requests in order, each once.

    Args:
        requests: so far counted.
    """

    def __init__(self, requests: Requests) -> None:
        self._indices = [request.index for request in requests.counted]
        self._covered: dict[int, int] = {}

    def take(self, answer: Answer, index: int) -> None:
        """The answer of entry `index` continues its registrar's range.

        Raises:
            Excluded.
        """
        due = self._covered.get(answer.registrar, 0)
        known = bisect_left(self._indices, index)
        if answer.first != due or answer.first + answer.count > known:
            raise Excluded(
                "A2", f"registrar {answer.registrar} answers from {answer.first}, {due} is due and {known} are counted"
            )
        self._covered[answer.registrar] = due + answer.count


def _judge_answers(
    election: Election,
    before: int,
    missing: frozenset[int],
    requests: Requests,
    excluded: dict[int, Excluded],
    mapper: Mapper,
) -> int:
    ranges = AnswerRanges(requests)
    tasks, answers = [], []
    key = election.keys[REGISTRAR]
    for item in _before(election, ANSWER_KIND, before):
        answer = item.held
        if not isinstance(answer, Answer):
            continue
        try:
            ranges.take(answer, item.index)
            body = _body(election, item.index, answer.body, missing, "A3")
        except Excluded as why:
            excluded[item.index] = why
            continue
        share = encode_point(key.public_shares[answer.registrar])
        blinded = requests.counted[answer.first : answer.first + answer.count]
        tasks.append(AnswerTask(share, tuple(encode_g1(request.blinded) for request in blinded), body))
        answers.append((item.index, answer))
    steps = [0] * (len(requests.counted) + 1)
    for (index, answer), why_not in zip(answers, mapper(check_answer, tasks), strict=True):
        if why_not is not None:
            excluded[index] = Excluded("A4", f"registrar {answer.registrar}: {why_not}")
            continue
        steps[answer.first] += 1
        steps[answer.first + answer.count] -= 1
    answered = coverage = 0
    for step in steps[:-1]:
        coverage += step
        answered += coverage >= key.session.threshold
    return answered


def _body(election: Election, index: int, digest: bytes, missing: frozenset[int], rule: str) -> bytes:
    if index in missing:
        raise Excluded(rule, "the body is missing")
    body = election.bodies(digest)
    if body is None:
        raise ProtocolError(f"the body of entry {index} cannot be had and is not stated to be missing")
    return body


def judge_envelopes(election: Election, before: int, excluded: dict[int, Excluded], mapper: Mapper) -> Chains:
    """Rules B3 to B8 for the ballots before entry `before`; what they exclude is added to `excluded`."""
    manifest = election.require_manifest()
    chains = Chains(manifest.schedule.max_revotes)
    forbidden = forbidden_pseudonyms(election)
    candidates: list[tuple[Collected, SignedEnvelope]] = []
    for item in _before(election, BALLOT, before):
        if isinstance(item.held, SignedEnvelope):
            try:
                check_pseudonym(item.held.envelope, forbidden)
                candidates.append((item, item.held))
            except Excluded as why:
                excluded[item.index] = why
    chunks = list(chunked(candidates, ENVELOPES_IN_CHUNK))
    tasks = [envelope_task(election, [signed for _, signed in chunk]) for chunk in chunks]
    for chunk, failed in zip(chunks, mapper(check_envelopes, tasks), strict=True):
        for position, (item, signed) in enumerate(chunk):
            try:
                if position in failed:
                    raise Excluded(*failed[position])
                chains.check(signed.envelope, item.batch)
            except Excluded as why:
                excluded[item.index] = why
            else:
                chains.append(item.index, item.batch, signed.envelope)
    return chains


def envelope_task(election: Election, envelopes: Sequence[SignedEnvelope]) -> EnvelopeTask:
    """The task of verifying signatures and credentials of a chunk."""
    return EnvelopeTask(
        election.identifier,
        election.require_manifest().issuing.key,
        tuple((s.envelope.statement, s.signature, s.envelope.pseudonym, s.envelope.credential) for s in envelopes),
    )


def ballot_context(envelope: Envelope) -> BallotContext:
    """What the proofs in an envelope's body are bound to."""
    return BallotContext(envelope.manifest, envelope.election, envelope.pseudonym, envelope.sequence)


def _judge_bodies(
    election: Election,
    manifest: Manifest,
    chains: Chains,
    missing: frozenset[int],
    excluded: dict[int, Excluded],
    mapper: Mapper,
) -> tuple[tuple[Link, ...], int, EncryptedTally]:
    """Rules B9 and B10, from the highest sequence of each chain down to the first good body."""
    total = CiphertextSum(manifest.option_count)
    stacks: list[list[Link]] = []
    for links in chains.all().values():
        for link in links:
            if link.index in missing:
                excluded[link.index] = Excluded("B9", "the body is missing")
        stacks.append([link for link in links if link.index not in missing])
    counted: list[Link] = []
    superseded = 0
    size = bodies_in_chunk(manifest)
    while stacks := [stack for stack in stacks if stack]:
        stacks.sort(key=lambda stack: stack[-1].index)
        chunks = list(chunked(stacks, size))
        tasks = (_body_task(election, manifest, chunk) for chunk in chunks)
        retry: list[list[Link]] = []
        for chunk, result in zip(chunks, mapper(check_bodies, tasks), strict=True):
            add_sums(total, result.sums)
            for position, stack in enumerate(chunk):
                link = stack.pop()
                if position in result.invalid:
                    rule = "B10" if _has_slot(election, link) else "B9"
                    excluded[link.index] = Excluded(rule, result.invalid[position])
                    retry.append(stack)
                    continue
                counted.append(link)
                for older in stack:
                    if _has_slot(election, older):
                        superseded += 1
                    else:
                        excluded[older.index] = Excluded("B9", "no slot holds a body of this length")
        stacks = retry
    return tuple(sorted(counted, key=lambda link: link.index)), superseded, total.clear()


def _has_slot(election: Election, link: Link) -> bool:
    """Whether the body has the length of this election's, so that a record can hold it."""
    body = _body(election, link.index, link.envelope.body, frozenset(), "B9")
    return len(body) == election.require_manifest().body_bytes


def _body_task(election: Election, manifest: Manifest, chunk: Sequence[Sequence[Link]]) -> BodyTask:
    ballots = []
    for stack in chunk:
        link = stack[-1]
        body = _body(election, link.index, link.envelope.body, frozenset(), "B9")
        ballots.append((ballot_context(link.envelope), body))
    return BodyTask(manifest.shapes, manifest.tally.key, tuple(ballots))


def bodies_in_chunk(manifest: Manifest) -> int:
    """How many bodies to verify in one multi-scalar multiplication."""
    return max(1, POINTS_IN_CHUNK // sum(shape.point_count for shape in manifest.shapes))


def chunked(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in order, `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
