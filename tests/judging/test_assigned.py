"""References of a picture: any of several may match, and all of them are in the baseline."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from percept_cli.errors import InvalidSetting
from percept_cli.judging.assigned import assigned
from percept_cli.judging.rulebook import RuleBook
from percept_cli.pairs import Pairs, pair_of_files
from percept_cli.pairs.folders import pairs_of
from percept_cli.scoring.api import check
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


def alternate(folders: Path, name: str, variant: str, picture: Image.Image) -> Path:
    path = folders / "expected/.percept/alternates" / name / f"{variant}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)
    return path


def test_an_image_passes_if_it_matches_an_alternate(percept: Percept, folders: Path) -> None:
    alternate(folders, "ui/digit.png", "linux", page("Total 38", noise=1))
    alternate(folders, "ui/digit.png", "windows", page("Total 99"))
    alternate(folders, "ui/icon.png", "linux", page("Total 99", icon=False))
    done = percept(
        "check", "expected", "actual", "-o", "r.json", "-o", "r.jsonl", "-o", "r.html", "--variant", "linux"
    )
    assert (done.returncode, "Warning" in done.stderr) == (1, False)
    found = results_of(folders / "r.json")
    digit, icon = found["ui/digit.png"], found["ui/icon.png"]
    place = "expected/.percept/alternates"
    assert (digit["status"], digit["variant"], digit["matched"]) == ("pass", "linux", [1, 3])
    assert digit["reference"] == f"{place}/ui/digit.png/linux.png"
    assert digit["notes"] == ["matches the alternate linux"]
    # None fits: the preferred one is what is told.
    assert (icon["status"], icon["variant"], icon["matched"]) == ("fail", "linux", [1, 2])
    assert "variant" not in found["same.png"]
    assert found[""]["summary"]["pairs"] == 4
    assert '"variant": "linux"' in (folders / "r.jsonl").read_text(encoding="utf-8")
    assert "matches the alternate linux" in (folders / "r.html").read_text(encoding="utf-8")
    done = percept("report", "r.json", "--format", "json")
    assert f"{digit['variant']}" in done.stdout
    # Without a preference the baseline is.
    (folders / "percept.toml").write_text("[[override]]\nmatch = 'ui/digit.png'\nvariant = 'windows'\n")
    assert percept("check", "expected", "actual", "-q", "-o", "r.json").returncode == 1
    found = results_of(folders / "r.json")
    assert (found["ui/digit.png"]["status"], found["ui/digit.png"]["variant"]) == ("pass", "linux")
    assert found["ui/digit.png"]["matched"] == [3, 3]
    assert found["ui/icon.png"]["reference"] == "expected/ui/icon.png"
    assert found["ui/icon.png"]["notes"] == ["no alternate matches either (linux)"]


def test_what_has_the_very_bytes_ends_the_search(folders: Path) -> None:
    alternate(folders, "ui/digit.png", "linux", page("Total 38"))
    broken = alternate(folders, "ui/digit.png", "a", page())
    broken.write_bytes(b"no image")
    expected, actual = folders / "expected", folders / "actual"
    found = list(assigned(pairs_of(expected, actual), RuleBook()).pairs)
    assert [(pair.name, pair.variant, pair.matched) for pair in found if pair.name == "ui/digit.png"] == [
        ("ui/digit.png", "linux", (3, 3))
    ]
    page("Total 38").save(folders / "expected/ui/digit.png")
    (pair,) = assigned(
        Pairs([pair_of_files(expected / "ui/digit.png", actual / "ui/digit.png")]), RuleBook()
    ).pairs
    assert (pair.variant, pair.matched) == (None, (1, 3))
    assert check(expected / "ui/digit.png", actual / "ui/digit.png").identical


@pytest.mark.slow
def test_from_python_a_single_file_has_its_alternates(folders: Path) -> None:
    alternate(folders, "ui/digit.png", "linux", page("Total 38", noise=1))
    files = folders / "expected/ui/digit.png", folders / "actual/ui/digit.png"
    found = check(*files)
    assert (found.status, found.variant, found.matched) == ("pass", "linux", (2, 2))
    broken = alternate(folders, "ui/digit.png", "mac", page())
    broken.write_bytes(b"no image")
    assert check(*files).variant == "linux"
    with pytest.raises(InvalidSetting, match="the variant cannot be called"):
        check(*files, variant="../x")
    found = check(Image.open(files[0]), files[1])  # which has no place
    assert (found.status, found.variant) == ("fail", None)


def test_unusable_alternates_are_an_error_of_their_image_alone(percept: Percept, folders: Path) -> None:
    path = alternate(folders, "ui/digit.png", "linux", page("Total 38"))
    path.with_suffix(".jpg").write_bytes(path.read_bytes())
    done = percept("check", "expected", "actual", "-q", "-o", "r.json")
    assert done.returncode == 3
    assert "ui/digit.png has two alternates of the variant linux" in done.stderr
    found = results_of(folders / "r.json")
    assert found["ui/digit.png"]["status"] == "error"
    assert "linux.jpg and expected/.percept/alternates/ui/digit.png/linux.png" in found["ui/digit.png"]["reason"]
    assert found["noise.png"]["status"] == "pass"


def test_a_variant_that_no_image_has_is_told_with_those_there_are(percept: Percept, folders: Path) -> None:
    equal = ("check", "expected", "actual", "--include", "same.png", "--variant")
    done = percept(*equal, "linux")
    assert (
        "Warning: no image has an alternate of the variant linux; percept approve --as-alternate makes one\n"
        in done.stderr
    )
    alternate(folders, "ui/digit.png", "linux", page("Total 38"))
    alternate(folders, "gone.png", "macos", page())
    assert "Warning" not in percept(*equal, "linux").stderr
    done = percept(*equal, "linx")
    assert "Warning: no image has an alternate of the variant linx; variants: linux, macos\n" in done.stderr
    assert (
        "Note: expected/.percept/alternates has alternates of 1 image that no longer exist: gone.png; delete them "
        "by hand\n" in done.stderr
    )
    assert "1 passed" in done.stdout
    done = percept(*equal, "../x")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: the variant cannot be called '../x'\nHint: use up to 64 ")


def test_an_image_without_a_baseline_may_match_its_alternate(percept: Percept, folders: Path) -> None:
    alternate(folders, "ui/digit.png", "linux", page("Total 38"))
    (folders / "expected/ui/digit.png").unlink()
    percept("check", "expected", "actual", "-q", "-o", "r.json")
    found = results_of(folders / "r.json")["ui/digit.png"]
    assert (found["status"], found["variant"], "matched" in found) == ("pass", "linux", False)
    assert found["notes"] == ["matches the alternate linux"]
