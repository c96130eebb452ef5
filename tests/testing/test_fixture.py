"""The fixture, in pytest processes of its own, as other projects have it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.plugin_projects import BASELINE, TEST, accept, draw
from tests.support.plugin_projects import plugin_project as plugin_project
from tests.support.plugin_projects import run_with_plugin as run_with_plugin
from tests.support.pytests import Run, written


def identity(path: Path) -> tuple[int, int]:
    """What changes when a file is written or replaced; reading it changes it not."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


@pytest.mark.slow
def test_the_life_of_a_baseline(plugin_project: pytest.Pytester, run_with_plugin: Run) -> None:
    # There is none: that fails, and none is made.
    done = run_with_plugin(plugin_project, fresh=True)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        [
            f"percept: test_login has no baseline: {BASELINE.as_posix()}",
            "    pytest --percept-update test_ui.py::test_login",
        ]
    )
    assert written(plugin_project) == []

    done = run_with_plugin(plugin_project, "--percept-update")
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["*percept: baselines written*", BASELINE.as_posix()])
    assert written(plugin_project) == [BASELINE.as_posix()]

    before = identity(plugin_project.path / BASELINE)
    for arguments in ([], ["--percept-update"]):
        done = run_with_plugin(plugin_project, *arguments)
        done.assert_outcomes(passed=1)
        assert "percept" not in done.stdout.str().split("collected")[1]
        assert identity(plugin_project.path / BASELINE) == before  # one that fits is left alone

    draw(plugin_project, seed=2)
    done = run_with_plugin(plugin_project, fresh=True)
    done.assert_outcomes(failed=1)
    report = ".pytest_cache/d/percept/percept-report.html"
    done.stdout.fnmatch_lines(
        [
            "E  *percept: test_login: *",
            "E  *distance: *, top layer relu*",
            "E  *FAIL *; warns above *, fails above *",
            "E  *FAIL region *",
            f"E  *baseline:  {BASELINE.as_posix()}",
            f"E  *report:    {report}, when all tests are done",
            "E  *pytest --percept-update test_ui.py::test_login",
            "*percept: 1 image did not pass*",
            f"report: *{report}",
        ]
    )
    assert done.stdout.str().count("in __call__") == 0  # the plugin's own lines are in nobody's way
    page = (plugin_project.path / report).read_text(encoding="utf-8")
    assert "test_ui.py::test_login" in page
    assert identity(plugin_project.path / BASELINE) == before

    run_with_plugin(plugin_project, "--percept-update").assert_outcomes(passed=1)
    run_with_plugin(plugin_project).assert_outcomes(passed=1)


def test_where_baselines_are(plugin_project: pytest.Pytester, run_with_plugin: Run) -> None:
    plugin_project.makeini("[pytest]\npercept_baselines = expected\n")
    (plugin_project.path / "sub").mkdir()
    (plugin_project.path / "test_ui.py").rename(plugin_project.path / "sub" / "test_ui.py")
    (plugin_project.path / "login.png").rename(plugin_project.path / "sub" / "login.png")
    run_with_plugin(plugin_project, "--percept-update").assert_outcomes(passed=1)
    assert (plugin_project.path / "expected" / "sub" / "test_ui" / "test_login.png").is_file()
    own = "percept_check('sub/login.png', baseline='expected/sub/test_ui/test_login.png')"
    plugin_project.makepyfile(test_own=f"def test_own(percept_check):\n    {own}")
    run_with_plugin(plugin_project, "test_own.py").assert_outcomes(passed=1)


def test_what_cannot_be_compared_fails(plugin_project: pytest.Pytester, run_with_plugin: Run) -> None:
    accept(plugin_project)
    (plugin_project.path / BASELINE).write_text("no picture")
    done = run_with_plugin(plugin_project)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E  *percept: *test_login.png: not an image*"])
    run_with_plugin(plugin_project, "--percept-update").assert_outcomes(passed=1)
    good = (plugin_project.path / BASELINE).read_bytes()
    (plugin_project.path / "broken.png").write_text("no picture")
    plugin_project.makepyfile(test_ui=TEST.replace('picture("login.png")', '"broken.png"'))
    run_with_plugin(plugin_project, "--percept-update").assert_outcomes(
        failed=1
    )  # what is no picture never becomes a baseline
    assert (plugin_project.path / BASELINE).read_bytes() == good


def test_without_pytests_cache(plugin_project: pytest.Pytester, run_with_plugin: Run) -> None:
    accept(plugin_project)
    draw(plugin_project, seed=2)
    done = run_with_plugin(plugin_project, "-p", "no:cacheprovider")
    done.stdout.fnmatch_lines([f"report: {plugin_project.path}/percept-report.html"])
    assert (plugin_project.path / "percept-report.html").is_file()
