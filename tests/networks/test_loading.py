"""The shipped weights: what they are, and that nothing else passes for them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from percept_cli.errors import WeightsUnavailable
from percept_cli.networks.loading import load_kernels, verify
from tests.support.shipped import RECORD


@pytest.fixture
def kernels() -> dict[str, torch.Tensor]:
    return load_kernels(RECORD)


def test_the_shipped_file_is_the_recorded_one() -> None:
    assert verify(RECORD) == RECORD.path
    assert RECORD.path.stat().st_size == RECORD.size


def test_published_values(kernels: dict[str, torch.Tensor]) -> None:
    """Values that two unrelated public listings of the released weights agree on to every digit."""
    for key, index, value in (
        ("conv1_1.weight", (0, 0, 0, 0), 0.4800154),
        ("conv1_1.bias", (0,), 0.73429835),
        ("conv5_1.weight", (269, 63, 1, 0), -0.011236359),
        ("conv5_2.bias", (510,), 0.23517226),
        ("conv5_3.weight", (400, 0, 0, 2), -0.008714244),
        ("conv5_3.bias", (0,), 0.18837857),
    ):
        assert kernels[key][index].item() == pytest.approx(value, rel=1e-7)


def save(path: Path, tensors: dict[str, torch.Tensor]) -> Path:
    save_file(tensors, path)
    return path


def test_a_file_with_the_wrong_tensors_is_refused_by_name(
    tmp_path: Path, kernels: dict[str, torch.Tensor]
) -> None:
    path = tmp_path / "w.safetensors"
    changes: dict[str, dict[str, torch.Tensor | None]] = {
        "conv3_2.bias is missing": {"conv3_2.bias": None},
        "fc6.weight does not belong to vgg16": {"fc6.weight": torch.zeros(1)},
        r"conv1_1.weight is F32 \(64, 3, 5, 5\), expected F32 \(64, 3, 3, 3\)": {
            "conv1_1.weight": torch.zeros(64, 3, 5, 5)
        },
        "conv1_1.bias is F16": {"conv1_1.bias": torch.zeros(64, dtype=torch.float16)},
    }
    for message, change in changes.items():
        tensors = {key: value for key, value in {**kernels, **change}.items() if value is not None}
        with pytest.raises(WeightsUnavailable, match=message) as error:
            load_kernels(RECORD, save(path, tensors))
        assert str(path) in str(error.value)
        assert error.value.exit_code == 4
    with pytest.raises(WeightsUnavailable, match=r"conv1_1\.weight is missing; .* and 23 more"):
        load_kernels(RECORD, save(path, {"x": torch.zeros(1)}))


@pytest.mark.parametrize("size", [0, 5, 100, 1_000_000, RECORD.size - 1])
def test_a_truncated_file_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "w.safetensors"
    with RECORD.path.open("rb") as file:
        path.write_bytes(file.read(size))
    with pytest.raises(WeightsUnavailable, match="truncated or damaged"):
        load_kernels(RECORD, path)
    with pytest.raises(
        WeightsUnavailable, match=f"or truncated or altered\n.*{RECORD.sha256}\n.*found +{size} bytes"
    ):
        verify(RECORD, path)


def test_one_altered_bit_is_found(tmp_path: Path) -> None:
    data = bytearray(RECORD.path.read_bytes())
    data[40_000_000] ^= 1
    path = tmp_path / "w.safetensors"
    path.write_bytes(data)
    with pytest.raises(WeightsUnavailable, match="or truncated or altered"):
        verify(RECORD, path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    for check in (load_kernels, verify):
        with pytest.raises(WeightsUnavailable, match="is missing"):
            check(RECORD, tmp_path / "nowhere")
