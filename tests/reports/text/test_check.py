"""The table of a check, and that its commands do what they say."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Percept, clean_environment, drawing
from tests.support.checks import folders as folders
from tests.support.html_pages import Page


@pytest.mark.slow
def test_what_is_printed_can_be_typed(percept: Percept, folders: Path) -> None:
    """No command without its report, and none for another reference than the picture's own."""
    bare = percept("check", "expected", "actual", "--fail-fast")
    accept = "To accept these changes, write a report with -o percept-report.json and run percept approve."
    assert accept in " ".join(bare.stdout.split())
    assert "--filter" not in bare.stdout
    assert "A run with --resume results.jsonl can be continued." in bare.stderr
    other = percept("check", "expected", "actual", "--preset", "five-taps", "--fail", "peak=0.1")
    assert "--preset five-taps" in " ".join(other.stdout.split())
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
    assert [command["text"] for command in icon["commands"]] == [show, accept, f"{accept} --as-alternate"]
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


def test_baselines_without_an_image_need_prune(percept: Percept, folders: Path) -> None:
    for name in ("noise.png", "ui/digit.png", "ui/icon.png"):
        (folders / "actual" / name).unlink()
    write = "write a report with -o percept-report.json and run percept approve"
    done = percept("check", "expected", "actual")
    assert f"To delete baselines without an image, {write} --prune." in " ".join(done.stdout.split())
    assert write not in percept("check", "expected", "actual", "--missing", "pass").stdout
    drawing(160, 96).save(folders / "actual" / "new.png")
    done = percept("check", "expected", "actual")
    told = f"To accept these changes, {write}; --prune also deletes baselines without an image."
    assert told in " ".join(done.stdout.split())
    (folders / "actual" / "new.png").write_text("no image")
    (folders / "expected" / "new.png").write_text("no image")
    assert write not in percept("check", "expected", "actual", "--missing", "pass").stdout


def test_a_report_of_a_check_is_told_as_a_check(percept: Percept, folders: Path) -> None:
    done = percept("check", "expected", "actual", "-o", "r.json", "-o", "r.csv", "--wide", "--format", "table")
    again = percept("report", "r.json")
    assert again.returncode == 0
    assert again.stdout == done.stdout
    header, *rows = (line.split(",") for line in (folders / "r.csv").read_text().splitlines())
    assert header[-11:] == [
        *(
            f"{kind}_{gate}"
            for gate in ("overall", "peak", "colour", "changed-pixels")
            for kind in ("gate", "limit")
        ),
        "regions",
        "worst_region",
        "worst_kind",
    ]
    assert {len(row) >= len(header) for row in rows} == {True}
    document = json.loads((folders / "r.json").read_text())
    for change in ({"distance": "x"}, {"status": "odd"}, {"seconds": True}):
        broken = json.loads(json.dumps(document))
        broken["results"][0].update(change)
        (folders / "broken.json").write_text(json.dumps(broken))
        told = percept("report", "broken.json")
        assert (told.returncode, told.stdout) == (3, "")
        assert "result 1 is not valid" in told.stderr
