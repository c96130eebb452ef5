"""Colours without the alpha that they were multiplied by."""

from __future__ import annotations

import io
import json
import re
import struct
import subprocess
import sys
from collections.abc import Callable

import imagecodecs as ic
import numpy as np
import pytest
from PIL import Image

from percept_cli.errors import PerceptError, UnreadableImage, UnsupportedImage
from percept_cli.formats.colour.levels import unmultiplied
from percept_cli.formats.heif import boxes as iso_media
from percept_cli.formats.heif.avif import avif_depth, read_deep_avif
from percept_cli.formats.heif.heic import read_heic
from percept_cli.formats.jxl.reader import read_jxl
from percept_cli.formats.known import format_of
from percept_cli.formats.pages import Source
from percept_cli.images.limits import Limits
from percept_cli.images.picture import Decoded
from percept_cli.images.policy import AS_SEEN, ImagePolicy
from tests.support.container_files import (
    HEIGHT,
    WIDTH,
    Array,
    avif,
    heic,
    jxl,
    noise,
    pillow_avif,
    pillow_jxl,
    read,
)

pytest.importorskip("pillow_jxl")


def test_whole_numbers_stay_whole_and_nothing_is_beyond_white() -> None:
    alpha = np.array([[0, 1, 100, 255]], np.uint8)
    colours = np.array([[[9] * 3, [1, 0, 2], [50, 33, 100], [255, 7, 0]]], np.uint8)
    found = unmultiplied(colours, alpha, 255)
    assert found.dtype == np.uint8
    assert found.tolist() == [[[0] * 3, [255, 0, 255], [128, 84, 255], [255, 7, 0]]]


def test_floats_are_as_exact_as_their_type() -> None:
    """One division and one multiplication of float32 round, each by half of its last bit."""
    rng = np.random.default_rng(0)
    alpha = rng.random((700, 900), np.float32) * 255 + 1
    colours = rng.random((700, 900, 3), np.float32) * alpha[..., None]
    exact = colours.astype(np.float64) / alpha[..., None].astype(np.float64) * 255
    found = unmultiplied(colours, alpha, 255)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.minimum(exact, 255), rtol=2**-23)


WRITERS: dict[str, tuple[Callable[..., Decoded], Callable[[Array, int], bytes]]] = {
    "HEIC": (read_heic, lambda values, bits: heic(mode_of(values, bits), values, bit_depth=bits)),
    "AVIF": (read_deep_avif, avif),
    "JPEG XL": (read_jxl, jxl),
}


def mode_of(values: Array, bits: int) -> str:
    mode = {2: "L", 3: "RGB", 4: "RGBA"}[values.ndim if values.ndim == 2 else values.shape[2]]
    return mode if bits == 8 else f"{mode};{bits}"


DEPTHS = [
    *(("HEIC", bits) for bits in (8, 10, 12)),
    *(("AVIF", bits) for bits in (10, 12)),
    *(("JPEG XL", bits) for bits in (8, 10, 12, 16)),
]


@pytest.mark.parametrize(("form", "bits"), DEPTHS)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_value_is_kept(form: str, bits: int, channels: int) -> None:
    reader, write = WRITERS[form]
    values = noise(bits, channels)
    data = write(values, bits)
    found = format_of(data)
    assert found is not None
    assert found.name == form
    colours, alpha = read(reader, data)
    expected = values * (255 / ((1 << bits) - 1))
    grey = expected[..., np.newaxis] if channels == 1 else expected[..., :3]
    assert colours.dtype == (np.uint8 if bits == 8 else np.float32)
    np.testing.assert_allclose(colours, np.broadcast_to(grey, colours.shape), rtol=1e-6, atol=0)
    if channels == 4:
        assert alpha is not None
        np.testing.assert_allclose(alpha, expected[..., 3], rtol=1e-6, atol=0)
    else:
        assert alpha is None


@pytest.mark.parametrize(("form", "bits"), [entry for entry in DEPTHS if entry[1] > 8])
def test_one_step_of_a_deep_file_is_seen(form: str, bits: int) -> None:
    reader, write = WRITERS[form]
    values = noise(bits, 3)
    values[3, 4, 1] = 600
    first, _ = read(reader, write(values, bits))
    values[3, 4, 1] += 1
    second, _ = read(reader, write(values, bits))
    ((row, column, channel),) = np.argwhere(first != second)
    assert (row, column, channel) == (3, 4, 1)
    assert 0 < second[3, 4, 1] - first[3, 4, 1] < 0.25


@pytest.mark.parametrize(("form", "bits"), [("HEIC", 12), ("AVIF", 12), ("JPEG XL", 16)])
def test_whole_levels_in_a_deep_file_are_an_8_bit_frame(form: str, bits: int) -> None:
    reader, write = WRITERS[form]
    levels = np.where(noise(8, 3) > 127, np.uint8(255), np.uint8(0))  # that 12 bits have exactly, 85 and 170 aside
    values = (levels // 255).astype(np.uint16) * ((1 << bits) - 1)
    colours, _ = read(reader, write(values, bits))
    assert colours.dtype == np.uint8
    assert (colours == levels).all()


def test_opaque_alpha_is_none() -> None:
    values = noise(8, 4)
    values[..., 3] = 255
    assert read(read_heic, heic("RGBA", values))[1] is None
    assert read(read_jxl, jxl(values, 8))[1] is None


def test_animations_are_refused_where_frames_would_be_lost() -> None:
    frames = noise(8, 3, shape=(4 * 8, 8)).reshape(4, 8, 8, 3)
    with pytest.raises(UnsupportedImage, match=r"^a\.x: JPEG XL animations"):
        read(read_jxl, bytes(ic.jpegxl_encode(frames, lossless=True)))
    stream = io.BytesIO()
    first, *others = (Image.fromarray(frame) for frame in frames)
    first.save(stream, "AVIF", save_all=True, append_images=others, duration=100)
    assert iso_media.head(stream.getvalue()).sequence
    assert avif_depth(stream.getvalue()) == 8
    sequence = heic("RGB", noise(8, 3)) + b"\0\0\0\x08moov"
    with pytest.raises(UnsupportedImage, match=r"^a\.x: HEIC image sequences"):
        read(read_heic, sequence)


def with_metadata(form: str) -> bytes:
    """A file with 5,000 bytes of EXIF and nothing else."""
    exif = b"Exif\0\0" + b"II*\0\x08\0\0\0" + bytes(4986)
    if form == "HEIC":
        return heic("RGB", noise(8, 3), exif=exif)
    if form == "AVIF":
        return pillow_avif(noise(8, 3), exif=exif)  # no writer here puts it into one of 10 bits
    box = struct.pack(">I4s", 8 + len(exif), b"Exif") + exif
    if form == "JPEG XL of a JPEG":
        stream = io.BytesIO()
        Image.fromarray(noise(8, 3)).save(stream, "JPEG", exif=exif)
        return bytes(ic.jpegxl_encode_jpeg(stream.getvalue(), usecontainer=True))
    return pillow_jxl(Image.fromarray(noise(8, 3)), use_container=True) + box


@pytest.mark.parametrize(
    ("form", "reader"),
    [("HEIC", read_heic), ("AVIF", read_deep_avif), ("JPEG XL", read_jxl), ("JPEG XL of a JPEG", read_jxl)],
)
def test_metadata_have_a_limit(form: str, reader: Callable[..., Decoded]) -> None:
    for limit in (4_000, 100):
        with pytest.raises(UnsupportedImage) as error:
            reader(Source(with_metadata(form), "a.x", ImagePolicy(limits=Limits(metadata=limit))))
        said = re.fullmatch(
            r"a\.x: its ([\d,]+) bytes of profiles, EXIF and texts are more than the limit of ([\d,]+)",
            str(error.value),
        )
        assert said is not None
        size = int(said[1].replace(",", ""))
        assert 4_980 <= size < 6_000
        assert said[2] == f"{limit:,}"
        assert f"--limits metadata={size} " in str(error.value.hint)
    if form != "AVIF":  # whose 8 bits are not for this reader
        for limits in (Limits(metadata=6_000), Limits(metadata=None)):
            reader(Source(with_metadata(form), "a.x", ImagePolicy(limits=limits)))


@pytest.mark.parametrize("form", WRITERS)
def test_the_check_comes_before_pixels(form: str) -> None:
    reader, write = WRITERS[form]
    data = write(noise(10, 3), 10)
    policy = ImagePolicy(limits=Limits(pixels=WIDTH * HEIGHT - 1))
    # Cut off within the pixels: whoever decodes them first says something else.
    for content in (data, data[: len(data) - 9]) if form == "JPEG XL" else (data,):
        with pytest.raises(
            UnsupportedImage,
            match=f"^a.x: {WIDTH}×{HEIGHT} pixels are more than the limit",
        ):
            reader(Source(content, "a.x", policy))


@pytest.mark.parametrize("form", WRITERS)
def test_damaged_files_are_typed_errors(form: str) -> None:
    reader, write = WRITERS[form]
    data = write(noise(10, 3), 10)
    for content in (b"", data[:9], data[:40], data[: len(data) // 2], data[:-20], data[:12] + bytes(500)):
        with pytest.raises(UnreadableImage, match=r"^a\.x: ") as error:
            reader(Source(content, "a.x", AS_SEEN))
        assert error.value.hint
    generator = np.random.default_rng(1)
    for _ in range(40):
        changed = bytearray(data)
        for place in generator.integers(0, min(len(data), 600), 3):
            changed[place] = generator.integers(256)
        try:
            reader(Source(bytes(changed), "a.x", AS_SEEN))
        except PerceptError as error:
            assert str(error).startswith("a.x: ")


ABSENT = """
import sys
from importlib import machinery
known = machinery.PathFinder.find_spec
absent = {absent!r}
machinery.PathFinder.find_spec = lambda name, *rest: (
    None if name.partition(".")[0] in absent else known(name, *rest))
from percept_cli.errors import UnsupportedImage
from percept_cli.images.policy import AS_SEEN
from percept_cli.formats.{place} import {reader}
from percept_cli.formats.pages import Source
try:
    {reader}(Source(sys.stdin.buffer.read(), "a.x", AS_SEEN))
except UnsupportedImage as error:
    import json
    print(json.dumps([str(error), error.hint]))
from PIL import Image
print("JXL" in Image.OPEN or "HEIF" in Image.OPEN)
"""

MISSING: dict[str, tuple[str, str, str, Callable[[], bytes], str]] = {
    "heic": ("pillow_heif", "heif.heic", "read_heic", lambda: heic("RGB", noise(8, 3)), "HEIC needs pillow-heif"),
    "jxl": (
        "pillow_jxl",
        "jxl.reader",
        "read_jxl",
        lambda: jxl(noise(8, 3), 8),
        "JPEG XL needs pillow-jxl-plugin",
    ),
}


@pytest.mark.parametrize("case", MISSING)
def test_a_missing_library_is_said_with_what_to_type(case: str) -> None:
    absent, place, reader, write, words = MISSING[case]
    code = ABSENT.format(absent=[absent], place=place, reader=reader)
    data = write()
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True)
    *_, error, opened = done.stdout.decode().splitlines()
    hint = f"pip install 'percept-cli[{case}]'"
    assert json.loads(error) == [f"a.x: {words}, which is not installed", hint]
    assert opened == "False"
    # With the libraries it is read, and nobody else's Pillow has changed.
    code = ABSENT.format(absent=[], place=place, reader=reader)
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True)
    assert done.stdout.decode().splitlines()[-1:] == ["False"]
    assert b"needs" not in done.stdout
