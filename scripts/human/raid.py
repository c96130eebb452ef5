"""RAID's answers and scales, read from its two tables."""

from __future__ import annotations

import csv
import gzip
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DISTORTIONS = ("rotation", "translation", "scale", "gaussian_noise")
"""As the answers name them."""
_IN_SCALES = {"rot": "rotation", "trans": "translation", "scale": "scale", "gn": "gaussian_noise"}
_STIMULUS = re.compile(r"(\w+?)_img_(\d+)_level_(\d+)\.png")


@dataclass(frozen=True)
class Answers:
    """What people said: N answers, two for each trial."""

    distortion: NDArray[np.int64]
    """N places in ``DISTORTIONS``."""
    photograph: NDArray[np.int64]
    """N numbers from 1."""
    levels: NDArray[np.int64]
    """N×4: the first pair, then the second."""
    second: NDArray[np.bool_]
    """N: whether the second pair was said to differ more."""

    def __len__(self) -> int:
        return len(self.second)

    def only(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Answers:
        """Some of them, by a mask or by their places."""
        return Answers(self.distortion[chosen], self.photograph[chosen], self.levels[chosen], self.second[chosen])

    def pairs(self) -> list[tuple[str, int, int, int]]:
        """All stimuli that were shown side by side: distortion, photograph, and two levels, the lower first."""
        found: set[tuple[int, int, int, int]] = set()
        for place in (0, 2):
            low, high = np.sort(self.levels[:, place : place + 2], axis=1).T
            found |= set(
                zip(self.distortion.tolist(), self.photograph.tolist(), low.tolist(), high.tolist(), strict=True)
            )
        return [(DISTORTIONS[kind], number, low, high) for kind, number, low, high in sorted(found)]


def read_answers(folder: Path) -> Answers:
    """The answers of ``answers.csv.gz``."""
    with gzip.open(folder / "answers.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = ("distortion_level_11", "distortion_level_12", "distortion_level_21", "distortion_level_22")
    return Answers(
        np.array([DISTORTIONS.index(row["transformation"]) for row in rows]),
        np.array([int(row["image_id_01"]) for row in rows]),
        np.array([[int(row[name]) for name in names] for row in rows]),
        np.array([row["answer"] == "2" for row in rows]),
    )


def read_scales(folder: Path) -> NDArray[np.float64]:
    """RAID's scales (``Response``, in units of sigma) of ``responses.csv.gz``.

    Returns:
        Distortions × 24 photographs × 10 levels; level 1 is at 0.
    """
    found = np.full((len(DISTORTIONS), 24, 10), np.nan)
    with gzip.open(folder / "responses.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            match = _STIMULUS.fullmatch(row["Distorted"])
            assert match is not None, row["Distorted"]
            kind = DISTORTIONS.index(_IN_SCALES[match[1]])
            found[kind, int(match[2]) - 1, int(match[3]) - 1] = float(row["Response"])
    assert not np.isnan(found).any()
    return found
