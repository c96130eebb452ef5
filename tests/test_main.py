"""The command as a process among others: permissions, names, memory, and defects."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import Percept, Save
from tests.support.processes import drop_right_to_ignore_permissions


def test_permissions(troubled: Path, percept: Percept) -> None:
    (troubled / "b.png").chmod(0)
    done = percept("compare", "a.png", "b.png", preexec_fn=drop_right_to_ignore_permissions)
    assert (done.returncode, done.stdout) == (3, "")
    assert "Error: b.png: permission denied\nHint: " in done.stderr

    (troubled / "folder").chmod(0o500)
    for output in ("folder/r.json", "locked.json"):
        (troubled / "locked.json").touch(mode=0o400)
        done = percept("compare", "a.png", "a.png", "-o", output, preexec_fn=drop_right_to_ignore_permissions)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"Error: {output}: permission denied\nHint: " in done.stderr
    assert list((troubled / "folder").iterdir()) == []


def test_names_that_are_not_text(percept: Percept, save: Save, tmp_path: Path) -> None:
    save("a.png")
    name = os.fsdecode(b"caf\xe9\n.png")
    (tmp_path / "a.png").rename(tmp_path / name)
    for form in ("table", "json", "csv", "score"):
        done = percept("compare", name, name, "--format", form)
        assert (done.returncode, done.stderr) == (0, "")


def test_out_of_memory_is_said_and_is_exit_code_4(save: Save, percept: Percept) -> None:
    """torch alone needs more than 10 MB."""
    save("a.png", 640, 480)
    save("b.png", 640, 480, seed=1)
    done = percept("compare", "a.png", "b.png", "--device", "cpu", "--max-memory", "10MB")
    assert (done.returncode, done.stdout) == (4, "")
    assert re.match(
        r"Error: only 0 MB of the 10 MB allowed are left \(percept itself uses \d{3,} MB\); "
        r"a part of \d+×\d+ pixels needs more",
        done.stderr,
    )
    assert "\nHint: close other programs, or allow more memory with --max-memory.\n" in done.stderr


@pytest.mark.slow
def test_a_small_file_that_unpacks_to_gigabytes_is_refused(tmp_path: Path, percept: Percept) -> None:
    """30000×30000 pixels in one packed strip need more than 8 GB while they are read; the child may have 6."""
    rows_of_a_strip = {278: 30_000}
    Image.new("1", (30_000, 30_000)).save(tmp_path / "a.tif", compression="group4", tiffinfo=rows_of_a_strip)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))

    done = percept("compare", "a.tif", "a.tif", preexec_fn=limit)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("Error: a.tif: 30000×30000 pixels need 8.1 GB of memory, but only ")
    assert done.stderr.endswith(" GB are free\nHint: split it into smaller images.\n")


def test_a_deleted_current_folder_is_no_obstacle(save: Save, tmp_path: Path) -> None:
    path = save("a.png")
    (tmp_path / "gone").mkdir()
    script = f"cd gone && rmdir ../gone && {sys.executable} -m percept_cli compare {path} {path} --format score"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_defect_keeps_its_traceback_and_its_own_code(tmp_path: Path) -> None:
    code = (
        "import percept_cli.cli as c, percept_cli.cli.presets as presets, sys\n"
        "presets.list_presets = lambda: 1 / 0\n"
        "sys.argv = ['percept', 'presets', 'list']\nc.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout) == (70, "")
    assert "ZeroDivisionError" in done.stderr
    assert "This is a bug in percept" in done.stderr
