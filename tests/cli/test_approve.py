"""`percept approve`: real folders, real processes, and every reason to refuse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Percept, Save
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
from tests.support.buckets import Bucket


def identity(path: Path) -> tuple[int, int, int]:
    """What changes when a file is written, replaced, or given another mode; reading it changes it not."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_mode


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
        f"{'Dry run, nothing was changed. Without --dry-run, in' if dry else 'In'} base: 4 already approved.\n"
    )
    assert {path: identity(path) for path in (checked / "base").rglob("*.png")} == before
    assert approve("report.json", "--prune", "-q").stdout == ""


@pytest.mark.slow
def test_a_part_that_is_approved_already_is_no_reason_to_refuse_the_rest(checked: Path, approve: Approve) -> None:
    approve("report.json", "--filter", "shade.png")
    put(checked / "now" / "shade.png", "another shade")  # which was not what was approved
    put(checked / "base" / "menu" / "fresh.png", "someone else's")
    done = approve("report.json")
    assert done.returncode == 1
    assert done.stdout == (
        "changed  menu/icon.png\nalready approved  shade.png\nIn base: 1 changed, 1 already approved, 1 refused.\n"
    )
    assert done.stderr == f"refused  menu/fresh.png: a baseline exists now\n{HINT}"
    assert contents(checked / "base") == ACCEPTED | {"menu/fresh.png": "someone else's"}


def test_a_dry_run_does_nothing_but_says_the_same(checked: Path, approve: Approve) -> None:
    put(checked / "now" / "shade.png", "another shade")
    before = {path: identity(path) for path in (checked / "base").rglob("*")}
    dry = approve("report.json", "--prune", "--dry-run")
    assert dry.returncode == 1
    assert dry.stdout.endswith(
        "\nDry run, nothing was changed. Without --dry-run, in base: 1 changed, 1 new, 1 removed, 1 refused.\n"
    )
    assert {path: identity(path) for path in (checked / "base").rglob("*")} == before
    wet = approve("report.json", "--prune")
    assert wet.stderr == dry.stderr
    would = {"would change  ": "changed  ", "would add     ": "new      ", "would remove  ": "removed  "}
    told = dry.stdout.splitlines()[:-1]
    for future, past in would.items():
        told = [line.replace(future, past) for line in told]
    assert wet.stdout.splitlines()[:-1] == told
    assert "would change  menu/icon.png" in dry.stdout.splitlines()


def test_quiet_says_only_what_was_refused(checked: Path, approve: Approve) -> None:
    put(checked / "now" / "shade.png", "another shade")
    done = approve("report.json", "-q")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("refused  shade.png: the image has changed since it was compared\n")
    assert contents(checked / "base") == ACCEPTED | {"shade.png": "old shade"}


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
        "Error: --baseline and --current are required: report.json says that it compared evil with the baseline "
        ".git/hooks, but percept approve takes no folders from a report\n"
        "Hint: if these are the right folders, run:\n"
        "percept approve report.json --baseline .git/hooks --current evil\n"
        "or set baseline and current of [check] in percept.toml.\n"
    )
    done = approve("report.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error: the report is of the baseline folder .git/hooks, not of base\n" in done.stderr
    done = approve("report.json", "--baseline", ".git/hooks", "--current", "evil")
    assert (done.returncode, done.stdout) == (2, "")
    assert ".git/hooks is inside a .git folder" in done.stderr
    hooks.rename(checked / "hooks")
    write_report(checked, row, folders=("hooks", "evil"))
    done = approve("report.json", "--baseline", "hooks", "--current", "evil")
    assert done.stderr == f"refused  post-checkout: post-checkout is not named like an image\n{HINT}"
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
    command = done.stderr.splitlines()[-2]
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
        "Error: percept.toml: [check]: unknown key 'baselin'\nHint: did you mean baseline?\n",
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("/etc/evil.png", "the name leads out of the baseline folder"),
        (".git/evil.png", ".git/evil.png is hidden, or in a hidden folder, and hidden files are never approved"),
        (".evil.png", ".evil.png is hidden, or in a hidden folder, and hidden files are never approved"),
        ("evil.sh", "evil.sh is not named like an image"),
        ("evil", "evil is not named like an image"),
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
    assert "report.json: the report does not compare two folders" in done.stderr


def test_calling_it_elsewhere_is_told(checked: Path, approve: Approve) -> None:
    (checked / "sub").mkdir()
    done = approve("../report.json", cwd=checked / "sub")
    assert (done.returncode, done.stdout) == (3, "")
    assert "Error: now: no such folder" in done.stderr
    assert list((checked / "sub").iterdir()) == []


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


@pytest.mark.slow
def test_a_baseline_elsewhere_is_approved_by_its_versions(
    percept: Percept, save: Save, bucket: Bucket, tmp_path: Path
) -> None:
    for name, seed in (("base/a.png", 1), ("now/a.png", 2), ("now/new.png", 3)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        save(name, 24, 20, seed)
    base = bucket.put_folder("base", tmp_path / "base")
    percept("check", base, "now", "-o", "report.json")
    folders = ("--baseline", base, "--current", "now")
    bucket.put("base/new.png", tmp_path / "now/a.png")
    done = percept("approve", "report.json", *folders, env={"CI": ""})
    assert done.returncode == 1
    assert done.stdout == f"changed  a.png\nIn {base}: 1 changed, 1 refused.\n"
    assert "refused  new.png: a baseline exists now" in done.stderr
    assert bucket.get("base/a.png") == (tmp_path / "now/a.png").read_bytes()
    assert bucket.get("base/new.png") == (tmp_path / "now/a.png").read_bytes()
