"""Pairs through a pipeline, and their numbers."""

from __future__ import annotations

from typing import Any

from percept_cli.pairs import Pair, Pairs
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.spec import DistanceSpec, LayerSpec
from percept_cli.results.pair import PairResult
from percept_cli.scoring.pipeline import Pipeline
from percept_cli.scoring.scorer import Scorer

DEFAULT = load_preset("five-taps").spec
CHEAP = DistanceSpec((LayerSpec("relu1_2"),))


def scores(
    pairs: list[Pair], spec: DistanceSpec = DEFAULT, *, device: str = "cpu", **options: Any
) -> list[PairResult]:
    line = Pipeline(Scorer(spec, device=device), **options)
    return [result for result, reused in line.results(Pairs(pairs)) if not reused]
