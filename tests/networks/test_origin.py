"""Weights that are in a Python package, ST-LPIPS's: its file is read, and nothing of it is imported or run."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from percept_cli.errors import WeightsUnavailable
from percept_cli.networks import folders as places
from percept_cli.networks import store
from percept_cli.networks.convert import read_kernels
from percept_cli.networks.loading import load_kernels, verify
from percept_cli.networks.registry import WEIGHTS
from percept_cli.networks.store import install
from tests.conftest import Percept, Save

RECORD = WEIGHTS["vgg16-st-lpips"]
assert RECORD.origin is not None
MEMBER = RECORD.origin.member
PUBLISHED = Path(str(distribution("stlpips_pytorch").locate_file(MEMBER)))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PERCEPT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "home"


@pytest.fixture
def not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is not there: what another interpreter would see."""
    monkeypatch.setattr(store, "package_file", lambda *_: None)


def check_installed() -> None:
    state = torch.load(PUBLISHED, map_location="cpu", weights_only=True)
    kernels = load_kernels(RECORD)
    assert len(kernels) == 26
    # Its blocks count all layers, and a pool as two.
    for ours, theirs in (
        ("conv1_1", "slice1.0"),
        ("conv2_1", "slice2.6"),
        ("conv3_3", "slice3.16"),
        ("conv5_3", "slice5.32"),
    ):
        for part in ("weight", "bias"):
            assert torch.equal(kernels[f"{ours}.{part}"], state[f"net.{theirs}.{part}"])
    assert verify(RECORD) == RECORD.path
    assert RECORD.sha256 == RECORD.published_sha256


def test_they_are_read_from_the_package_without_importing_it(home: Path) -> None:
    code = (
        "import sys\n"
        "from percept_cli.networks.registry import WEIGHTS\n"
        "from percept_cli.networks.store import install\n"
        "install(WEIGHTS['vgg16-st-lpips'])\n"
        "sys.exit(any(name.partition('.')[0] in ('stlpips_pytorch', 'IPython') for name in sys.modules))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    check_installed()
    assert sorted(path.name for path in (home / "weights").iterdir()) == [RECORD.file_name]


@pytest.mark.usefixtures("not_installed")
def test_they_are_taken_out_of_the_wheel(tmp_path: Path, home: Path) -> None:
    wheel = tmp_path / "stlpips_pytorch-0.0.2-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_STORED) as file:
        file.write(PUBLISHED, MEMBER)
    install(RECORD, wheel)
    check_installed()
    assert sorted(path.name for path in (home / "weights").iterdir()) == [RECORD.file_name]


@pytest.mark.usefixtures("not_installed")
def test_they_are_taken_from_the_file_itself() -> None:
    install(RECORD, PUBLISHED)
    check_installed()


def test_the_head_and_the_constants_of_the_file_are_no_kernels_but_other_tensors_are_refused(
    tmp_path: Path,
) -> None:
    state = torch.load(PUBLISHED, map_location="cpu", weights_only=True)
    other = tmp_path / "other.safetensors"
    save_file({**state, "net.slice6.34.weight": torch.zeros(1)}, other)
    with pytest.raises(WeightsUnavailable, match=r"net\.slice6\.34\.weight does not belong to vgg16-blurpool"):
        read_kernels(RECORD, other)
    del state["net.slice4.22.bias"]
    save_file(state, other)
    with pytest.raises(WeightsUnavailable, match=r"net\.slice4\.22\.bias is missing"):
        read_kernels(RECORD, other)
    state["net.slice4.22.bias"] = torch.full((512,), torch.nan)
    save_file(state, other)
    with pytest.raises(WeightsUnavailable, match=r"net\.slice4\.22\.bias holds NaN or infinite values"):
        read_kernels(RECORD, other)


def test_other_kernels_of_the_same_shapes_are_refused(tmp_path: Path) -> None:
    """Oxford's, as they come with percept; and the right ones with another first layer."""
    with pytest.raises(WeightsUnavailable, match=r"not the kernels of vgg16-st-lpips, but of another training"):
        install(RECORD, WEIGHTS["vgg16-oxford"].path)
    state = torch.load(PUBLISHED, map_location="cpu", weights_only=True)
    state["net.slice1.0.weight"] = torch.zeros_like(state["net.slice1.0.weight"])
    save_file(state, tmp_path / "other.safetensors")
    with pytest.raises(WeightsUnavailable, match=r"conv1_1\.weight begins with 0\.0000, 0\.0000, 0\.0000"):
        install(RECORD, tmp_path / "other.safetensors")


def test_a_wheel_of_something_else_and_a_pipe_are_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "other.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("other/__init__.py", "")
    with pytest.raises(WeightsUnavailable, match=r"other\.whl: the wheel has no stlpips_pytorch/weights/vST0\.0"):
        install(RECORD, wheel)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(WeightsUnavailable, match="pipe is not a regular file"):
        install(RECORD, tmp_path / "pipe")


def test_without_the_package_it_is_said_what_to_install(
    percept: Percept, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "package_file", lambda *_: None)
    with pytest.raises(WeightsUnavailable) as error:
        install(RECORD)
    assert str(error.value) == (
        "the weights vgg16-st-lpips are in the Python package stlpips_pytorch, which is not installed\n"
        f"  file    {MEMBER}, 58907298 bytes\n"
        "  from    https://pypi.org/project/stlpips_pytorch/0.0.2/#files\n"
        f"  sha256  {RECORD.published_sha256}\n"
        f"  to      {places.hub_file('vgg_shift_tolerant.pth').as_posix()}, or anywhere with --from"
    )
    assert error.value.hint.startswith("run: pip install 'percept-cli[st-lpips]', then: percept weights install")
    # Until then a comparison names the command.
    found = percept("compare", save("a.png"), save("b.png", seed=1), "--preset", "st-lpips")
    assert (found.returncode, found.stdout) == (4, "")
    assert "the weights vgg16-st-lpips are not installed" in found.stderr
    assert "run: percept weights install vgg16-st-lpips" in found.stderr


def test_a_damaged_wheel_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "damaged.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_STORED) as file:
        file.write(PUBLISHED, MEMBER)
    data = bytearray(wheel.read_bytes())
    data[1_000_000] ^= 1
    wheel.write_bytes(data)
    with pytest.raises(WeightsUnavailable, match=r"damaged\.whl: the wheel cannot be read: Bad CRC-32"):
        install(RECORD, wheel)


def test_the_command_shows_its_source(percept: Percept) -> None:
    listed = percept("weights", "list").stdout
    assert "vgg16-st-lpips  vgg16-blurpool, BSD-2-Clause, not installed\n" in listed
    assert "59 MB, from the package stlpips_pytorch, sha256 44597da6" in listed
    found = percept("weights", "install", "vgg16-st-lpips")
    assert found.returncode == 0
    assert percept("weights", "where", "vgg16-st-lpips").stdout.endswith("vgg16-st-lpips.safetensors\n")
    assert "from vgg_shift_tolerant.pth, sha256 44597da6" in percept("weights", "list").stdout
