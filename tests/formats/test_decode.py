"""Files of more than 8 bits: every value as the file has it, colours as for 8 bits, and every way to be broken.

Files are written by hand (``deep_files``) or by tifffile. A value v of n bits is 255 · v / (2^n - 1) levels, and
float32 holds the nearest number to that: EXACT is half a unit in the last place of 255. Two values of 16 bits that
follow one another are 1/257 = 0.004 levels apart.
"""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from percept_cli import compare
from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.formats.decode import decode
from percept_cli.images.picture import Decoded, Frame
from percept_cli.images.policy import AS_SEEN, ImagePolicy
from tests.conftest import ROOT, drawing
from tests.support import container_files as containers
from tests.support import deep_files as deep
from tests.support import icc, scenes
from tests.support.deep_files import Values, chunk, pam, png, pnm, tiff, tiff_by_tifffile, values
from tests.support.deep_frames import (
    EXACT,
    INKS,
    PNG,
    RGB,
    TIFF,
    TWO_PAGES,
    alpha,
    colours,
    frame,
    off,
    photometric,
    read,
    with_profile,
    written_by_tifffile,
)
from tests.support.scenes import exr_by_hand
from tests.support.views import SHALLOW

CONTAINERS: dict[str, Callable[[Values], bytes]] = {
    "png": png,
    "png, interlaced": lambda a: png(a, interlaced=True),
    "pam": pam,
    "pnm": pnm,
    "pnm, plain": lambda a: pnm(a, plain=True),
    "tiff": lambda a: tiff(a, photometric=photometric(a)),
    "tiff, big-endian": lambda a: tiff(a, photometric=photometric(a), order=">"),
    "tiff, big-endian by tifffile": lambda a: written_by_tifffile(a, byteorder=">", compression="lzw"),
    "tiff, planes": lambda a: written_by_tifffile(a, planarconfig="separate" if a.shape[2] > 1 else None),
    "tiff, tiles": lambda a: written_by_tifffile(a, tile=(16, 16)),
    "tiff, strips": lambda a: written_by_tifffile(a, rowsperstrip=3),
    "tiff, lzw": lambda a: written_by_tifffile(a, compression="lzw"),
    "tiff, deflate": lambda a: written_by_tifffile(a, compression="zlib", rowsperstrip=4),
    "tiff, deflate, differences": lambda a: written_by_tifffile(a, compression="zlib", predictor=True),
    "tiff, packbits": lambda a: written_by_tifffile(a, compression="packbits"),
    "tiff, zstandard": lambda a: written_by_tifffile(a, compression="zstd", predictor=True, tile=(16, 16)),
}  # fmt: skip
WITHOUT_ALPHA = {"pnm", "pnm, plain"}
CASES = [(name, count) for name in CONTAINERS for count in (1, 2, 3, 4) if count % 2 or name not in WITHOUT_ALPHA]


@pytest.mark.parametrize(("container", "channels"), CASES)
def test_every_value_of_16_bits_is_as_the_file_has_it(container: str, channels: int) -> None:
    pixels = values(channels, size=(37, 29))
    found = frame(CONTAINERS[container](pixels))
    wanted = pixels / 257
    shown = wanted[..., : 1 if channels < 3 else 3]
    assert (found.width, found.height, found.deep) == (37, 29, True)
    assert off(colours(found), shown) < EXACT
    if channels % 2:
        assert found.alpha is None
    else:
        assert off(alpha(found), wanted[..., -1]) < EXACT


@pytest.mark.parametrize(("container", "channels"), CASES)
def test_16_bits_of_8_bit_content_are_the_8_bit_picture_that_pillow_reads(container: str, channels: int) -> None:
    levels = values(channels, 255)
    found = frame(CONTAINERS[container](levels * 257))
    mode = ("L", "LA", "RGB", "RGBA")[channels - 1]
    image = Image.frombytes(mode, (13, 11), levels.astype(np.uint8).tobytes())
    assert not found.deep
    assert found.colours == image.convert("RGB").tobytes()
    assert found.alpha == (image.getchannel("A").tobytes() if channels % 2 == 0 else None)


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_smallest_difference_is_one(container: str) -> None:
    pixels = np.full((16, 16, 3), 30_000, np.uint16)
    one = pixels.copy()
    one[7, 5, 1] += 1
    sides = [colours(frame(CONTAINERS[container](side))) for side in (pixels, one)]
    difference = sides[1] - sides[0]
    assert np.count_nonzero(difference) == 1
    assert difference[7, 5, 1] == pytest.approx(1 / 257, abs=2 * EXACT)


def test_all_containers_of_the_same_values_are_the_same_frame() -> None:
    pixels = values(3)
    assert len({frame(write(pixels)) for write in CONTAINERS.values()}) == 1


# What is broken, and what is refused.


def changed(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :]


def with_number(data: bytes, tag: int, value: int) -> bytes:
    """A TIFF by ``tiff`` with the value of a tag made another, in place."""
    at = data.index(struct.pack("<HH", tag, 4), 8)
    return data[: at + 8] + struct.pack("<I", value) + data[at + 12 :]


def overlapping(count: int) -> bytes:
    """A TIFF of two directories that share nearly all of their tags."""
    data = bytearray(tiff(values(1, size=(300, 300)), photometric=1))
    for place, following in ((8, 20), (20, 0)):
        data[place : place + 2] = struct.pack("<H", count)
        end = place + 2 + 12 * count
        data[end : end + 4] = struct.pack("<I", following)
    data[4:8] = struct.pack("<I", 8)
    return bytes(data[: 12 * count + 100])


GREY_TIFF = tiff(values(1), photometric=1)
PACKED = tiff_by_tifffile(values(3, size=(64, 48)), photometric="rgb", compression="zlib", rowsperstrip=8)
BROKEN: dict[str, tuple[bytes, str]] = {
    "png, cut": (PNG[: len(PNG) // 2], "the end of the file is missing"),
    "png, without its end": (png(values(3), end=b""), "the end of the file is missing"),
    "png, half its end": (PNG[:-2], "the end of the file is missing"),
    "png, a wrong checksum": (changed(PNG, len(PNG) - 20), "damaged"),
    "png, a changed pixel": (changed(PNG, 200), "damaged"),
    "png, half the rows": (
        PNG[:33] + chunk(b"IDAT", zlib.compress(bytes(400))) + chunk(b"IEND", b""),
        r"only 400 of its 869 bytes of pixels are present",
    ),
    "png, no header": (PNG[:8] + PNG[33:], "the header is missing"),
    "png, a short header": (PNG[:8] + chunk(b"IHDR", bytes(5)) + PNG[33:], "the header is incomplete"),
    "png, a lying header": (
        PNG[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", 90_000, 90_000, 16, 2, 0, 0, 0)) + PNG[33:],
        r"bytes of pixel data cannot hold the 48,600,090,000 that the header states",
    ),
    "png, an unknown colour type": (
        PNG[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", 13, 11, 16, 5, 0, 0, 0)) + PNG[33:],
        "colour type 5",
    ),
    "png, a broken profile": (with_profile(b"no profile" * 20, values(3))["png"], "its colour profile is damaged"),
    "png, a profile in pieces": (
        png(values(3), before=[chunk(b"iCCP", b"icc\0\0" + b"no deflate")]),
        "its colour profile is damaged",
    ),
    "tiff, cut": (TIFF[: len(TIFF) // 2], "damaged"),
    "tiff, cut in its pixels": (PACKED[: len(PACKED) - 500], "damaged"),
    "tiff, a strip behind the end": (
        with_number(TIFF, 273, len(TIFF)),
        "a strip or tile lies beyond the end of the file",
    ),
    "tiff, a strip that is missing": (with_number(TIFF, 279, 0), "damaged"),
    "tiff, pixels that are too few": (with_number(TIFF, 257, 200), "damaged"),
    "tiff, a lying header": (
        tiff(values(3), photometric=RGB, tags={256: 90_000, 257: 90_000, 278: 90_000}),
        "bytes of pixel data cannot hold the 48,600,000,000 that the header states",
    ),
    "tiff, no width": (with_number(TIFF, 256, 0), "damaged"),
    "tiff, a changed pixel": (changed(PACKED, 3000), "damaged"),
    "tiff, the second page is cut off": (TWO_PAGES[: len(TWO_PAGES) - 30], "damaged"),
    "tiff, pages in a circle": (GREY_TIFF[:-4] + GREY_TIFF[4:8], "its pages form a loop"),
    "tiff, lists of tags in one another": (overlapping(4000), "its lists of tags overlap"),
    "tiff, no profile": (with_profile(b"no profile" * 20, values(3))["tiff"], "its colour profile is damaged"),
    "tiff, a palette that is too short": (
        tiff(values(1, 4095), 12, photometric=3, tags={320: [0] * 30}),
        "its palette has 10 colours, but a pixel uses number 4095",
    ),
    "tiff, fewer channels than colours": (tiff(values(2), photometric=RGB), "it has 2 channels"),
    "pnm, cut": (pnm(values(3))[:-1], "857 of its 858 bytes of pixels are present"),
    "pnm, plain and cut": (pnm(values(3), plain=True)[:-7], r"4\d\d values instead of 429"),
    "pnm, plain and too much": (pnm(values(3), plain=True) + b"7\n", "430 values instead of 429"),
    "pnm, words": (pnm(values(3), plain=True) + b"seven", "something other than numbers"),
    "pnm, a long number": (
        pnm(values(3), plain=True)[:-6] + b" 99999999999999999999\n",
        "above its maximum of 65535",
    ),
    "pnm, a header in pieces": (b"P6\n13 ", "the header is incomplete"),
    "pnm, no pixels": (pnm(values(3)).replace(b"13 11", b"0 11", 1), "the header states 0×11 pixels"),
    "pnm, levels beyond": (pnm(values(3)).replace(b"65535", b"65536", 1), "values up to 65536"),
    "pnm, a value beyond": (pnm(values(3), largest=1000), "it has a value of 65535, above its maximum of 1000"),
    "pnm, a lying header": (
        pnm(values(3), plain=True).replace(b"13 11", b"90000 90000", 1),
        "bytes of pixel data cannot hold",
    ),
    "pam, no end of its header": (b"P7\nWIDTH 3\n", "the header is incomplete"),
    "pam, no width": (pam(values(3)).replace(b"WIDTH", b"WIDE"), "the header is incomplete"),
}
UNSUPPORTED: dict[str, tuple[bytes, str]] = {
    "png, an animation": (
        png(
            values(3),
            before=[
                chunk(b"acTL", struct.pack(">II", 2, 0)),
                chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 13, 11, 0, 0, 1, 10, 0, 0)),
            ],
            behind=[
                chunk(b"fcTL", struct.pack(">IIIIIHHBB", 1, 13, 11, 0, 0, 1, 10, 0, 0)),
                chunk(b"fdAT", struct.pack(">I", 2) + zlib.compress(bytes(869))),
            ],
        ),
        "animations of more than 8 bits per channel",
    ),
    "png, too wide": (
        PNG[:8]
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 1_000_001, 1, 16, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes(6_000_007)))
        + PNG[33:],
        "width and height are at most 1,000,000",
    ),
    "png, a profile for inks": (
        with_profile(icc.cmyk_profile(), values(3))["png"],
        "its colour profile is for CMYK",
    ),
    "tiff, a profile for inks": (with_profile(icc.cmyk_profile(), values(3))["tiff"], "is for CMYK"),
    "tiff, a profile for colours in grey": (
        with_profile(icc.DISPLAY_P3.profile, values(1))["tiff"],
        "its colour profile is for RGB, but the image is greyscale",
    ),
    "tiff, signed": (tiff(values(3), photometric=RGB, tags={339: 2}), "its samples are signed"),
    "tiff, floats": (tiff_by_tifffile(np.ones((5, 5), np.float32)), "its samples are floating-point"),
    "tiff, YCbCr": (tiff(values(3), photometric=6), "YCbCr"),
    "tiff, Lab": (tiff(values(3), photometric=8), "CIE Lab"),
    "tiff, other inks": (tiff(values(4), photometric=INKS, tags={332: 2}), "inks other than CMYK"),
    "tiff, 24 bits": (tiff(values(3), 24, photometric=RGB), "24 bits per channel"),
    "tiff, several depths": (tiff(values(3), photometric=RGB, tags={258: [16, 8, 16]}), "bits per channel"),
    "tiff, JPEG 2000": (
        tiff_by_tifffile(values(3, size=(64, 64)), photometric="rgb", compression="jpeg2000"),
        r"its compression \(JPEG2000\) is not supported",
    ),
    "pnm, two pictures": (pnm(values(3)) * 2, "files with several images"),
    "pam, another kind": (pam(values(3), kind="XYZ"), "PAM images of type 'XYZ'"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_an_error_that_names_the_file(name: str) -> None:
    data, message = BROKEN[name]
    with pytest.raises(UnreadableImage, match=rf"^some/name\.png: .*{message}") as error:
        read(data)
    assert error.value.hint


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_is_not_supported_is_refused_in_words(name: str) -> None:
    data, message = UNSUPPORTED[name]
    with pytest.raises(UnsupportedImage, match=rf"^some/name\.png: .*{message}") as error:
        read(data)
    assert error.value.hint


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_file_cut_anywhere_is_an_error_or_complete(container: str) -> None:
    """TIFF by tifffile has its pixels at the end; a plain PNM's last number may lose its last digit unseen."""
    data = CONTAINERS[container](values(3, size=(20, 16)))
    whole = frame(data)
    for length in range(4, len(data) - 2, max(1, len(data) // 60)):
        try:
            found = read(data[:length]).frames[0]
        except UnreadableImage as error:
            assert str(error).startswith("some/name.png: ")
        else:
            assert found == whole
            assert length > 0.9 * len(data)


def test_nothing_heavy_is_imported_before_there_is_a_deep_file() -> None:
    code = (
        "import sys, percept_cli.formats.decode, percept_cli.formats.png.reader, percept_cli.formats.tiff.reader\n"
        "print([name for name in ('numpy', 'tifffile', 'imagecodecs', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


SIZE = 40, 30
REFUSED = {
    ("TIFF", "LAB"): "CIELab|LAB|Lab",
    ("AVIF", "LAB"): "its colour profile is of class 'abst'",  # which Pillow gives to what it converts
    ("TIFF", "I"): "its samples are signed, but percept reads only unsigned integers",
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


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    drawing(40, 30).save(tmp_path / "a.mpo", append_images=[drawing(40, 30, seed=1)], save_all=True)
    found = compare(tmp_path / "a.mpo", tmp_path / "a.mpo", **SHALLOW)
    wanted = f"{(tmp_path / 'a.mpo').as_posix()}: only the first of its 2 views is compared"
    assert found.notes == (wanted, wanted)
    for kind in (np.uint8, np.uint16):
        path = tmp_path / f"{np.dtype(kind).name}.tif"
        more = np.zeros((8, 8, 5), kind)
        tifffile.imwrite(path, more, photometric="rgb", planarconfig="contig", extrasamples=[0, 0])
        assert decode(path.read_bytes(), "x").notes == ("extra channels that are not compared: 2",)
    planes = {name: np.full((8, 8), 0.5, np.float32) for name in ("R", "G", "B", "diffuse.R", "Z")}
    for policy in (AS_SEEN, ImagePolicy(frame=1)):
        assert decode(exr_by_hand(planes), "x", policy).notes == ("not compared: Z, diffuse.R",)
