"""Frames of APNG are what its specification says, held to a compositor of the tests' own."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from percept_cli import compare
from percept_cli.errors import UnreadableImage
from percept_cli.formats.decode import decode
from tests.conftest import drawing
from tests.support.animations import AS_BEFORE, CLEARED, STAYS, WIDTH, Frame, apng, composed, packed, plain
from tests.support.deep_files import chunk
from tests.support.frames_seen import (
    GREEN,
    NOTHING,
    PALETTE,
    PART,
    PLACES,
    RED,
    WHOLE,
    assert_seen,
    frame_of,
    rgba,
)
from tests.support.views import SHALLOW


@pytest.mark.parametrize("blends", [*product((False, True), repeat=3)])
def test_every_combination_in_apng(blends: tuple[bool, bool, bool]) -> None:
    """Of whole and of no opacity, where nothing is rounded: exactly."""
    rng, colours = np.random.default_rng(1), np.concatenate([PALETTE, NOTHING])
    for places, disposals in product(PLACES, product(*[(STAYS, CLEARED, AS_BEFORE)] * 2, (STAYS,))):
        frames = [
            replace(frame_of(rng, colours, place, dispose), over=over)
            for place, dispose, over in zip(places, disposals, blends, strict=True)
        ]
        assert_seen(apng(frames, default=plain(RED)), composed(frames))


def test_blending_in_apng() -> None:
    """Of any opacity. Pillow blends with 7 bits more than a level has, so what is nearly halfway between two may
    come out as the other one; the next frame is blended with that, which moves it by no more than another level
    where alpha stays above 64 (an error of one level of alpha moves colours by 255 / alpha levels: up to 4)."""
    rng = np.random.default_rng(2)
    for dispose in (STAYS, CLEARED, AS_BEFORE):
        frames = [
            Frame(rng.integers((0, 0, 0, 64), 256, (height, width, 4), np.uint8), x, y, dispose, True)
            for x, y, width, height in (WHOLE, PART, PART, WHOLE)
        ]
        assert_seen(apng(frames), composed(frames), tolerance=1)


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("kind", ["palette", "grey", "grey with alpha", "one colour transparent"])
def test_apng_of_other_colour_types(kind: str, interlaced: bool) -> None:
    rng, grey = np.random.default_rng(3), np.full((5, 4), 255, np.uint8)
    grey[:, :3] = np.arange(0, 250, 50)[:, None]
    colours = {"palette": np.concatenate([PALETTE, NOTHING]), "grey": grey}.get(kind)
    if colours is None:
        colours = np.concatenate([grey if kind == "grey with alpha" else PALETTE, NOTHING])
    frames = [
        replace(frame_of(rng, colours, place, dispose), over=over)
        for place, dispose, over in (
            (WHOLE, STAYS, False),
            (PART, AS_BEFORE, True),
            (PART, CLEARED, False),
            (WHOLE, 0, True),
        )
    ]
    number = {"palette": 3, "grey": 0, "grey with alpha": 4, "one colour transparent": 2}[kind]
    key = [chunk(b"tRNS", bytes(6))] if number == 2 else []  # black, which is what is transparent here
    table = colours if number == 3 else None
    assert_seen(apng(frames, kind=number, extra=key, palette=table, interlaced=interlaced), composed(frames))


def test_the_picture_for_programs_without_animations_is_no_frame() -> None:
    frames = [Frame(plain(GREEN)), Frame(plain(RED))]
    for default in (None, plain((1, 2, 3, 255))):
        found = decode(apng(frames, default=default), "x")
        assert [tuple(rgba(frame)[0, 0]) for frame in found.frames] == [GREEN, RED]
        assert found.durations == (100, 101)
    (only,) = decode(apng(frames[:1], default=plain(RED)), "x").frames
    assert tuple(rgba(only)[0, 0]) == GREEN
    still = decode(apng(frames[:1]), "x")  # an animation of its picture alone
    assert tuple(rgba(still.frames[0])[0, 0]) == GREEN
    assert still.durations is None


def test_an_animation_of_no_frames_is_a_still_picture() -> None:
    data = apng([], default=plain(GREEN), stated=0)
    (frame,) = decode(data, "x").frames
    assert tuple(rgba(frame)[0, 0]) == GREEN


def changed(data: bytes, name: bytes, content: Callable[[bytes], bytes], which: int = 0) -> bytes:
    """A PNG with something else in one of its chunks, and the checksum that belongs to it."""
    place = -1
    for _ in range(which + 1):
        place = data.index(name, place + 1)
    size = int.from_bytes(data[place - 4 : place], "big")
    return data[: place - 4] + chunk(name, content(data[place + 4 : place + 4 + size])) + data[place + 8 + size :]


def put(at: int, form: str, value: int) -> Callable[[bytes], bytes]:
    return lambda content: content[:at] + struct.pack(form, value) + content[at + struct.calcsize(form) :]


TWO = apng([Frame(plain(GREEN)), Frame(plain(RED, 3, 2), 1, 1)])
BROKEN = {
    "fewer frames than stated": (
        changed(TWO, b"acTL", put(0, ">I", 3)),
        "2 of the 3 frames that its acTL chunk states are present",
    ),
    "any number of frames": (
        changed(TWO, b"acTL", put(0, ">I", (1 << 31) - 1)),
        "2 of the 2,147,483,647 frames",
    ),
    "more frames than stated": (
        changed(TWO, b"acTL", put(0, ">I", 1)),
        "2 of the 1 frames that its acTL chunk states",
    ),
    "a short acTL": (changed(TWO, b"acTL", lambda content: content[:4]), "acTL chunk, which states"),
    "a number left out": (changed(TWO, b"fcTL", put(0, ">I", 5), 1), "out of order"),
    "a number twice": (changed(TWO, b"fdAT", put(0, ">I", 1)), "out of order"),
    "a short fcTL": (changed(TWO, b"fcTL", lambda content: content[:20], 1), "out of order"),
    "outside": (changed(TWO, b"fcTL", put(12, ">I", WIDTH), 1), "a frame of its animation is invalid"),
    "no pixels": (changed(TWO, b"fcTL", put(4, ">I", 0), 1), "a frame of its animation is invalid"),
    "unknown dispose": (changed(TWO, b"fcTL", put(24, ">B", 3), 1), "a frame of its animation is invalid"),
    "unknown blend": (changed(TWO, b"fcTL", put(25, ">B", 2), 1), "a frame of its animation is invalid"),
    "a small first frame": (changed(TWO, b"fcTL", put(4, ">I", 2)), "not as large as the image"),
    "rows missing": (
        changed(TWO, b"fdAT", lambda content: content[:4] + packed(plain(RED, 3, 1), 6)),
        "only 13 of its 26 bytes of pixels are present",
    ),
    "a changed row": (
        changed(TWO, b"fdAT", lambda content: content[:8], 1),
        "only 5 of its 26 bytes of pixels are present",
    ),
}


@pytest.mark.parametrize(("data", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_animation_is_an_error(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableImage, match=f"^x: the image is damaged or truncated: .*{words}") as error:
        decode(data, "x")
    assert error.value.hint == "re-export or re-download the file."


@pytest.mark.parametrize("name", [b"acTL", b"fcTL", b"fdAT"])
def test_a_wrong_checksum_in_an_animation_is_an_error(name: bytes) -> None:
    place = TWO.index(name)
    data = bytearray(TWO)
    data[place + 8 + int.from_bytes(data[place - 4 : place], "big") - 1] ^= 1
    with pytest.raises(UnreadableImage, match=f"the checksum of its {name.decode()} chunk is wrong"):
        decode(bytes(data), "x")


def test_the_still_picture_of_an_animated_png_is_left_out(tmp_path: Path) -> None:
    frames = [drawing(24, 20, seed) for seed in range(3)]
    for name, still in (("a", 0), ("b", 1)):
        frames[still].save(
            tmp_path / f"{name}.png", save_all=True, append_images=frames[1:], default_image=True, duration=100
        )
    found = compare(tmp_path / "a.png", tmp_path / "b.png", **SHALLOW)
    assert [one.distance for one in found.views] == [0, 0]
