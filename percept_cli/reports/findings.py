"""What reports say of a pair, so that all of them say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from percept_cli.errors import ExitCode
from percept_cli.results.found import Gate, Region
from percept_cli.results.numbers import beside, rounded
from percept_cli.results.pair import PairResult
from percept_cli.results.run import Run
from percept_cli.results.status import Status
from percept_cli.system.names import printable

Outcome = Literal["pass", "skipped", "warn", "fail", "error"]
"""``skipped``: nothing was judged, and nothing failed: a pair without a limit, a picture without a counterpart
where that is allowed, a pair of two sizes likewise, or one with all pixels left out."""
OUTCOMES: Mapping[Status, Outcome] = {
    "error": "error",
    "fail": "fail",
    "missing": "fail",
    "new": "fail",
    "warn": "warn",
    "tolerated": "pass",
    "measured": "skipped",
    "pass": "pass",
}
"""What a pipeline should make of each verdict, where nothing else allows it."""

_BOXES_TOLD = 3


def outcome_of(result: PairResult, run: Run) -> Outcome:
    """What a pipeline should make of a pair."""
    if result.status in ("new", "missing") and (run.allow_unmatched or result.allowed):
        return "warn" if result.warns else "skipped"
    return "skipped" if result.unseen else OUTCOMES[result.status]


def trouble_of(run: Run) -> str:
    """Why the run fails although none of its pairs may; empty where that is not so."""
    if not run.complete:
        return f"the run ended before its last {'image' if run.kind == 'check' else 'pair'}"
    if not run.summary.pairs and run.exit_code is ExitCode.INPUT:
        return "nothing was compared"
    return ""


def gate_in_words(gate: Gate) -> str:
    """A gate with its limits, and where they came from."""
    unit = f" {gate.unit}" if gate.unit else ""
    value = rounded(gate.value) if gate.limit is None else beside(gate.value, gate.limit)[0]
    limits = [
        f"{name}s above {beside(gate.value, limit)[1]}"
        for name, limit in (("warn", gate.warn), ("fail", gate.fail))
        if limit is not None
    ]
    at = "" if gate.at is None else f", at {gate.at}"
    told = f"{', '.join(limits)} ({gate.source})" if limits else "has no limit"
    return printable(f"{gate.status.upper()} {gate.name} {value}{unit}{at}; {told}")


def region_in_words(region: Region) -> str:
    """A region with where it is and what is in it."""
    told = [
        f"{region.pixels} pixels",
        f"distance {rounded(region.distance)}",
        f"peak {rounded(region.peak)}",
        f"colour {rounded(region.colour)} ΔE",
    ]
    return f"{region.status.upper()} region {region.box}: {kind_in_words(region)}, {', '.join(told)}"


def kind_in_words(region: Region) -> str:
    """What happened in a region, such as ``moved by 3 px right, 1 px down``."""
    told = [] if region.kind == "moved" else [region.kind.replace("-", " ")]
    if region.shift is not None:
        allowed = " (allowed)" if region.allowed else ""
        told.append(f"moved by {shift_in_words(region.shift)}{allowed}")
    return ", ".join(told) or "moved"


def shift_in_words(shift: tuple[int, int]) -> str:
    """Pixels to the right and down, such as ``3 px right, 1 px up``."""
    across, along = shift
    told = [f"{abs(across)} px {'right' if across > 0 else 'left'}"] if across else []
    told += [f"{abs(along)} px {'down' if along > 0 else 'up'}"] if along else []
    return ", ".join(told) or "0 px"


def boxes_in_words(result: PairResult) -> str:
    """The places of a pair's worst regions and what happened there, as few as a line has room for."""
    if result.evidence is None or not result.evidence.regions:
        return ""
    told = [f"{region.box} {kind_in_words(region)}" for region in result.evidence.regions[:_BOXES_TOLD]]
    more = result.evidence.regions_in_all - len(told)
    return "; ".join(told) + (f" and {more} more" if more > 0 else "")


def details_of(result: PairResult) -> list[str]:
    """Everything a failed pair has to say beside its reason, a line each."""
    lines = [
        f"{role}: {printable(file)}"
        for role, file in (("reference", result.reference), ("candidate", result.candidate))
        if file
    ]
    if result.compared:
        lines.append(
            f"distance: {rounded(result.distance)}" + (f", top layer {most_in(result)}" if most_in(result) else "")
        )
    found = result.evidence
    if found is not None:
        if found.fit is not None:
            lines.append(f"{found.fit.rest_name}: {found.fit.rest}")
        lines += [gate_in_words(gate) for gate in found.gates]
        lines += [region_in_words(region) for region in found.regions]
        if found.regions_in_all > len(found.regions):
            lines.append(f"and {found.regions_in_all - len(found.regions)} more regions")
    return lines


def reason_of(result: PairResult) -> str:
    """The verdict in words, with what was done to the pictures, on one line."""
    return printable("; ".join((result.reason, *result.notes)))


def most_in(result: PairResult) -> str:
    """The layer that contributes most, and its share; empty where nothing differs."""
    if not result.scored or not result.distance:
        return ""
    layer = max(result.layers, key=lambda layer: layer.share)
    return f"{layer.name} {100 * layer.share:.0f} %"


def where(result: PairResult) -> str | None:
    """The file that a reviewer is led to: the reference, which may be in the repository, or else the candidate."""
    file = result.reference or result.candidate
    return None if file is None else printable(file).removeprefix("./")
