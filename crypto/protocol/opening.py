# SPDX-License-Identifier: AGPL-3.0-or-later
"""Challenging the machine: opening an encrypted ballot instead of casting it.

Spec: specs/ballot.md#challenge
"""

from __future__ import annotations

from dataclasses import dataclass

from crypto.encoding.members import Members, encode_base64
from crypto.encoding.strict_json import dumps, loads
from crypto.errors import EncodingError, InvalidOpening
from crypto.group import Scalar, decode_g1, decode_scalar, encode_scalar
from crypto.hashing import sha256
from crypto.proofs.contest import BallotContext
from crypto.proofs.contest_prover import encrypt_option
from crypto.protocol.ballot import PreparedBallot, verify_body
from crypto.protocol.manifest import Manifest
from crypto.signing import KEY_BYTES
from crypto.suite import G1_UNCOMPRESSED_BYTES, SCALAR_BYTES


@dataclass(frozen=True, slots=True)
class Opening:
    """A body with the marks and the randomness of every option. It is public: its ballot is never cast."""

    context: BallotContext
    body: bytes
    contests: tuple[tuple[tuple[int, Scalar], ...], ...]

    def to_bytes(self) -> bytes:
        """The file."""
        return dumps(
            {
                "body": encode_base64(self.body),
                "contests": [
                    [{"mark": mark, "randomness": encode_scalar(r).hex()} for mark, r in contest]
                    for contest in self.contests
                ],
                "election": self.context.election.hex(),
                "kind": "opening",
                "manifest": self.context.manifest.hex(),
                "seq": self.context.sequence,
                "vk": self.context.pseudonym.hex(),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Opening:
        """Read a file; nothing is verified.

        Raises:
            EncodingError.
        """
        names = ("body", "contests", "election", "kind", "manifest", "seq", "vk")
        members = Members(loads(data), "opening", names)
        members.literal("kind", "opening")
        contests = []
        for contest in members.array("contests", 1):
            if not isinstance(contest, list):
                raise EncodingError("opening: a contest is not an array")
            options = []
            for item in contest:
                option = Members(item, "opened option", ("mark", "randomness"))
                options.append((option.integer("mark", 1), decode_scalar(option.hex("randomness", SCALAR_BYTES))))
            contests.append(tuple(options))
        context = BallotContext(
            members.hash("manifest"), members.hash("election"), members.hex("vk", KEY_BYTES), members.u32("seq", 1)
        )
        return cls(context, members.bytes("body"), tuple(contests))


def open_ballot(ballot: PreparedBallot) -> Opening:
    """The opening of a challenged ballot; from here on its marks are no secret and it must not be cast."""
    contests = tuple(
        tuple(zip(marks, randomness, strict=True))
        for marks, randomness in zip(ballot.marks.reveal(), ballot.randomness.reveal(), strict=True)
    )
    return Opening(ballot.context, ballot.body, contests)


def check_opening(opening: Opening, noted: bytes, manifest: Manifest) -> None:
    """The body that the voter noted holds exactly the opened marks.

    Args:
        noted: SHA-256 of the body, from the voter and not from the machine.

    Raises:
        EncodingError, InvalidProof: the body itself is bad.
        InvalidOpening: naming contest and option.
    """
    if sha256(opening.body) != noted:
        raise InvalidOpening("the opened ballot is not the one whose hash you noted")
    if (opening.context.election, opening.context.manifest) != (manifest.election, manifest.digest()):
        raise InvalidOpening("the opened ballot is of another election or manifest")
    shapes = manifest.shapes
    if [len(contest) for contest in opening.contests] != [shape.options for shape in shapes]:
        raise InvalidOpening("the opening has other contests or options than the manifest")
    verify_body(opening.body, opening.context, shapes, manifest.tally.key)
    tally_key, start, pair = decode_g1(manifest.tally.key), 0, 2 * G1_UNCOMPRESSED_BYTES
    for number, (contest, shape) in enumerate(zip(opening.contests, shapes, strict=True)):
        for option, (mark, randomness) in enumerate(contest):
            place = start + option * pair
            if opening.body[place : place + pair] != encrypt_option(tally_key, randomness, mark):
                raise InvalidOpening(f"contest {number}, option {option}: the machine encrypted something else")
        if not shape.minimum <= sum(mark for mark, _ in contest) <= shape.maximum:
            raise InvalidOpening(f"contest {number}: too few or too many marks")
        start += shape.byte_length
