"""A batch holds the bytes that were decoded."""

from __future__ import annotations

import numpy as np

from percept_cli.engine.tensors import to_batch
from tests.conftest import as_picture, drawing


def test_a_batch_holds_the_decoded_bytes_channels_last() -> None:
    images = [drawing(7, 5, seed) for seed in range(3)]
    batch = to_batch([as_picture(image) for image in images])
    assert batch.shape == (3, 3, 5, 7)
    assert batch.permute(0, 2, 3, 1).is_contiguous()
    for found, image in zip(batch, images, strict=True):
        assert np.array_equal(found.permute(1, 2, 0).numpy(), np.asarray(image))
