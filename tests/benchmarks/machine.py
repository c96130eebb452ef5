"""What a figure was measured on: figures without it mean nothing."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version

from scripts.numeric_tests import processor


def describe() -> str:
    """Processor and which of the instructions that matter it has, threads, and the versions that matter."""
    import torch

    from percept_cli.engine import compiled

    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "torchvision", "lpips", "pillow"))
    used = f"convolutions by {compiled.used('cpu', 'fp32')}"
    return (
        f"{processor()}, {torch.get_num_threads()} threads, {used}; Python {platform.python_version()}, {packages}"
    )


def medians(subjects: Mapping[str, Callable[[], object]], repetitions: int) -> dict[str, float]:
    """Median seconds of each subject, taken in turns so that a machine's moods fall on all of them alike."""
    seconds: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(repetitions):
        for name, subject in subjects.items():
            start = time.perf_counter()
            subject()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}
