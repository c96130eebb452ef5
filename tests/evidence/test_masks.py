"""Masks: read, held to the picture's size, and without colours."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from percept_cli.errors import InvalidSetting
from percept_cli.evidence.masks import check_mask, read_mask
from tests.conftest import Save, drawing
from tests.support import icc
from tests.support.pipes import pipe as pipe
from tests.support.pipes import written


def test_a_mask_is_read_and_must_fit(save: Save) -> None:
    path = save("mask.png")
    grey = np.zeros((30, 40), np.uint8)
    grey[:, 20:] = 200
    Image.fromarray(grey).save(path)
    mask = read_mask(path, 40, 30)
    assert mask[:, :20].all()
    assert not mask[:, 20:].any()
    with pytest.raises(InvalidSetting, match=r"mask\.png: the mask has 40×30 pixels, but the images have 41×30"):
        read_mask(path, 41, 30)


def test_a_mask_has_no_colours(tmp_path: Path) -> None:
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    ramp.save(tmp_path / "mask.png", icc_profile=icc.grey_profile(1.0))
    assert int(read_mask(tmp_path / "mask.png", 256, 1).sum()) == 128


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_mask_from_a_pipe_is_read_once(pipe: Path, tmp_path: Path) -> None:
    drawing(9, 7).save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    thread = written(pipe, lambda descriptor: os.write(descriptor, data))
    check_mask(pipe)
    thread.join()
    assert read_mask(pipe, 9, 7).shape == (7, 9)
    assert (read_mask(pipe, 9, 7) == read_mask(tmp_path / "a.png", 9, 7)).all()
