"""What is passed in to a loss: refused by name, or told of."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from torch import Tensor

from percept_cli import PerceptualDistance
from percept_cli.errors import InvalidInput
from tests.support.losses import SHALLOW, pictures, pixels

X = pictures(1, 24, 24, 1)
NAN = X.clone()
NAN[0, 0, 0, 0] = torch.nan


@pytest.mark.parametrize(
    ("bad", "words", "hint"),
    [
        (X.numpy(), "must be a torch tensor, not ndarray", "percept_cli.compare"),
        (pixels(1, 24, 24, 1), "must have a floating-point dtype, not torch.uint8", r"value_range=\(0, 255\)"),
        (X[0], "must be N×3×H×W, not 3×24×24", r"x\[None\]"),
        (X[0, 0], "must be N×3×H×W, not 24×24", "a batch of RGB"),
        (X[:, :1], "must be N×3×H×W, not 1×1×24×24", "expand"),
        (torch.cat((X, X[:, :1]), dim=1), "not 1×4×24×24", "alpha"),
        (X.permute(0, 2, 3, 1), "must be N×3×H×W, not 1×24×24×3", "permute"),
        (X[:0], "is an empty batch", "empty batches"),
        (X[..., :15], "15×24 pixels, but the deepest layer needs at least 16×16", "shallower"),
        (X.to("meta"), "on device meta, but the loss is on cpu", "one device"),
        (NAN, "NaN or infinite", "overflow"),
        (X / 0, "NaN or infinite", "overflow"),
        (2 * X - 1, "far outside the value_range", r"value_range=\(-1.0, 1.0\)"),
        (255 * X, "far outside the value_range", r"value_range=\(0.0, 255.0\)"),
        ((X - 0.45) / 0.2, "far outside the value_range", "its value_range"),
    ],
)
@pytest.mark.parametrize("name", ["reference", "candidate"])
def test_bad_input_is_refused_by_name(bad: Any, words: str, hint: str, name: str) -> None:
    sides = {"reference": X, "candidate": X, name: bad}
    with pytest.raises(InvalidInput, match=f"^{name} .*{words}") as caught:
        PerceptualDistance()(**sides)
    assert re.search(hint, caught.value.hint)


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(InvalidInput, match="reference is 1×3×24×24, candidate is 2×3×24×24"):
        PerceptualDistance()(X, torch.cat((X, X)))


@pytest.mark.parametrize(
    ("stated", "values", "words"),
    [((-1, 1), X, r"\[0, 1\]"), ((0, 255), X, r"\[0, 1\]"), ((0, 255), 2 * X - 1, r"\[-1, 1\]")],
)
def test_a_range_that_is_narrower_than_stated_is_told_of_once(
    stated: tuple[float, float], values: Tensor, words: str
) -> None:
    loss = PerceptualDistance(layers=SHALLOW, value_range=stated)
    with pytest.warns(UserWarning, match=words) as caught:
        loss(values, values)
    assert caught[0].filename == __file__
    loss(values, values)  # warnings are errors here


def test_an_untrained_networks_overshoot_passes_and_anything_does_without_the_check() -> None:
    PerceptualDistance(layers=SHALLOW)(X, 1.4 * X - 0.2)
    unchecked = PerceptualDistance(layers=SHALLOW, check=False)
    assert unchecked(X, 255 * X).isfinite()
    assert unchecked(X, NAN).isnan()
