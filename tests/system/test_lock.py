"""Locks, by two openings of one file in one process: to the system they are as those of two processes."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import percept_cli
from percept_cli.system.lock import Lock, hold


def test_a_file_is_held_until_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    with path.open("ab") as other:
        with path.open("ab") as first:
            hold(first.fileno())
            with pytest.raises(BlockingIOError):
                hold(other.fileno())
        hold(other.fileno())


def test_a_lock_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    path.touch()  # of a process that was killed
    lock = Lock(path)
    with pytest.raises(BlockingIOError):
        Lock(path)
    lock.release()
    assert list(tmp_path.iterdir()) == []
    Lock(path).release()
    assert list(tmp_path.iterdir()) == []


def test_a_link_in_its_place_makes_no_file_elsewhere(tmp_path: Path) -> None:
    (tmp_path / ".lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        Lock(tmp_path / ".lock")
    assert not (tmp_path / "elsewhere").exists()


def test_a_process_that_ended_does_not_have_it_any_more(tmp_path: Path) -> None:
    code = "import os, sys\nfrom pathlib import Path\nfrom percept_cli.system.lock import Lock\n"
    code += "lock = Lock(Path(sys.argv[1]))\nos._exit(0)"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "lock")], check=True, timeout=60)
    assert (tmp_path / "lock").exists()
    Lock(tmp_path / "lock").release()


def test_where_there_can_be_no_file_there_is_no_lock(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="lock"):
        Lock(tmp_path / "nowhere" / "lock")


def test_nothing_else_locks_files() -> None:
    package = Path(percept_cli.__file__).parent
    locking = set()
    for file in package.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            if {"fcntl", "msvcrt", "filelock"} & set(names):
                locking.add(file.relative_to(package).as_posix())
    assert locking == {"system/lock.py"}
