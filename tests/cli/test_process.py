"""What percept sets for a process that is all its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Percept, Save


@pytest.mark.slow
@pytest.mark.parametrize("threads", ["1", "2"])
def test_omp_num_threads_is_respected(percept: Percept, save: Save, threads: str) -> None:
    save("a.png")
    save("b.png", seed=1)
    arguments = ("compare", "a.png", "b.png", "-v", "--layers", "relu1_1", "--device", "cpu")
    done = percept(*arguments, env={"OMP_NUM_THREADS": threads})
    assert f" on cpu, {threads} threads, fp32" in done.stderr


@pytest.mark.slow
def test_importing_the_library_sets_nothing_of_the_process() -> None:
    script = (
        "import os; before = dict(os.environ); import PIL.Image, torch; threads = torch.get_num_threads(); "
        "limit = PIL.Image.MAX_IMAGE_PIXELS; import percept_cli, sys; "
        "percept_cli.compare(*sys.argv[1:], layers='relu1_2'); "
        "assert dict(os.environ) == before; assert PIL.Image.MAX_IMAGE_PIXELS == limit; "
        "assert torch.get_num_threads() == threads"
    )
    root = Path(__file__).parents[2] / "sample_images"
    pair = [root / side / "ui-changed-digit.png" for side in ("reference", "candidate")]
    subprocess.run([sys.executable, "-c", script, *map(str, pair)], check=True)
