"""Published files → kernels, or a refusal that says what is wrong."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from percept_cli.errors import WeightsUnavailable
from percept_cli.networks.convert import read_kernels
from percept_cli.networks.registry import WEIGHTS, WeightsRecord
from percept_cli.networks.store import install
from tests.support.weights_home import check_installed, record_of
from tests.support.weights_home import home as home
from tests.support.weights_home import tiny as tiny
from tests.support.weights_server import PUBLISHED, as_pth, tiny_state

pytestmark = pytest.mark.usefixtures("home", "tiny")


# Files


@pytest.mark.parametrize("options", [{}, {"_use_new_zipfile_serialization": False}], ids=["zip", "legacy"])
def test_both_formats_of_pth(tmp_path: Path, options: dict[str, Any]) -> None:
    """Torchvision's files of 2017 are in the older one."""
    data = as_pth(tiny_state(), **options)
    record = record_of("http://127.0.0.1:9/x.pth", data)
    (tmp_path / "x").write_bytes(data)
    install(record, tmp_path / "x")
    check_installed(record)


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
    assert "pass a state dict" in error.value.hint
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
    "nan": ({"features.3.bias": torch.full((8,), torch.nan)}, "features.3.bias holds NaN or infinite values"),
    "inf": ({"features.3.bias": torch.full((8,), -torch.inf)}, "features.3.bias holds NaN or infinite values"),
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
        ({**tiny_state(), "features.0.bias": [1.0]}, "features.0.bias is not a tensor of plain values"),
        (
            {**tiny_state(), "features.0.bias": torch.zeros(4).to_sparse()},
            "features.0.bias is not a tensor of plain",
        ),
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
