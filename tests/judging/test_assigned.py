"""References of a picture: any of several may match, and all of them are in the baseline."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Percept
from tests.support.checks import folders as folders
from tests.support.checks import page, results_of


def test_any_of_several_references_may_match(percept: Percept, folders: Path) -> None:
    (folders / "expected/linux/ui").mkdir(parents=True)
    page("Total 38").save(folders / "expected/linux/ui/digit.png")
    (folders / "percept.toml").write_text("[check]\nreferences = ['linux/{name}']\n")
    assert percept("check", "expected", "actual", "-q", "-o", "r.json").returncode == 1
    found = results_of(folders / "r.json")
    assert {name: row["status"] for name, row in found.items() if name} == {
        "same.png": "pass",
        "noise.png": "pass",
        "ui/digit.png": "pass",
        "ui/icon.png": "fail",
    }
    assert found["ui/digit.png"]["reference"] == "expected/linux/ui/digit.png"
    assert "the best of 2 references" in found["ui/digit.png"]["reason"]


@pytest.mark.parametrize(
    "reference",
    ["../secret.png", "linux/../../{name}", "/etc/{name}", "C:/{name}", "\\\\host\\share\\{name}", "..\\{name}"],
)
def test_references_stay_in_the_baseline_folder(percept: Percept, folders: Path, reference: str) -> None:
    (folders / "percept.toml").write_text(f"[check]\nreferences = '{reference}'\n")
    done = percept("check", "expected", "actual")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"Error: percept.toml: [check]: the reference {reference!r} leads out of the baseline folder\n"
        "Hint: give a path relative to the baseline folder, such as linux/{name}\n"
    )


@pytest.mark.slow
def test_a_reference_that_is_a_link_out_of_the_baseline_is_refused(percept: Percept, folders: Path) -> None:
    """A candidate that is its own reference would pass whatever it shows."""
    (folders / "expected/now").symlink_to(folders / "actual")
    (folders / "expected/same").symlink_to(".")
    (folders / "percept.toml").write_text("[check]\nreferences = 'now/{name}'\n")
    done = percept("check", "expected", "actual", "--exclude", "now/", "--exclude", "same/")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "Error: expected/now/noise.png: this reference of noise.png is a link that leads out of the baseline "
        "folder expected\nHint: put the image itself there, or remove it from references.\n"
    )
    (folders / "percept.toml").write_text("[check]\nreferences = 'same/{name}'\n")
    done = percept("check", "expected", "actual", "--exclude", "now/", "--exclude", "same/", "-q")
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.slow
def test_of_two_files_the_references_folder_is_the_baseline(percept: Percept, folders: Path) -> None:
    """Not the current one, below which a candidate's own path may lie."""
    (folders / "percept.toml").write_text("[check]\nreferences = '{name}'\n")
    for candidate in ("actual/ui/icon.png", folders / "actual/ui/icon.png"):
        assert percept("check", "expected/ui/icon.png", candidate, "-q").returncode == 1
    page("Total 38").save(folders / "expected/ui/other.png")
    page("Total 38").save(folders / "mine.png")
    (folders / "percept.toml").write_text("[check]\nreferences = 'other.png'\n")
    assert percept("check", "expected/ui/digit.png", "mine.png", "-q").returncode == 0


def test_references_that_are_nowhere_are_told_of(percept: Percept, folders: Path) -> None:
    (folders / "percept.toml").write_text("[check]\nreferences = ['mac/{name}']\n")
    done = percept("check", "expected", "actual")
    assert "Warning: no image has the reference mac/{name}\n" in done.stderr
