"""The network with gradients."""

from __future__ import annotations

import pytest
import torch

from tests.support.peers import RECORD
from tests.support.rounding import features_of

pytestmark = pytest.mark.numeric


def test_gradients_reach_the_picture_when_asked_for() -> None:
    pictures = torch.rand(1, 3, 20, 20, requires_grad=True)
    taps = features_of(RECORD, ["conv1_2", "relu3_3"], pictures)
    sum(features.square().mean() for features in taps.values()).backward()  # type: ignore[union-attr]
    assert pictures.grad is not None
    assert pictures.grad.isfinite().all()
    assert pictures.grad.abs().sum() > 0
