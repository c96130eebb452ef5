"""percept approve: real folders, real processes, and every reason to refuse."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from percept_cli.geometry import FileStamp
from percept_cli.reports import Style
from percept_cli.reports import render as render_report
from percept_cli.reports.commands import pattern_of
from percept_cli.results.run import PairResult
from percept_cli.runs import approval
from percept_cli.runs.approval import LOCK, Approval, BaselineStep, Refused
from percept_cli.system.beneath import FilePlace, LinkInTheWay, below, leads_out
from percept_cli.system.patterns import Patterns
from percept_cli.system.whole import write_output
from tests.conftest import Percept, Save
from tests.runs import CHECKED, PAIR
from tests.test_signals import held

BARE = replace(
    PAIR, width=None, height=None, layers=(), distance=0.0, threshold=None, threshold_source="", seconds=0.0
)
PICTURES = {
    "fine.png": ("same", "same", "pass"),
    "menu/icon.png": ("old icon", "new icon", "fail"),
    "shade.png": ("old shade", "new shade", "warn"),
    "menu/fresh.png": (None, "fresh", "new"),
    "gone.png": ("gone", None, "missing"),
    "broken.png": ("sound", "broken", "error"),
}
"""Name → what the baseline holds, what the current folder holds, and what a check says."""
FOLDERS = ("--baseline", "base", "--current", "now")


def put(path: Path, text: str) -> None:
    """A picture that says what it is of, or a file of that text if it is not named like one."""
    if path.suffix not in (".png", ".jpg"):
        path.write_text(text)
        return
    said = PngInfo()
    said.add_text("Title", text)
    Image.new("RGB", (2, 2), (len(text), 0, 0)).save(path, "PNG", pnginfo=said)


def got(path: Path) -> str:
    """What was put there."""
    if path.read_bytes()[:4] != b"\x89PNG":
        return path.read_text()
    with Image.open(path) as image:
        return str(image.info["Title"])


def stamp(path: Path) -> FileStamp | None:
    if not path.exists():
        return None
    data = path.read_bytes()
    return FileStamp(len(data), path.stat().st_mtime_ns, hashlib.sha256(data).hexdigest())


def result_of(root: Path, name: str, status: Any, **changes: Any) -> PairResult:
    files = [Path("base") / name, Path("now") / name]
    names = [file.as_posix() if (root / file).exists() else None for file in files]
    stamps = [stamp(root / file) for file in files]
    result = replace(BARE, name=name, status=status, reference=names[0], candidate=names[1], reason="so it is")
    return replace(result, **{"reference_file": stamps[0], "candidate_file": stamps[1]} | changes)


def write_report(root: Path, *results: PairResult, **changes: Any) -> None:
    run = replace(CHECKED, **{"folders": ("base", "now"), "results": results} | changes)
    write_output(root / "report.json", render_report(run, "json", Style()))


@pytest.fixture
def checked(tmp_path: Path) -> Path:
    """Two folders and the report of their check."""
    for name, (old, new, _) in PICTURES.items():
        for folder, content in (("base", old), ("now", new)):
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is not None:
                put(path, content)
    write_report(tmp_path, *(result_of(tmp_path, name, entry[2]) for name, entry in PICTURES.items()))
    return tmp_path


def identity(path: Path) -> tuple[int, int, int]:
    """What changes when a file is written, replaced, or given another mode; reading it changes it not."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_mode


def contents(folder: Path) -> dict[str, str]:
    """All there is in a folder, hidden files included."""
    return {path.relative_to(folder).as_posix(): got(path) for path in folder.rglob("*") if path.is_file()}


OLD = {name: entry[0] for name, entry in PICTURES.items() if entry[0] is not None}
ACCEPTED = OLD | {"menu/icon.png": "new icon", "shade.png": "new shade", "menu/fresh.png": "fresh"}

HINT = "Hint: what was refused is as it was; if a file has changed since the check, run percept check again.\n"

Approve = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def approve(percept: Percept) -> Approve:
    """The command on a person's own machine, also where these tests run in a pipeline, with the folders named."""

    def run(*arguments: object, named: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        options["env"] = {"CI": ""} | options.get("env", {})
        folders = FOLDERS if named and "--baseline" not in arguments else ()
        return percept("approve", *arguments, *folders, **options)

    return run


def test_changed_and_new_pictures_are_copied_and_no_others(checked: Path, approve: Approve) -> None:
    passed = identity(checked / "base" / "fine.png")
    done = approve("report.json", fresh=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "changed  menu/icon.png\nchanged  shade.png\nnew      menu/fresh.png\nIn base: 2 changed, 1 new.\n"
    )
    assert contents(checked / "base") == ACCEPTED
    assert identity(checked / "base" / "fine.png") == passed
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.slow
@pytest.mark.parametrize("dry", [False, True])
def test_approving_twice_finds_it_done(checked: Path, approve: Approve, dry: bool) -> None:
    approve("report.json", "--prune")
    before = {path: identity(path) for path in (checked / "base").rglob("*.png")}
    done = approve("report.json", "--prune", *["--dry-run"][:dry])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "already approved  menu/icon.png\n"
        "already approved  shade.png\n"
        "already approved  menu/fresh.png\n"
        "already approved  gone.png\n"
        f"{'Without --dry-run, in' if dry else 'In'} base: 4 already approved.\n"
    )
    assert {path: identity(path) for path in (checked / "base").rglob("*.png")} == before
    assert approve("report.json", "--prune", "-q").stdout == ""


def test_a_part_that_is_approved_already_is_no_reason_to_refuse_the_rest(checked: Path, approve: Approve) -> None:
    approve("report.json", "--filter", "shade.png")
    put(checked / "now" / "shade.png", "another shade")  # which was not what was approved
    put(checked / "base" / "menu" / "fresh.png", "someone else's")
    done = approve("report.json")
    assert done.returncode == 1
    assert done.stdout == (
        "changed  menu/icon.png\nalready approved  shade.png\nIn base: 1 changed, 1 already approved, 1 refused.\n"
    )
    assert done.stderr == f"refused  menu/fresh.png: there is a reference now\n{HINT}"
    assert contents(checked / "base") == ACCEPTED | {"menu/fresh.png": "someone else's"}


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


def test_a_pattern_keeps_the_space_at_the_end_of_a_name() -> None:
    assert Patterns([pattern_of("end ")]).match("end ")
    assert not Patterns([pattern_of("end ")]).match("end")


def test_a_filter_that_is_none_is_told(checked: Path, approve: Approve) -> None:
    done = approve("report.json", "--filter", "# only a comment")
    assert done.returncode == 2
    assert "match nothing" in done.stderr
    assert contents(checked / "base") == OLD


THERE = "to approve there is menu/icon.png, shade.png and menu/fresh.png"


@pytest.mark.parametrize("further", [[], ["--dry-run"], ["-q"]])
@pytest.mark.parametrize(
    ("patterns", "told", "hint"),
    [
        (["shad.png"], f"no picture of the report matches 'shad.png'; {THERE}", "did you mean shade.png?"),
        (["meun/**"], f"no picture of the report matches 'meun/**'; {THERE}", "did you mean menu/**?"),
        (["/Icons.png"], f"no picture of the report matches '/Icons.png'; {THERE}", "did you mean icon.png?"),
        (
            ["shade.png", "*.jpg", "fresh.pgn"],
            f"no picture of the report matches '*.jpg' or 'fresh.pgn'; {THERE}",
            "did you mean *.png and fresh.png?",
        ),
        (
            ["*", "!meun/"],
            f"no picture of the report matches '!meun/'; {THERE}",
            "did you mean menu/**?",
        ),
        (
            ["\x1b"],
            f"no picture of the report matches '\\x1b'; {THERE}",
            "write patterns as in .gitignore: *.png, charts/**; without --filter, --dry-run lists what there is.",
        ),
        (
            ["!menu/*"],
            f"the patterns leave no picture over; {THERE}",
            "one with ! takes away from those before it: --filter '*' --filter '!charts/**'",
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
    assert "; to approve there is p0.png, p1.png, p2.png, p3.png, p4.png and 4 more\n" in done.stderr
    done = approve("report.json", "--filter", "p0.pgn", "--only", "changed")
    assert done.stderr.startswith(
        "Error: no picture of the report matches 'p0.pgn'; there is nothing to approve\n"
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--filter", "fine.png"], "fine.png passed: nothing to approve.\n"),
        (
            ["--filter", "fine.png", "--filter", "broken.png"],
            "1 picture passed, 1 picture could not be compared: nothing to approve.\n",
        ),
        (
            ["--filter", "gone.png"],
            "gone.png had no candidate: nothing to approve.\n--prune deletes 1 reference without a candidate.\n",
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


def test_missing_pictures_go_only_on_request(checked: Path, approve: Approve) -> None:
    done = approve("report.json", "--prune", "--filter", "gone.png")
    assert (done.returncode, done.stdout) == (0, "removed  gone.png\nIn base: 1 removed.\n")
    assert contents(checked / "base") == {name: text for name, text in OLD.items() if name != "gone.png"}


def test_a_missing_picture_that_is_back_is_not_removed(checked: Path, approve: Approve) -> None:
    put(checked / "now" / "gone.png", "back")
    done = approve("report.json", "--prune")
    assert done.returncode == 1
    assert done.stderr.startswith("refused  gone.png: there is a candidate now\n")
    assert contents(checked / "base") == ACCEPTED


def test_a_dry_run_does_nothing_but_says_the_same(checked: Path, approve: Approve) -> None:
    put(checked / "now" / "shade.png", "another shade")
    before = {path: identity(path) for path in (checked / "base").rglob("*")}
    dry = approve("report.json", "--prune", "--dry-run")
    assert dry.returncode == 1
    assert dry.stdout.endswith("\nWithout --dry-run, in base: 1 changed, 1 new, 1 removed, 1 refused.\n")
    assert {path: identity(path) for path in (checked / "base").rglob("*")} == before
    wet = approve("report.json", "--prune")
    assert wet.stderr == dry.stderr
    assert wet.stdout.splitlines()[:-1] == dry.stdout.splitlines()[:-1]


def test_nothing_to_approve_is_said(checked: Path, approve: Approve) -> None:
    write_report(checked, *(result_of(checked, name, PICTURES[name][2]) for name in ("fine.png", "gone.png")))
    done = approve("report.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "Nothing to approve: report.json has no picture that differs or is new.\n"
        "--prune deletes 1 reference without a candidate.\n"
    )
    assert approve("report.json", "-q").stdout == ""
    assert contents(checked / "base") == OLD
    write_report(checked, result_of(checked, "fine.png", "pass"))
    for options, kinds in (
        (["--prune"], "differs or is new or is missing"),
        (["--only", "new"], "is new"),
        (["--only", "changed", "--prune"], "differs or is missing"),
    ):
        told = f"Nothing to approve: report.json has no picture that {kinds}.\n"
        assert approve("report.json", *options).stdout == told


def test_quiet_says_only_what_was_refused(checked: Path, approve: Approve) -> None:
    put(checked / "now" / "shade.png", "another shade")
    done = approve("report.json", "-q")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("refused  shade.png: the candidate has changed since it was compared\n")
    assert contents(checked / "base") == ACCEPTED | {"shade.png": "old shade"}


@pytest.mark.parametrize(
    ("folder", "change", "reason"),
    [
        ("now", "write", "the candidate has changed since it was compared"),
        ("now", "remove", "now/shade.png: No such file or directory"),
        ("base", "write", "the reference has changed since it was compared"),
        ("base", "remove", "the reference is gone since it was compared"),
    ],
)
def test_what_changed_since_is_refused_and_the_others_go_on(
    checked: Path, approve: Approve, folder: str, change: str, reason: str
) -> None:
    path = checked / folder / "shade.png"
    if change == "write":
        put(path, "OLD SHADE")
    else:
        path.unlink()
    shade = {"shade.png": got(path) if path.exists() else None} if folder == "base" else {"shade.png": "old shade"}
    done = approve("report.json")
    assert done.returncode == 1
    assert done.stderr.startswith(f"refused  shade.png: {reason}")
    assert done.stderr.endswith(f"\n{HINT}")
    assert done.stderr.count("\n") == 2
    assert "In base: 1 changed, 1 new, 1 refused." in done.stdout
    assert contents(checked / "base") == {
        name: text for name, text in (ACCEPTED | shade).items() if text is not None
    }


@pytest.mark.parametrize("value", ["true", "1", "yes"])
def test_a_pipeline_is_refused(checked: Path, approve: Approve, value: str) -> None:
    done = approve("report.json", env={"CI": value})
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error: percept approve changes the baseline" in done.stderr
    assert "--force" in done.stderr
    assert contents(checked / "base") == OLD
    assert approve("report.json", "--dry-run", env={"CI": value}).returncode == 0
    assert contents(checked / "base") == OLD
    assert approve("report.json", "--force", env={"CI": value}).returncode == 0
    assert contents(checked / "base") == ACCEPTED


@pytest.mark.parametrize("value", ["", "0", "false", "False"])
def test_where_ci_is_unset_it_is_no_pipeline(checked: Path, approve: Approve, value: str) -> None:
    assert approve("report.json", env={"CI": value}).returncode == 0
    assert contents(checked / "base") == ACCEPTED


def test_a_link_out_of_the_baseline_is_refused(checked: Path, approve: Approve) -> None:
    elsewhere = checked / "elsewhere.png"
    put(elsewhere, "old icon")
    (checked / "base" / "menu" / "icon.png").unlink()
    (checked / "base" / "menu" / "icon.png").symlink_to(elsewhere)
    done = approve("report.json")
    assert done.returncode == 1
    assert done.stderr.startswith("refused  menu/icon.png: base/menu/icon.png is, or lies behind, a symbolic link")
    assert got(elsewhere) == "old icon"
    assert got(checked / "base" / "shade.png") == "new shade"


def test_a_folder_that_is_a_link_is_refused(checked: Path, approve: Approve) -> None:
    (checked / "base" / "menu").rename(checked / "menu-elsewhere")
    (checked / "base" / "menu").symlink_to(checked / "menu-elsewhere")
    done = approve("report.json", "--filter", "menu/")
    assert (done.returncode, done.stdout) == (1, "In base: 2 refused.\n")
    assert contents(checked / "menu-elsewhere") == {"icon.png": "old icon"}


def test_a_baseline_that_is_a_link_itself_is_fine(checked: Path, approve: Approve) -> None:
    (checked / "base").rename(checked / "real")
    (checked / "base").symlink_to("real")
    assert approve("report.json").returncode == 0
    assert contents(checked / "real") == ACCEPTED


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "../evil.png", "reference": None, "status": "new"},
        {"name": "a/../../evil.png", "reference": None, "status": "new"},
        {"name": "shade.png", "reference": "evil.png"},
        {"name": "shade.png", "reference": "base/../evil.png"},
        {"name": "shade.png", "reference": "/etc/evil.png"},
        {"name": "shade.png", "candidate": "secret.png"},
        {"name": "shade.png", "candidate": "now/../secret.png"},
    ],
)
@pytest.mark.parametrize("prune", [False, True])
def test_a_report_cannot_lead_out_of_its_folders(
    checked: Path, approve: Approve, changes: dict[str, Any], prune: bool
) -> None:
    for name in ("evil.png", "secret.png"):
        put(checked / name, "old shade")
    result = replace(result_of(checked, "shade.png", "fail"), **changes)
    if prune and "candidate" not in changes:
        result = replace(result, status="missing", candidate=None, candidate_file=None)
    write_report(checked, result)
    everything = contents(checked)
    done = approve("report.json", "--prune")
    assert done.returncode == 1
    assert done.stderr.startswith("refused  ")
    assert contents(checked) == everything


def compared_with(checked: Path, place: str) -> None:
    """The report of a check whose best reference for shade.png was another than that of its name."""
    put(checked / "base" / place, "dark shade")
    other = {"reference": f"base/{place}", "reference_file": stamp(checked / "base" / place)}
    write_report(checked, result_of(checked, "shade.png", "fail", **other))


def test_the_reference_that_was_compared_is_replaced_if_the_settings_give_it(
    checked: Path, approve: Approve
) -> None:
    compared_with(checked, "shade-dark.png")
    (checked / "percept.toml").write_text("[check]\nreferences = '{stem}-dark{suffix}'\n")
    done = approve("report.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "changed  shade.png\nIn base: 1 changed.\n"
    assert contents(checked / "base") == OLD | {"shade-dark.png": "new shade"}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (
            "[check]\n",
            "it was compared with base/shade-dark.png, which no references in the settings give it; name those of "
            "the check with --config, or copy now/shade.png to base/shade.png by hand",
        ),
        (
            "[check]\nreferences = 'shade-dark.png'\n",
            "it was compared with base/shade-dark.png, a reference of other pictures too; copy now/shade.png to "
            "base/shade.png by hand, and it has one of its own",
        ),
    ],
)
def test_another_reference_is_refused_with_what_to_do(
    checked: Path, approve: Approve, settings: str, told: str
) -> None:
    compared_with(checked, "shade-dark.png")
    (checked / "percept.toml").write_text(settings)
    done = approve("report.json")
    assert (done.returncode, done.stderr) == (1, f"refused  shade.png: {told}\n{HINT}")
    assert contents(checked / "base") == OLD | {"shade-dark.png": "dark shade"}


def test_a_reference_that_two_pictures_were_compared_with_is_refused(checked: Path, approve: Approve) -> None:
    compared_with(checked, "fine.png")
    other = {"reference": "base/fine.png", "reference_file": stamp(checked / "base" / "fine.png")}
    results = [result_of(checked, "shade.png", "fail", **other), result_of(checked, "fine.png", "pass")]
    write_report(checked, *results)
    (checked / "percept.toml").write_text("[[override]]\nmatch = 'shade.*'\nreferences = '{name}/../fine.png'\n")
    assert approve("report.json").returncode == 2
    (checked / "percept.toml").write_text(
        "[[override]]\nmatch = '*'\nreferences = ['{stem}.jpg', 'fine{suffix}']\n"
    )
    done = approve("report.json")
    assert "a reference of other pictures too" in done.stderr
    assert contents(checked / "base") == OLD | {"fine.png": "dark shade"}


# What a report that somebody else wrote may not do.


def everything(root: Path) -> dict[str, bytes | str]:
    found: dict[str, bytes | str] = {}
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_file():
            found[name] = path.read_bytes()
    return found


def test_the_folders_of_a_report_are_used_by_nobody(checked: Path, approve: Approve) -> None:
    """The report that made an executable hook: its baseline is .git/hooks, its candidate a program."""
    hooks, evil = checked / ".git" / "hooks", checked / "evil"
    hooks.mkdir(parents=True)
    evil.mkdir()
    (evil / "post-checkout").write_text("#!/bin/sh\necho owned")
    (evil / "post-checkout").chmod(0o755)
    row = replace(
        result_of(checked, "fine.png", "new", reference=None, reference_file=None),
        name="post-checkout",
        candidate="evil/post-checkout",
        candidate_file=stamp(evil / "post-checkout"),
    )
    write_report(checked, row, folders=(".git/hooks", "evil"))
    before = everything(checked)
    done = approve("report.json", named=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "Error: report.json says that it compared evil with the baseline .git/hooks; which folders are used is "
        "yours to say, and not the report's\n"
        "Hint: if you mean these, name them, or write them into percept.toml as baseline and current of [check]:\n"
        "percept approve report.json --baseline .git/hooks --current evil\n"
    )
    done = approve("report.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error: the report is of the baseline folder .git/hooks, and not of base\n" in done.stderr
    done = approve("report.json", "--baseline", ".git/hooks", "--current", "evil")
    assert (done.returncode, done.stdout) == (2, "")
    assert ".git/hooks is in a folder of git's own" in done.stderr
    hooks.rename(checked / "hooks")
    write_report(checked, row, folders=("hooks", "evil"))
    done = approve("report.json", "--baseline", "hooks", "--current", "evil")
    assert done.stderr == f"refused  post-checkout: post-checkout is not named like a picture\n{HINT}"
    assert everything(checked).keys() == before.keys()
    assert list((checked / "hooks").iterdir()) == []


def test_the_command_that_is_told_is_the_one_to_type(checked: Path, approve: Approve) -> None:
    """With the folders quoted for a shell, and the options that were given."""
    for old, new in (("base", "it's the base"), ("now", "$(touch owned) now")):
        (checked / old).rename(checked / new)
    folders = ("it's the base", "$(touch owned) now")
    result = result_of(checked, "shade.png", "fail")
    files = [f"{folder}/shade.png" for folder in folders]
    stamps = [stamp(checked / file) for file in files]
    result = replace(
        result, reference=files[0], candidate=files[1], reference_file=stamps[0], candidate_file=stamps[1]
    )
    write_report(checked, result, folders=folders)
    done = approve("report.json", "--filter", "-x.png", "--filter", "*.png", "--only", "changed", named=False)
    command = done.stderr.splitlines()[-1]
    assert command.startswith("percept approve report.json --baseline ")
    assert "--filter=-x.png --filter '*.png' --only changed" in command
    command = command.replace("--filter=-x.png ", "").replace("percept", f"{sys.executable} -m percept_cli", 1)
    typed = subprocess.run(
        ["bash", "-c", command], cwd=checked, env=os.environ | {"CI": ""}, capture_output=True, text=True
    )
    assert (typed.returncode, typed.stderr) == (0, "")
    assert typed.stdout == "changed  shade.png\nIn it's the base: 1 changed.\n"
    assert not (checked / "owned").exists()


def test_settings_name_the_folders(checked: Path, approve: Approve) -> None:
    (checked / "percept.toml").write_text("[check]\nbaseline = 'base'\ncurrent = 'now'\n")
    assert approve("report.json", "--dry-run", named=False).returncode == 0
    (checked / "sub").mkdir()
    write_report(checked, folders=("../base", "../now"))
    done = approve("../report.json", cwd=checked / "sub", named=False)
    assert (done.returncode, done.stderr) == (
        0,
        f"Note: settings from {checked / 'percept.toml'}, above the current folder\n",
    )
    (checked / "percept.toml").write_text("[check]\nbaselin = 'base'\ncurrent = 'now'\n")
    done = approve("report.json", named=False)
    assert (done.returncode, done.stderr) == (
        2,
        "Error: percept.toml: unknown key 'baselin'\nHint: did you mean baseline?\n",
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("/etc/evil.png", "the name leads out of the baseline folder"),
        (".git/evil.png", ".git/evil.png is hidden, or in a hidden folder, where nothing is ever approved"),
        (".evil.png", ".evil.png is hidden, or in a hidden folder, where nothing is ever approved"),
        ("evil.sh", "evil.sh is not named like a picture"),
        ("evil", "evil is not named like a picture"),
        ("a\0.png", "the name leads out of the baseline folder"),
        ("half\ud800.png", "no file can have this name"),
    ],
)
@pytest.mark.parametrize("status", ["new", "missing"])
def test_names_that_are_no_pictures_are_refused(
    checked: Path, approve: Approve, name: str, told: str, status: Any
) -> None:
    """Also for files that are pictures and something else at once: what they are used as goes by their name."""
    document = json.loads((checked / "report.json").read_text())
    (row,) = (row for row in document["results"] if row["name"] == "menu/fresh.png")
    row |= {"name": name, "status": status, "candidate": f"now/{name}"}
    if status == "missing":
        row |= {"candidate": None, "reference": f"base/{name}"}
        row["files"] = {"candidate": None, "reference": row["files"]["candidate"]}
    (checked / "report.json").write_text(json.dumps(document | {"results": [row]}))
    before = everything(checked)
    done = approve("report.json", "--prune")
    assert (done.returncode, done.stdout) == (1, "In base: 1 refused.\n")
    assert f": {told}" in done.stderr
    assert everything(checked) == before


@pytest.mark.parametrize("dry", [False, True])
def test_only_pictures_are_written(checked: Path, approve: Approve, dry: bool) -> None:
    for name, data in (("text.png", b"#!/bin/sh"), ("empty.png", b"")):
        (checked / "now" / name).write_bytes(data)
    whole = (checked / "now" / "shade.png").read_bytes()
    (checked / "now" / "half.png").write_bytes(whole[: len(whole) // 2])
    write_report(checked, *(result_of(checked, name, "new") for name in ("text.png", "empty.png", "half.png")))
    done = approve("report.json", *["--dry-run"][:dry])
    assert done.returncode == 1
    assert "refused  text.png: now/text.png: not a picture" in done.stderr
    assert "refused  empty.png: now/empty.png: empty (0 bytes)" in done.stderr
    assert "refused  half.png: now/half.png: " in done.stderr
    assert contents(checked / "base") == OLD


def test_a_candidate_may_be_a_link_within_its_folder_and_not_out_of_it(checked: Path, approve: Approve) -> None:
    for name in ("secret.png", "now/real.png"):
        put(checked / name, name)
    (checked / "elsewhere").mkdir()
    put(checked / "elsewhere" / "in.png", "in")
    for name, target in (("out.png", "../secret.png"), ("in.png", "real.png"), ("far", "../elsewhere")):
        (checked / "now" / name).symlink_to(target)
    write_report(checked, *(result_of(checked, name, "new") for name in ("out.png", "in.png", "far/in.png")))
    done = approve("report.json")
    assert done.stderr == (
        "refused  out.png: now/out.png is a link that leads out of now\n"
        f"refused  far/in.png: now/far/in.png is a link that leads out of now\n{HINT}"
    )
    assert contents(checked / "base") == OLD | {"in.png": "now/real.png"}
    assert not (checked / "base" / "in.png").is_symlink()


def test_a_pipe_in_the_place_of_a_candidate_is_not_waited_for(checked: Path, approve: Approve) -> None:
    (checked / "now" / "shade.png").unlink()
    os.mkfifo(checked / "now" / "shade.png")
    done = approve("report.json", "--filter", "shade.png", timeout=60)
    assert done.stderr == f"refused  shade.png: now/shade.png is not a regular file\n{HINT}"


def test_what_windows_would_take_for_another_folder() -> None:
    for name in ("a.png", "a/b.png", "back\\slash.png", "C:a.png", "..a/b..png"):
        assert not leads_out(name, windows=False)
    for name in ("", ".", "..", "/a.png", "a/../b.png", "../a.png", "a\0.png", "//host/share/a.png"):
        assert leads_out(name, windows=False)
        assert leads_out(name, windows=True)
    for name in ("..\\a.png", "C:a.png", "C:\\a.png", "\\\\host\\share\\a.png", "a.png:stream", "C:/a.png"):
        assert leads_out(name, windows=True)
    assert not leads_out("a/b.png", windows=True)


def test_a_folder_that_becomes_a_link_meanwhile_is_not_followed(checked: Path) -> None:
    with below(checked / "base", "menu/icon.png") as spot:
        (checked / "base" / "menu").rename(checked / "menu")
        (checked / "base" / "menu").symlink_to(checked / "now")
        os.close(spot.beside("made.png").open(os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    assert (checked / "menu" / "made.png").exists()
    assert not (checked / "now" / "made.png").exists()
    with pytest.raises(LinkInTheWay), below(checked / "base", "menu/icon.png"):
        pass


def test_what_a_killed_process_left_is_removed_by_the_next(checked: Path, approve: Approve) -> None:
    process = held(checked, "approve", "report.json", *FOLDERS)
    process.kill()
    process.communicate(timeout=60)
    left = [name for name in contents(checked / "base") if name.endswith(".tmp")]
    assert len(left) == 1
    for name in (".percept-approve-mine.tmp", ".percept-0123456789abcdef.tmp"):  # of others
        (checked / "base" / name).write_text("mine")
    assert approve("report.json", "--filter", "shade.png").returncode == 0
    found = contents(checked / "base")
    others = {".percept-approve-mine.tmp", ".percept-0123456789abcdef.tmp"}
    assert {name for name in found if name.endswith(".tmp")} == others


def test_another_kind_of_file_is_refused(checked: Path, approve: Approve) -> None:
    put(checked / "now" / "shade.jpg", "a jpeg")
    other = {"candidate": "now/shade.jpg", "candidate_file": stamp(checked / "now" / "shade.jpg")}
    write_report(checked, result_of(checked, "shade.png", "fail", **other))
    done = approve("report.json")
    assert "the reference is a .png file, which now/shade.jpg is not" in done.stderr
    assert contents(checked / "base") == OLD


@pytest.mark.parametrize(
    "name", ["[red].png", "line\nbreak.png", "\x1b[31m.png", "stray \udcff.png", "-rf.png", " .png"]
)
def test_hostile_names_are_copied_and_shown_on_one_line(checked: Path, approve: Approve, name: str) -> None:
    put(checked / "now" / name, "hostile")
    write_report(checked, result_of(checked, name, "new"))
    done = approve("report.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 2
    assert "\x1b" not in done.stdout
    assert got(checked / "base" / name) == "hostile"


def test_what_may_be_done_with_a_file_is_the_references_and_never_to_run_it(
    checked: Path, approve: Approve
) -> None:
    (checked / "base" / "shade.png").chmod(0o640)
    (checked / "base" / "menu" / "icon.png").chmod(0o4755)
    for name in ("shade.png", "menu/icon.png", "menu/fresh.png"):
        (checked / "now" / name).chmod(0o777)
    assert approve("report.json").returncode == 0
    (checked / "made").touch()
    usual = (checked / "made").stat().st_mode & 0o7777
    names = ("shade.png", "menu/icon.png", "menu/fresh.png")
    assert [(checked / "base" / name).stat().st_mode & 0o7777 for name in names] == [0o640, 0o644, usual]


def test_a_baseline_that_is_not_there_yet_is_made(checked: Path, approve: Approve) -> None:
    write_report(checked, result_of(checked, "menu/fresh.png", "new"), folders=("first/base", "now"))
    folders = ("--baseline", "first/base", "--current", "now")
    assert approve("report.json", "--dry-run", *folders).returncode == 0
    assert not (checked / "first").exists()
    assert approve("report.json", *folders).returncode == 0
    assert contents(checked / "first" / "base") == {"menu/fresh.png": "fresh"}


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (None, 3, "report.json: no such file"),
        ("no json", 3, "report.json: not a JSON report of percept"),
        ('{"tool": "percept", "schema_version": 99}', 3, "schema_version is 99"),
        ("[]", 3, "report.json: not a JSON report of percept"),
    ],
)
def test_a_bad_report_is_told(checked: Path, approve: Approve, text: str | None, code: int, message: str) -> None:
    (checked / "report.json").unlink()
    if text is not None:
        put(checked / "report.json", text)
    done = approve("report.json")
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Hint: " in done.stderr


def test_a_report_without_folders_has_no_baseline(checked: Path, approve: Approve) -> None:
    document = json.loads(got(checked / "report.json"))
    put(checked / "report.json", json.dumps(document | {"folders": None}))
    done = approve("report.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the report is not of two folders" in done.stderr


def test_calling_it_elsewhere_is_told(checked: Path, approve: Approve) -> None:
    (checked / "sub").mkdir()
    done = approve("../report.json", cwd=checked / "sub")
    assert (done.returncode, done.stdout) == (3, "")
    assert "Error: now: no such folder" in done.stderr
    assert list((checked / "sub").iterdir()) == []


def test_a_report_that_lacks_the_stamps_is_refused(checked: Path, approve: Approve) -> None:
    write_report(
        checked,
        result_of(checked, "shade.png", "fail", candidate_file=None),
        result_of(checked, "menu/icon.png", "fail", reference_file=None),
    )
    done = approve("report.json")
    assert (done.returncode, done.stdout) == (1, "In base: 2 refused.\n")
    assert "does not say which candidate was compared" in done.stderr
    assert "does not say which reference was compared" in done.stderr
    assert contents(checked / "base") == OLD


def test_a_folder_that_cannot_be_written_to_is_named(checked: Path, approve: Approve) -> None:
    """Rights do not bind root, which tests may run as; that the lock file's name is taken stands for them."""
    (checked / "base" / LOCK).mkdir()
    done = approve("report.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"Error: base/{LOCK}: cannot be written: Is a directory" in done.stderr
    (checked / "base" / LOCK).rmdir()
    assert contents(checked / "base") == OLD


def test_one_file_that_cannot_be_written_is_refused_and_the_others_go_on(checked: Path, approve: Approve) -> None:
    """A file in the place of a folder, which no rights help against."""
    (checked / "now" / "deep").mkdir()
    put(checked / "now" / "deep" / "a.png", "deep")
    put(checked / "base" / "deep", "a file")
    write_report(checked, result_of(checked, "deep/a.png", "new"), result_of(checked, "shade.png", "fail"))
    done = approve("report.json")
    assert done.returncode == 1
    assert done.stderr.startswith("refused  deep/a.png: base/deep")
    assert got(checked / "base" / "shade.png") == "new shade"


def read_only(root: Path) -> list[str]:
    """A prefix of commands for which the baseline is read-only, also for root, whom rights do not bind."""
    if os.getuid():
        (root / "base").chmod(0o555)
        return []
    mount = "mount --bind base base && mount -o remount,ro,bind base"
    prefix = ["unshare", "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh"]
    if not shutil.which("unshare") or subprocess.run([*prefix, "true"], cwd=root, capture_output=True).returncode:
        pytest.skip("as root, and this machine lets nobody mount anything (needs unshare and mount)")
    return prefix


def test_a_read_only_baseline(checked: Path) -> None:
    command = [*read_only(checked), sys.executable, "-m", "percept_cli", "approve", "report.json", *FOLDERS]
    environment = os.environ | {"CI": ""}
    done = subprocess.run(command, cwd=checked, env=environment, capture_output=True, text=True)
    (checked / "base").chmod(0o755)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: base/{LOCK}: cannot be written: ")
    assert "nothing was changed" in done.stderr
    assert contents(checked / "base") == OLD


@pytest.fixture
def busy(checked: Path) -> Iterator[Path]:
    """Another process's lock on the baseline: in this process, but a lock of another opening of the file."""
    with (checked / "base" / LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield checked


def test_two_at_once(busy: Path, approve: Approve) -> None:
    done = approve("report.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error: base: another percept approve is at work in it\n" in done.stderr
    (busy / "base" / LOCK).unlink()
    assert contents(busy / "base") == OLD


def test_a_lock_that_a_killed_process_left_is_in_nobodys_way(checked: Path, approve: Approve) -> None:
    (checked / "base" / LOCK).touch()
    assert approve("report.json").returncode == 0
    assert contents(checked / "base") == ACCEPTED


def test_a_lock_that_is_a_link_makes_no_file_elsewhere(checked: Path, approve: Approve) -> None:
    (checked / "base" / LOCK).symlink_to(checked / "elsewhere")
    done = approve("report.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert not (checked / "elsewhere").exists()
    assert got(checked / "base" / "shade.png") == "old shade"


def test_a_race_of_processes_changes_every_file_once(checked: Path) -> None:
    names = [f"p{number}.png" for number in range(60)]
    for name in names:
        for folder in ("base", "now"):
            put(checked / folder / name, f"{folder} {name}" * 2000)
    write_report(checked, *(result_of(checked, name, "fail") for name in names))
    command = [sys.executable, "-m", "percept_cli", "approve", "report.json", *FOLDERS]
    environment = os.environ | {"CI": ""}
    racers = [
        subprocess.Popen(
            command, cwd=checked, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    outputs = [racer.communicate(timeout=120) for racer in racers]
    codes = sorted(racer.returncode for racer in racers)
    # One wins; another is told that it is not alone (2), or comes after it and finds everything done (0).
    assert codes[0] == 0
    assert set(codes[1:]) <= {0, 2}
    told = "".join(out for out, _ in outputs)
    assert all(told.count(f"changed  {name}\n") == 1 for name in names)
    found = contents(checked / "base")
    assert all(found[name] == f"now {name}" * 2000 for name in names)
    assert not [name for name in found if name.startswith(".")]


def step_of(root: Path, name: str) -> BaselineStep:
    result = result_of(root, name, "fail")
    assert result.reference_file is not None
    assert result.candidate_file is not None
    hashes = result.reference_file.sha256, result.candidate_file.sha256
    return BaselineStep(name, "changed", Path("base") / name, Path("now") / name, *hashes)


def test_a_candidate_that_changes_while_it_is_copied_is_noticed(
    checked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checked)
    real = approval._copy_and_hash

    def another(*arguments: Any) -> str:
        put(Path("now/shade.png"), "another")
        return real(*arguments)

    monkeypatch.setattr(approval, "_copy_and_hash", another)
    with pytest.raises(Refused, match="the candidate has changed"):
        Approval(("base", "now")).take(step_of(checked, "shade.png"))
    assert contents(checked / "base") == OLD


def test_an_interrupt_leaves_nothing_half_written(checked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object, target: FilePlace, __: object) -> str:
        target.path.write_text("half")
        raise KeyboardInterrupt

    monkeypatch.chdir(checked)
    monkeypatch.setattr(approval, "_copy_and_hash", interrupt)
    found = Approval(("base", "now"))
    with pytest.raises(KeyboardInterrupt), found.alone():
        found.take(step_of(checked, "shade.png"))
    assert contents(checked / "base") == OLD


def test_it_costs_no_torch(checked: Path) -> None:
    code = (
        "import sys; sys.argv = ['percept', 'approve', 'report.json', *sys.argv[1:]]\n"
        "from percept_cli.cli import run\nassert run() == 0\nprint('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *FOLDERS],
        cwd=checked,
        env=os.environ | {"CI": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.endswith("False\n")


def test_after_approval_the_check_passes(tmp_path: Path, save: Save, approve: Approve, percept: Percept) -> None:
    for folder in ("base", "now"):
        (tmp_path / folder / "sub").mkdir(parents=True)
        save(f"{folder}/same.png")
    save("base/changed.png", seed=1)
    save("now/changed.png", seed=2)
    save("base/size.png")
    save("now/size.png", width=50)
    save("now/sub/fresh.png")
    save("base/sub/gone.png")
    checked = percept("check", "base/", "now/", "-o", "report.json")
    assert checked.returncode == 1
    done = approve("report.json", "--prune")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "changed  changed.png\nchanged  size.png\nnew      sub/fresh.png\nremoved  sub/gone.png\n"
        "In base: 2 changed, 1 new, 1 removed.\n"
    )
    assert percept("check", "base", "now", "-q").returncode == 0
