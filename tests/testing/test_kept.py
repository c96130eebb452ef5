"""What failed in a session, in one report."""

from __future__ import annotations

import pytest

from percept_cli.reports.data.reading import read_run
from tests.support.plugin_projects import TEST, draw
from tests.support.plugin_projects import plugin_project as plugin_project
from tests.support.plugin_projects import run_with_plugin as run_with_plugin
from tests.support.pytests import Run, written


@pytest.mark.slow
def test_one_report_of_all_failures_also_under_xdist(
    plugin_project: pytest.Pytester, run_with_plugin: Run
) -> None:
    names = [f"p{number}.png" for number in range(4)]
    tests = [f"def test_{name[:-4]}(percept_check):\n    percept_check(picture({name!r}))\n" for name in names]
    plugin_project.makepyfile(test_ui=TEST + "\n".join(tests))
    for number, name in enumerate(names):
        draw(plugin_project, seed=number, name=name)
    done = run_with_plugin(plugin_project, "--percept-update", "-n", "2", fresh=True)
    done.assert_outcomes(passed=5)
    assert len(written(plugin_project)) == 5
    done.stdout.fnmatch_lines(["*baselines written*", *written(plugin_project)])
    for name in names[:3]:
        draw(plugin_project, seed=9, name=name)
    done = run_with_plugin(plugin_project, "-n", "2", "--percept-report", "reports/all.json", fresh=True)
    done.assert_outcomes(passed=2, failed=3)
    done.stdout.fnmatch_lines(
        ["*percept: 3 images did not pass*", f"report: {plugin_project.path}/reports/all.json"]
    )
    found = read_run(plugin_project.path / "reports" / "all.json")
    assert sorted(result.name for result in found.results) == [
        f"test_ui.py::test_p{number}: test_p{number}" for number in range(3)
    ]
    assert {result.status for result in found.results} == {"fail"}
    assert all(result.evidence is not None and result.evidence.regions for result in found.results)
