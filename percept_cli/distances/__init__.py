"""Per-layer distances, each an accumulator: what a piece contributes, how pieces merge, what the total says.

Everything here takes features as N×C×H×W tensors (fastest with channels last in memory), floating point, and
reduces in float64. 0 means identical, larger means more different. Because contributions merge, in any order, a
picture can be processed in any number of pieces and the number does not change.

torch is imported by the functions, so that the registry can be read at no cost. F and G are the features of
reference and candidate at one tap, F_p the vector of C channels at position p.

A new distance is one class in the module it belongs to, and one line below: its contract tests come with that.
"""

from __future__ import annotations

from percept_cli.distances.base import Distance, Partial, Patch
from percept_cli.distances.contextual import Contextual
from percept_cli.distances.local import (
    Cosine,
    Euclidean,
    Frobenius,
    LearnedUnit,
    LocalDistance,
    MeanAbsolute,
    MeanSquared,
    Unit,
)
from percept_cli.distances.statistics import Dists, Gram

__all__ = ["DISTANCES", "Distance", "LocalDistance", "Partial", "Patch", "canonical_name", "misfit"]

DISTANCES: dict[str, Distance] = {
    distance.name: distance
    for distance in (
        MeanSquared(),
        MeanAbsolute(),
        Euclidean(),
        Cosine(),
        Unit(),
        LearnedUnit("lpips", "Zhang et al. 2018, eq. 1 with w as learned, version 0.1, as in the lpips package"),
        LearnedUnit("st-lpips", "Ghildyal & Liu 2022, section 3, version ST0.0, as in stlpips_pytorch"),
        Frobenius(),
        Gram("none"),
        Gram("hw"),
        Gram("chw"),
        Dists(),
        Contextual(),
    )
}


def canonical_name(name: str) -> str:
    """``gram`` is short for the normalisation most published losses use, ``gram-chw``."""
    return "gram-chw" if name == "gram" else name


def misfit(name: str, positions: int) -> tuple[str, str] | None:
    """Why a distance cannot compare so many positions of a tap, and what to do; None if it can."""
    distance = DISTANCES[name]
    if positions < distance.least_positions:
        why = f"{name} compares positions with each other and needs at least {distance.least_positions} of them"
        return why, "compare larger images, or choose a shallower layer."
    if distance.most_positions is not None and positions > distance.most_positions:
        why = (
            f"{name} compares each position with every other; this layer has {positions:,}, more than the "
            f"limit of {distance.most_positions:,}"
        )
        return why, "make both images smaller, or choose a deeper layer."
    return None
