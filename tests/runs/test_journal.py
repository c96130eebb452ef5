"""The journal: what is unchanged is not computed again, what is torn is mended, what is not ours is left alone."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from percept_cli.errors import InvalidSetting, OutputUnwritable
from percept_cli.judging.threshold import ThresholdJudge
from percept_cli.pairs import Pair, Pairs
from percept_cli.recipes.spec import DistanceSpec, LayerSpec
from percept_cli.results.pair import PairResult
from percept_cli.runs.journal import By, Journal
from percept_cli.scoring.pipeline import Pipeline
from percept_cli.scoring.scorer import Scorer
from tests.conftest import Percept, Save
from tests.support.views import animation

SPEC = DistanceSpec((LayerSpec("relu1_2"), LayerSpec("input", "l1", 2.0)))


@pytest.fixture
def pairs(save: Save, tmp_path: Path) -> list[Pair]:
    """Four pairs that differ, one equal, one broken, one unmatched; the first name is no ASCII."""
    files = [(save(f"r{index}.png"), save(f"c{index}.png", seed=index)) for index in range(5)]
    (tmp_path / "broken.png").write_text("x")
    found = [Pair(f"é\n{index}", reference, candidate) for index, (reference, candidate) in enumerate(files)]
    found.insert(2, Pair("broken", files[0][0], tmp_path / "broken.png"))
    found.append(Pair("gone", files[0][0], None))
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results.jsonl"


def run(
    path: Path, pairs: list[Pair], scorer: Scorer | None = None, *, by: By = "stat", stop_after: int | None = None
) -> tuple[list[PairResult], Journal]:
    scorer = scorer or Scorer(SPEC, device="cpu")
    journal = Journal(path, scorer, by=by)
    found = []
    for result, reused in Pipeline(scorer, known=journal).results(Pairs(pairs)):
        found.append(result)
        journal.add(result, reused=reused)
        if len(found) == stop_after:
            journal.close()
            return found, journal
    journal.finish(found)
    journal.close()
    return found, journal


def lines(path: Path) -> list[dict[str, object]]:
    """Without the times, which are all that may differ."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def timeless(results: list[PairResult]) -> list[PairResult]:
    return [replace(result, seconds=0.0, distance=result.distance if result.scored else -1) for result in results]


def test_a_second_run_computes_nothing_and_changes_nothing(path: Path, pairs: list[Pair]) -> None:
    first, journal = run(path, pairs)
    assert journal.reused == 0
    before = lines(path)
    scorer = Scorer(SPEC, device="cpu")
    second, journal = run(path, pairs, scorer)
    assert scorer.device == "none"
    assert journal.reused == 5  # all but the broken one and the unmatched one
    assert timeless(second) == timeless(first)
    assert lines(path) == before
    assert journal.notes == [f"{path}: 1 error, tried again"]


@pytest.mark.slow
def test_cut_off_anywhere_it_ends_as_if_it_had_not_been(path: Path, pairs: list[Pair]) -> None:
    first, _ = run(path, pairs)
    whole, rows = path.read_bytes(), lines(path)
    starts = [0, *(index + 1 for index, byte in enumerate(whole) if byte == 10)]
    # Every place in the first bytes of a line, at its end and around its line break, and some between.
    places = {start + more for start in starts[:-1] for more in (0, 1, 2, 9, 10, 11, 40, 333)}
    places |= {start - less for start in starts[1:] for less in (0, 1, 2)}
    for place in sorted(places):
        path.write_bytes(whole[:place])
        again, journal = run(path, pairs)
        assert timeless(again) == timeless(first)
        assert lines(path) == rows
        torn = place not in starts and place + 1 not in starts
        assert any("its last line was truncated" in note for note in journal.notes) == torn


def test_zeros_after_a_lost_power_are_cut_off(path: Path, pairs: list[Pair]) -> None:
    run(path, pairs)
    rows = lines(path)
    with path.open("ab") as file:
        file.write(bytes(4096))
    run(path, pairs)
    assert lines(path) == rows


@pytest.mark.parametrize("by", ["stat", "hash"])
def test_a_changed_file_is_compared_again(path: Path, pairs: list[Pair], save: Save, by: By) -> None:
    first, _ = run(path, pairs, by=by)
    changed = pairs[1].candidate
    assert changed is not None
    before = changed.stat()
    save(changed.name, seed=9)
    os.utime(changed, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    second, journal = run(path, pairs, by=by)
    assert journal.reused == 4
    assert second[1].distance != first[1].distance
    assert timeless(second)[2:] == timeless(first)[2:]
    assert [row["name"] for row in lines(path)] == [pair.name for pair in pairs]


def test_a_touched_file_is_the_same_by_its_content(path: Path, pairs: list[Pair]) -> None:
    run(path, pairs)
    touched = pairs[1].reference
    assert touched is not None
    os.utime(touched, ns=(1, 1))
    second, journal = run(path, pairs, by="hash")
    assert journal.reused == 5
    assert second[1].reference_file is not None
    assert second[1].reference_file.modified_ns == 1
    assert run(path, pairs)[1].reused == 5
    os.utime(touched, ns=(2, 2))
    assert run(path, pairs)[1].reused == 4


def test_another_recipe_is_computed_anew(path: Path, pairs: list[Pair]) -> None:
    run(path, pairs)
    other = Scorer(DistanceSpec((LayerSpec("relu1_1"),)), device="cpu")
    _, journal = run(path, pairs, other)
    assert journal.reused == 0
    assert f"{path}: 7 results made with a different recipe, measured again" in journal.notes
    assert {row["fingerprint"] for row in lines(path)} == {other.spec.fingerprint}


def test_what_an_earlier_version_wrote_is_scored_anew_and_told(path: Path, pairs: list[Pair]) -> None:
    """Its rows say nothing of what a distance is like, which a report would then lack without a word."""
    first, _ = run(path, pairs)
    older = [{key: value for key, value in row.items() if key not in ("like", "severity")} for row in lines(path)]
    path.write_text("".join(json.dumps(row) + "\n" for row in older), encoding="utf-8")
    second, journal = run(path, pairs)
    assert journal.reused == 0
    told = "of an earlier version, which stored less about a pair, measured again"
    assert any(told in note for note in journal.notes)
    assert [one.like for one in second] == [one.like for one in first]
    assert all("like" in row for row in lines(path))


def test_the_order_of_layers_and_the_threshold_are_the_present_ones(path: Path, pairs: list[Pair]) -> None:
    first, _ = run(path, pairs)
    spec = DistanceSpec(SPEC.layers[::-1])
    scorer = Scorer(spec, ThresholdJudge(0.0, "command line"), device="cpu")
    second, journal = run(path, pairs, scorer)
    assert journal.reused == 5
    assert [result.status for result in second] == ["pass", "fail", "error", "fail", "fail", "fail", "missing"]
    assert [layer.name for layer in second[0].layers] == ["input", "relu1_2"]
    assert [result.distance for result in second if result.scored] == [
        result.distance for result in first if result.scored
    ]
    assert [row["status"] for row in lines(path)] == [result.status for result in second]


def test_results_of_other_pairs_are_kept_behind_those_of_the_run(path: Path, pairs: list[Pair]) -> None:
    first, _ = run(path, pairs)
    rows = lines(path)
    for part in (pairs[3:4], []):
        _, journal = run(path, part)
        count = 5 - len(part)
        assert journal.notes[-1] == f"{path}: {count} results of pairs that are not in this run, kept at its end"
        assert {str(row["name"]) for row in lines(path)} == {result.name for result in first if result.scored}
        assert [row["name"] for row in lines(path)][: len(part)] == [pair.name for pair in part]
    again, journal = run(path, pairs)
    assert journal.reused == 5
    assert timeless(again) == timeless(first)
    assert lines(path) == rows
    other = Scorer(DistanceSpec((LayerSpec("relu1_1"),)), device="cpu")
    run(path, pairs[3:4], other)
    assert len({row["fingerprint"] for row in lines(path)}) == 2
    assert len(lines(path)) == 5


def test_the_same_pair_twice(path: Path, pairs: list[Pair]) -> None:
    twice = [pairs[1], pairs[3], pairs[1]]
    first, _ = run(path, twice)
    second, journal = run(path, twice)
    assert journal.reused == 3
    assert timeless(second) == timeless(first)
    assert [row["name"] for row in lines(path)] == [pair.name for pair in twice]


def test_ended_several_times_it_goes_on_each_time(path: Path, pairs: list[Pair]) -> None:
    whole, _ = run(path, pairs)
    rows = lines(path)
    path.unlink()
    for count in (1, 3, 4):
        run(path, pairs, stop_after=count)
    assert timeless(run(path, pairs)[0]) == timeless(whole)
    assert lines(path) == rows


@pytest.mark.parametrize(
    "content",
    [
        b"notes\n",
        b"notes",
        b'{"a": 1}\n',
        b"\x89PNG\r\n\x1a\n",
        b"[]\n",
        b"\n",
        b'{"name": "x"}\n',
        b"{}",
        b'{"name": ["x"], "reference": "a", "candidate": "b", "status": "pass", "fingerprint": "c"}\n',
    ],
)
def test_a_file_that_is_not_ours_is_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(InvalidSetting, match=r"results\.jsonl, line 1: not a result of percept"):
        Journal(path, Scorer(SPEC))
    assert path.read_bytes() == content


def test_rows_that_were_edited_are_computed_again(path: Path, pairs: list[Pair]) -> None:
    first, _ = run(path, pairs)
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows[0]["layers"] = []
    rows[1]["files"] = None
    rows[3]["width"] = "wide"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    second, journal = run(path, pairs)
    assert journal.reused == 2
    assert timeless(second) == timeless(first)


def test_two_runs_cannot_write_to_one_file(path: Path) -> None:
    journal = Journal(path, Scorer(SPEC))
    with pytest.raises(OutputUnwritable, match="another run is writing to it"):
        Journal(path, Scorer(SPEC))
    journal.close()
    Journal(path, Scorer(SPEC)).close()


def test_what_is_no_file(tmp_path: Path) -> None:
    for name in (tmp_path, Path(os.devnull)):
        with pytest.raises(OutputUnwritable, match="is not a file"):
            Journal(name, Scorer(SPEC))
    with pytest.raises(OutputUnwritable, match="No such file or directory"):
        Journal(tmp_path / "no" / "r.jsonl", Scorer(SPEC))


def test_a_resumed_run_keeps_the_views(percept: Percept, tmp_path: Path) -> None:
    for name in ("r", "c"):
        (tmp_path / name).mkdir()
    (tmp_path / "r" / "a.gif").write_bytes(animation([0, 1]))
    (tmp_path / "c" / "a.gif").write_bytes(animation([0, 2]))
    arguments = ("batch", "r", "c", "--layers", "relu1_2", "--resume", "rows.jsonl", "-o", "r.json")
    rows = []
    for threshold in ("100", "0.001"):
        percept(*arguments, "--threshold", threshold)
        rows += json.loads((tmp_path / "r.json").read_text())["results"]
    first, again = rows
    assert [one["status"] for one in again["views"]] == ["pass", "fail"]
    for key in ("view", "distance"):
        assert again[key] == first[key]
    assert [one["distance"] for one in again["views"]] == [one["distance"] for one in first["views"]]
