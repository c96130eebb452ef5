"""Scenes of JPEG XL, by the rules for light in any file."""

import imagecodecs
import numpy as np
import pytest

from percept_cli.formats.jxl.reader import read_jxl
from percept_cli.formats.pages import Source
from percept_cli.images.policy import AS_SEEN
from tests.support.jxl_files import jxl_with_head

pytest.importorskip("pillow_jxl")


def test_colours_under_alpha_0_are_nothing_to_be_seen() -> None:
    """Unless alpha is multiplied in: then they are light that covers nothing, such as a flame's."""
    values = np.full((5, 9, 4), 0.5, np.float32)
    values[0, 0, 3] = 0
    for multiplied, expected in ((False, 0.0), (True, 0.5)):
        data = jxl_with_head(values, 32, multiplied=multiplied, transfer=8)
        decoded = read_jxl(Source(data, "a.jxl", AS_SEEN))
        (frame,) = decoded.frames
        assert decoded.scene
        assert frame.array[0, 0].tolist() == [expected] * 3
        assert frame.array[1, 1].tolist() == [1.0 if multiplied else 0.5] * 3
        assert frame.opacity[:2, :2, 0].tolist() == [[0, 127.5], [127.5, 127.5]]


def test_what_imagecodecs_writes_is_the_same() -> None:
    values = np.random.default_rng(0).random((4, 5, 3), np.float32) * 9
    data = bytes(imagecodecs.jpegxl_encode(values, lossless=True))
    (frame,) = read_jxl(Source(data, "a.jxl", AS_SEEN)).frames
    assert (frame.array == values).all()
