"""What percept measures of a labelled pair."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from percept_cli.evidence import maps
from percept_cli.evidence.noise import NoiseFloor
from percept_cli.evidence.pixels import CELL
from percept_cli.evidence.places import Places
from percept_cli.judging.checks import GateJudge
from percept_cli.judging.gates import AUTO_PEAK, Measures, judge_gates
from percept_cli.judging.rules import Levels, Noise, Rules
from percept_cli.pairs import pair_of_files
from percept_cli.recipes.presets import load_preset
from percept_cli.results.found import Gate, GateName
from percept_cli.results.pair import PairResult
from percept_cli.scoring.api import check, compare
from percept_cli.scoring.scorer import Scorer
from percept_cli.topology import stride_of
from tests.corpus.make.common import CORPUS, Row

if TYPE_CHECKING:
    from percept_cli.engine.transfer import Contribution
    from percept_cli.evidence.sight import Sight

LARGE = 1_000_000
"""Pixels of a picture above which presets that check does not use are not tried."""
GATES = ("overall", "peak", "colour")
VERDICT = "check"
LIMITS = "limit {}"
"""Name of a gate → name of the limit that check chose for the pair."""
MEANS = {preset: f"mean {preset}" for preset in ("default", "five-taps", "johnson-content", "johnson-style")}
_TAPS = load_preset("five-taps").spec.taps
SUMS = (*((tap,) for tap in _TAPS), _TAPS[1:4], _TAPS)
"""The taps, and sums of them, whose strongest cells are compared."""
CELLS = {taps: ("cell " + "+".join(taps), "visible cell " + "+".join(taps)) for taps in SUMS}


def _paths(row: Row) -> tuple[Path, Path]:
    return CORPUS / row.reference, CORPUS / row.candidate


def gates_of(row: Row) -> PairResult:
    """The pair, checked as `percept check` does."""
    return check(*_paths(row), noise="auto")


def verdict(result: PairResult) -> dict[str, float | None]:
    """What check measured of the pair, the limits that it chose, and what both come to.

    `VERDICT` is the gate that is highest against its limit, as a share of the limit: above 1 the pair fails. It is
    infinite for a pair that no gate can measure, such as one of two sizes.
    """
    if result.evidence is None:
        return {VERDICT: 0.0 if result.status in ("pass", "warn") else math.inf}
    found: dict[str, float | None] = {gate.name: gate.value for gate in result.evidence.gates}
    found["noise"] = result.evidence.noise or 0.0
    shares = [0.0]
    for gate in result.evidence.gates:
        found[LIMITS.format(gate.name)] = gate.fail
        if gate.fail is not None:
            beyond = math.inf if gate.value > 0 else 0.0
            shares.append(gate.value / gate.fail if gate.fail else beyond)
    found[VERDICT] = max(shares)
    return found


def measures(row: Row, result: PairResult) -> dict[str, float | None]:
    """Every number of a pair: the gates of the result, means of all presets, and strongest cells by tap.

    None for the presets of style transfer where pictures are large, which would take longer than everything else.
    """
    found = verdict(result) | {MEANS["default"]: result.distance}
    large = (result.width or 0) * (result.height or 0) > LARGE
    for preset in ("johnson-content", "johnson-style"):
        found[MEANS[preset]] = None if large else compare(*_paths(row), preset=preset).distance
    return found | _cells(row)


def failed(values: Mapping[str, float], noise: Noise) -> bool:
    """Whether the levels fail what was measured; a pair that warns passes."""
    return score(values, noise) > 1


def score(
    values: Mapping[str, float],
    noise: Noise,
    only: Sequence[str] = GATES,
    peak: Callable[[float], float] | None = None,
) -> float:
    """The gate that is highest against its level, as a share of the level.

    Args:
        values: what was measured.
        noise: which levels.
        only: the gates that are asked.
        peak: noise floor → level of the peak, instead of its own.
    """
    level = None if peak is None else peak(values["noise"])
    gates = [gate for gate in _judged(values, noise, level) if gate.name in only]
    return max(gate.value / gate.fail for gate in gates if gate.fail)


def levels(values: Mapping[str, float]) -> dict[str, float]:
    """The levels that fail this pair by default, by gate."""
    return {gate.name: gate.fail for gate in _judged(values, "auto") if gate.fail}


def _judged(values: Mapping[str, float], noise: Noise, peak: float | None = None) -> tuple[Gate, ...]:
    # Whether all is drawn anew is seen by the limit alone.
    redrawn = (values.get(LIMITS.format("peak")) or 0.0) > AUTO_PEAK[2]
    floor = NoiseFloor(values["noise"], redrawn)
    found = Measures(values["overall"], values["peak"], None, values["colour"], None, 0, floor)
    given: dict[GateName, Levels] = {} if peak is None else {"peak": Levels(None, peak, "tried")}
    return judge_gates(found, Rules(noise=noise, levels=given))


@cache
def _scorer() -> Scorer:
    return Scorer(load_preset("five-taps").spec, GateJudge(Rules()))


def _cells(row: Row) -> dict[str, float]:
    scorer = _scorer()
    reading = scorer.read(pair_of_files(*_paths(row)))
    measured = scorer.measure(reading)
    result = scorer.finish(reading, measured, 0.0)
    found = {MEANS["five-taps"]: result.distance}
    sight = next(one for one in reading.sights if one.view == result.view)
    if sight.changes is None:
        return found | {name: 0.0 for names in CELLS.values() for name in names}
    parts = [contribution for one, contribution in measured if one is sight]
    grids, visible = dict(_grids(sight, parts)), _visibility(sight, parts)
    for taps, (plain, weighted) in CELLS.items():
        grid = np.sum([grids[tap] for tap in taps], axis=0)
        found[plain], found[weighted] = float(grid.max()), float((grid * visible).max())
    return found


def _grids(sight: Sight, parts: list[Contribution]) -> Iterator[tuple[str, maps.Grid]]:
    """Per tap the largest distance in each cell."""
    shape = -(-sight.plan.height // CELL), -(-sight.plan.width // CELL)
    network = _scorer().spec.record.network
    for tap in _TAPS:
        patches = [patch for part in parts if tap in part for patch in part[tap].patches]
        yield tap, maps.largest(patches, stride_of(network, tap), CELL, shape)


def _visibility(sight: Sight, parts: list[Contribution]) -> maps.Grid:
    assert sight.changes is not None
    first, second = sight.changes.reference.array, sight.changes.candidate.array
    return Places(_scorer().spec, parts, first, second, sight.plan).visibility
