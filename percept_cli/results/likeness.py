"""What a distance is like, in words that need no knowledge of the recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from percept_cli.recipes.ladder import Step


@dataclass(frozen=True)
class Likeness:
    """Where a pair stands on the ladder of its recipe."""

    kind: Literal["whole", "place"]
    """``whole``: the distance was held to distortions of whole images. ``place``: only places changed, and the
    strongest was held to small changes."""
    words: str
    """In words, the share of the image included where it is of a place."""
    share: float
    """The share of the image's cells of 16×16 pixels that changed, 0 to 1."""
    value: float | None
    """What was held to the ladder: the distance, or what the strongest place comes to; None where the distance has
    no places, or too many for a map."""
    steps: tuple[Step, ...] = ()
    """The steps that are named, one or two."""
