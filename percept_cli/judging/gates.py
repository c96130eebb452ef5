"""What was measured in a pair → its gates, each with the levels it was held to and where they came from.

The levels were chosen on one half of the labelled corpus and judged on the other; tests/corpus/RESULTS.md has the
figures, and what public tools come to on the same pairs. Those of ``overall`` and ``peak`` mean something for the
recipe that they were chosen with only; for another, those gates have the levels that someone gives them, or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from percept_cli.evidence.colour import NOTICEABLE
from percept_cli.evidence.noise import NO_NOISE, NoiseFloor
from percept_cli.geometry import Box
from percept_cli.judging.precedence import resolved
from percept_cli.judging.rules import GATES, OFF, Levels, Noise, Percent, Rules
from percept_cli.results.found import LEVELS, Gate, GateName, Level
from percept_cli.results.numbers import beside
from percept_cli.results.status import Status

UNITS: Mapping[GateName, str] = {"overall": "", "peak": "", "colour": "ΔE", "changed-pixels": "pixels"}

WARN = 0.75
"""A level that warns, as a share of the one that fails, where nobody gave one."""
FIXED: Mapping[Noise, Mapping[GateName, float]] = {
    "same-machine": {"overall": 0.18, "peak": 0.05, "colour": 0.8},
    "cross-machine": {"overall": 0.18, "peak": 1.8, "colour": 2.3},
}
"""Levels that fail, by what rendering is expected to do."""
AUTO: Mapping[GateName, float] = {"overall": 0.18, "colour": NOTICEABLE}
AUTO_PEAK = (0.12, 2.0, 1.8)
"""The level of the peak: at least, times the noise floor above that, at most."""
AUTO_REDRAWN = 3.0
"""At most, where all that is drawn is the same drawn anew, at the peak as well."""
AUTO_GATES: tuple[GateName, ...] = ("overall", "peak", "colour")
"""Those whose limits adapt to the noise of a pair."""
_OF_DEFAULT: tuple[GateName, ...] = ("overall", "peak")


@dataclass(frozen=True)
class Measures:
    """What there is to judge."""

    overall: float
    """The distance of the picture, as far as it is visible; all of it where the distance has no places."""
    peak: float | None
    """None for distances without places, such as that of Gram matrices."""
    peak_at: Box | None
    colour: float
    colour_at: Box | None
    changed_pixels: int
    noise: NoiseFloor
    """That of the peak."""
    pixels: int = 0
    """How many are compared: those of the picture that are not left out."""
    by_default: bool = True
    """Whether distance and peak are those of the default preset, for which there are levels."""
    learned: Mapping[GateName, Levels] = field(default_factory=dict)
    """The levels of the noise file for this picture."""


def judge_gates(found: Measures, rules: Rules) -> tuple[Gate, ...]:
    """The gates of a pair: those that were given levels, and those that have some by ``rules.noise``."""
    values: dict[GateName, tuple[float | None, Box | None]] = {
        "overall": (found.overall, None),
        "peak": (found.peak, found.peak_at),
        "colour": (found.colour, found.colour_at),
        "changed-pixels": (float(found.changed_pixels), None),
    }
    gates = []
    for name in GATES:
        levels, (value, at) = levels_of(name, rules, found), values[name]
        if levels is not None and levels.in_per_cent:
            value = 100 * found.changed_pixels / found.pixels if found.pixels else 0.0
        if levels is not None and value is not None:
            gates.append(_gate(name, value, at, levels))
    return tuple(gates)


def levels_of(name: GateName, rules: Rules, found: Measures) -> Levels | None:
    """The levels of a gate, by the table of precedence; None where it has none."""
    own = own_levels(name, rules.noise, found)
    return resolved(
        typed=rules.typed.get(name), learned=found.learned.get(name), given=rules.levels.get(name), own=own
    )


def own_levels(name: GateName, noise: Noise, found: Measures) -> Levels | None:
    """The levels that a gate has by ``noise``; None where it has none."""
    return None if name in _OF_DEFAULT and not found.by_default else _own(name, noise, found.noise)


def least_limit(name: GateName, rules: Rules, found: Measures) -> float | None:
    """The smallest limit that may be learned for a gate: the automatic one of pairs without noise.

    Where there is none, as for another recipe and for ``changed-pixels``, the one that settings give, if any.
    """
    automatic = own_levels(name, "auto", replace(found, noise=NO_NOISE))
    levels = rules.levels.get(name) if automatic is None else automatic
    return None if levels is None else levels.fail


def levels_learned(limit: float, source: str) -> Levels:
    """A limit that was learned, with the one that warns."""
    kind = Percent if isinstance(limit, Percent) else float
    return Levels(kind(f"{WARN * limit:.4g}"), kind(f"{limit:.4g}"), source)


def _own(name: GateName, noise: Noise, floor: NoiseFloor) -> Levels | None:
    if noise != "auto":
        return _levels(FIXED[noise].get(name), f"limit of --noise {noise}")
    if name == "peak":
        least, times, most = AUTO_PEAK
        most = AUTO_REDRAWN if floor.redrawn else most
        told = f", because {floor.because}" if floor.because else ""
        limit = min(most, least + times * floor.value)
        return _levels(limit, f"automatic limit; noise floor {floor.value:.3g}{told}")
    if name == "overall" and floor.overall > AUTO["overall"]:
        return _levels(floor.overall, f"automatic limit; noise floor {floor.value:.3g}")
    if name == "colour" and floor.colour:
        return _levels(AUTO["colour"] + floor.colour, f"automatic limit; noise of colour {floor.colour:.3g}")
    return _levels(AUTO.get(name), "automatic limit")


def _levels(fail: float | None, source: str) -> Levels | None:
    """A level that fails, of four digits, with the one that warns."""
    return None if fail is None else Levels(float(f"{WARN * fail:.4g}"), float(f"{fail:.4g}"), source)


def _gate(name: GateName, value: float, at: Box | None, levels: Levels) -> Gate:
    unit = "%" if levels.in_per_cent else UNITS[name]
    warn, fail = map(_plain, (levels.warn, levels.fail))
    return Gate(name, value, unit, warn, fail, levels.source, level_of(value, levels), at)


def _plain(level: float | None) -> float | None:
    """A level as reports have it, whose unit says whether it is in per cent."""
    return None if level == OFF else float(level) if isinstance(level, Percent) else level


def level_of(value: float, levels: Levels) -> Level:
    """A value equal to a level is within it; what is no number never is."""
    if levels.fail is not None and not value <= levels.fail:
        return "fail"
    if levels.warn is not None and not value <= levels.warn:
        return "warn"
    return "pass"


def worst(gates: tuple[Gate, ...]) -> Level:
    """The worst of the gates."""
    return max((gate.status for gate in gates), key=LEVELS.index, default="pass")


def verdict_of(gates: tuple[Gate, ...]) -> tuple[Status, str]:
    """The status of a pair, and the reason in words: the gates that decide it, or that all pass."""
    status = worst(gates)
    if status == "pass":
        names = ", ".join(gate.name for gate in gates if gate.limit is not None)
        if all(gate.limit is None for gate in gates):
            return "measured", "no gate has a limit"
        return "pass", f"within the limits of {names}"
    return status, "; ".join(in_words(gate) for gate in gates if gate.status == status)


def in_words(gate: Gate) -> str:
    """A gate that is above a limit, with its place and where the limit came from."""
    unit = f" {gate.unit}" if gate.unit else ""
    assert gate.limit is not None
    value, limit = beside(gate.value, gate.limit)
    place = f" at {gate.at}" if gate.at is not None else ""
    percent = " %" if gate.unit == "%" else ""
    return f"{gate.name} {value}{unit}{place} exceeds {limit}{percent} ({gate.source})"
