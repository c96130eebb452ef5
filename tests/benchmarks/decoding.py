"""Reading plain 8-bit sRGB files, against Pillow alone; and how much of it is hidden behind the network.

python -m tests.benchmarks.decoding
"""

from __future__ import annotations

import io
from functools import partial
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from percept_cli.formats.decode import decode
from tests.benchmarks.machine import describe, medians

ROUNDS = 21
SIZES = ((256, 256), (1920, 1080), (4000, 3000))


def picture(width: int, height: int) -> Image.Image:
    """What compresses about as a photograph does: soft noise."""
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (height // 4, width // 4, 3), dtype=np.uint8))
    return noise.resize((width, height), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(1))


def by_pillow(data: bytes) -> bytes:
    """The pixels, as ``Image.open().convert("RGB")`` gives them."""
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB").tobytes()


def by_pillow_alone(data: bytes) -> None:
    """The same, left in Pillow's own memory."""
    with Image.open(io.BytesIO(data)) as image:
        image.convert("RGB")


def by_percept(data: bytes) -> bytes:
    """The pixels that percept compares."""
    return decode(data, "x").frames[0].colours[:]


def main() -> None:
    """Print the table."""
    print(describe())
    print("| file | percept | Image.open().convert | ratio | with .tobytes() | ratio |")
    print("|---|---|---|---|---|---|")
    for width, height in SIZES:
        image = picture(width, height)
        formats: dict[str, dict[str, Any]] = {"PNG": {}, "JPEG": {"quality": 90}}
        for form, options in formats.items():
            file = io.BytesIO()
            image.save(file, form, **options)
            data = file.getvalue()
            assert by_percept(data) == by_pillow(data)
            subjects = {
                subject.__name__: partial(subject, data) for subject in (by_percept, by_pillow_alone, by_pillow)
            }
            mine, alone, whole = (1000 * seconds for seconds in medians(subjects, ROUNDS).values())
            print(
                f"| {form} {width}×{height} | {mine:.1f} ms | {alone:.1f} ms | **{mine / alone:.2f}** "
                f"| {whole:.1f} ms | **{mine / whole:.2f}** |"
            )


if __name__ == "__main__":
    main()
