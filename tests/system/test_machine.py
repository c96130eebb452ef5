"""What this process may use. Control groups are files here: making real ones needs rights that a test has not."""

from __future__ import annotations

import mmap
import os
import resource
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from percept_cli.errors import InvalidSetting
from percept_cli.system import machine
from percept_cli.system.machine import free_memory, parse_size, processors, resident_memory


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2GB", 2 * 10**9),
        ("1.5 GiB", 3 << 29),
        ("800M", 8 * 10**8),
        ("64kib", 1 << 16),
        ("123", 123),
        (4096, 4096),
        (" 1t ", 10**12),
    ],
)
def test_sizes(text: str | int, expected: int) -> None:
    assert parse_size(text) == expected


@pytest.mark.parametrize("text", ["", "0", "-1", "2 gigs", "GB", "1e9", "nan", "50%", 0, -5, "1,5GB"])
def test_no_sizes(text: str | int) -> None:
    with pytest.raises(InvalidSetting, match="must be a memory size, not") as error:
        parse_size(text)
    assert error.value.hint


def test_a_control_groups_quota_counts(tmp_path: Path) -> None:
    usable = len(os.sched_getaffinity(0))
    assert processors(tmp_path) == usable
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert processors(tmp_path) == usable
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    assert processors(tmp_path) == 1
    (tmp_path / "cpu.max").write_text("900000000 100000\n")
    assert processors(tmp_path) == usable


def test_version_1_of_control_groups(tmp_path: Path) -> None:
    for name, text in (
        ("cpu/cpu.cfs_quota_us", "100000"),
        ("cpu/cpu.cfs_period_us", "100000"),
        ("memory/memory.limit_in_bytes", "1000000"),
        ("memory/memory.usage_in_bytes", "400000"),
        ("memory/memory.stat", "cache 5\ntotal_inactive_file 100000\n"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert processors(tmp_path) == 1
    assert free_memory(tmp_path) == 700_000
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("-1")
    assert processors(tmp_path) == len(os.sched_getaffinity(0))


def test_a_control_groups_memory_counts(tmp_path: Path) -> None:
    unlimited = free_memory(tmp_path)
    assert unlimited > 64 << 20
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("300000\n")
    assert free_memory(tmp_path) > 64 << 20
    (tmp_path / "memory.max").write_text("1000000\n")
    assert free_memory(tmp_path) == 700_000
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 50000\n")
    assert free_memory(tmp_path) == 750_000
    (tmp_path / "memory.max").write_text("100000\n")
    assert free_memory(tmp_path) == 0


def test_what_the_process_has() -> None:
    before = resident_memory()
    with mmap.mmap(-1, 64 << 20) as block:  # of the system's own, not of what the process has freed and kept
        block.write(b"1" * len(block))
        assert resident_memory() - before > 48 << 20


@pytest.mark.usefixtures("no_proc")
def test_where_there_is_no_proc_psutil_is_asked(tmp_path: Path) -> None:
    told = psutil.virtual_memory()
    assert 64 << 20 < free_memory(tmp_path) <= told.total
    test_what_the_process_has()


@pytest.fixture
def no_proc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As on macOS and Windows, as far as percept reads it."""
    monkeypatch.setattr(machine, "_PROC", tmp_path / "proc")


def test_a_limited_address_space_counts() -> None:
    script = "from percept_cli.system.machine import free_memory; print(free_memory())"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)),
    )
    assert 0 < int(done.stdout) < 1 << 30
