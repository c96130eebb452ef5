"""A lock between processes: one has it, nothing is left of it, and no link leads it elsewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from percept_cli.system.lock import Lock


def test_one_has_it_and_then_another(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first = Lock(path)
    with pytest.raises(BlockingIOError):
        Lock(path)
    first.release()
    Lock(path).release()
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_ended_does_not_have_it_any_more(tmp_path: Path) -> None:
    code = "import os, sys\nfrom pathlib import Path\nfrom percept_cli.system.lock import Lock\n"
    code += "lock = Lock(Path(sys.argv[1]))\nos._exit(0)"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "lock")], check=True, timeout=60)
    assert (tmp_path / "lock").exists()
    Lock(tmp_path / "lock").release()


def test_a_link_in_its_place_makes_no_file_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="lock"):
        Lock(tmp_path / "lock")
    assert not (tmp_path / "elsewhere").exists()


def test_where_there_can_be_no_file_there_is_no_lock(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="lock"):
        Lock(tmp_path / "nowhere" / "lock")
