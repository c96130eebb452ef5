"""Two pictures as they are compared: what is kept of them, and what is planned."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from percept_cli.evidence.sight import Sight
from percept_cli.geometry import View
from percept_cli.pairs import pair_of_files
from percept_cli.recipes.spec import DistanceSpec, LayerSpec
from percept_cli.scoring.scorer import Scorer

SPEC = DistanceSpec((LayerSpec("relu1_2", "mse"),))
WIDTH, HEIGHT = 200, 40


@pytest.fixture
def files(tmp_path: Path) -> Path:
    black = Image.new("RGB", (WIDTH, HEIGHT))
    black.save(tmp_path / "black.png")
    black.save(tmp_path / "same.bmp")
    black.putpixel((3, 3), (255, 0, 0))
    black.save(tmp_path / "dot.png")
    return tmp_path


def only_sight(folder: Path, reference: str, candidate: str) -> Sight:
    (sight,) = Scorer(SPEC).read(pair_of_files(folder / reference, folder / candidate)).sights
    return sight


def test_of_equal_pictures_nothing_is_kept(files: Path) -> None:
    sight = only_sight(files, "black.png", "same.bmp")
    assert (sight.pictures, sight.plan.crops, sight.changes) == (None, (), None)
    assert (sight.width, sight.height, sight.view) == (WIDTH, HEIGHT, View())


def test_what_differs_is_planned_and_its_pictures_are_kept(files: Path) -> None:
    sight = only_sight(files, "black.png", "dot.png")
    assert sight.pictures is not None
    assert [int(picture.array.sum()) for picture in sight.pictures] == [0, 255]
    assert sum(crop.pixels.width for crop in sight.plan.crops) < WIDTH
