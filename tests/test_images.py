"""Files → pictures: what a file means, and every way in which it can be broken."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from percept_cli.engine.tensors import to_batch
from percept_cli.errors import PerceptError, UnreadableImage, UnsupportedImage
from percept_cli.formats.files import read_file
from tests.conftest import as_picture, drawing
from tests.pictures import seen

ORIENTATION = 0x0112  # EXIF tag


def encode(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP", "PPM", "TGA"])
def test_lossless_formats_give_the_pixels_that_were_saved(form: str) -> None:
    image = drawing(41, 23)
    assert seen(encode(image, form), "x") == as_picture(image)


def test_the_content_counts_and_not_the_extension() -> None:
    image = drawing(20, 20)
    assert seen(encode(image, "BMP"), "named.png") == as_picture(image)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_modes_that_hold_the_same_colours_decode_equal(mode: str) -> None:
    grey = drawing(30, 20).convert("1").convert("RGB")
    assert seen(encode(grey.convert(mode), "PNG"), "x") == as_picture(grey)


def test_transparency_is_laid_over_white() -> None:
    image = Image.new("RGBA", (2, 1))
    image.putpixel((0, 0), (255, 0, 0, 0))  # a colour nobody sees
    image.putpixel((1, 0), (0, 0, 0, 51))  # a fifth of black
    assert seen(encode(image, "PNG"), "x").pixels == bytes([255, 255, 255, 204, 204, 204])


def test_a_transparent_palette_entry_is_white() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    assert seen(encode(image, "PNG", transparency=0), "x").pixels == bytes([255, 255, 255, 0, 0, 255])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_exif_turn_is_applied(orientation: int) -> None:
    turns: dict[int, Callable[[Image.Image], Image.Image]] = {
        1: lambda i: i,
        2: lambda i: i.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: lambda i: i.transpose(Image.Transpose.ROTATE_180),
        4: lambda i: i.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: lambda i: i.transpose(Image.Transpose.TRANSPOSE),
        6: lambda i: i.transpose(Image.Transpose.ROTATE_270),
        7: lambda i: i.transpose(Image.Transpose.TRANSVERSE),
        8: lambda i: i.transpose(Image.Transpose.ROTATE_90),
    }
    image = drawing(32, 16)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    assert seen(encode(image, "PNG", exif=exif), "x") == as_picture(turns[orientation](image))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "TGA"])
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow comments on cut TIFF tags before it fails
def test_a_file_cut_anywhere_is_an_error_or_complete(form: str) -> None:
    """A few formats may lose a trailer that carries no pixels; then every pixel must be there."""
    data = encode(drawing(40, 30), form)
    whole = seen(data, "x")
    for length in range(1, len(data), max(1, len(data) // 150)):
        try:
            found = seen(data[:length], "cut.png")
        except UnreadableImage as error:
            assert "cut.png: " in str(error)
        else:
            assert found == whole
            assert form in {"GIF", "TGA"}
            assert length > 0.9 * len(data)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_damaged_bytes_never_escape_as_untyped_errors(form: str) -> None:
    data = bytearray(encode(drawing(40, 30), form))
    rng = np.random.default_rng(7)
    for _ in range(150):
        broken = data.copy()
        for position in rng.integers(0, len(data), 3):
            broken[position] ^= int(rng.integers(1, 256))
        try:
            first = seen(bytes(broken), "x")
        except PerceptError:
            continue
        assert seen(bytes(broken), "x") == first


@pytest.mark.slow
def test_a_decompression_bomb_is_refused_before_it_unpacks() -> None:
    # 40,000 × 40,000 white pixels, one bit each: 200 kB of file, 4.8 GB of RGB.
    with pytest.raises(UnsupportedImage, match=r"bomb\.png: 40000×40000 pixels are more than the limit"):
        seen(encode(Image.new("1", (40_000, 40_000), 1), "PNG"), "bomb.png")


def test_pillows_own_limit_holds_in_python() -> None:
    with pytest.raises(UnsupportedImage, match=r"bomb\.tif: too many pixels"):
        seen(encode(Image.new("1", (20_000, 20_000), 1), "TIFF", compression="group4"), "bomb.tif")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda _: None, "no such file"),
        (lambda path: path.mkdir(), "is a directory"),
        (lambda path: path.write_bytes(b""), "empty (0 bytes)"),
    ],
    ids=["missing", "directory", "empty"],
)
def test_files_that_cannot_be_read(tmp_path: Path, make: Callable[[Path], None], message: str) -> None:
    path = tmp_path / "picture.png"
    make(path)
    with pytest.raises(UnreadableImage) as error:
        read_file(path)
    assert str(error.value).startswith(f"{path.as_posix()}: {message}")
    assert error.value.hint


def test_formats_that_others_would_have_to_run_are_no_pictures() -> None:
    with pytest.raises(
        UnreadableImage, match=r"drawing\.eps: not a picture, or of a format that percept does not read"
    ):
        seen(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n", "drawing.eps")


def test_text_called_png_is_no_picture() -> None:
    with pytest.raises(UnreadableImage, match=r"notes\.png: not a picture"):
        seen(b"hello, I am text\n", "notes.png")


def test_a_batch_holds_the_decoded_bytes_channels_last() -> None:
    images = [drawing(7, 5, seed) for seed in range(3)]
    batch = to_batch([as_picture(image) for image in images])
    assert batch.shape == (3, 3, 5, 7)
    assert batch.permute(0, 2, 3, 1).is_contiguous()
    for found, image in zip(batch, images, strict=True):
        assert np.array_equal(found.permute(1, 2, 0).numpy(), np.asarray(image))
