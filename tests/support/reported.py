"""Runs of every kind and their reports, the schema of JSON, and the golden files."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from dataclasses import replace
from pathlib import Path

from percept_cli import reports
from percept_cli.reports import Style
from percept_cli.results.run import Run
from percept_cli.system.whole import encoded
from tests.support.runs import LIKE, PAIR, RUN

GOLDEN = Path(__file__).parents[1] / "golden"
SCHEMA = json.loads((Path(reports.__file__).parent / "run.schema.json").read_text(encoding="utf-8"))

NOTE = replace(PAIR, notes=("8×8 pixels are too few for relu5_3: both images were extended",), like=LIKE)
NOT_A_NUMBER = replace(
    PAIR,
    status="error",
    reason="the distance is nan",
    distance=math.nan,
    threshold=None,
    threshold_source="",
    layers=tuple(
        replace(layer, distance=math.nan, contribution=math.nan, share=math.nan) for layer in PAIR.layers
    ),
)
BROKEN = replace(
    PAIR,
    name="out/broken.png",
    candidate="out/broken.png",
    width=None,
    height=None,
    status="error",
    reason="out/broken.png: the image is damaged or truncated: truncated; re-export or re-download the file.",
    distance=math.nan,
    layers=(),
    seconds=0.0,
    reference_file=None,
    candidate_file=None,
)
NEW = replace(BROKEN, name="new.png", reference=None, status="new", reason="there is no reference with this name")
MISSING = replace(BROKEN, name="gone.png", candidate=None, status="missing", reason="there is no candidate")
UNUSABLE = replace(BROKEN, name="line 7", reference=None, candidate=None, reason="pairs.csv, line 7: invalid CSV")
PASSED = replace(
    PAIR,
    name="out/fine.png",
    candidate="out/fine.png",
    status="pass",
    distance=PAIR.distance / 8,
    layers=tuple(
        replace(layer, distance=layer.distance / 8, contribution=layer.contribution / 8) for layer in PAIR.layers
    ),
    weight=2.0,
    extra={"id": 7, "note": "é\n"},
    like=LIKE,
)
IDENTICAL = replace(
    PASSED,
    name="out/same.png",
    candidate="out/same.png",
    distance=0.0,
    layers=tuple(replace(layer, distance=0.0, contribution=0.0, share=0.0) for layer in PAIR.layers),
    like=None,
)
MANY = replace(RUN, kind="batch", results=(IDENTICAL, PASSED, PAIR, NEW, BROKEN, MISSING))
UNDECODABLE = replace(PAIR, name="tab\there\nand \udcff.png", reference="<b>&\"'.png", candidate="\x1b[31mred.png")


def render(run: Run, form: str, style: Style) -> str:
    """A whole report as text."""
    return b"".join(map(encoded, reports.render(run, form, style))).decode("utf-8")


def check_golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("PERCEPT_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def rows(run: Run, *, wide: bool) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render(run, "csv", Style(wide=wide)))))
