"""A view of a pair, planned: what is kept of its pictures, and what is computed."""

from __future__ import annotations

from percept_cli.evidence.changes import find_changes
from percept_cli.evidence.sight import sight_of
from percept_cli.geometry import Box, View
from percept_cli.images.picture import Picture
from percept_cli.images.views import Look
from percept_cli.recipes.spec import DistanceSpec, LayerSpec

SPEC = DistanceSpec((LayerSpec("relu1_2", "mse"),))
WIDTH, HEIGHT = 200, 40


def picture(*dots: tuple[int, int]) -> Picture:
    pixels = bytearray(WIDTH * HEIGHT * 3)
    for x, y in dots:
        pixels[(y * WIDTH + x) * 3] = 255
    return Picture(WIDTH, HEIGHT, bytes(pixels))


def test_of_equal_pictures_nothing_is_kept() -> None:
    sight = sight_of(Look(View(), picture((3, 3)), picture((3, 3))), SPEC)
    assert (sight.pictures, sight.plan.crops, sight.changes) == (None, (), None)
    assert (sight.width, sight.height) == (WIDTH, HEIGHT)


def test_what_differs_is_planned_and_its_pictures_are_kept() -> None:
    look = Look(View(frame=2), picture(), picture((3, 3)))
    sight = sight_of(look, SPEC)
    assert sight.view == View(frame=2)
    assert sight.pictures == (look.reference, look.candidate)
    assert sum(crop.pixels.width for crop in sight.plan.crops) < WIDTH


def test_what_is_ignored_is_not_planned() -> None:
    """The candidate as it is compared counts: ignored pixels are the reference's there."""
    look = Look(View(), picture(), picture((3, 3)))
    changes = find_changes(look.reference, look.candidate, ignore=(Box(0, 0, 10, 10),))
    sight = sight_of(look, SPEC, changes)
    assert (sight.pictures, sight.plan.crops) == (None, ())
    assert sight.changes is changes
