"""What is measured: percept's recipes by their backbone, and other packages' metrics. All are distances here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from percept_cli import DistanceSpec, LayerSpec, distances_of
from percept_cli.recipes.presets import load_preset
from scripts.human.stimuli import Pixels

PRESETS = {
    "oxford": {
        "default": "default",
        "five-taps": "five-taps",
        "johnson-content": "johnson-content",
        "johnson-style": "johnson-style",
    },
    "st-lpips": {"st-lpips": "st-lpips"},
}
"""Group → what a preset is called in the results → its name: all whose weights come with percept or from PyPI."""
TAPS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")
"""Of the Oxford VGG-16, each measured alone by the unit distance: the last of each block, as presets have them."""
PIXELS_PER_DEGREE = 2 / 0.07
"""What the rebuild assumes (see ``stimuli.PIXELS_PER_STEP``); for FLIP, which asks."""

Distances = dict[str, float]


def specs_of(group: str) -> dict[str, DistanceSpec]:
    """The recipes of a group, which share a backbone."""
    found = {label: load_preset(name).spec for label, name in PRESETS[group].items()}
    if group == "oxford":
        found |= {tap: DistanceSpec((LayerSpec(tap),)) for tap in TAPS}
    return found


def by_percept(group: str, pairs: Sequence[tuple[Pixels, Pixels]]) -> Iterator[tuple[int, Distances]]:
    """Measure pairs by all recipes of a group, each picture's features once; in an order of its own."""
    specs = specs_of(group)
    for index, results in distances_of(pairs, list(specs.values()), device="cpu"):
        assert all(result.status != "error" for result in results), results[0].reason
        yield index, {label: result.distance for label, result in zip(specs, results, strict=True)}


def peers() -> Mapping[str, Callable[[Pixels, Pixels], float]]:
    """Other metrics, none of which needs weights. Similarities are turned into distances: 1 − s, and −PSNR."""
    import piq
    import torch

    def tensor(pixels: Pixels) -> Any:
        return torch.tensor(pixels).permute(2, 0, 1)[None].float() / 255

    def of_piq(metric: Callable[..., Any], *, similarity: bool) -> Callable[[Pixels, Pixels], float]:
        def distance(reference: Pixels, candidate: Pixels) -> float:
            with torch.inference_mode():
                value = float(metric(tensor(reference), tensor(candidate), data_range=1.0))
            return 1 - value if similarity else value

        return distance

    def psnr(reference: Pixels, candidate: Pixels) -> float:
        error = float(np.mean((reference.astype(np.float64) - candidate) ** 2))
        return 10 * float(np.log10(error / 255**2)) if error else -np.inf

    return {
        "PSNR": psnr,
        "SSIM": of_piq(piq.ssim, similarity=True),
        "MS-SSIM": of_piq(piq.multi_scale_ssim, similarity=True),
        "GMSD": of_piq(piq.gmsd, similarity=False),
        "HaarPSI": of_piq(piq.haarpsi, similarity=True),
    }


def flip() -> Mapping[str, Callable[[Pixels, Pixels], float]]:
    """FLIP, which takes longer than all others together."""
    import flip_evaluator

    def distance(reference: Pixels, candidate: Pixels) -> float:
        sides = [side.astype(np.float32) / np.float32(255) for side in (reference, candidate)]
        options = {"ppd": PIXELS_PER_DEGREE}
        _, mean, _ = flip_evaluator.evaluate(*sides, "LDR", applyMagma=False, parameters=options)
        return float(mean)

    return {"FLIP": distance}


PEERS = {"peers": peers, "flip": flip}
"""Group → makes its metrics ready."""


def by_peers(group: str, pairs: Sequence[tuple[Pixels, Pixels]]) -> Iterator[tuple[int, Distances]]:
    """Measure pairs by other packages."""
    metrics = PEERS[group]()
    for index, pair in enumerate(pairs):
        yield index, {name: metric(*pair) for name, metric in metrics.items()}


GROUPS = (*PRESETS, *PEERS)
"""What is measured in one go."""
