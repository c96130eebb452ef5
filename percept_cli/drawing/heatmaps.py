"""Heat maps in a folder: what did not pass, each as a picture of reference, candidate and where they differ."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from percept_cli.drawing.over import TITLES, draw, titles_of
from percept_cli.drawing.saving import PNG
from percept_cli.errors import OutputUnwritable, PerceptError
from percept_cli.formats.decode import decode
from percept_cli.formats.files import read_stamped
from percept_cli.formats.known import PICTURE_ENDINGS
from percept_cli.geometry import FileStamp, View
from percept_cli.images.policy import ImagePolicy
from percept_cli.images.views import Look, Side, looks
from percept_cli.recipes.spec import DistanceSpec, ceiling
from percept_cli.results.found import nothing_differs
from percept_cli.results.pair import PairResult
from percept_cli.storage.address import is_remote
from percept_cli.system.names import counted, printable, shown
from percept_cli.system.whole import write_output

# What file systems, shells of Windows and stores of artifacts do not take in names.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\ud800-\udfff<>:"|?*\\]|[. ]+$')
_LONGEST = 200  # bytes of a file's or folder's name, of the 255 that systems take


@dataclass
class Drawn:
    """What became of a run's heat maps."""

    count: int = 0
    """How many were written."""
    notes: list[str] = field(default_factory=list)
    """What a person should know of the others."""
    failure: PerceptError | None = None
    """The first that could not be written."""


class HeatMapFolder:
    """A folder for heat maps; made when the first is written.

    Args:
        folder: where.
        compared: the folders, or files, that are compared: nothing is written over or among them.

    Raises:
        OutputUnwritable: if nothing could be written there, or it would be compared the next time.
    """

    def __init__(self, folder: Path, compared: Iterable[Path]) -> None:
        self.path = folder
        self._real = Path(os.path.realpath(folder))
        self._compared = [Path(os.path.realpath(path)) for path in compared]
        name = shown(folder)
        if is_remote(folder):
            raise OutputUnwritable(
                f"{name}: heat maps are written to a folder of this machine", hint="give a folder, and copy it."
            )
        if folder.exists() and not folder.is_dir():
            raise OutputUnwritable(f"{name} is a file, not a folder", hint="choose a folder for the heat maps.")
        if self._is_compared(self._real):
            raise OutputUnwritable(
                f"{name}: heat maps there would be among the images that are compared",
                hint="choose a folder outside both.",
            )
        there = next(path for path in (self._real, *self._real.parents) if path.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            what = "permission denied" if there.is_dir() else f"{shown(there)} is a file, not a folder"
            raise OutputUnwritable(f"{name}: {what}", hint="choose a folder that you can write to.")

    def _is_compared(self, path: Path) -> bool:
        # By what the file system says: on some, names differ that lead to one folder.
        places = [place for place in (path, *path.parents) if place.exists()]
        return any(place.samefile(root) for root in self._compared if root.exists() for place in places)

    def draw(self, results: Iterable[PairResult], spec: DistanceSpec) -> Drawn:
        """Write a heat map for every pair that did not pass and differs somewhere.

        Args:
            results: with the evidence of ``percept check``; nothing is measured anew.
            spec: the run's recipe.
        """
        drawn = Drawn()
        without = 0
        for result in results:
            if result.status not in ("fail", "warn") or result.evidence is None:
                continue
            # Of two sizes the rest may be equal; what only one of them has is drawn all the same.
            if result.evidence.heat is None and (result.evidence.fit is None or result.evidence.changed_pixels):
                without += 1
                continue
            try:
                write_output(self._target(result), [triptych(result, spec)])
                drawn.count += 1
            except OutputUnwritable as error:
                drawn.failure = drawn.failure or error
            except PerceptError as error:
                drawn.notes.append(f"no heat map for {printable(result.name)}: {error}")
        if without:
            images = f"{counted(without, 'image')} that did not pass"
            drawn.notes.append(f"no heat map for {images}: their distance has no local values")
        return drawn

    def _target(self, result: PairResult) -> Path:
        """Where a pair's heat map goes, within the folder whatever the pair is called; its own folder is made."""
        target = self.path / place_of(result.name)
        real = Path(os.path.realpath(target))
        if not real.is_relative_to(self._real):
            raise OutputUnwritable(
                f"{shown(target)}: a link leads out of the folder for heat maps", hint="remove the link."
            )
        if self._is_compared(real):
            raise OutputUnwritable(
                f"{shown(target)}: is among the images that are compared", hint="choose another folder."
            )
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputUnwritable(
                f"{shown(target.parent)}: cannot be created: {error.strerror}", hint="choose another folder."
            ) from None
        return target


def place_of(name: str) -> PurePosixPath:
    """The path, relative to a folder and always within it, of the heat map of the pair of this name.

    ``menu/icon.png`` stays as it is, ``photo.jpg`` becomes ``photo.jpg.png``. Of a path that is absolute or leads
    upwards only the last name is taken. Where this, or a character that some system does not take, changes it,
    digits at its end keep it apart from others.
    """
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts:
        parts = [part for part in parts if part != ".."][-1:]
    ending = PurePosixPath(parts[-1]).suffix if parts else ""
    stem = parts[-1].removesuffix(ending) if parts else ""
    if ending == ".png" and stem and PurePosixPath(stem).suffix.lower() not in PICTURE_ENDINGS:
        parts[-1] = stem
    clean = [_UNSAFE.sub("_", part).encode()[:_LONGEST].decode(errors="ignore") for part in parts] or ["picture"]
    if "/".join(clean) not in (name, name.removesuffix(".png")):
        clean[-1] += "-" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return PurePosixPath(*clean[:-1], clean[-1] + ".png")


def triptych(result: PairResult, spec: DistanceSpec) -> bytes:
    """A pair's reference, candidate and heat map as a PNG file.

    Args:
        result: with evidence that has a heat map, or of two sizes of which the rest is equal.
        spec: the run's recipe.

    Raises:
        PerceptError: if a file cannot be read any more, or is not the one that was compared.
    """
    sides = ((result.reference, result.reference_file), (result.candidate, result.candidate_file))
    look = _look(sides, spec.pictures, result.view)
    found = result.evidence
    assert found is not None
    titles = titles_of(spec) if result.fingerprint is None else TITLES
    heat = found.heat or nothing_differs(*look.candidate.size, ceiling(spec) or 1.0)
    drawing = draw("triptych", look.reference, look.candidate, heat, titles=titles, fit=found.fit)
    return PNG.encoded(drawing.image)


def _look(sides: Sequence[tuple[str | None, FileStamp | None]], policy: ImagePolicy, view: View) -> Look:
    """The pictures as they were compared in a view."""
    found = []
    for path, stamp in sides:
        data, now = read_stamped(str(path), policy.limits)
        if stamp is not None and stamp.sha256 != now.sha256:
            raise PerceptError(f"{shown(str(path))} has changed since it was compared")
        found.append(Side(shown(str(path)), decode(data, str(path), policy)))
    return next(look for look in looks(found[0], found[1], policy, two_sizes=True)[0] if look.view == view)
