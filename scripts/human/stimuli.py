"""RAID's stimuli, rebuilt from the Kodak photographs: 24 photographs × 4 distortions × 10 levels.

RAID's tables do not include its images. What its description and its notebooks say is taken from there; everything
else is a guess. docs/numbers/human-data.md says which is which.

    python -m scripts.human.stimuli DATA OUT      writes them as PNG files
    python -m scripts.human.stimuli --table       prints what each level was given
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels: TypeAlias = NDArray[np.uint8]
"""H×W×3, sRGB."""

SIDE = 454
"""Of a stimulus, in pixels: RAID's own."""
LEVELS = range(1, 11)
"""1 is the photograph itself."""
PHOTOGRAPHS = range(1, 25)

PIXELS_PER_STEP = 2
"""Of translation, from one level to the next: 0.07° of visual angle, at 28.6 pixels per degree."""
_MIRRORED = 90  # pixels added around a photograph, more than a rotation of 18° reaches beyond it

# By the Gaussian noise of TID2013, level → PSNR in dB. RAID's levels 2, 3, 5 and 10 are its levels 2 to 5.
_DECIBELS = {2: 30.0, 3: 27.0, 5: 24.0, 10: 21.0}


def noise_variance(level: int) -> float:
    """Variance of the noise of a level, in squares of 8-bit levels.

    Those of RAID's levels 2, 3, 5 and 10 are TID2013's; between them it goes in a straight line, on which 2, 3 and
    5 lie already.
    """
    known = {1: 0.0} | {one: 255**2 / 10 ** (decibels / 10) for one, decibels in _DECIBELS.items()}
    return float(np.interp(level, list(known), list(known.values())))


PARAMETERS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "rotation": tuple(2.0 * (level - 1) for level in LEVELS),
        "translation": tuple(float(PIXELS_PER_STEP * (level - 1)) for level in LEVELS),
        "scale": tuple(1 + (level - 1) / 100 for level in LEVELS),
        "gaussian_noise": tuple(math.sqrt(noise_variance(level)) for level in LEVELS),
    }
)
"""Distortion → what levels 1 to 10 are given: degrees, counter-clockwise; pixels, to the right; the factor by
which the content grows; the standard deviation in 8-bit levels."""


def photograph(folder: Path, number: int) -> Pixels:
    """One of the Kodak photographs, as they come in squares of 500 pixels.

    Args:
        folder: with ``kodim01.png`` to ``kodim24.png``.
        number: 1 to 24.
    """
    with Image.open(folder / f"kodim{number:02}.png") as image:
        return np.asarray(image.convert("RGB"))


def stimulus(source: Pixels, number: int, distortion: str, level: int, *, one_pattern: bool = False) -> Pixels:
    """A distorted photograph, cropped to its middle: SIDE×SIDE×3.

    Args:
        source: the photograph, larger than the crop.
        number: of the photograph, for the seed of the noise.
        distortion: a key of ``PARAMETERS``.
        level: 1 to 10.
        one_pattern: whether all levels of noise have one pattern, which only grows. Nobody says; each has its own,
            as noise that is drawn in a loop has it, unless this is asked for.
    """
    value = PARAMETERS[distortion][level - 1]
    if level == 1:
        return _middle(source)
    if distortion == "rotation":
        return _warped(source, angle=math.radians(value))
    if distortion == "scale":
        return _warped(source, factor=value)
    if distortion == "translation":
        return _middle(source, right=int(value))
    noise = np.random.default_rng([number, 0 if one_pattern else level]).normal(0, value, (SIDE, SIDE, 3))
    return np.clip(np.rint(_middle(source) + noise), 0, 255).astype(np.uint8)


def _middle(source: Pixels, right: int = 0) -> Pixels:
    """The crop, with its content moved to the right."""
    top, left = ((side - SIDE) // 2 for side in source.shape[:2])
    assert left >= right, "there is no photograph left to show"
    return np.ascontiguousarray(source[top : top + SIDE, left - right : left - right + SIDE])


def _warped(source: Pixels, *, angle: float = 0.0, factor: float = 1.0) -> Pixels:
    """The crop of the photograph turned around the crop's middle, or grown from there; bicubic.

    Beyond the photograph it goes on as its mirror image.
    """
    top, left = ((side - SIDE) // 2 for side in source.shape[:2])
    wide = np.pad(source, ((_MIRRORED, _MIRRORED), (_MIRRORED, _MIRRORED), (0, 0)), mode="symmetric")
    middle = SIDE / 2  # of the stimulus; in the padded photograph it lies here:
    x, y = left + _MIRRORED + middle, top + _MIRRORED + middle
    cos, sin = math.cos(angle) / factor, math.sin(angle) / factor
    # From a place in the stimulus to the one in the photograph that is seen there. y goes down.
    back = (cos, -sin, x - cos * middle + sin * middle, sin, cos, y - sin * middle - cos * middle)
    image = Image.fromarray(wide).transform((SIDE, SIDE), Image.Transform.AFFINE, back, Image.Resampling.BICUBIC)
    return np.asarray(image)


def table() -> str:
    """What each level was given, as Markdown."""
    rows = ["| level | rotation (°) | translation (px) | scale | noise (σ) |", "|---|---|---|---|---|"]
    for level in LEVELS:
        rotation, translation, scale, noise = (PARAMETERS[name][level - 1] for name in PARAMETERS)
        rows.append(f"| {level} | {rotation:g} | {translation:g} | {scale:.2f} | {noise:.2f} |")
    return "\n".join(rows)


def main() -> None:
    """Write all stimuli, or print their parameters."""
    parser = argparse.ArgumentParser(description="Rebuild RAID's stimuli from the Kodak photographs.")
    parser.add_argument("data", type=Path, nargs="?", help="folder with kodak/kodim01.png to kodim24.png")
    parser.add_argument("out", type=Path, nargs="?", help="folder to write PNG files to (about 400 MB)")
    parser.add_argument("--table", action="store_true", help="print what each level was given, and stop")
    chosen = parser.parse_args()
    if chosen.table:
        print(table())
        return
    if chosen.data is None or chosen.out is None:
        parser.error("give DATA and OUT, or --table")
    chosen.out.mkdir(parents=True, exist_ok=True)
    for number in PHOTOGRAPHS:
        source = photograph(chosen.data / "kodak", number)
        for distortion in PARAMETERS:
            for level in LEVELS:
                image = Image.fromarray(stimulus(source, number, distortion, level))
                image.save(chosen.out / f"img_{number:02}_{distortion}_level_{level:02}.png")


if __name__ == "__main__":
    main()
