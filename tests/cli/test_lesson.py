"""What was learned, in a terminal of 80 columns and as JSON."""

from __future__ import annotations

import json
import math
from pathlib import Path

from percept_cli.cli.lesson import as_json, as_table
from percept_cli.judging.learned import LearnedImage
from percept_cli.reports import Style
from percept_cli.runs.learning import Lesson, Odd
from percept_cli.runs.noise_file import Written
from percept_cli.runs.sources import LearningRun

IMAGE = LearnedImage("0" * 64, 192, 96, 3, 0.0, 0.0, 0.0, 0.0, 0)
RUNS = (
    LearningRun("runs/linux", images=2, missing=["c.png"], failing=[("a.png", "peak", 3.217)]),
    LearningRun("runs/mac", images=1, extra=["d\n.png"], unusable=[("b.png", "runs/mac/b.png: no image")]),
    LearningRun("runs/windows", images=2, elsewhere=["e.png"], failing=[("b.png", "overall", 1.25)]),
)
LESSON = Lesson(
    RUNS,
    {"a.png": IMAGE, "b.png": IMAGE},
    changes=[Odd("a.png", "runs/linux", "peak", 3.217)],
    wide=[Odd("b.png", "runs/windows", "overall", 2.5), Odd("f.png", "runs/mac", "peak", math.inf)],
    too_few=["c.png"],
    equal=1,
    notes=["a note"],
)
WRITTEN = Written(kept=1, dropped=("old.png",), largest=812, size=2050)
TABLE = """\
run           images  missing  extra  unusable  would fail
runs/linux         2        1      0         0           1
runs/mac           1        0      1         1           0
runs/windows       2        0      0         0           1

Is this a real change? One run differs far more than all others:
  a.png in runs/linux: peak is 3.22 × the limit that the other runs taught

Would have failed by what the other runs taught:
  b.png in runs/windows: overall is 1.25 × its limit

Wider than needed, because of one run alone:
  b.png by runs/windows: overall is 2.5 × that of any other run
  … and 1 more; --top all lists them

Could not be compared:
  b.png in runs/mac: runs/mac/b.png: no image

Missing in a run:
  c.png in runs/linux

Without a baseline:
  d\\n.png in runs/mac

Compared with another baseline, or nearer to a further reference:
  e.png in runs/windows

Not learned, since fewer than two runs can be used:
  c.png

Dropped from the file, since their baseline is gone or changed:
  old.png

baseline     base
images       2 learned, 1 of them equal in all runs; limits are 2.2 × the
             largest of 3 runs
written      noise.json: 2 images learned, and 1 entry kept (2,050 bytes; at
             most 812 an image)
fingerprint  aff7e4b89df6
"""


def test_the_table() -> None:
    style = Style(width=80, top=1)
    told = LESSON, WRITTEN, Path("base"), Path("noise.json"), "aff7e4b89df6"
    assert as_table(*told, style) == TABLE
    plain = as_table(*told, Style(width=80, top=1, unicode=False))
    assert plain.isascii()
    assert "3.22 x the limit" in plain


def test_where_nothing_was_written() -> None:
    text = as_table(Lesson(RUNS[:1]), None, Path("base"), Path("noise.json"), "aff7e4b89df6", Style(width=80))
    assert "images       0 learned\n" in text
    assert "written" not in text


def test_json_has_all_of_it() -> None:
    document = json.loads(as_json(LESSON, WRITTEN, Path("base"), Path("noise.json"), "aff7e4b89df6"))
    assert (document["tool"], document["kind"], document["output"]) == ("percept", "learn", "noise.json")
    assert document["runs"][0]["would_fail"] == [{"name": "a.png", "gate": "peak", "times_limit": 3.217}]
    assert document["runs"][1]["unusable"] == [{"name": "b.png", "reason": "runs/mac/b.png: no image"}]
    assert document["wide"][1] == {"name": "f.png", "run": "runs/mac", "gate": "peak", "times_others": None}
    assert (document["dropped"], document["kept"], document["too_few_runs"]) == (["old.png"], 1, ["c.png"])
