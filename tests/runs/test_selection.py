"""Which pictures of a report are approved: by filters, and with a word where none is."""

from __future__ import annotations

from pathlib import Path

import pytest

from percept_cli.reports.commands import pattern_of
from tests.support.approvals import OLD, PICTURES, Approve, contents, put, result_of, write_report
from tests.support.approvals import approve as approve
from tests.support.approvals import checked as checked


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--filter", "*.png", "--filter", "!menu/*"], {"shade.png"}),
        (["--filter", "menu/**"], {"menu/icon.png", "menu/fresh.png"}),
        (["--filter", "/shade.png", "--filter", "icon.*"], {"shade.png", "menu/icon.png"}),
        (["--only", "new"], {"menu/fresh.png"}),
        (["--only", "changed"], {"menu/icon.png", "shade.png"}),
        (["--only", "changed", "--filter", "menu/"], {"menu/icon.png"}),
    ],
)
def test_a_part_can_be_chosen(checked: Path, approve: Approve, options: list[str], names: set[str]) -> None:
    assert approve("report.json", *options).returncode == 0
    found = contents(checked / "base")
    assert {name for name in found if found[name] != OLD.get(name)} == names


@pytest.mark.parametrize("name", ["a*.png", "[ab].png", "back\\slash.png", "!not.png", "#no.png", "-x.png"])
def test_a_filter_can_mean_one_name_alone(checked: Path, approve: Approve, name: str) -> None:
    others = ["ab.png", "a.png", "b.png", "deep/a*.png"]
    for other in (name, *others):
        (checked / "now" / other).parent.mkdir(exist_ok=True)
        put(checked / "now" / other, other)
    write_report(checked, *(result_of(checked, other, "new") for other in (name, *others)))
    assert approve("report.json", "--filter", pattern_of(name)).returncode == 0
    assert contents(checked / "base") == OLD | {name: name}


def test_a_filter_that_is_none_is_told(checked: Path, approve: Approve) -> None:
    done = approve("report.json", "--filter", "# only a comment")
    assert done.returncode == 2
    assert "match nothing" in done.stderr
    assert contents(checked / "base") == OLD


THERE = "to approve: menu/icon.png, shade.png and menu/fresh.png"


@pytest.mark.parametrize("further", [[], ["--dry-run"], ["-q"]])
@pytest.mark.parametrize(
    ("patterns", "told", "hint"),
    [
        (["shad.png"], f"no image of the report matches 'shad.png'; {THERE}", "did you mean shade.png?"),
        (["meun/**"], f"no image of the report matches 'meun/**'; {THERE}", "did you mean menu/**?"),
        (["/Icons.png"], f"no image of the report matches '/Icons.png'; {THERE}", "did you mean icon.png?"),
        (
            ["shade.png", "*.jpg", "fresh.pgn"],
            f"no image of the report matches '*.jpg' or 'fresh.pgn'; {THERE}",
            "did you mean *.png and fresh.png?",
        ),
        (
            ["*", "!meun/"],
            f"no image of the report matches '!meun/'; {THERE}",
            "did you mean menu/**?",
        ),
        (
            ["\x1b"],
            f"no image of the report matches '\\x1b'; {THERE}",
            "write patterns as in .gitignore, such as *.png or charts/**; to list what can be approved, use "
            "--dry-run without --filter.",
        ),
        (
            ["!menu/*"],
            f"the patterns leave no image; {THERE}",
            "a pattern with ! removes what those before it match: --filter '*' --filter '!charts/**'",
        ),
    ],
)
def test_a_filter_that_matches_nothing_is_told_and_nothing_done(
    checked: Path, approve: Approve, patterns: list[str], told: str, hint: str, further: list[str]
) -> None:
    done = approve("report.json", *further, *(word for pattern in patterns for word in ("--filter", pattern)))
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == f"Error: {told}\nHint: {hint}\n"
    assert contents(checked / "base") == OLD


def test_of_many_pictures_to_approve_some_are_named(checked: Path, approve: Approve) -> None:
    names = [f"p{number}.png" for number in range(9)]
    for name in names:
        put(checked / "now" / name, name)
    write_report(checked, *(result_of(checked, name, "new") for name in names))
    done = approve("report.json", "--filter", "zzz")
    assert "; to approve: p0.png, p1.png, p2.png, p3.png, p4.png and 4 more\n" in done.stderr
    done = approve("report.json", "--filter", "p0.pgn", "--only", "changed")
    assert done.stderr.startswith("Error: no image of the report matches 'p0.pgn'; there is nothing to approve\n")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--filter", "fine.png"], "fine.png passed: nothing to approve.\n"),
        (
            ["--filter", "fine.png", "--filter", "broken.png"],
            "1 image passed, 1 image could not be compared: nothing to approve.\n",
        ),
        (
            ["--filter", "gone.png"],
            "gone.png was missing: nothing to approve.\n--prune deletes 1 baseline without an image.\n",
        ),
        (
            ["--filter", "shade.png", "--only", "new"],
            "shade.png differed: nothing to approve with --only new.\n",
        ),
    ],
)
def test_a_filter_of_pictures_that_need_no_approval_is_no_error(
    checked: Path, approve: Approve, options: list[str], told: str
) -> None:
    for further in ([], ["--dry-run"]):
        done = approve("report.json", *options, *further)
        assert (done.returncode, done.stdout, done.stderr) == (0, told, "")
    assert contents(checked / "base") == OLD


def test_nothing_to_approve_is_said(checked: Path, approve: Approve) -> None:
    write_report(checked, *(result_of(checked, name, PICTURES[name][2]) for name in ("fine.png", "gone.png")))
    done = approve("report.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "Nothing to approve: report.json has no image that differs or is new.\n"
        "--prune deletes 1 baseline without an image.\n"
    )
    assert approve("report.json", "-q").stdout == ""
    assert contents(checked / "base") == OLD
    write_report(checked, result_of(checked, "fine.png", "pass"))
    for options, kinds in (
        (["--prune"], "differs or is new or is missing"),
        (["--only", "new"], "is new"),
        (["--only", "changed", "--prune"], "differs or is missing"),
    ):
        told = f"Nothing to approve: report.json has no image that {kinds}.\n"
        assert approve("report.json", *options).stdout == told
