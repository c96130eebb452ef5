"""Where weights come from that do not come inside the package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Layout = Literal["torchvision", "st-lpips"]
"""How a published file names its tensors (see ``convert``)."""


@dataclass(frozen=True)
class Origin:
    """A published file that kernels are taken from; its SHA-256 is that of the record."""

    url: str
    """Where it is downloaded from; of a file in a Python package, the package's page for people."""
    size: int
    """Of the whole file, in bytes."""
    first_values: tuple[float, ...]
    """The first values of the first layer's kernels as people have published them, to four digits.

    They tell a file that has the right shapes but other kernels, where its hash cannot: see ``taking``.
    """
    layout: Layout = "torchvision"
    package: str = ""
    """The Python package (a distribution) that has it, which is never imported; empty if it is downloaded."""
    member: str = ""
    """Its path in that package, and in the package's wheel."""
    extra: str = ""
    """The extra of percept that installs the package."""

    @property
    def file_name(self) -> str:
        """As its publisher and torch's cache call it."""
        return (self.member or self.url).rpartition("/")[2]
