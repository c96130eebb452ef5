"""One pair in process against `lpips.LPIPS(net="vgg")`: time in one run, and each one's peak memory on its own.

Both carry the shipped kernels and use the same threads; both are warm before they are timed. The peak is a child
process's largest resident set (Linux), with imports, weights and one pair.

Run by hand: python -m tests.benchmarks.against_lpips [--repetitions N] [--large-repetitions N]
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import plan_pair
from percept_cli.images.tensors import to_batch
from percept_cli.presets import load_preset
from tests.benchmarks.machine import describe, medians
from tests.conftest import as_picture, drawing
from tests.peers import lpips_with_shipped_kernels

SIZES = ((256, 256), (1920, 1080))


def pixels(width: int, height: int) -> tuple[Tensor, Tensor]:
    """A pair that differs everywhere: 1×3×H×W uint8 each."""
    first, second = (to_batch([as_picture(drawing(width, height, seed))]) for seed in (0, 1))
    return first, 255 - second


def percept(width: int, height: int) -> Callable[[], object]:
    """The default preset on one pair, from uint8 pixels to distances."""
    spec = load_preset("default").spec
    engine = Engine(spec, "cpu")
    plan = plan_pair(spec, height=height, width=width)
    reference, candidate = pixels(width, height)
    return lambda: engine.measure(reference, candidate, plan)


def lpips(width: int, height: int) -> Callable[[], object]:
    """The published implementation on the same pair, from floats in [-1, 1] to the distance."""
    model = lpips_with_shipped_kernels()
    reference, candidate = (value / 127.5 - 1 for value in pixels(width, height))

    def run() -> object:
        with torch.inference_mode():
            return model(reference, candidate)

    return run


SUBJECTS = {"percept": percept, "lpips": lpips}


def peak_megabytes(subject: str, width: int, height: int) -> float:
    """Peak resident memory of a process that does one pair."""
    arguments = ["--child", subject, str(width), str(height)]
    out = subprocess.check_output([sys.executable, "-m", "tests.benchmarks.against_lpips", *arguments], text=True)
    return float(out.splitlines()[-1])


def main() -> None:
    """Print a Markdown table of ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=11, help="at 256×256")
    parser.add_argument("--large-repetitions", type=int, default=3, help="at 1920×1080")
    parser.add_argument("--child", nargs=3, metavar=("SUBJECT", "WIDTH", "HEIGHT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        subject, width, height = options.child
        SUBJECTS[subject](int(width), int(height))()
        # Not getrusage: a child's figure there begins with what its parent had when it was forked.
        status = Path("/proc/self/status").read_text()
        print(int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024)
        return

    print(describe() + "\n")
    print("| pair | percept | lpips | time ratio | percept peak | lpips peak | memory ratio |")
    print("|---|---|---|---|---|---|---|")
    for (width, height), repetitions in zip(SIZES, (options.repetitions, options.large_repetitions), strict=True):
        runs = {name: subject(width, height) for name, subject in SUBJECTS.items()}
        for run in runs.values():
            run()
        seconds = medians(runs, repetitions)
        peaks = {name: peak_megabytes(name, width, height) for name in SUBJECTS}
        cells = (
            f"{width}×{height}, differs everywhere",
            *(f"{seconds[name]:.2f} s" for name in SUBJECTS),
            f"**{seconds['percept'] / seconds['lpips']:.2f}**",
            *(f"{peaks[name]:.0f} MB" for name in SUBJECTS),
            f"**{peaks['percept'] / peaks['lpips']:.2f}**",
        )
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
