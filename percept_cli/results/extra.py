"""Further fields of a pair, which are carried through: what is taken of them must be writable again."""

from __future__ import annotations

_DEEPEST = 64  # as other readers of JSON take it


def check_depth(value: object) -> None:
    """Refuse what is nested so deeply that a reader, or the writing of a report, could fail over it.

    Raises:
        ValueError: if it is.
    """
    level, depth = [value], 0
    while level:
        depth += 1
        inside = [entry for entry in level if isinstance(entry, dict | list)]
        level = [child for entry in inside for child in (entry.values() if isinstance(entry, dict) else entry)]
    if depth > _DEEPEST:
        raise ValueError(f"nested deeper than {_DEEPEST} levels")
