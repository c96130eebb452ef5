"""Radiance: what imagecodecs unpacks is what is unpacked by hand, and damage is told in percept's words."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from percept_cli.errors import PerceptError, UnreadableImage, UnsupportedImage
from percept_cli.formats import radiance
from percept_cli.formats.exr.frames import read_exr
from percept_cli.formats.radiance import read_hdr
from tests.support.scenes import (
    AP1,
    anything,
    attribute,
    case,
    colours_of,
    exr_by_hand,
    hdr,
    only,
    planes,
    refused,
    rgbe,
    runs_by_channel,
    runs_by_pixel,
    value_of,
)


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


def plain_pixels(pixels: NDArray[np.uint8]) -> bytes:
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
    kinds = {"c": runs_by_channel, "p": runs_by_pixel, "f": plain_pixels}
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


# --- Radiance --------------------------------------------------------------------------------------------------


def flat(pixels: NDArray[np.uint8]) -> bytes:
    return pixels.tobytes()


@pytest.mark.parametrize(
    ("packed", "width"),
    # Lines below 8 pixels have no runs by channel.
    [
        (flat, 3),
        (runs_by_pixel, 3),
        *((pack, n) for pack in (flat, runs_by_channel, runs_by_pixel) for n in (8, 40, 700)),
    ],
)
def test_hdr_of_all_packings(packed: Callable[[NDArray[np.uint8]], bytes], width: int) -> None:
    pixels = rgbe(0, 3, width)
    data = hdr(packed(pixels), f"-Y 3 +X {width}", "FORMAT=32-bit_rle_rgbe")
    frame = only(read_hdr(data, "x", anything))
    assert frame.alpha is None
    assert colours_of(frame).reshape(-1, 3).tolist() == [value_of(pixel) for pixel in pixels.reshape(-1, 4)]


def test_hdr_of_all_exponents_is_exact() -> None:
    pixels = np.array([[[255, 128, 1, exponent] for exponent in range(256)]], np.uint8)
    found = colours_of(only(read_hdr(hdr(pixels.tobytes(), "-Y 1 +X 256"), "x", anything)))
    assert found[0].tolist() == [value_of(pixel) for pixel in pixels[0]]  # down to float32's smallest


@pytest.mark.parametrize("y", "+-")
@pytest.mark.parametrize("x", "+-")
@pytest.mark.parametrize("by_columns", [False, True])
def test_hdr_of_all_orders(y: str, x: str, by_columns: bool) -> None:
    pixels = rgbe(1, 4, 5)  # as seen: rows from the top, columns from the left
    stored = pixels[:: 1 if y == "-" else -1, :: 1 if x == "+" else -1]  # Y points up
    size = f"{y}Y 4 {x}X 5"
    if by_columns:
        stored, size = stored.transpose(1, 0, 2), f"{x}X 5 {y}Y 4"
    seen = []
    decoded = read_hdr(hdr(stored.tobytes(), size), "x", lambda width, height: seen.append((width, height)))
    assert colours_of(only(decoded)).reshape(-1, 3).tolist() == [value_of(p) for p in pixels.reshape(-1, 4)]
    assert seen == [(5, 4)]


def test_hdr_exposures_and_corrections_are_divided_out() -> None:
    data = hdr(bytes([128, 64, 32, 129]), "-Y 1 +X 1", "EXPOSURE=2", "EXPOSURE= 4.0", "COLORCORR= 1 2 0.5")
    assert colours_of(only(read_hdr(data, "x", anything)))[0, 0].tolist() == [1 / 8, 0.5 / 16, 0.25 / 4]


def test_hdr_primaries_are_converted() -> None:
    data = hdr(
        bytes([128, 128, 128, 129, 200, 30, 90, 129]), "-Y 1 +X 2", "PRIMARIES= " + " ".join(map(str, AP1)), "# x"
    )
    made = exr_by_hand(
        planes(np.array([[value_of([128] * 3 + [129]), value_of([200, 30, 90, 129])]], np.float32)),
        extra=attribute("chromaticities", "chromaticities", struct.pack("<8f", *AP1)),
    )
    found, expected = (
        colours_of(only(read(file, "x", anything))) for read, file in ((read_hdr, data), (read_exr, made))
    )
    assert found == pytest.approx(expected, abs=1e-6)  # chromaticities are float32 there


def test_hdr_of_xyz_is_light_of_radiance() -> None:
    data = hdr(bytes([179, 179, 179, 136]), "-Y 1 +X 1", "FORMAT=32-bit_rle_xyze")
    assert colours_of(only(read_hdr(data, "x", anything)))[0, 0] == pytest.approx([1, 1, 1], abs=1e-6)


def test_hdr_of_windows_and_other_programs() -> None:
    body = bytes([128, 64, 32, 129])
    plain = colours_of(only(read_hdr(hdr(body, "-Y 1 +X 1"), "x", anything))).tolist()
    for data in (
        hdr(body, "-Y 1 +X 1", magic="#?RGBE"),
        b"#?RADIANCE\r\nFORMAT=32-bit_rle_rgbe\r\n\r\n-Y 1 +X 1\r\n" + body,
        hdr(body, "-Y 1 +X 1", "# made by hand", "SOFTWARE=x=y", "VIEW= -vtv"),
        hdr(body, "-Y 1 +X 1") + b"and more",
    ):
        assert colours_of(only(read_hdr(data, "x", anything))).tolist() == plain


LINE = bytes([2, 2, 0, 8])


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"", UnreadableImage, []),
        (b"#?RADIANCE\n", UnreadableImage, ["size"]),
        (b"P6 1 1 255\n", UnreadableImage, ["#?RADIANCE"]),
        (hdr(bytes(16), "-Y 2 +Y 2"), UnreadableImage, ["axis"]),
        (hdr(bytes(16), "-Y 0 +X 2"), UnreadableImage, ["no pixels"]),
        (hdr(bytes(15), "-Y 2 +X 2"), UnreadableImage, ["scan line is truncated"]),
        (hdr(bytes(16), "-Y 99999 +X 99999"), UnreadableImage, ["scan lines"]),
        (hdr(bytes(16), "-Y 2 +X"), UnreadableImage, ["size"]),
        (hdr(bytes(16), "-Y 2 +X 2", "FORMAT=text"), UnsupportedImage, ["FORMAT", "text"]),
        (hdr(bytes(16), "-Y 2 +X 2", "EXPOSURE=0"), UnreadableImage, ["above 0"]),
        (hdr(bytes(16), "-Y 2 +X 2", "EXPOSURE=nan"), UnreadableImage, ["numbers"]),
        (hdr(bytes(16), "-Y 2 +X 2", *["EXPOSURE=1e30"] * 9), UnreadableImage, ["EXPOSURE"]),
        (hdr(bytes(16), "-Y 2 +X 2", "PRIMARIES=1 2 3"), UnreadableImage, ["8 numbers"]),
        (hdr(LINE + bytes([136, 1]), "-Y 1 +X 8"), UnreadableImage, ["scan line is truncated"]),
        (hdr(LINE + bytes([137, 1] * 4), "-Y 1 +X 8"), UnreadableImage, ["run"]),
        (hdr(LINE + bytes([8, 1, 2, 3]), "-Y 1 +X 8"), UnreadableImage, ["scan line is truncated"]),
        (hdr(LINE + bytes([136, 1] * 3 + [9, *range(8)]), "-Y 1 +X 8"), UnreadableImage, ["than the file"]),
        (hdr(LINE + bytes([0, 1, 2, 3]), "-Y 1 +X 8"), UnreadableImage, ["empty"]),
        (hdr(LINE + bytes(99), "-Y 1 +X 9"), UnreadableImage, ["length"]),
        (hdr(bytes([1, 1, 1, 3] * 4), "-Y 1 +X 4"), UnreadableImage, ["run"]),  # nothing to repeat
        (hdr(bytes([9, 9, 9, 9, 1, 1, 1, 9]), "-Y 1 +X 4"), UnreadableImage, ["run"]),
        (hdr(bytes([9, 9, 9, 9] + [1, 1, 1, 0] * 20), "-Y 1 +X 30"), UnreadableImage, ["run"]),
    ],
    ids=case,
)
def test_hdr_that_is_refused(data: bytes, kind: type[PerceptError], words: list[str]) -> None:
    refused(read_hdr, data, kind, *words)
