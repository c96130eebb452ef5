"""A regression suite of 500 screenshots: `percept check` and `reg-cli` with their reports, and lpips in a loop.

Pages like those of an application are drawn with Pillow at 1280×720: 470 pairs are equal, in 25 a digit, a word,
a bar, a button or a row is another one, and 5 are drawn in other colours altogether. Each subject is a whole
process with all of its children; they take turns, and must agree on which pairs differ. lpips does some of the
pairs, which are the same work to it whatever is in them, and its time is scaled up. Memory is looked up five times
a second (Linux): the largest process, and all processes of a subject together, what they share counted once.

Run by hand:
    npm install --prefix DIR reg-cli@0.18.16
    python -m tests.benchmarks.suite --node DIR [--repetitions N] [--lpips-pairs N] [--reencode]
"""

from __future__ import annotations

import argparse
import json
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

from PIL import Image, ImageDraw, ImageFont

from tests.benchmarks.machine import describe

ROOT = Path(__file__).parent.parent.parent
WIDTH, HEIGHT = 1280, 720
EQUAL, LOCAL, ALL_OVER = 470, 25, 5
CHANGES = ("digit", "word", "bar", "button", "row")
_WORDS = (
    "Orders",
    "Refunds",
    "Invoices",
    "Customers",
    "Stock",
    "Suppliers",
    "Reports",
    "Staff",
    "Visits",
    "Totals",
)
_SAMPLE = 0.2  # seconds between looks at the memory
_TIMES_LEFT_OUT = 1  # of the lpips loop: its first pair allocates what the others reuse


@dataclass(frozen=True)
class Theme:
    """Colours of a page."""

    paper: str
    card: str
    ink: str
    line: str
    accent: str


LIGHT = Theme("#f3f4f6", "#ffffff", "#1f2933", "#d5d9df", "#2f6fde")
DARK = Theme("#12161c", "#1d232c", "#e2e6ec", "#333c49", "#e0a13a")


def draw_page(seed: int, change: str = "") -> Image.Image:
    """A page of an application, its content by the seed, with one thing of it changed or everything recoloured."""
    rng = random.Random(seed)
    theme = DARK if change == "theme" else LIGHT
    image = Image.new("RGB", (WIDTH, HEIGHT), theme.paper)
    pen = ImageDraw.Draw(image)
    _draw_frame(pen, theme, rng, change)
    _draw_cards(pen, theme, rng, change)
    _draw_bars(pen, theme, rng, change)
    _draw_rows(pen, theme, rng, change)
    return image


def _write(pen: ImageDraw.ImageDraw, x: int, y: int, text: str, size: int, colour: str) -> None:
    pen.text((x, y), text, fill=colour, font=ImageFont.load_default(size))


def _draw_frame(pen: ImageDraw.ImageDraw, theme: Theme, rng: random.Random, change: str) -> None:
    pen.rectangle((0, 0, 199, HEIGHT), fill=theme.ink if theme is LIGHT else theme.card)
    for place, word in enumerate(rng.sample(_WORDS, 9)):
        pen.ellipse((20, 84 + 44 * place, 34, 98 + 44 * place), fill=theme.accent if place == 2 else "#7b8794")
        _write(pen, 46, 82 + 44 * place, word, 15, "#e4e7eb")
    _write(pen, 224, 20, f"{rng.choice(_WORDS)} of week {rng.randrange(10, 53)}", 24, theme.ink)
    pen.rounded_rectangle((1130, 18, 1256, 54), 8, fill="#d64545" if change == "button" else theme.accent)
    _write(pen, 1164, 27, "Export", 16, "#ffffff")


def _draw_cards(pen: ImageDraw.ImageDraw, theme: Theme, rng: random.Random, change: str) -> None:
    for place in range(4):
        x = 224 + 262 * place
        pen.rounded_rectangle((x, 76, x + 246, 176), 10, fill=theme.card, outline=theme.line)
        word = rng.choice(_WORDS)
        amount = rng.randrange(10_000, 99_999)
        if place == 1 and change == "digit":
            amount += 1 if amount % 10 < 9 else -1
        _write(pen, x + 16, 90, "Pending" if place == 2 and change == "word" else word, 15, "#7b8794")
        _write(pen, x + 16, 120, f"{amount:,}", 30, theme.ink)
        _write(pen, x + 170, 132, f"+{rng.randrange(1, 30)} %", 15, "#2f9e62")


def _draw_bars(pen: ImageDraw.ImageDraw, theme: Theme, rng: random.Random, change: str) -> None:
    pen.rounded_rectangle((224, 192, 740, 696), 10, fill=theme.card, outline=theme.line)
    for place in range(6):
        pen.line((250, 260 + 80 * place, 720, 260 + 80 * place), fill=theme.line)
    for place in range(14):
        high = rng.randrange(60, 380)
        if place == 5 and change == "bar":
            high -= 24
        x = 262 + 33 * place
        pen.rectangle((x, 660 - high, x + 20, 660), fill=theme.accent)
        _write(pen, x, 668, f"{place + 1:02}", 14, "#7b8794")


def _draw_rows(pen: ImageDraw.ImageDraw, theme: Theme, rng: random.Random, change: str) -> None:
    pen.rounded_rectangle((756, 192, 1256, 696), 10, fill=theme.card, outline=theme.line)
    for place in range(17):
        y = 204 + 29 * place
        told = f"{rng.randrange(1000, 9999)}", rng.choice(_WORDS), f"{rng.uniform(1, 999):.2f}"
        if place == 9 and change == "row":
            continue
        for x, text in zip((776, 860, 1160), told, strict=True):
            _write(pen, x, y, text, 15, theme.ink)
        pen.line((772, y + 23, 1240, y + 23), fill=theme.line)


def make_suite(folder: Path, reencode: bool) -> tuple[Path, Path, set[str]]:
    """Draw the pictures: the folders of the baselines and of the pictures, and the names of those that differ."""
    base, current = folder / "base", folder / "current"
    base.mkdir()
    current.mkdir()
    changes = [CHANGES[number % len(CHANGES)] for number in range(LOCAL)] + ["theme"] * ALL_OVER + [""] * EQUAL
    random.Random(0).shuffle(changes)
    for number, change in enumerate(changes):
        name = f"page-{number:03}.png"
        page = draw_page(number)
        page.save(base / name)
        if change:
            draw_page(number, change).save(current / name)
        elif reencode:
            page.save(current / name, compress_level=3)
        else:
            shutil.copy(base / name, current / name)
    return base, current, {f"page-{number:03}.png" for number, change in enumerate(changes) if change}


@dataclass(frozen=True)
class Ended:
    """A subject that has ended as it should."""

    seconds: float
    largest: float
    """MB of its largest process."""
    together: float
    """MB of all its processes at once, what they share counted once."""
    output: str


def run(command: Sequence[str | Path], code: int) -> Ended:
    """Run a whole process and watch it; another exit code than this ends the benchmark."""
    with tempfile.TemporaryFile("w+") as told:
        start = time.perf_counter()
        process = subprocess.Popen(list(map(str, command)), cwd=ROOT, stdout=told, start_new_session=True)
        largest = together = 0
        while process.poll() is None:
            found = [_memory(one) for one in _members(process.pid)]
            largest = max([largest, *(peak for peak, _ in found)])
            together = max(together, sum(share for _, share in found))
            try:
                process.wait(_SAMPLE)
            except subprocess.TimeoutExpired:
                continue
        seconds = time.perf_counter() - start
        told.seek(0)
        output = told.read()
    if process.returncode != code:
        raise SystemExit(f"{output}\nError: {command[0]} … ended with {process.returncode}")
    return Ended(seconds, largest / 1024, together / 1024, output)


def _members(session: int) -> list[Path]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended
            if int(fields[3]) == session:
                found.append(entry)
    return found


def _memory(process: Path) -> tuple[int, int]:
    """KB of a process: the most it had so far, and its share of what it has."""
    try:
        status, now = (process / "status").read_text(), (process / "smaps_rollup").read_text()
    except OSError:
        return 0, 0
    peak, share = re.search(r"VmHWM:\s+(\d+)", status), re.search(r"^Pss:\s+(\d+)", now, re.MULTILINE)
    return int(peak[1]) if peak else 0, int(share[1]) if share else 0


def percept(base: Path, current: Path, out: Path) -> tuple[Ended, set[str]]:
    """`percept check` with three reports, and the names of the pairs that it fails."""
    out.mkdir(exist_ok=True)
    reports = [part for ending in ("json", "xml", "html") for part in ("-o", out / f"r.{ending}")]
    ended = run([sys.executable, "-m", "percept_cli", "check", base, current, *reports, "-q"], code=1)
    results = json.loads((out / "r.json").read_text(encoding="utf-8"))["results"]
    return ended, {one["name"] for one in results if one["status"] == "fail"}


def reg_cli(base: Path, current: Path, out: Path, packages: Path) -> tuple[Ended, set[str]]:
    """`reg-cli` with its two reports, and the names of the pairs that it fails."""
    out.mkdir(exist_ok=True)
    tool = packages / "node_modules" / ".bin" / "reg-cli"
    ended = run([tool, current, base, out / "diff", "-J", out / "r.json", "-R", out / "r.html"], code=1)
    return ended, set(json.loads((out / "r.json").read_text(encoding="utf-8"))["failedItems"])


def lpips(base: Path, current: Path, out: Path, names: Sequence[str], pairs: int) -> tuple[Ended, float, str]:
    """The loop of the benchmark `batch` over some pairs, the seconds it takes for all, and how they were found."""
    out.mkdir(exist_ok=True)
    loop = [sys.executable, "-m", "tests.benchmarks.batch", "--child"]
    ended = run([*loop, base, current, out / "scores.csv", *names], code=0)
    times = json.loads(ended.output.splitlines()[-1])
    pair = statistics.median(times["pairs"][_TIMES_LEFT_OUT:])
    seconds = times["startup"] + pairs * pair
    return ended, seconds, f"{len(names)} pairs, {pair:.2f} s each, start-up {times['startup']:.1f} s"


def check_verdicts(subject: str, failed: set[str], differ: set[str]) -> None:
    """Tell of pairs that a subject judges otherwise than the suite was made."""
    if failed != differ:
        wrong = ", ".join(sorted(failed ^ differ))
        print(f"{subject} fails {len(failed)} pairs, {len(differ)} differ; otherwise: {wrong}", file=sys.stderr)


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--node", type=Path, help="the folder that holds node_modules; without, no reg-cli")
    parser.add_argument("--repetitions", type=int, default=3, help="of percept and reg-cli")
    parser.add_argument("--lpips-pairs", type=int, default=10, help="that lpips does; 0 for no lpips")
    parser.add_argument("--reencode", action="store_true", help="equal pairs are equal in pixels, not in bytes")
    given = parser.parse_args()
    print(f"{describe()}; load average before {os.getloadavg()[0]:.1f}\n", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base, current, differ = make_suite(folder, given.reencode)
        pairs = EQUAL + LOCAL + ALL_OVER
        runs: dict[str, list[Ended]] = {"percept check": [], "reg-cli": []}
        for _ in range(given.repetitions):
            ended, failed = percept(base, current, folder / "percept")
            runs["percept check"].append(ended)
            check_verdicts("percept check", failed, differ)
            if given.node:
                ended, failed = reg_cli(base, current, folder / "reg", given.node)
                runs["reg-cli"].append(ended)
                check_verdicts("reg-cli", failed, differ)
        ours = statistics.median(ended.seconds for ended in runs["percept check"])
        print("| subject | seconds | ratio to percept | largest process | all processes |\n|---|---|---|---|---|")
        for subject, found in runs.items():
            if found:
                told = ", ".join(f"{ended.seconds:.1f}" for ended in found)
                print(_row(subject, f"(of {told})", statistics.median(one.seconds for one in found), ours, found))
        if given.lpips_pairs:
            sample = [f"page-{number:03}.png" for number in range(given.lpips_pairs)]
            ended, seconds, how = lpips(base, current, folder / "lpips", sample, pairs)
            print(_row("a loop over lpips", f"(scaled from {how})", seconds, ours, [ended]))
        sizes = [path.stat().st_size / 1e6 for path in (folder / "percept").iterdir()]
        print(f"\n{pairs} pairs, {len(differ)} differ; the reports of percept have {sum(sizes):.1f} MB in all")


def _row(subject: str, note: str, seconds: float, ours: float, found: Sequence[Ended]) -> str:
    largest, together = max(one.largest for one in found), max(one.together for one in found)
    return f"| {subject} | {seconds:.1f} {note} | {seconds / ours:.2f}× | {largest:.0f} MB | {together:.0f} MB |"


if __name__ == "__main__":
    main()
