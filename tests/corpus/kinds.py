"""How often the kind of change that ``check`` tells of a region is the true one: a table of confusions.

    python -m tests.corpus.kinds            # the tune half of 216 made pairs, and of the labelled pairs
    python -m tests.corpus.kinds --judge    # the half that nothing was tuned on

Made pairs are those of ``tests.support.known_changes``: of seeds 0 to 215 in the tune half, of 1000 to 1215 in the
judge half. All constants of ``cores``, ``kinds`` and ``displaced`` in ``percept_cli.evidence`` were chosen on the
tune half and on that of ``pairs.csv``. The kind that counts is that of the worst region; of a movement its
displacement must be right as well, to a pixel.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections import Counter
from pathlib import Path

from PIL import Image

from percept_cli import check
from percept_cli.results.found import Kind
from percept_cli.results.pair import PairResult
from tests.corpus.make.common import CORPUS, MANIFEST
from tests.support.known_changes import KINDS, Case, make

CASES = 216
FIRST = {"tune": 0, "judge": 1000}

NAMED: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    ("removed", ("missing", "gone")),
    (
        "added",
        (
            "a point more",
            "badge",
            "a balloon",
            "a scratch",
            "a spot of moss",
            "buoy",
            "a dark stone",
            "stain",
            "plus more",
            "a small plus",
            "speck",
        ),
    ),
    ("moved", ("moved", "px off", "px right", "px lower", "px to the right", "px down")),
    (
        "recoloured",
        (
            "bluish",
            "is orange",
            "is green",
            "is yellow",
            "the cross is red",
            "is red",
            "darker",
            "lighter",
            "is grey",
            "is greenish",
            "brighter",
            "another colour",
            "is black",
            "warmer",
            "greener",
            "not blue",
        ),
    ),
    (
        "detail-changed",
        ("became", "mirrored", "word changed", "letter changed", "blurred", "bold", "blocks", "bands", "smears"),
    ),
)
"""What in the words of pairs.csv names a kind; the first that is found counts, and pairs without one do not."""


def told(reference: Path, candidate: Path) -> tuple[Kind, tuple[int, int] | None]:
    """Of the worst region; noise where there is none, or all pass."""
    result = check(reference, candidate)
    return _worst(result)


def _worst(result: PairResult) -> tuple[Kind, tuple[int, int] | None]:
    assert result.evidence is not None
    if not result.evidence.regions:
        return "noise", None
    worst = result.evidence.regions[0]
    return worst.kind, worst.shift


def is_right(case: Case, kind: Kind, shift: tuple[int, int] | None) -> bool:
    """Whether the kind, and the displacement to a pixel, are the true ones."""
    if kind != case.kind:
        return False
    return case.shift is None or (
        shift is not None and max(abs(a - b) for a, b in zip(shift, case.shift, strict=True)) <= 1
    )


def made_pairs(half: str, verbose: bool) -> None:
    """Print the table of the made pairs."""
    counts, right, of_kind = Counter[tuple[str, str]](), Counter[str](), Counter[str]()
    by: dict[str, Counter[str]] = {"background": Counter(), "noise": Counter(), "thing": Counter()}
    whole: dict[str, Counter[str]] = {"background": Counter(), "noise": Counter(), "thing": Counter()}
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "reference.png", Path(folder) / "candidate.png"
        for seed in range(FIRST[half], FIRST[half] + CASES):
            case = make(seed)
            for file, picture in zip(files, (case.reference, case.candidate), strict=True):
                Image.fromarray(picture).save(file)
            kind, shift = told(*files)
            fine = is_right(case, kind, shift)
            counts[case.kind, kind] += 1
            of_kind[case.kind] += 1
            right[case.kind] += fine
            for name in by:
                by[name][getattr(case, name)] += fine
                whole[name][getattr(case, name)] += 1
            if verbose and not fine:
                print(f"seed {seed}: {case.kind} {case.shift or ''}, told {kind} {shift or ''}")
                print(f"    {case.thing} on {case.background}, noise {case.noise}")
    print(f"{half} half, {CASES} made pairs (rows: the truth)")
    print("".join(f"{name:>16}" for name in ("", *KINDS, "right")))
    for kind in KINDS:
        row = [str(counts[kind, other]) for other in KINDS]
        print("".join(f"{cell:>16}" for cell in (kind, *row, f"{right[kind]} of {of_kind[kind]}")))
    print(f"right: {right.total()} of {CASES}")
    for name in by:
        print(
            f"  by {name}: "
            + ", ".join(f"{key} {by[name][key]} of {whole[name][key]}" for key in sorted(whole[name]))
        )


def labelled_pairs(half: str, verbose: bool) -> None:
    """Print how often the worst region of a labelled pair has the kind that its words name."""
    right, whole = Counter[str](), Counter[str]()
    with MANIFEST.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["half"] == half and row["label"] == "differs"]
    for row in rows:
        wanted = next((kind for kind, words in NAMED if any(word in row["what"] for word in words)), None)
        if wanted is None:
            continue
        kind, shift = told(CORPUS / row["reference"], CORPUS / row["candidate"])
        whole[wanted] += 1
        right[wanted] += kind == wanted
        if verbose and kind != wanted:
            print(f"{row['name']} ({row['what']}): {wanted}, told {kind} {shift or ''}")
    print(f"{half} half, labelled pairs whose words name a kind: {right.total()} of {whole.total()}")
    for name in whole:
        print(f"  {name}: {right[name]} of {whole[name]}")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judge", action="store_true", help="the half that nothing was tuned on")
    parser.add_argument("--only", choices=("made", "labelled"))
    parser.add_argument("-v", "--verbose", action="store_true", help="list what was wrong")
    given = parser.parse_args()
    half = "judge" if given.judge else "tune"
    if given.only != "labelled":
        made_pairs(half, given.verbose)
    if given.only != "made":
        labelled_pairs(half, given.verbose)


if __name__ == "__main__":
    main()
