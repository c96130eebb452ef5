"""What the splitters of all formats give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True)
class Strips:
    """A picture in strips, from the top."""

    width: int
    """In pixels."""
    height: int
    """In pixels, of all strips together."""
    files: Iterator[Sequence[bytes]]
    """Each strip as a file, or as several that lie side by side, from left to right. Raises what a decoder of the
    format raises of damaged data."""
    about: BinaryIO | None = None
    """For Pillow to open: the file, or one of a single pixel that says the same of itself."""
    notes: tuple[str, ...] = ()
    """What is in the file and not looked at, as far as the strips themselves do not say it."""
