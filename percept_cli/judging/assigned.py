"""Pairs → the same with every reference that may match."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from percept_cli.errors import InvalidSetting
from percept_cli.judging.rulebook import RuleBook
from percept_cli.judging.values import REFERENCE_WORDS
from percept_cli.pairs import Pair, Pairs
from percept_cli.system.names import printable, shown


def assigned(pairs: Pairs, book: RuleBook) -> Pairs:
    """Add the further references that the rules name.

    All names are gone through now, so that the book knows what matches nothing.

    A pair with several references becomes as many pairs of one name, next to each other. Files that are such a
    reference are not missing for want of a candidate of their own.
    """
    named = list(pairs.pairs)
    further = {}
    for pair in named:
        book.count(pair.name)
        references = book.rules_of(pair.name).references
        if references:
            found = _further(pair, references, pairs.origin)
            book.references.update(dict.fromkeys(references, 0))
            book.references.update(found.keys())
            further[pair.name] = list(found.values())
    spoken_for = {path for paths in further.values() for path in paths}
    kept = [pair for pair in named if pair.candidate is not None or pair.reference not in spoken_for]
    return replace(pairs, pairs=list(_expanded(kept, further)), total=len(kept))


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
    if origin is not None and not Path(origin[0]).is_file():  # it may still be to be made
        folder = Path(origin[0])
    else:  # one picture, whose own folder is the baseline; its name may hold any path
        folder, name = Path() if pair.reference is None else pair.reference.parent, PurePosixPath(name).name
    places = places_of(name, references)
    paths = {pattern: folder / place for pattern, place in places.items()}
    found = {pattern: path for pattern, path in paths.items() if path.is_file()}
    for path in found.values():
        if not path.resolve().is_relative_to(folder.resolve()):
            raise InvalidSetting(
                f"{shown(path)}: this reference of {printable(pair.name)} is a link that leads out of the "
                f"baseline folder {shown(folder)}",
                hint="put the image itself there, or remove it from references.",
            )
    return found


def _expanded(pairs: list[Pair], further: dict[str, list[Path]]) -> Iterator[Pair]:
    for pair in pairs:
        more = further.get(pair.name, []) if pair.candidate is not None else []
        if pair.reference is not None or not more:
            yield pair
        for path in more:
            if path != pair.reference:
                yield replace(pair, reference=path)
