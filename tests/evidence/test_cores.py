"""The pixels of a region that say what happened, and their background."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from percept_cli.evidence.cores import CELL, Core, Loudness, Suspect, core_of
from percept_cli.geometry import Box
from tests.support.known_changes import Pixels

HEIGHT, WIDTH = 64, 80
BOX = Box(30, 24, 12, 10)
SUSPECT = Suspect(1, BOX)


def background(name: str) -> Pixels:
    picture = np.full((HEIGHT, WIDTH, 3), 200.0)
    ys, xs = np.mgrid[:HEIGHT, :WIDTH]
    if name == "gradient":
        picture += (xs + 0.5 * ys - 60)[..., None] * [0.5, -0.5, 0.25]
    if name == "grid":
        picture[28], picture[:, 35] = 120, 120
    if name == "texture":
        picture += np.random.default_rng(7).normal(0, 6, (HEIGHT, WIDTH, 1))
    found: Pixels = np.clip(picture, 0, 255).astype(np.uint8)
    return found


def with_thing(picture: Pixels) -> Pixels:
    result = picture.copy()
    result[BOX.y : BOX.y + BOX.height, BOX.x : BOX.x + BOX.width] = (20, 60, 30)
    return result


def loudness(distances: NDArray[np.float32] | None = None, noise: float = 0.0) -> Loudness:
    shape = HEIGHT // CELL, WIDTH // CELL
    nothing = np.zeros(shape, np.float32)
    return Loudness(np.ones(shape, np.int32), nothing if distances is None else distances, nothing, noise)


def found(first: Pixels, second: Pixels, where: Loudness | None = None) -> Core:
    core = core_of(first, second, Suspect(1, Box(0, 0, WIDTH, HEIGHT)), where or loudness())
    assert core is not None
    return core


@pytest.mark.parametrize("name", ["flat", "gradient", "grid", "texture"])
def test_background_is_near_and_a_thing_is_far_from_it(name: str) -> None:
    first = background(name)
    core = found(first, with_thing(first))
    assert core.box == BOX
    before, after = (float(side.sum()) for side in core.beside)
    assert before < 0.05 * core.change.sum()
    assert after > 0.7 * core.change.sum()
    swapped = found(with_thing(first), first)
    assert all(np.array_equal(*sides) for sides in zip(swapped.beside, core.beside[::-1], strict=True))


def test_between_the_edges_of_a_thing_that_moved_is_no_background() -> None:
    first = with_thing(background("flat"))
    second = np.roll(first, 2, axis=1)
    core = found(first, second)
    assert core.outside is not None
    assert all(side.sum() < 0.1 * core.change.sum() for side in core.beside)
    assert all(side.sum() == pytest.approx(core.change.sum() / 2) for side in core.outside)


def test_only_loud_cells_are_looked_at() -> None:
    first, second = background("flat"), with_thing(background("flat"))
    second[2:6, 2:6] = 0
    distances = np.full((HEIGHT // CELL, WIDTH // CELL), 0.3, np.float32)
    distances[3:5, 3:6] = 1.5
    assert found(first, second, loudness(distances)).box == BOX
    distances[0, 0] = 0.8
    assert found(first, second, loudness(distances)).box.x == 2
    assert found(first, second, loudness(distances, noise=0.85)).box == BOX


def test_faint_fringes_do_not_count() -> None:
    first, second = background("flat"), with_thing(background("flat"))
    second[BOX.y - 2 : BOX.y, BOX.x : BOX.x + BOX.width] = 190
    assert found(first, second).box == BOX


def test_where_nothing_changed_is_no_core() -> None:
    first = background("flat")
    assert core_of(first, first, SUSPECT, loudness()) is None


def test_of_an_image_that_changed_altogether_no_background_is_known() -> None:
    first = background("texture")
    core = found(first, 255 - first)
    assert all(np.array_equal(side, core.change) for side in core.beside)
    assert len(core.rows) <= 1 << 11
