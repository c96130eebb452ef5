"""Baselines that are nobody's are found, and deleted only when asked, after a whole run."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.support.baselines import FOLDER, put, write
from tests.support.baselines import project as project
from tests.support.baselines import run as run
from tests.support.pytests import Run

SUITE = """
import os

def test_a(percept_check):
    percept_check(pic("red"))
    percept_check(pic("red"), "more")

def test_b(percept_check):
    if os.environ.get("TROUBLE") == "skip":
        pytest.skip("not here")
    assert os.environ.get("TROUBLE") != "fail"
    percept_check(pic("red"), mask=os.path.join(os.path.dirname(__file__), "percept-baselines/test_ui/mask.png"))

def test_plain():
    assert os.environ.get("TROUBLE") != "plain"

def test_shared(percept_check):
    percept_check(pic("red"), baseline="percept-baselines/test_ui/shared.png")
"""
GONE = ["test_gone/test_x.png", "test_ui/TestOld/test_a.png", "test_ui/test_a@old.png"]


@pytest.fixture
def suite(project: pytest.Pytester) -> pytest.Pytester:
    """A project with baselines of which three are nobody's, and files that are none."""
    write(project, SUITE)
    write(project, "def test_c(percept_check):\n    percept_check(pic('red'))\n", "test_other.py")
    write(project, "", "ignored.py")
    for name in (*GONE, "test_ui/shared.png", "dark.png", "ignored/x.png"):
        put(project, name)
    for name in ("test_ui/test_a.png", "test_ui/test_a@more.png", "test_ui/test_b.png", "test_other/test_c.png"):
        put(project, name)
    Image.new("L", (32, 32), 255).save(project.path / FOLDER / "test_ui" / "mask.png")
    (project.path / FOLDER / "test_ui" / "README.md").write_text("why")
    (project.path / FOLDER / "test_ui" / "link.png").symlink_to("README.md")
    return project


def files(project: pytest.Pytester) -> set[str]:
    folder = project.path / FOLDER
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2])
def test_baselines_of_nobody_are_listed_and_deleted_when_asked(
    suite: pytest.Pytester, run: Run, workers: int
) -> None:
    arguments = ["-n", str(workers)] if workers else []
    before = files(suite)
    lines = [f"percept-baselines/{name}" for name in GONE]
    if not workers:
        done = run(suite)
        done.assert_outcomes(passed=5)
        done.stdout.fnmatch_lines(["*percept: unused baselines (delete them with --percept-prune*", *lines])
        assert files(suite) == before
    done = run(suite, "--percept-prune", *arguments, fresh=bool(workers))
    done.assert_outcomes(passed=5)
    done.stdout.fnmatch_lines(["*percept: unused baselines (deleted*", *lines])
    assert files(suite) == before - set(GONE)
    assert not (suite.path / FOLDER / "test_gone").exists()
    assert "unused baselines" not in run(suite).stdout.str()


@pytest.mark.parametrize(
    ("arguments", "trouble", "why"),
    [
        (["-k", "test_a"], "", "only some of the tests were selected"),
        (["test_ui.py"], "", "only some of the tests were selected"),
        (["test_ui.py::test_a"], "", "only some of the tests were selected"),
        (["--ignore", "test_other.py"], "", "only some of the tests were selected"),
        (["-x"], "plain", "not all tests were run"),
        ([], "fail", "some tests did not pass: test_ui.py::test_b"),
        ([], "skip", "some tests did not pass: test_ui.py::test_b"),
        ([], "collect", "not all test files could be collected"),
        ([], "items", "only some of the tests were selected"),
        (["-n", "2"], "fail", "some tests did not pass: test_ui.py::test_b"),
    ],
)
def test_a_run_that_tells_not_all_deletes_nothing(
    suite: pytest.Pytester,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    trouble: str,
    why: str,
) -> None:
    monkeypatch.setenv("TROUBLE", trouble)
    if trouble == "collect":
        write(suite, "raise ValueError", "test_bad.py")
    if trouble == "items":  # without a word to pytest
        suite.makeconftest("def pytest_collection_modifyitems(items):\n    del items[-1]\n")
    before = files(suite)
    done = run(suite, "--percept-prune", *arguments)
    done.stdout.fnmatch_lines(
        ["*percept: no baselines were deleted*", f"percept cannot tell which baselines are unused: {why}."]
    )
    assert files(suite) == before


def test_a_test_without_pictures_that_fails_is_in_nobodys_way(
    suite: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TROUBLE", "plain")
    done = run(suite, "--percept-prune")
    done.assert_outcomes(passed=4, failed=1)
    # What belongs to its module stays all the same.
    assert "test_ui/test_a@old.png" in files(suite)
    assert "test_gone/test_x.png" not in files(suite)
    monkeypatch.delenv("TROUBLE")
    done = run(suite, "--lf", "--percept-prune")
    done.stdout.fnmatch_lines(["*percept: no baselines were deleted*"])


def test_in_a_folder_for_all_only_what_tests_wrote_is_deleted(project: pytest.Pytester, run: Run) -> None:
    project.makeini("[pytest]\npercept_baselines = data\n")
    write(project, "def test_a(percept_check):\n    percept_check(pic('red'))\n", "sub/test_ui.py")
    run(project, "--percept-update").assert_outcomes(passed=1)
    data = project.path / "data"
    kept = ["photos/test.png", "x.png", "sub/photo.png", "sub/test_ui/test_a.png"]
    for name in (*kept, "sub/test_ui/old.png", "sub/test_gone/test_a.png"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        if not (data / name).exists():
            Image.new("RGB", (9, 9)).save(data / name)
    run(project, "--percept-prune").assert_outcomes(passed=1)
    assert sorted(path.relative_to(data).as_posix() for path in data.rglob("*.png")) == sorted(kept)
