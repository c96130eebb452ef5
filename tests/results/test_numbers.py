"""Numbers for people."""

from __future__ import annotations

import math

import pytest

from percept_cli.results.numbers import beside, rounded


@pytest.mark.parametrize(
    ("value", "told"), [(0.4944338901357276, "0.494434"), (12.0, "12"), (1e-9, "1e-09"), (640000.0, "640000")]
)
def test_six_digits(value: float, told: str) -> None:
    assert rounded(value) == told


@pytest.mark.parametrize(
    ("value", "limit", "told"),
    [
        (0.37, 0.05, ("0.37", "0.05")),
        (0.05, 0.05, ("0.05", "0.05")),
        (0.05000001, 0.05, ("0.05000001", "0.05")),
        (math.nextafter(0.05, 1), 0.05, ("0.05000000000000001", "0.05")),
    ],
)
def test_a_number_never_reads_as_the_limit_that_it_exceeds(
    value: float, limit: float, told: tuple[str, str]
) -> None:
    assert beside(value, limit) == told
