"""Pictures that many pairs share are opened once, as long as there is room."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from percept_cli.errors import InvalidInput, UnreadableImage
from percept_cli.images.policy import AS_SEEN
from percept_cli.scoring import opened
from percept_cli.scoring.opened import Opened, key_of, pair_named
from tests.conftest import Save


def test_a_file_is_opened_once_while_there_is_room(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [save(f"{index}.png", seed=index) for index in range(4)]
    found = Opened(AS_SEEN)
    first, stamp = found.side(paths[0], key_of(paths[0]), "reference")
    assert stamp is not None and first.name == str(paths[0])
    assert found.side(str(paths[0]), key_of(str(paths[0])), "candidate")[0].decoded is first.decoded
    monkeypatch.setattr(opened, "_BYTES_OPENED", 3 * 40 * 30 * 3)
    for path in paths[1:3]:
        found.side(path, key_of(path), "candidate")
    assert found.side(paths[0], key_of(paths[0]), "reference")[0].decoded is first.decoded
    found.side(paths[3], key_of(paths[3]), "candidate")  # 1 was looked at longest ago
    assert set(found._found) == {paths[0], paths[2], paths[3]}


def test_one_in_memory_is_its_object_and_called_by_its_role() -> None:
    array = np.zeros((4, 5, 3), np.uint8)
    assert key_of(array) == key_of(array) != key_of(array.copy())
    side, stamp = Opened(AS_SEEN).side(array, key_of(array), "reference")
    assert (side.name, stamp) == ("reference", None)
    with pytest.raises(InvalidInput, match="candidate"):
        Opened(AS_SEEN).side(np.zeros((4, 5, 7), np.uint8), 1, "candidate")


def test_what_cannot_be_opened_is_tried_again(tmp_path: Path, save: Save) -> None:
    path, found = tmp_path / "late.png", Opened(AS_SEEN)
    with pytest.raises(UnreadableImage):
        found.side(path, key_of(path), "candidate")
    save("late.png")
    assert found.side(path, key_of(path), "candidate")[0].decoded.frames[0].width == 40


def test_pairs_are_named_as_compare_names_them(tmp_path: Path) -> None:
    array = np.zeros((4, 5, 3), np.uint8)
    assert pair_named((tmp_path / "a", tmp_path / "b")).name == (tmp_path / "b").as_posix()
    assert pair_named((array, "b.png")).reference == Path("reference")
    assert pair_named((array, "b.png")).name == "b.png"
    assert pair_named(("a.png", array)).name == "candidate"
