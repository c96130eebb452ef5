"""`percept check --heatmaps`: what did not pass, in its folder and nowhere else."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from percept_cli.drawing.heatmaps import HeatMapFolder, place_of
from percept_cli.drawing.marks import COLOUR
from percept_cli.drawing.over import draw, titles_of
from percept_cli.errors import OutputUnwritable
from percept_cli.formats.files import read_stamped
from percept_cli.results.pair import PairResult
from percept_cli.scoring.api import check
from tests.conftest import Percept, Save, as_picture, drawing
from tests.support.heat_maps import RENDER, pixels
from tests.support.rows import page, with_band
from tests.support.runs import CHECKED

# The folder of a check.


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("icon.png", "icon.png"),
        ("menu/icon.png", "menu/icon.png"),
        ("photo.jpg", "photo.jpg.png"),
        ("photo.jpg.png", "photo.jpg.png.png"),
        ("v1.2.png", "v1.2.png"),
        ("ICON.PNG", "ICON.PNG.png"),
        ("Grüße 世界.png", "Grüße 世界.png"),
    ],
)
def test_a_heat_map_is_named_after_its_pair(name: str, place: str) -> None:
    assert str(place_of(name)) == place


HOSTILE = [
    "../../etc/cron.png",
    "/etc/passwd",
    "a/../../b.png",
    "..",
    ".",
    "",
    "/",
    "....//x.png",
    "a\\..\\..\\b.png",
    "C:\\x.png",
    "nul\0byte.png",
    "new\nline.png",
    "\x1b[31mred.png",
    "stray\udcffbyte.png",
    "x" * 300 + ".png",
    "世" * 200 + ".png",
    "dots...",
    "a<b>|?*.png",
]


def test_hostile_names_stay_in_the_folder_and_apart(tmp_path: Path) -> None:
    places = [place_of(name) for name in HOSTILE]
    assert len(set(places)) == len(HOSTILE)
    for place in places:
        assert not place.is_absolute()
        assert ".." not in place.parts
        assert place.suffix == ".png"
        assert str(place).isprintable()
        assert all(len(part.encode()) <= 255 for part in place.parts)
        assert not set('<>:"|?*\\') & set(str(place))
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch(exist_ok=False)


def two_folders(save: Save, tmp_path: Path) -> None:
    for folder in ("base", "now"):
        (tmp_path / folder / "menu").mkdir(parents=True)
    for name, seed in (("same.png", 0), ("menu/icon.png", 1), ("[red].png", 2)):
        save(f"base/{name}", 48, 40)
        save(f"now/{name}", 48, 40, seed=seed)
    save("now/new.png")


def test_a_check_draws_what_did_not_pass(percept: Percept, save: Save, tmp_path: Path) -> None:
    two_folders(save, tmp_path)
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "[red].png").write_text("an older one")
    done = percept("check", "base", "now", "--heatmaps", "maps", "-o", "r.json")
    assert done.returncode == 1
    assert "2 heat maps are in maps.\n" in done.stderr
    found = sorted(
        path.relative_to(tmp_path).as_posix() for path in (tmp_path / "maps").rglob("*") if path.is_file()
    )
    assert found == ["maps/[red].png", "maps/menu/icon.png"]
    # The very map of the report, in the third picture.
    results = json.loads((tmp_path / "r.json").read_text())["results"]
    assert {result["name"] for result in results if result["status"] == "fail"} == {"[red].png", "menu/icon.png"}
    evidence = check(tmp_path / "base/menu/icon.png", tmp_path / "now/menu/icon.png").evidence
    assert evidence is not None and evidence.heat is not None
    base, now = (as_picture(Image.open(tmp_path / side / "menu/icon.png")) for side in ("base", "now"))
    expected = draw("triptych", base, now, evidence.heat, titles=titles_of(RENDER)).image
    assert (pixels(tmp_path / "maps/menu/icon.png") == pixels(expected)).all()


def test_no_heat_map_is_written_where_pictures_are_compared(percept: Percept, save: Save, tmp_path: Path) -> None:
    two_folders(save, tmp_path)
    (tmp_path / "link").symlink_to("now")
    (tmp_path / "file").touch()
    before = sorted(tmp_path.rglob("*"))
    for folder, message in (
        ("now", "among the images that are compared"),
        ("base/maps/new", "among the images that are compared"),
        ("link/maps", "among the images that are compared"),
        ("file", "is a file, not a folder"),
        ("file/maps", "file is a file, not a folder"),
    ):
        done = percept("check", "base", "now", "--heatmaps", folder)
        assert (done.returncode, done.stdout) == (2, "")
        assert message in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


def failures(tmp_path: Path, *names: str) -> list[PairResult]:
    """Results of these names that failed; their pictures are expected/p.png and out/p.png."""
    (result,) = (result for result in CHECKED.results if result.name == "menu/icon.png")
    stamps = []
    for side in ("expected", "out"):
        (tmp_path / side).mkdir(exist_ok=True)
        drawing(48, 30).save(tmp_path / side / "p.png")
        stamps.append(read_stamped(tmp_path / side / "p.png")[1])
    result = replace(result, reference=str(tmp_path / "expected/p.png"), candidate=str(tmp_path / "out/p.png"))
    return [replace(result, name=name, reference_file=stamps[0], candidate_file=stamps[1]) for name in names]


def test_links_lead_nowhere_else_and_the_others_are_still_drawn(tmp_path: Path) -> None:
    results = failures(tmp_path, "away/a.png", "b.png", "out/p.png", "c.png")
    (tmp_path / "elsewhere").mkdir()
    folder = tmp_path / "maps"
    folder.mkdir()
    (folder / "away").symlink_to(tmp_path / "elsewhere")
    (folder / "b.png").symlink_to(tmp_path / "elsewhere" / "b.png")
    drawn = HeatMapFolder(folder, ()).draw(results, RENDER)
    assert drawn.count == 2
    assert isinstance(drawn.failure, OutputUnwritable)
    assert "away/a.png: a link leads out of the folder" in str(drawn.failure)
    assert (folder / "c.png").is_file()
    assert not list((tmp_path / "elsewhere").iterdir())
    # A folder above those that are compared: only what would be written over or among them is refused.
    before = (tmp_path / "out/p.png").read_bytes()
    drawn = HeatMapFolder(tmp_path, (tmp_path / "expected", tmp_path / "out")).draw(results[2:], RENDER)
    assert drawn.count == 1
    assert "among the images that are compared" in str(drawn.failure)
    assert (tmp_path / "out/p.png").read_bytes() == before


def test_pairs_that_cannot_be_drawn_are_told_of(tmp_path: Path) -> None:
    fine, changed_since, nowhere, passed = failures(tmp_path, "a.png", "b.png", "c.png", "d.png")
    drawing(48, 30, 1).save(tmp_path / "out" / "q.png")
    changed_since = replace(changed_since, candidate=str(tmp_path / "out/q.png"))
    gone = replace(changed_since, name="e.png", candidate=str(tmp_path / "out/gone.png"))
    assert nowhere.evidence is not None
    nowhere = replace(nowhere, evidence=replace(nowhere.evidence, heat=None))
    passed = replace(passed, status="pass")
    drawn = HeatMapFolder(tmp_path / "maps", ()).draw([fine, changed_since, nowhere, passed, gone], RENDER)
    assert (drawn.count, drawn.failure) == (1, None)
    assert drawn.notes[0].startswith("no heat map for b.png: ")
    assert drawn.notes[0].endswith("q.png has changed since it was compared")
    assert "gone.png: no such file" in drawn.notes[1]
    assert drawn.notes[2:] == ["no heat map for 1 image that did not pass: their distance has no local values"]
    assert os.listdir(tmp_path / "maps") == ["a.png"]


def test_a_map_of_one_recipe_is_not_titled_by_another(tmp_path: Path) -> None:
    mine, other = failures(tmp_path, "a.png", "b.png")
    HeatMapFolder(tmp_path / "maps", ()).draw([mine, replace(other, fingerprint="0" * 12)], RENDER)
    first, second = (pixels(tmp_path / "maps" / name) for name in ("a.png", "b.png"))
    assert first.shape == second.shape


def test_two_sizes_are_drawn_with_what_only_one_of_them_has(percept: Percept, tmp_path: Path) -> None:
    taller = with_band(page(60), 26, page(12, seed=9))
    changed = taller.copy()
    changed[44:60, 8:32] = (255, 0, 0)
    for folder in ("expected", "actual"):
        (tmp_path / folder).mkdir()
        for name, picture in (("equal", taller), ("changed", changed)):
            found = page(60) if folder == "expected" else picture
            Image.fromarray(found).save(tmp_path / folder / f"{name}.png")
    done = percept("check", "expected", "actual", "--heatmaps", "maps", "--quiet")
    assert done.returncode == 1
    for name, hot in (("equal", 0), ("changed", 1)):
        found = pixels(tmp_path / "maps" / f"{name}.png").astype(int)
        assert ((found == COLOUR).all(axis=2)).sum() > 100, name
        yellow = (found[..., 0] > 200) & (found[..., 2] < 120) & (found[..., 1] > 120)
        assert (yellow[: len(found) // 2].sum() > 0) == bool(hot), name
