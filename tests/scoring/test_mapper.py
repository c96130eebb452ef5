"""Maps of a pair: layers add up, and a change is where it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from percept_cli.drawing.colours import SCALE
from percept_cli.drawing.over import values_of
from percept_cli.pairs import pair_of_files
from percept_cli.recipes.recipe import make_recipe
from percept_cli.recipes.spec import ceiling, recipe_of_layer
from percept_cli.scoring.api import check
from percept_cli.scoring.mapper import Mapper, Maps
from percept_cli.scoring.scorer import Scorer
from percept_cli.topology import positions_reached
from tests.conftest import Percept, Save
from tests.support.heat_maps import COLOURS, RENDER, pixels


def changed(path: Path, box: tuple[int, int, int, int], colour: tuple[int, int, int], to: Path) -> Path:
    with Image.open(path) as image:
        image.paste(colour, box)
        image.save(to)
    return to


def maps_of(reference: Path, candidate: Path) -> Maps:
    mapper = Mapper(Scorer(RENDER))
    return mapper.maps(mapper.scorer.read(pair_of_files(reference, candidate)))


@pytest.mark.slow
def test_a_change_is_drawn_where_it_is_and_nowhere_else(percept: Percept, save: Save, tmp_path: Path) -> None:
    a = save("a.png", 320, 256)
    b = changed(a, (40, 24, 60, 40), (255, 255, 255), tmp_path / "b.png")
    done = percept("heatmap", a, b, "-o", "h.png", "--style", "alone", "--no-scale")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "The heat map is in h.png.\n")
    found = pixels(tmp_path / "h.png")
    coloured = (found != SCALE[0]).any(axis=2)
    assert coloured[24:40, 40:60].all()
    # Beyond what the deepest layer sees is nothing but the last bit, where a tile is computed as a whole.
    reached = np.zeros((256, 320), bool)
    (top, bottom), (left, right) = (positions_reached("vgg16", "relu4_3", *ends) for ends in ((24, 39), (40, 59)))
    reached[max(0, top) * 8 : (bottom + 1) * 8, max(0, left) * 8 : (right + 1) * 8] = True
    assert reached.mean() < 0.25
    assert set(map(tuple, found[~reached].tolist())) <= {SCALE[0], SCALE[1]}
    assert not coloured[160:].any()
    assert not coloured[:, 180:].any()
    # It is the map that percept check reports, in the colours of the scale.
    evidence = check(a, b).evidence
    assert evidence is not None and evidence.heat is not None
    assert (found == COLOURS[values_of(evidence.heat, 320, 256)]).all()


def test_layers_add_up_and_one_alone_looks_as_among_the_others(save: Save, tmp_path: Path) -> None:
    a = save("a.png", 96, 64)
    b = changed(a, (40, 24, 60, 40), (255, 255, 255), tmp_path / "b.png")
    maps = maps_of(a, b)
    assert list(maps.layers) == list(RENDER.taps)
    assert {one.top for one in maps.layers.values()} == {maps.heat.top / 3}
    by_layer = [(values_of(one, 96, 64) / 255.0) ** 2 * one.top for one in maps.layers.values()]
    assert maps.heat.top == ceiling(RENDER)
    # Each value is rounded up to one of 256.
    summed = (values_of(maps.heat, 96, 64) / 255.0) ** 2 * maps.heat.top
    assert np.abs(sum(by_layer) - summed).max() < 0.15
    mapper = Mapper(Scorer(recipe_of_layer(RENDER, "relu3_3")))
    alone = mapper.maps(mapper.scorer.read(pair_of_files(a, b)))
    assert alone.heat == maps.layers["relu3_3"]


def test_without_a_ceiling_the_scale_ends_at_a_power_of_ten(save: Save, tmp_path: Path) -> None:
    a = save("a.png", 64, 64)
    b = changed(a, (0, 0, 20, 20), (255, 255, 255), tmp_path / "b.png")
    mapper = Mapper(Scorer(make_recipe("default", distance="l1").spec))
    maps = mapper.maps(mapper.scorer.read(pair_of_files(a, b)))
    exponent = np.log10(maps.heat.top)
    assert exponent == round(exponent)
    assert max(maps.heat.values) > 255 * 0.1**0.5
    assert len({one.top for one in maps.layers.values()}) == 1


def test_tiny_pictures_have_maps_of_their_own_size(save: Save) -> None:
    for width, height in ((1, 1), (8, 5), (3, 40)):
        maps = maps_of(save("a.png", width, height), save("b.png", width, height, seed=1))
        assert (maps.heat.width, maps.heat.height, maps.heat.stride) == (width, height, 1)
