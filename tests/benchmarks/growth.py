"""How time grows with the size of a picture, and with the share of it that changed.

Run by hand: python -m tests.benchmarks.growth [--repetitions N]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from percept_cli.engine.measure import Engine
from percept_cli.engine.plan import plan_of_pixels
from percept_cli.engine.tensors import to_batch
from percept_cli.images.picture import Picture
from percept_cli.recipes.presets import load_preset
from tests.benchmarks.machine import describe, medians

SPEC = load_preset("five-taps").spec
SIZES = ((500, 500), (1000, 1000), (1920, 1080), (2000, 2000), (3446, 10728))
SHARES = (0, 0.001, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1)


def pair(width: int, height: int, share: float, rng: np.random.Generator) -> tuple[Picture, Picture]:
    """Noise, and the same with a square in the middle changed that is so large a share of the picture."""
    reference = rng.integers(0, 256, (height, width, 3), np.uint8)
    candidate = reference.copy()
    high, wide = (round(side * share**0.5) for side in (height, width))
    top, left = (height - high) // 2, (width - wide) // 2
    candidate[top : top + high, left : left + wide] ^= 255
    first, second = (Picture(width, height, pixels.tobytes()) for pixels in (reference, candidate))
    return first, second


def subject(engine: Engine, reference: Picture, candidate: Picture) -> Callable[[], object]:
    """From decoded bytes to distances."""

    def run() -> object:
        size = reference.height, reference.width
        plan = plan_of_pixels(SPEC, reference.pixels, candidate.pixels, *size)
        parts = [
            engine.start(to_batch([reference, candidate], [piece.crop.pixels] * 2), [piece]).result()[0]
            for piece in engine.pieces(plan)
        ]
        return engine.finish(plan, parts)

    return run


def main() -> None:
    """Print two Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=3)
    options = parser.parse_args()
    engine, rng = Engine(SPEC, "cpu"), np.random.default_rng(0)
    print(describe() + "\n")
    print("| size | megapixels | seconds | seconds per megapixel |\n|---|---|---|---|")
    for width, height in SIZES:
        run = subject(engine, *pair(width, height, 1, rng))
        megapixels = width * height / 1e6
        seconds = medians({"": run}, options.repetitions if megapixels < 10 else 1)[""]
        print(f"| {width}×{height} | {megapixels:.2f} | {seconds:.2f} | {seconds / megapixels:.2f} |", flush=True)
    print("\n1920×1080, one square changed:\n")
    print("| changed | seconds | of everything changed | planned share |\n|---|---|---|---|")
    pairs = {share: pair(1920, 1080, share, rng) for share in SHARES}
    runs = {str(share): subject(engine, *both) for share, both in pairs.items()}
    seconds_of = medians(runs, options.repetitions)
    for share, (reference, candidate) in pairs.items():
        plan = plan_of_pixels(SPEC, reference.pixels, candidate.pixels, 1080, 1920)
        seconds = seconds_of[str(share)]
        ratio = seconds / seconds_of["1"]
        print(f"| {100 * share:g} % | {seconds:.3f} | {ratio:.3f} | {plan.share:.3f} |")


if __name__ == "__main__":
    main()
