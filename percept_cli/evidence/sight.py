"""Two pictures of a pair as they are compared: one view, planned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from percept_cli.engine.plan import Plan, plan_of_pixels
from percept_cli.geometry import View
from percept_cli.images.picture import Picture
from percept_cli.images.views import Look
from percept_cli.recipes.spec import DistanceSpec

if TYPE_CHECKING:
    from percept_cli.evidence.changes import Changes


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


def sight_of(look: Look, spec: DistanceSpec, changes: Changes | None = None) -> Sight:
    """Plan a view of a pair by a recipe, with what changed where someone looked for it."""
    reference, candidate = look.reference, look.candidate if changes is None else changes.candidate
    plan = plan_of_pixels(spec, reference.pixels, candidate.pixels, reference.height, reference.width)
    pictures = (reference, candidate) if plan.crops else None
    return Sight(look.view, pictures, plan, reference.width, reference.height, changes)
