"""Candidates become references: only those that were compared, whole, and nothing outside of the baseline."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from percept_cli.runs import approval, steps
from percept_cli.runs.approval import LOCK, Approval
from percept_cli.runs.steps import BaselineStep, Refused
from percept_cli.system.beneath import FilePlace
from tests.support.approvals import (
    ACCEPTED,
    FOLDERS,
    HINT,
    OLD,
    Approve,
    contents,
    got,
    put,
    result_of,
    stamp,
    write_report,
)
from tests.support.approvals import approve as approve
from tests.support.approvals import checked as checked
from tests.support.signals import held


def test_missing_pictures_go_only_on_request(checked: Path, approve: Approve) -> None:
    done = approve("report.json", "--prune", "--filter", "gone.png")
    assert (done.returncode, done.stdout) == (0, "removed  gone.png\nIn base: 1 removed.\n")
    assert contents(checked / "base") == {name: text for name, text in OLD.items() if name != "gone.png"}


def test_a_missing_picture_that_is_back_is_not_removed(checked: Path, approve: Approve) -> None:
    put(checked / "now" / "gone.png", "back")
    done = approve("report.json", "--prune")
    assert done.returncode == 1
    assert done.stderr.startswith("refused  gone.png: an image exists now\n")
    assert contents(checked / "base") == ACCEPTED


@pytest.mark.parametrize(
    ("folder", "change", "reason"),
    [
        ("now", "write", "the image has changed since it was compared"),
        ("now", "remove", "now/shade.png: No such file or directory"),
        ("base", "write", "the baseline has changed since it was compared"),
        ("base", "remove", "the baseline was removed since it was compared"),
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


def test_a_link_out_of_the_baseline_is_refused(checked: Path, approve: Approve) -> None:
    elsewhere = checked / "elsewhere.png"
    put(elsewhere, "old icon")
    (checked / "base" / "menu" / "icon.png").unlink()
    (checked / "base" / "menu" / "icon.png").symlink_to(elsewhere)
    done = approve("report.json")
    assert done.returncode == 1
    assert done.stderr.startswith("refused  menu/icon.png: base/menu/icon.png is a symbolic link, or is reached")
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
            "it was compared with base/shade-dark.png, which the settings do not name as one of its "
            "references; use the settings of the check with --config, or "
            "copy now/shade.png to base/shade.png by hand",
        ),
        (
            "[check]\nreferences = 'shade-dark.png'\n",
            "it was compared with base/shade-dark.png, which is also a reference of other images; copy "
            "now/shade.png to base/shade.png by hand to give it its own",
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
    assert "also a reference of other images" in done.stderr
    assert contents(checked / "base") == OLD | {"fine.png": "dark shade"}


@pytest.mark.parametrize("dry", [False, True])
def test_only_pictures_are_written(checked: Path, approve: Approve, dry: bool) -> None:
    for name, data in (("text.png", b"#!/bin/sh"), ("empty.png", b"")):
        (checked / "now" / name).write_bytes(data)
    whole = (checked / "now" / "shade.png").read_bytes()
    (checked / "now" / "half.png").write_bytes(whole[: len(whole) // 2])
    write_report(checked, *(result_of(checked, name, "new") for name in ("text.png", "empty.png", "half.png")))
    done = approve("report.json", *["--dry-run"][:dry])
    assert done.returncode == 1
    assert "refused  text.png: now/text.png: not an image" in done.stderr
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
    assert "the reference is a .png file, but now/shade.jpg is not" in done.stderr
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


def test_a_report_that_lacks_the_stamps_is_refused(checked: Path, approve: Approve) -> None:
    write_report(
        checked,
        result_of(checked, "shade.png", "fail", candidate_file=None),
        result_of(checked, "menu/icon.png", "fail", reference_file=None),
    )
    done = approve("report.json")
    assert (done.returncode, done.stdout) == (1, "In base: 2 refused.\n")
    assert "does not say which image was compared" in done.stderr
    assert "does not say which baseline was compared" in done.stderr
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
    assert "Error: base: another percept approve is working in this folder\n" in done.stderr
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
    real = steps.copy_and_hash

    def another(*arguments: Any) -> str:
        put(Path("now/shade.png"), "another")
        return real(*arguments)

    monkeypatch.setattr(approval, "copy_and_hash", another)
    with pytest.raises(Refused, match="the image has changed"):
        Approval(("base", "now")).take(step_of(checked, "shade.png"))
    assert contents(checked / "base") == OLD


def test_an_interrupt_leaves_nothing_half_written(checked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object, target: FilePlace, __: object) -> str:
        target.path.write_text("half")
        raise KeyboardInterrupt

    monkeypatch.chdir(checked)
    monkeypatch.setattr(approval, "copy_and_hash", interrupt)
    found = Approval(("base", "now"))
    with pytest.raises(KeyboardInterrupt), found.alone():
        found.take(step_of(checked, "shade.png"))
    assert contents(checked / "base") == OLD
