# SPDX-License-Identifier: AGPL-3.0-or-later
"""A challenged ballot, opened: implements specs/ballot.md#challenge."""

from dataclasses import dataclass

from verifier.audit import PASS, Check, Run
from verifier.backend import Backend
from verifier.contest import ElectionContext, Proof, decode_body, verify_single
from verifier.encoding import Fields, decode_hex, load_json
from verifier.errors import EncodingError, EvidenceMissingError, RuleError, VerificationError
from verifier.hashing import sha256
from verifier.proofs import decode_scalar
from verifier.signatures import read_key
from verifier.suite import SCALAR_BYTES

_NEEDED = ("V01", "V04", "V12", "V21", "V22", "V23")
"""What must have passed before a manifest is believed."""


@dataclass(frozen=True, slots=True)
class OpenedOption:
    """Mark and randomness of one option."""

    mark: int
    randomness: int


@dataclass(frozen=True, slots=True)
class Opening:
    """What a client gives out instead of casting."""

    election: bytes
    manifest: bytes
    vk: bytes
    seq: int
    body: bytes
    contests: tuple[tuple[OpenedOption, ...], ...]


def load_opening(data: bytes) -> Opening:
    """Read an opening file.

    Raises:
        EncodingError: members or types, a mark other than 0 and 1, a scalar at or above q.

    """
    fields = Fields(load_json(data), ("kind", "election", "manifest", "vk", "seq", "body", "contests"), "opening")
    fields.constant("kind", "opening")
    contests: list[tuple[OpenedOption, ...]] = []
    for item in fields.array("contests"):
        if not isinstance(item, list):
            message = "opening.contests: an item is not an array"
            raise EncodingError(message)
        options: list[OpenedOption] = []
        for option in item:
            inner = Fields(option, ("mark", "randomness"), "opening.contests")
            mark = inner.u32("mark")
            if mark > 1:
                message = f"opening: a mark is {mark}"
                raise EncodingError(message)
            scalar = decode_hex(inner.value("randomness"), SCALAR_BYTES, "opening.randomness")
            options.append(OpenedOption(mark, decode_scalar(scalar, "opening.randomness")))
        contests.append(tuple(options))
    seq = fields.u32("seq")
    if not seq:
        message = "opening.seq is 0; the first ballot has 1"
        raise EncodingError(message)
    return Opening(
        fields.hash("election"),
        fields.hash("manifest"),
        read_key(fields, "vk"),
        seq,
        fields.base64("body"),
        tuple(contests),
    )


def check_ciphertexts(
    backend: Backend,
    context: ElectionContext,
    proofs: tuple[Proof, ...],
    contests: tuple[tuple[OpenedOption, ...], ...],
) -> int:
    """Check ``A = r G`` and ``B = r Y + mark G``, as points, for every option; return their number.

    Raises:
        RuleError: another number of contests or options.
        VerificationError: naming contest and option.

    """
    key, generator = backend.g1_decode(context.tally_key), backend.g1_generator()
    if [len(options) for options in contests] != [shape.options for shape in context.shapes]:
        message = "the opening has other contests or options than the manifest"
        raise RuleError(message)
    for number, (proof, options) in enumerate(zip(proofs, contests, strict=True)):
        for place, option in enumerate(options):
            a = backend.g1_multiply(generator, option.randomness)
            b = backend.g1_msm((key, generator), (option.randomness, option.mark))
            here = proof.ciphertexts[2 * place : 2 * place + 2]
            if not (backend.g1_equal(a, here[0]) and backend.g1_equal(b, here[1])):
                message = f"contest {number}, option {place}: the ballot does not hold what the opening says"
                raise VerificationError(message)
    return sum(len(options) for options in contests)


@dataclass(frozen=True, slots=True)
class OpeningChecks:
    """The checks of specs/ballot.md#challenge; ``digest`` is what the voter noted before choosing."""

    opening: Opening
    digest: bytes

    def table(self) -> tuple[Check, ...]:
        """Return the checks in order."""
        return (
            Check("O1", "hash", (), self.check_hash),
            Check("O2", "record", (), self.check_record),
            Check("O3", "contents", ("O2",), self.check_contents),
            Check("O4", "marks", ("O3",), self.check_marks),
            Check("O5", "proofs", ("O3",), self.check_proofs),
        )

    def _decode(self, run: Run) -> tuple[ElectionContext, tuple[Proof, ...]]:
        context, opening = run.need(run.manifest, "the manifest").context(), self.opening
        return context, decode_body(run.backend, context, opening.vk, opening.seq, opening.body)

    def check_hash(self, run: Run) -> str:
        """O1: the opened body has the hash that the voter noted."""
        run.saw(1)
        found = sha256(self.opening.body)
        if found != self.digest:
            message = f"the opened ballot is {found.hex()}, not the one you noted"
            raise VerificationError(message)
        return "the opened ballot is the one you noted"

    def check_record(self, run: Run) -> str:
        """O2: election and manifest are the record's, and the record's can be believed."""
        manifest = run.need(run.manifest, "the manifest of the record")
        run.saw(1)
        if (self.opening.election, self.opening.manifest) != (manifest.election, manifest.digest):
            message = "the ballot was made for another election or another manifest than the record's"
            raise RuleError(message)
        lacking = [check for check in _NEEDED if run.outcomes[check].status != PASS]
        if lacking:
            message = f"the record's checks {', '.join(lacking)} have not passed, so its manifest may be false"
            raise EvidenceMissingError(message, provisional=True)
        return "election and manifest are the record's"

    def check_contents(self, run: Run) -> str:
        """O3: every ciphertext holds the mark that the opening says."""
        context, proofs = self._decode(run)
        run.saw(check_ciphertexts(run.backend, context, proofs, self.opening.contests))
        return "every option holds the mark that is printed"

    def check_marks(self, run: Run) -> str:
        """O4: the number of marks of each contest is allowed."""
        context = run.need(run.manifest, "the manifest").context()
        for number, (shape, options) in enumerate(zip(context.shapes, self.opening.contests, strict=True)):
            found = sum(option.mark for option in options)
            run.saw(1)
            if not shape.minimum <= found <= shape.maximum:
                message = f"contest {number} has {found} marks, not {shape.minimum} to {shape.maximum}"
                raise RuleError(message)
        return "their numbers are allowed"

    def check_proofs(self, run: Run) -> str:
        """O5: the proofs hold, so the ballot would have counted."""
        context, proofs = self._decode(run)
        run.saw(len(proofs))
        if not verify_single(run.backend, context, proofs):
            message = "the proof of a contest fails: the ballot would not have counted"
            raise VerificationError(message)
        return "the ballot would have counted"


def marks(run: Run, opening: Opening) -> list[tuple[str, list[tuple[str, int]]]]:
    """Return, for each contest, its title and (option, mark) pairs in the first language; empty where unknown."""
    if run.manifest is None or [len(options) for options in opening.contests] != [
        len(contest.options) for contest in run.manifest.contests
    ]:
        return []
    return [
        (
            contest.title[0][1],
            [(name[0][1], option.mark) for name, option in zip(contest.options, options, strict=True)],
        )
        for contest, options in zip(run.manifest.contests, opening.contests, strict=True)
    ]
