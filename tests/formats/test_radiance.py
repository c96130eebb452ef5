"""Radiance: what imagecodecs unpacks is what is unpacked by hand, and damage is told in percept's words."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from percept_cli.errors import UnreadableImage
from percept_cli.formats import radiance
from percept_cli.formats.radiance import read_hdr
from tests.scenes import anything, colours_of, hdr, only, rgbe, runs_by_channel, runs_by_pixel, value_of


def seeded(seed: int) -> NDArray[np.uint8]:
    """Pixels of any bytes, in runs of any length, of all exponents where there is room for them."""
    rng = np.random.default_rng(seed)
    height, width = int(rng.integers(1, 12)), int(rng.integers(8, 700))
    pixels = rng.integers(0, 256, (height, width, 4), np.uint8)
    pixels = np.repeat(pixels, rng.integers(1, 1 + width, width), axis=1)[:, :width]
    pixels[0, :256, 3] = np.arange(256)[:width]
    return pixels


def of(body: bytes, pixels: NDArray[np.uint8]) -> bytes:
    return hdr(body, f"-Y {pixels.shape[0]} +X {pixels.shape[1]}")


def found_in(data: bytes) -> list[list[float]] | str:
    """Its values, or what is said of it."""
    try:
        values: list[list[float]] = colours_of(only(read_hdr(data, "x", anything))).reshape(-1, 3).tolist()
    except UnreadableImage as error:
        return str(error)
    return values


def flat(pixels: NDArray[np.uint8]) -> bytes:
    return pixels.tobytes()


def by_hand(data: bytes) -> list[list[float]] | str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(radiance, "_by_library", lambda *_: None)
        return found_in(data)


@pytest.fixture
def no_lines_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(radiance, "_scan_lines", lambda *_: pytest.fail("unpacked by hand"))


@pytest.mark.usefixtures("no_lines_by_hand")
@pytest.mark.parametrize("seed", range(20))
def test_runs_by_channel_are_unpacked_by_imagecodecs_and_exact(seed: int) -> None:
    pixels = seeded(seed)
    assert found_in(of(runs_by_channel(pixels), pixels)) == [value_of(pixel) for pixel in pixels.reshape(-1, 4)]


def test_by_hand_the_same_is_found() -> None:
    for seed in range(20):
        pixels = seeded(seed)
        data = of(runs_by_channel(pixels), pixels)
        assert by_hand(data) == found_in(data)


@pytest.mark.usefixtures("no_lines_by_hand")
def test_the_widest_line_with_runs() -> None:
    pixels = np.repeat(rgbe(3, 2, 31), 1057, axis=1)  # 32767
    assert found_in(of(runs_by_channel(pixels), pixels)) == [value_of(pixel) for pixel in pixels.reshape(-1, 4)]


def test_lines_of_several_kinds_in_one_file() -> None:
    """imagecodecs takes all that follows a line without runs by channel for plain pixels."""
    pixels = rgbe(5, 4, 12)
    expected = [value_of(pixel) for pixel in pixels.reshape(-1, 4)]
    rows = [pixels[row : row + 1] for row in range(4)]
    kinds = {"c": runs_by_channel, "p": runs_by_pixel, "f": flat}
    for pack in ("cccp", "ccfc", "cffp", "cpff", "ccff", "fccc", "pccc"):
        body = b"".join(kinds[kind](row) for kind, row in zip(pack, rows, strict=True))
        assert found_in(of(body, pixels)) == expected, pack
        assert found_in(of(body + b"and more", pixels)) == expected, pack


def test_runs_of_pixels_are_not_taken_for_pixels_where_the_size_would_fit() -> None:
    pixels = np.full((3, 8, 4), 200, np.uint8)
    body = runs_by_channel(pixels[:1]) + runs_by_pixel(pixels[:2])  # 8 bytes for each of two lines
    data = of(body + bytes(2 * 32 - 2 * 8), pixels)  # as many as the lines have without runs
    assert found_in(data) == [value_of([200] * 4)] * 24


def test_damage_is_told_as_by_hand() -> None:
    rng = np.random.default_rng(7)
    refused = 0
    for seed in range(300):
        pixels = rgbe(seed, 3, 40)
        body = bytearray(runs_by_channel(pixels))
        for _ in range(int(rng.integers(1, 4))):
            body[int(rng.integers(len(body)))] = int(rng.choice([0, 1, 2, 40, 127, 128, 129, 136, 168, 255]))
        data = of(bytes(body[: int(rng.integers(len(body) // 2, 2 * len(body)))]), pixels)
        found = found_in(data)
        assert found == by_hand(data)
        refused += isinstance(found, str)
    assert 50 < refused < 300
