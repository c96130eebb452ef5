"""Projects with tests whose baselines have places of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.support.forks import Forks
from tests.support.pytests import Run, runner, written

HEAD = """
import pytest
from PIL import Image

def pic(colour, width=32):
    return Image.new("RGB", (width, 32), colour)
"""
FOLDER = Path("percept-baselines")


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    return pytester


@pytest.fixture
def run(forks: Forks) -> Run:
    return runner(forks)


def write(project: pytest.Pytester, body: str, name: str = "test_ui.py") -> None:
    (project.path / name).parent.mkdir(parents=True, exist_ok=True)
    (project.path / name).write_text(HEAD + body, encoding="utf-8")


def put(project: pytest.Pytester, name: str, colour: str = "red") -> Path:
    """A picture where a baseline is, or was."""
    path = project.path / FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (32, 32), colour).save(path)
    return path


def colours(project: pytest.Pytester) -> dict[str, str]:
    """Baseline → what colour it has."""
    names = {(255, 0, 0): "red", (0, 0, 255): "blue", (255, 255, 255): "white", (0, 128, 0): "green"}
    found = {}
    for name in written(project):
        with Image.open(project.path / name) as image:
            pixel = image.convert("RGB").getpixel((0, 0))
            found[name.removeprefix("percept-baselines/")] = names[pixel]  # type: ignore[index]
    return found


CLASSES = """
class TestButton:
    def test_plot(self, percept_check):
        percept_check(pic("red"))

class TestMenu:
    def test_{other}(self, {fixture}):
        {call}

class TestNothing:
    pass
"""
ALONE = CLASSES.format(other="plot", fixture="tmp_path", call="pass")
OLD, NEW = "test_ui/test_plot.png", "test_ui/TestButton/test_plot.png"
