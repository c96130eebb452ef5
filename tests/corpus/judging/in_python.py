"""SSIM of scikit-image and FLIP of NVIDIA on pairs of PNGs, as a process in an environment that has them.

Standard input is a list of [name, reference, candidate] in JSON; the output is what `tools.Found` says.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np
from PIL import Image

_WINDOWS: dict[int, dict[str, Any]] = {
    7: {},
    11: {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False},
}


def _read(path: str) -> Any:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def _ssim(reference: Any, candidate: Any) -> dict[str, float | None]:
    measure = import_module("skimage.metrics").structural_similarity
    found: dict[str, float | None] = {}
    for side, options in _WINDOWS.items():
        names = f"SSIM {side}×{side}", f"SSIM {side}×{side}, worst window"
        if min(reference.shape[:2]) < side:
            found |= dict.fromkeys(names)
            continue
        given = {"channel_axis": 2, "data_range": 255, "full": True, **options}
        mean, every = measure(reference, candidate, **given)
        edge = side // 2  # windows that reach beyond the picture are not counted, as in the mean
        inside = every.mean(axis=2)[edge : every.shape[0] - edge, edge : every.shape[1] - edge]
        found |= dict(zip(names, (1 - float(mean), 1 - float(inside.min())), strict=True))
    return found


def _flip(reference: Any, candidate: Any) -> dict[str, float | None]:
    evaluate = import_module("flip_evaluator").evaluate
    sides = [side.astype(np.float32) / 255 for side in (reference, candidate)]
    every, mean, _ = evaluate(*sides, "LDR", applyMagma=False)
    return {"FLIP, mean": float(mean), "FLIP, maximum": float(np.max(every))}


def main() -> None:
    """Measure what standard input names."""
    scores = {}
    for name, *paths in json.load(sys.stdin):
        reference, candidate = map(_read, paths)
        scores[name] = _ssim(reference, candidate) | _flip(reference, candidate)
    versions = [f"{package} {version(package)}" for package in ("scikit-image", "flip-evaluator")]
    json.dump({"versions": versions, "scores": scores}, sys.stdout)


if __name__ == "__main__":
    main()
