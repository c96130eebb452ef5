"""Damaged files through percept's decoder: no crash, no hang, no error without a type, and one reading.

    python -m tests.fuzz [--count N] [--seed N] [--piece N]

Each file is decoded twice, and a third time as if it were large, where formats that come in strips are read in
strips: the pictures are equal to the last bit, or all are refused. Pieces run in processes of their own, without
torch, under limits for memory and time, so that whatever a decoder in C does is seen from outside. A finding is
written to the current folder as fuzz-SEED.bin, and its number makes it again.
"""

from __future__ import annotations

import argparse
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from PIL import Image

from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.formats.decode import decode
from percept_cli.formats.tiff import strips as tiff
from percept_cli.images import joining
from percept_cli.images.picture import Decoded
from tests.fuzz.files import damaged, sound_files

MEMORY = 2 << 30  # bytes of addresses, of which Python, Pillow and numpy take some hundred million
SECONDS = 10.0  # of the processor, for all readings of one file; most take less than a millisecond
STUCK = 120.0, 1.0  # seconds of the clock for a piece, and for each file: only what waits for something needs them
LARGE, STRIP = 100, 60  # pixels: of a picture that is read in strips, and of a strip


def case(number: int, files: dict[str, bytes]) -> tuple[str, bytes]:
    """The damaged file of a number, and what it was made from."""
    rng = random.Random(number)
    name = rng.choice(sorted(files))
    return name, damaged(rng, files[name], list(files.values()))


def outcome(data: bytes) -> Decoded | str:
    """What it holds, or the name of the typed error that it gives."""
    try:
        return decode(data, "damaged")
    except (UnreadableImage, UnsupportedImage) as error:
        assert str(error).startswith("damaged: "), str(error)
        assert error.hint
        return type(error).__name__


@contextmanager
def in_strips() -> Iterator[None]:
    """Within it small pictures are large ones."""
    with (
        patch.object(joining, "LARGE", LARGE),
        patch.object(tiff, "LARGE", LARGE),
        patch.object(joining, "_STRIP", STRIP),
    ):
        yield


def same(first: Decoded | str, second: Decoded | str) -> bool:
    """Whether two readings of a file say the same; of those that are refused the reasons may be other ones.

    Whether a huge picture fits depends on the memory that is free; whether it is one does not.
    """
    if isinstance(first, str) and isinstance(second, str):
        return True
    return first == second or "UnsupportedImage" in (first, second)


def run_piece(first: int, count: int, note: Path) -> None:
    """Decode some files in this process. What is going on stands in a note, for whoever finds the process dead."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    Image.MAX_IMAGE_PIXELS = None  # as the commands have it
    files = sound_files()
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, about what it repairs; the command does not show them either
        for number in range(first, first + count):
            _note(note, number)
            name, data = case(number, files)
            start = time.perf_counter()
            signal.setitimer(signal.ITIMER_PROF, SECONDS)  # ends the process
            found = outcome(data)
            slowest = max(slowest, time.perf_counter() - start)
            if not same(outcome(data), found):
                _noted(note, f"case {number} ({name}): is read in two ways")
            with in_strips():
                strips = outcome(data)
            if not same(strips, found):
                _noted(note, f"case {number} ({name}): is another one in strips: {said(strips, found)}")
            outcomes["picture" if isinstance(found, Decoded) else found] += 1
    signal.setitimer(signal.ITIMER_PROF, 0)
    assert "torch" not in sys.modules
    print(*(f"{key}={value}" for key, value in sorted(outcomes.items())), f"slowest={slowest:.3f}")


def _note(note: Path, number: int) -> None:
    """In place, so that it says a number whenever the process ends."""
    with note.open("r+b" if note.exists() else "xb", buffering=0) as file:
        file.write(b"%-20d" % number)


def _noted(note: Path, finding: str) -> None:
    with _unequal(note).open("a") as file:
        file.write(f"{finding}\n")


def _unequal(note: Path) -> Path:
    """Where a piece leaves what it read in two ways, and goes on."""
    return note.with_suffix(".unequal")


def said(*readings: Decoded | str) -> list[str]:
    """Readings in a word each."""
    return [reading if isinstance(reading, str) else "picture" for reading in readings]


def run(count: int, seed: int, piece: int) -> tuple[Counter[str], list[str]]:
    """Decode so many damaged files: how they came out, and what must not happen."""
    outcomes: Counter[str] = Counter()
    findings = []
    first, end = seed, seed + count
    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder) / "note"
        while first < end:
            size = min(piece, end - first)
            command = [sys.executable, "-m", "tests.fuzz", "--child", str(first), str(size), str(note)]
            try:
                done = subprocess.run(
                    command, capture_output=True, text=True, check=False, timeout=STUCK[0] + size * STUCK[1]
                )
                problem = "" if done.returncode == 0 else f"exit code {done.returncode}: {done.stderr[-2000:]}"
                if done.returncode == -signal.SIGPROF:
                    problem = f"takes more than {SECONDS:g} s"
            except subprocess.TimeoutExpired:
                problem = "hangs"
            if problem:
                if not note.exists():  # not even the first one was begun
                    raise RuntimeError(problem)
                number = int(note.read_text())
                findings.append(f"case {number} ({case(number, sound_files())[0]}): {problem}")
                first = number + 1  # the sound ones before it are not counted
                continue
            if done.stdout.count("\n") != 1:  # standard output belongs to reports
                findings.append(f"case {first} or one behind it: a library printed: {done.stdout[:300]!r}")
            for word in done.stdout.splitlines()[-1].split():
                key, _, value = word.partition("=")
                if key != "slowest":
                    outcomes[key] += int(value)
            first += size
        if _unequal(note).exists():
            findings += _unequal(note).read_text().splitlines()
    return outcomes, findings


def main() -> None:
    """Read the command line, and say what came out."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--piece", type=int, default=1000)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        first, count, note = options.child
        run_piece(int(first), int(count), Path(note))
        return
    start = time.perf_counter()
    outcomes, findings = run(options.count, options.seed, options.piece)
    print(f"{sum(outcomes.values())} damaged files in {time.perf_counter() - start:.0f} s: {dict(outcomes)}")
    for finding in findings:
        print(finding)
        number = int(finding.split()[1])
        Path(f"fuzz-{number}.bin").write_bytes(case(number, sound_files())[1])
    sys.exit(bool(findings))


if __name__ == "__main__":
    main()
