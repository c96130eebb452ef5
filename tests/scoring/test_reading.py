"""References that several pairs share are run once, and no digit depends on it."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch import Tensor

from percept_cli.engine.backbone import Backbone, Band
from percept_cli.engine.bands import Schedule
from percept_cli.pairs import Pair, Pairs, pair_of_files
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.recipe import make_recipe
from percept_cli.recipes.spec import DistanceSpec, LayerSpec
from percept_cli.results.pair import PairResult
from percept_cli.scoring.pipeline import Pipeline
from percept_cli.scoring.scorer import Scorer
from tests.conftest import Save, drawing
from tests.support.pipeline_ends import drive
from tests.support.pipelines import CHEAP, scores


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
    scorer = Scorer(make_recipe("five-taps", layers="relu1_2,relu2_2").spec, device="cpu")
    alone = [scorer.score(pair).layers for pair in pairs]
    shared = [replace(pair, shared=True) for pair in pairs]
    assert scorer.parts(scorer.read(shared[0]))[0].keeps_reference
    assert [scorer.score(pair).layers for pair in shared] == alone
    for listed in (shared[::-1], [*shared, *pairs]):
        results = [result.layers for result, _ in Pipeline(scorer).results(Pairs(listed, total=len(listed)))]
        assert results == [alone[int(pair.name[0])] for pair in listed]


def numbers(results: list[PairResult]) -> list[tuple[str, float, list[float]]]:
    return [(result.name, result.distance, [layer.distance for layer in result.layers]) for result in results]


@pytest.mark.parametrize("distance", ["unit", "gram-chw", "frobenius"])
def test_one_against_many_runs_the_reference_once(
    save: Save, monkeypatch: pytest.MonkeyPatch, distance: str
) -> None:
    spec = DistanceSpec((LayerSpec("input", distance), LayerSpec("relu2_2", distance)))
    reference = save("r.png")
    candidates = [save(f"{index}.png", seed=index + 1) for index in range(6)]
    expected = numbers(scores([pair_of_files(reference, candidate) for candidate in candidates], spec))

    pictures = []
    real: Callable[[Backbone, Tensor, Schedule], Iterator[Band]] = Backbone.bands

    def counting(self: Backbone, batch: Tensor, schedule: Schedule) -> Iterator[Band]:
        pictures.append(batch.shape[0])
        return real(self, batch, schedule)

    monkeypatch.setattr(Backbone, "bands", counting)
    shared = [Pair(str(path), reference, path, shared=True) for path in candidates]
    found = numbers(scores(shared, spec, batch_size=2))
    assert [name for name, *_ in found] == [path.as_posix() for path in candidates]
    for (_, one, layers), (_, other, other_layers) in zip(expected, found, strict=True):
        assert other == pytest.approx(one, rel=1e-6, abs=0)
        assert other_layers == pytest.approx(layers, rel=1e-6, abs=0)
    assert sum(pictures) == 1 + len(candidates)


def test_a_shared_reference_that_changes_is_read_again(save: Save) -> None:
    reference, candidate = save("r.png"), save("c.png", seed=1)
    pair = Pair("c", reference, candidate, shared=True)

    answers: queue.Queue[float] = queue.Queue()

    def pairs() -> Iterator[Pair]:
        yield pair
        yield pair
        first, second = answers.get(timeout=60), answers.get(timeout=60)
        assert first == second > 0
        save("r.png", seed=1)
        yield pair

    for result, _ in Pipeline(Scorer(CHEAP, device="cpu")).results(Pairs(pairs(), live=True)):
        answers.put(result.distance)
    assert answers.get_nowait() == 0


def test_a_picture_that_is_gone_between_two_readings_is_a_row(
    save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same with the real judge, which was told of the sizes and reads the files again for their hashes."""
    from percept_cli.images.views import looks
    from percept_cli.judging.checks import GateJudge
    from percept_cli.judging.rules import Rules
    from percept_cli.scoring import scorer

    pair = Pair("x", save("a.png"), save("b.png", width=50))

    def vanishing(*arguments: Any, **options: Any) -> Any:
        (tmp_path / "b.png").unlink(missing_ok=True)
        return looks(*arguments, **options)

    class OfOneSize(GateJudge):
        fits_sizes = False  # what two sizes have in common is not compared; their files are read for their stamps

    monkeypatch.setattr(scorer, "looks", vanishing)
    found = drive(Pipeline(Scorer(load_preset("default").spec, OfOneSize(Rules()))), Pairs([pair]))
    assert not isinstance(found, BaseException)
    assert [(result.status, "b.png: no such file" in result.reason) for result in found] == [("error", True)]
