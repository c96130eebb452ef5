"""Weights that do not come inside the package: downloaded from a server, taken from files, refused, removed.

No test needs the network, so none has torchvision's real files: most use a network of two layers, whose published
file is made here, and the last ones random kernels in the shape and the format of torchvision's VGG-16, under a
copy of its record that has their hash.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file

from percept_cli import compare
from percept_cli.errors import WeightsUnavailable
from percept_cli.networks import folders as places
from percept_cli.networks.loading import load_kernels, verify
from percept_cli.networks.registry import WEIGHTS, WeightsRecord
from percept_cli.networks.stamp import Stamp, kernels_sha256, read_stamp
from percept_cli.networks.store import install, remove
from percept_cli.recipes.presets import load_preset
from percept_cli.system.lock import Lock
from percept_cli.topology import NETWORKS
from tests.conftest import Save
from tests.support.weights_home import PRESET, Listener, check_installed, left_in, record_of, start
from tests.support.weights_home import home as home
from tests.support.weights_home import server as server
from tests.support.weights_home import tiny as tiny
from tests.support.weights_server import FILE, PUBLISHED, Server, State, as_pth

pytestmark = pytest.mark.usefixtures("home", "tiny")


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
        with pytest.raises(WeightsUnavailable, match="not installed by percept"):
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


@pytest.mark.slow
def test_two_processes_at_once_download_once(server: Server, home: Path, tiny: WeightsRecord) -> None:
    processes = [start(server.url("slow"), "install", "tiny") for _ in range(2)]
    for process in processes:
        output, talk = process.communicate(timeout=120)
        assert process.returncode == 0, talk
        assert output == f"tiny: installed\n  {tiny.path}\n"
    assert len(server.requests) == 1
    check_installed(tiny)
    assert left_in(home) == ["tiny.safetensors"]


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
