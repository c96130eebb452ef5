"""What Pillow reads: what a file means, and every way in which it can be broken."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from percept_cli import compare
from percept_cli.errors import PerceptError, UnreadableImage, UnsupportedImage
from percept_cli.formats.decode import decode
from percept_cli.formats.known import format_of
from tests.conftest import as_picture, drawing
from tests.support import icc
from tests.support.colour_files import BOUND, PICTURE, levels, off, saved_as
from tests.support.deep_files import png, values
from tests.support.deep_frames import frame, read
from tests.support.pictures import seen

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
    with pytest.raises(
        UnsupportedImage,
        match=r"bomb\.png: 40000×40000 pixels are more than the limit",
    ):
        seen(encode(Image.new("1", (40_000, 40_000), 1), "PNG"), "bomb.png")


def test_pillows_own_limit_holds_in_python() -> None:
    with pytest.raises(UnsupportedImage, match=r"bomb\.tif: too many pixels"):
        seen(encode(Image.new("1", (20_000, 20_000), 1), "TIFF", compression="group4"), "bomb.tif")


def test_formats_that_others_would_have_to_run_are_no_pictures() -> None:
    with pytest.raises(
        UnreadableImage, match=r"drawing\.eps: not an image, or in a format that percept does not read"
    ):
        seen(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n", "drawing.eps")


def test_text_called_png_is_no_picture() -> None:
    with pytest.raises(UnreadableImage, match=r"notes\.png: not an image"):
        seen(b"hello, I am text\n", "notes.png")


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_dib_is_bmp_without_the_header_of_a_file(mode: str) -> None:
    image = drawing(23, 17).convert(mode)
    written = {}
    for kind in ("BMP", "DIB"):
        file = io.BytesIO()
        image.save(file, kind)
        written[kind] = file.getvalue()
    form = format_of(written["DIB"])
    assert form is not None
    assert form.name == "DIB"
    assert written["BMP"][14:] == written["DIB"]
    frames = [decode(data, "a.dib").frames for data in written.values()]
    assert frames[0] == frames[1]


@pytest.mark.parametrize(("mode", "hint"), [("HSV", 'image.convert("RGB")'), ("LAB", "PIL.ImageCms")])
def test_modes_of_other_colours_are_refused_for_what_they_are(mode: str, hint: str) -> None:
    image = Image.new(mode, (9, 7))
    with pytest.raises(UnsupportedImage, match=f"percept does not convert colours of mode {mode}") as error:
        compare(image, image)
    assert hint in str(error.value.hint)


def test_modes_of_more_bits_are_refused_for_these() -> None:
    for mode in ("I", "F"):
        with pytest.raises(UnsupportedImage, match=rf"it has more than 8 bits per channel \(mode {mode}\)"):
            compare(Image.new(mode, (9, 7)), Image.new(mode, (9, 7)))


def test_grey_with_alpha_multiplied_in_is_read() -> None:
    image = Image.new("LA", (9, 7), (200, 100))
    found = compare(image.convert("La"), image)
    assert found.distance < 1e-3  # a level of rounding, which multiplying costs


def test_what_stands_for_transparent_is_found_before_the_conversion() -> None:
    image = Image.new("RGB", (2, 1), (0, 255, 0))
    image.putpixel((1, 0), (200, 30, 30))
    data = saved_as(image, icc_profile=icc.DISPLAY_P3.profile, transparency=(0, 255, 0))
    found = levels(seen(data, "x"))
    assert found[0, 0].tolist() == [255, 255, 255]
    assert off(found[0, 1], icc.DISPLAY_P3.in_srgb(np.array([200.0, 30, 30]))) < BOUND
    palette = image.quantize(2)
    clear = palette.getpixel((0, 0))
    assert levels(
        seen(saved_as(palette, icc_profile=icc.DISPLAY_P3.profile, transparency=clear), "x")
    ).tolist() == (found.tolist())


def test_broken_exif_counts_as_absent_in_other_formats() -> None:
    for form, notes in {"WEBP": ("its EXIF data cannot be read and is ignored",), "JPEG": ()}.items():
        found = decode(saved_as(PICTURE, form, exif=b"Exif\0\0" + bytes(30)), "x")
        assert found.frames == decode(saved_as(PICTURE, form), "x").frames
        assert found.notes == notes, form  # of JPEG Pillow leaves it out without a word


def test_other_formats_of_16_bits_by_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those that percept reads none has them today: JPEG 2000 stands for one."""
    monkeypatch.setattr("percept_cli.formats.known.PILLOW_FORMATS", ("JPEG2000",))
    pixels = values(1)
    out = io.BytesIO()
    Image.fromarray(pixels[..., 0]).save(out, "JPEG2000")
    assert frame(out.getvalue()) == frame(png(pixels))
    out = io.BytesIO()
    Image.new("RGB", (3, 3)).save(out, "JPEG2000")
    monkeypatch.setattr("percept_cli.formats.pillow.is_deep", lambda _: True)
    with pytest.raises(UnsupportedImage, match="more than 8 bits per channel are not supported in JPEG2000"):
        read(out.getvalue())
