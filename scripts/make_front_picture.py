"""The picture on the front page: reference, candidate and heat map, with the verdict of `percept check`.

`python -m scripts.make_front_picture` writes docs/images/front.png; with `--check` it writes nothing, and fails if
the verdict or the pixels are not those of the file any more.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from percept_cli import PairResult, check
from percept_cli.drawing.over import over
from percept_cli.geometry import Box
from percept_cli.images.picture import Picture

ROOT = Path(__file__).parent.parent
OUTPUT = ROOT / "docs" / "images" / "front.png"
NAME = "ui-changed-digit.png"
SIDES = tuple(ROOT / "sample_images" / side / NAME for side in ("reference", "candidate"))
LARGEST = 150_000
"""Bytes of the file."""

# Pixels
_GAP, _MARGIN, _CAPTION, _STRIP = 18, 20, 38, 96
_LENS, _ZOOM = (36, 24), 5
_LENS_AT = (252, 178)
"""Where in a panel the enlarged place stands, from its top left."""

_PAPER, _INK, _QUIET, _RED = "#fafafa", "#17191c", "#5b6168", "#c62828"
_RING = "#ff9100"


def front_picture() -> Image.Image:
    """Compare the pair and draw it."""
    result = check(*SIDES)
    evidence = result.evidence
    assert evidence is not None and evidence.heat is not None
    (region,) = evidence.regions
    images = [Image.open(path).convert("RGB") for path in SIDES]
    width, height = images[1].size
    images.append(over(Picture(width, height, images[1].tobytes()), evidence.heat))

    sheet = Image.new(
        "RGB", (2 * _MARGIN + 3 * width + 2 * _GAP, 2 * _MARGIN + _CAPTION + height + _STRIP), _PAPER
    )
    draw = ImageDraw.Draw(sheet)
    for number, (title, image) in enumerate(zip(("Reference", "Candidate", "Heat map"), images, strict=True)):
        left = _MARGIN + number * (width + _GAP)
        draw.text((left, _MARGIN - 4), title, _QUIET, ImageFont.load_default(24))
        sheet.paste(_with_lens(image.convert("RGB"), region.box), (left, _MARGIN + _CAPTION))
    top = _MARGIN + _CAPTION + height + 22
    draw.text((_MARGIN, top), "FAIL", _RED, ImageFont.load_default(36))
    for row, text in enumerate(words_of(result, width * height)):
        draw.text((_MARGIN + 120, top - 2 + 36 * row), text, (_INK, _QUIET)[row], ImageFont.load_default(27))
    return sheet


def words_of(result: PairResult, pixels: int) -> Sequence[str]:
    """The verdict, and what is there to be seen of it."""
    assert result.status == "fail" and result.evidence is not None
    (gate,) = (gate for gate in result.evidence.gates if gate.status == "fail")
    changed = result.evidence.changed_pixels
    return (
        f"{gate.name} {gate.value:.3g} exceeds {gate.fail:g} at {gate.at}",
        f"{changed} of {pixels:,} pixels differ ({changed / pixels:.2%}): the badge says 13 instead of 18",
    )


def _with_lens(image: Image.Image, box: Box) -> Image.Image:
    """The image with the region marked, and enlarged in a corner."""
    width, height = _LENS
    left, top = box.x + box.width // 2 - width // 2, box.y + box.height // 2 - height // 2
    place = (left, top, left + width, top + height)
    lens = image.crop(place).resize((width * _ZOOM, height * _ZOOM), Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(image)
    x, y = _LENS_AT
    draw.line((place[2], place[3], x, y), _RING, 2)
    draw.rectangle((place[0] - 2, place[1] - 2, place[2] + 1, place[3] + 1), outline=_RING, width=2)
    draw.rectangle((x - 3, y - 3, x + lens.width + 2, y + lens.height + 2), fill=_RING)
    image.paste(lens, (x, y))
    return image


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file, or say whether it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 if the file is out of date"
    )
    asked = parser.parse_args(arguments)
    made = front_picture()
    if asked.check:
        stored = Image.open(OUTPUT).convert("RGB")
        # Versions of Pillow set letters a little differently, and machines compute a little differently.
        same = stored.size == made.size and bool(
            np.abs(np.asarray(stored, np.int16) - np.asarray(made, np.int16)).mean() < 1
        )
        print("up to date" if same else f"{OUTPUT.name} is out of date: python -m scripts.make_front_picture")
        return 0 if same else 1
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    # 192 colours are enough for flat drawings, and a third of the bytes.
    made.quantize(192, dither=Image.Dither.NONE).save(OUTPUT, optimize=True)
    print(f"{OUTPUT.relative_to(ROOT)}: {made.width} × {made.height}, {OUTPUT.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
