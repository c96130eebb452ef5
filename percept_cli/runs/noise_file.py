"""What was learned → the noise file, with what an earlier one has of other images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from percept_cli.errors import OutputUnwritable
from percept_cli.images.limits import Limits
from percept_cli.judging.learned import LearnedImage
from percept_cli.judging.noise_file import UnreadableNoiseFile, read_noise_file, written
from percept_cli.runs.sources import digest_of
from percept_cli.system.names import shown
from percept_cli.system.whole import check_output, write_output


@dataclass(frozen=True)
class Written:
    """What became of a noise file."""

    kept: int
    """Entries of images that were not learned now."""
    dropped: tuple[str, ...]
    """Images whose entries went, since their baseline is gone or another one now."""
    largest: int
    """Bytes of the largest entry."""
    size: int
    """Bytes of the whole file."""


def earlier_entries(path: Path, fingerprint: str, *, overwrite: bool = False) -> Mapping[str, LearnedImage]:
    """What a noise file holds that is about to be written; nothing where there is none yet.

    Args:
        path: of the file.
        fingerprint: of the recipe in force.
        overwrite: whether a file that is not understood, or is of another recipe, may go.

    Raises:
        OutputUnwritable: if the file could not be written, or must not be.
    """
    check_output(path, ())
    if not path.is_file() or (overwrite and not _is_readable(path)):
        return {}
    try:
        found = read_noise_file(path)
    except UnreadableNoiseFile as error:
        raise OutputUnwritable(f"{error}; it was left as it is", hint="to replace it, add --overwrite.") from None
    if found.fingerprint == fingerprint:
        return found.images
    if overwrite:
        return {}
    raise OutputUnwritable(
        f"{shown(path)}: the noise file was learned by another recipe ({found.fingerprint}, and this is "
        f"{fingerprint}), and would be replaced",
        hint="to replace it, add --overwrite; to keep both, choose another file with -o.",
    )


def _is_readable(path: Path) -> bool:
    try:
        read_noise_file(path)
    except UnreadableNoiseFile:
        return False
    return True


def write_noise_file(
    path: Path,
    fingerprint: str,
    learned: Mapping[str, LearnedImage],
    earlier: Mapping[str, LearnedImage],
    baseline: Path,
    limits: Limits,
) -> Written:
    """Write what was learned, and those earlier entries whose baseline is still there as it was.

    Args:
        path: of the file; it is replaced whole.
        fingerprint: of the recipe.
        learned: by name.
        earlier: by name, from ``earlier_entries``.
        baseline: the folder of baselines.
        limits: of reading them.

    Raises:
        OutputUnwritable: if that fails, with what was there before left as it was.
    """
    others = {name: entry for name, entry in earlier.items() if name not in learned}
    dropped = tuple(name for name, entry in others.items() if not _is_valid(baseline, name, entry, limits))
    kept = {name: entry for name, entry in others.items() if name not in set(dropped)}
    pieces = list(written(fingerprint, sorted((kept | dict(learned)).items())))
    write_output(path, pieces)
    sizes = [len(piece.encode("utf-8", "backslashreplace")) for piece in pieces]
    return Written(len(kept), tuple(sorted(dropped)), max(sizes[1:-1], default=0), sum(sizes))


def _is_valid(baseline: Path, name: str, entry: LearnedImage, limits: Limits) -> bool:
    if digest_of(baseline / name, limits) == entry.baseline:
        return True
    # With --any-extension a baseline may have another ending.
    others = (baseline / name).parent.glob(f"{escape(Path(name).stem)}.*")
    return any(digest_of(other, limits) == entry.baseline for other in others)
