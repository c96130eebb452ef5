"""Working memory is taken once, and by one thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.convolutions import close, layer, random, run

pytestmark = pytest.mark.numeric


@pytest.mark.parametrize("outputs", [128, 256])
def test_threads_do_not_share_working_memory(outputs: int) -> None:
    convolution = layer(128, outputs, 4)
    inputs = [random(1, 42, 40 + i, 128, seed=i) for i in range(8)]
    expected = [run(convolution, padded, outputs) for padded in inputs]
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda padded: run(convolution, padded, outputs), inputs * 3)
        for one, right in zip(found, expected * 3, strict=True):
            close(one, right, 128, 4)
