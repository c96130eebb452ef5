"""OpenEXR's headers: layers, parts, windows, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from percept_cli.errors import PerceptError, UnreadableImage, UnsupportedImage
from percept_cli.formats.decode import decode
from percept_cli.formats.exr import frames as exr_reader
from percept_cli.formats.exr.frames import read_exr
from percept_cli.images.limits import parse_limits
from percept_cli.images.policy import ImagePolicy
from tests.support.scenes import (
    ONE,
    RGB,
    alpha_of,
    anything,
    attribute,
    case,
    colours_of,
    exr_by_hand,
    exr_of_parts,
    light,
    only,
    planes,
    refused,
)
from tests.support.views import refusal


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


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (exr_by_hand({"Z": ONE["R"]}), UnsupportedImage, ["neither channels R, G and B", "Z"]),
        (exr_by_hand({"R": ONE["R"]}), UnsupportedImage, ["neither channels R, G and B"]),
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
        (exr_by_hand(ONE)[:-1], UnreadableImage, ["pixel data is truncated"]),
        (exr_by_hand(ONE)[:-40], UnreadableImage, ["missing"]),
        (exr_by_hand(ONE)[:-70], UnreadableImage, ["table of its chunks"]),
        (exr_by_hand(ONE)[:100], UnreadableImage, ["has no end"]),
        (exr_by_hand(ONE)[:60], UnreadableImage, ["longer than the file"]),
        (exr_by_hand(ONE, version=2 | 0x200), UnreadableImage, ["tile size"]),
        (exr_by_hand(ONE, data=(0, 0, -5, 1)), UnreadableImage, ["dataWindow"]),
        (exr_by_hand(ONE, display=(0, 0, 1, -(2**31))), UnreadableImage, ["displayWindow"]),
        (exr_by_hand(ONE, data=(0, 0, 1, 1000)), UnreadableImage, ["table of its chunks"]),
        (exr_by_hand(ONE, sampling=0), UnreadableImage, ["channel"]),
        (
            exr_by_hand(ONE, extra=attribute("chromaticities", "v2f", bytes(8))),
            UnreadableImage,
            ["chromaticities"],
        ),
        (
            exr_by_hand(ONE, extra=attribute("chromaticities", "chromaticities", bytes(32))),
            UnreadableImage,
            ["no valid white"],
        ),
        (exr_by_hand(ONE, extra=attribute("type", "string", b"picture")), UnreadableImage, ["unknown type"]),
        (b"\x76\x2f\x31\x01", UnreadableImage, []),
        (b"\x89PNG and more", UnreadableImage, ["signature"]),
        (b"", UnreadableImage, []),
    ],
    ids=case,
)
def test_exr_that_is_refused(data: bytes, kind: type[PerceptError], words: list[str]) -> None:
    refused(read_exr, data, kind, *words)


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


def test_headers_of_openexr_have_the_limit_of_metadata() -> None:
    planes = {name: np.full((8, 8), 0.5, np.float32) for name in "RGB"}
    data = exr_by_hand(planes, extra=attribute("comments", "string", bytes(3000)))
    assert decode(data, "x.exr", ImagePolicy(limits=parse_limits("metadata=3500"))).scene
    message, hint = refusal(data, None, "metadata=3000")
    assert message.startswith("x.tif: its 3,")
    assert message.endswith(" bytes of profiles, EXIF and texts are more than the limit of 3,000")
    assert hint is not None
    assert hint.startswith("if you trust the file, allow it with --limits metadata=3")
