"""Folders → pairs, by the paths of the files relative to their folder."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from percept_cli.errors import InvalidSetting, PerceptError, UnreadableFolder, UnusablePair
from percept_cli.formats.known import PICTURE_ENDINGS
from percept_cli.pairs import Pair, Pairs, pair_of_files
from percept_cli.pairs.listing import EVERY_PICTURE, Choice, identity, list_pictures
from percept_cli.storage.address import address_in
from percept_cli.system.names import folded, posix, printable, shown


def pair_folders(
    reference: Path,
    candidate: Path,
    choice: Choice = EVERY_PICTURE,
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
    if identity(reference) == identity(candidate) is not None:
        raise InvalidSetting(
            f"{shown(reference)} and {shown(candidate)} are the same folder, so every image would be "
            "compared with itself",
            hint="give the folder of references first, then the folder of candidates.",
        )
    left = list_pictures(reference, choice, apart_from=candidate)
    right = list_pictures(candidate, choice, apart_from=reference)
    rows = sorted(_matched(left.names, right.names, any_extension=any_extension), key=_row_name)
    hints = _nearly_named(rows)
    troubles = {**left.troubles, **right.troubles}
    return Pairs(
        pairs=_pairs(reference, candidate, rows, troubles, hints),
        total=len(rows) + len(troubles),
        inputs=_Files(((reference, left.names), (candidate, right.names))),
        notes=(*left.notes, *right.notes),
        origin=(posix(reference), posix(candidate)),
    )


def pair_with_each(reference: Path, folder: Path, choice: Choice = EVERY_PICTURE) -> Pairs:
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
        notes=found.notes,
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


def _grouped(
    left: Iterable[str], right: Iterable[str], key: Callable[[str], str]
) -> dict[str, tuple[list[str], list[str]]]:
    """The names of the two folders by what they have in common."""
    found: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for side, names in enumerate((left, right)):
        for name in names:
            found[key(name)][side].append(name)
    return found


def _matched(left: Sequence[str], right: Sequence[str], *, any_extension: bool) -> Iterator[_Row]:
    """Equal names first; what is left over by the path without its ending if that may do, and is unambiguous."""
    both = set(left) & set(right)
    yield from ((name, name) for name in both)
    left_over, right_over = ([name for name in names if name not in both] for names in (left, right))
    for stem, (references, candidates) in _grouped(left_over, right_over, _stem if any_extension else str).items():
        if len(references) <= 1 and len(candidates) <= 1:
            yield (references[0] if references else None), (candidates[0] if candidates else None)
        elif not references or not candidates:
            yield from ((name, None) for name in references)
            yield from ((None, name) for name in candidates)
        else:
            yield _Ambiguous(stem, references, candidates)


def _stem(name: str) -> str:
    return name.removesuffix(PurePosixPath(name).suffix)


def _nearly_named(rows: Sequence[_Row]) -> dict[_Names, str]:
    """For names without a counterpart: that of the other folder which differs in case or Unicode form alone."""
    lonely = [row for row in rows if not isinstance(row, _Ambiguous) and None in row]
    by_name = _grouped(filter(None, (row[0] for row in lonely)), filter(None, (row[1] for row in lonely)), folded)
    hints = dict[_Names, str]()
    for row in lonely:
        mine, side = row[0] or row[1] or "", int(row[0] is not None)
        others = by_name[folded(mine)][side]
        if others:
            told, difference = _spelt(others[0], mine), _difference(mine, others[0])
            hints[row] = f"the {('reference', 'candidate')[side]} {told} has the same name except for {difference}"
    return hints


def _difference(one: str, other: str) -> str:
    if unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other):
        return "its Unicode form (é as one character or as two)"
    return "upper and lower case" if one.casefold() == other.casefold() else "case and Unicode form"


def _spelt(name: str, like: str) -> str:
    """A name; with its characters outside ASCII as escapes where it would otherwise look as another does."""
    same = unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", like)
    return name.encode("ascii", "backslashreplace").decode() if same else printable(name)


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
                f"{printable(row.stem)}: it is not clear which files belong together: the references "
                f"{references} and the candidates {candidates}",
                hint="rename them, or exclude all but one with --exclude.",
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


def _kind(side: Path) -> tuple[bool, bool]:
    """Whether a path is a folder, and whether it is there.

    An address that holds nothing, and is not named like a picture, is a folder to which nothing was written yet.
    """
    address = address_in(side)
    if address is None:
        return side.is_dir(), side.exists()
    if side.suffix.lower() in PICTURE_ENDINGS:  # whoever reads it says if it is not there
        return False, True
    from percept_cli.storage.store import current

    kind = current().kind(address)
    empty = kind == "nothing" and not address.is_of_web
    return kind == "folder" or empty, kind != "nothing" or empty


def is_folder(path: Path) -> bool:
    """Whether a path, of this machine or elsewhere, is a folder.

    Raises:
        UnreadableFolder: of an address, if that cannot be found out.
    """
    return _kind(path)[0]


def pairs_of(
    reference: Path,
    candidate: Path,
    choice: Choice = EVERY_PICTURE,
    *,
    any_extension: bool = False,
) -> Pairs:
    """The pairs of two folders, of one picture and a folder, or of two pictures.

    Raises:
        InvalidSetting: for a folder of references and a single candidate, or the same folder twice.
        UnreadableFolder: if a folder cannot be listed, or neither side exists.
    """
    try:
        kinds = [_kind(side) for side in (reference, candidate)]
    except (OSError, ValueError) as error:  # too long a name, a folder above it that may not be looked into, a NUL
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        raise UnreadableFolder(
            f"{shown(reference)} and {shown(candidate)}: cannot be read: {reason}",
            hint="check the spelling of the paths.",
        ) from None
    (reference_is_folder, reference_exists), (candidate_is_folder, candidate_exists) = kinds
    if not (reference_exists or candidate_exists):
        raise UnreadableFolder(
            f"neither {shown(reference)} nor {shown(candidate)} exists", hint="check the spelling of the paths."
        )
    if not candidate_is_folder:
        if reference_is_folder and not candidate_exists:
            raise UnreadableFolder(f"{shown(candidate)}: no such folder", hint="check the spelling of the path.")
        if reference_is_folder:
            raise InvalidSetting(
                f"{shown(reference)} is a folder, but {shown(candidate)} is not",
                hint="give two folders, or one image and then a folder to compare it with.",
            )
        if choice != EVERY_PICTURE or any_extension:
            raise InvalidSetting(
                f"{shown(candidate)} is not a folder, so --include, --exclude and --any-extension do not apply",
                hint="leave them out when you compare two images.",
            )
        return Pairs([pair_of_files(reference, candidate)], total=1, inputs=(reference, candidate))
    if reference_is_folder:
        return pair_folders(reference, candidate, choice, any_extension=any_extension)
    if not reference_exists:  # once, instead of for every pair
        raise UnreadableFolder(
            f"{shown(reference)}: no such file or folder", hint="check the spelling of the path."
        )
    return pair_with_each(reference, candidate, choice)
