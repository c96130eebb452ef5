"""Reports of shards are the run again, and what is none is refused in words."""

from __future__ import annotations

import json
import re
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from percept_cli import reports
from percept_cli.cluster.merging import CannotMerge, merged
from percept_cli.errors import ExitCode
from percept_cli.recipes.presets import load_preset
from percept_cli.reports import REPORTS, Style
from percept_cli.reports.data.reading import UnreadableReport, read_run
from percept_cli.results import spool
from percept_cli.results.pair import PairResult
from percept_cli.results.run import Run
from percept_cli.results.verdict import judge_run
from percept_cli.system.whole import encoded
from tests.support.report_files import LINES, written
from tests.support.reported import MANY, render
from tests.support.runs import CHECKED, PAIR
from tests.support.shards import shards_of


def content(run: Run, form: str) -> bytes:
    return b"".join(map(encoded, reports.render(run, form, Style())))


RUNS = {"batch": MANY, "check": replace(CHECKED, folders=("expected", "out"), origin=("expected", "out"))}


def files(runs: list[Run], folder: Path) -> list[Path]:
    return [written(run, folder / f"{number}.json") for number, run in enumerate(runs, start=1)]


@pytest.mark.parametrize("count", [1, 2, 7, 40])
@pytest.mark.parametrize("kind", RUNS)
def test_merged_shards_are_the_run_in_every_format(tmp_path: Path, kind: str, count: int) -> None:
    """Given in any order, and with shards that have no pairs."""
    paths = files(shards_of(RUNS[kind], count), tmp_path)
    run = merged(sorted(paths, key=lambda path: path.name[::-1]))
    whole = read_run(written(RUNS[kind], tmp_path / "whole.json"))
    for form in REPORTS:
        assert content(run, form) == content(whole, form), form
    assert (run.exit_code, run.complete, run.shard) == (whole.exit_code, True, None)


def test_lists_may_have_a_name_twice(tmp_path: Path) -> None:
    run = replace(MANY, results=(PAIR, *MANY.results, PAIR))
    found = merged(files(shards_of(run, 3), tmp_path))
    assert [result.name for result in found.results] == [result.name for result in run.results]


def test_a_shard_without_pairs_passes_and_says_so(tmp_path: Path) -> None:
    empty = next(run for run in shards_of(MANY, 40) if not run.results)
    assert empty.exit_code is ExitCode.WITHIN
    assert judge_run(empty) == ("empty", f"nothing was compared; shard {empty.shard} has none of the 6 pairs")
    nothing = shards_of(replace(MANY, results=()), 2)
    assert [run.exit_code for run in nothing] == [ExitCode.INPUT] * 2
    assert merged(files(nothing, tmp_path)).exit_code is ExitCode.INPUT


def test_a_shard_that_ended_early_leaves_no_whole_run(tmp_path: Path) -> None:
    parts = shards_of(MANY, 2)
    parts[1] = replace(parts[1], complete=False, results=parts[1].results[:1], ended_with=ExitCode.INTERRUPTED)  # type: ignore[index]
    run = merged(files(parts, tmp_path))
    assert (run.complete, run.ended_with) == (False, ExitCode.INTERRUPTED)
    assert "the run ended before its last pair" in judge_run(run)[1]


def test_devices_are_all_named(tmp_path: Path) -> None:
    parts = shards_of(MANY, 3)
    for devices, told in ((("none", "cpu", "cpu"), "cpu"), (("cuda:0", "none", "cpu"), "cuda:0, cpu")):
        own = [replace(run, device=device) for run, device in zip(parts, devices, strict=True)]
        assert merged(files(own, tmp_path)).device == told
    assert merged(files([replace(run, device="none") for run in parts], tmp_path)).device == "none"


def _renamed(result: PairResult) -> PairResult:
    return replace(result, name="1")  # of shard 4


_OTHER = load_preset("johnson-style").spec
Change = Callable[[list[Run]], list[Run]]
REFUSED: dict[str, tuple[Change, str, str]] = {
    "a missing shard": (lambda runs: [*runs[:2], *runs[3:]], r"shard 3 of 5 is missing", "--shard 3/5"),
    "missing shards": (lambda runs: runs[2:4], r"shards 1, 2 and 5 of 5 are missing", "--shard 1/5"),
    "many missing": (
        lambda _: shards_of(MANY, 100)[:1], r"shards 2, 3, 4, 5, 6, 7, 8, 9 and 91 more of 100 are", "2/100",
    ),
    "a shard twice": (lambda runs: [*runs, runs[1]], r"shard 2/5 is given twice: .*2.json and .*6.json", "once"),
    "another recipe": (
        lambda runs: [*runs[:4], replace(runs[4], spec=_OTHER, results=())], r"made by the recipe", "options",
    ),
    "another kind": (lambda runs: [*runs[:4], replace(runs[4], kind="check")], r"report of percept check", "kind"),
    "a comparison": (lambda runs: [replace(runs[0], kind="compare")], r"is of percept compare", "percept batch"),
    "another count": (lambda runs: [*runs[:4], *shards_of(MANY, 6)[4:5]], r"5.json is shard 5/6", "one count"),
    "a whole run": (lambda runs: [*runs, MANY], r"is a shard, but .*6.json is a whole run", "--shard"),
    "a whole run first": (lambda runs: [MANY, *runs], r"2.json is a shard, but .*1.json is a whole", "--shard"),
    "another version": (
        lambda runs: [*runs[:4], replace(runs[4], version="9.9.9")], r"but .*5.json is written by percept 9.9.9",
        "same version",
    ),
    "another option": (
        lambda runs: [replace(runs[0], allow_unmatched=True), *runs[1:]],
        r"is made with --allow-unmatched, but .* is made without", "options",
    ),
    "other folders": (
        lambda runs: [replace(runs[0], folders=("a", "b"), origin=("a", "b")), *runs[1:]], r"is of a and b, but",
        "same folders",
    ),
    "other images": (
        lambda runs: [*runs[:4], *shards_of(replace(MANY, results=MANY.results[:5]), 5)[4:]],  # type: ignore[index]
        r"is of a run of 6 pairs, but .*5.json is of a run of 5 pairs", "same images",
    ),
    "one image less": (
        lambda runs: [replace(run, results=tuple(run.results)[1:]) for run in runs],
        r"the 5 reports have . results?, but the whole run has 6", "same files",
    ),
    "a pair twice": (
        lambda runs: [replace(run, results=(*run.results, *run.results)) for run in runs],
        r"two results are pair \d of the whole run", "same files",
    ),
    "a name of another shard": (
        lambda runs: [*runs[:1], *(replace(run, results=tuple(map(_renamed, run.results))) for run in runs[1:])],
        r"1 does not belong to shard ./5", "run its job again",
    ),
    "a shard that was none": (
        lambda runs: [replace(runs[0], results=MANY.results), *runs[1:]], r"says that it is shard 1/5", "again",
    ),
    "none that was a shard": (
        lambda runs: [*runs[:1], replace(next(run for run in runs if run.results), shard=None)],
        r"says that it is no shard", "again",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_run_is_refused(tmp_path: Path, name: str) -> None:
    change, message, hint = REFUSED[name]
    with pytest.raises(CannotMerge, match=message) as caught:
        merged(files(change(shards_of(MANY, 5)), tmp_path))
    assert hint in caught.value.hint
    assert caught.value.exit_code is ExitCode.INPUT


def test_a_file_that_is_given_twice(tmp_path: Path) -> None:
    (path,) = files([MANY], tmp_path)
    (tmp_path / "link.json").symlink_to(path)
    for again in (path, tmp_path / "link.json"):
        with pytest.raises(CannotMerge, match="is given twice"):
            merged([path, again])


def test_reports_that_are_no_shards_are_joined_as_they_come(tmp_path: Path) -> None:
    first = replace(MANY, folders=("expected/a", "out/a"), origin=("expected/a", "out/a"))
    results = tuple(replace(result, name=f"b/{result.name}") for result in MANY.results)
    other = replace(first, results=results, folders=("expected/b", "out/b"), origin=("expected/b", "out/b"))
    run = merged(files([other, first], tmp_path))
    assert [result.name for result in run.results] == [one.name for one in (*results, *MANY.results)]
    assert (run.folders, run.origin) == (None, None)
    assert merged(files([replace(first, results=results), first], tmp_path)).folders == first.folders
    with pytest.raises(CannotMerge, match=r"out/same.png is in .*1.json and in .*2.json") as caught:
        merged(files([first, first], tmp_path))
    assert "no name is in two of them" in caught.value.hint


def damaged(text: str) -> str:
    return text[: len(text) // 2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (damaged, "2.json, line .*: not JSON"),
        (lambda text: re.sub('"schema_version": 2', '"schema_version": 3', text), "its schema_version is 3"),
        (lambda text: re.sub('"index": 2', '"index": 9', text), "there is no shard 9 of 3"),
        (lambda text: re.sub('"number": ', '"number": "x', text), "not"),
        (lambda _: LINES, "this is JSON Lines, which holds results without their recipe"),
        (lambda _: "PAR1 and more", "this is Parquet, which holds results without their recipe"),
        (lambda _: "", "not a JSON document"),
    ],
)
def test_a_report_that_cannot_be_read(tmp_path: Path, change: Callable[[str], str], message: str) -> None:
    paths = files(shards_of(MANY, 3), tmp_path)
    paths[1].write_text(change(paths[1].read_text()))
    with pytest.raises(UnreadableReport, match=message) as caught:
        merged(paths)
    assert caught.value.hint
    paths[1].unlink()
    with pytest.raises(UnreadableReport, match="no such file"):
        merged(paths)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each pair some numbers are held, and of the results what a spool holds of them."""
    monkeypatch.setattr(spool, "_BYTES_IN_MEMORY", 4000)

    def peak(count: int) -> int:
        results = tuple(replace(PAIR, name=f"{index:05}", extra={"text": "n" * 5000}) for index in range(count))
        paths = files(shards_of(replace(MANY, results=results), 2), tmp_path)
        tracemalloc.start()
        try:
            assert len(merged(paths).results) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)
    assert peak(1200) - peak(600) < 600 * 1500  # a result has more than 5000 bytes, in memory as in JSON


def test_what_is_written_of_a_shard_says_which(tmp_path: Path) -> None:
    run = next(run for run in shards_of(RUNS["check"], 2) if run.results)
    told = f"shard {run.shard} of {len(RUNS['check'].results)} images"
    for form in ("table", "html", "markdown", "github", "tap"):
        assert re.sub(r"\s+", " ", told) in re.sub(r"\s+", " ", render(run, form, Style(width=200))), form
    assert f'name="shard" value="{run.shard}"' in render(run, "junit", Style())
    assert f"shard {run.shard}" in render(run, "junit", Style()).split("<properties>")[0]
    document: dict[str, Any] = json.loads(render(run, "json", Style()))
    assert document["shard"] == {"index": run.shard.index, "count": 2, "whole": len(RUNS["check"].results)}  # type: ignore[union-attr]
    for row in (*document["results"], *map(json.loads, render(run, "jsonl", Style()).splitlines())):
        assert row["position"]["shards"] == 2
    assert read_run(written(run, tmp_path / "one.json")).shard == run.shard
