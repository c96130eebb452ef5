"""Features that wait: the same values from memory and from the file, within the room, and nothing is left."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from percept_cli.engine.bank import Bank, Layout, Take
from percept_cli.errors import DeviceOutOfMemory

CPU = torch.device("cpu")
LAYOUT: Layout = {"relu1_2": ((4, 6, 5), torch.float32), "relu3_3": ((8, 3, 2), torch.bfloat16)}
SIZE = 4 * 6 * 5 * 4 + 8 * 3 * 2 * 2


def features(seed: int, layout: Layout = LAYOUT) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {tap: torch.randn(1, *shape, generator=generator).to(dtype) for tap, (shape, dtype) in layout.items()}


def by_bands(values: dict[str, Tensor]) -> Callable[[Take], None]:
    """Two rows at a time, as the network gives them."""

    def fill(take: Take) -> None:
        for tap, whole in values.items():
            for first in range(0, whole.shape[2], 2):
                take(tap, first, whole[:, :, first : first + 2])

    return fill


def soon(order: str) -> Callable[[object], float]:
    return lambda key: order.index(str(key))


@pytest.mark.parametrize("room", [10 * SIZE, 2 * SIZE, 0])
def test_what_comes_out_is_what_went_in(room: int, device: str) -> None:
    with Bank(room, torch.device(device)) as bank:
        for key in "abcd":
            bank.add(key, LAYOUT, by_bands(features(ord(key))), soon("abcd"))
            assert bank.bytes_held <= room
        assert bank.bytes_spilled == max(0, 4 * SIZE - room)
        for key in "abcd":
            for tap, expected in features(ord(key)).items():
                found = torch.cat([bank.rows(key, tap, row, row + 1) for row in range(expected.shape[2])], dim=2)
                assert torch.equal(found.cpu(), expected) and found.dtype == expected.dtype
                assert found.device.type == device


def test_those_wanted_last_give_way() -> None:
    with Bank(2 * SIZE, CPU) as bank:
        for key in "ab":
            bank.add(key, LAYOUT, by_bands(features(0)), soon("ab"))
        bank.add("c", LAYOUT, by_bands(features(0)), soon("bca"))
        assert [key for key in "abc" if bank._entries[key].tensors is None] == ["a"]


def test_places_in_the_file_are_used_again() -> None:
    with Bank(0, CPU) as bank:
        for round_ in range(5):
            for key in "ab":
                bank.add((key, round_), LAYOUT, by_bands(features(round_)), soon(""))
            for key in "ab":
                assert torch.equal(bank.rows((key, round_), "relu1_2", 0, 6), features(round_)["relu1_2"])
                bank.drop((key, round_))
        assert bank._end == 2 * SIZE


def test_a_matrix_of_a_picture() -> None:
    matrix = torch.rand(1, 7, 7, dtype=torch.float64)
    for room in (0, 1000):
        with Bank(room, CPU) as bank:
            bank.put("gram", matrix, soon(""))
            assert torch.equal(bank.get("gram"), matrix)


def test_what_cannot_be_made_is_not_in() -> None:
    def fill(take: Take) -> None:
        take("relu1_2", 0, features(0)["relu1_2"])
        raise DeviceOutOfMemory("no room")

    for room in (0, SIZE):
        with Bank(room, CPU) as bank:
            with pytest.raises(DeviceOutOfMemory):
                bank.add("a", LAYOUT, fill, soon(""))
            assert "a" not in bank and bank.bytes_held == 0
            bank.add("a", LAYOUT, by_bands(features(1)), soon(""))
            assert torch.equal(bank.rows("a", "relu1_2", 0, 6), features(1)["relu1_2"])
            assert bank._end <= SIZE


def test_no_file_is_left_nor_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    bank = Bank(0, CPU)
    bank.add("a", LAYOUT, by_bands(features(0)), soon(""))
    assert bank._file is not None
    number = bank._file.fileno()
    if os.name == "posix":
        assert list(tmp_path.iterdir()) == []
    bank.close()
    with pytest.raises(OSError):
        os.fstat(number)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with Bank(0, CPU) as bank, pytest.raises(DeviceOutOfMemory, match="temporary folder") as caught:
        bank.add("a", LAYOUT, by_bands(features(0)), soon(""))
    assert "TMPDIR" in caught.value.hint


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_and_what_is_in_memory_stays() -> None:
    with Bank(SIZE, CPU) as bank:
        bank.add("a", LAYOUT, by_bands(features(1)), soon("a"))
        bank._file = open("/dev/full", "r+b", buffering=0)  # noqa: SIM115, PTH123 - the bank closes it
        with pytest.raises(DeviceOutOfMemory, match="No space left"):
            bank.add("b", LAYOUT, by_bands(features(2)), soon("ba"))
        assert torch.equal(bank.rows("a", "relu1_2", 0, 6), features(1)["relu1_2"])
