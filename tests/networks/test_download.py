"""A file over HTTP: resumed, refused, never taken for whole when it is not."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from percept_cli.errors import WeightsUnavailable
from percept_cli.networks import download as downloading
from percept_cli.networks.download import DownloadFailed
from percept_cli.networks.registry import WeightsRecord
from percept_cli.networks.store import install
from tests.support.weights_home import (
    Listener,
    assert_tells_what_to_fetch,
    check_installed,
    left_in,
    record_of,
    run,
    start,
)
from tests.support.weights_home import home as home
from tests.support.weights_home import server as server
from tests.support.weights_home import tiny as tiny
from tests.support.weights_server import FILE, PIECE, PUBLISHED, Server

pytestmark = pytest.mark.usefixtures("home", "tiny")


def test_an_interrupted_download_goes_on_where_it_stopped(server: Server, home: Path) -> None:
    record, meter = record_of(server.url("cut")), Listener()
    assert 4 * PIECE < len(PUBLISHED) < 5 * PIECE  # within the number of times that one run goes on
    install(record, meter=meter)
    check_installed(record)
    assert [asked for _, asked in server.requests] == [None, *(f"bytes={n * PIECE}-" for n in (1, 2, 3, 4))]
    assert (
        meter.said[0]
        == f"the connection ended early after {PIECE} of {len(PUBLISHED)} bytes; continuing from there"
    )
    assert meter.done == len(PUBLISHED)
    assert left_in(home) == ["tiny.safetensors"]


def test_another_run_goes_on_where_one_stopped(
    server: Server, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloading, "_RESUMES", 0)
    with pytest.raises(DownloadFailed, match=f"ended early after {PIECE} of {len(PUBLISHED)} bytes") as error:
        install(record_of(server.url("cut")))
    assert "continues where this one stopped" in error.value.hint
    assert error.value.exit_code == 4
    assert left_in(home) == [f"{FILE}.part"]
    record = record_of(server.url("whole"))
    install(record)
    check_installed(record)
    assert server.requests[-1][1] == f"bytes={PIECE}-"


def test_a_server_that_gives_no_parts_begins_anew(server: Server) -> None:
    record, meter = record_of(server.url("cutfirst")), Listener()
    install(record, meter=meter)
    check_installed(record)
    assert len(server.requests) == 2
    assert meter.done == len(PUBLISHED)


def test_a_complete_part_is_not_asked_for_again(server: Server, home: Path) -> None:
    (home / "weights").mkdir(parents=True)
    (home / "weights" / f"{FILE}.part").write_bytes(PUBLISHED)
    record = record_of(server.url("error"))
    install(record)
    check_installed(record)
    assert server.requests == []


def test_a_part_of_another_file_is_not_built_upon(server: Server, home: Path) -> None:
    part = home / "weights" / f"{FILE}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes(len(PUBLISHED) + 1))  # too long
    record = record_of(server.url("whole"))
    install(record)
    check_installed(record)
    record.path.unlink()
    part.write_bytes(
        bytes(100)
    )  # another beginning: found by the hash, and gone, so that the next run begins anew
    with pytest.raises(WeightsUnavailable, match="The download was deleted"):
        install(record)
    install(record)
    check_installed(record)


def test_a_server_whose_file_became_shorter(server: Server, home: Path) -> None:
    """It says 416 to a part beyond its end; what it gives then is refused for its size."""
    (home / "weights").mkdir(parents=True)
    (home / "weights" / f"{FILE}.part").write_bytes(bytes(PIECE * 2))
    server.data = PUBLISHED[:PIECE]
    with pytest.raises(DownloadFailed, match=f"a different file: {PIECE} bytes"):
        install(record_of(server.url("whole")))


def test_a_truncated_body_is_not_installed(server: Server, home: Path) -> None:
    server.data = PUBLISHED[:-10]
    with pytest.raises(DownloadFailed, match=f"ended early after {len(PUBLISHED) - 10} of {len(PUBLISHED)} bytes"):
        install(record_of(server.url("unknown")))
    assert "tiny.safetensors" not in left_in(home)


def test_an_altered_file_is_deleted_and_not_installed(server: Server, home: Path) -> None:
    record = record_of(server.url("altered"))
    with pytest.raises(DownloadFailed) as error:
        install(record)
    found = hashlib.sha256(PUBLISHED[:-1] + bytes([PUBLISHED[-1] ^ 1])).hexdigest()
    assert f"expected {len(PUBLISHED)} bytes, sha256 {record.published_sha256}" in str(error.value)
    assert f"found    {len(PUBLISHED)} bytes, sha256 {found}" in str(error.value)
    assert "a proxy or a mirror alters the file" in error.value.hint
    assert left_in(home) == []


@pytest.mark.parametrize(
    ("manner", "message", "hint"),
    [
        ("error", "the server answered 404 Not Found", "try again later"),
        ("page", r"a different file: 6 bytes \(text/html\) instead of \d+", "login page"),
        ("silence", "the server sent nothing for 0.3 seconds", "try again later"),
        ("stall", rf"the server stopped sending after {PIECE} of \d+ bytes", "continues where this one stopped"),
        ("nothing", r"the connection ended early after 0 of \d+ bytes", "continues where this one stopped"),
        ("garbage", "cannot be reached: .*what", "https_proxy"),
        ("circle", "redirect", "try again later"),
        (
            "otherrange",
            r"should send the bytes from 10 of \d+, but sends bytes 0-",
            "tiny-0123abcd.pth.part and run the same command again",
        ),
    ],
)
def test_what_a_server_does_wrong_is_said(
    server: Server, home: Path, monkeypatch: pytest.MonkeyPatch, manner: str, message: str, hint: str
) -> None:
    monkeypatch.setattr(downloading, "_RESUMES", 0)
    record = record_of(server.url(manner))
    if manner == "otherrange":
        (home / "weights").mkdir(parents=True)
        (home / "weights" / f"{FILE}.part").write_bytes(PUBLISHED[:10])
    start = time.monotonic()
    with pytest.raises(DownloadFailed, match=message) as error:
        install(record, timeout=0.3)
    assert time.monotonic() - start < 10  # the server would be silent for longer
    assert_tells_what_to_fetch(error.value, record)
    assert hint in error.value.hint
    assert not record.path.exists()
    assert f".{record.file_name}.lock" not in left_in(home)


def test_no_server_and_no_network_are_said(tiny: WeightsRecord) -> None:
    with pytest.raises(DownloadFailed, match=r"cannot be reached: .*refused") as error:
        install(tiny)
    assert_tells_what_to_fetch(error.value, tiny)
    # A name that the DNS standard keeps from ever existing (RFC 6761).
    with pytest.raises(DownloadFailed, match="the name of the server cannot be resolved"):
        install(record_of(f"http://weights.invalid/{FILE}"))


def test_the_environments_proxy_is_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_port}")
    record = record_of(f"http://weights.invalid/whole/{FILE}")
    install(record)
    check_installed(record)
    assert server.requests == [(f"http://weights.invalid/whole/{FILE}", None)]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said(server: Server, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "weights").mkdir(parents=True)
    full = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115 - whoever downloads closes it
    with monkeypatch.context() as patch:
        patch.setattr(downloading, "_open_part", lambda *_: full)
        with pytest.raises(DownloadFailed, match=r"part: cannot be written: No space left") as error:
            install(record_of(server.url("whole")))
    assert "PERCEPT_HOME" in error.value.hint

    usage = shutil.disk_usage(home)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DownloadFailed, match=f"{len(PUBLISHED)} more bytes are needed, but only 1000 are free"):
        install(record_of(server.url("whole")))
    assert left_in(home) == []


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")
@pytest.mark.parametrize("size", [0, 100, len(PUBLISHED)])
@pytest.mark.parametrize("kind", ["link", "dangling link", "hard link", "pipe", "folder"])
def test_nothing_is_written_through_what_stands_for_the_download(
    server: Server, home: Path, tmp_path: Path, kind: str, size: int
) -> None:
    part, target = home / "weights" / f"{FILE}.part", tmp_path / "target"
    part.parent.mkdir(parents=True)
    target.write_bytes(b"x" * size)
    if kind == "hard link":
        os.link(target, part)
    elif kind == "pipe":
        os.mkfifo(part)
    elif kind == "folder":
        part.mkdir()
    else:
        part.symlink_to(target if kind == "link" else tmp_path / "nothing")
    with pytest.raises(
        DownloadFailed, match=r"\.part: the download cannot be written here: it is a link"
    ) as error:
        install(record_of(server.url("whole")))
    assert "delete it" in error.value.hint
    assert target.read_bytes() == b"x" * size
    assert not (tmp_path / "nothing").exists()
    assert os.path.lexists(part)


@pytest.mark.parametrize(
    "kill",
    [
        signal.SIGKILL,
        *(pytest.param(one, marks=pytest.mark.slow) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)),
    ],
)
def test_a_killed_download_goes_on(server: Server, home: Path, tiny: WeightsRecord, kill: signal.Signals) -> None:
    process = start(server.url("stall"), "install", "tiny")
    part = home / "weights" / f"{FILE}.part"
    deadline = time.monotonic() + 60
    while not part.exists() or part.stat().st_size < PIECE:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(kill)
    _, talk = process.communicate(timeout=60)
    if kill != signal.SIGKILL:
        assert process.returncode == 128 + kill
        words = "Interrupted" if kill == signal.SIGINT else f"Ended by {kill.name}"
        assert talk.endswith(f"{words}; the part that is downloaded is kept. To continue, run the same command.\n")
        assert left_in(home) == [part.name]
    done = run(server.url("whole"), "install", "tiny")
    assert done.returncode == 0, done.stderr
    assert server.requests[-1][1] == f"bytes={PIECE}-"
    assert done.stderr == "downloading 0.3 MB, 0.1 MB of it already downloaded\n"
    check_installed(tiny)
