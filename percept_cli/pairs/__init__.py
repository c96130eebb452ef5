"""Which reference belongs to which candidate."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from percept_cli.names import posix


@dataclass(frozen=True)
class Pair:
    """One comparison to make."""

    name: str
    """What reports call it."""
    reference: Path
    candidate: Path


def pair_of_files(reference: str | os.PathLike[str], candidate: str | os.PathLike[str]) -> Pair:
    """Two files as a pair, named after the candidate as it was given, with ``/`` as the separator."""
    return Pair(posix(candidate), Path(reference), Path(candidate))
