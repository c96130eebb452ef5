"""Public tools on the labelled pairs, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from tests.corpus.make.common import CORPUS, Row, decode

_HERE = Path(__file__).parent
_ROOT = CORPUS.parents[1]
COUNTS = ("pixelmatch", "odiff", "odiff, antialiasing")
"""Those that count pixels, and by default fail at the first."""
TOOLS = (
    *COUNTS,
    "SSIM 7×7",
    "SSIM 7×7, worst window",
    "SSIM 11×11",
    "SSIM 11×11, worst window",
    "FLIP, mean",
    "FLIP, maximum",
    "lpips",
    "lpips, maximum of its map",
)


@dataclass
class Found:
    """What tools came to."""

    versions: list[str] = field(default_factory=list)
    """Each a name and a number."""
    scores: dict[str, dict[str, float | None]] = field(default_factory=dict)
    """Name of the pair → name of the measure → how different; None for a pair that the tool refuses."""


def measure(rows: Sequence[Row], python: Path, packages: Path) -> Found:
    """Run every tool on the pixels of the pairs.

    Args:
        rows: the pairs.
        python: an interpreter whose packages are those of requirements.txt.
        packages: a folder into which npm has installed pixelmatch, pngjs and odiff-bin.
    """
    found = Found()
    with TemporaryDirectory() as folder:
        pairs = [
            [row.name, *(_as_png(Path(folder), path) for path in (row.reference, row.candidate))] for row in rows
        ]
        for command in (
            ["node", str(_HERE / "in_node.mjs"), str(packages)],
            [str(python), str(_HERE / "in_python.py")],
            [sys.executable, "-m", "tests.corpus.judging.in_lpips"],
        ):
            ended = subprocess.run(
                command, cwd=_ROOT, input=json.dumps(pairs), stdout=subprocess.PIPE, text=True, check=True
            )
            told = json.loads(ended.stdout)
            found.versions += told["versions"]
            for name, scores in told["scores"].items():
                found.scores.setdefault(name, {}).update(scores)
    return found


def _as_png(folder: Path, path: str) -> str:
    """Some tools read nothing else; and so all of them see the same pixels."""
    target = folder / f"{path.replace('/', '-')}.png"
    if not target.exists():
        Image.fromarray(decode((CORPUS / path).read_bytes())).save(target, compress_level=1)
    return str(target)
