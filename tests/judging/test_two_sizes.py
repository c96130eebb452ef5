"""Images of two sizes: the verdict is that of the sizes, and what is found in the rest is told beside it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from PIL import Image

import percept_cli
from percept_cli.errors import SizeMismatch
from percept_cli.evidence.fitting import Fitted
from percept_cli.geometry import Box
from percept_cli.judging.two_sizes import in_candidate, of_two_sizes
from percept_cli.results.fit import Band, Fit, common_part
from percept_cli.results.found import Evidence, HeatMap, Region
from tests.conftest import Percept
from tests.support.reported import SCHEMA
from tests.support.rows import Rows, noisy, page, with_band
from tests.support.runs import PAIR

PAGE = page(60)
TALLER = with_band(PAGE, 26, page(12, seed=9))
CHANGED = TALLER.copy()
CHANGED[44:60, 8:32] = (255, 0, 0)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    for name, picture in {"page": PAGE, "taller": TALLER, "changed": CHANGED, "noisy": noisy(TALLER)}.items():
        save(picture, tmp_path / f"{name}.png")
    return tmp_path


def save(picture: Rows, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(np.ascontiguousarray(picture)).save(path)


def test_the_whole_output(percept: Percept, here: Path) -> None:
    done = percept("check", "page.png", "taller.png", "--format", "table")
    assert done.returncode == 1
    assert done.stdout.splitlines()[:4] == [
        "FAIL  taller.png",
        "  reason  the sizes differ: page.png is 48×60 pixels, taller.png is 48×72; 12",
        "          rows inserted at y = 26, the rest is equal",
        "",
    ]
    assert "verdict      FAIL: 1 image failed" in done.stdout
    save(np.pad(PAGE[:50], ((0, 0), (0, 7), (0, 0))), here / "both.png")
    words = "the candidate is 10 rows shorter and 7 columns wider; the common part from the top left is equal"
    assert words in said(percept("check", "page.png", "both.png").stdout)
    words = "12 rows removed at y = 26, the rest is equal"
    assert words in said(percept("check", "taller.png", "page.png").stdout)


def said(text: str) -> str:
    return " ".join(text.split())


def test_what_differs_in_the_rest_is_told_in_the_candidates_pixels(percept: Percept, here: Path) -> None:
    done = percept("check", "page.png", "changed.png", "-o", "r.json", "-o", "r.csv", "--format", "table")
    assert done.returncode == 1
    assert "12 rows inserted at y = 26, the rest differs: " in said(done.stdout)
    assert "where 8,44,24,16 added (384 px, 100 % of the distance)" in said(done.stdout)
    document = json.loads((here / "r.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMA)
    (row,) = document["results"]
    assert (row["distance"], row["width"], row["layers"], row["severity"]) == (None, None, [], None)
    assert document["summary"]["count"] == 0
    found = row["evidence"]
    assert found["fit"] == {
        "reference": [48, 60],
        "candidate": [48, 72],
        "aligned": "bands",
        "bands": [{"axis": "rows", "kind": "inserted", "size": 12, "reference": 26, "candidate": 26}],
        "rest": "above limits",
    }
    assert (found["heat"]["stride"] * found["heat"]["height"], found["changed_pixels"]) == (72, 384)
    (line,) = (here / "r.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert line.endswith(',,,,,,,,,1,"8,44,24,16",added')  # no gate is the pair's
    again = percept("report", "r.json", "-o", "again.json", "--format", "table")
    assert said(done.stdout).split(" images")[0] == said(again.stdout).split(" images")[0]
    assert json.loads((here / "again.json").read_text(encoding="utf-8"))["results"] == document["results"]


def test_noise_in_the_rest_is_within_its_limits(here: Path) -> None:
    result = percept_cli.check(here / "page.png", here / "noisy.png", noise="cross-machine")
    assert result.status == "fail"
    assert result.reason.endswith("12 rows inserted at y = 26, the rest is within its limits")
    assert result.evidence is not None
    assert result.evidence.deciding is None
    assert math.isnan(result.distance)


@pytest.mark.parametrize(
    ("policy", "words", "verdict", "code"),
    [
        ("warn", "48×72; not judged: 12 rows inserted at y = 26, the rest is equal", "WARN: 1 image warned", 0),
        (
            "pass",
            "48×72, which is allowed; not judged: 12 rows inserted at y = 26, the rest is equal",
            "EMPTY: nothing was compared in 1 image",
            0,
        ),
    ],
)
@pytest.mark.usefixtures("here")
def test_sizes_that_are_allowed(percept: Percept, policy: str, words: str, verdict: str, code: int) -> None:
    done = percept("check", "page.png", "taller.png", "--size-mismatch", policy, "--format", "table")
    assert done.returncode == code
    assert words in said(done.stdout)
    assert verdict in done.stdout


FORMS = ("json", "jsonl", "csv", "markdown", "junit", "tap", "html", "github", "gitlab")


@pytest.mark.usefixtures("here")
def test_every_format_tells_of_it(percept: Percept) -> None:
    percept("check", "page.png", "changed.png", "-o", "r.json", "--quiet")
    for form in FORMS[2:]:
        done = percept("report", "r.json", "--format", form)
        text = done.stdout.replace("&#61;", "=")
        assert "12 rows inserted at y = 26, the rest differs" in text, form
        assert "8,44,24,16" in text or '"x": 8, "y": 44' in text or '"x":8,"y":44' in text, form


@pytest.mark.usefixtures("here")
def test_what_does_not_fit_leaves_the_verdict_to_the_sizes(percept: Percept, here: Path) -> None:
    """A mask of a third size, all pixels ignored, and too little memory: none of them is an error of the pair."""
    Image.new("L", (48, 61), 255).save(here / "mask.png")
    cases: tuple[tuple[tuple[Any, ...], str], ...] = (
        (("--mask", "mask.png"), "what both have was not compared: mask.png: the mask has 48×61 pixels"),
        (("--ignore", "0,0,48,60"), "12 rows inserted at y = 26; nothing was compared"),
        (("--max-memory", "1MB"), "what both have was not compared: only 0 MB"),
    )
    for options, words in cases:
        done = percept("check", "page.png", "changed.png", *options, "--format", "table")
        assert (done.returncode, words in said(done.stdout)) == (1, True), said(done.stdout)


def test_a_view_of_a_picture_with_transparency_is_the_worst(here: Path) -> None:
    """A white thing that came is seen on black only."""
    for name, picture in (("one", PAGE), ("other", TALLER)):
        alpha = np.where(picture[..., :1] < 128, 255, 0).astype(np.uint8)
        picture = np.where(picture < 128, np.uint8(128), picture)  # seen on both
        if name == "other":
            alpha[44:60, 8:32] = 255
        save(np.concatenate([picture, alpha], axis=2), here / f"{name}.png")
    result = percept_cli.check(here / "one.png", here / "other.png")
    assert [view.view.ground for view in result.views] == ["black", "white"]
    assert result.view.ground == "black"
    assert result.evidence is not None
    assert result.evidence.changed_pixels > 100
    assert all(44 <= region.box.y < 60 for region in result.evidence.regions)


def test_frames_of_two_sizes_are_not_compared(here: Path) -> None:
    for name, height in (("one", 20), ("other", 30)):
        frames = [Image.new("RGB", (20, height), colour) for colour in ("white", "red")]
        frames[0].save(here / f"{name}.gif", save_all=True, append_images=frames[1:])
    result = percept_cli.check(here / "one.gif", here / "other.gif")
    assert (result.status, result.evidence) == ("fail", None)


def test_rows_beyond_the_edge_of_a_picture_of_one_size_are_a_note(percept: Percept, here: Path) -> None:
    save(TALLER[:60], here / "cut.png")
    done = percept("check", "page.png", "cut.png", "--format", "table")
    words = "note 12 rows inserted at y = 26 and 12 rows removed at the bottom, the rest is equal"
    assert (done.returncode, words in said(done.stdout)) == (1, True)


def test_places_of_the_rest_are_told_as_the_candidate_has_them() -> None:
    fit = Fit((16, 16), (16, 24), "bands", (Band("rows", "inserted", 8, 8, 8),))
    values = bytes([1, 2, 3, 4])  # of 2 × 2 places
    region = Region(Box(0, 8, 4, 4), 16, 0.5, 1.0, 0.5, 3.0)
    found = in_candidate(Evidence((), (region,), 1, heat=HeatMap(8, 2, 2, values, 6.0)), fit)
    assert found.regions[0].box == Box(0, 16, 4, 4)
    assert found.heat == HeatMap(8, 2, 3, bytes([1, 2, 0, 0, 3, 4]), 6.0)
    shorter = Fit((16, 24), (16, 16), "bands", (Band("rows", "removed", 8, 8, 8),))
    assert in_candidate(Evidence((), heat=HeatMap(8, 2, 2, values, 6.0)), shorter).heat == HeatMap(
        8, 2, 2, values, 6.0
    )
    wider = common_part((16, 16), (4000, 16))
    heat = in_candidate(Evidence((), heat=HeatMap(8, 2, 2, values, 6.0)), wider).heat
    assert heat is not None
    assert (heat.stride, heat.width, heat.height) == (8, 500, 2)
    assert heat.values[:3] == bytes([1, 2, 0])
    widest = in_candidate(Evidence((), heat=HeatMap(8, 2, 2, values, 6.0)), common_part((16, 16), (9000, 16))).heat
    assert widest is not None
    assert (widest.stride, widest.width, widest.height, widest.values[:2]) == (16, 563, 1, bytes([4, 0]))


def test_a_rest_without_a_number_leaves_the_sizes() -> None:
    fitted = Fitted(common_part((9, 9), (9, 12)), SizeMismatch("the sizes differ"))
    result = of_two_sizes(PAIR, None, fitted, "fail")
    assert (result.status, result.evidence, result.layers) == ("fail", None, ())
    assert result.reason == "the sizes differ; the candidate is 3 rows taller; nothing was compared"
