"""Two pictures of a pair as they are compared: one view, planned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from percept_cli.engine.plan import Plan
from percept_cli.geometry import View
from percept_cli.images.picture import Picture

if TYPE_CHECKING:
    from percept_cli.evidence.changes import Changes
    from percept_cli.evidence.fitting import Fitted


@dataclass(frozen=True)
class Sight:
    """Two pictures of a pair, one view of it, planned."""

    view: View
    pictures: tuple[Picture, Picture] | None
    """Reference and candidate; None where they are equal: nothing is to be computed, so nothing is kept."""
    plan: Plan
    width: int
    height: int
    changes: Changes | None = None
    """What of the pictures differs, where someone asks; ``pictures`` are then as they are compared."""
    fitted: Fitted | None = None
    """Of pictures of two sizes how these are their rest; None where they are the pictures themselves."""
