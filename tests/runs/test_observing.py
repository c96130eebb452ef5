"""What a result in a report says of the noise of its image. What is measured anew: test_learning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from percept_cli.geometry import FileStamp
from percept_cli.judging.rules import Rules
from percept_cli.results.found import Evidence
from percept_cli.runs.observing import ObservingJudge, key_of, observed_in
from tests.support.runs import CHECKED

ICON = next(iter(CHECKED.results))
"""48 × 30 pixels with two regions, and a heat map of 3 × 2 values."""


def test_gates_and_regions_say_how_large_the_noise_is_and_where() -> None:
    seen, named_all = observed_in(ICON)
    assert seen is not None and named_all
    assert (seen.baseline, seen.width, seen.height, seen.changed_pixels) == ("0" * 64, 48, 30, 84)
    assert (seen.largest["peak"], seen.largest["colour"]) == (1.75, 0.5)
    raw, _ = seen.places["peak"]
    assert (raw[:2, 2:4] == 1.75).all()  # of the first region, which is where the gate has its peak
    assert raw.sum() == 7  # the second is where the heat map has nothing
    colours, _ = seen.places["colour"]
    assert np.count_nonzero(colours) == 5
    assert colours[2, 0] == np.float32(0.1)


def test_a_region_is_no_worse_than_its_heat() -> None:
    assert ICON.evidence is not None
    seen, _ = observed_in(replace(ICON, evidence=replace(ICON.evidence, gates=())))
    assert seen is not None
    raw, _ = seen.places["peak"]
    heat = len(ICON.layers) * 10 * (40 / 255) ** 2  # each layer's largest may be in another place of a cell
    assert raw[:2, 2:4].tolist() == [[pytest.approx(heat, rel=1e-3)] * 2] * 2


def test_regions_beyond_those_that_a_report_holds() -> None:
    """They are no worse than the last that it names, and the heat map says where they can be."""
    assert ICON.evidence is not None
    seen, named_all = observed_in(replace(ICON, evidence=replace(ICON.evidence, regions_in_all=9)))
    assert seen is not None and not named_all
    raw, _ = seen.places["peak"]
    assert raw[0, 5] == raw[2, 5] == np.float32(0.1)
    assert raw[0, 0] == raw[3, 3] == 0


def test_colour_without_a_place_is_that_of_ink() -> None:
    assert ICON.evidence is not None
    gates = tuple(replace(gate, at=None) for gate in ICON.evidence.gates)
    seen, _ = observed_in(replace(ICON, evidence=replace(ICON.evidence, gates=gates, regions=(), heat=None)))
    assert seen is not None
    assert (seen.colour_of_ink, seen.largest["colour"], seen.largest["peak"]) == (0.5, 0.5, 0.0)


def test_what_was_not_compared_says_nothing() -> None:
    for result in (
        replace(ICON, evidence=None),
        replace(ICON, reference_file=None),
        replace(ICON, width=None, height=None),
    ):
        assert observed_in(result) == (None, True)
    equal, _ = observed_in(replace(ICON, evidence=Evidence(()), distance=0.0))
    assert equal is not None
    assert set(equal.largest.values()) == {0.0}


def test_a_judge_keeps_what_it_sees_until_it_is_taken() -> None:
    judge = ObservingJudge(lambda _: Rules())
    assert judge.take(ICON) is None
    assert key_of("a", "b") != key_of("a\0b", None)
    assert replace(ICON, reference_file=FileStamp(1, 1, "")).reference == ICON.reference
