"""Colours by code are colours by profile."""

from __future__ import annotations

import numpy as np
import pytest

from percept_cli.errors import UnsupportedImage
from percept_cli.formats.heif.avif import read_deep_avif
from percept_cli.formats.heif.heic import read_heic
from percept_cli.images.policy import ImagePolicy
from tests.support.container_files import avif, heic, noise, read

pytest.importorskip("pillow_jxl")


# Primaries and transfer, whether it moves colours (None: refused), and in what words.
CODES: list[tuple[int, int, bool | None]] = [
    (1, 13, False),
    (1, 1, False),
    (2, 2, False),
    (12, 13, True),
    (9, 14, True),
    (1, 8, True),
    (9, 16, None),
    (9, 18, None),
    (1, 4, None),
    (4, 13, None),
]


@pytest.mark.parametrize(("primaries", "transfer", "moves"), CODES)
def test_colours_by_code(primaries: int, transfer: int, moves: bool | None) -> None:
    values = noise(8, 3)
    data = heic("RGB", values, color_primaries=primaries, transfer_characteristics=transfer)
    if moves is None:
        with pytest.raises(UnsupportedImage, match=r"^a\.x: its (transfer function is (PQ|HLG)|colour space is)"):
            read(read_heic, data)
    else:
        colours, _ = read(read_heic, data)
        assert (colours != values).any() == moves
    colours, _ = read(read_heic, data, ImagePolicy(ignore_icc=True))
    assert (colours == values).all()


def test_display_p3_by_code_is_display_p3_by_profile() -> None:
    """Red of sRGB as Display P3 has it, by the published matrices: (234, 51, 35)."""
    values = np.full((4, 4, 3), (234, 51, 35), np.uint8)
    colours, _ = read(read_heic, heic("RGB", values, color_primaries=12, transfer_characteristics=13))
    assert np.abs(colours.astype(int) - (255, 0, 0)).max() <= 1


def test_codes_of_a_deep_picture() -> None:
    """Red of sRGB as Display P3 has it, by the published matrices: 234.0, 51.1, 35.4 in 0..255."""
    values = np.full((8, 8, 3), (939, 205, 142), np.uint16)
    for reader, data in (
        (read_heic, heic("RGB;10", values, bit_depth=10, color_primaries=12, transfer_characteristics=13)),
        (read_deep_avif, avif(values, 10, primaries=12)),
    ):
        colours, _ = read(reader, data)
        assert np.abs(colours - (255, 0, 0)).max() <= 1
        same, _ = read(reader, data, ImagePolicy(ignore_icc=True))
        np.testing.assert_allclose(same, values * (255 / 1023), rtol=1e-6)
    with pytest.raises(UnsupportedImage, match="is PQ, for HDR displays"):
        read(read_deep_avif, avif(values, 10, primaries=9, transfer=16))
