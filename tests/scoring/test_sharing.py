"""Features once: the numbers of ``compare``, each picture through the network once, in what memory there is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from percept_cli import DistanceSpec, LayerSpec, PairResult, compare, distances_of
from percept_cli.engine.backbone import Backbone
from percept_cli.errors import InvalidSetting, WeightsUnavailable
from percept_cli.recipes.presets import load_preset
from percept_cli.scoring import sharing
from percept_cli.scoring.opened import pair_named
from percept_cli.scoring.reading import pair_of
from percept_cli.scoring.scorer import Scorer
from percept_cli.scoring.sharing import Sharing
from percept_cli.system.machine import resident_memory
from tests.conftest import Save, drawing

pytestmark = pytest.mark.numeric

OXFORD = ("default", "five-taps", "johnson-style", "johnson-content")
SHALLOW = (
    DistanceSpec((LayerSpec("relu1_2"), LayerSpec("relu2_1", "gram-chw", 3.0))),
    DistanceSpec((LayerSpec("relu2_1", "gram-chw"), LayerSpec("input", "l1"))),
)
"""Two recipes that have one distance at one tap in common, with another weight."""
SIZE = (70, 60)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shape of the pictures of each run of any backbone, N×H×W×3; they are run all the same."""
    found = []
    through = Backbone.bands

    def bands(self: Backbone, pictures: Any, schedule: Any) -> Iterator[Any]:
        found.append(tuple(pictures.shape))
        return through(self, pictures, schedule)

    monkeypatch.setattr(Backbone, "bands", bands)
    return found


def pictures(count: int, size: tuple[int, int] = SIZE) -> list[np.ndarray]:
    return [np.asarray(drawing(*size, seed=seed)) for seed in range(count)]


def layers_of(result: PairResult) -> list[float]:
    return [result.distance, *(layer.distance for layer in result.layers)]


def same(found: PairResult, expected: PairResult) -> None:
    """The contract of numbers; and everything else that a result says, but for how long it took."""
    assert layers_of(found) == pytest.approx(layers_of(expected), rel=1e-6, abs=0)
    assert [one == 0 for one in layers_of(found)] == [one == 0 for one in layers_of(expected)]
    assert [view.distance for view in found.views] == pytest.approx(
        [view.distance for view in expected.views], rel=1e-6
    )
    alike: dict[str, Any] = {"seconds": 0.0, "distance": 0.0, "layers": (), "views": ()}
    assert replace(found, **alike, reason="") == replace(expected, **alike, reason="")


@pytest.mark.slow
@pytest.mark.parametrize(
    "presets", [pytest.param(OXFORD, marks=pytest.mark.slow), OXFORD[2:], ("lpips",), ("st-lpips",), ("dists",)]
)
@pytest.mark.usefixtures("all_weights")
def test_the_numbers_are_those_of_compare(presets: tuple[str, ...], device: str) -> None:
    sides = pictures(3)
    pairs = [*combinations(sides, 2), (sides[0], sides[0]), (sides[1], sides[1].copy())]
    found = dict(distances_of(pairs, presets, device=device))
    assert sorted(found) == list(range(len(pairs)))
    for index, pair in enumerate(pairs):
        for result, preset in zip(found[index], presets, strict=True):
            same(result, compare(*pair, preset=preset, device=device))
    assert all(result.distance == 0 for index in (3, 4) for result in found[index])


def test_each_picture_runs_once_for_all_partners_and_recipes(runs: list[tuple[int, ...]], device: str) -> None:
    pairs = list(combinations(pictures(5), 2))
    line = Sharing([Scorer(spec, device=device) for spec in SHALLOW])
    assert len(list(line.results(pairs))) == 10
    width, height = SIZE
    assert runs == [(1, height, width, 3)] * 5
    assert (line.pictures_run, line.pairs_apart) == (5, 0)


def test_the_same_pixels_run_once_however_they_are_named(
    save: Save, runs: list[tuple[int, ...]], device: str
) -> None:
    paths = [save("a.png"), save("again.bmp"), save("b.png", seed=1), save("c.png", seed=2)]
    assert len(list(distances_of(list(combinations(paths, 2)), SHALLOW, device=device))) == 6
    assert len(runs) == 3


def test_memory_is_bounded_and_no_digit_moves(monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    pairs = list(combinations(pictures(4), 2))

    def measured(share: float) -> tuple[dict[int, list[list[float]]], int]:
        monkeypatch.setattr(sharing, "SHARE_FOR_FEATURES", share)
        line = Sharing([Scorer(spec, device=device) for spec in SHALLOW])
        held, spilled, found = 0, 0, {}
        for index, results in line.results(pairs):
            found[index] = [layers_of(result) for result in results]
            held = max(held, sum(bank.bytes_held for bank in line.banks))
            spilled = sum(bank.bytes_spilled for bank in line.banks)
            assert held <= sum(bank.room for bank in line.banks)
        assert line.pictures_run == 4
        return found, spilled

    assert measured(0.5)[1] == 0
    assert measured(0.0)[0] == measured(0.5)[0]
    assert measured(0.0)[1] > 4 * 64 * 60 * 70 * 4  # at least relu1_2 of each


def test_a_limit_of_memory_is_for_features_too() -> None:
    """On the CPU, where the limit is one of the whole process."""
    pairs = list(combinations(pictures(3), 2))
    allowed = 500 << 20
    line = Sharing([Scorer(spec, device="cpu", max_memory=resident_memory() + allowed) for spec in SHALLOW])
    found = {index: [layers_of(one) for one in results] for index, results in line.results(pairs)}
    assert sum(bank.room for bank in line.banks) <= allowed / 2
    assert found == {
        index: [layers_of(one) for one in results] for index, results in distances_of(pairs, SHALLOW, device="cpu")
    }


def test_errors_are_those_of_their_pairs(save: Save, tmp_path: Path, device: str) -> None:
    a, b = save("a.png"), save("b.png", seed=1)
    other = save("other.png", width=50)
    broken, pipe = tmp_path / "broken.png", tmp_path / "pipe.png"
    broken.write_bytes(a.read_bytes()[:99])
    os.mkfifo(pipe)
    pairs: list[tuple[Any, Any]] = [
        (a, broken),
        (a, b),
        (a, other),
        (tmp_path / "gone.png", b),
        (b, pipe),
        (a, np.zeros((2, 2, 9), np.uint8)),
    ]
    found = dict(distances_of(pairs, SHALLOW, device=device))
    assert [found[index][0].status for index in range(6)] == [
        "error",
        "measured",
        "error",
        "error",
        "error",
        "error",
    ]
    for index, words in ((0, "broken.png"), (2, "sizes"), (3, "gone.png"), (4, "pipe"), (5, "candidate")):
        for result in found[index]:
            assert words in result.reason and np.isnan(result.distance)
    same(found[1][0], Scorer(SHALLOW[0], device=device).score(pair_named((a, b))))


def test_no_file_is_left_by_an_error_or_one_who_lost_interest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(sharing, "SHARE_FOR_FEATURES", 0.0)
    for how in ("left", "raised"):
        line = Sharing([Scorer(spec, device=device) for spec in SHALLOW])
        results = line.results(list(combinations(pictures(3), 2)))
        next(results)
        file = line.banks[0]._file
        assert file is not None and list(tmp_path.iterdir()) == []
        number = file.fileno()
        if how == "left":
            results.close()
        else:
            with pytest.raises(ZeroDivisionError):
                results.throw(ZeroDivisionError)
        with pytest.raises(OSError):
            os.fstat(number)


def test_a_small_change_is_computed_alone_where_that_is_cheaper(runs: list[tuple[int, ...]], device: str) -> None:
    reference = pictures(1, (320, 320))[0]
    changed = []
    for place in (0, 160):
        candidate = reference.copy()
        candidate[place : place + 4, place : place + 4] = 0
        changed.append(candidate)
    pairs = [(reference, one) for one in changed]
    line = Sharing([Scorer(SHALLOW[0], device=device)])
    found = dict(line.results(pairs))
    assert (line.pictures_run, line.pairs_apart) == (0, 2)
    assert all(rows * columns < 320 * 320 / 4 for _, rows, columns, _ in runs)
    for index, pair in enumerate(pairs):
        assert (
            found[index][0].distance
            == Scorer(SHALLOW[0], device=device).score(pair_of(*pair, SHALLOW[0].pictures)).distance
        )


def test_partial_changes_count_where_compare_counts_them(device: str) -> None:
    """Shared features, and a plan with regions."""
    reference = pictures(1, (128, 96))[0]
    changed = []
    for seed in range(4):
        candidate = reference.copy()
        candidate[5 : 30 + 6 * seed, 20:60] = np.random.default_rng(seed).integers(0, 256, 3)
        changed.append(candidate)
    pairs = list(combinations([reference, *changed], 2))
    specs = (
        DistanceSpec((LayerSpec("relu1_2"), LayerSpec("relu1_1", "gram-hw"))),
        DistanceSpec((LayerSpec("relu2_1"),)),
    )
    line = Sharing([Scorer(spec, device=device) for spec in specs])
    found = dict(line.results(pairs))
    assert line.pictures_run == 5
    alone = [Scorer(spec, device=device) for spec in specs]
    for index, pair in enumerate(pairs):
        for result, scorer in zip(found[index], alone, strict=True):
            expected = scorer.read(pair_of(*pair, scorer.spec.pictures))
            assert 0 < expected.sights[0].plan.share < 1 or scorer is alone[1]
            same(result, scorer.score(pair_of(*pair, scorer.spec.pictures)))


def test_views_and_small_pictures(device: str) -> None:
    """Transparency gives two views; a picture may be smaller than the deepest tap of all recipes."""
    rng = np.random.default_rng(3)
    clear = [rng.integers(0, 256, (24, 40, 4), dtype=np.uint8) for _ in range(3)]
    tiny = [rng.integers(0, 256, (3, 5, 3), dtype=np.uint8) for _ in range(3)]
    specs = [DistanceSpec((LayerSpec("relu1_1"),)), DistanceSpec((LayerSpec("relu3_1"),))]
    pairs = [*combinations(clear, 2), *combinations(tiny, 2)]
    found = dict(distances_of(pairs, specs, device=device))
    for index, pair in enumerate(pairs):
        for result, spec in zip(found[index], specs, strict=True):
            alone = Scorer(spec, device=device).score(pair_of(*pair, spec.pictures))
            same(result, alone)


def test_equal_pictures_need_no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PERCEPT_HOME", str(tmp_path))  # nothing is installed there
    one, other = pictures(2)
    ((_, (result,)),) = distances_of([(one, one.copy())], ["lpips"])
    assert result.distance == 0
    with pytest.raises(WeightsUnavailable):
        list(distances_of([(one, other)], ["lpips"]))


@pytest.mark.parametrize(
    ("presets", "words"),
    [
        (["default", "st-lpips"], "the same backbone: vgg16-oxford, vgg16-st-lpips"),
        (
            [load_preset("default").spec, replace(load_preset("default").spec, precision="bf16")],
            "the same precision",
        ),
        ([], "no recipe"),
        (["nope"], "unknown preset"),
    ],
)
def test_recipes_that_cannot_share_are_refused(presets: list[Any], words: str) -> None:
    with pytest.raises(InvalidSetting, match=words):
        distances_of([], presets)


def test_settings_of_pictures_hold_for_all(device: str) -> None:
    one, other = pictures(2)
    crop = "4,6,20,16"
    ((_, found),) = distances_of([(one, other)], [SHALLOW[0], "johnson-content"], device=device, crop=crop)
    assert [(result.width, result.height) for result in found] == [(20, 16)] * 2
    assert found[1].distance == pytest.approx(compare(one, other, preset="johnson-content", crop=crop).distance)
