"""Pictures that many pairs share: told apart, opened once, and called by their names."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING

from percept_cli.formats.decode import decode
from percept_cli.formats.files import read_stamped
from percept_cli.formats.memory import is_path, to_decoded
from percept_cli.geometry import FileStamp
from percept_cli.images.picture import Decoded
from percept_cli.images.policy import ImagePolicy
from percept_cli.images.views import Side
from percept_cli.pairs import Pair, pair_of_files
from percept_cli.system.names import posix, shown

if TYPE_CHECKING:
    from percept_cli.formats.memory import PictureLike

ROLES = "reference", "candidate"
"""What pictures in memory are called."""
_BYTES_OPENED = 128 << 20  # decoded pictures that wait for their partners; what is behind is read again


class Opened:
    """Pictures that were read a moment ago, so that those of many pairs are not read for each.

    Args:
        policy: how they are read.
    """

    def __init__(self, policy: ImagePolicy) -> None:
        self._policy = policy
        self._found: OrderedDict[Hashable, tuple[Decoded, FileStamp | None]] = OrderedDict()

    def side(self, picture: PictureLike, key: Hashable, name: str) -> tuple[Side, FileStamp | None]:
        """A picture, opened, and what identifies its file.

        Args:
            picture: as ``compare`` takes it.
            key: tells it from others.
            name: what messages call one in memory.

        Raises:
            InvalidInput, UnreadableImage, UnsupportedImage: if it cannot be read; the next pair tries again.
        """
        if key not in self._found:
            self._found[key] = self._open(picture, name)
            while len(self._found) > 2 and self._bytes() > _BYTES_OPENED:
                self._found.popitem(last=False)
        self._found.move_to_end(key)
        decoded, stamp = self._found[key]
        return Side(shown(Path(picture)) if is_path(picture) else name, decoded), stamp

    def _open(self, picture: PictureLike, name: str) -> tuple[Decoded, FileStamp | None]:
        if not is_path(picture):
            return to_decoded(picture, name, self._policy), None
        data, stamp = read_stamped(Path(picture), self._policy.limits)
        return decode(data, Path(picture), self._policy), stamp

    def _bytes(self) -> int:
        frames = [frame for decoded, _ in self._found.values() for frame in decoded.frames]
        return sum(len(frame.colours) + (0 if frame.alpha is None else len(frame.alpha)) for frame in frames)


def key_of(picture: PictureLike) -> Hashable:
    """Tells pictures apart: by their path, or by which object they are, as long as the caller holds it."""
    return Path(picture) if is_path(picture) else id(picture)


def pair_named(pair: tuple[PictureLike, PictureLike]) -> Pair:
    """As ``compare`` names it: after the candidate."""
    reference, candidate = pair
    if is_path(reference) and is_path(candidate):
        return pair_of_files(reference, candidate)
    paths = [Path(side) if is_path(side) else Path(name) for side, name in zip(pair, ROLES, strict=True)]
    return Pair(posix(paths[1]), paths[0], paths[1])
