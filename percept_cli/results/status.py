"""Verdicts: which there are, and which is worse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Status = Literal["error", "fail", "missing", "new", "warn", "tolerated", "measured", "pass"]
"""``error``: could not be compared. ``fail``: above a limit. ``missing``: a reference without a candidate.
``new``: a candidate without a reference. ``warn``: within what fails, but above a limit that someone wants to hear
of. ``tolerated``: above a limit, and a decision of people covers exactly this change. ``measured``: compared, and
no limit was given. ``pass``: within all limits."""

WORST_FIRST: tuple[Status, ...] = ("error", "fail", "missing", "new", "warn", "tolerated", "measured", "pass")
"""The order of verdicts, wherever there is one."""
RANK: Mapping[Status, int] = {status: rank for rank, status in enumerate(reversed(WORST_FIRST))}
"""Of verdicts, the worst has the most."""
COMPARED: tuple[Status, ...] = ("error", "fail", "warn", "tolerated", "measured", "pass")
"""Of pairs: of pictures that have a counterpart."""
