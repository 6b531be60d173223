# SPDX-License-Identifier: AGPL-3.0-or-later
"""`veche demo`: the whole of it, from founding to the verifier's verdict.

Spec: specs/overview.md#course-of-an-election
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random

from cli.demo.ballot_files import LANGUAGE, RealElection, read_election
from cli.demo.body_files import FileBodies
from cli.demo.evidence import write_challenges, write_receipts
from cli.demo.founding import admit_members, announce_election, found_register
from cli.demo.sample import TITLE, sample_contests
from cli.demo.show import Show
from cli.demo.story import Story, Voter
from cli.demo.voters import Choice, Habits, make_plans, plain_count
from cli.demo.work import workers
from cli.demo.world import DAY, Sizes, World, make_keys, make_policy
from cli.record_files import write_record
from crypto.protocol.contents import Certificate
from crypto.protocol.entry import parse_entry
from crypto.protocol.record import ELECTION_BALLOTS, ballot_slots
from crypto.protocol.recount import Mapper, Recount

MIN_VOTERS = 10
SHARE_FROM = 2_000
"""From so many voters on the roles share one copy of the ledgers and bodies."""
INTERVAL = 600
EPOCH = 1_767_225_600
"""1 January 2026, when the simulated time begins."""
REAL_TITLE = {LANGUAGE: "Выборы в Координационный совет, октябрь 2012 (повтор по настоящим бюллетеням)"}

WRONG_USAGE = 64
BAD_DATA = 65


class UsageError(Exception):
    """Arguments that cannot be followed; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Options:
    """Arguments of `veche demo`."""

    out: Path
    voters: int | None
    seed: int | None
    ballots: Path | None
    candidates: Path | None
    jobs: int


def check_options(options: Options) -> None:
    """What can be refused before any work.

    Raises:
        UsageError.
    """
    if (options.ballots is None) != (options.candidates is None):
        raise UsageError("--ballots and --candidates belong together: give both files or none")
    if options.voters is not None and options.voters < MIN_VOTERS:
        raise UsageError(
            f"{options.voters} voters are too few: a tally of so few ballots tells how people voted. "
            f"Take at least {MIN_VOTERS}."
        )
    if options.jobs < 1:
        raise UsageError("--jobs is at least 1")
    if options.out.exists() and (not options.out.is_dir() or any(options.out.iterdir())):
        raise UsageError(f"{options.out} exists and is not an empty folder; remove it or name another with --out")


def run_demo(options: Options) -> int:
    """Run it; returns the exit code, which is the verifier's.

    Raises:
        UsageError, DataError: nothing was written.
    """
    check_options(options)
    real = _read_real(options)
    show = Show()
    options.out.mkdir(parents=True, exist_ok=True)
    with workers(options.jobs) as mapper:
        demo = Demo(options, real, show, mapper)
        demo.prepare()
        demo.vote()
        demo.count()
        return demo.verify()


def _read_real(options: Options) -> RealElection | None:
    if options.ballots is None or options.candidates is None:
        return None
    real = read_election(options.ballots, options.candidates)
    if options.voters is not None and options.voters > real.ballots:
        raise UsageError(f"{options.ballots} holds {real.ballots} ballots; no sample of {options.voters} can be drawn")
    if real.ballots < MIN_VOTERS:
        raise UsageError(f"{options.ballots} holds {real.ballots} ballots, at least {MIN_VOTERS} are needed")
    return real


class Demo:
    """One run of the demonstration."""

    def __init__(self, options: Options, real: RealElection | None, show: Show, mapper: Mapper) -> None:
        self.options = options
        self.show = show
        self.mapper = mapper
        # Choices of simulated people, not secrets: these must be repeatable.
        self.random = Random(options.seed if options.seed is not None else secrets.randbits(64))  # noqa: S311
        self.choices: list[Choice] | None = None
        self.contests = sample_contests()
        self.count_voters = options.voters or 100
        if real is not None:
            self.count_voters = options.voters or real.ballots
            self.choices = real.sample(self.count_voters, self.random)
            self.contests = real.contests
        self.real = real
        self.language = LANGUAGE if real is not None else "en"
        self.partial = options.out / "record.partial"
        self.bodies = FileBodies(self.partial / ELECTION_BALLOTS)
        sizes = Sizes()
        keys = make_keys(sizes)
        policy = make_policy(keys, sizes, EPOCH)
        self.world = World(keys, sizes, policy, self.bodies, self.count_voters >= SHARE_FROM, EPOCH - 1)
        self._settled = 0

    # --- phases

    def prepare(self) -> None:
        """Register, announcement, ceremonies, roll, manifest."""
        show, world = self.show, self.world
        show.phase("The register: reviewers, panel, lottery key, members")
        found_register(world)
        show.say(
            "the board appointed 4 reviewers and a panel; 4 organisations made the lottery key, 3 of them can use it"
        )
        with show.progress("members admitted, each by two reviewers", self.count_voters) as progress:
            members = admit_members(world, self.count_voters, progress)
        world.advance(31 * DAY)
        show.phase("The election is announced, its ledger begins")
        election = announce_election(world, REAL_TITLE if self.real else TITLE, INTERVAL)
        world.open_election(election)
        world.on_batch = self._settle
        world.next_batch()
        world.sync()
        show.say(f"election {election.hex()[:16]}..., cosigned by 3 of 4 witnesses from its first entry on")
        if world.share:
            show.say(
                "so many voters: the roles share one copy of the ledgers and bodies, one recount, and one run of the "
                "verifier before closing and tally, in this run"
            )
        self.story = Story(world, election, self.contests, show, self.mapper)

        show.phase("Key ceremonies on the ledger")
        self.story.hold_ceremonies()
        show.say("4 registrars made the issuing key (3 needed), 5 trustees the tally key (3 needed)")
        show.phase("The roll is frozen, the manifest approved")
        size = self.story.freeze_roll()
        show.say(f"{size} members on the roll; every board member folded the register itself")
        manifest = self.story.begin_issuing()
        show.say(f"manifest {manifest.digest().hex()[:16]}...; registrars proved that their shares are readable")
        schedule = manifest.schedule
        plans = make_plans(
            self.random,
            self.choices,
            self.count_voters,
            self.contests,
            schedule,
            world.running.sequencer.batch + 1,
            Habits() if self.real is None else Habits(vote_twice=1, challenge=1),
        )
        self.story.invite([Voter(member, plan) for member, plan in zip(members, plans, strict=True)])

    def vote(self) -> None:
        """Issuing and voting."""
        show, world, story = self.show, self.world, self.story
        schedule = world.running.election.require_manifest().schedule
        show.phase("Issuing: members ask for credentials, registrars answer on the ledger")
        story.run_batches(schedule.voting_opens - 6, "batches of ten minutes")
        story.begin_voting()
        show.phase("Voting: three days")
        story.run_batches(schedule.voting_closes, "batches of ten minutes")
        again = sum(len(voter.plan.votes) > 1 for voter in story.voters)
        away = sum(not voter.plan.votes for voter in story.voters)
        show.say(f"{len(story.challenges)} challenged the machine first, {again} voted twice, {away} stayed away")

    def count(self) -> None:
        """Closing, decryption, lots, certificate; compares with a plain count."""
        show, story = self.show, self.story
        show.phase("Closing: the server appends what it owes, the board recomputes")
        judged = story.propose_closing()
        self._check_independently(judged, "the closing is what the verifier computes too; the board signs")
        story.approve_closing(judged)
        show.phase("Tally: trustees recompute the sum and decrypt it")
        if self.world.share:
            show.say("the trustees go by the verifier's run before the closing, too; they decrypt")
        else:
            self._check_independently(judged, "the verifier finds the ledger good up to the closing; trustees decrypt")
        names = story.decrypt(judged)
        show.say(f"decrypted by {', '.join(names)}; one trustee is away and is not needed")
        for drawn in story.draw_lots(judged):
            show.say(f"tied, drawn by lot: {drawn}")
        certificate = story.certify(judged)
        self._compare(certificate)
        show.result(self.world.running.election.require_manifest(), certificate, self.language)

    def verify(self) -> int:
        """Write everything, run the verifier as a separate process, end with its verdict."""
        show, out = self.show, self.options.out
        show.phase("Evidence and record")
        self._write_record()
        receipts = write_receipts(out / "receipts", self.story, self.world)
        challenges = write_challenges(out / "challenged", self.story)
        show.say(f"{receipts} receipts with QR codes, {challenges} opened ballots")
        show.phase("The verifier, which shares no code with all this")
        # The policy goes to the verifier by pipe and to disk only when it has spoken: a demonstration that is killed
        # leaves no record together with a policy that would call it valid.
        policy = json.dumps(self.world.policy.to_json(), ensure_ascii=False, indent=2) + "\n"
        report = out / "report.html"
        command = [sys.executable, "-m", "verifier", str(self.partial), "--policy", "-", "--report", str(report)]
        result = subprocess.run(  # noqa: S603  # our own module with our own arguments
            [*command, "--jobs", str(self.options.jobs)], input=policy, text=True, stdout=subprocess.PIPE, check=False
        )
        self.bodies.close()
        self.partial.rename(out / "record")
        (out / "policy.json").write_text(policy, encoding="utf-8")
        show.timing()
        show.say(f"record: {out / 'record'}   policy: {out / 'policy.json'}   report: {report}")
        show.console.print(result.stdout, end="", markup=False, soft_wrap=True)
        return result.returncode

    # --- parts

    def _settle(self) -> None:
        """Ballots of the newest batch go to disk, in ledger order."""
        entries = self.world.running.sequencer.entries
        self.bodies.settle(ballot_slots(map(parse_entry, entries[self._settled :])))
        self._settled = len(entries)

    def _write_record(self) -> None:
        self.bodies.flush()
        world = self.world
        write_record(self.partial, world.register.sequencer, world.running.sequencer, self.bodies)

    def _check_independently(self, judged: Recount, agreed: str) -> None:
        """Run the standalone verifier once for everybody before anyone signs or decrypts."""
        self._write_record()
        policy = json.dumps(self.world.policy.to_json())
        command = [sys.executable, "-m", "verifier", str(self.partial), "--policy", "-", "--json"]
        result = subprocess.run(  # noqa: S603
            [*command, "--jobs", str(self.options.jobs)], input=policy, text=True, stdout=subprocess.PIPE, check=False
        )
        report = json.loads(result.stdout)
        expected = judged.tally.digest().hex()
        if report["verdict"] != "INCOMPLETE" or report["encrypted_tally"] != expected:
            failed = [check for check in report["checks"] if check["status"] == "FAIL"]
            raise RuntimeError(f"the verifier disagrees: {report['verdict']}, {failed}")
        self.show.say(agreed)

    def _compare(self, certificate: Certificate) -> None:
        choices = [voter.plan.counted for voter in self.story.voters if voter.plan.counted is not None]
        totals = tuple(contest.totals for contest in certificate.contests)
        if totals != plain_count(choices, self.contests):
            raise RuntimeError("the decrypted totals differ from a plain count of the same choices")
        self.show.say(f"the decrypted totals equal a plain count of the {len(choices)} choices, option by option")
