"""A forecast knows what a run would do, and opens no image for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from percept_cli.errors import UnusablePair
from percept_cli.judging.checks import GateJudge
from percept_cli.judging.rules import Rules
from percept_cli.pairs import Pair
from percept_cli.recipes.presets import load_preset
from percept_cli.results.pair import PairResult
from percept_cli.scoring.forecast import Forecast
from percept_cli.scoring.scorer import Scorer

SCORER = Scorer(load_preset("default").spec)


class Known:
    """Knows the pairs of one name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def look_up(self, pair: Pair) -> PairResult | None:
        return SCORER.failed(pair, UnusablePair("any")) if pair.name == self._name else None


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Nothing of them is an image: opening one would be an error."""
    for name, size in (("a", 10), ("b", 200), ("c", 3000), ("empty", 0)):
        (tmp_path / name).write_bytes(b"x" * size)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    return {path.name: path for path in (*tmp_path.iterdir(), tmp_path / "gone")}


def test_what_becomes_of_each_pair(files: dict[str, Path]) -> None:
    a, b = files["a"], files["b"]
    pairs = [
        Pair("one", a, b),
        Pair("known", a, b),
        Pair("fresh", None, b),
        Pair("left", a, None),
        Pair("gone", a, files["gone"]),
        Pair("trouble", None, None, trouble=UnusablePair("no pair", hint="mend it.")),
    ]
    forecast = Forecast(pairs, SCORER, Known("known"))
    found = list(forecast)
    assert [(one.name, one.action, one.bytes) for one in found] == [
        ("one", "compare", 210),
        ("known", "reuse", 0),
        ("fresh", "new", 0),
        ("left", "missing", 0),
        ("gone", "error", 10),
        ("trouble", "error", 0),
    ]
    assert [one.reason for one in found[:2]] == ["", ""]
    assert found[4].reason == f"{files['gone']}: no such file; check the spelling of the path."
    assert found[5].reason == "no pair; mend it."
    assert forecast.counts == {"compare": 1, "reuse": 1, "new": 1, "missing": 1, "error": 2}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("empty", "empty (0 bytes)"),
        ("folder", "is a folder, not an image"),
        ("pipe", "is a pipe or a device, not a file"),
        ("gone", "no such file"),
    ],
)
def test_it_says_what_the_run_would_say(files: dict[str, Path], name: str, told: str) -> None:
    pair = Pair(name, files["a"], files[name])
    (found,) = Forecast([pair], SCORER)
    assert found.action == "error"
    assert told in found.reason


def test_a_reference_that_neighbours_share_is_read_once(files: dict[str, Path]) -> None:
    pairs = [Pair(name, files["a"], files[name], shared=True) for name in ("b", "c")]
    forecast = Forecast(pairs, SCORER)
    assert [one.bytes for one in forecast] == [210, 3000]
    assert forecast.bytes == 3210


def test_an_image_with_several_references_is_one(files: dict[str, Path]) -> None:
    references = [files["a"], files["b"]]
    pairs = [Pair("n", path, files["c"], matched=(place, 2)) for place, path in enumerate(references, start=1)]
    forecast = Forecast([*pairs, *pairs], SCORER)
    assert [(one.action, len(one.references)) for one in forecast] == [("compare", 2)] * 2
    gone = [pairs[0], Pair("n", files["gone"], files["c"], matched=(2, 2))]
    assert [one.action for one in Forecast(gone, SCORER)] == ["compare"]


def test_a_check_reads_images_without_a_counterpart(files: dict[str, Path]) -> None:
    """For what identifies them, so their bytes count; the words are those of their policies."""
    scorer = SCORER.with_judge(GateJudge(Rules(new="pass", missing="warn")))
    pairs = [Pair("new", None, files["b"]), Pair("left", files["a"], None), Pair("gone", files["gone"], None)]
    found = list(Forecast(pairs, scorer))
    assert [(one.action, one.bytes) for one in found] == [("new", 200), ("missing", 10), ("error", 0)]
    assert found[0].reason == "there is no baseline with this name, which is allowed"
    assert found[1].reason == "there is no image with this name, which is a warning"
