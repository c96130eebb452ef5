"""Rectangles of pixels, boxes as people type them, views of a pair, and what identifies a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from percept_cli.errors import InvalidSetting

Span = tuple[int, int]
"""The first row, or column, and the first behind."""


@dataclass(frozen=True)
class Rectangle:
    """Pixels top ≤ y < bottom, left ≤ x < right."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """In pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """In pixels."""
        return self.right - self.left

    @property
    def pixels(self) -> int:
        """How many there are."""
        return self.height * self.width


@dataclass(frozen=True)
class Box:
    """Pixels x ≤ column < x + width, y ≤ row < y + height, from the top left."""

    x: int
    y: int
    width: int
    height: int

    def __str__(self) -> str:
        """``x,y,width,height``, as the command line takes it."""
        return f"{self.x},{self.y},{self.width},{self.height}"


@dataclass(frozen=True)
class View:
    """One of the ways in which the files of a pair were looked at."""

    frame: int | None = None
    """Of an animation, or the page of a file with several, from 1; None where there is one."""
    ground: str | None = None
    """What transparency was laid over: ``black``, ``white`` or ``#rrggbb``; None where there is none."""
    exposure: float | None = None
    """EV by which light of HDR files was made brighter; None where there is none."""

    def __str__(self) -> str:
        """In words; empty where there is one way only."""
        words = [
            "" if self.frame is None else f"frame {self.frame}",
            "" if self.ground is None else f"on {self.ground}",
            "" if self.exposure is None else f"at {self.exposure:+g} EV".replace("+0 ", "0 "),
        ]
        return ", ".join(filter(None, words))


@dataclass(frozen=True)
class FileStamp:
    """What identifies the content of a file that was read."""

    size: int
    """In bytes."""
    modified_ns: int
    """Time of the last change, in nanoseconds since 1970."""
    sha256: str
    """Of the whole file, lower-case hex."""
    etag: str | None = None
    """What its store calls this version of it, of an object that lives elsewhere; None of a file."""


_BOX = re.compile(r"\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*")


def parse_box(text: str) -> Box:
    """Read ``x,y,width,height``.

    Raises:
        InvalidSetting: for anything else, or a box without pixels.
    """
    found = _BOX.fullmatch(text)
    if found is None or any(len(number) > 9 for number in found.groups()):
        raise InvalidSetting(
            f"{text!r} is not a rectangle",
            hint="write x,y,width,height in pixels from the top left, such as 0,0,200,40.",
        )
    box = Box(*map(int, found.groups()))
    if not box.width or not box.height:
        raise InvalidSetting(f"the rectangle {text!r} has no pixels", hint="width and height must be at least 1.")
    return box


def as_box(value: Box | str | Sequence[int]) -> Box:
    """A rectangle as callers in Python write it: as one, as ``"0,0,200,40"``, or as four numbers.

    Raises:
        InvalidSetting: as ``parse_box``.
    """
    if isinstance(value, Box):
        return value
    return parse_box(value if isinstance(value, str) else ",".join(map(str, value)))
