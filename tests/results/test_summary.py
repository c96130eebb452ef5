"""Statistics of a run."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from percept_cli.results.run import Run
from tests.support.runs import PAIR, RUN


def test_statistics_are_numpys() -> None:
    values = np.random.default_rng(0).gamma(0.5, size=137)
    weights = np.random.default_rng(1).random(137)
    results = tuple(
        replace(PAIR, distance=value, weight=weight)
        for value, weight in zip(values.tolist(), weights.tolist(), strict=True)
    )
    found = replace(RUN, results=results).summary
    # Last-bit differences of the order of summation.
    assert found.mean == pytest.approx(values.mean(), rel=1e-14)
    assert found.weighted_mean == pytest.approx(np.average(values, weights=weights), rel=1e-14)
    quantiles = (found.median, found.p90, found.p95, found.p99, found.max)
    assert quantiles == pytest.approx(np.quantile(values, [0.5, 0.9, 0.95, 0.99, 1]), rel=1e-14)
    assert found.count == 137
    assert found.layers == pytest.approx({layer.name: layer.distance for layer in PAIR.layers}, rel=1e-14)
    assert replace(RUN, results=results[::-1]).summary == found


def test_statistics_are_over_finite_distances() -> None:
    results = tuple(replace(PAIR, distance=distance) for distance in (1.0, math.nan, 2.5))
    summary = Run(RUN.version, RUN.spec, RUN.device, results).summary
    assert (summary.mean, summary.max) == (1.75, 2.5)
    assert replace(RUN, results=()).summary.mean is None
