"""Of several references, which a picture matched."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from percept_cli.judging.rules import Rules
from percept_cli.results.pair import PairResult
from percept_cli.results.status import RANK


def combined(
    results: Iterable[tuple[PairResult, bool]], rules_of: Callable[[str], Rules]
) -> Iterator[tuple[PairResult, bool]]:
    """Of neighbouring results of one name, which were compared with several references, the best.

    That is the best verdict; of equal ones an equal picture, the alternate of the preferred variant, the baseline
    and further references by their distance, and other alternates by theirs.
    """
    for name, group in groupby(results, key=lambda entry: entry[0].name):
        found = list(group)
        preferred = rules_of(name).variant if len(found) > 1 else None
        best, reused = min(found, key=lambda entry: _goodness(entry[0], preferred))
        notes = tuple(_on_references(best, [result for result, _ in found if result is not best]))
        yield replace(best, notes=(*best.notes, *notes)), reused


def _goodness(result: PairResult, preferred: str | None) -> tuple[float, ...]:
    unseen, distance = not result.compared, result.distance if result.scored else math.inf
    place = 1 if result.variant is None else 0 if result.variant == preferred else 2
    # What passed unseen, as of another size, is known less of than what was compared.
    return RANK[result.status], result.unseen, not result.identical, place, unseen, distance


def _on_references(best: PairResult, others: Sequence[PairResult]) -> Iterator[str]:
    """Which of several references a picture matched, and what is to be known of the others."""
    fits = best.status not in ("fail", "error")
    alternates = [other for other in others if other.variant is not None]
    if best.variant is not None:
        yield f"{'matches' if fits else 'compared with'} the alternate {best.variant}"
    elif len(others) > len(alternates):
        yield f"the best of {len(others) + 1} references"
    if others and not fits and best.variant is not None:
        yield f"none of its {len(others) + 1} references matches"
    elif alternates and not fits:
        yield f"no alternate matches either ({', '.join(str(other.variant) for other in alternates)})"
    for other in others:
        # Another size is no fault of an alternate: it may be of another screen.
        if other.status == "error" or (other in alternates and not other.compared and not fits):
            called = "a reference" if other.variant is None else f"the alternate {other.variant}"
            yield f"{called} could not be compared: {other.reason}"
    held = dict[str | None, str]()
    for one in (best, *others):
        if one.reference_file is not None:
            held.setdefault(one.variant, one.reference_file.sha256)
    for variant, digest in held.items():
        if variant is not None and digest == held.get(None):
            yield f"the alternate {variant} is equal to the baseline, so it can be dropped"
