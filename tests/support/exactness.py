"""Pairs, plans and engines for tests of exactness."""

from __future__ import annotations

import numpy as np

from percept_cli.engine.plan import Plan, plan_of_pixels
from percept_cli.recipes.spec import DistanceSpec

TAPS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")


def plan_of(spec: DistanceSpec, reference: np.ndarray, candidate: np.ndarray) -> Plan:
    height, width = reference.shape[:2]
    return plan_of_pixels(spec, reference.tobytes(), candidate.tobytes(), height, width)
