"""Weights that do not come inside the package: downloaded from a server, taken from files, refused, removed.

No test needs the network, so none has torchvision's real files: most use a network of two layers, whose published
file is made here, and the last ones random kernels in the shape and the format of torchvision's VGG-16, under a
copy of its record that has their hash.
"""

from __future__ import annotations

import errno
import hashlib
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

from percept_cli import compare, topology
from percept_cli.cli.downloads import DownloadMeter
from percept_cli.cli.progress import Lines
from percept_cli.errors import InvalidSetting, WeightsUnavailable
from percept_cli.networks import download as downloading
from percept_cli.networks import folders as places
from percept_cli.networks.convert import read_kernels
from percept_cli.networks.download import DownloadFailed, Meter
from percept_cli.networks.loading import load_kernels, verify
from percept_cli.networks.origin import Origin
from percept_cli.networks.registry import WEIGHTS, WeightsRecord
from percept_cli.networks.stamp import Stamp, kernels_sha256, read_stamp
from percept_cli.networks.store import install, remove
from percept_cli.recipes.presets import load_preset
from percept_cli.system.lock import Lock
from percept_cli.topology import NETWORKS
from tests.conftest import ROOT, Percept, Save
from tests.weights_server import FILE, PIECE, PUBLISHED, Server, State, as_pth, tiny_state


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    found.over.set()
    found.shutdown()
    thread.join()
    found.server_close()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home for weights, an empty cache of torch, and no proxy."""
    for name in os.environ:
        if name.lower().endswith("_proxy") or name == "PERCEPT_OFFLINE":
            monkeypatch.delenv(name)
    monkeypatch.setenv("PERCEPT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "home"


def record_of(url: str, data: bytes = PUBLISHED) -> WeightsRecord:
    return WeightsRecord(
        name="tiny",
        network="tiny",
        file_name="tiny.safetensors",
        published_sha256=hashlib.sha256(data).hexdigest(),
        size=2000,
        scale=1.0,
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        licence="MIT",
        source="a test",
        origin=Origin(
            url=url, size=len(data), first_values=tuple(tiny_state()["features.0.weight"].flatten()[:9].tolist())
        ),
    )


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> WeightsRecord:
    """The record of a file that no server gives."""
    monkeypatch.setitem(NETWORKS, "tiny", topology._vgg((1, 1), widths=(4, 8)))
    return record_of(f"http://127.0.0.1:9/{FILE}")  # the discard service's port, where nothing listens


def check_installed(record: WeightsRecord) -> None:
    state = tiny_state()
    kernels = load_kernels(record)
    assert list(kernels) == ["conv1_1.weight", "conv1_1.bias", "conv2_1.weight", "conv2_1.bias"]
    assert torch.equal(kernels["conv1_1.weight"], state["features.0.weight"])
    assert torch.equal(kernels["conv2_1.bias"], state["features.3.bias"])
    assert verify(record) == record.path


def left_in(folder: Path) -> list[str]:
    return sorted(os.listdir(folder / "weights"))


@dataclass
class Listener(Meter):
    said: list[str] = field(default_factory=list)
    done: int = 0

    def start(self, what: str, done: int, total: int | None) -> None:
        if what == "downloading":
            assert total == len(PUBLISHED)
            self.done = done

    def advance(self, count: int) -> None:
        self.done += count

    def say(self, message: str) -> None:
        self.said.append(message)


# Downloads


@pytest.mark.parametrize("manner", ["whole", "elsewhere", "unknown", "slow"])
def test_a_download_is_checked_converted_and_installed(server: Server, home: Path, manner: str) -> None:
    record, meter = record_of(server.url(manner)), Listener()
    assert install(record, meter=meter) == home / "weights" / "tiny.safetensors" == record.path
    assert meter.done == len(PUBLISHED)
    check_installed(record)
    assert left_in(home) == ["tiny.safetensors"]
    assert record.path.stat().st_size < 3000  # without its classifier
    stamp = read_stamp(record.path, record.file_name)
    assert stamp == Stamp("tiny.safetensors", kernels_sha256(load_kernels(record)), record.published_sha256)
    assert record.sha256 == record.published_sha256

    before = len(server.requests)
    install(record)
    assert len(server.requests) == before  # it is there and sound


def test_what_was_installed_is_the_same_every_time(server: Server) -> None:
    record = record_of(server.url("whole"))
    first = install(record).read_bytes()
    remove(record)
    assert install(record).read_bytes() == first


def test_an_interrupted_download_goes_on_where_it_stopped(server: Server, home: Path) -> None:
    record, meter = record_of(server.url("cut")), Listener()
    assert 4 * PIECE < len(PUBLISHED) < 5 * PIECE  # within the number of times that one run goes on
    install(record, meter=meter)
    check_installed(record)
    assert [asked for _, asked in server.requests] == [None, *(f"bytes={n * PIECE}-" for n in (1, 2, 3, 4))]
    assert meter.said[0] == f"the connection ended after {PIECE} of {len(PUBLISHED)} bytes; continuing from there"
    assert meter.done == len(PUBLISHED)
    assert left_in(home) == ["tiny.safetensors"]


def test_another_run_goes_on_where_one_stopped(
    server: Server, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloading, "_RESUMES", 0)
    with pytest.raises(DownloadFailed, match=f"ended after {PIECE} of {len(PUBLISHED)} bytes") as error:
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
    with pytest.raises(DownloadFailed, match=f"another file: {PIECE} bytes"):
        install(record_of(server.url("whole")))


def test_a_truncated_body_is_not_installed(server: Server, home: Path) -> None:
    server.data = PUBLISHED[:-10]
    with pytest.raises(DownloadFailed, match=f"ended after {len(PUBLISHED) - 10} of {len(PUBLISHED)} bytes"):
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
        ("error", "the server says 404 Not Found", "try again later"),
        ("page", r"another file: 6 bytes \(text/html\) instead of \d+", "login page"),
        ("silence", "the server sent nothing for 0.3 seconds", "try again later"),
        ("stall", rf"the server fell silent after {PIECE} of \d+ bytes", "continues where this one stopped"),
        ("nothing", r"the connection ended after 0 of \d+ bytes", "continues where this one stopped"),
        ("garbage", "cannot be reached: .*what", "https_proxy"),
        ("circle", "redirect", "try again later"),
        (
            "otherrange",
            r"was asked for the bytes from 10 of \d+, and sends bytes 0-",
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


def assert_tells_what_to_fetch(error: WeightsUnavailable, record: WeightsRecord) -> None:
    assert record.origin is not None
    for line in (
        f"  file    {FILE}, {len(PUBLISHED)} bytes\n",
        f"  from    {record.origin.url}\n",
        f"  sha256  {record.published_sha256}\n",
        f"  to      {places.hub_file(FILE)}, or anywhere with --from",
    ):
        assert line in str(error)
    assert f"percept weights install tiny --from {FILE}" in error.hint


def test_no_server_and_no_network_are_said(tiny: WeightsRecord) -> None:
    with pytest.raises(DownloadFailed, match=r"cannot be reached: .*refused") as error:
        install(tiny)
    assert_tells_what_to_fetch(error.value, tiny)
    # A name that the DNS standard keeps from ever existing (RFC 6761).
    with pytest.raises(DownloadFailed, match="name cannot be resolved; is there a network"):
        install(record_of(f"http://weights.invalid/{FILE}"))


def test_the_environments_proxy_is_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_port}")
    record = record_of(f"http://weights.invalid/whole/{FILE}")
    install(record)
    check_installed(record)
    assert server.requests == [(f"http://weights.invalid/whole/{FILE}", None)]


def test_percept_offline_says_what_to_put_where(
    server: Server, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERCEPT_OFFLINE", "1")
    record = record_of(server.url("whole"))
    with pytest.raises(WeightsUnavailable, match="PERCEPT_OFFLINE forbids") as error:
        install(record)
    assert_tells_what_to_fetch(error.value, record)
    assert server.requests == []
    fetched = home.parent / FILE
    fetched.write_bytes(PUBLISHED)
    install(record, fetched)
    check_installed(record)
    monkeypatch.setenv("PERCEPT_OFFLINE", "0")
    remove(record)
    install(record)
    assert len(server.requests) == 1


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
    with pytest.raises(DownloadFailed, match=f"{len(PUBLISHED)} more bytes are needed, and 1000 are free"):
        install(record_of(server.url("whole")))
    assert left_in(home) == []


def test_a_disk_that_is_full_at_the_end_is_said(
    installed: WeightsRecord, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = installed.path.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WeightsUnavailable, match=r"tiny\.safetensors: cannot be written: No space left"):
        install(installed, tmp_path / FILE)
    assert installed.path.read_bytes() == before
    assert left_in(home) == ["tiny.safetensors"]


def test_a_home_that_cannot_be_is_said(tiny: WeightsRecord, home: Path) -> None:
    home.write_text("a file\n")
    with pytest.raises(WeightsUnavailable, match="weights: cannot be written to: ") as error:
        install(tiny)
    assert "PERCEPT_HOME" in error.value.hint


# Torch's cache


def test_torchs_cache_is_used_if_its_hash_fits(tiny: WeightsRecord, tmp_path: Path) -> None:
    cached = tmp_path / "torch" / "hub" / "checkpoints" / FILE
    cached.parent.mkdir(parents=True)
    cached.write_bytes(PUBLISHED)
    with pytest.raises(WeightsUnavailable, match="weights tiny are not installed") as error:
        load_kernels(tiny)
    assert error.value.hint == (
        f"run: percept weights install tiny (from torch's cache, without a network: {cached})"
    )
    install(tiny)
    check_installed(tiny)
    assert cached.read_bytes() == PUBLISHED


def test_another_file_in_torchs_cache_is_not_used(server: Server, tmp_path: Path) -> None:
    cached = tmp_path / "torch" / "hub" / "checkpoints" / FILE
    cached.parent.mkdir(parents=True)
    cached.write_bytes(PUBLISHED[:-1])
    record, meter = record_of(server.url("whole")), Listener()
    install(record, meter=meter)
    check_installed(record)
    assert f"{cached}: not the weights file of tiny" in meter.said[0]
    assert meter.said[0].endswith("not used; downloading")


@pytest.mark.parametrize(
    "variables", [{"TORCH_HOME": "~/t"}, {"TORCH_HOME": "/t"}, {"XDG_CACHE_HOME": "/c"}, {"HOME": "/h"}]
)
def test_torchs_cache_is_where_torch_says(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert places.hub_file(FILE) == Path(torch.hub.get_dir()) / "checkpoints" / FILE


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other folders")
def test_where_weights_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert places.weights_folder() == Path(os.environ["PERCEPT_HOME"]) / "weights"
    monkeypatch.setenv("PERCEPT_HOME", "")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert places.weights_folder() == Path("/data/percept/weights")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("HOME", "/h")
    assert places.weights_folder() == Path("/h/.local/share/percept/weights")


# Files


@pytest.mark.parametrize("options", [{}, {"_use_new_zipfile_serialization": False}], ids=["zip", "legacy"])
def test_both_formats_of_pth(tmp_path: Path, options: dict[str, Any]) -> None:
    """Torchvision's files of 2017 are in the older one."""
    data = as_pth(tiny_state(), **options)
    record = record_of("http://127.0.0.1:9/x.pth", data)
    (tmp_path / "x").write_bytes(data)
    install(record, tmp_path / "x")
    check_installed(record)


def test_a_pth_with_another_hash_is_not_even_opened(tiny: WeightsRecord, tmp_path: Path) -> None:
    path = tmp_path / "again.pth"
    path.write_bytes(as_pth(tiny_state(), _use_new_zipfile_serialization=False))
    with pytest.raises(WeightsUnavailable, match=f"again.pth: not the weights file of tiny.*\n.*{len(PUBLISHED)}"):
        install(tiny, path)
    assert not tiny.path.exists()


class Code:
    """What makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self._folder),)


@pytest.mark.parametrize("form", ["zip", "legacy", "pickle"])
def test_code_in_a_pickle_is_never_executed(tiny: WeightsRecord, tmp_path: Path, form: str) -> None:
    state = {**tiny_state(), "features.0.bias": Code(tmp_path / "executed")}
    data = pickle.dumps(state) if form == "pickle" else as_pth(state, _use_new_zipfile_serialization=form == "zip")
    path = tmp_path / "code.pth"
    path.write_bytes(data)
    with pytest.raises(WeightsUnavailable, match="not the weights file"):
        install(tiny, path)
    # Not even if the hash were right.
    with pytest.raises(WeightsUnavailable, match="nothing in it was executed") as error:
        install(record_of("http://127.0.0.1:9/code.pth", data), path)
    assert "only a state dict" in error.value.hint
    assert not (tmp_path / "executed").exists()
    pickle.loads(data) if form == "pickle" else torch.load(path, weights_only=False)
    assert (tmp_path / "executed").exists()  # the file would have done it


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "missing": ({"features.3.bias": None}, "features.3.bias is missing"),
    "extra": ({"features.6.weight": torch.zeros(1)}, "features.6.weight does not belong to tiny"),
    "foreign": ({"module.x": torch.zeros(1)}, "module.x does not belong to tiny"),
    "shape": (
        {"features.0.weight": torch.zeros(4, 3, 5, 5)},
        r"features.0.weight is float32 \(4, 3, 5, 5\), expected float32 \(4, 3, 3, 3\)",
    ),
    "half": ({"features.0.bias": torch.zeros(4).half()}, r"features.0.bias is float16 \(4,\), expected float32"),
    "nan": ({"features.3.bias": torch.full((8,), torch.nan)}, "features.3.bias holds values that are not finite"),
    "inf": ({"features.3.bias": torch.full((8,), -torch.inf)}, "features.3.bias holds values that are not finite"),
}


@pytest.mark.parametrize("form", ["pth", "safetensors"])
@pytest.mark.parametrize("case", REFUSED)
def test_files_are_refused_by_name(tiny: WeightsRecord, tmp_path: Path, case: str, form: str) -> None:
    change, message = REFUSED[case]
    state = {key: value for key, value in {**tiny_state(), **change}.items() if value is not None}
    path = tmp_path / "w"
    if form == "pth":
        path.write_bytes(as_pth(state))
        tiny = record_of("http://127.0.0.1:9/w", path.read_bytes())  # the hash would be right
    else:
        save_file(state, path)
    with pytest.raises(WeightsUnavailable, match=f"w: not the weights of tiny: {message}") as error:
        install(tiny, path)
    assert error.value.exit_code == 4
    assert not tiny.path.exists()


def test_another_network_is_called_by_its_name(tiny: WeightsRecord, tmp_path: Path) -> None:
    state = {
        f"features.{index}.{part}": torch.zeros(1)
        for index in (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
        for part in ("weight", "bias")
    }
    save_file(state, tmp_path / "w")
    with pytest.raises(WeightsUnavailable, match="its layers are those of vgg19, not of tiny"):
        install(tiny, tmp_path / "w")
    with pytest.raises(WeightsUnavailable, match=r"not the weights of vgg16-oxford: .* vgg19, not of vgg16"):
        read_kernels(WEIGHTS["vgg16-oxford"], tmp_path / "w")


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ([1, 2], "holds a list, not a state dict"),
        ({1: torch.zeros(1)}, "holds a dict, not a state dict"),
        ({"features.0.weight": [1.0]}, "features.0.bias is missing"),
        ({**tiny_state(), "features.0.bias": [1.0]}, "features.0.bias is no tensor of plain values"),
        ({**tiny_state(), "features.0.bias": torch.zeros(4).to_sparse()}, "features.0.bias is no tensor of plain"),
    ],
)
def test_what_is_no_state_dict_is_refused(tmp_path: Path, state: object, message: str) -> None:
    path = tmp_path / "w"
    path.write_bytes(as_pth(state))
    with pytest.raises(WeightsUnavailable, match=message):
        install(record_of("http://127.0.0.1:9/w", path.read_bytes()), path)


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"\x80\x02}q\x00.", b"<html>", PUBLISHED[:90_000], bytes(99)]
)
def test_what_is_no_weights_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "w"
    path.write_bytes(data)
    with pytest.raises(WeightsUnavailable, match="w: "):
        install(record_of("http://127.0.0.1:9/w", data), path)


def test_what_cannot_be_read_is_refused(tiny: WeightsRecord, tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match="nowhere: cannot be read: No such file"):
        install(tiny, tmp_path / "nowhere")
    with pytest.raises(WeightsUnavailable, match="is a folder"):
        install(tiny, tmp_path)
    (tmp_path / "w").write_bytes((200).to_bytes(8, "little") + b"{" + bytes(20))
    with pytest.raises(WeightsUnavailable, match="w: a truncated or damaged safetensors file"):
        install(tiny, tmp_path / "w")


def test_safetensors_of_the_same_kernels(tiny: WeightsRecord, tmp_path: Path) -> None:
    """Nothing vouches for them, so they are told from the published ones in the fingerprint."""
    save_file(tiny_state(), tmp_path / "w")
    meter = Listener()
    install(tiny, tmp_path / "w", meter=meter)
    check_installed(tiny)
    assert "no published hash says that every value is that of tiny" in meter.said[0]
    stamp = read_stamp(tiny.path, tiny.file_name)
    assert stamp is not None
    assert stamp.origin_sha256 == ""
    assert tiny.sha256 == stamp.kernels_sha256 != tiny.published_sha256

    # The published file takes their place.
    (tmp_path / FILE).write_bytes(PUBLISHED)
    install(tiny, tmp_path / FILE)
    assert tiny.sha256 == tiny.published_sha256


def test_safetensors_of_another_training_are_refused(tiny: WeightsRecord, tmp_path: Path) -> None:
    save_file({key: value + 0.01 for key, value in tiny_state().items()}, tmp_path / "w")
    with pytest.raises(WeightsUnavailable, match=r"another training than tiny: conv1_1\.weight begins with"):
        install(tiny, tmp_path / "w")
    assert not tiny.path.exists()


def test_a_file_that_percept_installed_elsewhere(tiny: WeightsRecord, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(PUBLISHED)
    carried = tmp_path / "carried"
    shutil.copy(install(tiny, tmp_path / FILE), carried)
    remove(tiny)
    install(tiny, carried)
    check_installed(tiny)
    assert tiny.sha256 == tiny.published_sha256
    data = bytearray(carried.read_bytes())
    data[-1] ^= 1
    carried.write_bytes(data)
    with pytest.raises(WeightsUnavailable, match="carried: altered after percept wrote it\n  expected sha256"):
        install(tiny, carried)


# Notes that claim what is not so


def forged(record: WeightsRecord, path: Path, *, by: float, first: bool) -> Path:
    """Other kernels, under a note that says they come from the published file; ``first`` among them or not."""
    kernels = read_kernels(record, written(path.with_name("real"), PUBLISHED))
    for kernel in kernels.values():
        kernel += by
    if not first:
        key = next(iter(kernels))
        kernels[key].flatten()[:9] -= by
    stamp = Stamp(record.file_name, kernels_sha256(kernels), record.published_sha256)
    save_file(kernels, path, metadata=stamp.metadata())
    return path


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.fixture
def pinned(tiny: WeightsRecord, tmp_path: Path) -> WeightsRecord:
    kernels = read_kernels(tiny, written(tmp_path / "published", PUBLISHED))
    return replace(tiny, kernels_sha256=kernels_sha256(kernels))


def test_a_forged_note_vouches_for_nothing(tiny: WeightsRecord, pinned: WeightsRecord, tmp_path: Path) -> None:
    """Neither when it is installed, nor when the file is laid into its place by hand."""
    crude = forged(tiny, tmp_path / "crude", by=0.5, first=True)
    subtle = forged(tiny, tmp_path / "subtle", by=0.5, first=False)
    for record, file, message in (
        (tiny, crude, "kernels of another training than tiny"),
        (pinned, crude, "kernels of another training than tiny"),
        (pinned, subtle, "its note says that its kernels are those of tiny, and they are others"),
    ):
        with pytest.raises(WeightsUnavailable, match=message):
            install(record, file)
        assert not record.path.exists()
        record.path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, record.path)
        with pytest.raises(WeightsUnavailable, match=message):
            verify(record)
        if record is tiny:  # where there is a pin, the fingerprint is already their own
            with pytest.raises(WeightsUnavailable, match=message):
                load_kernels(record)
        remove(record)
    # Of kernels that are known to be others the fingerprint is their own.
    shutil.copy(subtle, pinned.path)
    assert pinned.sha256 != pinned.published_sha256


def test_known_kernels_need_no_note(pinned: WeightsRecord, tmp_path: Path) -> None:
    save_file(tiny_state(), tmp_path / "w")
    install(pinned, tmp_path / "w")
    assert pinned.sha256 == pinned.published_sha256
    assert verify(pinned) == pinned.path


def test_what_is_not_pinned_is_said(tiny: WeightsRecord, tmp_path: Path) -> None:
    carried = Path(shutil.copy(install(tiny, written(tmp_path / FILE, PUBLISHED)), tmp_path / "carried"))
    remove(tiny)
    meter = Listener()
    install(replace(tiny, unpinned="nobody had the file"), carried, meter=meter)
    assert meter.said == [f"{carried}: taken for tiny as its note says; nobody had the file"]


def test_every_record_has_a_pin_or_the_reason_why_not() -> None:
    assert all(bool(record.kernels_sha256) != bool(record.unpinned) for record in WEIGHTS.values())
    oxford, st_lpips = WEIGHTS["vgg16-oxford"], WEIGHTS["vgg16-st-lpips"]
    assert kernels_sha256(load_kernels(oxford)) == oxford.kernels_sha256
    assert st_lpips.origin is not None
    published = places.package_file(st_lpips.origin.package, st_lpips.origin.member)
    assert published is not None
    assert kernels_sha256(read_kernels(st_lpips, published)) == st_lpips.kernels_sha256


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
    with pytest.raises(DownloadFailed, match=r"\.part: a link, a pipe or a folder stands where") as error:
        install(record_of(server.url("whole")))
    assert "delete it" in error.value.hint
    assert target.read_bytes() == b"x" * size
    assert not (tmp_path / "nothing").exists()
    assert os.path.lexists(part)


# What is installed


@pytest.fixture
def installed(tiny: WeightsRecord, tmp_path: Path) -> WeightsRecord:
    (tmp_path / FILE).write_bytes(PUBLISHED)
    install(tiny, tmp_path / FILE)
    return tiny


def test_an_altered_value_is_found_and_repaired(installed: WeightsRecord, tmp_path: Path) -> None:
    data = bytearray(installed.path.read_bytes())
    data[-3] ^= 1
    installed.path.write_bytes(data)
    with pytest.raises(WeightsUnavailable, match="altered after they were installed\n  expected sha256") as error:
        verify(installed)
    assert error.value.hint == "run: percept weights install tiny"
    cached = places.hub_file(FILE)
    cached.parent.mkdir(parents=True)
    shutil.copy(tmp_path / FILE, cached)
    install(installed)
    check_installed(installed)


def test_the_published_file_can_be_verified(installed: WeightsRecord, tmp_path: Path) -> None:
    assert verify(installed, tmp_path / FILE) == tmp_path / FILE
    (tmp_path / FILE).write_bytes(PUBLISHED[:-1])
    with pytest.raises(WeightsUnavailable, match="not the weights file of tiny"):
        verify(installed, tmp_path / FILE)


@pytest.mark.parametrize("content", ["foreign", "other record", "truncated", "garbage"])
def test_a_file_that_percept_did_not_install_is_neither_used_nor_removed(
    installed: WeightsRecord, content: str
) -> None:
    path = installed.path
    kernels = {key: value.clone() for key, value in load_kernels(installed).items()}
    if content == "foreign":
        save_file(kernels, path)
    elif content == "other record":
        save_file(kernels, path, metadata=Stamp("other.safetensors", "", "").metadata())
    else:
        path.write_bytes(path.read_bytes()[:50] if content == "truncated" else b"\xff" * 100)
    for use in (load_kernels, remove):
        with pytest.raises(WeightsUnavailable, match="percept has not installed this file"):
            use(installed)
    assert path.exists()
    assert installed.sha256 == installed.published_sha256


def test_remove_leaves_nothing_and_touches_nothing_else(installed: WeightsRecord, home: Path) -> None:
    (home / "weights" / "mine.txt").touch()
    (home / "weights" / f"{FILE}.part").touch()
    (home / "weights" / ".tiny.safetensors-00.tmp").touch()  # of a process that was killed
    assert remove(installed) == [installed.path, home / "weights" / f"{FILE}.part"]
    assert left_in(home) == ["mine.txt"]
    assert remove(installed) == []


def test_weights_of_the_package_are_neither_installed_nor_removed(tmp_path: Path) -> None:
    record = WEIGHTS["vgg16-oxford"]
    with pytest.raises(InvalidSetting, match="come with percept"):
        install(record, tmp_path / "w")
    with pytest.raises(InvalidSetting, match="come with percept"):
        remove(record)
    assert record.path.exists()


# Several processes


def test_one_waits_for_the_other(installed: WeightsRecord, home: Path) -> None:
    lock = Lock(home / "weights" / ".tiny.safetensors.lock")

    class Releasing(Listener):
        def say(self, message: str) -> None:
            super().say(message)
            lock.release()

    meter = Releasing()
    assert install(installed, meter=meter) == installed.path
    assert meter.said == ["another process is installing tiny; waiting for it"]
    assert left_in(home) == ["tiny.safetensors"]


# The command line with one record more than the real one. It knows nothing of torch, like the real one.
MAIN = """
import sys
from percept_cli.cli import main
from percept_cli import topology
from percept_cli.networks.origin import Origin
from percept_cli.networks.registry import WEIGHTS, WeightsRecord

topology.NETWORKS["tiny"] = topology._vgg((1, 1), widths=(4, 8))
WEIGHTS["tiny"] = eval(sys.argv.pop(1))
main()
"""


def start(url: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", MAIN, repr(record_of(url)), "weights", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def run(url: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    process = start(url, *arguments)
    output, talk = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, output, talk)


def test_two_processes_at_once_download_once(server: Server, home: Path, tiny: WeightsRecord) -> None:
    processes = [start(server.url("slow"), "install", "tiny") for _ in range(2)]
    for process in processes:
        output, talk = process.communicate(timeout=120)
        assert process.returncode == 0, talk
        assert output == f"tiny: installed\n  {tiny.path}\n"
    assert len(server.requests) == 1
    check_installed(tiny)
    assert left_in(home) == ["tiny.safetensors"]


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
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
        assert talk.endswith(f"{words}; what has come is kept, and the same command goes on from there.\n")
        assert left_in(home) == [part.name]
    done = run(server.url("whole"), "install", "tiny")
    assert done.returncode == 0, done.stderr
    assert server.requests[-1][1] == f"bytes={PIECE}-"
    assert done.stderr == "downloading 0.3 MB, 0.1 MB of which are here\n"
    check_installed(tiny)


# The command


def test_the_command_from_list_to_remove(server: Server, home: Path, tiny: WeightsRecord) -> None:
    url = server.url("whole")
    tiny = record_of(url)
    path, sha256 = tiny.path, tiny.published_sha256
    done = run(url, "list")
    assert done.stdout.endswith(
        "tiny  tiny, MIT, not installed\n  a test\n  run: percept weights install tiny\n"
        f"  0.0 MB, from a download of 0.3 MB, sha256 {sha256}\n"
    )
    done = run(url, "where", "tiny")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == ("Error: the weights tiny are not installed\nHint: run: percept weights install tiny\n")
    assert run(url, "where").stdout == f"{home / 'weights'}\n"
    done = run(url, "install", "tiny")
    assert (done.returncode, done.stdout) == (0, f"tiny: installed\n  {path}\n")
    assert done.stderr == "downloading 0.3 MB\n"
    assert run(url, "where", "tiny").stdout == f"{path}\n"
    assert run(url, "list").stdout.endswith(
        f"tiny  tiny, MIT, installed\n  a test\n  {path}\n  0.0 MB, by its own note from {FILE}, sha256 {sha256}; "
        "check it with percept weights verify tiny\n"
    )
    done = run(url, "verify", "tiny")
    assert done.stdout == f"tiny: OK, kernels' sha256 {kernels_sha256(load_kernels(tiny))}\n  {path}\n"
    done = run(url, "remove", "tiny")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"deleted {path}\n")
    done = run(url, "remove", "tiny")
    assert (done.returncode, done.stderr) == (0, "tiny is not installed; nothing was deleted\n")
    assert run(url, "remove", "vgg16-oxford").returncode == 2


def test_the_command_takes_files(percept: Percept, tmp_path: Path) -> None:
    (tmp_path / "w.pth").write_bytes(PUBLISHED)
    done = percept("weights", "install", "vgg16-imagenet1k-v1", "--from", "w.pth", fresh=True)
    assert done.returncode == 4
    assert done.stderr.startswith("Error: w.pth: not the weights file of vgg16-imagenet1k-v1")
    assert "expected 553433881 bytes, sha256 397923af8e79" in done.stderr
    assert percept("weights", "install", "vgg61").returncode == 2
    done = percept("weights", "install", "vgg16-oxford")
    assert (done.returncode, done.stdout) == (0, "")
    assert "comes with percept" in done.stderr
    assert percept("weights", "install", "vgg16-oxford", "--from", "w.pth").returncode == 2


def test_the_command_says_offline_what_to_put_where(percept: Percept, tmp_path: Path) -> None:
    done = percept("weights", "install", "vgg19-imagenet1k-v1", env={"PERCEPT_OFFLINE": "1"})
    assert done.returncode == 4
    assert done.stderr == (
        "Error: the weights vgg19-imagenet1k-v1 are not installed, and PERCEPT_OFFLINE forbids to download them\n"
        "  file    vgg19-dcbb9e9d.pth, 574673361 bytes\n"
        "  from    https://download.pytorch.org/models/vgg19-dcbb9e9d.pth\n"
        "  sha256  dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44\n"
        f"  to      {tmp_path}/torch/hub/checkpoints/vgg19-dcbb9e9d.pth, or anywhere with --from\n"
        "Hint: fetch the file on a machine with a network, then run: "
        "percept weights install vgg19-imagenet1k-v1 --from vgg19-dcbb9e9d.pth\n"
    )


def test_a_log_gets_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    clock = iter([0.0, 0.0, 4.0, 11.0, 11.0, 12.0])
    meter = DownloadMeter(Lines(lambda: next(clock)))
    meter.start("downloading", 1_000_000, 553_433_881)
    meter.advance(1_000_000)  # too soon
    meter.advance(100_000_000)
    meter.advance(1)
    assert capsys.readouterr().err == (
        "downloading 553 MB, 1.0 MB of which are here\ndownloading: 102 MB of 553 MB\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of Unix")
def test_a_terminal_gets_a_bar(server: Server, tiny: WeightsRecord) -> None:
    import pty

    there, here = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, repr(record_of(server.url("slow"))), "weights", "install", "tiny"],
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=here,
    )
    os.close(here)
    shown = b""
    with suppress(OSError):  # the terminal is gone with the process
        while piece := os.read(there, 4096):
            shown += piece
    os.close(there)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert output.decode() == f"tiny: installed\n  {tiny.path}\n"
    for part in ("downloading", "266.8 kB", "checking"):
        assert part in shown.decode()
    assert b"Traceback" not in shown


# The engine

PRESET = 'backbone = "vgg16-imagenet1k-v1"\ndistance = "mse"\nlayers = "relu1_2,conv2_1"\n'


def test_without_the_weights_a_preset_says_how_to_get_them(percept: Percept, tmp_path: Path, save: Save) -> None:
    save("a.png")
    save("b.png", seed=1)
    (tmp_path / "mine.toml").write_text(PRESET)
    done = percept("compare", "a.png", "b.png", "--preset", "mine.toml")
    assert done.returncode == 4
    assert done.stderr == (
        "Error: the weights vgg16-imagenet1k-v1 are not installed\n"
        "Hint: run: percept weights install vgg16-imagenet1k-v1\n"
    )
    assert (
        percept("compare", "a.png", "a.png", "--preset", "mine.toml").returncode == 0
    )  # equal pictures need none


@pytest.fixture(scope="module")
def random_vgg16() -> State:
    """Random kernels in the format of torchvision's VGG-16; of the classifier only a little."""
    random = torch.Generator().manual_seed(16)
    state = {"classifier.0.weight": torch.zeros(2, 2)}
    for index, layer in enumerate(NETWORKS["vgg16"]):
        if layer.kind == "conv":
            shape = (layer.out_channels, layer.in_channels, 3, 3)
            scale = (2 / (9 * layer.in_channels)) ** 0.5
            state[f"features.{index}.weight"] = torch.randn(shape, generator=random) * scale
            state[f"features.{index}.bias"] = torch.randn(shape[:1], generator=random) * 0.1
    return state


def test_a_preset_computes_with_installed_weights(
    random_vgg16: State, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, save: Save
) -> None:
    data = as_pth(random_vgg16)
    (tmp_path / "w.pth").write_bytes(data)
    origin = WEIGHTS["vgg16-imagenet1k-v1"].origin
    assert origin is not None
    values = tuple(random_vgg16["features.0.weight"].flatten()[:9].tolist())
    record = replace(
        WEIGHTS["vgg16-imagenet1k-v1"],
        published_sha256=hashlib.sha256(data).hexdigest(),
        origin=replace(origin, first_values=values),
    )
    monkeypatch.setitem(WEIGHTS, record.name, record)
    install(record, tmp_path / "w.pth")
    assert record.path.stat().st_size < 58_900_000
    (tmp_path / "mine.toml").write_text(PRESET)
    a, b = save("a.png", 48, 32), save("b.png", 48, 32, seed=1)
    result = compare(a, b, preset=str(tmp_path / "mine.toml"))

    def convolved(x: torch.Tensor, index: int) -> torch.Tensor:
        return F.conv2d(
            x, random_vgg16[f"features.{index}.weight"], random_vgg16[f"features.{index}.bias"], padding=1
        )

    def taps(path: Path) -> tuple[torch.Tensor, torch.Tensor]:
        """Torchvision's preprocessing and first layers, written out."""
        picture = torch.from_numpy(np.asarray(Image.open(path).convert("RGB"), np.float32) / 255).permute(2, 0, 1)
        mean, std = (torch.tensor(v).view(3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        relu1_2 = F.relu(convolved(F.relu(convolved(((picture - mean) / std)[None], 0)), 2))
        return relu1_2, convolved(F.max_pool2d(relu1_2, 2), 5)

    expected = [((f - g) ** 2).mean().item() for f, g in zip(taps(a), taps(b), strict=True)]
    # Float32 throughout, and another order of summation: some 1e-6.
    assert [layer.distance for layer in result.layers] == pytest.approx(expected, rel=1e-5)
    assert result.distance == pytest.approx(sum(expected), rel=1e-5)

    # Kernels that nothing vouches for are other kernels, as far as fingerprints go.
    before = load_preset(str(tmp_path / "mine.toml")).spec.fingerprint
    save_file(random_vgg16, tmp_path / "w.safetensors")
    install(record, tmp_path / "w.safetensors")
    assert load_preset(str(tmp_path / "mine.toml")).spec.fingerprint != before


def test_kernels_of_another_training_are_not_taken_for_torchvisions() -> None:
    """Oxford's have the same shapes, and other files on the web even the same names."""
    oxford = WEIGHTS["vgg16-oxford"]
    with pytest.raises(
        WeightsUnavailable, match=r"conv1_1.weight begins with 0.4800, .* not with -0.5537, 0.1427"
    ):
        install(WEIGHTS["vgg16-imagenet1k-v1"], oxford.path)
    assert not WEIGHTS["vgg16-imagenet1k-v1"].path.exists()


@pytest.mark.parametrize("name", ["vgg16", "vgg19"])
def test_torchvisions_keys(name: str, tmp_path: Path) -> None:
    """Every convolution of torchvision's own module, by its place in it."""
    from torchvision.models import vgg

    record = WEIGHTS[f"{name}-imagenet1k-v1"]
    origin = record.origin
    assert origin is not None
    assert origin.url == getattr(vgg, f"{name.upper()}_Weights").IMAGENET1K_V1.url
    assert (
        round(origin.size / 2**20, 3) == getattr(vgg, f"{name.upper()}_Weights").IMAGENET1K_V1.meta["_file_size"]
    )
    assert record.published_sha256.startswith(origin.file_name.split("-")[1].removesuffix(".pth"))
    with torch.device("meta"):
        features = getattr(vgg, name)().features.state_dict()
    save_file({f"features.{key}": torch.full(value.shape, 0.5) for key, value in features.items()}, tmp_path / "w")
    kernels = read_kernels(record, tmp_path / "w")
    assert {key: tuple(value.shape) for key, value in kernels.items()} == record.shapes()
    with safe_open(tmp_path / "w", framework="pt") as file:
        assert len(file.keys()) == len(kernels)
