"""Ways to compute convolutions on the CPU against each other: single layers, and whole pairs.

Each way is what the variable PERCEPT_CONVOLUTION can ask for and this processor can do. All take turns within one
process. What is told is the time of the processor, of all threads together: on a machine that does other work as
well, the time of the clock says more about that work. GFLOP/s are those of one thread and count the products that
are really made; ``--threads 1`` gives the steadiest figures.

Run by hand: python -m tests.benchmarks.convolutions [--ways torch,avx2] [--threads N] [--pairs 0,2]
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial

import torch

from percept_cli.engine import compiled
from percept_cli.engine.convolution import prepare
from percept_cli.topology import layers_up_to, tap_shape, tile_rows
from tests.benchmarks.against_lpips import PAIRS, SPEC, percept
from tests.benchmarks.machine import describe

ROWS = 16
"""Of a layer's output: a band of a full-HD picture."""


def ways() -> list[str]:
    """What can be asked for here, beginning with what the others are compared with."""
    return ["torch", "direct", *(kernel.name for kernel in compiled.found().kernels if kernel.name != "portable")]


def in_turns(subjects: Mapping[str, Callable[[], object]], repetitions: int) -> dict[str, list[float]]:
    """Seconds of the processor for each way, while the variable asks for it; the first two rounds do not count."""
    seconds: dict[str, list[float]] = {way: [] for way in subjects}
    for _ in range(repetitions + 2):
        for way, subject in subjects.items():
            os.environ[compiled.VARIABLE] = way
            start = time.process_time()
            subject()
            seconds[way].append(time.process_time() - start)
    return {way: found[2:] for way, found in seconds.items()}


def ratios(seconds: Mapping[str, list[float]]) -> dict[str, float]:
    """Median of the ratios to the first way, turn by turn."""
    first = next(iter(seconds.values()))
    return {way: statistics.median(a / b for a, b in zip(own, first, strict=True)) for way, own in seconds.items()}


def layers(chosen: list[str], repetitions: int, threads: int) -> None:
    """A table of the layers of a full-HD pair."""
    print(f"\n| layer | {' | '.join(f'{way} | ÷ {chosen[0]}' for way in chosen)} |")
    print("|---" * (2 * len(chosen) + 1) + "|")
    for layer in layers_up_to("vgg16", SPEC.taps):
        if layer.kind != "conv" or layer.name not in NAMES:
            continue
        inputs, outputs, tile = layer.in_channels, layer.out_channels, tile_rows(layer)
        width = tap_shape("vgg16", layer.name, 1080, 1920)[2]
        weight, bias = torch.randn(outputs, inputs, 3, 3) / 30, torch.randn(outputs)
        window, out = torch.randn(2, ROWS + 2, width, inputs), torch.empty(2, ROWS, width, outputs)
        subjects = {}
        for way in chosen:
            os.environ[compiled.VARIABLE] = way
            made = prepare(weight, bias, tile=tile, device=torch.device("cpu"), dtype=torch.float32)
            subjects[way] = partial(made, window, out, relu=True)
        with torch.inference_mode():
            seconds = in_turns(subjects, repetitions)
        cells = []
        for way, ratio in ratios(seconds).items():
            best = min(seconds[way])
            rate = 2 * _products(way, tile, inputs * outputs) * 2 * ROWS * width / best / 1e9
            rate_cell = f", {rate:.0f} GFLOP/s" if rate and threads == 1 else ""
            cells += [f"{best * 1e3:.1f} ms{rate_cell}", f"{ratio:.2f}"]
        print(f"| {layer.name} | {' | '.join(cells)} |", flush=True)


NAMES = ("conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv4_1", "conv4_2", "conv5_1")
"""The others are as large as one of these."""


def _products(way: str, tile: int, channels: int) -> float:
    """Made for one position; 0 for ``torch``, which has several algorithms."""
    if way in compiled.IN_TORCH:
        return 9 * channels if way == "direct" else 0
    return channels * (tile + 2) ** 2 / tile**2


def pairs(chosen: list[str], numbers: list[int], repetitions: int) -> None:
    """A table of whole pairs, from decoded bytes to distances."""
    print(f"\n| pair | {' | '.join(f'{way} | ÷ {chosen[0]}' for way in chosen)} |")
    print("|---" * (2 * len(chosen) + 1) + "|")
    for number in numbers:
        pair = list(PAIRS)[number]
        subjects = {}
        for way in chosen:
            os.environ[compiled.VARIABLE] = way
            subjects[way] = percept(pair)
        seconds = in_turns(subjects, repetitions)
        found = ratios(seconds)
        medians = {way: statistics.median(seconds[way]) for way in chosen}
        cells = [cell for way in chosen for cell in (f"{medians[way]:.3g} s", f"{found[way]:.2f}")]
        print(f"| {pair} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ways", help=f"of {', '.join(ways())}; by default all")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--pairs", default="0,2", help="numbers of pairs of against_lpips; none for no pair")
    parser.add_argument("--no-layers", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    chosen = options.ways.split(",") if options.ways else ways()
    print(f"{describe()}; seconds of the processor")
    if not options.no_layers:
        layers(chosen, options.repetitions, options.threads)
    if options.pairs != "none":
        pairs(chosen, [int(number) for number in options.pairs.split(",")], options.repetitions)


if __name__ == "__main__":
    main()
