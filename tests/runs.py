"""Results as data, for tests that need no pictures."""

from __future__ import annotations

from percept_cli.presets import load_preset
from percept_cli.results import LayerResult, PairResult, Run

_DISTANCES = (0.0125, 0.25, 0.5, 1 / 3, 0.0)
_SHAPES = ((64, 1080, 1920), (128, 540, 960), (256, 270, 480), (512, 135, 240), (512, 67, 120))
_TOTAL = sum(_DISTANCES)
_SPEC = load_preset("default").spec

PAIR = PairResult(
    name="out/[red].png",
    reference="expected/[red].png",
    candidate="out/[red].png",
    width=1920,
    height=1080,
    status="fail",
    reason=f"distance {_TOTAL!r} is above the threshold 0.5 (command line)",
    distance=_TOTAL,
    threshold=0.5,
    threshold_source="command line",
    layers=tuple(
        LayerResult(tap, *shape, distance=distance, weight=1.0, contribution=distance, share=distance / _TOTAL)
        for tap, shape, distance in zip(_SPEC.taps, _SHAPES, _DISTANCES, strict=True)
    ),
    seconds=1.25,
)
RUN = Run(version="1.2.3", spec=_SPEC, device="cpu", results=(PAIR,))
