"""JPEG XL: every depth × kind of alpha × orientation that a head can say, against the values that were stored."""

from __future__ import annotations

import io
import struct
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from percept_cli.formats.decode import decode
from percept_cli.formats.heif.boxes import boxes
from percept_cli.formats.jxl.head import head
from percept_cli.images.picture import Decoded
from tests.support.jxl_files import jxl_with_head

pytest.importorskip("pillow_jxl")

Array = NDArray[Any]
SHAPE = 5, 9  # neither square nor of a ratio that heads have a number for

TURNS = {
    1: lambda values: values,
    2: lambda values: values[:, ::-1],
    3: lambda values: values[::-1, ::-1],
    4: lambda values: values[::-1],
    5: lambda values: values.swapaxes(0, 1),
    6: lambda values: np.rot90(values, -1),
    7: lambda values: np.rot90(values, 2).swapaxes(0, 1),
    8: lambda values: np.rot90(values),
}
"""EXIF 2.32, Orientation: what is to be done to what is stored."""


def values_of(decoded: Decoded) -> tuple[Array, Array | None]:
    """Colours and alpha in 0..255, in float64."""
    (frame,) = decoded.frames
    kind = np.float32 if frame.deep else np.uint8
    shape = frame.height, frame.width
    alpha = None if frame.alpha is None else np.frombuffer(frame.alpha[:], kind).reshape(shape).astype(float)
    return np.frombuffer(frame.colours[:], kind).reshape(*shape, 3).astype(float), alpha


def noise(bits: int, channels: int, alpha_bits: int = 0) -> Array:
    """Whole numbers of so many bits, the last channel of others where it is alpha."""
    rng = np.random.default_rng(bits + channels)
    values = rng.integers(0, 1 << bits, (*SHAPE, channels))
    if alpha_bits:
        values[..., -1] = rng.integers(0, 1 << alpha_bits, SHAPE)
        values[0, 0, -1], values[0, 1, -1] = (1 << alpha_bits) - 1, 0
    return values.astype(np.uint8 if max(bits, alpha_bits) <= 8 else np.uint16)


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("bits", [4, 8, 9, 10, 12, 16])
def test_depth_and_orientation(bits: int, channels: int, orientation: int) -> None:
    values = noise(bits, channels, 0 if channels % 2 else bits)
    stored = max(bits, 8)
    changes = {"depth": bits} if channels % 2 else {"depth": bits, "alpha": bits}
    data = jxl_with_head(values, stored, orientation=orientation, **changes)
    colours, alpha = values_of(decode(data, "a.jxl"))
    expected = TURNS[orientation](values) / ((1 << bits) - 1) * 255
    if channels % 2:
        assert alpha is None
    else:
        assert alpha is not None
        np.testing.assert_allclose(alpha, expected[..., -1], rtol=1e-6)
        expected = expected[..., :-1]
    np.testing.assert_allclose(colours, np.broadcast_to(expected, colours.shape), rtol=1e-6)


@pytest.mark.parametrize("multiplied", [False, True])
@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize(("bits", "alpha_bits"), [(8, 8), (8, 12), (8, 16), (12, 8), (12, 16), (16, 8), (16, 16)])
def test_alpha_of_every_kind_and_depth(bits: int, alpha_bits: int, channels: int, multiplied: bool) -> None:
    """What had been read as 15.9 of 255 is opaque: colours of 12 bits with an alpha of 16."""
    values = noise(bits, channels, alpha_bits)
    data = jxl_with_head(
        values, max(bits, alpha_bits), depth=bits, alpha=alpha_bits, multiplied=multiplied, orientation=6
    )
    assert (head(data).depth, head(data).alpha_depth, head(data).multiplied) == (bits, alpha_bits, multiplied)
    decoded = decode(data, "a.jxl")
    turned = TURNS[6](values).astype(float)
    share = turned[..., -1] / ((1 << alpha_bits) - 1)
    top = (1 << bits) - 1
    # Alpha comes in the steps of the colours.
    share = np.rint(share * top) / top
    colours, alpha = values_of(decoded)
    assert alpha is not None
    # Where the library makes 8 bits of more it dithers, by up to a level.
    dithered = bits == 8 < alpha_bits
    np.testing.assert_allclose(alpha, share * 255, rtol=1e-6, atol=dithered)
    if dithered:
        share = alpha / 255
    expected = turned[..., :-1] / top
    if multiplied:
        with np.errstate(divide="ignore", invalid="ignore"):
            expected = np.where(share[..., None] > 0, np.minimum(expected / share[..., None], 1), 0)
        expected = np.rint(expected * top) / top
    np.testing.assert_allclose(colours, np.broadcast_to(expected * 255, colours.shape), rtol=1e-6, atol=1e-6)
    said = [f"its {alpha_bits}-bit alpha channel is compared at {bits} bits"] if alpha_bits > bits else []
    assert list(decoded.notes) == said


@pytest.mark.parametrize("multiplied", [False, True])
@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_floats_with_alpha(kind: type, multiplied: bool) -> None:
    values: Array = np.random.default_rng(1).random((*SHAPE, 4)).astype(kind)
    values[..., :3] *= values[..., 3:]
    bits = 8 * values.itemsize
    data = jxl_with_head(values, bits, multiplied=multiplied, orientation=8)
    colours, alpha = values_of(decode(data, "a.jxl"))
    turned = TURNS[8](values).astype(float)
    assert alpha is not None
    np.testing.assert_allclose(alpha, turned[..., 3] * 255, rtol=1e-6)
    expected = turned[..., :3] / turned[..., 3:] if multiplied else turned[..., :3]
    np.testing.assert_allclose(colours, np.minimum(expected, 1) * 255, rtol=2e-3 if kind == np.float16 else 1e-6)


def test_whole_numbers_of_more_than_16_bits() -> None:
    values = noise(16, 3)
    colours, _ = values_of(decode(jxl_with_head(values, 16, depth=24), "a.jxl"))
    np.testing.assert_allclose(colours, values / ((1 << 24) - 1) * 255, rtol=1e-6)


@pytest.mark.parametrize("said", TURNS)
def test_a_jpeg_inside_is_turned_by_the_head_and_not_by_its_exif(said: int) -> None:
    """ISO/IEC 18181-2: the codestream's orientation counts where EXIF says another one."""
    stream = io.BytesIO()
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (*SHAPE, 3), np.uint8))
    exif = image.getexif()
    exif[0x0112] = said
    image.save(stream, "JPEG", exif=exif, quality=95)
    data = bytes(imagecodecs.jpegxl_encode_jpeg(stream.getvalue(), usecontainer=True))
    assert head(data).orientation == said
    with Image.open(stream) as opened:
        expected = TURNS[said](np.asarray(opened.convert("RGB")).astype(float))
    assert (values_of(decode(data, "a.jxl"))[0] == expected).all()
    # The same codestream with a box of EXIF, of the same size, that says something else.
    exif[0x0112] = said % 8 + 1
    content = bytes(4) + exif.tobytes().removeprefix(b"Exif\0\0")
    box = struct.pack(">I4s", 8 + len(content), b"Exif") + content
    (packed,) = ((start, end) for kind, start, end in boxes(data) if kind == b"brob")
    changed = data[: packed[0] - 8] + box + data[packed[1] :]
    assert (values_of(decode(changed, "a.jxl"))[0] == expected).all()
