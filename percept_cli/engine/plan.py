"""What has to be computed at all, as plain data, before anything is computed."""

from __future__ import annotations

from dataclasses import dataclass

from percept_cli.engine.topology import smallest_side, tap_shape
from percept_cli.spec import DistanceSpec


@dataclass(frozen=True)
class Plan:
    """The work for one pair."""

    height: int
    """Height the network sees, in pixels."""
    width: int
    """Width the network sees, in pixels."""
    needs_network: bool
    """False where the pictures are equal: every distance is then exactly 0 and nothing has to run."""
    shapes: tuple[tuple[int, int, int], ...]
    """Channels, height and width of every layer's features, in the order of the spec."""
    notes: tuple[str, ...]
    """What is done to the pictures that a person should know."""


def plan_pair(spec: DistanceSpec, *, height: int, width: int, equal: bool) -> Plan:
    """Decide on the work for two pictures of one size, in pixels, whose pixels are equal or not.

    A picture with a side below the stride of the deepest tap has no position there. Both pictures are then
    extended to that side by repeating their last column and row: every pixel keeps its place at the top left,
    equal pictures stay equal, and the note says so.
    """
    side = smallest_side(spec.record.network, spec.taps)
    plan_height, plan_width = max(height, side), max(width, side)
    notes: tuple[str, ...] = ()
    if (plan_height, plan_width) != (height, width):
        deepest = max(spec.taps, key=lambda tap: smallest_side(spec.record.network, [tap]))
        notes = (
            f"{width}×{height} pixels are too few for {deepest}: both pictures were "
            f"extended to {plan_width}×{plan_height} by repeating their last column and row",
        )
    shapes = tuple(tap_shape(spec.record.network, tap, plan_height, plan_width) for tap in spec.taps)
    return Plan(plan_height, plan_width, needs_network=not equal, shapes=shapes, notes=notes)
