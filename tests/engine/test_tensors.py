"""A batch holds the bytes that were decoded, and constants are what was asked for."""

from __future__ import annotations

import numpy as np
import torch

from percept_cli.engine.tensors import constants, to_batch
from tests.conftest import as_picture, drawing


def test_a_batch_holds_the_decoded_bytes_channels_last() -> None:
    images = [drawing(7, 5, seed) for seed in range(3)]
    batch = to_batch([as_picture(image) for image in images])
    assert batch.shape == (3, 3, 5, 7)
    assert batch.permute(0, 2, 3, 1).is_contiguous()
    for found, image in zip(batch, images, strict=True):
        assert np.array_equal(found.permute(1, 2, 0).numpy(), np.asarray(image))


def test_constants_are_those_that_torch_makes() -> None:
    values = (0.485, 123.68, 1.0)
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        found = constants(values, torch.device("cpu"), dtype)
        assert torch.equal(found, torch.tensor(values, dtype=dtype))
        assert found.dtype == dtype
