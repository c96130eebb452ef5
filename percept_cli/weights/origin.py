"""Where weights come from that do not come inside the package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Layout = Literal["torchvision"]
"""How a published file names its tensors (see ``convert``)."""


@dataclass(frozen=True)
class Origin:
    """A published file that kernels are taken from; its SHA-256 is that of the record."""

    url: str
    size: int
    """Of the whole file, in bytes."""
    layout: Layout = "torchvision"
    first_values: tuple[float, ...] = ()
    """The first values of the first layer's kernels as people have published them, to four digits.

    They tell a file that has the right shapes but other kernels, where its hash cannot: see ``store``.
    """

    @property
    def file_name(self) -> str:
        """As its publisher and torch's cache call it."""
        return self.url.rpartition("/")[2]
