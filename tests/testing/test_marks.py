"""The plugin's warning."""

from __future__ import annotations

import pytest

from tests.conftest import drawing
from tests.support.plugin_projects import TEST, accept
from tests.support.plugin_projects import plugin_project as plugin_project
from tests.support.plugin_projects import run_with_plugin as run_with_plugin
from tests.support.pytests import Run


@pytest.mark.slow
def test_a_warning_is_one_of_pytests(plugin_project: pytest.Pytester, run_with_plugin: Run) -> None:
    accept(plugin_project)
    picture = drawing(40, 30, 1)
    red, green, blue = picture.getpixel((0, 0))  # type: ignore[misc]
    picture.putpixel((0, 0), (red ^ 1, green, blue))
    picture.save(plugin_project.path / "login.png")
    run_with_plugin(plugin_project).assert_outcomes(passed=1)
    plugin_project.makepyfile(test_ui=TEST.replace('"login.png"))', '"login.png"), warn={"changed-pixels": 0})'))
    done = run_with_plugin(plugin_project)
    done.assert_outcomes(passed=1, warnings=1)
    done.stdout.fnmatch_lines(["*test_ui.py:8: PerceptWarning: test_login: *changed-pixels*"])
    run_with_plugin(plugin_project, "-W", "error").assert_outcomes(failed=1)
