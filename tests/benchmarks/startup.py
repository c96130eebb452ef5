"""Whole processes, cold: help against `import click`, and a pair, equal or not, against `import torch`.

Run by hand: python -m tests.benchmarks.startup [--repetitions N]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.machine import describe, medians
from tests.conftest import drawing

COMMANDS = ("compare", "presets", "weights")


def process(*arguments: str, cwd: Path) -> Callable[[], object]:
    """A whole process, its output thrown away."""
    return lambda: subprocess.run([sys.executable, *arguments], cwd=cwd, stdout=subprocess.DEVNULL, check=True)


def main() -> None:
    """Print a Markdown table of medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=11)
    repetitions = parser.parse_args().repetitions
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drawing(1920, 1080).save(folder / "large.png")
        drawing(1920, 1080).save(folder / "large-again.png", compress_level=1)
        drawing(256, 256).save(folder / "a.png")
        drawing(256, 256, seed=1).save(folder / "b.png")
        percept = ("-m", "percept_cli")
        subjects = {
            "`python -c pass`": process("-c", "pass", cwd=folder),
            '`python -c "import click"`': process("-c", "import click", cwd=folder),
            "`percept --help`": process(*percept, "--help", cwd=folder),
            **{
                f"`percept {command} --help`": process(*percept, command, "--help", cwd=folder)
                for command in COMMANDS
            },
            "equal 1920×1080 pair, equal bytes": process(
                *percept, "compare", "large.png", "large.png", cwd=folder
            ),
            "equal 1920×1080 pair, other bytes": process(
                *percept, "compare", "large.png", "large-again.png", cwd=folder
            ),
            '`python -c "import torch"`': process("-c", "import torch", cwd=folder),
            "the same, garbage collection off": process("-c", "import gc; gc.disable(); import torch", cwd=folder),
            "the same, and torch not taken apart": process(
                "-c", "import gc, os; gc.disable(); import torch; os._exit(0)", cwd=folder
            ),
            "differing 256×256 pair, cold": process(*percept, "compare", "a.png", "b.png", cwd=folder),
        }
        seconds = medians(subjects, repetitions)
    print(f"{describe()}; medians of {repetitions}\n")
    print("| process | seconds |\n|---|---|")
    for subject, value in seconds.items():
        print(f"| {subject} | {value:.2f} |")
    for help_of in ("`percept --help`", "`percept compare --help`"):
        ratio = seconds[help_of] / seconds['`python -c "import click"`']
        print(f"| {help_of} / `import click`, at most 2 | {ratio:.2f} |")
    above = seconds["differing 256×256 pair, cold"] - seconds['`python -c "import torch"`']
    print(f"| the differing pair above `import torch` | {above:.2f} |")


if __name__ == "__main__":
    main()
