"""Projects that use the pytest plugin, run by a pytest of their own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import drawing
from tests.support.forks import Forks
from tests.support.pytests import Run, runner

TEST = """
from pathlib import Path
from PIL import Image

def picture(name):
    return Image.open(Path(__file__).parent / name)

def test_login(percept_check):
    result = percept_check(picture("login.png"))
    assert result.status in ("pass", "warn")
"""


@pytest.fixture
def plugin_project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with one test of one picture, without a baseline, and without this machine's settings."""
    pytester.makepyfile(test_ui=TEST)
    draw(pytester, seed=1)
    return pytester


def draw(project: pytest.Pytester, *, seed: int, name: str = "login.png") -> None:
    drawing(40, 30, seed).save(project.path / name)


BASELINE = Path("percept-baselines", "test_ui", "test_login.png")


def accept(project: pytest.Pytester) -> None:
    """Make the picture its own baseline, as ``--percept-update`` would, whose tests are others."""
    (project.path / BASELINE).parent.mkdir(parents=True)
    shutil.copy(project.path / "login.png", project.path / BASELINE)


@pytest.fixture
def run_with_plugin(forks: Forks) -> Run:
    return runner(forks)
