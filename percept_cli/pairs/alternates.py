"""Alternates: further right renderings of an image, such as another system's, kept beside the baselines.

The alternate ``linux`` of the image ``ui/icon.png`` is ``.percept/alternates/ui/icon.png/linux.png`` in the
baseline folder. Whether an image fits one of them is for ``judging`` to say; here is only which there are.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from percept_cli.errors import InvalidSetting, UnusablePair
from percept_cli.formats.known import PICTURE_ENDINGS
from percept_cli.storage.address import address_in, is_remote
from percept_cli.system.beneath import leads_out
from percept_cli.system.names import RESERVED, folded, printable, shown

OWN_FOLDER = ".percept"
"""In a baseline folder: percept's own. Nothing in it is a baseline or an image to be checked."""
ALTERNATES = f"{OWN_FOLDER}/alternates"
ENDINGS = PICTURE_ENDINGS | {".npy"}
"""Of files that can be a baseline or an alternate."""
LONGEST_VARIANT = 64
VARIANT = rf"[A-Za-z0-9]([A-Za-z0-9._-]{{0,{LONGEST_VARIANT - 2}}}[A-Za-z0-9])?"
"""What a variant may be called: a file name on every system, also where upper and lower case are the same."""
_SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows", "cygwin": "windows"}
_HINT = "use up to 64 letters, digits, dots, dashes and underscores, such as linux or chromium-dark"


@dataclass(frozen=True)
class Alternate:
    """One of an image."""

    variant: str
    """What people call it: ``linux``."""
    place: str
    """Its path in the baseline folder, with ``/`` as separator."""
    path: Path


def check_variant(name: str, what: str = "the variant") -> str:
    """A name that a variant may have.

    Args:
        name: as it was given.
        what: how the message calls it.

    Raises:
        InvalidSetting: if it could lead elsewhere, or is no file name on some system.
    """
    if not re.fullmatch(VARIANT, name):
        raise InvalidSetting(f"{what} cannot be called {name[: 2 * LONGEST_VARIANT]!r}", hint=f"{_HINT}.")
    if RESERVED.fullmatch(name):
        raise InvalidSetting(
            f"{what} cannot be called {name!r}, which Windows reserves", hint="choose another name, such as linux."
        )
    ending = PurePosixPath(name).suffix
    if ending.lower() in ENDINGS:
        raise InvalidSetting(
            f"{what} cannot be called {name!r}: a variant has no file extension",
            hint=f"leave out {ending}.",
        )
    return name


def system_variant(platform: str = sys.platform) -> str:
    """The variant of this operating system: ``linux``, ``macos``, ``windows``, or Python's word for another."""
    return _SYSTEMS.get(platform, platform)


def place_of(name: str, variant: str) -> str:
    """Where an image's alternate belongs, relative to the baseline folder; of the image's own format."""
    return f"{ALTERNATES}/{name}/{variant}{PurePosixPath(name).suffix}"


def owner_of(place: str) -> tuple[str, str] | None:
    """The image and the variant of a path in the baseline folder; None if that is not where alternates are."""
    path = PurePosixPath(place)
    if leads_out(place) or not path.is_relative_to(ALTERNATES) or len(path.relative_to(ALTERNATES).parts) < 2:
        return None
    if path.suffix.lower() not in ENDINGS or not re.fullmatch(VARIANT, path.stem):
        return None
    return path.parent.relative_to(ALTERNATES).as_posix(), path.stem


def alternates_of(folder: Path, name: str) -> list[Alternate]:
    """An image's alternates, in the order of their variants.

    Args:
        folder: of the baselines.
        name: of the image, with ``/`` as separator.

    Raises:
        UnusablePair: if two are of one variant, one has a name that no variant can have, is no regular file, or is
            a link that leads out of the folder; or if they cannot be listed.
    """
    if leads_out(name):
        return []
    place = f"{ALTERNATES}/{name}"
    if is_remote(folder):
        return _in_order(folder, name, place, [file for file in below(folder, place) if _is_named_so(file)])
    try:
        with os.scandir(folder / place) as entries:
            names = sorted(entry.name for entry in entries if _is_one(entry))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        raise UnusablePair(
            f"{shown(folder / place)}: the alternates of {printable(name)} cannot be listed: {reason}",
            hint="check the permissions of the folder.",
        ) from None
    return _in_order(folder, name, place, names)


def _in_order(folder: Path, name: str, place: str, files: Iterable[str]) -> list[Alternate]:
    found: dict[str, Alternate] = {}
    for file in files:
        one = Alternate(PurePosixPath(file).stem, f"{place}/{file}", folder / place / file)
        _check(one, name, folder)
        other = found.setdefault(folded(one.variant), one)
        if other is not one:
            raise UnusablePair(
                f"{printable(name)} has two alternates of the variant {one.variant}: {shown(other.path)} and "
                f"{shown(one.path)}",
                hint="delete or rename one of them; upper and lower case count as the same.",
            )
    return [found[variant] for variant in sorted(found)]


def _is_one(entry: os.DirEntry[str]) -> bool:
    """Whether it is named like an alternate: folders are of images below, and systems keep hidden files."""
    return _is_named_so(entry.name) and not entry.is_dir(follow_symlinks=False)


def _is_named_so(file: str) -> bool:
    return not file.startswith(".") and PurePosixPath(file).suffix.lower() in ENDINGS and "/" not in file


def below(folder: Path, place: str) -> list[str]:
    """The names of all objects below a place in a folder that lives elsewhere, relative to it and sorted.

    Raises:
        UnreadableFolder: if that cannot be found out.
    """
    from percept_cli.storage.store import current

    address = address_in(folder)
    assert address is not None
    return sorted(current().names_below(address, place))


def _check(one: Alternate, name: str, folder: Path) -> None:
    try:
        check_variant(one.variant)
    except InvalidSetting as error:
        raise UnusablePair(f"{shown(one.path)}: {error}", hint=f"rename the file: {error.hint}") from None
    if is_remote(folder):  # where there are no links
        return
    try:
        inside = one.path.resolve().is_relative_to(folder.resolve())
        is_file = not one.path.exists() or stat.S_ISREG(one.path.stat().st_mode)
    except (OSError, RuntimeError):  # links in a circle: reading it says so
        return
    if not inside:
        raise UnusablePair(
            f"{shown(one.path)}: this alternate of {printable(name)} is a link that leads out of the baseline "
            f"folder {shown(folder)}",
            hint="put the image itself there, or delete the link.",
        )
    if not is_file:
        raise UnusablePair(
            f"{shown(one.path)}: this alternate of {printable(name)} is not a regular file", hint="delete it."
        )


def may_have_alternates(folder: Path) -> bool:
    """Whether it is worth asking for the alternates of each image of a baseline folder."""
    return _has_alternates(folder, unknown=True)


def _has_alternates(folder: Path, *, unknown: bool) -> bool:
    if is_remote(folder):
        return bool(below(folder, ALTERNATES))
    try:
        return stat.S_ISDIR((folder / ALTERNATES).stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        return unknown


def all_alternates(folder: Path) -> Iterator[tuple[str, str]]:
    """Image and variant of each file that is where alternates are kept, whether the image exists or not."""
    if is_remote(folder):
        yield from filter(None, (owner_of(f"{ALTERNATES}/{name}") for name in below(folder, ALTERNATES)))
        return
    for parent, _, files in os.walk(folder / ALTERNATES):
        for file in files:
            owner = owner_of(Path(parent, file).relative_to(folder).as_posix())
            if owner is not None:
                yield owner


def home_of(baseline: Path) -> tuple[Path, str]:
    """The baseline folder that one baseline file is in, and the file's name there.

    That is the nearest folder above the file in which alternates are kept, or else the file's own folder. Of what
    lives elsewhere it is always the latter.
    """
    if is_remote(baseline):
        return baseline.parent, baseline.name
    path = Path(os.path.abspath(baseline))  # noqa: PTH100 - links stay as they are
    for depth, parent in enumerate(path.parents):
        if _has_alternates(parent, unknown=False):  # a folder that may not be looked into is nobody's home
            typed = baseline.parents[depth] if depth < len(baseline.parents) else parent
            same = Path(os.path.abspath(typed)) == parent  # noqa: PTH100 - as above
            return (typed if same else parent), path.relative_to(parent).as_posix()
    return baseline.parent, baseline.name
