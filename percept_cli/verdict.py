"""Thresholds → verdicts, with the reason in words."""

from __future__ import annotations

import math

from percept_cli.errors import InvalidSetting
from percept_cli.results import Status


def check_threshold(value: float) -> float:
    """Return a usable threshold.

    Raises:
        InvalidSetting: if it is not a number, infinite or negative. Such a threshold would pass or fail
            everything without saying so.
    """
    if not math.isfinite(value) or value < 0:
        raise InvalidSetting(
            f"the threshold must be a finite number of at least 0, not {value!r}",
            hint="leave the threshold out to get a distance without a verdict.",
        )
    return value


def judge(distance: float, threshold: float | None, source: str) -> tuple[Status, str]:
    """Decide on one distance. A value equal to the threshold passes; not-a-number never does.

    Args:
        distance: the pair's distance, ≥ 0, or not finite where the arithmetic overflowed.
        threshold: the largest distance that passes, or None to pass any finite distance.
        source: where the threshold came from, for the reason.

    Returns:
        The status and the reason in words, numbers unrounded.
    """
    if not math.isfinite(distance):
        return (
            "error",
            f"the distance is {distance!r}: the arithmetic overflowed, by half precision or huge weights",
        )
    if threshold is None:
        return "pass", "no threshold was given, so any distance passes"
    limit = f"threshold {threshold!r} ({source})"
    if distance <= threshold:
        return "pass", f"distance {distance!r} is within the {limit}"
    return "fail", f"distance {distance!r} is above the {limit}"
