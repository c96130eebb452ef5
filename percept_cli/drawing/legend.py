"""The strip below a heat map that says what its colours mean, and the writing in pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from percept_cli.drawing.colours import RGB

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

GROUND: RGB = (250, 250, 250)
"""What is around the pictures."""
INK: RGB = (28, 28, 30)
"""Writing on it."""
_SMALLEST, _LARGEST = 13, 40  # pixels, of letters
_LETTERS_PER_WIDTH = 80
_MARK = "largest here"


@dataclass(frozen=True)
class Writing:
    """Letters of one size."""

    size: int
    """In pixels."""

    @cached_property
    def font(self) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
        """Pillow's own, so that a drawing is the same on every machine."""
        from PIL import ImageFont

        return ImageFont.load_default(self.size)

    @property
    def line(self) -> int:
        """Pixels from one line to the next."""
        return round(self.size * 1.4)

    def width(self, text: str) -> int:
        """Pixels that a line takes."""
        return math.ceil(self.font.getlength(text))

    def write(self, draw: ImageDraw.ImageDraw, x: int, y: int, text: str) -> None:
        """A line, with its top left there; letters stand in the same place on every line."""
        descent = self.line - self.size
        draw.text((x, y + self.line - descent // 2 - self.size // 8), text, INK, self.font, anchor="ls")


def writing_for(width: int) -> Writing:
    """Letters that can be read in a drawing that is so many pixels wide."""
    return Writing(max(_SMALLEST, min(_LARGEST, width // _LETTERS_PER_WIDTH)))


@dataclass(frozen=True)
class Legend:
    """The scale with its numbers.

    Attributes:
        top: the value at its end.
        largest: the largest value of the map, 0 to 255; it is marked.
        colours: of the values 0 to 255, as they look in the picture.
        lines: what to write above; of each, the first text that fits.
    """

    top: float
    largest: int
    colours: Sequence[RGB]
    lines: tuple[tuple[str, ...], ...]

    def noting(self, shrink: int, enlarge: int) -> Legend:
        """With a line that says so, if the pictures are not drawn at their own size."""
        lines = list(self.lines)
        if shrink > 1:
            lines.append((f"drawn at 1/{shrink} of the size",))
        if enlarge > 1:
            lines.append((f"pixels enlarged {enlarge} times", f"enlarged ×{enlarge}"))
        return replace(self, lines=tuple(lines))

    def least_width(self, writing: Writing) -> int:
        """Pixels below which its numbers would not be readable."""
        shortest = max((writing.width(texts[-1]) for texts in self.lines), default=0)
        return max(29 * writing.size // 2, shortest + 2 * writing.size)

    def height(self, writing: Writing) -> int:
        """Pixels it takes."""
        size = writing.size
        return size // 3 + (len(self.lines) + 1) * writing.line + size + size // 4 + size + size // 2

    def draw_into(self, image: Image.Image, top: int, writing: Writing) -> None:
        """Draw it over the whole width of a picture, from a row on."""
        from PIL import Image, ImageDraw

        draw, size = ImageDraw.Draw(image), writing.size
        left, right = size, image.width - size
        y = top + size // 3
        room = right - left
        for index, texts in enumerate(self.lines):
            beside = writing.width(_MARK) + 3 * size if index == 0 and self.largest else 0
            text = next((text for text in texts if writing.width(text) + beside <= room), texts[-1])
            writing.write(draw, left, y, text)
            if beside and writing.width(text) + beside <= room:
                x = right - writing.width(_MARK)
                writing.write(draw, x, y, _MARK)
                _mark(draw, x - size * 3 // 4, y + writing.line - size * 3 // 4, size)
            y += writing.line
        y += size // 4
        if self.largest:
            _mark(draw, left + round(self.largest / 255 * (room - 1)), y, size)
        y += size * 3 // 4
        bar = Image.new("RGB", (256, 1))
        bar.putdata(list(self.colours))
        image.paste(bar.resize((room, size), Image.Resampling.NEAREST), (left, y))
        y += size
        for value, x, text in self.ticks(left, right, writing):
            draw.rectangle((x, y, x + max(1, size // 12) - 1, y + size // 3), INK)
            width = writing.width(text)
            begin = left if value == 0 else right - width if value == self.top else x - width // 2
            writing.write(draw, begin, y + size // 4, text)

    def ticks(self, left: int, right: int, writing: Writing) -> Iterator[tuple[float, int, str]]:
        """The values to write, where, and how: both ends, and round numbers between them as far as they fit."""
        whole = right - left - 1
        ends = [(0.0, "0"), (self.top, f"{self.top:g}")]
        taken = [(left - writing.size, left + writing.width("0")), (right - writing.width(ends[1][1]), right)]
        yield from ((value, left + round(math.sqrt(value / self.top) * whole), text) for value, text in ends)
        power = math.floor(math.log10(self.top))
        for digit in (1, 5, 2):
            for exponent in range(power, power - 4, -1):
                value = float(f"{digit}e{exponent}")
                if value >= self.top:
                    continue
                x, text = left + round(math.sqrt(value / self.top) * whole), f"{value:g}"
                half = writing.width(text) / 2 + writing.size * 0.6
                if all(x + half < begin or x - half > end for begin, end in taken):
                    taken.append((round(x - half), round(x + half)))
                    yield value, x, text


def _mark(draw: ImageDraw.ImageDraw, x: int, y: int, size: int) -> None:
    half = max(3, round(size * 0.36))
    draw.polygon([(x - half, y), (x + half, y), (x, y + round(half * 1.4))], INK)
