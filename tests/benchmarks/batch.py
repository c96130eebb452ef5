"""`percept batch` against a plain loop with `lpips.LPIPS(net="vgg")`, as whole processes; and its memory.

Both begin with nothing imported, read the same PNG files (in the page cache), use torch's default number of
threads and write their scores as CSV. They take turns, and their scores must agree. Where lpips would take too
long it does some of the pairs, which are the same work to it whatever is in them, and its time is scaled up.
A peak is a process's largest resident set (Linux).

Run by hand: python -m tests.benchmarks.batch [--only PART]... [--repetitions N] [--large-repetitions N] [--whole]
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import math
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.machine import describe

ROOT = Path(__file__).parent.parent.parent
PARTS = ("regression", "different", "memory")
MEMORY_PAIRS = (200, 5000)
TOLERANCE = 1e-4  # tests/test_lpips_parity.py is stricter; here it is only to be seen that both do the same work

# The figure of a process that was forked begins with what its parent had. This parent has 10 MB.
_LAUNCHER = """
import json, os, sys, time
def busy():
    with open("/proc/stat") as file:
        user, nice, system, _, _, interrupts, softly = map(int, file.readline().split()[1:8])
    return (user + nice + system + interrupts + softly) / os.sysconf("SC_CLK_TCK")
before, start = busy(), time.perf_counter()
_, status, usage = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)
seconds = time.perf_counter() - start
others = (busy() - before - usage.ru_utime - usage.ru_stime) / seconds
print(json.dumps([seconds, usage.ru_maxrss / 1024, max(0, others), os.waitstatus_to_exitcode(status)]))
"""


@dataclass(frozen=True)
class Finished:
    """A process that has ended well."""

    seconds: float
    megabytes: float
    others: float
    """Processors that other processes kept busy meanwhile: above a few hundredths, measure again."""
    lines: list[str]
    """Of its standard output."""
    told: str
    """Its standard error."""


def process(*arguments: str | Path) -> Finished:
    """Run a whole Python process; a failure ends the benchmark."""
    command = [sys.executable, "-I", "-S", "-c", _LAUNCHER, sys.executable, *map(str, arguments)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    *lines, figures = ended.stdout.splitlines()
    seconds, megabytes, others, code = json.loads(figures)
    if code:
        raise SystemExit(f"{ended.stderr}\nError: {command[6:]} ended with {code}")
    return Finished(seconds, megabytes, others, lines, ended.stderr)


@dataclass(frozen=True)
class Suite:
    """Two folders with pictures of the same names, and which of them lpips is to do."""

    title: str
    reference: Path
    candidate: Path
    sample: Sequence[str]
    pairs: int

    @property
    def scores(self) -> Path:
        return self.reference.parent / "scores.csv"

    @property
    def peer_scores(self) -> Path:
        return self.reference.parent / "peer.csv"


def grainy(width: int, height: int, seed: int) -> Any:
    """Pixels of a drawing whose upper third has grain, so that its PNG is as long to read as a screenshot's."""
    import numpy as np

    from tests.conftest import drawing

    pixels = np.array(drawing(width, height, seed), np.int16)
    grain = np.random.default_rng(seed).integers(-3, 4, pixels[: height // 3].shape)
    pixels[: height // 3] += grain.astype(np.int16)
    return pixels.clip(0, 255).astype(np.uint8)


def changed(pixels: Any, kind: str, rng: random.Random) -> Any:
    """The same with inverted colours, everywhere or in a rectangle of 2 % of the picture."""
    if kind == "everywhere":
        return 255 - pixels
    height, width, _ = pixels.shape
    tall, wide = height * 2 // 15, width * 3 // 20
    top, left = rng.randrange(height - tall), rng.randrange(width - wide)
    found = pixels.copy()
    found[top : top + tall, left : left + wide] ^= 255
    return found


def make_suite(folder: Path, width: int, height: int, kinds: list[str], most_for_peer: int) -> Suite:
    """A pair of every kind: equal, rectangle, everywhere or noise; in the order of a seeded shuffle."""
    import numpy as np
    from PIL import Image

    rng = random.Random(0)
    rng.shuffle(kinds)
    reference, candidate = folder / "reference", folder / "candidate"
    reference.mkdir(parents=True)
    candidate.mkdir()
    bases = [grainy(width, height, seed) for seed in range(5)]
    for seed, pixels in enumerate(bases):
        Image.fromarray(pixels).save(folder / f"{seed}.png")
    by_kind: dict[str, list[str]] = {}
    for number, kind in enumerate(kinds):
        name = f"{number:04}.png"
        by_kind.setdefault(kind, []).append(name)
        shutil.copy(folder / f"{number % 5}.png", reference / name)
        pixels = bases[number % 5]
        if kind == "equal":
            shutil.copy(reference / name, candidate / name)
        elif kind == "noise":
            noise = np.random.default_rng(number).integers(-8, 9, pixels.shape)
            Image.fromarray((pixels + noise).clip(0, 255).astype(np.uint8)).save(candidate / name)
        else:
            Image.fromarray(changed(pixels, kind, rng)).save(candidate / name)
    differ = len(kinds) - kinds.count("equal")
    in_turns = itertools.chain.from_iterable(itertools.zip_longest(*by_kind.values()))
    return Suite(
        f"{len(kinds)} pairs of {width}×{height}, {differ} differ",
        reference,
        candidate,
        sorted([name for name in in_turns if name is not None][:most_for_peer]),
        len(kinds),
    )


def percept(suite: Suite) -> tuple[Finished, float]:
    """A run of `percept batch`, and how many per cent of the time the device was busy, by its own word."""
    ended = process(
        *("-m", "percept_cli", "batch", suite.reference, suite.candidate, "-v", "-o", suite.scores, "--wide")
    )
    busy = re.search(r"device busy ([\d.]+) % of the time", ended.told)
    return ended, float(busy[1]) if busy else math.nan


def lpips_loop(reference: Path, candidate: Path, out: Path, names: Sequence[str]) -> None:
    """What the child does: one pair after the other, scores as CSV; its times are its last line."""
    begun = time.perf_counter()
    import numpy as np
    import torch
    from PIL import Image

    from tests.support.peers import lpips_with_shipped_kernels

    def load(path: Path) -> torch.Tensor:
        pixels = torch.from_numpy(np.array(Image.open(path).convert("RGB")))
        return pixels.permute(2, 0, 1)[None] / 127.5 - 1

    model = lpips_with_shipped_kernels()
    startup = time.perf_counter() - begun
    seconds = []
    with torch.inference_mode(), out.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("name", "distance"))
        for name in names:
            start = time.perf_counter()
            rows.writerow((name, model(load(reference / name), load(candidate / name)).item()))
            seconds.append(time.perf_counter() - start)
    print(json.dumps({"startup": startup, "pairs": seconds}))


def lpips(suite: Suite) -> tuple[Finished, float, str]:
    """A run of the loop, seconds it takes for the whole suite, and how they were found."""
    paths = (suite.reference, suite.candidate, suite.peer_scores)
    ended = process("-m", "tests.benchmarks.batch", "--child", *paths, *suite.sample)
    times = json.loads(ended.lines[-1])
    startup, pair = times["startup"], statistics.median(times["pairs"])
    found = f"start-up {startup:.1f} s, {pair:.3f} s per pair in the median, peak {ended.megabytes:.0f} MB"
    if len(suite.sample) == suite.pairs:
        return ended, ended.seconds, f"all {suite.pairs} pairs run; {found}"
    return ended, startup + suite.pairs * pair, f"scaled from {len(suite.sample)} of {suite.pairs} pairs; {found}"


def check_agreement(suite: Suite) -> str:
    """How far the scores of both are apart at most; too far ends the benchmark."""
    with suite.scores.open(newline="") as file:
        found = {row["name"]: float(row["distance"]) for row in csv.DictReader(file)}
    if len(found) != suite.pairs:
        raise SystemExit(f"Error: {suite.title}: percept gave {len(found)} scores")
    worst = 0.0
    with suite.peer_scores.open(newline="") as file:
        expected = {row["name"]: float(row["distance"]) for row in csv.DictReader(file)}
    for name, distance in expected.items():
        if not math.isclose(found[name], distance, rel_tol=TOLERANCE):
            raise SystemExit(f"Error: {suite.title}: {name} is {found[name]} to percept, {distance} to lpips")
        worst = max(worst, abs(found[name] - distance) / distance if distance else 0.0)
    zeros = sum(distance == 0 for distance in expected.values())
    return f"{len(expected)} scores agree, {zeros} of them 0 to both, the others within {worst:.1e}"


def compare(suite: Suite, repetitions: int) -> tuple[str, list[str]]:
    """A row of the table, and what should be known about it."""
    ours, busy, theirs, notes = [], [], [], []
    for number in range(1, repetitions + 1):
        ended, share = percept(suite)
        peer, seconds, note = lpips(suite)
        ours.append(ended)
        busy.append(share)
        theirs.append(seconds)
        notes.append(
            f"{suite.title}, run {number}: percept {ended.seconds:.1f} s; lpips {seconds:.1f} s ({note}); "
            f"{check_agreement(suite)}; other processes took {ended.others:.2f} and {peer.others:.2f} processors"
        )
    seconds_of_percept = statistics.median(run.seconds for run in ours)
    seconds_of_lpips = statistics.median(theirs)
    cells = (
        suite.title,
        f"{seconds_of_percept:.1f} s",
        f"{seconds_of_lpips:.1f} s" + ("" if len(suite.sample) == suite.pairs else " (scaled)"),
        f"**{seconds_of_lpips / seconds_of_percept:.2f}×**",
        f"{statistics.median(busy):.1f} %",
        f"{statistics.median(run.megabytes for run in ours):.0f} MB",
    )
    return f"| {' | '.join(cells)} |", notes


def memory(folder: Path, repetitions: int) -> None:
    """Print the peaks over few and over many small pairs that differ, with two reports each."""
    from PIL import Image

    folder.mkdir()
    for seed in range(10):
        Image.fromarray(grainy(32, 32, seed)).save(folder / f"{seed}.png")
    for pairs in MEMORY_PAIRS:
        for side, shift in (("reference", 0), ("candidate", 1)):
            (folder / str(pairs) / side).mkdir(parents=True)
            for number in range(pairs):
                target = folder / str(pairs) / side / f"{number:05}.png"
                target.hardlink_to(folder / f"{(number + shift) % 10}.png")
    peaks: dict[int, list[Finished]] = {pairs: [] for pairs in MEMORY_PAIRS}
    for _ in range(repetitions):
        for pairs, runs in peaks.items():
            there = folder / str(pairs)
            reports = ("-o", there / "out.json", "-o", there / "out.csv")
            runs.append(
                process(
                    *("-m", "percept_cli", "batch", there / "reference", there / "candidate"),
                    *("--workers", "2", *reports),
                )
            )
    print("| differing pairs of 32×32, JSON and CSV written | percept | percept peak |\n|---|---|---|")
    for pairs, runs in peaks.items():
        seconds = statistics.median(run.seconds for run in runs)
        peak = statistics.median(run.megabytes for run in runs)
        print(f"| {pairs} | {seconds:.1f} s | {peak:.0f} MB |")
    few, many = (statistics.median(run.megabytes for run in runs) for runs in peaks.values())
    print(f"| ratio | | **{many / few:.3f}** |", flush=True)


def main() -> None:
    """Print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=PARTS, help="a part to run; may be repeated")
    parser.add_argument("--repetitions", type=int, default=3, help="at 256×256, and for memory")
    parser.add_argument("--large-repetitions", type=int, default=1, help="at 1280×720")
    parser.add_argument("--pairs", type=int, default=200, help="in each of the suites that are timed")
    parser.add_argument("--peer-pairs", type=int, default=6, help="that lpips does at 1280×720; scaled to all")
    parser.add_argument("--whole", action="store_true", help="let lpips do all of them")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        reference, candidate, out, *names = options.child
        lpips_loop(Path(reference), Path(candidate), Path(out), names)
        return

    parts, pairs = options.only or PARTS, options.pairs
    print(f"{describe()}; load average before {os.getloadavg()[0]:.1f}\n", flush=True)
    with tempfile.TemporaryDirectory() as name:
        notes = []
        suites = [part for part in parts if part != "memory"]
        if suites:
            print("| suite | percept | lpips | time ratio lpips/percept | device busy | percept peak |")
            print("|---|---|---|---|---|---|", flush=True)
        if "regression" in suites:
            few, all_over = max(1, pairs * 8 // 100), max(1, pairs * 2 // 100)
            kinds = ["equal"] * (pairs - few - all_over) + ["rectangle"] * few + ["everywhere"] * all_over
            sampled = pairs if options.whole else options.peer_pairs
            suite = make_suite(Path(name) / "regression", 1280, 720, kinds, sampled)
            row, found = compare(suite, options.large_repetitions)
            print(row, flush=True)
            notes += found
        if "different" in suites:
            suite = make_suite(Path(name) / "different", 256, 256, ["noise"] * pairs, pairs)
            row, found = compare(suite, options.repetitions)
            print(row, flush=True)
            notes += found
        if notes:
            print("\n" + "\n".join(f"- {note}" for note in notes) + "\n", flush=True)
        if "memory" in parts:
            memory(Path(name) / "memory", options.repetitions)


if __name__ == "__main__":
    main()
