# SPDX-License-Identifier: AGPL-3.0-or-later
"""Measures, prints a table, writes bench-results.json.

The yardstick is the arithmetic of proofs that show each option by a disjunction, in a fast C library: 8 (n + 1) Ed25519
multiplications of libsodium for n options, timed in the same run. Everything is CPU time; ratios compare across machines.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import nacl.bindings

from crypto.group import G1, random_scalar
from crypto.proofs.contest import BallotContext
from crypto.proofs.contest_prover import ContestProver
from crypto.protocol.ballot import encrypt_ballot
from crypto.secret import Secret
from tests.bench.records import MIN_VOTES, SHAPES, make_record

ROOT = Path(__file__).resolve().parents[2]
SIZES = (100, 1_000, 10_000)
MAKE_ROUNDS = {2: 200, 5: 100, 20: 40, 209: 5}


@dataclass(frozen=True, slots=True)
class VerifierRun:
    """One run of `veche-verify` as a process of its own."""

    cpu: float
    wall: float
    peak_mb: float


def verify(folder: Path, jobs: int = 1) -> VerifierRun:
    """Run the verifier; CPU of it and its workers, peak memory of the largest process.

    Raises:
        RuntimeError: not VALID.
    """
    command = [sys.executable, "-m", "verifier", str(folder / "record"), "--policy", str(folder / "policy.json")]
    started = time.monotonic()
    process = subprocess.Popen([*command, "--json", "--jobs", str(jobs)], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    if os.waitstatus_to_exitcode(status) != 0:
        raise RuntimeError(f"{folder} does not verify: exit code {os.waitstatus_to_exitcode(status)}")
    return VerifierRun(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def median(values: list[float]) -> float:
    """The middle one."""
    return sorted(values)[len(values) // 2]


def multiplication() -> float:
    """Seconds of CPU for one libsodium Ed25519 multiplication: the median of several rounds."""
    point = nacl.bindings.crypto_core_ed25519_from_uniform(os.urandom(32))
    scalar = nacl.bindings.crypto_core_ed25519_scalar_reduce(os.urandom(64))
    rounds = []
    for _ in range(15):
        started = time.process_time()
        for _ in range(400):
            nacl.bindings.crypto_scalarmult_ed25519_noclamp(scalar, point)
        rounds.append((time.process_time() - started) / 400)
    return median(rounds)


def making(options: int) -> float:
    """Seconds of CPU to encrypt and prove one ballot."""
    contests = SHAPES[options]
    prover, shapes = ContestProver(G1 * random_scalar()), [contest.shape for contest in contests]
    marks = [[1] * contest.maximum + [0] * (len(contest.options) - contest.maximum) for contest in contests]
    context = BallotContext(b"m" * 32, b"e" * 32, b"v" * 32, 1)
    encrypt_ballot(prover, context, shapes, marks, Secret(b"bench"), 0)
    rounds = []
    for attempt in range(5):
        started = time.process_time()
        for number in range(MAKE_ROUNDS[options]):
            encrypt_ballot(prover, context, shapes, marks, Secret(b"bench"), 1 + attempt * 1_000 + number)
        rounds.append((time.process_time() - started) / MAKE_ROUNDS[options])
    return median(rounds)


class Bench:
    """All measurements of one run."""

    def __init__(self, folder: Path, jobs: int, largest: int) -> None:
        self.folder = folder
        self.largest = largest
        self.results: dict[str, object] = {}
        self.pool = ProcessPoolExecutor(jobs)

    def record(self, options: int, voters: int, votes: int) -> Path:
        """A record, made once."""
        path = self.folder / f"{options}-{voters}-{votes}"
        if not path.exists():
            print(f"  making a record: {options} options, {voters} requests, {votes} ballots", flush=True)
            make_record(path, options, voters, votes, self.pool)
        return path

    def ballot_cost(self, options: int, voters: int, rounds: int = 3) -> tuple[float, float, VerifierRun]:
        """CPU for one ballot and for one answered request (admission included) at this size, and a whole run."""
        per_ballot, per_request, runs = [], [], []
        full, requests = self.record(options, voters, voters), self.record(options, voters, MIN_VOTES)
        small = self.record(options, 2 * MIN_VOTES, MIN_VOTES)
        for _ in range(rounds):
            whole, only_requests, base = verify(full), verify(requests), verify(small)
            per_ballot.append((whole.cpu - only_requests.cpu) / (voters - MIN_VOTES))
            per_request.append((only_requests.cpu - base.cpu) / (voters - 2 * MIN_VOTES))
            runs.append(whole)
        return median(per_ballot), median(per_request), min(runs, key=lambda run: run.cpu)

    def run(self) -> None:
        """Measure everything."""
        print("timing making and the yardstick", flush=True)
        making_table = {}
        for options in SHAPES:
            before, cost, after = multiplication(), making(options), multiplication()
            yardstick = 8 * (options + 1) * (before + after) / 2
            making_table[options] = {"seconds": cost, "yardstick": yardstick, "ratio": cost / yardstick}
        verifying = {}
        for options in SHAPES:
            before = multiplication()
            ballot, request, run = self.ballot_cost(options, 1_000, 3 if options < 100 else 2)
            yardstick = 8 * (options + 1) * (before + multiplication()) / 2
            body = sum(contest.shape.byte_length for contest in SHAPES[options])
            verifying[options] = {
                "ballot seconds": ballot,
                "request seconds": request,
                "yardstick": yardstick,
                "ratio": ballot / yardstick,
                "one part in": yardstick / ballot,
                "body bytes": body,
                "entry bytes": self.entry_bytes(options),
                "record of 1,000": asdict(run),
            }
        sizes = {}
        for voters in [size for size in SIZES if size <= self.largest]:
            ballot, request, run = self.ballot_cost(20, voters, 3 if voters < self.largest else 2)
            sizes[voters] = {"ballot seconds": ballot, "request seconds": request, "run": asdict(run)}
        big = self.record(20, self.largest, self.largest)
        one, two = [], []
        for _ in range(2):
            one.append(verify(big, 1))
            two.append(verify(big, 2))
        speedup = median([a.wall / b.wall for a, b in zip(one, two, strict=True)])
        self.results = {
            "machine": {"processors": os.cpu_count(), "python": sys.version.split()[0]},
            "making": making_table,
            "verifying": verifying,
            "by number of ballots (20 options)": sizes,
            "two jobs against one": speedup,
            "two jobs": asdict(two[0]),
        }

    def entry_bytes(self, options: int) -> int:
        """Bytes of a ballot's entry."""
        from crypto.ledger.framing import ENTRY_LENGTH_BYTES, unframe

        data = (self.record(options, 1_000, 1_000) / "record/election/entries").read_bytes()
        return max(len(e) for e in unframe(data, ENTRY_LENGTH_BYTES) if b'"kind":"ballot"' in e)

    def show(self) -> None:
        """Print the table."""
        print(
            "\noptions   make ms (of yardstick)   verify ms (one part in)   request ms   bytes a ballot   1,000 ballots"
        )
        for options, row in self.results["verifying"].items():
            made = self.results["making"][options]
            print(
                f"{options:7}   {1e3 * made['seconds']:7.2f}  ({made['ratio']:.3f})"
                f"        {1e3 * row['ballot seconds']:7.3f}  (1/{row['one part in']:.1f})"
                f"          {1e3 * row['request seconds']:6.2f}     {row['body bytes'] + row['entry bytes']:8}"
                f"         {row['record of 1,000']['wall']:6.1f} s"
            )
        print("\nballots (20 options)   verify ms a ballot   request ms   peak MB   whole run s")
        for voters, row in self.results["by number of ballots (20 options)"].items():
            print(
                f"{voters:20}   {1e3 * row['ballot seconds']:18.3f}   {1e3 * row['request seconds']:10.2f}"
                f"   {row['run']['peak_mb']:7.0f}   {row['run']['wall']:11.1f}"
            )
        print(f"\n--jobs 2 is {self.results['two jobs against one']:.2f} times as fast as --jobs 1")
        print(f"peak memory of this bench itself: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="ballots of the largest record")
    parser.add_argument("--out", type=Path, default=Path("bench-results.json"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="veche-bench-") as folder:
        bench = Bench(Path(folder), os.cpu_count() or 1, arguments.largest)
        bench.run()
    bench.show()
    arguments.out.write_text(json.dumps(bench.results, indent=2) + "\n", encoding="utf-8")
    print(f"written: {arguments.out}")


if __name__ == "__main__":
    main()
