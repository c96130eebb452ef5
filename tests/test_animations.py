"""Frames of APNG, GIF and WebP are what their specifications say, held to a compositor of the tests' own."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from percept_cli import compare
from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.formats.decode import decode
from percept_cli.images.limits import Limits
from percept_cli.images.picture import Frame as Found
from percept_cli.images.policy import ImagePolicy
from tests.animations import (
    AS_BEFORE,
    CLEARED,
    HEIGHT,
    STAYS,
    WIDTH,
    Frame,
    Pixels,
    apng,
    composed,
    gif,
    lzw,
    packed,
    plain,
    webp,
)
from tests.deep_files import chunk

PALETTE: Pixels = np.array(
    [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255], [255, 255, 0, 255], [0, 200, 255, 255]], np.uint8
)
NOTHING: Pixels = np.zeros((1, 4), np.uint8)
WHOLE, PART = (0, 0, WIDTH, HEIGHT), (2, 2, 4, 2)  # left, top, width, height
PLACES = [*product((WHOLE, PART), repeat=3)]
GREEN, RED, CLEAR = (0, 200, 0, 255), (200, 0, 0, 255), (0, 0, 0, 0)


def rgba(frame: Found) -> Pixels:
    """What was found, H×W×4."""
    shape = frame.height, frame.width
    colours = np.frombuffer(frame.colours[:], np.uint8).reshape(*shape, 3)
    alpha = np.full(shape, 255, np.uint8) if frame.alpha is None else np.frombuffer(frame.alpha[:], np.uint8)
    return np.dstack([colours, alpha.reshape(shape)])


def visible(pixels: Pixels) -> Pixels:
    """Without colours that nobody sees."""
    return np.where(pixels[..., 3:] > 0, pixels, 0)


def assert_seen(data: bytes, wanted: Sequence[Pixels], tolerance: int = 0) -> None:
    """All frames at once, and each by itself, are what is wanted."""
    found = [rgba(frame) for frame in decode(data, "x").frames]
    assert len(found) == len(wanted)
    for number, (one, other) in enumerate(zip(found, wanted, strict=True), 1):
        assert np.abs(visible(one).astype(int) - visible(other)).max() <= tolerance, number
        (alone,) = decode(data, "x", ImagePolicy(frame=number)).frames
        assert np.array_equal(rgba(alone), one), number


def frame_of(rng: np.random.Generator, colours: Pixels, place: tuple[int, int, int, int], dispose: int) -> Frame:
    left, top, width, height = place
    return Frame(colours[rng.integers(0, len(colours), (height, width))], left, top, dispose)


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


@pytest.mark.parametrize("local", [False, True])
def test_every_combination_in_gif(local: bool) -> None:
    rng, holes = np.random.default_rng(4), np.concatenate([PALETTE, NOTHING])
    disposals = product((STAYS, CLEARED, AS_BEFORE), (STAYS, CLEARED, AS_BEFORE), (STAYS,))
    for places, disposed, full in product(PLACES, disposals, (0, 1, 2, 7)):
        frames = [
            replace(frame_of(rng, holes if full >> number & 1 == 0 else PALETTE, place, dispose), over=True)
            for number, (place, dispose) in enumerate(zip(places, disposed, strict=True))
        ]
        assert_seen(gif(frames, PALETTE, local=local), composed(frames))


def test_every_combination_in_webp() -> None:
    rng, colours = np.random.default_rng(5), np.concatenate([PALETTE, NOTHING])
    for places, disposed, over in product(PLACES, product((STAYS, CLEARED), (STAYS, CLEARED), (STAYS,)), range(8)):
        frames = [
            replace(frame_of(rng, colours, place, dispose), over=bool(over >> number & 1))
            for number, (place, dispose) in enumerate(zip(places, disposed, strict=True))
        ]
        assert_seen(webp(frames), composed(frames))


def test_what_was_as_before_scores_as_it_looks(tmp_path: Path) -> None:
    """A red frame that is taken back again, with nothing laid over it, leaves the green one."""
    green, red, clear = (plain(colour, 32, 32) for colour in (GREEN, RED, CLEAR))
    files = {
        "prev": [Frame(green, over=True), Frame(red, dispose=AS_BEFORE, over=True), Frame(clear, over=True)],
        "full": [Frame(green), Frame(red), Frame(green)],
        "red": [Frame(green), Frame(red), Frame(red)],
    }
    for name, frames in files.items():
        (tmp_path / f"{name}.png").write_bytes(apng(frames, width=32, height=32, default=clear))
    assert compare(tmp_path / "prev.png", tmp_path / "full.png").distance == 0
    assert compare(tmp_path / "prev.png", tmp_path / "red.png").distance > 0


@pytest.mark.parametrize("write", [apng, lambda frames: gif(frames, PALETTE)], ids=["apng", "gif"])
def test_before_the_first_frame_there_was_nothing(write: Callable[[Sequence[Frame]], bytes]) -> None:
    first = Frame(plain(tuple(PALETTE[0])), dispose=AS_BEFORE)
    second = Frame(plain(tuple(PALETTE[1]), 2, 2), over=True)
    seen = [rgba(frame) for frame in decode(write([first, second]), "x").frames]
    assert (seen[1][:2, :2] == PALETTE[1]).all()
    assert (seen[1][2:, :, 3] == 0).all()


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
        "2 of the 3 frames that its acTL chunk states are there",
    ),
    "any number of frames": (
        changed(TWO, b"acTL", put(0, ">I", (1 << 31) - 1)),
        "2 of the 2,147,483,647 frames",
    ),
    "more frames than stated": (
        changed(TWO, b"acTL", put(0, ">I", 1)),
        "2 of the 1 frames that its acTL chunk states",
    ),
    "a short acTL": (changed(TWO, b"acTL", lambda content: content[:4]), "acTL chunk, which says how many"),
    "a number left out": (changed(TWO, b"fcTL", put(0, ">I", 5), 1), "not in order"),
    "a number twice": (changed(TWO, b"fdAT", put(0, ">I", 1)), "not in order"),
    "a short fcTL": (changed(TWO, b"fcTL", lambda content: content[:20], 1), "not in order"),
    "outside": (changed(TWO, b"fcTL", put(12, ">I", WIDTH), 1), "a frame of its animation is impossible"),
    "no pixels": (changed(TWO, b"fcTL", put(4, ">I", 0), 1), "a frame of its animation is impossible"),
    "unknown dispose": (changed(TWO, b"fcTL", put(24, ">B", 3), 1), "a frame of its animation is impossible"),
    "unknown blend": (changed(TWO, b"fcTL", put(25, ">B", 2), 1), "a frame of its animation is impossible"),
    "a small first frame": (changed(TWO, b"fcTL", put(4, ">I", 2)), "not as large as the picture"),
    "rows missing": (
        changed(TWO, b"fdAT", lambda content: content[:4] + packed(plain(RED, 3, 1), 6)),
        "rows are missing: 13 of their 26 bytes are there",
    ),
    "a changed row": (
        changed(TWO, b"fdAT", lambda content: content[:8], 1),
        "rows are missing: 5 of their 26 bytes are there",
    ),
}


@pytest.mark.parametrize(("data", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_animation_is_an_error(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableImage, match=f"^x: the picture is damaged or cut off: .*{words}") as error:
        decode(data, "x")
    assert error.value.hint == "re-export or re-download the file."


@pytest.mark.parametrize("name", [b"acTL", b"fcTL", b"fdAT"])
def test_a_wrong_checksum_in_an_animation_is_an_error(name: bytes) -> None:
    place = TWO.index(name)
    data = bytearray(TWO)
    data[place + 8 + int.from_bytes(data[place - 4 : place], "big") - 1] ^= 1
    with pytest.raises(UnreadableImage, match=f"the checksum of its {name.decode()} chunk is wrong"):
        decode(bytes(data), "x")


def test_one_frame_of_many_is_held_to_the_limits_alone() -> None:
    frames = [Frame(plain(GREEN))] * 20
    for data in (apng(frames), gif([Frame(plain(tuple(PALETTE[0])))] * 20, PALETTE)):
        with pytest.raises(UnsupportedImage, match="has 20 frames, more than the limit of 10"):
            decode(data, "x", ImagePolicy(limits=Limits(frames=10)))
        assert len(decode(data, "x", ImagePolicy(limits=Limits(frames=10), frame=20)).frames) == 1
        with pytest.raises(UnsupportedImage, match="has 20 frames, and frame 21 is asked for"):
            decode(data, "x", ImagePolicy(frame=21))


def test_a_gif_without_a_word_on_disposal_leaves_its_frame() -> None:
    """Pillow goes on with what the frame before it said."""
    frames = [
        Frame(plain(tuple(PALETTE[0])), over=True),
        Frame(plain(tuple(PALETTE[1]), 4, 4), dispose=CLEARED, over=True),
        Frame(plain(tuple(PALETTE[2]), 3, 3), over=True),
        Frame(plain(tuple(PALETTE[3]), 2, 2), over=True),
    ]
    data = bytearray(gif(frames, PALETTE))
    third = data.index(b"!\xf9\4", data.index(b"!\xf9\4", data.index(b"!\xf9\4") + 1) + 1)
    data[third + 3] &= ~0x1C  # no number
    assert_seen(bytes(data), composed(frames))


def test_a_gif_shows_what_lies_within_it() -> None:
    """A first frame that is larger makes the picture larger; of others, the part outside is not seen."""
    colours = [plain(tuple(colour), 6, 4) for colour in PALETTE]
    frames = [
        Frame(colours[0], over=True),
        Frame(colours[1], 3, 2, over=True),
        Frame(colours[2], 60, 2, over=True),
    ]
    found = decode(gif(frames, PALETTE, width=2, height=2), "x").frames
    assert {(frame.width, frame.height) for frame in found} == {(6, 4)}
    wanted = colours[0].copy()
    assert np.array_equal(rgba(found[0]), wanted)
    wanted[2:, 3:] = PALETTE[1]
    assert np.array_equal(rgba(found[1]), wanted)
    assert np.array_equal(rgba(found[2]), wanted)


def test_a_small_gif_cannot_be_a_large_picture() -> None:
    """One frame of a pixel on 60,000 × 10,000: 2.4 GB that nothing in the file speaks of."""
    data = gif([Frame(plain(tuple(PALETTE[0]), 1, 1))], PALETTE, width=60_000, height=10_000)
    with pytest.raises(UnreadableImage, match="its frames cover 1 of 60000×10000 pixels"):
        decode(data, "x")


def test_codes_of_gif_are_what_pillow_reads() -> None:
    """That what writes them here is right does not rest on percept alone."""
    from PIL import Image

    indices = list(np.random.default_rng(6).integers(0, 8, 300))
    head = b"GIF89a" + struct.pack("<HHBBB", 20, 15, 0x82, 0, 0) + bytes(24)
    data = head + b"," + struct.pack("<HHHHB", 0, 0, 20, 15, 0) + lzw([int(index) for index in indices]) + b";"
    with Image.open(io.BytesIO(data)) as image:
        assert list(image.tobytes()) == indices
    assert zlib.decompress(packed(plain(GREEN, 1, 1), 6)) == b"\0" + bytes(GREEN)
