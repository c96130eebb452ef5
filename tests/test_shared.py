"""A reference that several pairs share: it is run once, and no digit of a distance depends on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from percept_cli.pairs import Pair, Pairs
from percept_cli.recipes.recipe import make_recipe
from percept_cli.scoring.pipeline import Pipeline
from percept_cli.scoring.scorer import Scorer
from tests.conftest import drawing


@pytest.fixture
def pairs(tmp_path: Path) -> list[Pair]:
    """One reference with a candidate that differs everywhere, and some that differ in several places."""
    first = np.array(drawing(160, 112, seed=1))
    Image.fromarray(first).save(tmp_path / "a.png")
    found = []
    for number, boxes in enumerate((((0, 0, 160, 112),), ((0, 0, 70, 30), (100, 70, 40, 40)), ((5, 5, 120, 8),))):
        second = first.copy()
        for x, y, width, height in boxes:
            second[y : y + height, x : x + width] = np.random.default_rng(number).integers(
                0, 256, second[y : y + height, x : x + width].shape
            )
        path = tmp_path / f"{number}.png"
        Image.fromarray(second).save(path)
        found.append(Pair(path.name, tmp_path / "a.png", path))
    return found


def test_no_digit_depends_on_how_pairs_are_listed(pairs: list[Pair]) -> None:
    scorer = Scorer(make_recipe("default", layers="relu1_2,relu2_2").spec, device="cpu")
    alone = [scorer.score(pair).layers for pair in pairs]
    shared = [replace(pair, shared=True) for pair in pairs]
    assert scorer.parts(scorer.read(shared[0]))[0].keeps_reference
    assert [scorer.score(pair).layers for pair in shared] == alone
    for listed in (shared[::-1], [*shared, *pairs]):
        results = [result.layers for result, _ in Pipeline(scorer).results(Pairs(listed, total=len(listed)))]
        assert results == [alone[int(pair.name[0])] for pair in listed]
