"""`percept check` as a person and a CI job meet it: real processes, real files, whole outputs and exit codes."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from tests.conftest import Percept, Save, drawing
from tests.support.buckets import Bucket
from tests.support.checks import folders as folders
from tests.support.checks import page, results_of


def test_the_first_check_says_how_images_become_a_baseline(percept: Percept, folders: Path) -> None:
    (folders / "empty").mkdir()
    done = percept("check", "empty", "actual")
    assert done.returncode == 3
    hint = "all images are new; to make them the baseline, add -o percept-report.json and run "
    assert f"Hint: {hint}percept approve percept-report.json." in done.stderr.splitlines()
    done = percept("check", "empty", "actual", "-o", "a report.json", "-o", "r.html")
    command = "percept approve 'a report.json' --baseline empty --current actual"
    assert f"Hint: all images are new; to make them the baseline, run {command}" in done.stderr.splitlines()
    assert percept(*shlex.split(command)[1:], env={"CI": ""}).returncode == 0
    assert percept("check", "empty", "actual").returncode == 0
    (folders / "void").mkdir()
    assert percept("check", "actual", "void").stderr.splitlines()[-1] == (
        "Hint: check the names and patterns. To exit with 0 all the same: --allow-empty --new pass --missing pass"
    )


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
    assert "images 4: 2 failed, 2 passed; 1 of them identical" in lines
    assert "verdict FAIL: 2 of 4 images failed" in lines
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
    assert "(limit of --noise same-machine)" in strict.stdout


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
    assert row["evidence"]["noise"] == 0.0  # the other limits adapt to it
    exact = gates["peak"]["value"]
    assert percept("check", *pair, "--fail", f"peak={exact!r}", "-q").returncode == 0
    assert percept("check", *pair, "--fail", f"peak={exact * 0.999}", "-q").returncode == 1


@pytest.mark.usefixtures("folders")
def test_changed_pixels_in_per_cent_of_what_is_not_left_out(percept: Percept) -> None:
    pair = "expected/ui/digit.png", "actual/ui/digit.png"
    off = ("--fail", "peak=off", "--fail", "colour=off", "--fail", "overall=off")
    shares = []
    for ignored in ((), ("--ignore", "0,60,10,10")):  # where nothing differs
        done = percept("check", *pair, *off, "--fail", "changed-pixels=0.01%", *ignored, "--format", "json")
        assert done.returncode == 1
        (row,) = json.loads(done.stdout)["results"]
        (gate,) = (one for one in row["evidence"]["gates"] if one["name"] == "changed-pixels")
        compared = row["width"] * row["height"] - row["evidence"]["ignored_pixels"]
        assert gate["value"] == 100 * row["evidence"]["changed_pixels"] / compared
        assert (gate["unit"], gate["fail"]) == ("%", 0.01)
        assert f"changed-pixels {gate['value']:.6g} % exceeds 0.01 % (command line)" in row["reason"]
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
    # A warning is told as one where an allowed image is not.
    seen = ("--include", "noise.png", "--include", "fresh.png", "--format", "github")
    for policy, warnings in (("warn", 1), ("pass", 0)):
        assert percept("check", "expected", "actual", *seen, "--new", policy).stdout.count("::warning") == warnings
    found = results_of(folders / "r.json")
    assert found["fresh.png"]["allowed"] is found["same.png"]["allowed"] is True
    assert found[""]["summary"]["allowed"] == 2


def test_two_sizes(percept: Percept, folders: Path, save: Save) -> None:
    save("actual/same.png", 50, 40)
    done = percept("check", "expected", "actual", "--include", "same.png", "-o", "r.json", "--format", "table")
    assert done.returncode == 1
    row = results_of(folders / "r.json")["same.png"]
    assert (row["status"], row["distance"], row["layers"]) == ("fail", None, [])
    assert row["evidence"]["fit"]["aligned"] == "top-left"
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
    assert "Warning: override 3 (typo/**) matches no image\n" in done.stderr
    found = results_of(folders / "r.json")
    assert found["ui/digit.png"]["status"] == "pass"
    icon = found["ui/icon.png"]
    assert [gate["name"] for gate in icon["evidence"]["gates"]] == ["colour"]  # levels are those of another recipe
    assert icon["threshold"] is None
    assert "Warning: johnson-style has no limits for overall and peak, so only colour decides" in done.stderr
    assert icon["fingerprint"] != found[""]["fingerprint"]
    assert "not comparable with the others" in icon["reason"]
    assert found[""]["summary"]["count"] == 3
    (folders / "percept.toml").write_text("[check]\nbaselin = 'expected'\n")
    wrong = percept("check", "expected", "actual")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == "Error: percept.toml: [check]: unknown key 'baselin'\nHint: did you mean baseline?\n"


@pytest.mark.usefixtures("folders")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--fail", "peek=1"), "unknown gate 'peek'"),
        (("--fail", "peak=nan"), "finite number of at least 0, not nan"),
        (("--fail", "peak=1", "--fail", "peak=2"), "the limit of peak is given twice"),
        (("--fail", "peak=-1"), "finite number of at least 0, not -1.0"),
        (("--fail", "overall=7"), "above the largest possible value, 6.0"),
        (("--ignore", "1,2,3"), "'1,2,3' is not a rectangle"),
        (("--threshold", "nan"), "must be a finite number"),
        (("--warn", "peak=2", "--fail", "peak=1"), "is above the fail limit"),
    ],
)
def test_what_makes_no_rules(percept: Percept, options: tuple[str, ...], message: str) -> None:
    done = percept("check", "expected", "actual", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--ignore", "500,0,5,5"), "the ignored rectangle 500,0,5,5 lies outside the image of 160×96 pixels"),
        (("--mask", "small.png"), "small.png: the mask has 40×30 pixels, but the images have 160×96"),
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
    assert "actual/same.png is not a folder" in chosen.stderr
    everything = percept("check", "expected/same.png", "actual/ui/icon.png", "--ignore", "0,0,999,999")
    assert everything.returncode == 0
    assert "actual/ui/icon.png: nothing was compared: all pixels are ignored" in " ".join(
        everything.stdout.split()
    )


@pytest.mark.slow
@pytest.mark.parametrize("file", ["percept.toml", "pyproject.toml"])
def test_settings_from_above_are_named(percept: Percept, folders: Path, file: str) -> None:
    """In no repository the search goes up to the root, where anyone may have switched gates off."""
    table = "tool.percept." if file == "pyproject.toml" else ""
    (folders / file).write_text(f"[{table}check]\noverall = 'off'\npeak = 'off'\ncolour = 'off'\n")
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


def test_usage(percept: Percept, folders: Path) -> None:
    same = percept("check", "expected", "expected")
    assert same.returncode == 2
    assert "are the same folder" in same.stderr
    assert percept("check").returncode == percept("check", "expected").returncode == 2
    (folders / "empty").mkdir()
    (folders / "empty2").mkdir()
    assert percept("check", "empty", "empty2").returncode == 3
    assert percept("check", "empty", "empty2", "--allow-empty").returncode == 0


@pytest.mark.parametrize(
    ("name", "table", "before"),
    [("percept.toml", "[check]", ""), ("pyproject.toml", "[tool.percept.check]", "[project]\nname = 'a'\n")],
)
def test_folders_of_the_settings_that_do_not_exist(
    percept: Percept, tmp_path: Path, name: str, table: str, before: str
) -> None:
    """As in a fresh clone: git keeps no empty folders."""
    settings = tmp_path / name
    settings.write_text(f"{before}{table}\nbaseline = 'my images/old'\ncurrent = 'now'\n")
    make = (
        "mkdir -p 'my images/old', then percept check -o percept-report.json and percept approve "
        "percept-report.json; the first check exits with 3, because all images are new."
    )
    done = percept("check", "-o", "r.json")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        f"Error: neither my images/old nor now exists, but {table} in {name} names them as baseline and current\n"
        f"Hint: save your images to now. If there is no baseline yet: {make}\n"
    )
    (tmp_path / "now").mkdir()
    assert percept("check").stderr == (
        f"Error: my images/old: no such folder, but {table} in {name} names it as baseline\n"
        f"Hint: if there is no baseline yet: {make}\n"
    )
    (tmp_path / "my images" / "old").mkdir(parents=True)
    (tmp_path / "now").rmdir()
    assert percept("check").stderr == (
        f"Error: now: no such folder, but {table} in {name} names it as current\n"
        "Hint: save your images there, or correct the path.\n"
    )
    for role, other in (("baseline", "current"), ("current", "baseline")):
        settings.write_text(f"{before}{table}\n{other} = 'now'\n")
        done = percept("check")
        assert done.returncode == 2
        said = " ".join(done.stderr.split())
        assert f"{name} names {other}, but no {role}. Add {role} to its table {table}, or" in said


def test_a_backslash_that_made_another_character_of_a_path(percept: Percept, tmp_path: Path) -> None:
    (tmp_path / "percept.toml").write_text('[check]\nbaseline = "images\\new"\ncurrent = "images"\n')
    (tmp_path / "images").mkdir()
    said = percept("check").stderr
    assert said.startswith(
        "Error: images\\new: no such folder, but [check] in percept.toml names it\nHint: in TOML"
    )
    assert "single quotes" in said


@pytest.mark.parametrize("command", ["check", "batch"])
def test_two_folders_that_do_not_exist(percept: Percept, command: str) -> None:
    done = percept(command, "expected", "actual")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "Error: neither expected nor actual exists\nHint: check the spelling of the paths.\n"


def test_a_mask_of_the_settings_names_its_table(percept: Percept, folders: Path) -> None:
    settings = folders / "percept.toml"
    settings.write_text("[check]\nmask = 'gone.png'\n")
    done = percept("check", "expected", "actual")
    assert (done.returncode, done.stdout) == (3, "")
    first, hint = done.stderr.splitlines()
    assert first.startswith("Error: gone.png: ")
    assert first.endswith(" (the mask of [check] in percept.toml)")
    assert hint.startswith("Hint: ")
    assert "the mask of" not in percept("check", "expected", "actual", "--mask", "typed.png").stderr
    settings.write_text("[[override]]\nmatch = 'a/*'\n[[override]]\nmatch = 'b/*'\nmask = 'gone.png'\n")
    first = percept("check", "expected", "actual").stderr.splitlines()[0]
    assert first.endswith(" (the mask of override 2 (b/*) in percept.toml)")


def pictures(tmp_path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((tmp_path / "report.json").read_text())["results"]
    for one in found:
        for key in ("reference", "candidate", "files", "seconds"):
            del one[key]
    return found


def test_folders_elsewhere_have_the_numbers_of_those_here(
    percept: Percept, save: Save, bucket: Bucket, tmp_path: Path
) -> None:
    for name, seed in (("base/a.png", 1), ("now/a.png", 2), ("base/b.png", 3), ("now/b.png", 3), ("now/c.png", 4)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        save(name, 24, 20, seed)
    base = bucket.put_folder("base", tmp_path / "base")
    now = bucket.put_folder("now", tmp_path / "now")
    here = percept("check", "base", "now", "-o", "report.json")
    expected = pictures(tmp_path)
    reports = f"s3://{bucket.name}/reports"
    there = percept(
        "check", base, now, "-o", "report.json", "-o", f"{reports}/run.html", "-o", f"{reports}/run.xml"
    )
    assert (there.returncode, there.stdout) == (here.returncode, here.stdout) == (1, "")
    assert pictures(tmp_path) == expected
    run = json.loads((tmp_path / "report.json").read_text())
    assert run["folders"] == {"reference": base, "candidate": now}
    (one,) = [result for result in run["results"] if result["name"] == "a.png"]
    assert one["reference"] == f"{base}/a.png" and one["files"]["reference"]["etag"]
    html = bucket.get("reports/run.html").decode()
    assert f"{base}/a.png" in html and "data:image/png" in html
    assert b"<testsuites" in bucket.get("reports/run.xml")


@pytest.mark.slow
def test_equal_images_cost_no_download_the_second_time(
    percept: Percept, save: Save, bucket: Bucket, tmp_path: Path
) -> None:
    (tmp_path / "base").mkdir()
    for seed in range(3):
        save(f"base/{seed}.png", 24, 20, seed)
    base = bucket.put_folder("base", tmp_path / "base")
    for fetched in (3, 0):
        done = percept("check", base, "base", "--cache", "kept", "-v", fresh=True)
        assert done.returncode == 0 and f"{fetched} objects fetched" in done.stderr
    bucket.put("base/1.png", tmp_path / "base/2.png")
    done = percept("check", base, "base", "--cache", "kept", "-v", "--fail", "overall=off")
    assert "1 object fetched" in done.stderr


def test_where_nothing_can_be_fetched_or_written_it_is_said_once_and_first(
    percept: Percept, bucket: Bucket, tmp_path: Path
) -> None:
    (tmp_path / "now").mkdir()
    gone = percept("check", f"s3://{bucket.name}-gone/base", "now")
    assert (gone.returncode, gone.stdout) == (3, "")
    assert gone.stderr.startswith(f"Error: s3://{bucket.name}-gone/base: no such object or bucket\nHint: ")
    base = bucket.put("base/a.png", b"no image").removesuffix("/a.png")
    closed = percept("check", base, "now", "-o", f"s3://{bucket.name}-gone/r.html")
    assert closed.returncode == 2 and "no such object or bucket" in closed.stderr
    for word in ("s3://k:hush@bucket/base", "ftp://host/base"):
        refused = percept("check", word, "now")
        assert refused.returncode == 2 and "hush" not in refused.stderr and "Traceback" not in refused.stderr
    maps = percept("check", base, "now", "--heatmaps", f"s3://{bucket.name}/maps")
    assert maps.returncode == 2 and "a folder of this machine" in maps.stderr


def test_a_baseline_elsewhere_in_the_settings(
    percept: Percept, save: Save, bucket: Bucket, tmp_path: Path
) -> None:
    (tmp_path / "now").mkdir()
    save("now/a.png", 24, 20)
    base = bucket.put_folder("base", tmp_path / "now")
    (tmp_path / "percept.toml").write_text(f'[check]\nbaseline = "{base}"\ncurrent = "now"\n')
    assert percept("check").returncode == 0


@pytest.mark.slow
def test_two_checks_share_one_cache(save: Save, bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    for seed in range(20):
        save(f"base/{seed}.png", 24, 20, seed)
    base = bucket.put_folder("base", tmp_path / "base")
    command = [sys.executable, "-m", "percept_cli", "check", base, "base", "--cache", "kept", "-q"]
    both = [subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) for _ in range(2)]
    assert [one.communicate(timeout=120)[1] for one in both] == [b"", b""]
    assert [one.returncode for one in both] == [0, 0]
    kept = [file for file in (tmp_path / "kept").rglob("*") if file.is_file()]
    assert len(kept) == 21  # and the mark that it is a cache


@pytest.mark.slow
def test_two_thousand_images_elsewhere(percept: Percept, save: Save, bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    first = save("base/0000.png", 8, 8).read_bytes()
    for number in range(2000):
        (tmp_path / f"base/{number:04}.png").write_bytes(first)
    base = bucket.put_folder("base", tmp_path / "base")
    done = percept("check", base, "base", "--cache", "kept", "-o", "report.json")
    assert done.returncode == 0 and "2000 images within the limits" in done.stderr
