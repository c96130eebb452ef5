"""A path → the bytes of its file: pipes are read, devices are refused, large files are not held."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from percept_cli import compare
from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.formats import files
from percept_cli.formats.decode import decode
from percept_cli.formats.files import LargeFile, read_file, read_stamped
from percept_cli.images.limits import Limits
from tests.conftest import ROOT, Percept, drawing
from tests.support.large_files import RGB, by_pillow, in_both_places, plain
from tests.support.large_files import place as place
from tests.support.large_files import small as small
from tests.support.pipes import pipe as pipe
from tests.support.pipes import written


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_device_is_refused_wherever_a_picture_is_named(percept: Percept, tmp_path: Path) -> None:
    drawing(9, 7).save(tmp_path / "a.png")
    for words in (
        ("compare", "a.png", "/dev/zero"),
        ("compare", "/dev/zero", "a.png"),
        ("compare", "a.png", "/dev/null"),
        ("heatmap", "a.png", "/dev/zero", "-o", "h.png"),
        ("check", "a.png", "a.png", "--mask", "/dev/zero"),
    ):
        done = percept(*words, timeout=30)
        device = next(word for word in words if word.startswith("/dev"))
        assert done.returncode == 3, words
        assert done.stderr.startswith(f"Error: {device}: this is a device, not an image\nHint: give a file"), words
    with pytest.raises(UnreadableImage, match=r"^/dev/zero: this is a device"):
        compare("/dev/zero", tmp_path / "a.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_standard_input_that_is_a_device(tmp_path: Path) -> None:
    drawing(9, 7).save(tmp_path / "a.png")
    with Path("/dev/zero").open("rb") as device:
        done = subprocess.run(
            [sys.executable, "-m", "percept_cli", "compare", "a.png", "-"],
            cwd=tmp_path,
            stdin=device,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
    assert done.returncode == 3
    assert done.stderr.startswith("Error: standard input: this is a device, not an image")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # names of sockets must be short
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("s.png")
        with pytest.raises(UnreadableImage, match=r"^s\.png: this is a socket, not an image"):
            files.read_file("s.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_read_to_its_end(pipe: Path, tmp_path: Path) -> None:
    """In pieces, with pauses, by a writer that comes late."""
    drawing(300, 200).save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()

    def write(descriptor: int) -> None:
        for part in (data[:10], data[10:5000], data[5000:]):
            time.sleep(0.05)
            while part:
                part = part[os.write(descriptor, part) :]

    thread = written(pipe, write)
    assert files.read_file(pipe) == data
    thread.join()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("writer", [False, True])
def test_a_silent_pipe_is_given_up(pipe: Path, writer: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PATIENCE", 0.2)
    done = threading.Event()
    thread = (
        written(pipe, lambda descriptor: (os.write(descriptor, b"\x89PNG"), done.wait(10))) if writer else None
    )
    with pytest.raises(UnreadableImage, match=r"pipe\.png: nothing arrived through this pipe for 0\.2 s") as error:
        files.read_file(pipe)
    assert "check that the program that writes to it is running" in str(error.value.hint)
    done.set()
    if thread is not None:
        thread.join()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_that_closes_at_once_is_empty(pipe: Path) -> None:
    thread = written(pipe, lambda _: time.sleep(0.1))
    with pytest.raises(UnreadableImage, match=r"pipe\.png: empty \(0 bytes\)"):
        files.read_file(pipe)
    thread.join()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("begin", [b"\x89PNG\r\n\x1a\n", b""])
def test_an_endless_pipe_stops_at_the_limit_and_one_of_no_image_at_once(pipe: Path, begin: bytes) -> None:
    count = 0

    def write(descriptor: int) -> None:
        nonlocal count
        count += os.write(descriptor, begin)
        while True:
            count += os.write(descriptor, bytes(1 << 16))

    thread = written(pipe, write)
    if begin:
        with pytest.raises(UnsupportedImage, match=r"more than the limit of 3,000,000 bytes"):
            files.read_file(pipe, Limits(file=3_000_000))
    else:
        assert set(files.read_file(pipe)) == {0}
    thread.join()
    assert count < (5 << 20 if begin else 3 << 20)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_file_of_the_system_that_says_no_size_is_read_to_the_limit() -> None:
    with pytest.raises(UnsupportedImage, match=r"more than the limit of 5 bytes"):
        files.read_file("/proc/self/status", Limits(file=5))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_a_shell_substitutes(tmp_path: Path) -> None:
    drawing(9, 7).save(tmp_path / "a.png")
    line = f"{sys.executable} -m percept_cli compare <(cat a.png) <(cat a.png) --format score"
    done = subprocess.run(
        ["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.startswith("0.0\t"), done.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_settings_and_lists_are_no_devices_either(percept: Percept, tmp_path: Path) -> None:
    drawing(9, 7).save(tmp_path / "a.png")
    done = percept("compare", "a.png", "a.png", "--config", "/dev/zero", timeout=30)
    assert (done.returncode, done.stderr) == (
        2,
        "Error: /dev/zero is a device, not a file\nHint: use a TOML file.\n",
    )
    (tmp_path / "long.toml").write_bytes(b"#" * (1 << 22) + b"\n")
    done = percept("compare", "a.png", "a.png", "--config", "long.toml")
    assert done.returncode == 2
    assert "long.toml: has more than 4,194,304 bytes, too many for a settings file" in done.stderr
    done = percept("batch", "--pairs", "/dev/zero", timeout=60)
    assert done.returncode == 2
    assert "/dev/zero: not a list of pairs: a line has more than 16,777,216 characters" in done.stderr


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda _: None, ": no such file"),
        (lambda path: path.mkdir(), " is a folder"),
        (lambda path: path.write_bytes(b""), ": empty (0 bytes)"),
    ],
    ids=["missing", "directory", "empty"],
)
def test_files_that_cannot_be_read(tmp_path: Path, make: Callable[[Path], None], message: str) -> None:
    path = tmp_path / "picture.png"
    make(path)
    with pytest.raises(UnreadableImage) as error:
        read_file(path)
    assert str(error.value).startswith(f"{path.as_posix()}{message}")
    assert error.value.hint


def test_large_files_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(5_000_000_000)  # a hole, which takes no room on the disk
    with pytest.raises(UnsupportedImage, match=r"large\.png: 5,000,000,000 bytes are more than the limit"):
        read_file(path)


@pytest.mark.usefixtures("small")
@in_both_places
def test_files_that_are_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_IN_MEMORY", 100)
    for name, data in {"x.png": by_pillow(RGB, "PNG"), "x.jpg": by_pillow(RGB, "JPEG")}.items():
        path = tmp_path / name
        path.write_bytes(data)
        content, stamp = read_stamped(path)
        assert isinstance(content, LargeFile)
        assert stamp.size == len(data)
        assert plain(decode(content, path)) == plain(decode(data, path))
        assert files.read_file(path) == data
        path.write_bytes(data + b" ")
        with pytest.raises(UnreadableImage) as error:
            decode(content, path)
        assert str(error.value) == f"{path.as_posix()}: it changed while it was being read"
