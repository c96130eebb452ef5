"""What less than float32 costs and gains: the error of the sample pairs' distances against float64, and the time.

Run by hand: python -m tests.benchmarks.precision [--repetitions N]
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

import torch

from percept_cli.engine.device import resolve_device
from percept_cli.pairs import pair_of_files
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.spec import Precision
from percept_cli.scoring.scorer import Scorer
from tests.benchmarks.machine import describe, medians
from tests.support.samples import GOLDEN, files


def main() -> None:
    """Print a Markdown table: a row per sample pair, from barely to strongly different, a column per precision."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    spec = load_preset("five-taps").spec
    weights = {layer.tap: layer.weight for layer in spec.layers}
    exact = {
        name: sum(weights[tap] * distance for tap, distance in layers.items())
        for name, layers in json.loads(GOLDEN.read_text(encoding="utf-8"))["five-taps"].items()
    }
    names = [name for name in sorted(exact, key=lambda name: exact[name]) if exact[name]]
    on_cuda = resolve_device(options.device).type == "cuda"
    precisions: tuple[Precision, ...] = ("fp32", "tf32", "bf16", "fp16") if on_cuda else ("fp32", "bf16")
    scorers = {kind: Scorer(replace(spec, precision=kind), device=options.device) for kind in precisions}
    print(f"{describe()}; {torch.get_default_dtype()} weights\n")
    print(f"| pair | distance in float64 | {' | '.join(f'error of {kind}' for kind in precisions)} |")
    print("|---|---|" + "---|" * len(precisions))
    for name in names:
        found = {kind: scorer.score(pair_of_files(*files(name))).distance for kind, scorer in scorers.items()}
        errors = (f"{abs(found[kind] / exact[name] - 1):.1e}" for kind in precisions)
        print(f"| `{name}` | {exact[name]:.3g} | {' | '.join(errors)} |", flush=True)

    def all_of_them(scorer: Scorer) -> None:
        for name in names:
            scorer.score(pair_of_files(*files(name)))

    seconds = medians(
        {kind: (lambda scorer=scorer: all_of_them(scorer)) for kind, scorer in scorers.items()},  # type: ignore[misc]
        options.repetitions,
    )
    times = " | ".join(f"{seconds[kind] / seconds['fp32']:.2f}" for kind in precisions)
    print(f"| time of all, relative | | {times} |")


if __name__ == "__main__":
    main()
