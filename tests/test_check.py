"""`percept check` as a person and a CI job meet it: real processes, real files, whole outputs and exit codes."""

from __future__ import annotations

import hashlib
import html
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from PIL import Image, ImageDraw

import percept_cli
from percept_cli.errors import InvalidSetting
from percept_cli.geometry import Box
from tests.conftest import Percept, Save, clean_environment, drawing
from tests.test_html import Page
from tests.test_reports import SCHEMA


def page(label: str = "Total 35", *, noise: int = 0, icon: bool = True) -> Image.Image:
    """A small page with text, an icon and a flat panel; noise of so many levels."""
    image = Image.new("RGB", (160, 96), (250, 250, 250))
    draw = ImageDraw.Draw(image)
    draw.rectangle((8, 8, 60, 40), (70, 110, 180))
    draw.text((70, 10), label, (20, 20, 20))
    draw.text((8, 60), "Sent with care, and on time", (90, 90, 90))
    if icon:
        draw.ellipse((130, 60, 150, 80), (200, 60, 40))
    if not noise:
        return image
    grain = np.random.default_rng(1).integers(-noise, noise + 1, (96, 160, 3))
    return Image.fromarray(np.clip(np.asarray(image).astype(int) + grain, 0, 255).astype(np.uint8))


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    for folder in ("expected/ui", "actual/ui"):
        (tmp_path / folder).mkdir(parents=True)
    for name, candidate in (
        ("same.png", page()),
        ("noise.png", page(noise=2)),
        ("ui/digit.png", page("Total 38")),
        ("ui/icon.png", page(icon=False)),
    ):
        page().save(tmp_path / "expected" / name)
        candidate.save(tmp_path / "actual" / name)
    return tmp_path


def results_of(path: Path) -> dict[str, Any]:
    document = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMA)
    return {row["name"]: row for row in document["results"]} | {"": document}


def test_two_folders(percept: Percept, folders: Path) -> None:
    done = percept("check", "expected", "actual", "-o", "r.json", "--format", "table", fresh=True)
    assert done.returncode == 1
    found = results_of(folders / "r.json")
    assert {name: row["status"] for name, row in found.items() if name} == {
        "same.png": "pass",
        "noise.png": "pass",
        "ui/digit.png": "fail",
        "ui/icon.png": "fail",
    }
    assert found[""]["folders"] == {"reference": "expected", "candidate": "actual"}
    assert found[""]["spec"]["layers"][0]["tap"] == "relu2_2"
    digit = found["ui/digit.png"]["evidence"]
    (region,) = digit["regions"]
    assert 90 < region["box"]["x"] < 125
    assert region["box"]["y"] < 24
    assert region["share"] == pytest.approx(1)
    assert region["distance"] == pytest.approx(found["ui/digit.png"]["distance"], rel=1e-6)
    assert sum(region["layers"].values()) == pytest.approx(region["distance"], rel=1e-12)
    assert digit["changed_pixels"] == region["pixels"]
    assert {gate["name"]: gate["status"] for gate in digit["gates"]}["peak"] == "fail"
    assert found["noise.png"]["evidence"]["changed_pixels"] > 10_000
    assert found["same.png"]["evidence"]["heat"] is None
    commands = ("  show", "  accept")  # which are to be copied, and so on one line
    assert max(len(line) for line in done.stdout.splitlines() if not line.startswith(commands)) <= 80
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "accept percept approve r.json --baseline expected --current actual --filter /ui/icon.png" in lines
    assert "show percept heatmap expected/ui/icon.png actual/ui/icon.png -o heat.png" in lines
    assert "FAIL ui/digit.png 160 × 96" in lines
    assert "pictures 4: 1 identical, 1 more passed, 2 failed, 0 errors" in lines
    assert "verdict FAIL: 2 of 4 pairs failed" in lines
    assert "same.png" not in done.stdout


@pytest.mark.usefixtures("folders")
def test_two_files_and_a_table_without_colour(percept: Percept) -> None:
    done = percept("check", "expected/ui/icon.png", "actual/ui/icon.png")
    assert done.returncode == 1
    assert "accept" not in done.stdout  # there is no folder to accept it into
    assert "\x1b" not in done.stdout
    assert percept("check", "expected/same.png", "actual/noise.png", "-q").returncode == 0


def test_named_settings(percept: Percept, folders: Path) -> None:
    """On one machine there is hardly any noise; other machines' fonts move every letter."""
    page(noise=4).save(folders / "grain.png")
    pair = "expected/same.png", "grain.png"
    assert percept("check", *pair, "--noise", "cross-machine", "-q").returncode == 0
    strict = percept("check", *pair, "--noise", "same-machine")
    assert strict.returncode == 1
    assert "(same-machine)" in strict.stdout


@pytest.mark.usefixtures("folders")
def test_levels_from_the_command_line(percept: Percept) -> None:
    pair = "expected/ui/digit.png", "actual/ui/digit.png"
    done = percept("check", *pair, "--fail", "peak=6", "--warn", "changed-pixels=3", "--format", "json")
    assert done.returncode == 0
    (row,) = json.loads(done.stdout)["results"]
    assert row["status"] == "warn"
    gates = {gate["name"]: gate for gate in row["evidence"]["gates"]}
    assert (gates["changed-pixels"]["warn"], gates["changed-pixels"]["fail"]) == (3, None)
    assert gates["peak"]["source"] == "command line"
    assert row["evidence"]["noise"] is None  # nobody asked for it
    exact = gates["peak"]["value"]
    assert percept("check", *pair, "--fail", f"peak={exact!r}", "-q").returncode == 0
    assert percept("check", *pair, "--fail", f"peak={exact * 0.999}", "-q").returncode == 1


@pytest.mark.usefixtures("folders")
def test_changed_pixels_in_per_cent_of_what_is_not_left_out(percept: Percept) -> None:
    pair = "expected/ui/digit.png", "actual/ui/digit.png"
    off = ("--fail", "peak=off", "--fail", "colour=off", "--fail", "distance=off")
    shares = []
    for ignored in ((), ("--ignore", "0,60,10,10")):  # where nothing differs
        done = percept("check", *pair, *off, "--fail", "changed-pixels=0.01%", *ignored, "--format", "json")
        assert done.returncode == 1
        (row,) = json.loads(done.stdout)["results"]
        (gate,) = (one for one in row["evidence"]["gates"] if one["name"] == "changed-pixels")
        compared = row["width"] * row["height"] - row["evidence"]["ignored_pixels"]
        assert gate["value"] == 100 * row["evidence"]["changed_pixels"] / compared
        assert (gate["unit"], gate["fail"]) == ("%", 0.01)
        assert f"changed-pixels {gate['value']!r} % is above 0.01 % (command line)" in row["reason"]
        shares.append(gate["value"])
    assert shares[0] < shares[1]
    assert percept("check", *pair, *off, "--fail", f"changed-pixels={shares[0]!r}%", "-q").returncode == 0
    wrong = percept("check", *pair, "--fail", "peak=1%")
    assert (wrong.returncode, "only changed-pixels counts pixels" in wrong.stderr) == (2, True)


def test_any_extension(percept: Percept, save: Save, tmp_path: Path) -> None:
    for name in ("old/a.png", "new/a.bmp"):
        (tmp_path / name).parent.mkdir()
        save(name)
    assert percept("check", "old", "new", "-q").returncode == 3  # nothing was compared
    done = percept("check", "old", "new", "--any-extension", "--format", "json")
    assert done.returncode == 0
    assert [row["reference"] for row in json.loads(done.stdout)["results"]] == ["old/a.png"]


def test_ignored_pixels_contribute_exactly_nothing(percept: Percept, folders: Path) -> None:
    box = ("--ignore", "64,0,96,30")
    done = percept("check", "expected/ui/digit.png", "actual/ui/digit.png", *box, "--format", "json")
    assert done.returncode == 0
    document = json.loads(done.stdout)
    (row,) = document["results"]
    assert (row["distance"], row["evidence"]["changed_pixels"]) == (0, 0)
    assert row["evidence"]["ignored_pixels"] == 96 * 30
    assert document["device"] == "none"
    # Whatever stands there does not leak into the features beside it.
    vandal = page(icon=False)
    ImageDraw.Draw(vandal).rectangle((64, 0, 159, 29), (255, 0, 255))
    vandal.save(folders / "vandal.png")
    distances = [
        json.loads(percept("check", "expected/same.png", name, *box, "--format", "json").stdout)["results"][0]
        for name in ("vandal.png", "actual/ui/icon.png")
    ]
    assert distances[0]["distance"] == distances[1]["distance"] > 0
    mask = Image.new("L", (160, 96), 255)
    mask.paste(0, (64, 0, 160, 30))
    mask.save(folders / "mask.png")
    assert percept("check", "expected/same.png", "actual/ui/digit.png", "--mask", "mask.png", "-q").returncode == 0


def test_a_shift_is_tolerated_and_told(percept: Percept, tmp_path: Path) -> None:
    canvas = drawing(140, 110, seed=3)
    canvas.crop((10, 10, 130, 100)).save(tmp_path / "a.png")
    canvas.crop((9, 11, 129, 101)).save(tmp_path / "b.png")
    assert percept("check", "a.png", "b.png", "-q").returncode == 1
    done = percept("check", "a.png", "b.png", "--max-shift", 2, "--format", "json")
    assert done.returncode == 0
    (row,) = json.loads(done.stdout)["results"]
    assert row["evidence"]["shift"] == [1, -1]
    assert row["distance"] == 0


def test_pictures_without_a_counterpart(percept: Percept, folders: Path) -> None:
    page().save(folders / "actual/fresh.png")
    (folders / "actual/same.png").unlink()
    quiet = ("--exclude", "ui/", "-q", "-o", "r.json")
    assert percept("check", "expected", "actual", *quiet).returncode == 1
    found = results_of(folders / "r.json")
    assert (found["fresh.png"]["status"], found["same.png"]["status"]) == ("new", "missing")
    digest = hashlib.sha256((folders / "actual/fresh.png").read_bytes()).hexdigest()
    assert found["fresh.png"]["files"]["candidate"]["sha256"] == digest
    assert percept("check", "expected", "actual", *quiet, "--new", "warn").returncode == 1
    assert percept("check", "expected", "actual", *quiet, "--new", "warn", "--missing", "pass").returncode == 0
    found = results_of(folders / "r.json")
    assert found["fresh.png"]["allowed"] is found["same.png"]["allowed"] is True
    assert found[""]["summary"]["allowed"] == 2


def test_two_sizes(percept: Percept, folders: Path, save: Save) -> None:
    save("actual/same.png", 50, 40)
    done = percept("check", "expected", "actual", "--include", "same.png", "-o", "r.json", "--format", "table")
    assert done.returncode == 1
    row = results_of(folders / "r.json")["same.png"]
    assert (row["status"], row["distance"], "evidence" in row) == ("fail", None, False)
    assert "expected/same.png is 160×96 pixels, actual/same.png is 50×40" in row["reason"]
    assert row["files"]["candidate"]["sha256"]
    warned = percept("check", "expected", "actual", "--include", "same.png", "--size-mismatch", "warn")
    assert warned.returncode == 0
    assert "WARN  same.png" in warned.stdout


def test_settings_in_a_file(percept: Percept, folders: Path) -> None:
    (folders / "percept.toml").write_text(
        """
        [check]
        baseline = "expected"
        current = "actual"

        [[override]]
        match = "ui/**"
        ignore = "64,0,96,30"

        [[override]]
        match = "ui/icon.png"
        preset = "johnson-style"

        [[override]]
        match = "typo/**"
        max-shift = 1
        """
    )
    done = percept("check", "-o", "r.json")
    assert done.returncode == 1
    assert "Warning: override 3 (typo/**) matches no picture\n" in done.stderr
    found = results_of(folders / "r.json")
    assert found["ui/digit.png"]["status"] == "pass"
    icon = found["ui/icon.png"]
    assert [gate["name"] for gate in icon["evidence"]["gates"]] == ["colour"]  # levels are those of another recipe
    assert icon["threshold"] is None
    assert "Warning: johnson-style has no levels for distance and peak, so colour alone decides" in done.stderr
    assert icon["fingerprint"] != found[""]["fingerprint"]
    assert "not comparable with the others" in icon["reason"]
    assert found[""]["summary"]["count"] == 3
    (folders / "percept.toml").write_text("[check]\nbaselin = 'expected'\n")
    wrong = percept("check", "expected", "actual")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == "Error: percept.toml: unknown key 'baselin'\nHint: did you mean baseline?\n"


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


@pytest.mark.usefixtures("folders")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--fail", "peek=1"), "unknown gate 'peek'"),
        (("--fail", "peak=nan"), "finite number of at least 0, not nan"),
        (("--fail", "peak=1", "--fail", "peak=2"), "the level of peak is given twice"),
        (("--fail", "peak=-1"), "finite number of at least 0, not -1.0"),
        (("--fail", "distance=7"), "above the largest possible value, 6.0"),
        (("--ignore", "1,2,3"), "'1,2,3' is no rectangle"),
        (("--threshold", "nan"), "must be a finite number"),
        (("--warn", "peak=2", "--fail", "peak=1"), "is above the one that fails"),
    ],
)
def test_what_makes_no_rules(percept: Percept, options: tuple[str, ...], message: str) -> None:
    done = percept("check", "expected", "actual", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--ignore", "500,0,5,5"), "the ignored rectangle 500,0,5,5 lies outside the picture of 160×96 pixels"),
        (("--mask", "small.png"), "small.png: the mask has 40×30 pixels, the pictures 160×96"),
    ],
)
def test_what_fits_no_picture(
    percept: Percept, folders: Path, save: Save, options: tuple[str, ...], message: str
) -> None:
    save("small.png")
    done = percept("check", "expected", "actual", "--include", "icon.png", *options, "-o", "r.json")
    assert done.returncode == 3
    assert message in results_of(folders / "r.json")["ui/icon.png"]["reason"]


@pytest.mark.usefixtures("folders")
def test_what_would_go_wrong_only_later_is_told_at_once(percept: Percept) -> None:
    """Of equal pictures as well: the first one that changes would be too late."""
    same = "expected/same.png", "actual/same.png"
    mask = percept("check", *same, "--mask", "none.png")
    assert (mask.returncode, mask.stdout) == (3, "")
    assert mask.stderr.startswith("Error: none.png: no such file\n")
    assert percept("check", *same, "--ignore", "500,0,5,5", "-q").returncode == 3
    chosen = percept("check", *same, "--include", "*.png")
    assert chosen.returncode == 2
    assert "actual/same.png is no folder" in chosen.stderr
    everything = percept("check", "expected/same.png", "actual/ui/icon.png", "--ignore", "0,0,999,999")
    assert everything.returncode == 0
    assert "actual/ui/icon.png: nothing was compared: all pixels are left out" in " ".join(
        everything.stdout.split()
    )


@pytest.mark.parametrize(
    "reference",
    ["../secret.png", "linux/../../{name}", "/etc/{name}", "C:/{name}", "\\\\host\\share\\{name}", "..\\{name}"],
)
def test_references_stay_in_the_baseline_folder(percept: Percept, folders: Path, reference: str) -> None:
    (folders / "percept.toml").write_text(f"[check]\nreferences = '{reference}'\n")
    done = percept("check", "expected", "actual")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"Error: percept.toml: the reference {reference!r} leads out of the baseline folder\n"
        "Hint: name a file in the baseline folder, relative to it: linux/{name}\n"
    )


def test_a_reference_that_is_a_link_out_of_the_baseline_is_refused(percept: Percept, folders: Path) -> None:
    """A candidate that is its own reference would pass whatever it shows."""
    (folders / "expected/now").symlink_to(folders / "actual")
    (folders / "expected/same").symlink_to(".")
    (folders / "percept.toml").write_text("[check]\nreferences = 'now/{name}'\n")
    done = percept("check", "expected", "actual", "--exclude", "now/", "--exclude", "same/")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "Error: expected/now/noise.png: a reference of noise.png, is a link that leads out of the baseline folder "
        "expected\nHint: put the picture itself there, or take it out of references.\n"
    )
    (folders / "percept.toml").write_text("[check]\nreferences = 'same/{name}'\n")
    done = percept("check", "expected", "actual", "--exclude", "now/", "--exclude", "same/", "-q")
    assert (done.returncode, done.stderr) == (1, "")


def test_of_two_files_the_references_folder_is_the_baseline(percept: Percept, folders: Path) -> None:
    """Not the current one, below which a candidate's own path may lie."""
    (folders / "percept.toml").write_text("[check]\nreferences = '{name}'\n")
    for candidate in ("actual/ui/icon.png", folders / "actual/ui/icon.png"):
        assert percept("check", "expected/ui/icon.png", candidate, "-q").returncode == 1
    page("Total 38").save(folders / "expected/ui/other.png")
    page("Total 38").save(folders / "mine.png")
    (folders / "percept.toml").write_text("[check]\nreferences = 'other.png'\n")
    assert percept("check", "expected/ui/digit.png", "mine.png", "-q").returncode == 0


@pytest.mark.parametrize("file", ["percept.toml", "pyproject.toml"])
def test_settings_from_above_are_named(percept: Percept, folders: Path, file: str) -> None:
    """In no repository the search goes up to the root, where anyone may have switched gates off."""
    table = "tool.percept." if file == "pyproject.toml" else ""
    (folders / file).write_text(f"[{table}check]\ndistance = 'off'\npeak = 'off'\ncolour = 'off'\n")
    inside = folders / "inside"
    inside.mkdir()
    folders_given = ("../expected", "../actual")
    row = f"settings from {folders / file}, above the current folder"
    note = f"Note: {row}\n"
    done = percept("check", *folders_given, "-o", "r.json", "--format", "table", cwd=inside)
    assert row.replace(" ", "") in re.sub(r"\s", "", done.stdout)
    assert note not in done.stderr
    pair = ("../expected/same.png", "../actual/same.png")
    assert row.replace(" ", "") in re.sub(r"\s", "", percept("compare", *pair, cwd=inside).stdout)
    assert row.replace(" ", "") in re.sub(r"\s", "", percept("report", "r.json", cwd=inside).stdout)
    others = (
        ("compare", *pair, "--format", "score"),
        ("batch", *folders_given, "--include", "same.png", "-o", "r.csv"),
        ("check", *folders_given, "--include", "same.png", "--format", "github"),
        ("heatmap", *pair, "-o", "heat.png"),
        ("report", "r.json", "--format", "score"),
    )
    for command in others:
        assert percept(*command, cwd=inside).stderr.startswith(note), command
    for quiet in (("check", *pair, "-q"), ("check", *pair, "--config", f"../{file}")):
        assert note not in percept(*quiet, cwd=inside).stderr
    here = percept("check", "expected", "actual", "--format", "github")  # beside the file nobody is surprised
    assert "above the current folder" not in here.stdout + here.stderr


def test_references_that_are_nowhere_are_told_of(percept: Percept, folders: Path) -> None:
    (folders / "percept.toml").write_text("[check]\nreferences = ['mac/{name}']\n")
    done = percept("check", "expected", "actual")
    assert "Warning: the reference mac/{name} is there for no picture\n" in done.stderr


@pytest.mark.slow
def test_what_is_printed_can_be_typed(percept: Percept, folders: Path) -> None:
    """No command without its report, none for another reference than the picture's own, and none that resumes."""
    bare = percept("check", "expected", "actual", "--fail-fast")
    assert "write a report with -o report.json: percept approve reads it." in " ".join(bare.stdout.split())
    assert "--filter" not in bare.stdout
    assert "--resume" not in bare.stderr
    other = percept("check", "expected", "actual", "--preset", "default", "--fail", "peak=0.1")
    assert "--preset default" in " ".join(other.stdout.split())
    (folders / "expected/alt.png").write_bytes((folders / "expected/same.png").read_bytes())
    drawing(160, 96).save(folders / "expected/ui/icon.png")
    (folders / "percept.toml").write_text("[check]\nreferences = ['alt.png']\n")
    done = percept("check", "expected", "actual", "--include", "icon.png", "-o", "r.json", "--format", "table")
    assert "FAIL ui/icon.png" in " ".join(done.stdout.split())
    assert "percept approve" not in done.stdout


@pytest.mark.slow
def test_what_is_printed_does_what_it_says(percept: Percept, folders: Path) -> None:
    """Every command of every report, typed into a shell as it stands there, with names that it would split."""
    (folders / "expected").rename(folders / "what is expected")
    reports = [word for form in ("json", "html", "md", "xml") for word in ("-o", f"it's a report.{form}")]
    done = percept("check", "what is expected", "actual", *reports, "--format", "table")
    (accept,) = re.findall(r"^  accept +(percept approve .*icon.*)$", done.stdout, re.MULTILINE)
    (show,) = re.findall(r"^  show +(percept heatmap .*icon.*)$", done.stdout, re.MULTILINE)
    page = Page((folders / "it's a report.html").read_text())
    (icon,) = (result for result in page.results if result["name"] == "ui/icon.png")
    assert [command["text"] for command in icon["commands"]] == [show, accept]
    told = html.unescape((folders / "it's a report.xml").read_text())
    assert show in told
    assert accept in told
    markdown = (folders / "it's a report.md").read_text()
    check, approve = re.findall(r"^    (percept .*)$", markdown, re.MULTILINE)
    told_of = {show: "", accept: "changed  ui/icon.png\n", approve: "changed  ui/digit.png\n", check: ""}
    for command, text in told_of.items():
        typed = subprocess.run(
            ["bash", "-c", f"{sys.executable} -m percept_cli{command.removeprefix('percept')}"],
            cwd=folders,
            env=clean_environment(CI=""),
            capture_output=True,
            text=True,
            check=False,
        )
        assert typed.returncode == 0, typed.stderr
        assert text in typed.stdout
    assert (folders / "heat.png").exists()


def test_a_report_of_a_check_is_told_as_a_check(percept: Percept, folders: Path) -> None:
    done = percept("check", "expected", "actual", "-o", "r.json", "-o", "r.csv", "--wide", "--format", "table")
    again = percept("report", "r.json")
    assert again.returncode == 0
    assert again.stdout == done.stdout
    header, *rows = (line.split(",") for line in (folders / "r.csv").read_text().splitlines())
    assert header[-10:] == [
        *(
            f"{kind}_{gate}"
            for gate in ("distance", "peak", "colour", "changed-pixels")
            for kind in ("gate", "level")
        ),
        "regions",
        "worst_region",
    ]
    assert {len(row) >= len(header) for row in rows} == {True}
    document = json.loads((folders / "r.json").read_text())
    for change in ({"distance": "x"}, {"status": "odd"}, {"seconds": True}):
        broken = json.loads(json.dumps(document))
        broken["results"][0].update(change)
        (folders / "broken.json").write_text(json.dumps(broken))
        told = percept("report", "broken.json")
        assert (told.returncode, told.stdout) == (3, "")
        assert "result 1 is none of percept's" in told.stderr


def test_a_thing_that_was_added_is_no_displacement(percept: Percept, tmp_path: Path) -> None:
    plain = Image.new("RGB", (120, 80), "white")
    plain.save(tmp_path / "a.png")
    plain.putpixel((60, 40), (255, 0, 0))
    plain.save(tmp_path / "b.png")
    assert percept("check", "a.png", "b.png", "--max-shift", 2, "-q").returncode == 1


def test_text_in_another_colour_fails(tmp_path: Path) -> None:
    """Thin letters move no blurred colour, and where all of them change the peak takes it for noise."""

    def text(colour: tuple[int, int, int], name: str) -> Path:
        image = Image.new("RGB", (320, 200), "white")
        draw = ImageDraw.Draw(image)
        for line in range(11):
            draw.text((10, 8 + 17 * line), f"The quick brown fox jumps over {line} lazy dogs", colour)
        image.save(tmp_path / name)
        return tmp_path / name

    black = text((0, 0, 0), "a.png")
    for colour in ((100, 100, 100), (150, 30, 30)):
        result = percept_cli.check(black, text(colour, "b.png"))
        assert (result.status, result.evidence is None) == ("fail", False)
        assert "colour" in result.reason
    assert percept_cli.check(black, text((12, 12, 12), "b.png")).status == "pass"


def test_usage(percept: Percept, folders: Path) -> None:
    same = percept("check", "expected", "expected")
    assert same.returncode == 2
    assert "are the same folder" in same.stderr
    assert percept("check").returncode == percept("check", "expected").returncode == 2
    (folders / "empty").mkdir()
    (folders / "empty2").mkdir()
    assert percept("check", "empty", "empty2").returncode == 3
    assert percept("check", "empty", "empty2", "--allow-empty").returncode == 0


def test_check_from_python(folders: Path) -> None:
    reference, candidate = folders / "expected/ui/digit.png", folders / "actual/ui/digit.png"
    result = percept_cli.check(reference, candidate)
    assert result.status == "fail"
    assert result.evidence is not None
    assert result.evidence.heat is not None
    heat = np.frombuffer(result.evidence.heat.values, np.uint8).reshape(96, 160)
    box = result.evidence.regions[0].box
    assert heat[box.y : box.y + box.height, box.x : box.x + box.width].max() == heat.max()
    assert heat[90:, :40].max() <= 1  # a trace: features see far
    assert percept_cli.check(reference, candidate, ignore=[(64, 0, 96, 30)]).distance == 0
    assert percept_cli.check(reference, candidate, ignore=[Box(64, 0, 96, 30), "0,0,1,1"]).status == "pass"
    assert percept_cli.check(reference, candidate, fail={"peak": 6, "distance": 6}).status in ("pass", "warn")
    with pytest.raises(InvalidSetting, match="noise must be one of"):
        percept_cli.check(reference, candidate, noise="loud")  # type: ignore[arg-type]
    drawing(9, 9).save(folders / "tiny.png")
    assert percept_cli.check(reference, folders / "tiny.png").status == "fail"


@pytest.mark.parametrize("size", [(1, 1), (3, 50), (8, 8), (17, 9)])
def test_tiny_pictures_have_gates_and_places(tmp_path: Path, size: tuple[int, int]) -> None:
    for name, colour in (("a.png", 0), ("b.png", 255)):
        Image.new("RGB", size, (colour, 128, 128)).save(tmp_path / name)
    result = percept_cli.check(tmp_path / "a.png", tmp_path / "b.png")
    assert result.status == "fail"
    assert result.evidence is not None
    (region,) = result.evidence.regions
    assert str(region.box) == f"0,0,{size[0]},{size[1]}"
    assert region.share == pytest.approx(1)
    assert result.evidence.heat is not None
    assert (result.evidence.heat.width, result.evidence.heat.height) == size
    for gate in result.evidence.gates:
        if gate.at is not None:
            assert gate.at.x + gate.at.width <= size[0]
            assert gate.at.y + gate.at.height <= size[1]
