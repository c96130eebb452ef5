"""Images of two sizes: the rules make their verdict of the sizes alone, and their evidence is that of the rest."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from percept_cli.errors import PerceptError
from percept_cli.judging.gates import verdict_of, worst
from percept_cli.judging.rules import Policy
from percept_cli.results.fit import Fit, Rest
from percept_cli.results.found import Evidence, HeatMap
from percept_cli.results.pair import PairResult

if TYPE_CHECKING:
    from percept_cli.evidence.fitting import Fitted

MOST_HEAT_SIDE = 1024
"""Values along a side of a heat map that has got the rows and columns back that only the candidate has."""


def of_two_sizes(result: PairResult, evidence: Evidence | None, fitted: Fitted, policy: Policy) -> PairResult:
    """The result of two sizes: without a distance, so that no statistic and no limit is about it.

    Args:
        result: what was measured of the rest.
        evidence: what was found in it, in its own pixels; None where all of it is ignored, or has no number.
        fitted: how the rest came about.
        policy: what the rules make of two sizes.
    """
    fit, found = fitted.fit, None
    if evidence is None:
        told = f"{fit}; nothing was compared"
    else:
        found = in_candidate(evidence, fit)
        rest, words = _rest(found)
        found = replace(found, fit=replace(fit, rest=rest))
        told = f"{fit}{', ' if fit.aligned == 'bands' else '; '}{fit.rest_name} {words}"
        told = told if policy == "fail" else f"not judged: {told}"
    return replace(
        result,
        width=None,
        height=None,
        status=policy,
        reason=told_of_sizes(fitted.mismatch, policy, told),
        distance=math.nan,
        layers=(),
        evidence=found,
    )


def told_of_sizes(error: PerceptError, policy: Policy, more: str) -> str:
    """What is wrong, whether that is allowed, and more."""
    told = f"{error}, which is allowed" if policy == "pass" else str(error)
    return f"{told}; {more}" if more else told


def _rest(found: Evidence) -> tuple[Rest, str]:
    """What the limits say of the rest, and in words."""
    if not found.changed_pixels and not found.has_moved:
        return "equal", "is equal"
    if worst(found.gates) == "pass":
        return "within limits", "is within its limits"
    return "above limits", f"differs: {verdict_of(found.gates)[1]}"


def in_candidate(evidence: Evidence, fit: Fit) -> Evidence:
    """What was found in the rest, with its places in the candidate's pixels."""
    return replace(
        evidence,
        gates=tuple(
            gate if gate.at is None else replace(gate, at=fit.to_candidate(gate.at)) for gate in evidence.gates
        ),
        regions=tuple(replace(region, box=fit.to_candidate(region.box)) for region in evidence.regions),
        heat=None if evidence.heat is None else _spread(evidence.heat, fit),
    )


def _spread(heat: HeatMap, fit: Fit) -> HeatMap:
    """A heat map of the rest as one of the whole candidate, with nothing where only the candidate has pixels."""
    import numpy as np

    width, height = fit.candidate
    stride = heat.stride
    while max(width, height) > stride * MOST_HEAT_SIDE:
        stride *= 2
    values = np.frombuffer(heat.values, np.uint8).reshape(heat.height, heat.width)
    for number, (spans, size) in enumerate(
        ((fit.kept("candidate", "rows"), height), (fit.kept("candidate", "columns"), width))
    ):
        # Which value each row, or column, of the candidate has; the one behind the last is 0.
        sources, begun = np.full(size, values.shape[number]), 0
        for begin, end in spans:
            sources[begin:end] = np.arange(begun, begun + end - begin) // heat.stride
            begun += end - begin
        padded = np.pad(values, [(0, 1), (0, 0)] if number == 0 else [(0, 0), (0, 1)])
        values = np.maximum.reduceat(padded.take(sources, axis=number), range(0, size, stride), axis=number)
    return HeatMap(stride, values.shape[1], values.shape[0], values.tobytes(), heat.top)
