"""Pairs that lie elsewhere: a folder with `ref/`, `cand/` and, if labels differ, `labels.tsv`."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from tests.corpus.make.common import Row

_LABELS = {"match": "same", "differ": "differs", "same": "same", "differs": "differs"}
OUTSIDE = "outside"
"""The half that these pairs are in."""


def pairs(folder: Path) -> list[Row]:
    """The pairs of a folder, a row for each; their names are those of the files, without the suffix.

    `labels.tsv` has a line for each pair: its name, `match` or `differ`, then what else is known of it. The third
    column is taken for the category, and the last for what was done. Without it, all pairs are `match`.

    Raises:
        SystemExit: what is there does not fit together.
    """
    sides = [{path.stem: path for path in sorted((folder / side).iterdir())} for side in ("ref", "cand")]
    if sides[0].keys() != sides[1].keys():
        alone = sorted(sides[0].keys() ^ sides[1].keys())
        raise SystemExit(f"Error: {folder}: no counterpart for {', '.join(alone[:5])}")
    told = dict(_labels(folder / "labels.tsv"))
    if told and told.keys() != sides[0].keys():
        odd = sorted(told.keys() ^ sides[0].keys())
        raise SystemExit(f"Error: {folder}: labels.tsv and the pairs do not fit: {', '.join(odd[:5])}")
    rows = []
    for name, reference in sides[0].items():
        label, category, what = told.get(name, ("same", folder.name, ""))
        candidate = sides[1][name]
        rows.append(Row(name, str(reference), str(candidate), label, category, OUTSIDE, "cross", name, what))
    return rows


def _labels(path: Path) -> Iterator[tuple[str, tuple[str, str, str]]]:
    if not path.exists():
        return
    with path.open(encoding="utf-8", newline="") as stream:
        for line in csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
            if not line or line[0].startswith("#"):
                continue
            if len(line) < 2 or line[1] not in _LABELS:
                raise SystemExit(f"Error: {path}: this line is not NAME, match or differ: {line}")
            yield line[0], (_LABELS[line[1]], line[2] if len(line) > 2 else path.parent.name, line[-1])
