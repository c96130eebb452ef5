"""The pictures below a folder: by their names and the patterns that were given, without opening any."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from percept_cli.errors import PerceptError, UnreadableFolder, UnusablePair
from percept_cli.formats.known import PICTURE_ENDINGS
from percept_cli.pairs.alternates import OWN_FOLDER
from percept_cli.storage.address import address_in, is_remote
from percept_cli.system.names import counted, posix, printable, shown
from percept_cli.system.patterns import Patterns

_MOST_LINKS = 3
"""Links that are followed on one way down. A dozen folders that link to each other have millions of ways."""

_LOOP = "the link was not followed: it leads back to a folder above it, or is one of too many links in a row"
_LOOPS_TOLD = 5


@dataclass(frozen=True)
class Choice:
    """Which files of a folder take part."""

    include: tuple[str, ...] = ()
    """Patterns as in .gitignore, one of which a file must match; without any, files named like pictures do."""
    exclude: tuple[str, ...] = ()
    """Patterns as in .gitignore; a file that matches one of them takes no part."""


EVERY_PICTURE = Choice()
_Identity = tuple[int, int] | str


@dataclass
class Listing:
    """The files of one folder."""

    root: Path
    names: list[str] = field(default_factory=list)
    """Paths relative to the folder, with ``/`` as separator."""
    troubles: dict[str, PerceptError] = field(default_factory=dict)
    """Folders in it that cannot be listed, by relative path."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Files that are not named like pictures, by ending."""
    loops: list[str] = field(default_factory=list)
    """Links that lead back to a folder above them."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know: files left out, links not followed."""
        notes = []
        if self.left_out:
            kinds = sorted(self.left_out, key=lambda kind: (-self.left_out[kind], kind))
            told = ", ".join(f"{self.left_out[kind]} {printable(kind)}" for kind in kinds[:5])
            more = "" if len(kinds) <= 5 else ", and others"
            notes.append(
                f"{shown(self.root)}: skipped {counted(self.left_out.total(), 'file')} not named like "
                f"images ({told}{more}); add files by name with --include"
            )
        notes += [f"{shown(self.root / loop)}: {_LOOP}" for loop in self.loops[:_LOOPS_TOLD]]
        if len(self.loops) > _LOOPS_TOLD:
            notes.append(f"{shown(self.root)}: {len(self.loops) - _LOOPS_TOLD} more links of this kind")
        return tuple(notes)


def list_pictures(root: Path, choice: Choice = EVERY_PICTURE, *, apart_from: Path | None = None) -> Listing:
    """The pictures below a folder, in the order of their paths.

    Links to folders are followed, but never in a circle. Hidden files and folders, and files that are neither
    regular nor links, count as left out. Folders that are percept's own are not looked into, and not told.

    Args:
        root: the folder.
        choice: which of its files take part.
        apart_from: a folder inside it that is not looked into.

    Raises:
        UnreadableFolder: if the folder itself cannot be listed.
        InvalidSetting: for a pattern that is none.
    """
    if is_remote(root):
        return _list_elsewhere(root, choice, apart_from)
    apart = None if apart_from is None else identity(apart_from)
    found = _Walk(choice, apart).through(root)
    if "" in found.troubles:
        raise found.troubles[""]
    return found


def _list_elsewhere(root: Path, choice: Choice, apart_from: Path | None) -> Listing:
    """As ``list_pictures``, of the objects below an address."""
    from percept_cli.storage.store import current

    address = address_in(root)
    assert address is not None
    apart = None if apart_from is None or not is_remote(apart_from) else f"{posix(apart_from)}/"
    names = current().list(address)
    if apart is not None:
        names = {name: stamp for name, stamp in names.items() if not f"{posix(root)}/{name}".startswith(apart)}
    return _Walk(choice, None).among(root, sorted(names))


def identity(folder: Path) -> _Identity | None:
    """What a folder is known by, whatever it is called; None where it is not there."""
    if is_remote(folder):
        return posix(folder)
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@dataclass(frozen=True)
class _Folder:
    """A folder still to be looked into."""

    path: str
    prefix: str
    """Its path relative to the root, with a slash at its end."""
    above: tuple[_Identity | None, ...]
    links: int
    """Links on the way to it."""


class _Walk:
    def __init__(self, choice: Choice, apart_from: _Identity | None) -> None:
        self._include = Patterns(choice.include) if choice.include else None
        self._exclude = Patterns(choice.exclude)
        # charts/** is what is in the folder and not the folder, so that !charts/a.png can take a file in again.
        self._prune = Patterns([f"{line[:-3]}/*" if line.endswith("/**") else line for line in choice.exclude])
        self._apart_from = apart_from

    def through(self, root: Path) -> Listing:
        """Go through the folder and all below it."""
        found = Listing(root)
        # Not recursive: paths may nest deeper than Python's stack.
        waiting = [_Folder(os.fspath(root), "", (), 0)]
        while waiting:
            folder = waiting.pop()
            here = identity(Path(folder.path))
            if here is not None and here == self._apart_from:
                continue
            if (here is not None and here in folder.above) or folder.links > _MOST_LINKS:
                found.loops.append(folder.prefix.removesuffix("/"))
                continue
            for entry in self._entries(folder.path, folder.prefix, found):
                name = folder.prefix + entry.name
                if not _is_folder(entry):
                    if self._takes_part(name, found, partial(_is_special, entry)):
                        found.names.append(name)
                elif entry.name.lower() == OWN_FOLDER or self._prune.match(f"{name}/"):
                    pass  # alternates are no baselines, whatever --include says
                elif entry.name.startswith(".") and self._include is None:
                    found.left_out["hidden"] += 1
                else:
                    links = folder.links + entry.is_symlink()
                    waiting.append(_Folder(entry.path, f"{name}/", (*folder.above, here), links))
        found.names.sort()
        found.loops.sort()
        return found

    @staticmethod
    def _entries(folder: str, prefix: str, found: Listing) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return list(entries)
        except OSError as error:
            found.troubles[prefix.removesuffix("/")] = UnreadableFolder(
                f"{shown(folder)}: the folder cannot be listed: {error.strerror}",
                hint="check its name and its permissions.",
            )
            return []

    def among(self, root: Path, names: Iterable[str]) -> Listing:
        """Of objects elsewhere, where folders are no more than parts of names."""
        found = Listing(root)
        for name in names:
            parts = name.split("/")
            folders = ["/".join(parts[:depth]) for depth in range(1, len(parts))]
            if any(part in ("", ".", "..") for part in parts) or "\0" in name:
                found.troubles[name] = UnusablePair(
                    f"{shown(root)}: {printable(name)} has an empty part, or one of dots, so it can be no file",
                    hint="rename the object, or leave it out with --exclude.",
                )
            elif OWN_FOLDER in map(str.lower, parts[:-1]) or any(self._prune.match(f"{one}/") for one in folders):
                pass
            elif any(part.startswith(".") for part in parts[:-1]) and self._include is None:
                found.left_out["hidden"] += 1
            elif self._takes_part(name, found, lambda: False):
                found.names.append(name)
        return found

    def _takes_part(self, name: str, found: Listing, is_special: Callable[[], bool]) -> bool:
        if self._exclude.match(name):
            return False
        last = PurePosixPath(name).name
        ending = PurePosixPath(last).suffix.lower()
        why = ""
        if self._include is not None:
            if not self._include.match(name):
                return False
        elif last.startswith("."):
            why = "hidden"
        elif ending not in PICTURE_ENDINGS:
            why = ending or "without an extension"
        if not why and is_special():  # opening a pipe would wait for its writer
            why = "pipes and devices"
        if why:
            found.left_out[why] += 1
        return not why


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle of links
        return False


def _is_special(entry: os.DirEntry[str]) -> bool:
    try:
        return not stat.S_ISREG(entry.stat().st_mode)
    except OSError:  # gone, or a link that leads nowhere: reading it will say so
        return False
