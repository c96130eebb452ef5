"""Results as data, for tests that need no pictures."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from percept_cli.geometry import Box, FileStamp
from percept_cli.recipes.ladder import Step
from percept_cli.recipes.presets import load_preset
from percept_cli.results.found import Evidence, Gate, HeatMap, Region
from percept_cli.results.likeness import Likeness
from percept_cli.results.pair import LayerResult, PairResult
from percept_cli.results.run import Run
from percept_cli.results.status import Status

_DISTANCES = (0.0125, 0.25, 0.5, 1 / 3, 0.0)
_SHAPES = ((64, 1080, 1920), (128, 540, 960), (256, 270, 480), (512, 135, 240), (512, 67, 120))
_TOTAL = sum(_DISTANCES)
_SPEC = load_preset("five-taps").spec

PAIR = PairResult(
    name="out/[red].png",
    reference="expected/[red].png",
    candidate="out/[red].png",
    width=1920,
    height=1080,
    status="fail",
    reason="distance 1.09583 exceeds the threshold 0.5 (command line)",
    distance=_TOTAL,
    threshold=0.5,
    threshold_source="command line",
    layers=tuple(
        LayerResult(tap, *shape, distance=distance, weight=1.0, contribution=distance, share=distance / _TOTAL)
        for tap, shape, distance in zip(_SPEC.taps, _SHAPES, _DISTANCES, strict=True)
    ),
    seconds=1.25,
)
LIKE = Likeness(
    "whole",
    "between JPEG quality 50 (0.61) and a blur of 1 px (1.2)",
    0.875,
    _TOTAL,
    (
        Step("JPEG", "JPEG quality 50", 0.5, 0.6125, 0.75),
        Step("blur", "a blur of 1 px", 1.0, 1.25, 1.5),
    ),
)
IN_A_PLACE = Likeness(
    "place",
    "0.4 % of the image; at its strongest about like a changed digit",
    0.004,
    1.75,
    (Step("a changed digit", "a changed digit", 1.5, 1.8, 2.0),),
)
RUN = Run(version="1.2.3", spec=_SPEC, device="cpu", engine="avx2", results=(PAIR,), kind="compare")


def _checked(
    name: str, status: Status, *gates: Gate, regions: tuple[Region, ...] = (), **changes: Any
) -> PairResult:
    evidence = Evidence(
        gates=gates,
        regions=regions,
        regions_in_all=len(regions),
        changed_pixels=sum(region.pixels for region in regions),
        heat=HeatMap(stride=16, width=3, height=2, values=bytes([0, 40, 255, 0, 0, 90]), top=10.0),
    )
    pair = replace(
        PAIR,
        name=name,
        reference=f"expected/{name}",
        candidate=f"out/{name}",
        width=48,
        height=30,
        status=status,
        reason="; ".join(
            f"{gate.name} {gate.value:.6g} {gate.status}{'es' if gate.status == 'pass' else 's'}" for gate in gates
        ),
        threshold=None,
        threshold_source="",
        reference_file=FileStamp(1234, 1_700_000_000_000_000_000, "0" * 64),
        candidate_file=FileStamp(1240, 1_700_000_000_500_000_000, "f" * 64),
        evidence=evidence,
    )
    return replace(pair, **changes)


def _unmatched(name: str, status: Status, **changes: Any) -> PairResult:
    bare = replace(PAIR, name=name, reference=None, candidate=None, width=None, height=None, status=status)
    bare = replace(bare, distance=math.nan, threshold=None, threshold_source="", layers=(), seconds=0.0)
    return replace(bare, **changes)


_MEAN = Gate("overall", _TOTAL, "", 0.8, 2.0, "automatic limit; noise floor 0.19", "warn")
_PEAK = Gate("peak", 1.75, "", 0.4, 0.5, "automatic limit; noise floor 0.19", "fail", Box(16, 0, 16, 16))
_COLOUR = Gate("colour", 0.5, "ΔE", 2.0, 3.0, "limit of --noise cross-machine", "pass", Box(16, 0, 8, 8))
_UNLIMITED = Gate("colour", 0.5, "ΔE", None, None, "percept.toml", "pass")
_REGIONS = (
    Region(Box(17, 3, 12, 9), 80, 0.9, 0.75, 1.75, 0.5, "fail", {"relu1_2": 0.4, "relu3_3": 0.5}, kind="added"),
    Region(
        Box(2, 20, 4, 1),
        4,
        0.3,
        0.25,
        0.1,
        0.1,
        "pass",
        {"relu3_3": 0.3},
        shift=(0, 1),
        kind="moved",
        allowed=True,
    ),
)
CHECKED = Run(
    version="1.2.3",
    spec=_SPEC,
    device="cpu",
    kind="check",
    folders=("expected", "out"),
    origin=("expected", "out"),
    results=(
        _checked("menu/icon.png", "fail", _MEAN, _PEAK, _COLOUR, regions=_REGIONS, like=IN_A_PLACE),
        _checked('a "quoted" & <b>bold</b>.png', "warn", _MEAN, _COLOUR, regions=_REGIONS[1:]),
        _checked("plain.png", "pass", _COLOUR),
        _checked("unlimited.png", "measured", _UNLIMITED),
        _checked("decided.png", "tolerated", _PEAK, matched=(2, 3), variant="linux"),
        _unmatched("fresh.png", "new", candidate="out/fresh.png", reason="there is no reference with this name"),
        _unmatched(
            "gone.png", "missing", reference="expected/gone.png", reason="there is no candidate with this name"
        ),
        _unmatched(
            "broken.png",
            "error",
            reference="expected/broken.png",
            candidate="out/broken.png",
            reason="out/broken.png: the image is damaged or truncated; re-export or re-download the file.",
        ),
    ),
)
"""A run of percept check with every status, and a name that HTML and XML must escape."""
