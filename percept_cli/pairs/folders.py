"""Folders → pairs, by the paths of the files relative to their folder."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from percept_cli.errors import InvalidSetting, PerceptError, UnreadableFolder, UnusablePair
from percept_cli.formats.known import PICTURE_ENDINGS
from percept_cli.pairs import Pair, Pairs, pair_of_files
from percept_cli.system.names import counted, folded, posix, printable, shown
from percept_cli.system.patterns import Patterns

_MOST_LINKS = 3
"""Links that are followed on one way down. A dozen folders that link to each other have millions of ways."""

_LOOP = "the link leads back to a folder above it, or is one of too many in a row, and was not followed"
_LOOPS_TOLD = 5


@dataclass(frozen=True)
class Choice:
    """Which files of a folder take part."""

    include: tuple[str, ...] = ()
    """Patterns as in .gitignore, one of which a file must match; without any, files named like pictures do."""
    exclude: tuple[str, ...] = ()
    """Patterns as in .gitignore; a file that matches one of them takes no part."""


@dataclass
class Listing:
    """The files of one folder."""

    names: list[str] = field(default_factory=list)
    """Paths relative to the folder, with ``/`` as separator."""
    troubles: dict[str, PerceptError] = field(default_factory=dict)
    """Folders in it that cannot be listed, by relative path."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Files that are not named like pictures, by ending."""
    loops: list[str] = field(default_factory=list)
    """Links that lead back to a folder above them."""


def list_pictures(root: Path, choice: Choice = Choice(), *, apart_from: Path | None = None) -> Listing:
    """The pictures below a folder, in the order of their paths.

    Links to folders are followed, but never in a circle. Hidden files and folders, and files that are neither
    regular nor links, count as left out.

    Args:
        root: the folder.
        choice: which of its files take part.
        apart_from: a folder inside it that is not looked into.

    Raises:
        UnreadableFolder: if the folder itself cannot be listed.
        InvalidSetting: for a pattern that is none.
    """
    apart = None if apart_from is None else _identity(apart_from)
    found = _Walk(choice, apart).through(root)
    if "" in found.troubles:
        raise found.troubles[""]
    return found


def _identity(folder: Path | os.DirEntry[str]) -> tuple[int, int] | None:
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
    above: tuple[tuple[int, int] | None, ...]
    links: int
    """Links on the way to it."""


class _Walk:
    def __init__(self, choice: Choice, apart_from: tuple[int, int] | None) -> None:
        self._include = Patterns(choice.include) if choice.include else None
        self._exclude = Patterns(choice.exclude)
        # charts/** is what is in the folder and not the folder, so that !charts/a.png can take a file in again.
        self._prune = Patterns([f"{line[:-3]}/*" if line.endswith("/**") else line for line in choice.exclude])
        self._apart_from = apart_from

    def through(self, root: Path) -> Listing:
        """Go through the folder and all below it."""
        found = Listing()
        # Not recursive: paths may nest deeper than Python's stack.
        waiting = [_Folder(os.fspath(root), "", (), 0)]
        while waiting:
            folder = waiting.pop()
            here = _identity(Path(folder.path))
            if here is not None and here == self._apart_from:
                continue
            if (here is not None and here in folder.above) or folder.links > _MOST_LINKS:
                found.loops.append(folder.prefix.removesuffix("/"))
                continue
            for entry in self._entries(folder.path, folder.prefix, found):
                name = folder.prefix + entry.name
                if not _is_folder(entry):
                    if self._takes_part(entry, name, found):
                        found.names.append(name)
                elif self._prune.match(f"{name}/"):
                    pass
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
                hint="check its name, and give yourself the right to read it.",
            )
            return []

    def _takes_part(self, entry: os.DirEntry[str], name: str, found: Listing) -> bool:
        if self._exclude.match(name):
            return False
        ending = PurePosixPath(entry.name).suffix.lower()
        why = ""
        if self._include is not None:
            if not self._include.match(name):
                return False
        elif entry.name.startswith("."):
            why = "hidden"
        elif ending not in PICTURE_ENDINGS:
            why = ending or "without an ending"
        if not why and _is_special(entry):  # opening a pipe would wait for its writer
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


def pair_folders(
    reference: Path,
    candidate: Path,
    choice: Choice = Choice(),
    *,
    any_extension: bool = False,
) -> Pairs:
    """Pair the pictures of two folders by their relative paths.

    Files without a counterpart become pairs with one side empty; nothing is dropped.

    Args:
        reference: the folder of what is right by definition.
        candidate: the folder of what is to be judged.
        choice: which files take part.
        any_extension: whether ``a.png`` may be the counterpart of ``a.jpg`` where the other has no ``a.png``.

    Raises:
        InvalidSetting: if both are the same folder.
        UnreadableFolder: if one of them cannot be listed.
    """
    if _identity(reference) == _identity(candidate) is not None:
        raise InvalidSetting(
            f"{shown(reference)} and {shown(candidate)} are the same folder: every picture would be compared with "
            "itself",
            hint="name the folder of references first, and that of candidates second.",
        )
    left = list_pictures(reference, choice, apart_from=candidate)
    right = list_pictures(candidate, choice, apart_from=reference)
    match = _match_any_extension if any_extension else _match_names
    rows = sorted(match(left.names, right.names), key=_row_name)
    hints = _nearly_named(rows)
    troubles = {**left.troubles, **right.troubles}
    return Pairs(
        pairs=_pairs(reference, candidate, rows, troubles, hints),
        total=len(rows) + len(troubles),
        inputs=_Files(((reference, left.names), (candidate, right.names))),
        notes=(*_notes(reference, left), *_notes(candidate, right)),
        origin=(posix(reference), posix(candidate)),
    )


def pair_with_each(reference: Path, folder: Path, choice: Choice = Choice()) -> Pairs:
    """Pair one reference with every picture of a folder.

    Raises:
        UnreadableFolder: if the folder cannot be listed.
    """
    found = list_pictures(folder, choice)
    pairs = [Pair(name, reference, folder / name, shared=True) for name in found.names]
    pairs += [Pair(name, None, None, trouble=trouble) for name, trouble in found.troubles.items()]
    return Pairs(
        pairs=pairs,
        total=len(pairs),
        inputs=_Files(((reference.parent, [reference.name]), (folder, found.names))),
        notes=_notes(folder, found),
        origin=(posix(reference), posix(folder)),
    )


@dataclass(frozen=True)
class _Files:
    """Many paths, made when they are gone through."""

    folders: Iterable[tuple[Path, list[str]]]

    def __iter__(self) -> Iterator[Path]:
        return (root / name for root, names in self.folders for name in names)


@dataclass(frozen=True)
class _Ambiguous:
    """Several files that could belong together."""

    stem: str
    references: list[str]
    candidates: list[str]


_Names = tuple[str | None, str | None]
"""Of one row, in the two folders."""
_Row = _Names | _Ambiguous


def _row_name(row: _Row) -> str:
    return row.stem if isinstance(row, _Ambiguous) else row[1] or row[0] or ""


def _match_names(left: Sequence[str], right: Sequence[str]) -> Iterator[_Row]:
    references, candidates = set(left), set(right)
    for name in references | candidates:
        yield (name if name in references else None), (name if name in candidates else None)


def _nearly_named(rows: Sequence[_Row]) -> dict[_Names, str]:
    """For names without a counterpart: that of the other folder which differs in case or Unicode form alone."""
    lonely = [row for row in rows if not isinstance(row, _Ambiguous) and None in row]
    by_name: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for row in lonely:
        for side, name in enumerate(row):
            if name is not None:
                by_name[folded(name)][side].append(name)
    hints = dict[_Names, str]()
    for row in lonely:
        mine = row[0] or row[1] or ""
        others = by_name[folded(mine)][0 if row[0] is None else 1]
        if others:
            role = "reference" if row[0] is None else "candidate"
            hints[row] = (
                f"the {role} {_spelt(others[0], mine)} differs from it in {_difference(mine, others[0])} only"
            )
    return hints


def _difference(one: str, other: str) -> str:
    if unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other):
        return "its Unicode form (é as one character or as two)"
    return "upper and lower case" if one.casefold() == other.casefold() else "case and Unicode form"


def _spelt(name: str, like: str) -> str:
    """A name; with its characters outside ASCII as escapes where it would otherwise look as another does."""
    same = unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", like)
    return name.encode("ascii", "backslashreplace").decode() if same else printable(name)


def _match_any_extension(left: Sequence[str], right: Sequence[str]) -> Iterator[_Row]:
    """Equal names first; what is left over by the path without its ending, where that is unambiguous."""
    both = set(left) & set(right)
    yield from ((name, name) for name in both)
    by_stem: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for side, names in enumerate((left, right)):
        for name in names:
            if name not in both:
                by_stem[name.removesuffix(PurePosixPath(name).suffix)][side].append(name)
    for stem, (references, candidates) in by_stem.items():
        if len(references) <= 1 and len(candidates) <= 1:
            yield (references[0] if references else None), (candidates[0] if candidates else None)
        elif not references or not candidates:
            yield from ((name, None) for name in references)
            yield from ((None, name) for name in candidates)
        else:
            yield _Ambiguous(stem, references, candidates)


def _pairs(
    reference: Path,
    candidate: Path,
    rows: Sequence[_Row],
    troubles: dict[str, PerceptError],
    hints: dict[_Names, str],
) -> Iterator[Pair]:
    for name, trouble in troubles.items():
        yield Pair(name, None, None, trouble=trouble)
    for row in rows:
        if isinstance(row, _Ambiguous):
            references, candidates = (printable(", ".join(names)) for names in (row.references, row.candidates))
            trouble = UnusablePair(
                f"{printable(row.stem)}: several files could belong together: the references {references} and the "
                f"candidates {candidates}",
                hint="rename them, or leave out all but one with --exclude.",
            )
            yield Pair(row.stem, None, None, trouble=trouble)
        else:
            left, right = row
            yield Pair(
                _row_name(row),
                None if left is None else reference / left,
                None if right is None else candidate / right,
                hint=hints.get(row, ""),
            )


def _notes(root: Path, found: Listing) -> tuple[str, ...]:
    notes = []
    if found.left_out:
        kinds = sorted(found.left_out, key=lambda kind: (-found.left_out[kind], kind))
        told = ", ".join(f"{found.left_out[kind]} {printable(kind)}" for kind in kinds[:5])
        more = "" if len(kinds) <= 5 else ", and others"
        notes.append(
            f"{shown(root)}: left out {counted(found.left_out.total(), 'file')} not named like pictures "
            f"({told}{more}); --include takes files in by name"
        )
    notes += [f"{shown(root / loop)}: {_LOOP}" for loop in found.loops[:_LOOPS_TOLD]]
    if len(found.loops) > _LOOPS_TOLD:
        notes.append(f"{shown(root)}: {len(found.loops) - _LOOPS_TOLD} more links of this kind")
    return tuple(notes)


def pairs_of(
    reference: Path,
    candidate: Path,
    choice: Choice = Choice(),
    *,
    any_extension: bool = False,
) -> Pairs:
    """The pairs of two folders, of one picture and a folder, or of two pictures.

    Raises:
        InvalidSetting: for a folder of references and a single candidate, or the same folder twice.
        UnreadableFolder: if a folder cannot be listed.
    """
    try:
        kinds = [(side.is_dir(), side.exists()) for side in (reference, candidate)]
    except (OSError, ValueError) as error:  # too long a name, a folder above it that may not be looked into, a NUL
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        raise UnreadableFolder(
            f"{shown(reference)} and {shown(candidate)}: cannot be looked at: {reason}",
            hint="check the spelling of the paths.",
        ) from None
    (reference_is_folder, reference_exists), (candidate_is_folder, candidate_exists) = kinds
    if not candidate_is_folder:
        if reference_is_folder and not candidate_exists:
            raise UnreadableFolder(f"{shown(candidate)}: no such folder", hint="check the spelling of the path.")
        if reference_is_folder:
            raise InvalidSetting(
                f"{shown(reference)} is a folder, but {shown(candidate)} is not",
                hint="name two folders; or one picture first, and a folder to compare it with.",
            )
        if choice != Choice() or any_extension:
            raise InvalidSetting(
                f"{shown(candidate)} is no folder, so there is nothing to choose from by a pattern or an ending",
                hint="leave --include, --exclude and --any-extension out for two pictures.",
            )
        return Pairs([pair_of_files(reference, candidate)], total=1, inputs=(reference, candidate))
    if reference_is_folder:
        return pair_folders(reference, candidate, choice, any_extension=any_extension)
    if not reference_exists:  # once, instead of for every pair
        raise UnreadableFolder(
            f"{shown(reference)}: no such file or folder", hint="check the spelling of the path."
        )
    return pair_with_each(reference, candidate, choice)
