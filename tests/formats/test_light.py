"""What readers of scenes share: names in errors, and what is no number."""

from __future__ import annotations

import numpy as np
import pytest

from percept_cli.errors import UnsupportedImage
from percept_cli.formats.exr.frames import read_exr
from percept_cli.formats.npy import read_npy
from percept_cli.formats.radiance import read_hdr
from percept_cli.formats.tiff.light import read_float_tiff
from tests.support.scenes import ONE, Reader, exr_by_hand, hdr, npy, tiff

# --- all of them -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reader", [read_exr, read_hdr, read_npy, read_float_tiff])
def test_what_check_says_gets_the_name(reader: Reader) -> None:
    made: dict[Reader, bytes] = {
        read_exr: exr_by_hand(ONE),
        read_hdr: hdr(bytes(16), "-Y 2 +X 2"),
        read_npy: npy(np.ones((2, 2), np.float32)),
        read_float_tiff: tiff(np.ones((2, 2), np.float32)),
    }

    def check(width: int, height: int) -> None:
        raise UnsupportedImage(f"{width}×{height} is too large", hint="cut it.")

    with pytest.raises(UnsupportedImage, match=r"^some: 2×2 is too large"):
        reader(made[reader], "some", check)
