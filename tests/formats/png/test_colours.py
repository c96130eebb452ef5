"""What a PNG says of its colours without a profile is applied, or refused."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.formats.decode import decode
from percept_cli.formats.memory import to_decoded
from percept_cli.images.policy import AS_SEEN
from tests.conftest import as_picture
from tests.support import deep_files, icc
from tests.support.colour_files import (
    BOUND,
    IGNORE,
    P3,
    PICTURE,
    chrm,
    expressed,
    levels,
    off,
    saved_as,
    with_chunks,
)
from tests.support.pictures import seen, seen_in_memory


def gama(value: float) -> bytes:
    return struct.pack(">I", round(value * 100_000))


def test_the_gamma_and_colours_of_a_png_are_applied() -> None:
    image = expressed(icc.ADOBE_RGB)
    adobe = {b"gAMA": gama(256 / 563), b"cHRM": chrm(icc.ADOBE_POINTS)}
    found = levels(seen(with_chunks(image, adobe), "x"))
    assert off(found, icc.ADOBE_RGB.in_srgb(np.asarray(image))) < BOUND
    found = levels(seen(with_chunks(image, {b"gAMA": gama(1.0)}), "x"))
    assert off(found, icc.Space(icc.SRGB_POINTS, 1.0).in_srgb(np.asarray(image))) < BOUND
    found = levels(seen(with_chunks(expressed(icc.DISPLAY_P3), {b"cHRM": chrm(icc.P3_POINTS)}), "x"))
    assert off(found, icc.DISPLAY_P3.in_srgb(np.asarray(expressed(icc.DISPLAY_P3)))) < BOUND
    # Another white becomes white.
    white = Image.new("RGB", (3, 3), "white")
    other = {b"gAMA": gama(0.45), b"cHRM": chrm(icc.SRGB_POINTS, (0.3457, 0.3585))}
    assert seen(with_chunks(white, other), "x") == as_picture(white)


def test_the_gamma_of_a_grey_png_is_applied() -> None:
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    chunks = {b"gAMA": gama(1 / 1.8), b"cHRM": chrm(icc.P3_POINTS)}
    wanted = 255 * icc.srgb_encoded((np.arange(256) / 255) ** 1.8)
    for mode in ("L", "LA", "RGB", "P"):
        chosen = {b"gAMA": chunks[b"gAMA"]} if mode == "P" else chunks
        found = levels(seen(with_chunks(ramp.convert(mode), chosen), "x"))
        assert off(found, wanted[None, :, None]) < BOUND
        assert np.ptp(found, axis=2).max() == 0


@pytest.mark.parametrize(
    "chunks",
    [
        {b"gAMA": gama(0.45455)},
        {b"gAMA": gama(0.45455), b"cHRM": chrm(icc.SRGB_POINTS)},
        {b"cHRM": chrm(icc.SRGB_POINTS, (0.31273, 0.32902))},
        {b"sRGB": b"\0", b"gAMA": gama(1.0), b"cHRM": chrm(icc.P3_POINTS)},
        {b"cICP": bytes((1, 13, 0, 1)), b"gAMA": gama(1.0)},
        {b"cICP": bytes((1, 13, 0, 1)), b"iCCP": b"p3\0\0" + zlib.compress(P3)},
    ],
    ids=["gamma", "both", "colours", "srgb first", "cicp first", "cicp before profile"],
)
def test_chunks_that_say_srgb_change_no_bit(chunks: dict[bytes, bytes]) -> None:
    assert seen(with_chunks(PICTURE, chunks), "x") == as_picture(PICTURE)


def test_a_profile_counts_before_gamma_and_colours() -> None:
    chunks = {b"iCCP": b"p3\0\0" + zlib.compress(P3), b"gAMA": gama(1.0)}
    assert seen(with_chunks(PICTURE, chunks), "x") == seen(saved_as(PICTURE, icc_profile=P3), "x")


@pytest.mark.parametrize(
    ("chunks", "kind", "words"),
    [
        ({b"cICP": bytes((9, 16, 0, 1))}, UnsupportedImage, "its cICP chunk states 9/16/0/1"),
        ({b"cICP": bytes((1, 13, 0, 0))}, UnsupportedImage, "its cICP chunk states 1/13/0/0"),
        ({b"cICP": b"\1"}, UnsupportedImage, "its cICP chunk states 1 "),
        ({b"iCCP": b"p3\0\5" + zlib.compress(P3)}, UnreadableImage, "its compression method is unknown"),
        (
            {b"iCCP": b"p3\0\0no deflate"},
            UnreadableImage,
            "its colour profile is damaged: it cannot be decompressed",
        ),
    ],
)
def test_chunks_that_cannot_hold_are_errors(chunks: dict[bytes, bytes], kind: type[Exception], words: str) -> None:
    data = with_chunks(PICTURE, chunks)
    with pytest.raises(kind, match=f"^some/name: .*{words}") as error:
        seen(data, "some/name")
    assert "--ignore-icc" in error.value.hint  # type: ignore[attr-defined] # PerceptError's
    assert seen(data, "some/name", IGNORE) == as_picture(PICTURE)


SAYS_NOTHING = {
    "gAMA 0": (b"gAMA", gama(0)),
    "gAMA of no curve": (b"gAMA", gama(0.001)),
    "a short gAMA": (b"gAMA", b"\0\0"),
    "cHRM 0": (b"cHRM", bytes(32)),
    "colours on a line": (b"cHRM", chrm(((0.1, 0.1), (0.2, 0.2), (0.3, 0.3)))),
    "colours without luminance": (b"cHRM", chrm(((0.64, 0.0), (0.3, 0.6), (0.15, 0.06)))),
    "impossible colours": (b"cHRM", b"\xff" * 32),
    "a short cHRM": (b"cHRM", chrm(icc.P3_POINTS)[:20]),
    "an empty cHRM": (b"cHRM", b""),
    "an empty sRGB": (b"sRGB", b""),
    "an empty cICP": (b"cICP", b""),
    "an empty iCCP": (b"iCCP", b""),
    "an iCCP of a name": (b"iCCP", b"name\0\0"),
    "a profile of no bytes": (b"iCCP", b"name\0\0" + zlib.compress(b"")),
    "a profile of zeros": (b"iCCP", b"name\0\0" + zlib.compress(bytes(500))),
    "an empty eXIf": (b"eXIf", b""),
    "EXIF of zeros": (b"eXIf", bytes(30)),
    "EXIF of words": (b"eXIf", b"these are no tags"),
    "EXIF that is cut off": (b"eXIf", b"MM\0*\0"),
    "an empty tRNS": (b"tRNS", b""),
    "a tRNS of grey": (b"tRNS", b"\0\0"),
}


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize(("name", "content"), SAYS_NOTHING.values(), ids=SAYS_NOTHING)
def test_a_chunk_that_describes_nothing_counts_as_absent(name: bytes, content: bytes, bits: int) -> None:
    found = decode(with_chunk(name, content, bits), "x")
    assert found.frames == decode(with_chunk(b"tIME", b"any", bits), "x").frames
    assert found.notes == (f"its {name.decode()} chunk is invalid and is ignored",)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize(
    "name", [b"sBIT", b"bKGD", b"pHYs", b"hIST", b"tIME", b"sPLT", b"zTXt", b"iTXt", b"tEXt", b"prVt"]
)
def test_chunks_that_are_not_looked_at_may_be_anything(name: bytes, bits: int) -> None:
    plain = decode(with_chunk(b"tIME", b"any", bits), "x").frames
    for content in (b"", b"\0", b"\xff" * 99):
        found = decode(with_chunk(name, content, bits), "x")
        assert (found.frames, found.notes) == (plain, ())


def with_chunk(name: bytes, content: bytes, bits: int) -> bytes:
    """A PNG of 8 or 16 bits with one more chunk."""
    if bits == 8:
        return with_chunks(PICTURE, {name: content})
    return deep_files.png(
        np.asarray(PICTURE).astype(np.uint16) * 257 + 1, before=[deep_files.chunk(name, content)]
    )


def test_what_describes_nothing_leaves_the_rest() -> None:
    """Gamma counts without the colours beside it, and both without the profile that was nothing."""
    image, gamma, zeros = expressed(icc.ADOBE_RGB), gama(0.55), bytes(32)
    alone = seen(with_chunks(image, {b"gAMA": gamma}), "x")
    assert seen(with_chunks(image, {b"gAMA": gamma, b"cHRM": zeros}), "x") == alone != as_picture(image)
    assert seen(with_chunks(image, {b"iCCP": b"", b"gAMA": gamma}), "x") == alone
    assert decode(with_chunks(image, {b"cHRM": zeros}), "x", IGNORE).notes == ()  # colours are not looked at
    with Image.open(io.BytesIO(with_chunks(image, {b"gAMA": gamma, b"cHRM": zeros}))) as opened:
        assert seen_in_memory(opened, "reference", AS_SEEN) == alone
        note = "its cHRM chunk is invalid and is ignored"
        assert to_decoded(opened, "reference").notes == (note,)
