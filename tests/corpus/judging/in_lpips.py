"""lpips on the kernels that percept ships, on pairs of PNGs, as a process.

Standard input is a list of [name, reference, candidate] in JSON; the output is what `tools.Found` says.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from unittest.mock import patch

import torch

from tests.corpus.make.common import decode
from tests.support.peers import lpips_with_shipped_kernels

_SMALLEST = 16  # pixels per side, below which its pooling layers raise an error


def _tensor(path: str) -> torch.Tensor:
    pixels = torch.from_numpy(decode(Path(path).read_bytes()).copy())
    return pixels.permute(2, 0, 1)[None] / 127.5 - 1


@contextmanager
def _means() -> Iterator[list[float]]:
    """The mean of every layer's map before lpips enlarges it: what it returns itself when it gives no map."""
    found: list[float] = []
    module = import_module("lpips.lpips")  # its package has another thing of this name
    enlarge = module.upsample

    def noted(values: torch.Tensor, **options: tuple[int, int]) -> torch.Tensor:
        found.append(float(values.mean()))
        enlarged: torch.Tensor = enlarge(values, **options)
        return enlarged

    with patch.object(module, "upsample", noted):
        yield found


def main() -> None:
    """Measure what standard input names."""
    model = lpips_with_shipped_kernels()
    model.spatial = True
    scores: dict[str, dict[str, float | None]] = {}
    with torch.inference_mode():
        for name, *paths in json.load(sys.stdin):
            reference, candidate = map(_tensor, paths)
            if min(reference.shape[2:]) < _SMALLEST:
                scores[name] = {"lpips": None, "lpips, maximum of its map": None}
                continue
            with _means() as means:
                most = float(model(reference, candidate).max())
            scores[name] = {"lpips": sum(means), "lpips, maximum of its map": most}
    json.dump({"versions": [f"lpips {version('lpips')}"], "scores": scores}, sys.stdout)


if __name__ == "__main__":
    main()
