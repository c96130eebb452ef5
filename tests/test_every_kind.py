"""Every kind of picture that can be written, read again: modes × formats × depths, and what must be refused."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from percept_cli import compare
from percept_cli.errors import UnsupportedImage
from percept_cli.formats.decode import decode
from percept_cli.images.picture import Decoded, Frame
from tests import deep_files as deep
from tests import scenes
from tests import test_containers as containers
from tests.conftest import drawing

SIZE = 40, 30
REFUSED = {
    ("TIFF", "LAB"): "CIELab|LAB|Lab",
    ("AVIF", "LAB"): "its colour profile is of class 'abst'",  # which Pillow gives to what it converts
    ("TIFF", "I"): "its numbers are signed, and only unsigned integers are supported in TIFF",
    ("PPM", "F"): "more than 8 bits per channel are not supported in PPM",
}
LOSSY = {"JPEG", "WEBP", "AVIF"}
FORMS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "WEBP", "TIFF", "AVIF", "TGA")
MODES = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV")
MODES_OF_DEPTH = ("I;16", "I;16B", "I", "F")


def of_mode(mode: str) -> Image.Image:
    """A drawing; of grey modes its luminance, with a gradient of alpha where there is any."""
    image = drawing(*SIZE)
    alpha = Image.linear_gradient("L").resize(SIZE)
    if mode in ("LA", "La", "RGBA", "RGBa", "PA"):
        image.putalpha(alpha)
        whole = {"La": "LA", "RGBa": "RGBA"}.get(mode)
        image = image if whole is None else image.convert(whole)
    if mode in ("I;16", "I;16B", "I"):
        values = np.asarray(drawing(*SIZE).convert("L")).astype(np.int32) * 257 + 1
        found = Image.fromarray(values)
        return found if mode == "I" else found.convert(mode)
    return image.convert(mode)


def written() -> Iterator[tuple[str, str, bytes]]:
    """Format, mode and file, of all that Pillow writes."""
    for form in FORMS:
        for mode in (*MODES, *MODES_OF_DEPTH):
            file = io.BytesIO()
            options: dict[str, Any] = {"lossless": True} if form == "WEBP" else {}
            try:
                of_mode(mode).save(file, form, **options)
            except (OSError, ValueError, KeyError):  # no such file exists
                continue
            yield form, mode, file.getvalue()


WRITTEN = {f"{form} {mode}": (form, mode, data) for form, mode, data in written()}


def only(decoded: Decoded) -> Frame:
    (frame,) = decoded.frames
    return frame


def levels(frame: Frame) -> NDArray[Any]:
    """H×W×4, alpha last."""
    kind = np.float32 if frame.deep else np.uint8
    colours = np.frombuffer(frame.colours[:], kind).reshape(frame.height, frame.width, 3)
    alpha = np.full(colours.shape[:2], 255, kind)
    if frame.alpha is not None:
        alpha = np.frombuffer(frame.alpha[:], kind).reshape(colours.shape[:2])
    return np.dstack([colours, alpha]).astype(np.float64)


def test_pillow_writes_all_of_these() -> None:
    """So that the table below cannot become empty unseen."""
    assert len(WRITTEN) >= 55
    assert {form for form, _, _ in WRITTEN.values()} == set(FORMS)
    assert {mode for _, mode, _ in WRITTEN.values()} == {*MODES, *MODES_OF_DEPTH} - {"La"}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_pillow_writes_is_what_is_read(name: str) -> None:
    form, mode, data = WRITTEN[name]
    if (form, mode) in REFUSED:
        with pytest.raises(UnsupportedImage, match=REFUSED[form, mode]):
            decode(data, "x")
        return
    decoded = decode(data, "x")
    found = levels(only(decoded))
    if (form, mode) == ("TIFF", "F"):
        assert decoded.scene
        assert np.array_equal(found[..., 0], np.asarray(of_mode("F")))
        return
    if mode in MODES_OF_DEPTH:
        if form not in ("PNG", "TIFF", "PPM"):  # others write the low or the high bits of each value
            return
        # float32 next to 255 has steps of 1.5e-5.
        assert np.abs(found[..., 0] - np.asarray(of_mode("I")) / 257).max() < 2e-5
        return
    # What the file holds, by Pillow: a format may have made another mode of it.
    with Image.open(io.BytesIO(data)) as image:
        wanted = np.asarray(image.convert("RGBA")).astype(np.float64)
    seen = wanted[..., 3] > 0  # premultiplied colours are nothing there
    assert np.array_equal(found[..., 3], wanted[..., 3])
    assert np.array_equal(found[seen], wanted[seen])
    if form not in LOSSY | {"GIF"} and mode in ("RGB", "RGBA", "L", "LA", "1"):
        original = np.asarray(of_mode(mode).convert("RGBA")).astype(np.float64)
        assert np.array_equal(found, original) or form in ("PPM", "BMP")  # which may have no alpha


GREY, COLOURS = 1, 3


@pytest.mark.parametrize("alpha", [False, True], ids=["opaque", "alpha"])
@pytest.mark.parametrize("channels", [GREY, COLOURS], ids=["grey", "rgb"])
@pytest.mark.parametrize("form", ["png", "tiff", "tiff lzw", "tiff tiles", "pnm", "pam", "jxl", "npy"])
def test_16_bits_are_read_at_full_precision(form: str, channels: int, *, alpha: bool) -> None:
    rng = np.random.default_rng(6)
    count = channels + alpha
    values = rng.integers(0, 65536, (30, 40, count), dtype=np.uint16)
    data = sixteen_bits(form, values, channels)
    if data is None:
        pytest.skip("there is no such file")
    found = levels(only(decode(data, "x")))
    wanted = values / 257
    colours = np.broadcast_to(wanted[..., :channels], (30, 40, 3))
    # float32 next to 255 has steps of 1.5e-5; two values of 16 bits are 3.9e-3 apart.
    assert np.abs(found[..., :3] - colours).max() < 2e-5
    assert np.abs(found[..., 3] - (wanted[..., -1] if alpha else 255)).max() < 2e-5


def sixteen_bits(form: str, values: NDArray[np.uint16], channels: int) -> bytes | None:
    alpha = values.shape[2] > channels
    if form == "png":
        return bytes(imagecodecs.png_encode(values if values.shape[2] > 1 else values[..., 0]))
    if form.startswith("tiff"):
        file = io.BytesIO()
        options: dict[str, Any] = {"compression": "lzw", "predictor": True} if form == "tiff lzw" else {}
        options |= {"tile": (16, 16)} if form == "tiff tiles" else {}
        options |= {"extrasamples": ["unassalpha"], "planarconfig": "contig"} if alpha else {}
        photometric = "rgb" if channels == COLOURS else "minisblack"
        kept = values if values.shape[2] > 1 else values[..., 0]
        tifffile.imwrite(file, kept, photometric=photometric, **options)
        return file.getvalue()
    if form == "pnm":
        return None if alpha else deep.pnm(values)
    if form == "pam":
        return deep.pam(values)
    if form == "npy":
        if channels == GREY and alpha:
            return None
        return scenes.npy(values)
    return containers.jxl(values if values.shape[2] > 1 else values[..., 0], 16) if not alpha else None


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_bits_of_grey_are_spread_over_all_levels(bits: int) -> None:
    values = np.arange(12 * 8).reshape(8, 12) % (1 << bits)
    rows = [np.packbits((row[:, None] >> np.arange(bits)[::-1] & 1).astype(np.uint8).ravel()) for row in values]
    import struct
    import zlib

    head = struct.pack(">IIBBBBB", 12, 8, bits, 0, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    png = b"\x89PNG\r\n\x1a\n" + deep.chunk(b"IHDR", head) + deep.chunk(b"IDAT", body) + deep.chunk(b"IEND", b"")
    assert np.array_equal(levels(only(decode(png, "x")))[..., 0], np.rint(values * 255 / ((1 << bits) - 1)))


def test_one_picture_in_all_formats_has_the_distance_0() -> None:
    """Grey, so that grey modes hold it, and of few colours, so that palettes do."""
    grey = drawing(*SIZE).convert("L").quantize(32).convert("L")
    kinds: list[tuple[str, str, dict[str, Any]]] = [
        *(("PNG", mode, {}) for mode in ("L", "LA", "P", "RGB", "RGBA")),
        *(("TIFF", mode, {}) for mode in ("L", "P", "RGB", "RGBA")),
        ("TIFF", "RGB", {"compression": "tiff_lzw"}),
        *(("BMP", mode, {}) for mode in ("L", "P", "RGB")),
        *(("WEBP", mode, {"lossless": True}) for mode in ("RGB", "RGBA")),
        *(("TGA", mode, {}) for mode in ("L", "RGB", "RGBA")),
        *(("PPM", mode, {}) for mode in ("L", "RGB")),
        ("GIF", "P", {}),
    ]
    for form, mode, options in kinds:
        file = io.BytesIO()
        grey.convert(mode).save(file, form, **options)
        frame = only(decode(file.getvalue(), "x"))
        assert frame.alpha is None
        assert np.array_equal(levels(frame)[..., 0], np.asarray(grey)), (form, mode)
    deep_one = np.asarray(grey).astype(np.uint16)[..., None] * 257
    for data in (deep.png(deep_one), deep.pnm(deep_one), deep.tiff(deep_one, photometric=1)):
        assert only(decode(data, "x")) == only(decode(deep.pnm(np.asarray(grey)[..., None], 255), "x"))
    assert compare(grey, grey.convert("RGBA"), device="cpu").distance == 0
