"""Pairs → what is to be measured of them: files read, decoded, looked at and planned, ahead of the device."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from percept_cli.errors import SizeMismatch, UnusablePair
from percept_cli.evidence.sight import Sight
from percept_cli.formats.decode import decode
from percept_cli.formats.files import Content, read_stamped
from percept_cli.formats.memory import is_path, to_decoded
from percept_cli.geometry import FileStamp
from percept_cli.images.policy import ImagePolicy
from percept_cli.images.views import Side
from percept_cli.pairs import Pair, pair_of_files
from percept_cli.pairs.held import PairInMemory
from percept_cli.storage.address import is_remote
from percept_cli.system.names import posix, printable, shown

if TYPE_CHECKING:
    from percept_cli.formats.memory import PictureLike

Stamps = tuple[FileStamp | None, FileStamp | None]
"""Of reference and candidate; None of a picture that is no file."""


@dataclass(frozen=True)
class Reading:
    """A pair that was read: what may be done ahead of the device, in any thread."""

    pair: Pair
    sights: tuple[Sight, ...]
    """One, or one for every frame, ground and exposure."""
    stamps: Stamps
    seconds: float
    """Wall time it took."""
    notes: tuple[str, ...] = ()
    """What a person should know of the files."""

    @property
    def mismatch(self) -> SizeMismatch | None:
        """Of pictures of two sizes what is told of them; the sights are then of their rest."""
        return next((sight.fitted.mismatch for sight in self.sights if sight.fitted is not None), None)

    @property
    def bytes(self) -> int:
        """Of the pictures that are kept."""
        kept = {id(side): len(side.pixels) for sight in self.sights for side in sight.pictures or ()}
        return sum(kept.values())


class References:
    """The last reference that several pairs share, so that it is read and decoded once. Safe between threads.

    Args:
        policy: how it is read.
    """

    def __init__(self, policy: ImagePolicy) -> None:
        self._policy = policy
        self._lock = threading.Lock()
        self._path: Path | None = None
        self._found: tuple[Side, FileStamp] | None = None

    def read(self, path: Path) -> tuple[Side, FileStamp]:
        """Read and decode a file, or give what it held a moment ago.

        Raises:
            UnreadableImage, UnsupportedImage: if that fails; the next pair tries again.
        """
        with self._lock:
            if self._found is None or path != self._path or _has_changed(path, self._found[1]):
                data, stamp = read_stamped(path, self._policy.limits)
                self._path, self._found = path, (_side(path, data, self._policy), stamp)
            return self._found


def _has_changed(path: Path, stamp: FileStamp) -> bool:
    if is_remote(path):  # it is read as it was listed
        return False
    try:
        found = path.stat()
    except OSError:
        return True
    return (found.st_size, found.st_mtime_ns) != (stamp.size, stamp.modified_ns)


def _side(path: Path, data: Content, policy: ImagePolicy) -> Side:
    return Side(shown(path), decode(data, path, policy))


def sides_of(pair: Pair, references: References | None, policy: ImagePolicy) -> tuple[Side, Side, Stamps]:
    """Read and decode both sides of a pair.

    Args:
        pair: which files.
        references: where a reference that several pairs share is kept.
        policy: how they are read.

    Returns:
        Reference and candidate, and what identifies the files.

    Raises:
        UnreadableImage, UnsupportedImage: if they cannot be read.
    """
    if pair.reference is None or pair.candidate is None:
        raise UnusablePair(f"{printable(pair.name)}: there is nothing to compare it with")
    read = _sides_held if isinstance(pair, PairInMemory) else _sides_in_files
    return read(pair, references, policy)


def _sides_in_files(pair: Pair, references: References | None, policy: ImagePolicy) -> tuple[Side, Side, Stamps]:
    assert pair.reference is not None and pair.candidate is not None
    if references is not None and pair.shared:
        reference, reference_stamp = references.read(pair.reference)
        candidate_bytes, candidate_stamp = read_stamped(pair.candidate, policy.limits)
    else:
        # Both are read first: of two files that are missing, the reference is told of, whatever is in it.
        reference_bytes, reference_stamp = read_stamped(pair.reference, policy.limits)
        candidate_bytes, candidate_stamp = read_stamped(pair.candidate, policy.limits)
        reference = _side(pair.reference, reference_bytes, policy)
    # Byte-equal files hold equal pictures; one decoding also proves that they are sound.
    if reference_stamp.sha256 == candidate_stamp.sha256:
        candidate = Side(shown(pair.candidate), reference.decoded)
    else:
        candidate = _side(pair.candidate, candidate_bytes, policy)
    return reference, candidate, (reference_stamp, candidate_stamp)


def _sides_held(pair: Pair, _: References | None, policy: ImagePolicy) -> tuple[Side, Side, Stamps]:
    """Of a pair in memory; a side that is a file is read."""
    assert isinstance(pair, PairInMemory)
    sides: list[Side] = []
    stamps: list[FileStamp | None] = []
    for path, held in zip((pair.reference, pair.candidate), pair.held, strict=True):
        assert path is not None
        if held is None:
            data, stamp = read_stamped(path, policy.limits)
            sides.append(_side(path, data, policy))
            stamps.append(stamp)
        else:
            sides.append(Side(shown(path), held))
            stamps.append(None)
    return sides[0], sides[1], (stamps[0], stamps[1])


def pair_of(reference: PictureLike, candidate: PictureLike, policy: ImagePolicy) -> Pair:
    """Two pictures as a pair, each a file or in memory, named after the candidate.

    Args:
        reference: a path, or what ``images.memory.to_decoded`` takes.
        candidate: the same.
        policy: how one in memory is read.

    Raises:
        InvalidInput, UnreadableImage, UnsupportedImage: if one in memory is no picture that can be compared.
    """
    if is_path(reference) and is_path(candidate):
        return pair_of_files(reference, candidate)
    sides = {"reference": reference, "candidate": candidate}
    paths = [Path(side) if is_path(side) else Path(name) for name, side in sides.items()]
    held = [None if is_path(side) else to_decoded(side, name, policy) for name, side in sides.items()]
    return PairInMemory(posix(paths[1]), paths[0], paths[1], held=(held[0], held[1]))
