"""What the reports for other people's pipelines say of a pair, so that all of them say the same."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Literal

from percept_cli.errors import ExitCode
from percept_cli.images.policy import AS_SEEN
from percept_cli.recipes import RENDER
from percept_cli.recipes.presets import load_preset, preset_of
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.found import Gate, Level, Region
from percept_cli.results.run import PairResult, Run, Status
from percept_cli.system.names import printable, shell_quoted, word_quoted

Outcome = Literal["pass", "skipped", "warn", "fail", "error"]
"""``skipped``: nothing was compared, and nothing failed: a picture without a counterpart where that is allowed, a
pair of two sizes likewise, or one with all pixels left out."""

_RANKS: dict[Status, int] = {"error": 0, "fail": 1, "missing": 2, "new": 3, "warn": 4, "pass": 5}
_LEVELS: tuple[Level, ...] = ("pass", "warn", "fail")
_BOXES_TOLD = 3


def outcome_of(result: PairResult, run: Run) -> Outcome:
    """What a pipeline should make of a pair."""
    if result.status == "new" or result.status == "missing":
        return "skipped" if run.allow_unmatched or result.allowed else "fail"
    return "skipped" if result.unseen else result.status


def trouble_of(run: Run) -> str:
    """Why the run fails although none of its pairs may; empty where that is not so."""
    if not run.complete:
        return "the run ended before its last pair"
    if not run.summary.pairs and run.exit_code is ExitCode.INPUT:
        return "nothing was compared"
    return ""


def badness(result: PairResult) -> tuple[int, float, float]:
    """The key that sorts the worst first: by status, by how far above its level, by distance."""
    gate = deciding_gate(result)
    distance = -math.inf if math.isnan(result.distance) else -result.distance
    return _RANKS[result.status], 0.0 if gate is None else -_excess(gate), distance


def deciding_gate(result: PairResult) -> Gate | None:
    """The gate that made the verdict: of those with the worst status, the one furthest above its level."""
    gates = () if result.evidence is None else result.evidence.gates
    return max(gates, key=lambda gate: (_LEVELS.index(gate.status), _excess(gate)), default=None)


def _excess(gate: Gate) -> float:
    """How many times its level a value is."""
    level = level_of(gate)
    if not level:
        return math.inf if gate.value and level is not None else 0.0
    return gate.value / level


def level_of(gate: Gate) -> float | None:
    """The level that a gate's status is about; of a gate that passes, the first it would meet."""
    if gate.status == "fail" or gate.warn is None:
        return gate.fail
    return gate.warn


def gate_in_words(gate: Gate) -> str:
    """A gate with its levels, unrounded, and where they came from."""
    unit = f" {gate.unit}" if gate.unit else ""
    levels = [
        f"{name}s above {level!r}"
        for name, level in (("warn", gate.warn), ("fail", gate.fail))
        if level is not None
    ]
    at = "" if gate.at is None else f", at {gate.at}"
    told = f"{', '.join(levels)} ({gate.source})" if levels else "has no level"
    return printable(f"{gate.status.upper()} {gate.name} {gate.value!r}{unit}{at}; {told}")


def region_in_words(region: Region) -> str:
    """A region with where it is and what is in it."""
    told = [
        f"{region.pixels} pixels",
        f"distance {region.distance!r}",
        f"peak {region.peak!r}",
        f"colour {region.colour!r} ΔE",
    ]
    if region.shift is not None:
        told.append(f"moved by {region.shift[0]},{region.shift[1]}")
    return f"{region.status.upper()} region {region.box}: {', '.join(told)}"


def boxes_in_words(result: PairResult) -> str:
    """The places of a pair's worst regions, as few as a line has room for."""
    if result.evidence is None or not result.evidence.regions:
        return ""
    told = [str(region.box) for region in result.evidence.regions[:_BOXES_TOLD]]
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
            f"distance: {result.distance!r}" + (f", most in {most_in(result)}" if most_in(result) else "")
        )
    found = result.evidence
    if found is not None:
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


def show_command(result: PairResult, run: Run) -> str | None:
    """What draws where a pair differs, by the recipe that judged it; None where there is nothing to draw."""
    if not (result.scored and result.distance and result.reference and result.candidate):
        return None
    other_recipe = result.fingerprint is not None  # which the run does not know
    if other_recipe or not run.spec.all_places:
        return None
    files = f"{shell_quoted(result.reference)} {shell_quoted(result.candidate)}"
    return f"percept heatmap {files}{_recipe_options(run.spec)} -o heat.png"


def _recipe_options(spec: DistanceSpec) -> str:
    """What makes a recipe of the one that ``percept heatmap`` has without options."""
    pictures = "".join(f" {word_quoted(word)}" for word in spec.pictures.options)
    preset = preset_of(replace(spec, pictures=AS_SEEN))
    if preset is not None:
        return ("" if preset == RENDER else f" --preset {preset}") + pictures
    layers = ",".join(f"{layer.tap}:{layer.distance}={layer.weight!r}" for layer in spec.layers)
    precision = "" if spec.precision == "fp32" else f" --precision {spec.precision}"
    backbone = "" if spec.backbone == load_preset(RENDER).spec.backbone else f" --backbone {spec.backbone}"
    return f"{backbone} --layers {shell_quoted(layers)}{precision}{pictures}"


_ACCEPTED = {"fail": "", "warn": "", "new": "", "missing": " --prune"}


def accept_command(result: PairResult, run: Run, json_report: str | None) -> str | None:
    """What makes a picture the baseline; None where nothing can.

    Args:
        result: the picture.
        run: what it is a result of.
        json_report: the run's JSON report, which approving reads; None if there is none.
    """
    if json_report is None or run.folders is None or result.status not in _ACCEPTED:
        return None
    own = PurePosixPath(run.folders[0], result.name)
    if result.reference is not None and PurePosixPath(result.reference) != own:
        return None  # compared with another of its references, which only the settings of the check vouch for
    words = [shell_quoted(json_report), *folder_options(run.folders), "--filter"]
    return f"percept approve {' '.join(words)} {shell_quoted(pattern_of(result.name))}{_ACCEPTED[result.status]}"


def folder_options(folders: tuple[str, str]) -> list[str]:
    """The two folders as ``percept approve`` wants them named, for a shell."""
    return [
        f"--{role} {shell_quoted(folder)}" for role, folder in zip(("baseline", "current"), folders, strict=True)
    ]


def pattern_of(name: str) -> str:
    """The pattern, as in .gitignore, that this name alone matches."""
    escaped = re.sub(r"[\\*?\[\]]", r"\\\g<0>", name)
    if escaped.endswith(" "):  # which patterns otherwise lose
        escaped = f"{escaped[:-1]}\\ "
    return f"/{escaped}"
