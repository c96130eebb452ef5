"""What the makers share: pictures, scenes, and how both become files and rows of `pairs.csv`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]
Half = Literal["tune", "judge", "fresh"]
Label = Literal["same", "differs"]
Machine = Literal["same", "cross"]

HALVES: tuple[Half, ...] = ("tune", "judge", "fresh")
CORPUS = Path(__file__).resolve().parents[1]
PICTURES = CORPUS / "pictures"
MANIFEST = CORPUS / "pairs.csv"
FIELDS = ("name", "reference", "candidate", "label", "category", "half", "machine", "scene", "what")
LARGEST_FILE = 400_000


class File(NamedTuple):
    """A picture as it is stored."""

    data: bytes
    suffix: str

    def pixels(self) -> Pixels:
        """Decode to RGB."""
        return decode(self.data)


class Row(NamedTuple):
    """A row of the manifest; the fields are its columns."""

    name: str
    reference: str
    candidate: str
    label: str
    category: str
    half: str
    machine: str
    scene: str
    what: str


def decode(data: bytes) -> Pixels:
    """Read a picture file's pixels as RGB."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"), dtype=np.uint8)


def png(picture: Pixels) -> File:
    """Store as a PNG without metadata, grey if the picture has one channel."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG", optimize=True)
    return File(stream.getvalue(), ".png")


def to_pixels(picture: Floats) -> Pixels:
    """Round levels of 0..255 to bytes."""
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def generator(*seed: int) -> np.random.Generator:
    """Random numbers that are the same on every run."""
    return np.random.default_rng(seed)


@dataclass
class Scene:
    """One scene: a reference and its candidates, all of them in one half."""

    category: str
    half: Half
    name: str
    reference: Pixels | File
    files: dict[str, File] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reference = self._store(self.name, self.reference)

    def same(self, slug: str, candidate: Pixels | File, what: str, machine: Machine = "cross") -> None:
        """Add a candidate that nobody would call changed."""
        self._add(slug, candidate, "same", machine, what)

    def differs(self, slug: str, candidate: Pixels | File, what: str, machine: Machine) -> None:
        """Add a candidate in which a person sees a change."""
        self._add(slug, candidate, "differs", machine, what)

    def _add(self, slug: str, candidate: Pixels | File, label: Label, machine: Machine, what: str) -> None:
        stored = self._store(f"{self.name}-{slug}", candidate)
        before = self.files[self._reference].pixels()
        after = self.files[stored].pixels()
        name = f"{self.category}-{self.name}-{slug}"
        if before.shape != after.shape:
            raise ValueError(f"{name}: {before.shape} is not the shape of {after.shape}")
        if np.array_equal(before, after) and self.category != "codecs":
            raise ValueError(f"{name}: nothing differs")
        scene = f"{self.category}-{self.name}"
        self.rows.append(Row(name, self._reference, stored, label, self.category, self.half, machine, scene, what))

    def _store(self, stem: str, picture: Pixels | File) -> str:
        stored = picture if isinstance(picture, File) else png(picture)
        path = f"pictures/{self.category}/{stem}{stored.suffix}"
        if path in self.files:
            raise ValueError(f"{path} is made twice")
        if len(stored.data) >= LARGEST_FILE:
            raise ValueError(f"{path} has {len(stored.data)} bytes")
        self.files[path] = stored
        return path


def read_manifest() -> list[Row]:
    """The rows of `pairs.csv`, none if it is not there yet."""
    if not MANIFEST.exists():
        return []
    with MANIFEST.open(encoding="utf-8", newline="") as stream:
        return [Row(**row) for row in csv.DictReader(stream)]


def _write_manifest(rows: list[Row]) -> None:
    fresh = MANIFEST.with_suffix(".tmp")
    with fresh.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(FIELDS)
        writer.writerows(sorted(rows))
    fresh.replace(MANIFEST)


def write(category: str, scenes: Iterable[Scene], halves: Sequence[Half] = HALVES) -> int:
    """Replace a category's pictures and rows, those of some halves; the number of pairs."""
    made = list(scenes)
    rows = [row for scene in made for row in scene.rows]
    files = {path: stored for scene in made for path, stored in scene.files.items()}
    kept = [row for row in read_manifest() if row.category != category or row.half not in halves]
    taken = files.keys() & {path for row in kept for path in (row.reference, row.candidate)}
    if taken:
        raise ValueError(f"{', '.join(sorted(taken))} would be written over")
    for path, stored in files.items():
        target = CORPUS / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(stored.data)
    _write_manifest(kept + rows)
    named = {path for row in (*kept, *rows) for path in (row.reference, row.candidate)}
    for old in (PICTURES / category).iterdir():
        if old.relative_to(CORPUS).as_posix() not in named:
            old.unlink()
    return len(rows)
