"""A pair by one recipe: its number by hand, its files, its trouble. Without a network: the pixels are a tap."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from percept_cli.errors import InvalidSetting, SizeMismatch, WeightsUnavailable
from percept_cli.judging.threshold import ThresholdJudge
from percept_cli.pairs import Pair, pair_of_files
from percept_cli.recipes.spec import DistanceSpec, LayerSpec
from percept_cli.scoring.scorer import Scorer

SPEC = DistanceSpec((LayerSpec("input", "mse", 2.0),))


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    rng = np.random.default_rng(4)
    for name in ("a.png", "b.png"):
        Image.fromarray(rng.integers(0, 256, (17, 23, 3), np.uint8)).save(tmp_path / name)
    Image.new("RGB", (5, 5)).save(tmp_path / "small.png")
    return pair_of_files(tmp_path / "a.png", tmp_path / "b.png")


def by_hand(pair: Pair) -> float:
    """Twice the mean squared difference of levels, 0 to 1."""
    assert pair.reference is not None
    assert pair.candidate is not None
    one, two = (np.asarray(Image.open(path), np.float64) for path in (pair.reference, pair.candidate))
    return float(2 * np.square((one - two) / 255).mean())


def test_the_number_is_that_of_the_formula(pair: Pair) -> None:
    result = Scorer(SPEC).score(pair)
    # Levels are divided in float32, which is 6e-8 of each, and twice that of a square; sums are float64.
    assert result.distance == pytest.approx(by_hand(pair), rel=1e-6)
    assert [(layer.name, layer.weight) for layer in result.layers] == [("input", 2.0)]
    assert result.distance == pytest.approx(2 * result.layers[0].distance, rel=1e-12)
    assert (result.width, result.height, result.status) == (23, 17, "measured")


def test_files_are_stamped(pair: Pair) -> None:
    result = Scorer(SPEC).score(pair)
    assert pair.reference is not None
    assert result.reference_file is not None
    assert result.reference_file.size == pair.reference.stat().st_size


def test_equal_pictures_load_nothing(pair: Pair) -> None:
    assert pair.reference is not None
    scorer = Scorer(SPEC)
    assert scorer.score(pair_of_files(pair.reference, pair.reference)).distance == 0.0
    assert scorer.device == "none"


def test_another_judge_has_the_same_network(pair: Pair, device: str) -> None:
    scorer = Scorer(SPEC, device=device)
    strict = scorer.with_judge(ThresholdJudge(by_hand(pair) * 0.99))
    lenient = scorer.with_judge(ThresholdJudge(by_hand(pair) * 1.01))
    assert [one.score(pair).status for one in (scorer, strict, lenient)] == ["measured", "fail", "pass"]


def test_two_sizes_are_raised_or_are_what_the_judge_makes_of_them(pair: Pair, tmp_path: Path) -> None:
    assert pair.reference is not None
    other = pair_of_files(pair.reference, tmp_path / "small.png")
    with pytest.raises(SizeMismatch):
        Scorer(SPEC).score(other)
    outcome = Scorer(SPEC).outcome(other)
    assert outcome.status in ("fail", "error")
    assert math.isnan(outcome.distance)


def test_what_has_no_counterpart_says_which_side_there_is() -> None:
    scorer = Scorer(SPEC)
    new = scorer.unmatched(Pair("a.png", None, Path("a.png"), hint="is it old.png?"))
    missing = scorer.unmatched(Pair("a.png", Path("a.png"), None))
    assert (new.status, missing.status) == ("new", "missing")
    assert new.reason.endswith("; is it old.png?")
    assert (new.reference, missing.candidate) == (None, None)


def test_trouble_is_a_result_and_tells_whether_it_is_the_machines(pair: Pair) -> None:
    scorer = Scorer(SPEC)
    gone = scorer.failed(pair, WeightsUnavailable("no weights", hint="install them."))
    broken = scorer.failed(pair, SizeMismatch("two sizes"))
    assert (gone.status, gone.reason, gone.unavailable) == ("error", "no weights; install them.", True)
    assert not broken.unavailable


def test_an_unknown_device_is_refused_at_once() -> None:
    with pytest.raises(InvalidSetting):
        Scorer(SPEC, device="gpu")
