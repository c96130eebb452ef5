"""Public tools on the labelled pairs, each in a process of its own."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from tests.corpus.make.common import CORPUS, Row

_HERE = Path(__file__).parent
_ROOT = CORPUS.parents[1]
COUNTS = ("pixelmatch", "odiff", "odiff, antialiasing", "looks-same", "reg-cli")
"""Those that count pixels, and by default fail at the first."""
CHILDREN = ("node", "python", "lpips")
"""The processes that run them: those of npm, those of requirements.txt, and lpips."""
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


def measure(rows: Sequence[Row], python: Path, packages: Path, skip: Collection[str] = ()) -> Found:
    """Run the tools on the pixels of the pairs.

    A pair of two sizes differs without limit to each of them.

    Args:
        rows: the pairs.
        python: an interpreter whose packages are those of requirements.txt.
        packages: a folder into which npm has installed what package.json names.
        skip: those of `CHILDREN` that are left out.
    """
    commands = {
        "node": ["node", str(_HERE / "in_node.mjs"), str(packages)],
        "python": [str(python), str(_HERE / "in_python.py")],
        "lpips": [sys.executable, "-m", "tests.corpus.judging.in_lpips"],
    }
    found = Found()
    with TemporaryDirectory() as folder:
        pairs: list[list[str]] = []
        mismatched = []
        for row in rows:
            sides = [_on_white(CORPUS / path) for path in (row.reference, row.candidate)]
            if sides[0].size != sides[1].size:
                mismatched.append(row.name)
                continue
            paths = [Path(folder, f"{len(pairs)}-{side}.png") for side in ("reference", "candidate")]
            for picture, path in zip(sides, paths, strict=True):
                picture.save(path, compress_level=1)
            pairs.append([row.name, *map(str, paths)])
        for child in CHILDREN:
            if child in skip:
                continue
            ended = subprocess.run(
                commands[child], cwd=_ROOT, input=json.dumps(pairs), stdout=subprocess.PIPE, text=True, check=True
            )
            told = json.loads(ended.stdout)
            found.versions += told["versions"]
            for name, scores in told["scores"].items():
                found.scores.setdefault(name, {}).update(scores)
    measures = dict.fromkeys(measure for scores in found.scores.values() for measure in scores)
    for name in mismatched:
        found.scores[name] = dict.fromkeys(measures, math.inf)
    return found


def _on_white(path: Path) -> Image.Image:
    """The picture as all tools see it: RGB, over white where it is transparent; some read nothing but PNG."""
    with Image.open(path) as image:
        if not image.has_transparency_data:
            return image.convert("RGB")
        picture = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
