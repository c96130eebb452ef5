"""Numbers for people: few digits, but never so few that a number reads as the limit that it exceeds."""

from __future__ import annotations

import math
from collections.abc import Sequence

_DIGITS = 6
_ALL = 17  # of a float64


def rounded(value: float, digits: int = _DIGITS) -> str:
    """A number in at most so many significant digits; whole numbers below 10^digits as such."""
    return f"{value:.{digits}g}"


def beside(value: float, limit: float) -> tuple[str, str]:
    """A number and its limit, in six digits, or in as many as it takes to tell two that differ apart."""
    for digits in range(_DIGITS, _ALL):
        told = rounded(value, digits), rounded(limit, digits)
        if told[0] != told[1] or value == limit:
            return told
    return repr(value), repr(limit)


def total(values: Sequence[float]) -> float:
    """The float64 sum, independent of the order; infinite where it overflows."""
    try:
        return math.fsum(values)
    except OverflowError:
        return math.inf
