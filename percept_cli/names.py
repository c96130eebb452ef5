"""How files are called in results and in messages."""

from __future__ import annotations

import os
from pathlib import Path


def posix(path: str | os.PathLike[str]) -> str:
    """A path as results hold it: as given, with ``/`` as the separator."""
    return Path(path).as_posix()


def shown(path: str | os.PathLike[str]) -> str:
    """A path as messages and tables show it: on one line, safe for a terminal."""
    return printable(posix(path))


def printable(text: str) -> str:
    r"""Text on one line, safe for a terminal: control characters and stray bytes become ``\x1b``, ``\n``, …."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode() for char in text
    )
