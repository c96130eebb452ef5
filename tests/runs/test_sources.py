"""Reports as runs. Folders: test_learning."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from percept_cli.geometry import FileStamp
from percept_cli.images.limits import USUAL_LIMITS
from percept_cli.judging.rules import Rules
from percept_cli.pairs.listing import Choice
from percept_cli.reports.data.reading import UnreadableReport
from percept_cli.runs.observing import ObservingJudge
from percept_cli.runs.sources import LearningRun, ReportRun, digest_of, name_in
from percept_cli.scoring.scorer import Scorer
from tests.support.report_files import written
from tests.support.runs import CHECKED, RUN

SCORER = Scorer(CHECKED.spec)


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    folder = tmp_path / "expected"
    (folder / "menu").mkdir(parents=True)
    for name in ("menu/icon.png", "plain.png"):
        (folder / name).write_bytes(b"\x89PNG\r\n\x1a\n, as far as anyone asks")
    return folder


def test_each_result_of_a_report_teaches_or_is_told(baseline: Path, tmp_path: Path) -> None:
    digest = digest_of(baseline / "menu/icon.png", USUAL_LIMITS)
    assert digest == hashlib.sha256((baseline / "menu/icon.png").read_bytes()).hexdigest()
    results = [
        replace(result, reference_file=FileStamp(1, 1, digest)) if result.name == "menu/icon.png" else result
        for result in CHECKED.results
    ]
    path = written(replace(CHECKED, results=results), tmp_path / "report.json")
    source, run = ReportRun(path, baseline, Choice(), SCORER), LearningRun("report.json")
    judge = ObservingJudge(lambda _: Rules())
    found = {name: source.observed(name, (), judge, run) for name in (*source.names, "not there.png")}
    assert [name for name, seen in found.items() if seen is not None] == ["menu/icon.png"]
    assert run.missing == ["gone.png"]
    assert run.extra == ["fresh.png"]
    assert [name for name, _ in run.unusable] == ["broken.png"]
    # One matched a further reference; the baselines of the others are others now, or gone.
    told = {"menu/icon.png", "fresh.png", "gone.png", "broken.png", "not there.png"}
    assert set(run.elsewhere) == set(found) - told
    assert source.pairs("menu/icon.png") == ()


def test_patterns_hold_for_reports_too(baseline: Path, tmp_path: Path) -> None:
    path = written(CHECKED, tmp_path / "report.json")
    source = ReportRun(path, baseline, Choice(("*.png",), ("menu/", "*bold*")), SCORER)
    assert "plain.png" in source.names
    assert not [name for name in source.names if "menu" in name or "bold" in name]


def test_reports_of_another_kind_or_recipe_are_refused(baseline: Path, tmp_path: Path) -> None:
    compared = written(replace(RUN, spec=CHECKED.spec, kind="batch", results=()), tmp_path / "batch.json")
    with pytest.raises(UnreadableReport, match="a report of percept batch, which does not look for noise"):
        ReportRun(compared, baseline, Choice(), SCORER)
    other = replace(CHECKED.spec, precision="bf16")
    checked = written(CHECKED, tmp_path / "report.json")
    with pytest.raises(UnreadableReport, match=f"the fingerprint {CHECKED.fingerprint}, and this one has "):
        ReportRun(checked, baseline, Choice(), Scorer(other))


def test_a_check_that_was_not_finished_is_told(baseline: Path, tmp_path: Path) -> None:
    path = written(replace(CHECKED, complete=False), tmp_path / "report.json")
    (note,) = ReportRun(path, baseline, Choice(), SCORER).notes
    assert note.endswith("report.json: the check stopped before its last image")


def test_a_baseline_may_have_another_ending() -> None:
    result = replace(next(iter(CHECKED.results)), name="a.png", reference="expected/a.jpg")
    assert name_in("expected", result) == "a.jpg"
    assert name_in("elsewhere", result) == name_in(None, result) == "a.png"


def test_what_cannot_be_read_has_no_digest(tmp_path: Path) -> None:
    assert digest_of(tmp_path / "gone.png", USUAL_LIMITS) is None
    assert digest_of(Path("/dev/zero"), USUAL_LIMITS) is None
