"""Frames of GIF as browsers show them, and its limits."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.formats.decode import decode
from percept_cli.images.limits import parse_limits
from percept_cli.images.policy import ImagePolicy
from tests.support.animations import AS_BEFORE, CLEARED, STAYS, Frame, composed, gif, lzw, packed, plain
from tests.support.frames_seen import GREEN, NOTHING, PALETTE, PLACES, assert_seen, frame_of, rgba
from tests.support.views import animation


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
    with pytest.raises(UnreadableImage, match="its frames cover only 1 of 60000×10000 pixels"):
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


def test_a_gif_with_a_huge_screen_is_refused_before_it_is_unpacked() -> None:
    data = bytearray(animation([0, 1, 2]))
    data[6:10] = (9_000).to_bytes(2, "little") * 2
    with pytest.raises(
        UnsupportedImage,
        match="9000×9000 pixels are more than the limit of 1,000",
    ):
        decode(bytes(data), "x.gif", ImagePolicy(limits=parse_limits("pixels=1000")))
