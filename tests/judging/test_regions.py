"""Regions of a result: which are kept, in which order, and what happened in them."""

from __future__ import annotations

import numpy as np
import pytest

from percept_cli.judging.regions import MOST_REGIONS
from percept_cli.results.found import Evidence
from percept_cli.scoring.api import check

pytestmark = pytest.mark.numeric
WHITE = np.full((320, 320, 3), 255, np.uint8)


def evidence_of(reference: np.ndarray, candidate: np.ndarray) -> Evidence:
    found = check(reference, candidate).evidence
    assert found is not None
    return found


def test_the_worst_regions_come_first_and_say_what_happened() -> None:
    reference, candidate = WHITE.copy(), WHITE.copy()
    reference[40:60, 40:60] = (20, 40, 160)
    candidate[200:230, 200:230] = (20, 160, 40)
    found = evidence_of(reference, candidate)
    assert found.regions_in_all == len(found.regions) == 2
    assert [region.status for region in found.regions] == ["fail", "fail"]
    assert found.regions[0].peak >= found.regions[1].peak
    assert {region.kind for region in found.regions} == {"added", "removed"}
    assert sum(region.share for region in found.regions) == pytest.approx(1)


def test_a_report_holds_the_worst_regions_and_counts_all() -> None:
    candidate = WHITE.copy()
    for number in range(100):  # each further from white than the one before
        row, column = divmod(number, 10)
        candidate[32 * row + 8 : 32 * row + 16, 32 * column + 8 : 32 * column + 16] = 230 - 2 * number
    found = evidence_of(WHITE, candidate)
    assert found.regions_in_all == 100
    assert len(found.regions) == MOST_REGIONS
    peaks = [region.peak for region in found.regions]
    assert peaks == sorted(peaks, reverse=True)
    assert {region.status for region in found.regions} == {"fail"}
