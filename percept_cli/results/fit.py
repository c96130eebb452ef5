"""How two images of different sizes lie on each other: rows and columns that only one of them has. Plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from percept_cli.geometry import Box, Span
from percept_cli.system.names import counted

Axis = Literal["rows", "columns"]
Whose = Literal["reference", "candidate"]
WHOSE: tuple[Whose, ...] = ("reference", "candidate")
Rest = Literal["equal", "within limits", "above limits"]

_BANDS_TOLD = 3
_COMPARATIVES = {"rows": ("taller", "shorter"), "columns": ("wider", "narrower")}


@dataclass(frozen=True)
class Band:
    """Neighbouring rows, or columns, that one of the two images has and the other has not."""

    axis: Axis
    kind: Literal["inserted", "removed"]
    """``inserted``: only the candidate has them. ``removed``: only the reference has them."""
    size: int
    """How many there are, at least 1."""
    reference: int
    """The first of them in the reference; of inserted ones where they would stand in it."""
    candidate: int
    """The first of them in the candidate; of removed ones where they would stand in it."""

    @property
    def at(self) -> int:
        """The first of them in the image that has them."""
        return self.candidate if self.kind == "inserted" else self.reference

    @property
    def box_side(self) -> Span:
        """Where they are in the image that has them."""
        return self.at, self.at + self.size


@dataclass(frozen=True)
class Fit:
    """Two images, and the bands without which both have one size; what is left of them is called the rest."""

    reference: tuple[int, int]
    """Width and height, in pixels, as it would have been compared."""
    candidate: tuple[int, int]
    """The same of the other."""
    aligned: Literal["bands", "top-left"]
    """``bands``: these rows or columns were inserted or removed, since the rest fits. ``top-left``: no such bands
    were found; the rest is the part that both have, from the top left, and the bands are what lies beyond."""
    bands: tuple[Band, ...]
    """Rows first, from the top; then columns, from the left."""
    rest: Rest | None = None
    """What the limits say of the rest; None where it was not measured."""

    def along(self, axis: Axis) -> tuple[Band, ...]:
        """The bands of rows, or those of columns."""
        return tuple(band for band in self.bands if band.axis == axis)

    def kept(self, side: Whose, axis: Axis) -> tuple[Span, ...]:
        """Which rows, or columns, of an image belong to the rest."""
        kind = "removed" if side == "reference" else "inserted"
        end = getattr(self, side)[0 if axis == "columns" else 1]
        return tuple(_between([band.box_side for band in self.along(axis) if band.kind == kind], end))

    @property
    def is_sound(self) -> bool:
        """Whether there are bands, and both images have one size without them."""
        rests = [
            [sum(end - begin for begin, end in self.kept(side, axis)) for side in WHOSE]
            for axis in ("rows", "columns")
        ]
        return bool(self.bands) and all(one == other > 0 for one, other in rests)

    def to_candidate(self, box: Box) -> Box:
        """A rectangle of the rest, as the candidate has it: with the inserted rows and columns that it spans."""
        left, right = (self._placed("columns", x) for x in (box.x, box.x + box.width - 1))
        top, bottom = (self._placed("rows", y) for y in (box.y, box.y + box.height - 1))
        return Box(left, top, right - left + 1, bottom - top + 1)

    def _placed(self, axis: Axis, place: int) -> int:
        """A row, or column, of the rest in the candidate."""
        for begin, end in self.kept("candidate", axis):
            if place < end - begin:
                return begin + place
            place -= end - begin
        raise ValueError(f"the rest has no such {axis}")

    def __str__(self) -> str:
        """In words, without the rest: ``48 rows inserted at y = 120``."""
        if self.aligned == "top-left":
            return f"the candidate is {_all_of([self._beyond(band) for band in self.bands])}"
        if len(self.bands) <= _BANDS_TOLD:
            return _all_of([self._told(band) for band in self.bands])
        sums = {kind: sum(b.size for b in self.bands if b.kind == kind) for kind in ("inserted", "removed")}
        told = ", ".join(f"{count} {kind}" for kind, count in sums.items() if count)
        most = max(self.bands, key=lambda band: band.size)
        where = f"{'y' if most.axis == 'rows' else 'x'} = {most.at}"
        return f"{most.axis} inserted or removed in {len(self.bands)} places ({told}; most of them at {where})"

    @property
    def rest_name(self) -> str:
        """What the rest is called in words."""
        return "the rest" if self.aligned == "bands" else "the common part from the top left"

    def _told(self, band: Band) -> str:
        much = counted(band.size, band.axis.removesuffix("s"))
        width, height = self.candidate if band.kind == "inserted" else self.reference
        end, edge, letter = (height, "bottom", "y") if band.axis == "rows" else (width, "right", "x")
        if band.at + band.size == end:
            return f"{much} {'added' if band.kind == 'inserted' else 'removed'} at the {edge}"
        return f"{much} {band.kind} at {letter} = {band.at}"

    @staticmethod
    def _beyond(band: Band) -> str:
        more, less = _COMPARATIVES[band.axis]
        return f"{counted(band.size, band.axis.removesuffix('s'))} {more if band.kind == 'inserted' else less}"


def common_part(reference: tuple[int, int], candidate: tuple[int, int]) -> Fit:
    """The part that two images of other sizes both have, from the top left, and what lies beyond.

    Args:
        reference: width and height.
        candidate: width and height.
    """
    bands = []
    for axis, one, other in zip(("rows", "columns"), reference[::-1], candidate[::-1], strict=True):
        if one != other:
            kind: Literal["inserted", "removed"] = "inserted" if other > one else "removed"
            least = min(one, other)
            bands.append(Band(axis, kind, abs(other - one), least, least))  # type: ignore[arg-type]
    return Fit(reference, candidate, "top-left", tuple(bands))


def _between(spans: Sequence[Span], end: int) -> Iterator[Span]:
    """What lies between spans, from 0 to an end."""
    begin = 0
    for first, last in (*spans, (end, end)):
        if first > begin:
            yield begin, first
        begin = last


def _all_of(told: Sequence[str]) -> str:
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
