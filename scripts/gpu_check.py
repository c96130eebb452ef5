"""Try percept on a GPU, in ten minutes at most: whether its numbers are right there, and how long it takes.

Run from a checkout: python -m scripts.gpu_check [--device cuda] [--small] [--deadline SECONDS] [--vendor DIR]

Nothing needs to be installed but torch, torchvision, numpy and pillow. ``--vendor`` names a folder of unpacked
pure Python packages (``python -m scripts.gpu_carry packages DIR`` makes one), such as lpips to compare with.

Each step writes a line of JSON as soon as it is done; a table follows at the end. At the deadline a step that is
not done is stopped with the process.

Exit codes: 0, all steps that this device can do are right; 1, a number is wrong; 2, usage; 3, a step broke; 4, the
device is not there, or the deadline came first.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from scripts.gpu_steps.bench import Bench, Finding

DEADLINE = 570
"""Seconds from the start: ten minutes, less what loading torch and the last line take."""
GRACE = 5
"""Seconds that a step may take beyond that before the process ends: it may be about to stop by itself."""
OK, WRONG, BROKE, SKIPPED, LATE = "ok", "wrong", "broke", "not here", "no time"


def steps() -> dict[str, Callable[[Bench], Finding]]:
    """By name, what is most worth knowing first."""
    from scripts.gpu_steps import numbers, speed, training

    return {
        "versions": numbers.versions,
        "presets": numbers.presets,
        "precisions": numbers.precisions,
        "pieces": numbers.pieces,
        "memory": numbers.memory,
        "loss": training.loss,
        "times": speed.times,
        "sweep": speed.sweep,
        "batch": speed.pairs_per_second,
        "layouts": speed.layouts,
        "3×tf32": numbers.three_tf32,
        "uploads": speed.uploads,
        "graphs": speed.graphs,
        "lpips": speed.against_lpips,
        "compiled": training.compiled,
    }


@dataclass
class Record:
    """What was found so far: a line of JSON each, and the table."""

    out: TextIO
    rows: list[tuple[str, str, float, str]] = field(default_factory=list)
    """Step, outcome, seconds, note."""

    def add(self, step: str, outcome: str, seconds: float, note: str, values: object = None) -> None:
        """Write a step down, at once."""
        line: dict[str, Any] = {"step": step, "outcome": outcome, "seconds": round(seconds, 3), "note": note}
        self.rows.append((step, outcome, seconds, note))
        print(json.dumps(line | {"values": values}, ensure_ascii=False, default=str), file=self.out, flush=True)

    def table(self) -> str:
        """All steps, for people."""
        return "\n".join(
            f"{step:<11}{outcome:<10}{seconds:>7.1f} s  {note}" for step, outcome, seconds, note in self.rows
        )

    def exit_code(self) -> int:
        """By the worst outcome."""
        outcomes = {outcome for _, outcome, _, _ in self.rows}
        return next((code for outcome, code in ((BROKE, 3), (WRONG, 1), (LATE, 4)) if outcome in outcomes), 0)


def run(bench: Bench, wanted: dict[str, Callable[[Bench], Finding]], record: Record) -> None:
    """Do one step after the other; what goes wrong in one is told, and the next one begins."""
    from scripts.gpu_steps.bench import NotHereError

    for name, step in wanted.items():
        if bench.left <= 0:
            record.add(name, LATE, 0.0, "the deadline came before it began")
            continue
        start = time.monotonic()
        guard = threading.Timer(bench.left + GRACE, stop, (record, name, start))
        guard.daemon = True
        guard.start()
        try:
            found = step(bench)
        except NotHereError as error:
            record.add(name, SKIPPED, time.monotonic() - start, str(error))
        except Exception as error:
            where = traceback.format_exc(limit=-4)
            record.add(name, BROKE, time.monotonic() - start, f"{type(error).__name__}: {error}", where)
        else:
            record.add(name, OK if found.ok else WRONG, time.monotonic() - start, found.note, found.values)
        finally:
            guard.cancel()
        bench.clear()  # each step has all of the memory


def stop(record: Record, step: str, start: float) -> None:
    """End the process: work on a GPU cannot be interrupted otherwise."""
    record.add(step, LATE, time.monotonic() - start, "stopped at the deadline")
    print(record.table(), flush=True)
    os._exit(record.exit_code())


def main(words: Sequence[str] | None = None) -> int:
    """Read the options, do the steps, and return the exit code."""
    begun = time.monotonic()
    parser = argparse.ArgumentParser(
        prog="python -m scripts.gpu_check", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--device", default="cuda", help="cuda, cuda:N, mps or cpu")
    parser.add_argument("--small", action="store_true", help="reduced sizes, for a CPU")
    parser.add_argument("--deadline", type=float, default=DEADLINE, metavar="SECONDS", help="from the start on")
    parser.add_argument("--vendor", type=Path, metavar="DIR", help="a folder of unpacked packages")
    parser.add_argument("--steps", metavar="NAMES", help="only these, separated by commas")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="lines of JSON, here instead of standard output"
    )
    options = parser.parse_args(words)
    if options.vendor is not None:
        if not options.vendor.is_dir():
            parser.error(f"--vendor {options.vendor} is no folder")
        sys.path.append(str(options.vendor))  # last: what is installed fits this machine better

    from scripts.plain_safetensors import stand_in

    stand_in()
    from percept_cli.engine.device import resolve_device
    from percept_cli.errors import PerceptError
    from scripts.gpu_steps.bench import Bench

    try:
        device = str(resolve_device(options.device))
    except PerceptError as error:
        print(f"Error: {error}\nHint: {error.hint}", file=sys.stderr)
        return 4
    bench = Bench(device, options.small, begun + options.deadline)
    wanted = steps()
    names = wanted if options.steps is None else options.steps.split(",")
    if unknown := [name for name in names if name not in wanted]:
        parser.error(f"unknown step {unknown[0]!r}: choose from {', '.join(wanted)}")
    out = sys.stdout if options.output is None else options.output.open("w", encoding="utf-8")
    record = Record(out)
    try:
        run(bench, {name: wanted[name] for name in names}, record)
    finally:
        if out is not sys.stdout:
            out.close()
    print(record.table(), flush=True)
    return record.exit_code()


if __name__ == "__main__":
    sys.exit(main())
