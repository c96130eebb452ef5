"""Pictures on one sheet: in rows and columns, with captions, the legend below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from percept_cli.drawing.legend import GROUND, Legend, writing_for

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS = 48_000_000
"""Pixels of a drawing's pictures, at most: larger ones are drawn at half their size, a quarter, and so on."""
MOST_SIDE = 30_000
"""Pixels of a drawing's longer side, at most, likewise."""
SMALL_SIDE = 192
"""Pictures with writing are enlarged by whole multiples while their longer side stays within this."""


@dataclass(frozen=True)
class Drawing:
    """A heat map that was drawn."""

    image: Image.Image
    """RGB."""
    shrink: int
    """Pixels of the pictures per pixel of the drawing, each way: 1, or a power of 2 where they are very large."""
    enlarge: int
    """Pixels of the drawing per pixel of the pictures, each way: more than 1 where they are tiny."""


@dataclass(frozen=True)
class Panel:
    """One picture of a sheet."""

    caption: str
    draw: Callable[[int], Image.Image]
    """The pixels that a picture is to be shrunk by, each way → what is under the caption."""


@dataclass(frozen=True)
class Sheet:
    """Panels in rows and columns."""

    width: int
    """Of each picture, in pixels, before it is shrunk or enlarged."""
    height: int
    """Likewise."""
    panels: Sequence[Panel]
    columns: int
    most_side: int
    """Pixels of the drawing's longer side."""

    @property
    def rows(self) -> int:
        """How many there are."""
        return -(-len(self.panels) // self.columns)

    def drawn(self, legend: Legend | None) -> Drawing:
        """The sheet. One picture without a legend is drawn without anything around it, pixel for pixel."""
        from PIL import Image, ImageDraw

        shrink = self._shrink()
        bare = legend is None and len(self.panels) == 1
        if bare:
            return Drawing(self.panels[0].draw(shrink), shrink, 1)
        enlarge = max(1, SMALL_SIDE // max(self.width, self.height))
        width, height = (-(-side // shrink) * enlarge for side in (self.width, self.height))
        writing = writing_for(width * self.columns)
        captions = max(writing.width(panel.caption) for panel in self.panels)
        gap, above = (writing.size, writing.line + writing.size // 3) if captions else (0, 0)
        cell = max(width, captions)
        whole_width = self.columns * (cell + gap) + gap
        whole_height = self.rows * (above + height + gap) + gap // 2
        if legend is not None:
            legend = legend.noting(shrink, enlarge)
            whole_width = max(whole_width, legend.least_width(writing))
        size = whole_width, whole_height + (legend.height(writing) if legend else 0)
        image = Image.new("RGB", size, GROUND)
        pen = ImageDraw.Draw(image)
        left = (whole_width - self.columns * (cell + gap) + gap) // 2
        for index, panel in enumerate(self.panels):
            row, column = divmod(index, self.columns)
            x, y = left + column * (cell + gap), gap // 2 + row * (above + height + gap)
            writing.write(pen, x, y, panel.caption)
            part = panel.draw(shrink)
            if enlarge > 1:
                part = part.resize((part.width * enlarge, part.height * enlarge), Image.Resampling.NEAREST)
            image.paste(part, (x, y + above))
        if legend is not None:
            legend.draw_into(image, whole_height, writing)
        return Drawing(image, shrink, enlarge)

    def _shrink(self) -> int:
        shrink, reserve = 1, 300 + 120 * max(self.columns, self.rows)  # for writing, and what is between
        while (
            len(self.panels) * self.width * self.height > MOST_PIXELS * shrink**2
            or max(self.width * self.columns, self.height * self.rows) > (self.most_side - reserve) * shrink
        ):
            shrink *= 2
        return shrink
