# SPDX-License-Identifier: AGPL-3.0-or-later
"""How the forger makes the sample records of specs/vectors/records: hooks, other courses of an election, and lies."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from crypto.elgamal.dlog import MARK
from crypto.encoding.members import decode_base64, encode_base64
from crypto.encoding.strict_json import loads
from crypto.group import G1, encode_g1, scalar
from crypto.hashing import sha256
from crypto.ledger.checkpoint import Checkpoint
from crypto.protocol.ledger_key import KeyChange
from crypto.protocol.messages import make_share_lost
from tests.forge import Script
from tests.forge.base import BallotSpec, Hook, signing_key
from tests.forge.preparation import CLOSES, OPENS
from tests.verifier.evidence import SmallScript, stopped_before

SLOTS: Final = "election/ballots"

Files = dict[str, bytes]


def small(**hooks: Hook) -> Callable[[], Script]:
    """The small election, changed by hooks; underscores stand for spaces."""
    return lambda: SmallScript({name.replace("_", " "): hook for name, hook in hooks.items()}).build()


def put(**members: Any) -> Hook:
    """A hook that replaces members of an object."""
    return lambda _, value: {**value, **members}


def always(value: Any) -> Hook:
    """A hook that gives something else."""
    return lambda _forge, _value: value


def first(count: int) -> Hook:
    """A hook that keeps so many of a list."""
    return lambda _, items: list(items)[:count]


# --- a complete election with everything in it


def next_ballot(made: Script, voter: int, **changes: Any) -> BallotSpec:
    """The ballot that continues a voter's chain."""
    pseudonym = made.ballot(voter).pseudonym
    last = [spec for _, spec in made.specs if spec.pseudonym == pseudonym][-1]
    envelope = made.envelope(last).envelope
    return made.ballot(voter, envelope.sequence + 1, envelope.digest(), **changes)


def again(name: str, kind: str, rule: str, *, after: bool = False) -> Hook:
    """Append the members of an entry a second time."""

    def hook(made: Script, value: Any) -> Any:
        entry = json.loads(made.log.entries[made.places[name]])
        members = {key: entry[key] for key in entry.keys() - {"kind", "previous"}}
        index = made.append(made.log, f"{name} again", kind, members)
        (made.excluded_after if after else made.excluded)[index] = rule
        return value

    return hook


def strange_requests(made: Script, requests: list[Any]) -> list[Any]:
    """A request of member 11 that member 6 signed (Q4), in its place, and one that is cut short (Q1)."""
    place, _, members = next(item for item in requests if item[1] == 11)
    good = statement_of(members["statement"])
    wrong = {**members, "signature": signing_key("member 6").sign(good).hex()}
    short = {"signature": signing_key("member 11").sign(good[:-1]).hex(), "statement": encode_base64(good[:-1])}
    others = [item for item in requests if item[1] != 11]
    return [(b"", 12, short), *sorted([*others, (place, 11, wrong)], key=lambda item: item[0])]


def statement_of(text: str) -> bytes:
    """Bytes of a statement in an entry."""
    return decode_base64(text, "statement")


def strange_ballots(made: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
    """Without a credential of its own (B5), out of its chain (B7), for another manifest (B2), and cut short (B1)."""
    envelope = statement_of(made.ballot(9).members["envelope"])[:-1]
    cut = {"envelope": encode_base64(envelope), "signature": signing_key("anybody").sign(envelope).hex()}
    return [
        *ballots,
        made.ballot(7, credential=made.credential(8).signature, outcome="B5"),
        made.ballot(6, sequence=3, outcome="B7"),
        made.ballot(5, manifest=bytes(32), outcome="B2"),
        BallotSpec(cut, None, b"", "B1"),
    ]


def false_proof(made: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
    """Voter 9 votes again with a body that proves nothing (B10); the ballot before it counts."""
    body = next_ballot(made, 9).body or b""
    return [*ballots, next_ballot(made, 9, content=body[:-1] + bytes([body[-1] ^ 1]), outcome="B10")]


def false_draw(made: Script, value: Any) -> Any:
    """A draw that nobody could have made (L1)."""
    index = made.append(
        made.log, "false draw", "draw", {"contest": 0, "options": [1, 2], "signature": encode_g1(G1).hex()}
    )
    made.excluded_after[index] = "L1"
    return value


def early_loss(made: Script, value: Any) -> Any:
    """A trustee says before the closing that its share is lost, which means nothing yet (S1)."""
    index = made.message_entry("early loss", "share-lost", make_share_lost(made.election, 3, signing_key("trustee 3")))
    made.excluded[index] = "S1"
    return value


def everything() -> Script:
    """Two contests, nine voters."""
    return Script(
        {
            "after ceremony": again("ceremony trustee 0", "ceremony", "C1"),
            "asking": lambda _, numbers: [*numbers, 11],
            "requests": strange_requests,
            "request rule 11": always("Q4"),
            "request rule 12": always("Q1"),
            "partial 4": lambda _, partial: [*partial[:-1], encode_g1(G1)],
            "answer rule 4": always("A4"),
            "after answers": again("readiness trustee 2", "readiness", "P1"),
            "ballots": strange_ballots,
            "later ballots": false_proof,
            "decrypting": lambda made, _: made.shares["trustee"],
            "decryption body 1": lambda _, body: body[:-1] + bytes([body[-1] ^ 1]),
            "decryption rule 1": always("D4"),
            "before closing": early_loss,
            "before draw": false_draw,
        }
    ).build()


# --- other courses of an election


class OutageScript(SmallScript):
    """The log stops after batch 9 and comes back with another key in batch 13; voting is extended by three batches."""

    def play_voting(self) -> None:
        thought = self.ballot(1, marks=(self.first_thought,), outcome="superseded")
        self.specs = []
        self.add_ballots([*(self.ballot(number) for number in range(2, self.voter_count)), thought])
        self.batch(OPENS + 1)
        self.add_ballots([self.ballot(1, 2, self.envelope(thought).envelope.digest())])
        self.batch(CLOSES + 1)
        change = KeyChange(self.log.origin, len(self.log.entries), signing_key("second election log").public)
        payload = loads(change.statement().partition(b"\x00")[2])
        self.statement(self.log, "key change", "ledger-key-changed", payload, ["board 1", "board 2"])
        self.log.key = signing_key("second election log")
        content = self.content("extension", {"batches": 3, "election": self.election.hex(), "kind": "extension"})
        proposal = self.propose("extension", "voting", "voting", content)
        self.batch(CLOSES + 2)
        self.approve("extension", proposal)
        self.add_ballots([self.ballot(self.voter_count)])
        self.last = CLOSES + 3
        self.batch(self.last)


def give_up(made: Script, source: str) -> Script:
    """The board makes the election void."""
    reason = {"en": "The election is given up.", "ru": "Выборы прекращены."}
    content = made.content("void", {"election": made.election.hex(), "kind": "void", "reason": reason})
    proposal = made.propose("void", source, "void", content)
    made.batch(made.log.batch + 1)
    made.approve("void", proposal)
    made.sign_head(made.log)
    return made


def shares_lost() -> Script:
    """Two of three trustees have lost their share of the key after the end of voting."""
    made = stopped_before("decrypting", head=False)
    for trustee in (2, 3):
        made.message_entry(
            "lost", "share-lost", make_share_lost(made.election, trustee, signing_key(f"trustee {trustee}"))
        )
    return give_up(made, "closed")


def in_ceremony() -> Script:
    """The trustees' last confirmation is still to come."""
    return stopped_before("after ceremony", hooks={"ceremony:trustee": lambda _, messages: messages[:-1]})


# --- forgeries


def moved_votes(_: Script, tally: Any) -> Any:
    """Three votes for the first option are given to the second, inside the encrypted sum; all decrypt this sum honestly."""
    three = MARK * scalar(3)
    return replace(tally, b=(tally.b[0] - three, tally.b[1] + three, *tally.b[2:]))


def without(voter: int) -> Hook:
    """The ballot of one voter does not count, and nobody says why."""

    def hook(made: Script, counted: list[BallotSpec]) -> list[BallotSpec]:
        pseudonym = made.ballot(voter).pseudonym
        return [spec for spec in counted if spec.pseudonym != pseudonym]

    return hook


def uninvited(made: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
    """The registrars gave a credential to somebody who never asked."""
    return [*ballots, made.ballot(2, marks=((0, 1, 0),), secret=made.secrets[12])]


def false_ballot(made: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
    """The last response of voter 5's proof is another scalar: it decodes, and proves nothing."""
    pseudonym = made.ballot(5).pseudonym
    good = next(spec for spec in ballots if spec.pseudonym == pseudonym)
    body = good.body or b""
    return [made.ballot(5, content=body[:-1] + bytes([body[-1] ^ 1])) if spec is good else spec for spec in ballots]


def unlisted_ballot(made: Script, ballots: list[BallotSpec]) -> list[BallotSpec]:
    return [*ballots, made.ballot(6, sequence=3, outcome="B7")]


def other_history(made: Script, checkpoint: Checkpoint) -> Checkpoint:
    """What the log and all witnesses signed for another list of entries of the same length."""
    return Checkpoint(made.log.origin, checkpoint.size, sha256(b"the root of another history"))


def lost_slot(files: Files, made: Script) -> None:
    """The body of one counted ballot is zeros; no list names its entry."""
    number = next(number for number, (_, spec) in enumerate(made.specs) if spec.outcome is None)
    size = len(files[SLOTS]) // len(made.specs)
    files[SLOTS] = files[SLOTS][: number * size] + bytes(size) + files[SLOTS][(number + 1) * size :]
