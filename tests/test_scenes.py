"""Readers of light: against files made by hand from specifications, and by the libraries of their authors."""

from __future__ import annotations

import builtins
import io
import math
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from percept_cli.errors import PerceptError, UnreadableImage, UnsupportedImage
from percept_cli.formats.exr import frames as exr_reader
from percept_cli.formats.exr.frames import read_exr
from percept_cli.formats.npy import read_npy
from percept_cli.formats.radiance import read_hdr
from percept_cli.formats.tiff.light import read_float_tiff
from percept_cli.images.nonfinite import nonfinite
from tests.scenes import (
    alpha_of,
    anything,
    attribute,
    colours_of,
    exr,
    exr_by_hand,
    exr_of_parts,
    hdr,
    light,
    npy,
    only,
    rgbe,
    runs_by_channel,
    runs_by_pixel,
    tiff,
    value_of,
)

RGB = ("R", "G", "B")
Reader = Callable[[bytes, str, Callable[[int, int], None]], Any]


def case(value: Any) -> str:
    """The name of a damaged file: its size, and what is said of it."""
    if isinstance(value, bytes):
        return f"{len(value)}"
    return value.__name__ if isinstance(value, type) else "-".join(value)


def planes(values: NDArray[Any], names: tuple[str, ...] = RGB, prefix: str = "") -> dict[str, NDArray[Any]]:
    return {prefix + name: np.ascontiguousarray(values[..., place]) for place, name in enumerate(names)}


def refused(reader: Reader, data: bytes, kind: type[PerceptError], *words: str) -> None:
    with pytest.raises(kind) as caught:
        reader(data, "some.file", anything)
    assert str(caught.value).startswith("some.file: ")
    assert caught.value.hint
    for word in words:
        assert word in str(caught.value)


def xyz_of(primaries: tuple[float, ...], pixel: NDArray[np.float64]) -> NDArray[np.float64]:
    """XYZ of a colour, by the textbook: primaries as bright as adds up to white with Y = 1."""
    red, green, blue, white = (
        (x / y, 1, (1 - x - y) / y) for x, y in zip(primaries[::2], primaries[1::2], strict=True)
    )
    matrix = np.array([red, green, blue], np.float64).T
    amounts = np.linalg.inv(matrix) @ np.array(white)
    found: NDArray[np.float64] = matrix @ (amounts * pixel)
    return found


# --- OpenEXR ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.float32, np.float16])
def test_exr_by_hand(kind: type) -> None:
    values = light(0, 5, 7, 3, kind=kind)
    frame = only(read_exr(exr_by_hand(planes(values)), "x", anything))
    assert np.array_equal(colours_of(frame), values.astype(np.float32))
    assert frame.alpha is None


@pytest.mark.parametrize("compression", ["NO", "RLE", "ZIPS", "ZIP", "PIZ"])
@pytest.mark.parametrize("tiled", [False, True])
def test_exr_of_the_library(compression: str, tiled: bool, tmp_path: Path) -> None:
    import OpenEXR

    header: dict[str, Any] = {"compression": getattr(OpenEXR, f"{compression}_COMPRESSION")}
    if tiled:
        tiles = OpenEXR.TileDescription()
        tiles.xSize, tiles.ySize = 16, 8
        header |= {"type": OpenEXR.tiledimage, "tiles": tiles}
    values = light(1, 45, 37, 3)
    frame = only(read_exr(exr(tmp_path, planes(values), **header), "x", anything))
    assert np.array_equal(colours_of(frame), values)


@pytest.mark.parametrize("compression", ["PXR24", "B44", "B44A", "DWAA", "DWAB", "ZSTD"])
def test_exr_of_other_compressions_is_as_the_library_reads_it(compression: str, tmp_path: Path) -> None:
    import OpenEXR

    values = light(2, 300, 37, 3, kind=np.float16)
    data = exr(tmp_path, planes(values), compression=getattr(OpenEXR, f"{compression}_COMPRESSION"))
    with OpenEXR.File(io.BytesIO(data), separate_channels=True) as file:
        expected = np.stack([file.channels()[name].pixels for name in RGB], axis=2)
    assert np.array_equal(colours_of(only(read_exr(data, "x", anything))), expected.astype(np.float32))


@pytest.mark.parametrize("level", ["MIPMAP", "RIPMAP"])
@pytest.mark.parametrize("rounding", [0, 1])
@pytest.mark.parametrize("size", [(8, 8), (37, 21), (1, 9)])
def test_the_number_of_chunks_with_levels(level: str, rounding: int, size: tuple[int, int]) -> None:
    """Of levels that the library cannot write from here; counted one by one."""
    from percept_cli.formats.exr.header import PartHeader, _chunks
    from percept_cli.geometry import Rectangle

    width, height = size
    window = Rectangle(0, 0, height, width)

    def sides(side: int, count: int) -> list[int]:
        return [max(1, (math.ceil if rounding else math.floor)(side / 2**place)) for place in range(count)]

    def count(side: int) -> int:
        return (math.ceil if rounding else math.floor)(math.log2(side)) + 1

    if level == "MIPMAP":
        both = count(max(size))
        pairs = list(zip(sides(width, both), sides(height, both), strict=True))
    else:
        pairs = [(x, y) for x in sides(width, count(width)) for y in sides(height, count(height))]
    expected = sum(math.ceil(x / 4) * math.ceil(y / 8) for x, y in pairs)
    mode = (1 if level == "MIPMAP" else 2) | rounding << 4
    assert _chunks(PartHeader("", {}, 0, window, window, (4, 8, mode), None, None, b"")) == expected


def test_exr_alpha_is_divided_out() -> None:
    alpha = np.array([[1.0, 0.5, 0.25, 0.0, 2.0, -1.0]], np.float32)
    values = np.full((1, 6, 3), 0.5, np.float32)
    frame = only(read_exr(exr_by_hand(planes(values) | {"A": alpha}), "x", anything))
    # Colours under alpha 0 stay: light that covers nothing.
    assert colours_of(frame)[0, :, 0].tolist() == [0.5, 1.0, 2.0, 0.5, 0.5, 0.5]
    assert alpha_of(frame)[0].tolist() == [255, 127.5, 63.75, 0, 255, 0]


def test_exr_alpha_that_is_1_everywhere_is_none() -> None:
    values = light(3, 2, 3, 4)
    values[..., 3] = 1
    frame = only(read_exr(exr_by_hand(planes(values, ("R", "G", "B", "A"))), "x", anything))
    assert frame.alpha is None


def test_alpha_that_is_no_number_makes_a_pixel_that_is_none() -> None:
    alpha = np.array([[math.nan, math.inf, 0.5]], np.float32)
    decoded = read_exr(exr_by_hand(planes(np.ones((1, 3, 3), np.float32)) | {"A": alpha}), "x", anything)
    (kinds,) = nonfinite(decoded)
    assert kinds is not None
    assert kinds.tolist() == [[1, 1, 0]]
    assert alpha_of(only(decoded))[0].tolist() == [255, 255, 127.5]


def test_exr_of_luminance_is_grey() -> None:
    values = light(4, 3, 4)
    frame = only(read_exr(exr_by_hand({"Y": values, "Z": values}), "x", anything))
    assert np.array_equal(colours_of(frame), np.repeat(values[..., None], 3, axis=2))


@pytest.mark.parametrize(
    ("data", "display", "shown", "taken"),
    [
        # Shown and taken: rows and columns of the result, and of the data.
        ((2, 1, 5, 3), (0, 0, 7, 5), (slice(1, 4), slice(2, 6)), (slice(0, 3), slice(0, 4))),  # inside
        ((-1, -1, 2, 1), (0, 0, 2, 1), (slice(0, 2), slice(0, 3)), (slice(1, 3), slice(1, 4))),  # around
        ((-2, 5, 1, 7), (-4, 6, -1, 9), (slice(0, 2), slice(2, 4)), (slice(1, 3), slice(0, 2))),  # across
        ((100, 100, 103, 102), (0, 0, 1, 1), (slice(0, 0), slice(0, 0)), (slice(0, 0), slice(0, 0))),  # apart
    ],
)
def test_exr_windows(data: Any, display: Any, shown: Any, taken: Any) -> None:
    values = light(5, 3, 4, 3)
    frame = only(read_exr(exr_by_hand(planes(values), data=data, display=display), "x", anything))
    assert (frame.width, frame.height) == (display[2] - display[0] + 1, display[3] - display[1] + 1)
    expected = np.zeros((frame.height, frame.width, 3), np.float32)
    expected[shown] = values[taken]
    assert np.array_equal(colours_of(frame), expected)
    covered = np.zeros((frame.height, frame.width), np.float32)
    covered[shown] = 255
    if covered.all():
        assert frame.alpha is None
    else:
        assert np.array_equal(alpha_of(frame), covered)


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (["R", "G", "B", "diffuse.R", "diffuse.G", "diffuse.B"], ""),
        (["diffuse.R", "diffuse.G", "diffuse.B", "depth.Z", "N.X"], "diffuse."),
        (["View.Combined.R", "View.Combined.G", "View.Combined.B", "View.Depth.Z"], "View.Combined."),
        (["Y", "diffuse.R", "diffuse.G", "diffuse.B"], ""),
    ],
)
def test_exr_layers(names: list[str], taken: str) -> None:
    channels = {name: light(place, 2, 3) for place, name in enumerate(names)}
    frame = only(read_exr(exr_by_hand(channels), "x", anything))
    colours = ("Y",) * 3 if "Y" in channels and not taken else RGB
    assert np.array_equal(colours_of(frame), np.stack([channels[taken + name] for name in colours], axis=2))


def test_exr_layers_have_their_own_alpha() -> None:
    names = ["a.R", "a.G", "a.B", "a.A", "A"]
    channels = {name: np.full((1, 1), 0.5, np.float32) for name in names} | {"A": np.ones((1, 1), np.float32)}
    frame = only(read_exr(exr_by_hand(channels), "x", anything))
    assert (colours_of(frame)[0, 0, 0], alpha_of(frame)[0, 0]) == (1.0, 127.5)


def test_exr_parts(tmp_path: Path) -> None:
    first, second, third = (light(seed, 4, 5, 3) for seed in range(3))
    parts = [("depth", {"Z": first[..., 0]}), ("left", planes(second)), ("right", planes(third))]
    assert np.array_equal(colours_of(only(read_exr(exr_of_parts(tmp_path, *parts), "x", anything))), second)
    layered = [("z", {"Z": first[..., 0]}), ("beauty", planes(third, prefix="b."))]
    assert np.array_equal(colours_of(only(read_exr(exr_of_parts(tmp_path, *layered), "x", anything))), third)
    several = [("one", planes(first, prefix="a.")), ("two", planes(second, prefix="b."))]
    refused(read_exr, exr_of_parts(tmp_path, *several), UnsupportedImage, "one a", "two b")


AP0 = (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767)
AP1 = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)
BT709 = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329)


def test_exr_of_aces_becomes_bt709() -> None:
    # The matrix of AP1 (ACEScg) to BT.709 with Bradford's adaptation, as published with ACES and used in engines.
    published = [
        [1.7050509, -0.6217921, -0.0832588],
        [-0.1302564, 1.1408048, -0.0105483],
        [-0.0240033, -0.1289690, 1.1529723],
    ]
    values = light(6, 3, 4, 3)
    data = exr_by_hand(
        planes(values), extra=attribute("chromaticities", "chromaticities", struct.pack("<8f", *AP1))
    )
    # Seven digits are published, of up to 1.7 times 16.
    assert colours_of(only(read_exr(data, "x", anything))) == pytest.approx(
        values @ np.array(published).T, abs=2e-5
    )


@pytest.mark.parametrize("primaries", [AP0, AP1, (0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329)])
def test_exr_of_other_primaries_keeps_white_and_colours(primaries: tuple[float, ...]) -> None:
    values = light(7, 2, 2, 3)
    values[0, 0] = 0.75
    extra = attribute("chromaticities", "chromaticities", struct.pack("<8f", *primaries))
    found = colours_of(only(read_exr(exr_by_hand(planes(values), extra=extra), "x", anything)))
    assert found[0, 0] == pytest.approx([0.75] * 3, abs=1e-6)  # float32, and chromaticities stored as float32
    if primaries[6:] == BT709[6:]:  # without adaptation, XYZ stays
        for before, after in zip(values.reshape(-1, 3), found.reshape(-1, 3), strict=True):
            assert xyz_of(BT709, after) == pytest.approx(xyz_of(primaries, before), rel=1e-5)


def test_exr_of_bt709_is_not_touched_and_what_is_no_number_stays() -> None:
    values = light(8, 1, 3, 3)
    values[0, 1, 0], values[0, 2] = math.nan, (math.inf, -1, 2)
    for primaries, same in ((BT709, True), (AP1, False)):
        extra = attribute("chromaticities", "chromaticities", struct.pack("<8f", *primaries))
        found = colours_of(only(read_exr(exr_by_hand(planes(values), extra=extra), "x", anything)))
        assert np.array_equal(found[0, 1:], values[0, 1:], equal_nan=True)
        assert np.array_equal(found[0, 0], values[0, 0]) == same


ONE = {name: np.ones((2, 2), np.float32) for name in RGB}


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (exr_by_hand({"Z": ONE["R"]}), UnsupportedImage, ["no channels R, G and B", "Z"]),
        (exr_by_hand({"R": ONE["R"]}), UnsupportedImage, ["no channels R, G and B"]),
        (exr_by_hand({"Y": ONE["R"], "RY": ONE["R"], "BY": ONE["R"]}), UnsupportedImage, ["chroma"]),
        (exr_by_hand(planes(np.ones((2, 2, 3), np.uint32))), UnsupportedImage, ["integers"]),
        (exr_by_hand(ONE | {"A": np.ones((2, 2), np.uint32)}), UnsupportedImage, ["integers"]),
        (exr_by_hand(ONE, sampling=2), UnsupportedImage, ["subsampled"]),
        (
            exr_by_hand({layer + name: ONE["R"] for layer in ("a.", "b.") for name in RGB}),
            UnsupportedImage,
            ["several layers", "a, b"],
        ),
        (exr_by_hand(ONE, version=2 | 0x800), UnsupportedImage, ["deep"]),
        (exr_by_hand(ONE, extra=attribute("type", "string", b"deepscanline")), UnsupportedImage, ["deep"]),
        (exr_by_hand(ONE, version=3), UnsupportedImage, ["version"]),
        (exr_by_hand(ONE, version=2 | 0x4000), UnsupportedImage, ["version"]),
        (
            exr_by_hand(ONE).replace(b"compression\0\1\0\0\0\0", b"compression\0\1\0\0\0\x0b"),
            UnsupportedImage,
            ["JPEG 2000 compression is not supported"],
        ),
        (
            exr_by_hand(ONE).replace(b"compression\0\1\0\0\0\0", b"compression\0\1\0\0\0\x63"),
            UnsupportedImage,
            ["comp"],
        ),
        (exr_by_hand(ONE)[:-1], UnreadableImage, ["cut off"]),
        (exr_by_hand(ONE)[:-40], UnreadableImage, ["missing"]),
        (exr_by_hand(ONE)[:-70], UnreadableImage, ["within the table"]),
        (exr_by_hand(ONE)[:100], UnreadableImage, ["does not end"]),
        (exr_by_hand(ONE)[:60], UnreadableImage, ["longer than the file"]),
        (exr_by_hand(ONE, version=2 | 0x200), UnreadableImage, ["tiles"]),
        (exr_by_hand(ONE, data=(0, 0, -5, 1)), UnreadableImage, ["dataWindow"]),
        (exr_by_hand(ONE, display=(0, 0, 1, -(2**31))), UnreadableImage, ["displayWindow"]),
        (exr_by_hand(ONE, data=(0, 0, 1, 1000)), UnreadableImage, ["within the table"]),
        (exr_by_hand(ONE, sampling=0), UnreadableImage, ["channel"]),
        (
            exr_by_hand(ONE, extra=attribute("chromaticities", "v2f", bytes(8))),
            UnreadableImage,
            ["chromaticities"],
        ),
        (
            exr_by_hand(ONE, extra=attribute("chromaticities", "chromaticities", bytes(32))),
            UnreadableImage,
            ["no white"],
        ),
        (exr_by_hand(ONE, extra=attribute("type", "string", b"picture")), UnreadableImage, ["unknown type"]),
        (b"\x76\x2f\x31\x01", UnreadableImage, []),
        (b"\x89PNG and more", UnreadableImage, ["does not begin"]),
        (b"", UnreadableImage, []),
    ],
    ids=case,
)
def test_exr_that_is_refused(data: bytes, kind: type[PerceptError], words: list[str]) -> None:
    refused(read_exr, data, kind, *words)


def test_exr_with_pixels_that_do_not_unpack_is_damaged(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = exr(tmp_path, planes(np.repeat(light(9, 40, 4, 3), 10, axis=1)))  # what does not shrink is not packed
    refused(read_exr, data[:-100] + bytes(100), UnreadableImage, "Unable to run decoder")
    assert capfd.readouterr().out == ""  # whatever the library has to say, reports are written there


def test_exr_is_checked_before_its_pixels_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []

    def check(width: int, height: int) -> None:
        seen.append((width, height))
        if width > 1000:
            raise UnsupportedImage("too large", hint="make it smaller.")

    monkeypatch.setattr(exr_reader, "_channels", lambda *_: pytest.fail("pixels were read"))
    for windows in ({"data": (0, 0, 10**6, 10**6), "display": (0, 0, 1, 1)}, {"display": (0, 0, 10**6, 0)}):
        with pytest.raises(UnsupportedImage, match=r"^x: too large"):
            read_exr(exr_by_hand(ONE, **windows), "x", check)  # type: ignore[arg-type]
    assert (1000001, 1000001) in seen


def test_exr_of_many_channels_must_fit_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("percept_cli.formats.light.free_memory", lambda: 20)
    refused(read_exr, exr_by_hand(ONE), UnsupportedImage, "3 channels", "memory")


def test_exr_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "OpenEXR":
            raise ImportError(name)
        return usual(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UnsupportedImage) as caught:
        read_exr(exr_by_hand(ONE), "x", anything)
    assert "pip install 'percept-cli[hdr]'" in caught.value.hint


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
        (hdr(bytes(15), "-Y 2 +X 2"), UnreadableImage, ["ends within"]),
        (hdr(bytes(16), "-Y 99999 +X 99999"), UnreadableImage, ["scan lines"]),
        (hdr(bytes(16), "-Y 2 +X"), UnreadableImage, ["size"]),
        (hdr(bytes(16), "-Y 2 +X 2", "FORMAT=text"), UnsupportedImage, ["FORMAT", "text"]),
        (hdr(bytes(16), "-Y 2 +X 2", "EXPOSURE=0"), UnreadableImage, ["above 0"]),
        (hdr(bytes(16), "-Y 2 +X 2", "EXPOSURE=nan"), UnreadableImage, ["numbers"]),
        (hdr(bytes(16), "-Y 2 +X 2", *["EXPOSURE=1e30"] * 9), UnreadableImage, ["EXPOSURE"]),
        (hdr(bytes(16), "-Y 2 +X 2", "PRIMARIES=1 2 3"), UnreadableImage, ["8 numbers"]),
        (hdr(LINE + bytes([136, 1]), "-Y 1 +X 8"), UnreadableImage, ["ends within"]),
        (hdr(LINE + bytes([137, 1] * 4), "-Y 1 +X 8"), UnreadableImage, ["run"]),
        (hdr(LINE + bytes([8, 1, 2, 3]), "-Y 1 +X 8"), UnreadableImage, ["within a scan line"]),
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


# --- numpy -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"])
@pytest.mark.parametrize("channels", [None, 1, 3, 4])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_of_floats_is_light(kind: str, channels: int | None, order: str) -> None:
    values = light(10, *(3, 5) if channels is None else (3, 5, channels)) / 16
    array = np.array(values, kind, order=order)  # type: ignore[call-overload]
    frame = only(read_npy(npy(array), "x", anything))
    shown = array.astype(np.float32).reshape(3, 5, -1)
    assert np.array_equal(colours_of(frame), np.broadcast_to(shown[..., :3], (3, 5, 3)))
    if channels == 4:
        assert np.array_equal(alpha_of(frame), np.clip(shown[..., 3], 0, 1) * np.float32(255))
    else:
        assert frame.alpha is None


@pytest.mark.parametrize("channels", [None, 1, 3, 4])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_of_bytes_is_a_picture(channels: int | None, order: str) -> None:
    shape = (3, 5) if channels is None else (3, 5, channels)
    array = np.asarray(np.random.default_rng(0).integers(0, 256, shape, np.uint8), order=order)  # type: ignore[call-overload]
    wide = (array.astype(">u2") * 257).astype(">u2")
    for data in (npy(array), npy(wide)):  # whole levels, whatever they are stored as
        frame = only(read_npy(data, "x", anything), scene=False)
        assert not frame.deep
        shown = array.reshape(3, 5, -1)
        assert np.array_equal(colours_of(frame), np.broadcast_to(shown[..., :3], (3, 5, 3)))
        assert (frame.alpha is None) == (channels != 4)
        if channels == 4:
            assert np.array_equal(alpha_of(frame), shown[..., 3])


def test_npy_of_16_bits_is_deep() -> None:
    array = np.array([[[0, 1, 65535, 257]], [[65535, 300, 5, 65535]]], np.uint16)
    frame = only(read_npy(npy(array), "x", anything), scene=False)
    assert frame.deep
    assert np.array_equal(colours_of(frame), array[..., :3].astype(np.float32) / np.float32(257))
    assert alpha_of(frame).ravel().tolist() == [1, 255]
    array[..., 3] = 65535
    assert only(read_npy(npy(array), "x", anything), scene=False).alpha is None


def test_npy_of_more_than_float32_is_infinite() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decoded = read_npy(npy(np.array([[1e300, -1e300, math.nan, 1]])), "x", anything)
    (kinds,) = nonfinite(decoded)
    assert kinds is not None
    assert kinds.tolist() == [[2, 3, 1, 0]]


def test_npy_of_other_writers_is_read() -> None:
    values = light(14, 2, 3)
    for text, version in (
        ("{'shape': (2, 3), 'fortran_order': False, 'descr': '<f4'}", 1),
        ('{"descr":"<f4","fortran_order":False,"shape":(2,3)}\n', 2),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }\n", 1),  # Python 2
    ):
        size = struct.pack("<H" if version == 1 else "<I", len(text))
        data = b"\x93NUMPY" + bytes([version, 0]) + size + text.encode() + values.tobytes()
        assert np.array_equal(colours_of(only(read_npy(data, "x", anything)))[..., 0], values)


def lied(shape: str, kind: str = "'<f4'", body: int = 16) -> bytes:
    text = f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + bytes(body)


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"", UnreadableImage, []),
        (b"\x93NUMPY", UnreadableImage, []),
        (b"PK\3\4 an archive", UnreadableImage, []),
        (npy(np.ones((2, 2), bool)), UnsupportedImage, ["bool"]),
        (npy(np.ones((2, 2), complex)), UnsupportedImage, ["complex"]),
        (npy(np.ones((2, 2), np.int16)), UnsupportedImage, ["int16"]),
        (npy(np.ones((2, 2), np.uint32)), UnsupportedImage, ["uint32"]),
        (npy(np.array([[{}]], object), allow_pickle=True), UnsupportedImage, ["object"]),
        (npy(np.zeros((2, 2), [("a", "f4")])), UnsupportedImage, ["records"]),
        (lied("(2, 2)").replace(b"NUMPY\1", b"NUMPY\4"), UnreadableImage, ["header"]),
        (npy(np.zeros((2, 2), "S3")), UnsupportedImage, ["picture"]),
        (npy(np.ones(4, np.float32)), UnsupportedImage, ["shape"]),
        (npy(np.float32(1)), UnsupportedImage, ["shape"]),  # type: ignore[arg-type]
        (npy(np.ones((2, 2, 2), np.float32)), UnsupportedImage, ["shape"]),
        (npy(np.ones((1, 2, 2, 3), np.float32)), UnsupportedImage, ["shape"]),
        (npy(np.ones((0, 2, 3), np.float32)), UnsupportedImage, ["shape"]),
        (npy(np.ones((2, 2), np.float32))[:-1], UnreadableImage, ["16 bytes", "15"]),
        (npy(np.ones((2, 2), np.float32)) + b"\0", UnreadableImage, ["17"]),
        (lied("(100000, 100000, 4)"), UnreadableImage, ["160000000000 bytes"]),
        (lied("(-2, -2)"), UnreadableImage, ["header"]),
        (lied("(" + "1, " * 50 + ")"), UnsupportedImage, ["shape"]),
        (lied("(2, 2)" + " " * 20_000), UnreadableImage, ["header"]),
        (lied("('a', 2)"), UnreadableImage, []),
        (lied("(2, 2)", "'<f9'"), UnreadableImage, []),
        (lied("__import__('os')"), UnreadableImage, []),
    ],
    ids=case,
)
def test_npy_that_is_refused(data: bytes, kind: type[PerceptError], words: list[str]) -> None:
    refused(read_npy, data, kind, *words)


# --- TIFF ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"byteorder": ">"},
        {"compression": "zlib"},
        {"compression": "zlib", "predictor": 3},
        {"compression": "lzw"},
        {"compression": "lzw", "predictor": 3, "byteorder": ">"},
        {"tile": (16, 32), "compression": "zlib"},
        {"rowsperstrip": 4},
        {"planarconfig": "separate"},
        {"planarconfig": "separate", "compression": "zlib", "predictor": 3, "rowsperstrip": 4},
    ],
)
def test_tiff_of_floats_is_light(kind: type, channels: int, options: dict[str, Any]) -> None:
    values = light(11, 21, 37, channels, kind=kind)
    stored = values[..., 0] if channels == 1 else values
    options = dict(options)
    planar = options.pop("planarconfig", None)
    if channels == 3:
        options["photometric"] = "rgb"
        if planar:
            stored, options["planarconfig"] = np.ascontiguousarray(np.moveaxis(values, 2, 0)), planar
    frame = only(read_float_tiff(tiff(stored, **options), "x", anything))
    assert np.array_equal(colours_of(frame), np.broadcast_to(values.astype(np.float32), (21, 37, 3)))
    assert frame.alpha is None


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_tiff_alpha_is_what_extrasamples_says(planar: str) -> None:
    values = np.full((1, 3, 4), 0.5, np.float32)
    values[0, :, 3] = 1, 0.5, 0
    stored = values if planar == "contig" else np.ascontiguousarray(np.moveaxis(values, 2, 0))
    found = {}
    for kind in ("unassalpha", "assocalpha", "unspecified"):
        data = tiff(stored, photometric="rgb", planarconfig=planar, extrasamples=[kind])
        found[kind] = only(read_float_tiff(data, "x", anything))
    assert colours_of(found["unassalpha"])[0, :, 0].tolist() == [0.5, 0.5, 0]  # what is not there has no colour
    assert colours_of(found["assocalpha"])[0, :, 0].tolist() == [0.5, 1.0, 0.5]
    for kind in ("unassalpha", "assocalpha"):
        assert alpha_of(found[kind])[0].tolist() == [255, 127.5, 0]
    assert found["unspecified"].alpha is None


def test_tiff_of_grey_and_alpha() -> None:
    values = np.array([[[0.25, 0.5]]], np.float32)
    data = tiff(values, photometric="minisblack", planarconfig="contig", extrasamples=["assocalpha"])
    frame = only(read_float_tiff(data, "x", anything))
    assert colours_of(frame)[0, 0].tolist() == [0.5] * 3
    assert alpha_of(frame)[0, 0] == 127.5


def test_tiff_of_pillow_is_read() -> None:
    values = light(12, 5, 6)
    out = io.BytesIO()
    Image.fromarray(values).save(out, "TIFF")
    frame = only(read_float_tiff(out.getvalue(), "x", anything))
    assert np.array_equal(colours_of(frame)[..., 2], values)


def test_tiff_pages_are_frames_and_thumbnails_are_not() -> None:
    import tifffile

    pages, out = [light(seed, 3 + seed, 4) for seed in range(3)], io.BytesIO()
    with tifffile.TiffWriter(out) as file:
        file.write(pages[0])
        file.write(light(9, 1, 1), subfiletype=1)
        for page in pages[1:]:
            file.write(page)
    seen = []
    decoded = read_float_tiff(out.getvalue(), "x", lambda width, height: seen.append((width, height)))
    assert [(frame.width, frame.height) for frame in decoded.frames] == [(4, 3), (4, 4), (4, 5)] == seen
    for frame, page in zip(decoded.frames, pages, strict=True):
        assert np.array_equal(colours_of(frame)[..., 0], page)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_tiff_pages_are_turned_as_pillow_turns_them(orientation: int) -> None:
    from PIL import ImageOps

    values = light(13, 3, 4)
    out = io.BytesIO()
    Image.fromarray(values).save(out, "TIFF", tiffinfo={274: orientation})
    with Image.open(io.BytesIO(out.getvalue())) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(colours_of(only(read_float_tiff(out.getvalue(), "x", anything)))[..., 0], expected)


STRIPS = tiff(np.ones((64, 64), np.float32))


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"", UnreadableImage, []),
        (b"II*\0", UnreadableImage, []),
        (b"II*\0\xff\xff\xff\0", UnreadableImage, []),
        (STRIPS[:1000], UnreadableImage, ["behind its end"]),
        (STRIPS[:-1], UnreadableImage, ["behind its end"]),
        (tiff(np.ones((4, 4), np.uint8)), UnsupportedImage, ["floating point"]),
        (tiff(np.ones((4, 4), np.uint16)), UnsupportedImage, ["floating point"]),
        (tiff(np.ones((4, 4), np.complex64)), UnsupportedImage, ["floating point"]),
        (tiff(np.ones((4, 4), np.float32), photometric="miniswhite"), UnsupportedImage, ["colours"]),
        (tiff(np.ones((4, 4, 4), np.float32), photometric="separated"), UnsupportedImage, ["colours"]),
        (tiff(np.ones((4, 4), np.float32), compression="zlib")[:-3] + b"xyz", UnreadableImage, []),
    ],
    ids=case,
)
def test_tiff_that_is_refused(data: bytes, kind: type[PerceptError], words: list[str]) -> None:
    refused(read_float_tiff, data, kind, *words)


def test_tiff_of_a_million_samples_must_fit_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("percept_cli.formats.light.free_memory", lambda: 1000)
    refused(read_float_tiff, STRIPS, UnsupportedImage, "memory")


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


def test_nonfinite_finds_the_worst_of_three_channels() -> None:
    nan, inf = math.nan, math.inf
    values = np.array([[[0, 1, 2], [inf, 0, 0], [0, -inf, inf], [inf, -inf, nan], [-1, 1e38, 0]]], np.float32)
    (kinds,) = nonfinite(read_npy(npy(values), "x", anything))
    assert kinds is not None
    assert (kinds.dtype.name, kinds.tolist()) == ("uint8", [[0, 2, 3, 1, 0]])
    assert nonfinite(read_npy(npy(np.ones((2, 2), np.float32)), "x", anything)) == (None,)
    assert nonfinite(read_npy(npy(np.ones((2, 2), np.uint16)), "x", anything)) == (None,)
