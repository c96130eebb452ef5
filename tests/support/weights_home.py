"""A home for weights, a server that has them, and a tiny network."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch

from percept_cli import topology
from percept_cli.errors import WeightsUnavailable
from percept_cli.networks import folders as places
from percept_cli.networks.download import Meter
from percept_cli.networks.loading import load_kernels, verify
from percept_cli.networks.origin import Origin
from percept_cli.networks.registry import WeightsRecord
from percept_cli.topology import NETWORKS
from tests.conftest import ROOT
from tests.support.weights_server import FILE, PUBLISHED, Server, tiny_state


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


@pytest.fixture
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


@pytest.fixture
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


# The engine

PRESET = 'backbone = "vgg16-imagenet1k-v1"\ndistance = "mse"\nlayers = "relu1_2,conv2_1"\n'
