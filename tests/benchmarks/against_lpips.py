"""One pair in process against `lpips.LPIPS(net="vgg")`: time in one run, and each one's peak memory on its own.

Both carry the shipped kernels and use the same threads; both are warm before they are timed. percept begins with
the decoded bytes and plans, lpips with floats. The peak is a child process's largest resident set (Linux), with
imports, weights and one pair. Behind the table: the rate of convolutions, as if every product of the direct sum
were computed, against the best rate of a single convolution of torch on this machine.

Run by hand: python -m tests.benchmarks.against_lpips [--repetitions N] [--large-repetitions N]
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import plan_of_pixels
from percept_cli.engine.tensors import to_batch
from percept_cli.images.picture import Picture
from percept_cli.recipes.presets import load_preset
from percept_cli.topology import layers_up_to, tap_shape
from tests.benchmarks.machine import describe, medians
from tests.conftest import as_picture, drawing
from tests.support.peers import lpips_with_shipped_kernels

SPEC = load_preset("five-taps").spec


def everywhere(width: int, height: int) -> tuple[Picture, Picture]:
    """A pair that differs everywhere."""
    first, second = (as_picture(drawing(width, height, seed)) for seed in (0, 1))
    return first, Picture(width, height, bytes(255 - np.frombuffer(second.pixels[:], np.uint8)))


def one_region(width: int, height: int) -> tuple[Picture, Picture]:
    """A pair that differs in 40×40 pixels near its middle."""
    reference = as_picture(drawing(width, height, 0))
    pixels = np.frombuffer(reference.pixels[:], np.uint8).reshape(height, width, 3).copy()
    pixels[height // 2 : height // 2 + 40, width // 2 : width // 2 + 40] = 255 - pixels[0, 0]
    return reference, Picture(width, height, pixels.tobytes())


def nowhere(width: int, height: int) -> tuple[Picture, Picture]:
    """A pair whose decoded pixels are equal, in two places of the memory."""
    reference = as_picture(drawing(width, height, 0))
    return reference, Picture(width, height, bytes(bytearray(reference.pixels[:])))


PAIRS = {
    "256×256, differs everywhere": (everywhere, 256, 256),
    "1920×1080, differs everywhere": (everywhere, 1920, 1080),
    "1920×1080, one 40×40 region changed": (one_region, 1920, 1080),
    "1920×1080, decoded pixels equal": (nowhere, 1920, 1080),
}


def percept(pair: str) -> Callable[[], object]:
    """The default preset, from decoded bytes to distances, planning included."""
    make, width, height = PAIRS[pair]
    reference, candidate = make(width, height)
    engine = Engine(SPEC, "cpu")

    def run() -> object:
        plan = plan_of_pixels(SPEC, reference.pixels, candidate.pixels, height, width)
        found = []
        for piece in engine.pieces(plan):
            parts = [piece.crop.pixels] * 2
            found.append(engine.start(to_batch([reference, candidate], parts), [piece]).result()[0])
        return engine.finish(plan, found)

    return run


def lpips(pair: str) -> Callable[[], object]:
    """The published implementation on the same pair, from floats in [-1, 1] to the distance."""
    make, width, height = PAIRS[pair]
    model = lpips_with_shipped_kernels()
    reference, candidate = (to_batch([picture]) / 127.5 - 1 for picture in make(width, height))

    def run() -> object:
        with torch.inference_mode():
            return model(reference, candidate)

    return run


SUBJECTS = {"percept": percept, "lpips": lpips}


def peak_megabytes(subject: str, pair: str) -> float:
    """Peak resident memory of a process that does one pair."""
    command = [sys.executable, "-m", "tests.benchmarks.against_lpips", "--child", subject, pair]
    return float(subprocess.check_output(command, text=True).splitlines()[-1])


def direct_products(width: int, height: int) -> float:
    """Multiplications and additions of the direct sums of all convolutions, for both pictures of a pair."""
    total = 0.0
    for layer in layers_up_to("vgg16", SPEC.taps):
        if layer.kind == "conv":
            channels, rows, columns = tap_shape("vgg16", layer.name, height, width)
            total += 2 * 2 * 9 * layer.in_channels * channels * rows * columns
    return total


def best_rate() -> float:
    """Operations per second of torch's fastest 3×3 convolution among VGG-16's, channels last."""
    best = 0.0
    for channels, rows, columns in ((64, 16, 1920), (128, 16, 960), (256, 16, 480), (512, 16, 240)):
        shape = (1, channels, rows, columns)
        x = torch.randn(shape).contiguous(memory_format=torch.channels_last)
        weight = torch.randn(channels, channels, 3, 3).contiguous(memory_format=torch.channels_last)
        for _ in range(9):
            start = time.perf_counter()
            F.conv2d(x, weight, padding=1)
            best = max(best, 2 * 9 * channels**2 * rows * columns / (time.perf_counter() - start))
    return best


def main() -> None:
    """Print a Markdown table of ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=11, help="at 256×256")
    parser.add_argument("--large-repetitions", type=int, default=3, help="at 1920×1080")
    parser.add_argument("--child", nargs=2, metavar=("SUBJECT", "PAIR"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        subject, pair = options.child
        SUBJECTS[subject](pair)()
        # Not getrusage: a child's figure there begins with what its parent had when it was forked.
        status = Path("/proc/self/status").read_text()
        print(int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024)
        return

    print(describe() + "\n")
    print("| pair | percept | lpips | time ratio | percept peak | lpips peak | memory ratio |")
    print("|---|---|---|---|---|---|---|")
    rates = []
    for pair, (make, width, height) in PAIRS.items():
        runs = {name: subject(pair) for name, subject in SUBJECTS.items()}
        for run in runs.values():
            run()
        seconds = medians(runs, options.repetitions if width < 1000 else options.large_repetitions)
        peaks = {name: peak_megabytes(name, pair) for name in SUBJECTS}
        cells = (
            pair,
            *(f"{seconds[name]:.3g} s" for name in SUBJECTS),
            f"**{seconds['percept'] / seconds['lpips']:.2g}**",
            *(f"{peaks[name]:.0f} MB" for name in SUBJECTS),
            f"**{peaks['percept'] / peaks['lpips']:.2f}**",
        )
        print(f"| {' | '.join(cells)} |", flush=True)
        if make is everywhere:
            products = direct_products(width, height)
            rates += [f"{name} at {width}×{height} {products / seconds[name] / 1e9:.0f}" for name in SUBJECTS]
    print(f"\nGFLOP/s of the direct sums: {', '.join(rates)}; torch's best convolution {best_rate() / 1e9:.0f}")


if __name__ == "__main__":
    main()
