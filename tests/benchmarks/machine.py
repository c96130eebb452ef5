"""What a figure was measured on: figures without it mean nothing."""

from __future__ import annotations

import platform
import re
import statistics
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path


def describe() -> str:
    """Processor, cores in use, and the versions that matter."""
    import torch

    info = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.+)", info.read_text()) if info.is_file() else []
    processor = names[0] if names else platform.processor() or platform.machine()
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "torchvision", "lpips", "pillow"))
    return f"{processor}, {torch.get_num_threads()} threads; Python {platform.python_version()}, {packages}"


def medians(subjects: Mapping[str, Callable[[], object]], repetitions: int) -> dict[str, float]:
    """Median seconds of each subject, taken in turns so that a machine's moods fall on all of them alike."""
    seconds: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(repetitions):
        for name, subject in subjects.items():
            start = time.perf_counter()
            subject()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}
