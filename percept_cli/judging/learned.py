"""What was learned of one image from several right renderings of it → the limits of its gates, place by place.

**The margin.** Of n + 1 renderings of one kind, each is as likely as any other to be the noisiest. So the next
one exceeds the largest of n with a probability of 1 / (n + 1), whatever the noise is like: this is what leaving
one out measures. A limit of m times the largest is exceeded less often, by as much as the tail of the noise
allows. Noise of rendering has heavy tails; with a tail index of 4, twice a value is reached 16 times as rarely.
For a rate of one right rendering in a hundred, that gives m = (100 / (n + 1)) ^ ¼: 2.4 for 2 runs, 2.0 for 5,
1.5 for 20, and 1 from 99 on.
"""

from __future__ import annotations

import math
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from percept_cli.evidence.blocks import cells_per_block, in_blocks, in_cells
from percept_cli.evidence.pixels import CELL
from percept_cli.results.found import GateName

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Grid = NDArray[np.float32]

Placed = Literal["peak", "colour"]
PLACED: tuple[Placed, ...] = ("peak", "colour")
"""Gates whose value has a place."""
RATE = 0.01
"""The share of right renderings that may exceed a learned limit."""
TAIL = 4
"""How quickly noise becomes rare: k times as much is k ** TAIL times as rare."""
LEVELS: Mapping[Placed, float] = {"peak": 0.02, "colour": 0.4}
"""What is no noise yet in a place: with every margin below the least automatic limit. ΔE for colour."""
STEP = 1.25
"""From one level of a map of places to the next."""
ALPHABET = string.ascii_letters
"""The levels: ``a`` ends ``STEP`` times above the least, ``Z`` at 110,000 times that."""
NONE = "."
"""A place without noise."""
REACH = 1
"""Cells around a block that count for it: noise at a block's edge may lie in the next one tomorrow."""
_UNEVEN = 2  # times its own noise that a place may have, if there was as much beside it


@dataclass(frozen=True, slots=True)
class LearnedImage:
    """What right renderings of one image came to, each compared with its baseline: the largest of each."""

    baseline: str
    """SHA-256 of the baseline's file, lower-case hex."""
    width: int
    """Of the compared images, in pixels."""
    height: int
    runs: int
    """How many renderings there were."""
    overall: float
    peak: float
    """0 for recipes without places, too."""
    colour: float
    """Of places, in ΔE."""
    ink: float
    """The same of what the whole image's text and lines changed."""
    changed_pixels: int
    peaks: tuple[str, ...] = ()
    """Where the peak was how large: a row of blocks each, from the top, a letter for each block; shorter rows and
    missing ones end with blocks without noise."""
    colours: tuple[str, ...] = ()
    """The same of colour."""
    fingerprint: str | None = None
    """Of its own recipe, where that is not the file's."""

    @property
    def cells(self) -> int:
        """Cells along a side of a block."""
        return cells_per_block(self.width, self.height)

    @property
    def source(self) -> str:
        """How reports name it."""
        return f"noise file, {self.runs} runs"

    @property
    def largest(self) -> dict[GateName, float]:
        """The value of each gate."""
        return {
            "overall": self.overall,
            "peak": self.peak,
            "colour": max(self.colour, self.ink),
            "changed-pixels": float(self.changed_pixels),
        }

    def limit(self, value: float, least: float) -> float:
        """The limit that follows from a value, of four digits."""
        return float(f"{max(least, margin(self.runs) * value):.4g}")

    def limits(self, gate: Placed, shape: tuple[int, int], least: float) -> Grid:
        """The limit of each cell.

        Args:
            gate: which.
            shape: rows and columns of cells.
            least: the limit where no noise was seen, and nowhere less.
        """
        rows, columns = (math.ceil(side / (CELL * self.cells)) for side in (self.height, self.width))
        return in_cells(self.limits_of_blocks(gate, (rows, columns), least), self.cells, shape)

    def limits_of_blocks(self, gate: Placed, shape: tuple[int, int], least: float) -> Grid:
        """The same for each block; ``shape`` is of blocks."""
        import numpy as np
        from scipy import ndimage

        own = from_text(self.peaks if gate == "peak" else self.colours, shape, LEVELS[gate])
        # The largest of a few cells in a few runs says little of one place. What lies beside it says more.
        nearby = ndimage.maximum_filter(own, 3, mode="nearest")
        most = self.peak if gate == "peak" else self.colour
        noise = np.minimum(np.minimum(nearby, _UNEVEN * own), most)
        limits: Grid = np.maximum(noise * np.float32(margin(self.runs)), np.float32(least))
        return limits

    def is_noisy(self, gate: Placed, row: int, column: int) -> bool:
        """Whether noise was seen in the place of a cell."""
        rows, cells = self.peaks if gate == "peak" else self.colours, self.cells
        row, column = row // cells, column // cells
        return row < len(rows) and column < len(rows[row]) and rows[row][column] != NONE


@dataclass(frozen=True)
class Observed:
    """What one rendering of one image came to."""

    baseline: str
    width: int
    height: int
    overall: float
    colour_of_ink: float
    changed_pixels: int
    places: Mapping[Placed, tuple[Grid, Grid]]
    """Per gate its largest value in each block, and in each block and close to it."""
    fingerprint: str | None = None

    @property
    def largest(self) -> dict[GateName, float]:
        """The value of each gate."""
        peak, colour = (float(self.places[gate][0].max(initial=0)) for gate in PLACED)
        return {
            "overall": self.overall,
            "peak": peak,
            "colour": max(colour, self.colour_of_ink),
            "changed-pixels": float(self.changed_pixels),
        }


def margin(runs: int) -> float:
    """What a learned value is multiplied with for its limit."""
    return max(1.0, float((1 / (RATE * (runs + 1))) ** (1 / TAIL)))


def observed_places(grid: Grid, width: int, height: int) -> tuple[Grid, Grid]:
    """Of a grid of cells, what ``Observed.places`` has of a gate."""
    cells = cells_per_block(width, height)
    return in_blocks(grid, cells), in_blocks(grid, cells, reach=REACH)


def learn_image(found: Sequence[Observed]) -> LearnedImage:
    """What several renderings of one image, of one size and compared with one baseline, have in common."""
    import numpy as np

    first = found[0]
    maps = {gate: np.maximum.reduce([one.places[gate][1] for one in found]) for gate in PLACED}
    return LearnedImage(
        first.baseline,
        first.width,
        first.height,
        len(found),
        overall=rounded_up(max(one.overall for one in found)),
        peak=rounded_up(float(maps["peak"].max(initial=0))),
        colour=rounded_up(float(maps["colour"].max(initial=0))),
        ink=rounded_up(max(one.colour_of_ink for one in found)),
        changed_pixels=max(one.changed_pixels for one in found),
        peaks=to_text(maps["peak"], LEVELS["peak"]),
        colours=to_text(maps["colour"], LEVELS["colour"]),
        fingerprint=first.fingerprint,
    )


def rounded_up(value: float) -> float:
    """Four digits, and never less than the value: what was learned is within itself."""
    if value <= 0 or not math.isfinite(value):
        return max(0.0, value)
    digits = 3 - math.floor(math.log10(value))
    near = round(value, digits)
    return near if near >= value else round(near + 10.0**-digits, digits)


def to_text(values: Grid, least: float) -> tuple[str, ...]:
    """A map as text: rows of letters, each for the smallest level that holds its value; no dots at the end."""
    import numpy as np

    with np.errstate(divide="ignore"):
        levels = np.ceil(np.log(values.astype(float) / least) / math.log(STEP) - 1e-6)  # of float32
    levels = np.clip(np.nan_to_num(levels, neginf=0), 0, len(ALPHABET)).astype(int)
    letters = NONE + ALPHABET
    rows = ["".join(letters[level] for level in row).rstrip(NONE) for row in levels.tolist()]
    while rows and not rows[-1]:
        rows.pop()
    return tuple(rows)


def from_text(rows: Sequence[str], shape: tuple[int, int], least: float) -> Grid:
    """The values at which the levels of ``to_text`` end; 0 where there is no noise, and where the text ends."""
    import numpy as np

    found = np.zeros(shape, np.float32)
    for row, text in enumerate(rows[: shape[0]]):
        for column, letter in enumerate(text[: shape[1]]):
            if letter != NONE:
                found[row, column] = least * STEP ** (ALPHABET.index(letter) + 1)
    return found
