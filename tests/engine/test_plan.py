"""A plan: in words, and of what is computed as a whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from percept_cli.engine.plan import avoided, plan_of_pixels, plan_pair
from percept_cli.engine.regions import whole
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.spec import DistanceSpec, LayerSpec
from tests.support.masks_through_layers import as_bytes


def test_a_plan_in_words() -> None:
    spec = load_preset("five-taps").spec
    mask = np.zeros((1080, 1920), bool)
    mask[500:540, 900:940] = True
    plan = plan_of_pixels(spec, *as_bytes(mask), 1080, 1920)
    (crop,) = plan.crops
    assert plan.share == crop.pixels.pixels / (1080 * 1920) < 0.12
    assert str(plan) == (
        f"plan: 9 of 8,160 cells of 16×16 pixels changed; 1 crop of {crop.pixels.width}×{crop.pixels.height}; "
        f"{100 * (1 - plan.share):.1f} % of the work avoided"
    )
    everywhere = plan_of_pixels(spec, *as_bytes(np.ones((40, 50), bool)), 40, 50)
    assert str(everywhere) == "plan: 12 of 12 cells of 16×16 pixels changed; the whole image is computed"
    nowhere = plan_of_pixels(spec, *as_bytes(np.zeros((40, 50), bool)), 40, 50)
    assert (str(nowhere), nowhere.crops) == ("plan: the pixels are equal, nothing to compute", ())


def test_nearly_all_of_the_work_is_not_all_of_it() -> None:
    assert avoided(0.5) == "50.0 % of the work avoided"
    assert avoided(0.0001) == "more than 99.9 % of the work avoided"
    assert avoided(0) == "100.0 % of the work avoided"


def test_an_extended_picture_is_computed_as_a_whole() -> None:
    spec = DistanceSpec((LayerSpec("relu5_3"),))
    mask = np.zeros((5, 900), bool)
    mask[2, 3] = True
    plan = plan_of_pixels(spec, *as_bytes(mask), 5, 900)
    assert (plan.extended, plan.height, plan.crops) == (True, 16, (whole(16, 900),))
    assert plan_pair(spec, height=5, width=900).crops == plan.crops


def test_a_change_of_less_than_a_quarter_of_the_cells_is_one_of_places() -> None:
    spec = load_preset("default").spec
    mask = np.zeros((160, 160), bool)  # 100 cells
    for cells, local in ((0, False), (1, True), (24, True), (25, False), (100, False)):
        mask[:] = False
        for cell in range(cells):
            mask[cell // 10 * 16, cell % 10 * 16] = True
        plan = plan_of_pixels(spec, *as_bytes(mask), 160, 160)
        assert (plan.changed_share, plan.is_local, plan.keeps_map) == (cells / 100, local, local)


def test_no_map_is_kept_that_would_take_much_memory() -> None:
    spec = load_preset("default").spec
    plan = plan_pair(spec, height=5000, width=5000, changed=True)
    assert not plan.is_local
    scattered = replace(plan, changed=plan.cells // 5)
    assert (scattered.is_local, scattered.keeps_map) == (True, False)
    assert replace(scattered, crops=(whole(4000, 4000),)).keeps_map
