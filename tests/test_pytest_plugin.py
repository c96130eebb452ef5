"""The pytest plugin, in pytest processes of its own, as other projects have it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from percept_cli.scoring.api import check
from tests.support.plugin_projects import BASELINE, TEST, accept, draw
from tests.support.plugin_projects import plugin_project as plugin_project
from tests.support.plugin_projects import run_with_plugin as run_with_plugin
from tests.support.pytests import Run


def test_options_are_those_of_check(plugin_project: pytest.Pytester, run_with_plugin: Run) -> None:
    accept(plugin_project)
    plugin_project.makepyfile(test_ui=TEST.replace('"login.png"))', '"login.png"), noise="loud")'))
    draw(plugin_project, seed=2)
    done = run_with_plugin(plugin_project)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E  *percept: *noise must be one of *, not 'loud'*"])
    before = (plugin_project.path / BASELINE).read_bytes()
    run_with_plugin(plugin_project, "--percept-update").assert_outcomes(
        failed=1
    )  # a mistake in the options replaces nothing
    assert (plugin_project.path / BASELINE).read_bytes() == before


def test_a_start_of_pytest_costs_next_to_nothing() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import percept_cli.pytest_plugin;"
        "print(*sorted(name for name in set(sys.modules) - before if not name.startswith('percept_cli')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= set(sys.stdlib_module_names)


PAGE = """
import os

import pytest
from playwright.sync_api import sync_playwright

@pytest.fixture
def page():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], chromium_sandbox=os.geteuid() != 0
        )
        yield browser.new_page(viewport={"width": 200, "height": 120})
        browser.close()

def test_page(percept_check, page):
    page.set_content(f"<body style='background: #eee'><button>{os.environ['LABEL']}</button>")
    percept_check(page.screenshot())
    percept_check(page.screenshot(type="jpeg"), "jpeg")
    percept_check(page.locator("button").screenshot(), "button")
"""


@pytest.mark.slow
def test_screenshots_of_a_real_page_are_taken_as_they_are(
    plugin_project: pytest.Pytester, run_with_plugin: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.support.chromium import chromium

    monkeypatch.setenv("CHROMIUM", chromium())
    monkeypatch.setenv("LABEL", "Send")
    plugin_project.makepyfile(test_page=PAGE)
    (plugin_project.path / "test_ui.py").unlink()
    run_with_plugin(plugin_project, "--percept-update", fresh=True).assert_outcomes(passed=1)
    folder = plugin_project.path / "percept-baselines" / "test_page"
    assert sorted(path.name for path in folder.iterdir()) == [
        "test_page.png",
        "test_page@button.png",
        "test_page@jpeg.jpg",
    ]
    shot = (folder / "test_page.png").read_bytes()
    assert check(shot, folder / "test_page.png").status == "pass"
    assert check(folder / "test_page@button.png", (folder / "test_page@button.png").read_bytes()).distance == 0
    run_with_plugin(plugin_project, fresh=True).assert_outcomes(passed=1)
    monkeypatch.setenv("LABEL", "Delete")
    done = run_with_plugin(plugin_project, fresh=True)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E  *percept: test_page: *"])
