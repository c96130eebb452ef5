"""Pairs → the same with the rules of each, and with every reference that may match."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from percept_cli.pairs import Pair, Pairs
from percept_cli.rulebook import REFERENCE_WORDS, RuleBook


def assigned(pairs: Pairs, book: RuleBook) -> Pairs:
    """Give every pair its rules. All names are gone through now, so that the book knows what matched nothing.

    A pair with several references becomes as many pairs of one name, next to each other. Files that are such a
    reference are not missing for want of a candidate of their own.
    """
    ruled = [replace(pair, rules=book.rules_of(pair.name)) for pair in pairs.pairs]
    further = {}
    for pair in ruled:
        if pair.rules is not None and pair.rules.references:
            found = _further(pair, pairs.origin)
            book.references.update(dict.fromkeys(pair.rules.references, 0))
            book.references.update(found.keys())
            further[pair.name] = list(found.values())
    spoken_for = {path for paths in further.values() for path in paths}
    kept = [pair for pair in ruled if pair.candidate is not None or pair.reference not in spoken_for]
    return replace(pairs, pairs=list(_expanded(kept, further)), total=len(kept))


def _further(pair: Pair, origin: tuple[str, str] | None) -> dict[str, Path]:
    """Those of a pair's further references that are there, by how they are written."""
    assert pair.rules is not None
    name = PurePosixPath(pair.name)
    folder = Path(origin[0]) if origin is not None else Path()
    values = pair.name, str(name.with_suffix("")), name.suffix
    words = {f"{{{word}}}": value for word, value in zip(REFERENCE_WORDS, values, strict=True)}
    paths = {}
    for pattern in pair.rules.references:
        # Not str.format, and all at once: a name may hold braces.
        place = re.sub(r"\{\w+\}", lambda found: words[found[0]], pattern)
        paths[pattern] = folder / place
    return {pattern: path for pattern, path in paths.items() if path.is_file()}


def _expanded(pairs: list[Pair], further: dict[str, list[Path]]) -> Iterator[Pair]:
    for pair in pairs:
        more = further.get(pair.name, []) if pair.candidate is not None else []
        if pair.reference is not None or not more:
            yield pair
        for path in more:
            if path != pair.reference:
                yield replace(pair, reference=path)
