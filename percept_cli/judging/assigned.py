"""Pairs → the same with every reference that may match: those that the rules name, and alternates."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from percept_cli.errors import InvalidSetting, PerceptError, UnusablePair
from percept_cli.formats.files import read_stamped
from percept_cli.formats.known import PICTURE_ENDINGS
from percept_cli.judging.rulebook import RuleBook
from percept_cli.judging.values import REFERENCE_WORDS
from percept_cli.pairs import Pair, Pairs
from percept_cli.pairs.alternates import (
    ALTERNATES,
    Alternate,
    all_alternates,
    alternates_of,
    home_of,
    may_have_alternates,
)
from percept_cli.pairs.held import PairInMemory
from percept_cli.storage.address import address_in, is_remote
from percept_cli.system.names import counted, printable, shown

_ORPHANS_TOLD = 3
_PIECE = 1 << 20  # bytes


@dataclass
class _Further:
    """What a picture may match besides its baseline."""

    references: list[Path]
    alternates: list[Alternate]
    variant: str | None
    """The preferred one."""
    trouble: UnusablePair | None = None
    """Why its alternates cannot be used."""

    def __bool__(self) -> bool:
        return bool(self.references or self.alternates or self.trouble)


def assigned(pairs: Pairs, book: RuleBook, variant: str | None = None) -> Pairs:
    """Add the further references that the rules name, and the alternates beside the baselines.

    All names are gone through now, so that the book knows what matches nothing.

    A pair with several references becomes as many pairs of one name, next to each other, in the order in which
    they are tried: the alternate of the preferred variant, the baseline, further references, other alternates.
    Where one of them has the candidate's very bytes, the others are left out: none could match better. Files that
    are such a reference are not missing for want of a candidate of their own.

    Args:
        pairs: what is to be compared.
        book: its rules.
        variant: preferred, whatever the rules say.
    """
    named = list(pairs.pairs)
    further: dict[str, _Further] = {}
    origin = pairs.origin
    may_have = origin is None or not _is_of_folders(origin) or may_have_alternates(Path(origin[0]))
    for pair in named:
        book.count(pair.name)
        rules = book.rules_of(pair.name)
        more = _Further([], [], variant or rules.variant)
        if rules.references:
            found = _further(pair, rules.references, pairs.origin)
            book.references.update(dict.fromkeys(rules.references, 0))
            book.references.update(found.keys())
            more.references = list(found.values())
        if pair.trouble is None and may_have:
            _add_alternates(more, pair, pairs.origin)
        if more.variant is not None:
            book.preferred.add(more.variant)
        if more:
            further[pair.name] = more
    book.known_variants.update(one.variant for more in further.values() for one in more.alternates)
    spoken_for = {path for more in further.values() for path in more.references}
    kept = [pair for pair in named if pair.candidate is not None or pair.reference not in spoken_for]
    inputs = [one.path for more in further.values() for one in more.alternates]
    return replace(
        pairs,
        pairs=_expanded(kept, further),
        total=len(kept),
        inputs=(*pairs.inputs, *inputs) if inputs else pairs.inputs,
        notes=(*pairs.notes, *_of_nobody(pairs.origin, {pair.name for pair in named}, book)),
    )


def _is_of_folders(origin: tuple[str, str] | None) -> bool:
    """Whether the baseline is a folder, which may still be to be made, and not one picture."""
    if origin is not None and is_remote(origin[0]):
        return PurePosixPath(origin[0]).suffix.lower() not in PICTURE_ENDINGS
    return origin is not None and not Path(origin[0]).is_file()


def _add_alternates(more: _Further, pair: Pair, origin: tuple[str, str] | None) -> None:
    """Those of a pair that has a candidate to be compared with them."""
    if pair.candidate is None:
        return
    if origin is not None and _is_of_folders(origin):
        folder, name = Path(origin[0]), pair.name
    elif pair.reference is None or (isinstance(pair, PairInMemory) and pair.held[0] is not None):
        return
    else:
        folder, name = home_of(pair.reference)
    try:
        more.alternates = alternates_of(folder, name)
    except UnusablePair as error:
        more.trouble = error


def _of_nobody(origin: tuple[str, str] | None, names: set[str], book: RuleBook) -> Iterator[str]:
    """Notes on alternates of pictures that are no more; the book learns which variants there are."""
    if origin is None or not _is_of_folders(origin):
        return
    folder, orphans = Path(origin[0]), dict[str, None]()
    for name, variant in all_alternates(folder):
        book.known_variants.add(variant)
        if name not in names and (is_remote(folder) or not os.path.lexists(folder / name)):
            orphans[name] = None
    if orphans:
        told = [printable(name) for name in sorted(orphans)[:_ORPHANS_TOLD]]
        told += [f"{len(orphans) - _ORPHANS_TOLD} more"] if len(orphans) > _ORPHANS_TOLD else []
        yield (
            f"{shown(folder / ALTERNATES)} has alternates of {counted(len(orphans), 'image')} that no longer "
            f"exist: {', '.join(told)}; delete them by hand"
        )


def places_of(name: str, patterns: Iterable[str]) -> dict[str, str]:
    """Where further references of a picture are in the baseline folder, by how they are written.

    Args:
        name: of the picture, with ``/`` as separator.
        patterns: as settings have them; none leads out of the folder.
    """
    path = PurePosixPath(name)
    values = name, str(path.with_suffix("")), path.suffix
    words = {f"{{{word}}}": value for word, value in zip(REFERENCE_WORDS, values, strict=True)}
    # Not str.format, and all at once: a name may hold braces.
    return {pattern: re.sub(r"\{\w+\}", lambda found: words[found[0]], pattern) for pattern in patterns}


def _further(pair: Pair, references: Sequence[str], origin: tuple[str, str] | None) -> dict[str, Path]:
    """Those of a pair's further references that are there, by how they are written.

    Raises:
        InvalidSetting: if one is a link that leads out of the baseline folder.
    """
    name = pair.name
    if origin is not None and _is_of_folders(origin):
        folder = Path(origin[0])
    else:  # one picture, whose own folder is the baseline; its name may hold any path
        folder, name = Path() if pair.reference is None else pair.reference.parent, PurePosixPath(name).name
    places = places_of(name, references)
    paths = {pattern: folder / place for pattern, place in places.items()}
    if is_remote(folder):
        return {pattern: path for pattern, path in paths.items() if _is_there(path)}
    found = {pattern: path for pattern, path in paths.items() if path.is_file()}
    for path in found.values():
        if not path.resolve().is_relative_to(folder.resolve()):
            raise InvalidSetting(
                f"{shown(path)}: this reference of {printable(pair.name)} is a link that leads out of the "
                f"baseline folder {shown(folder)}",
                hint="put the image itself there, or remove it from references.",
            )
    return found


def _is_there(path: Path) -> bool:
    from percept_cli.storage.store import current

    address = address_in(path)
    return address is not None and current().kind(address) == "object"


def _expanded(pairs: list[Pair], further: dict[str, _Further]) -> Iterator[Pair]:
    for pair in pairs:
        more = further.get(pair.name) if pair.candidate is not None else None
        if more is None:
            yield pair
        elif more.trouble is not None:
            yield replace(pair, trouble=more.trouble)
        else:
            tried = _tried(pair, more)
            # A picture may be equal to several; with further references all are told of, as ever.
            same = [] if more.references else [one for one in tried if _is_equal(one)][:1]
            yield from same or tried


def _tried(pair: Pair, more: _Further) -> list[Pair]:
    """A pair with each of its references, in the order in which they are tried."""
    first = [] if pair.reference is None else [pair]
    first += [replace(pair, reference=path) for path in more.references if path != pair.reference]
    others = [replace(pair, reference=one.path, variant=one.variant) for one in more.alternates]
    preferred = [one for one in others if one.variant == more.variant]
    tried = [*preferred, *first, *(one for one in others if one.variant != more.variant)] or [pair]
    if len(tried) == 1:
        return tried
    return [replace(one, matched=(number, len(tried))) for number, one in enumerate(tried, start=1)]


def _have_one_hash(first: Path, second: Path) -> bool:
    try:
        return read_stamped(first)[1].sha256 == read_stamped(second)[1].sha256
    except PerceptError:  # as below
        return False


def _is_equal(pair: Pair) -> bool:
    """Whether a pair's two files have the same bytes; False where that cannot be said."""
    first, second = pair.reference, pair.candidate
    if first is None or second is None or (isinstance(pair, PairInMemory) and any(pair.held)):
        return False
    if is_remote(first) or is_remote(second):
        return _have_one_hash(first, second)
    try:
        if not (first.is_file() and second.is_file() and first.stat().st_size == second.stat().st_size):
            return False
        with first.open("rb") as one, second.open("rb") as other:
            while piece := one.read(_PIECE):
                if piece != other.read(_PIECE):
                    return False
            return not other.read(1)
    except (OSError, ValueError):  # reading it as an image says what is wrong
        return False
