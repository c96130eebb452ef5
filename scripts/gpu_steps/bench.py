"""What every step has: the device, sizes, time that is left, and a clock that waits for the device."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

    from percept_cli.images.picture import Picture

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Finding:
    """What a step found."""

    ok: bool
    note: str
    """In words, for the table."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """All of it, for the line of JSON."""


class NotHereError(Exception):
    """The device has nothing of the kind that a step is about."""


@dataclass(frozen=True)
class Bench:
    """Where and how large."""

    device: str
    """``cpu``, ``cuda``, ``cuda:N`` or ``mps``."""
    small: bool
    """Whether sizes are reduced, so that a CPU is done in minutes."""
    ends: float
    """By ``time.monotonic``, when no further work may be begun."""

    @property
    def left(self) -> float:
        """Seconds."""
        return self.ends - time.monotonic()

    @property
    def torch_device(self) -> torch.device:
        """As torch has it."""
        from percept_cli.engine.device import resolve_device

        return resolve_device(self.device)

    @property
    def is_cuda(self) -> bool:
        """Whether there are streams, graphs and tensor cores."""
        return self.device.startswith("cuda")

    def wait(self) -> None:
        """Until the device is done."""
        import torch

        if self.is_cuda:
            torch.cuda.synchronize(self.torch_device)
        elif self.device == "mps":
            torch.mps.synchronize()

    def clear(self) -> None:
        """Give back the memory that torch keeps for later."""
        if self.is_cuda:
            import gc

            import torch

            gc.collect()
            torch.cuda.empty_cache()

    def seconds(self, run: Callable[[], object], repetitions: int = 5) -> float:
        """Median time of a call, after one that warms up; fewer repetitions where time is short."""
        run()
        found = []
        for _ in range(1 if self.small else repetitions):
            self.wait()
            start = time.perf_counter()
            run()
            self.wait()
            found.append(time.perf_counter() - start)
            if self.left < 10 * found[-1]:
                break
        return statistics.median(found)


def picture(width: int, height: int, seed: int) -> Picture:
    """Gradients with rectangles on them, other ones for every seed."""
    from percept_cli.images.picture import Picture

    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    canvas = np.stack([x * 255 // max(1, width - 1), y * 255 // max(1, height - 1), (x + y) % 256], axis=-1)
    for _ in range(6):
        top, left = rng.integers(0, height), rng.integers(0, width)
        canvas[top : top + height // 3 + 1, left : left + width // 4 + 1] = rng.integers(0, 256, 3)
    return Picture(width, height, canvas.astype(np.uint8).tobytes())


def apart(found: object, expected: object) -> float:
    """The largest relative difference of numbers."""
    one, other = np.atleast_1d(np.asarray(found, float)), np.atleast_1d(np.asarray(expected, float))
    return float(np.max(np.abs(one - other) / np.maximum(np.abs(other), 1e-30), initial=0.0))
