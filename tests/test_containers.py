"""HEIC, AVIF and JPEG XL: files by independent writers, values to the last bit, and errors in words."""

from __future__ import annotations

import io
import json
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import imagecodecs as ic
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from percept_cli.errors import PerceptError, UnreadableImage, UnsupportedImage
from percept_cli.formats.heif import boxes as iso_media
from percept_cli.formats.heif.avif import avif_depth, read_deep_avif
from percept_cli.formats.heif.heic import read_heic
from percept_cli.formats.heif.nclx import avif_profile, profile_of_nclx
from percept_cli.formats.jxl import head as jxl_head
from percept_cli.formats.jxl.reader import read_jxl
from percept_cli.formats.known import format_of
from percept_cli.formats.pages import Source
from percept_cli.images.limits import Limits
from percept_cli.images.picture import Decoded
from percept_cli.images.policy import AS_SEEN, ImagePolicy

ph = pytest.importorskip("pillow_heif")
pytest.importorskip("pillow_jxl")

WIDTH, HEIGHT = 65, 35
SRGB = 1, 13
Array = NDArray[Any]


def noise(bits: int, channels: int, seed: int = 0, shape: tuple[int, int] = (HEIGHT, WIDTH)) -> Array:
    kind = np.uint8 if bits == 8 else np.uint16
    full = (*shape, channels) if channels > 1 else shape
    return np.random.default_rng(seed).integers(0, 1 << bits, full).astype(kind)


def read(reader: Callable[..., Decoded], data: bytes, policy: ImagePolicy = AS_SEEN) -> tuple[Array, Array | None]:
    """Colours and alpha of the one frame of a file."""
    decoded = reader(Source(data, "a.x", policy))
    (frame,) = decoded.frames
    assert (decoded.durations, decoded.scene) == (None, False)
    kind = np.float32 if frame.deep else np.uint8
    colours = np.frombuffer(frame.colours[:], kind).reshape(frame.height, frame.width, 3)
    return colours, None if frame.alpha is None else np.frombuffer(frame.alpha[:], kind).reshape(colours.shape[:2])


def heic(mode: str, values: Array, **options: Any) -> bytes:
    """Without loss."""
    stream = io.BytesIO()
    lossless = {"quality": -1, "chroma": 444, "matrix_coefficients": 0}
    size = values.shape[1], values.shape[0]
    ph.encode(mode, size, values.tobytes(), stream, **(lossless | options))
    return stream.getvalue()


def jxl(values: Array, bits: int) -> bytes:
    """Without loss, in sRGB."""
    return with_transfer(linear_jxl(values, bits), 13)


def linear_jxl(values: Array, bits: int) -> bytes:
    """Imagecodecs says of what has more than 8 bits that it is linear."""
    return bytes(ic.jpegxl_encode(values, lossless=True, bitspersample=bits))


def with_transfer(data: bytes, code: int) -> bytes:
    """A JPEG XL file that says another curve, where it says one: four bits of its head, found by trying."""
    before = jxl_head.head(data)
    if before.transfer == code:
        return data
    start = data.index(b"\xff\x0a") + 2
    head = int.from_bytes(data[start : start + 32], "little")
    for place in range(250):
        if head >> place & 0b1111 != before.transfer - 2:
            continue
        changed = head & ~(0b1111 << place) | (code - 2) << place
        found = data[:start] + changed.to_bytes(32, "little") + data[start + 32 :]
        try:
            said = jxl_head.head(found)
        except UnreadableImage:
            continue
        if said == replace(before, transfer=code):
            return found
    raise AssertionError("no such bits")


def avif(values: Array, bits: int, **options: Any) -> bytes:
    """Without loss."""
    if values.ndim == 3:
        options = {"pixelformat": "444", "matrix": 0, "primaries": 1, "transfer": 13} | options
    return bytes(ic.avif_encode(values, level=100, bitspersample=bits, **options))


def pillow_avif(values: Array, **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, "AVIF", **options)
    return stream.getvalue()


def pillow_jxl(image: Image.Image, **options: Any) -> bytes:
    """By the package's own way into Pillow, in a process of its own, since that way stays open."""
    stream = io.BytesIO()
    image.save(stream, "PNG", icc_profile=image.info.get("icc_profile"))
    code = (
        "import io, sys, pillow_jxl; from PIL import Image; out = io.BytesIO();"
        f"image = Image.open(io.BytesIO(sys.stdin.buffer.read())); image.save(out, 'JXL', **{options!r});"
        "sys.stdout.buffer.write(out.getvalue())"
    )
    return subprocess.run(
        [sys.executable, "-c", code], input=stream.getvalue(), capture_output=True, check=True
    ).stdout


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


def test_alpha_that_is_multiplied_in_is_taken_out() -> None:
    values = noise(8, 4)
    values[..., :3] = np.rint(values[..., :3] * (values[..., 3:] / 255)).astype(np.uint8)
    values[0, 0] = 0
    colours, alpha = read(read_heic, heic("RGBa", values))
    assert alpha is not None
    assert (alpha == values[..., 3]).all()
    assert (colours[0, 0] == 0).all()
    again = np.rint(colours * (alpha[..., np.newaxis] / 255))
    assert (again == values[..., :3]).all()


def test_grey_of_video_is_brought_to_the_full_range() -> None:
    values = noise(8, 1)
    values[0, :4] = 16, 235, 0, 126
    colours, _ = read(read_heic, heic("L", values, full_range_flag=0))
    assert colours[0, :4, 0].tolist() == [0, 255, 0, 128]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heic_is_turned_once(orientation: int) -> None:
    stored = Image.fromarray(noise(8, 3))
    exif = stored.getexif()
    exif[0x112] = orientation
    stream = io.BytesIO()
    file = ph.from_pillow(stored)  # which makes an irot of it, and keeps EXIF's word too
    file.info["exif"] = exif.tobytes()
    file.save(stream, quality=-1, chroma=444, matrix_coefficients=0, exif=exif.tobytes())
    turned = file.to_pillow()
    colours, _ = read(read_heic, stream.getvalue())
    reference = ph.read_heif(stream.getvalue()).to_pillow()
    assert (colours == np.asarray(reference)).all()
    assert sorted(turned.size) == sorted(reference.size)


def test_the_main_picture_of_a_collection() -> None:
    file = ph.HeifFile()
    for level in (10, 20, 30):
        file.add_frombytes("RGB", (8, 8), bytes([level]) * 192)
    stream = io.BytesIO()
    file.save(stream, primary_index=1, quality=-1, chroma=444, matrix_coefficients=0)
    colours, _ = read(read_heic, stream.getvalue())
    assert set(colours.ravel().tolist()) == {20}


# Primaries and transfer, whether it moves colours (None: refused), and in what words.
CODES: list[tuple[int, int, bool | None]] = [
    (1, 13, False),
    (1, 1, False),
    (2, 2, False),
    (12, 13, True),
    (9, 14, True),
    (1, 8, True),
    (9, 16, None),
    (9, 18, None),
    (1, 4, None),
    (4, 13, None),
]


@pytest.mark.parametrize(("primaries", "transfer", "moves"), CODES)
def test_colours_by_code(primaries: int, transfer: int, moves: bool | None) -> None:
    values = noise(8, 3)
    data = heic("RGB", values, color_primaries=primaries, transfer_characteristics=transfer)
    if moves is None:
        with pytest.raises(UnsupportedImage, match=r"^a\.x: its (values are (PQ|HLG)|colours are said to be)"):
            read(read_heic, data)
    else:
        colours, _ = read(read_heic, data)
        assert (colours != values).any() == moves
    colours, _ = read(read_heic, data, ImagePolicy(ignore_icc=True))
    assert (colours == values).all()


def test_display_p3_by_code_is_display_p3_by_profile() -> None:
    """Red of sRGB as Display P3 has it, by the published matrices: (234, 51, 35)."""
    values = np.full((4, 4, 3), (234, 51, 35), np.uint8)
    colours, _ = read(read_heic, heic("RGB", values, color_primaries=12, transfer_characteristics=13))
    assert np.abs(colours.astype(int) - (255, 0, 0)).max() <= 1


def test_codes_of_a_deep_picture() -> None:
    """Red of sRGB as Display P3 has it, by the published matrices: 234.0, 51.1, 35.4 in 0..255."""
    values = np.full((8, 8, 3), (939, 205, 142), np.uint16)
    for reader, data in (
        (read_heic, heic("RGB;10", values, bit_depth=10, color_primaries=12, transfer_characteristics=13)),
        (read_deep_avif, avif(values, 10, primaries=12)),
    ):
        colours, _ = read(reader, data)
        assert np.abs(colours - (255, 0, 0)).max() <= 1
        same, _ = read(reader, data, ImagePolicy(ignore_icc=True))
        np.testing.assert_allclose(same, values * (255 / 1023), rtol=1e-6)
    with pytest.raises(UnsupportedImage, match="are PQ, for HDR displays"):
        read(read_deep_avif, avif(values, 10, primaries=9, transfer=16))


def wide() -> bytes:
    """Display P3's profile, as our own codes make it."""
    profile = profile_of_nclx(12, 13)
    assert profile is not None
    return profile


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def test_a_profile_is_applied() -> None:
    values = np.full((4, 4, 3), (234, 51, 35), np.uint8)
    image = Image.fromarray(values)
    image.info["icc_profile"] = wide()
    stream = io.BytesIO()
    ph.from_pillow(image).save(stream, quality=-1, chroma=444, matrix_coefficients=0)
    colours, _ = read(read_heic, stream.getvalue())
    assert np.abs(colours.astype(int) - (255, 0, 0)).max() <= 1
    same, _ = read(read_heic, stream.getvalue(), ImagePolicy(ignore_icc=True))
    assert (same == values).all()


def test_profiles_of_deep_pictures() -> None:
    values = np.full((HEIGHT, WIDTH, 3), (939, 205, 142), np.uint16)
    for profile, expected in ((srgb(), values[0, 0] * (255 / 1023)), (wide(), (255, 0, 0))):
        file = ph.HeifFile()
        file.add_frombytes("RGB;10", (WIDTH, HEIGHT), values.tobytes())
        file.info.update(icc_profile=profile, icc_profile_type="prof", bit_depth=10)
        stream = io.BytesIO()
        file.save(stream, quality=-1, chroma=444, matrix_coefficients=0)
        assert np.abs(read(read_heic, stream.getvalue())[0] - expected).max() < 0.7


def test_the_curve_of_a_deep_jpeg_xl_is_applied() -> None:
    """That of digital cinema is x^2.6, which no code of ours has: the library's profile says it."""
    values = np.zeros((8, 8, 3), np.uint16)
    values[:] = np.arange(8, dtype=np.uint16)[:, np.newaxis, np.newaxis] * 9362
    colours, _ = read(read_jxl, with_transfer(linear_jxl(values, 16), 17))
    light = (values / 65535) ** 2.6
    expected = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert np.abs(colours - expected).max() < 0.1
    with pytest.raises(UnsupportedImage, match="coded with loss"):
        lossy = bytes(ic.jpegxl_encode(values, lossless=False, bitspersample=16))
        read(read_jxl, with_transfer(lossy, 17))


def test_jpeg_xl_by_its_own_writer() -> None:
    values = noise(8, 3)
    data = pillow_jxl(Image.fromarray(values), lossless=True)
    assert (read(read_jxl, data)[0] == values).all()
    data = pillow_jxl(Image.fromarray(noise(8, 4)), lossless=True, use_container=True)
    colours, alpha = read(read_jxl, data)
    assert alpha is not None
    assert (np.dstack([colours, alpha]) == noise(8, 4)).all()


def test_a_jpeg_inside_jpeg_xl_is_that_jpeg() -> None:
    stream = io.BytesIO()
    image = Image.fromarray(noise(8, 3))
    exif = image.getexif()
    exif[0x112] = 6
    image.save(stream, "JPEG", exif=exif)
    data = bytes(ic.jpegxl_encode_jpeg(stream.getvalue(), usecontainer=True))
    colours, _ = read(read_jxl, data)
    with Image.open(stream) as image:
        expected = np.asarray(image.transpose(Image.Transpose.ROTATE_270))
    assert (colours == expected).all()


def test_floats_in_jpeg_xl() -> None:
    values = np.random.default_rng(0).random((HEIGHT, WIDTH, 3)).astype(np.float32)
    colours, _ = read(read_jxl, with_transfer(bytes(ic.jpegxl_encode(values, lossless=True)), 13))
    np.testing.assert_allclose(colours, values * 255, rtol=1e-6)
    values[0, 0, 0] = 1.5
    with pytest.raises(UnsupportedImage, match="beyond black and white"):
        read(read_jxl, with_transfer(bytes(ic.jpegxl_encode(values, lossless=True)), 13))


@pytest.mark.parametrize("kind", [np.float32, np.float16])
@pytest.mark.parametrize("channels", [3, 4])
def test_linear_floats_are_a_scene(kind: type, channels: int) -> None:
    values: Array = (np.random.default_rng(0).random((HEIGHT, WIDTH, channels)) * 9).astype(kind)
    values[..., 3:] /= 9
    decoded = read_jxl(Source(bytes(ic.jpegxl_encode(values, lossless=True)), "a.jxl", AS_SEEN))
    (frame,) = decoded.frames
    assert decoded.scene
    assert frame.deep
    assert (np.frombuffer(frame.colours[:], np.float32) == values[..., :3].astype(np.float32).ravel()).all()
    assert (frame.alpha is not None) == (channels == 4)
    if frame.alpha is not None:
        np.testing.assert_allclose(
            np.frombuffer(frame.alpha[:], np.float32), values[..., 3].ravel().astype(np.float32) * 255, rtol=1e-6
        )


def test_linear_whole_numbers_become_srgb() -> None:
    """Light and levels by the standard's table: half of the light is level 187.52."""
    values = np.zeros((4, 4, 3), np.uint16)
    values[0, 0] = 65535, 32768, 131
    colours, _ = read(read_jxl, linear_jxl(values, 16))
    np.testing.assert_allclose(colours[0, 0], (255, 187.5168, 6.5856), atol=2e-3)
    same, _ = read(read_jxl, linear_jxl(values, 16), ImagePolicy(ignore_icc=True))
    np.testing.assert_allclose(same[0, 0], values[0, 0] / 257, rtol=1e-6)


def test_hdr_and_other_curves_of_jpeg_xl_are_refused() -> None:
    for code, words in ((16, "are PQ"),):
        with pytest.raises(UnsupportedImage, match=words):
            read(read_jxl, with_transfer(linear_jxl(noise(16, 3), 16), code))


def test_animations_are_refused_where_frames_would_be_lost() -> None:
    frames = noise(8, 3, shape=(4 * 8, 8)).reshape(4, 8, 8, 3)
    with pytest.raises(UnsupportedImage, match=r"^a\.x: is an animation"):
        read(read_jxl, bytes(ic.jpegxl_encode(frames, lossless=True)))
    stream = io.BytesIO()
    first, *others = (Image.fromarray(frame) for frame in frames)
    first.save(stream, "AVIF", save_all=True, append_images=others, duration=100)
    assert iso_media.head(stream.getvalue()).sequence
    assert avif_depth(stream.getvalue()) == 8
    sequence = heic("RGB", noise(8, 3)) + b"\0\0\0\x08moov"
    with pytest.raises(UnsupportedImage, match=r"^a\.x: is a sequence"):
        read(read_heic, sequence)


def test_what_avif_says_of_itself() -> None:
    for channels in (1, 3, 4):
        assert avif_depth(pillow_avif(noise(8, channels))) == 8
        assert avif_depth(avif(noise(10, channels), 10)) == 10
        assert avif_depth(avif(noise(12, channels), 12)) == 12
    assert avif_profile(pillow_avif(noise(8, 3))) is None
    assert avif_profile(pillow_avif(noise(8, 3), icc_profile=wide())) is None  # Pillow gives it
    assert avif_profile(avif(noise(8, 3), 8, primaries=12)) == wide()
    with pytest.raises(UnsupportedImage, match="are HLG"):
        avif_profile(avif(noise(8, 3), 8, primaries=9, transfer=18))


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirror", [None, 0, 1])
def test_a_deep_avif_is_turned_as_pillow_turns_an_8_bit_one(turns: int, mirror: int | None) -> None:
    from PIL import ImageOps

    values = noise(10, 3)
    data = with_turns(avif(values, 10), turns, mirror)
    head = iso_media.head(data)
    assert (head.turns, head.mirror) == (turns, mirror)
    colours, _ = read(read_deep_avif, data)
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert colours.shape == expected.shape
    assert np.abs(colours - expected).max() < 1.01  # Pillow's eight bits


def with_turns(data: bytes, turns: int, mirror: int | None) -> bytes:
    """An AVIF file with further properties of its one item, written into its boxes."""
    more = [struct.pack(">I4sB", 9, b"irot", turns)]
    if mirror is not None:
        more.append(struct.pack(">I4sB", 9, b"imir", mirror))

    def rebuilt(kind: bytes, body: bytes, count: int) -> bytes:
        if kind == b"ipco":
            body += b"".join(more)
        elif kind == b"ipma":
            head, many, numbers = body[:10], body[10], body[11:]
            places = bytes(0x80 | (count + 1 + place) for place in range(len(more)))
            body = head + bytes([many + len(more)]) + numbers[:many] + places + numbers[many:]
        return struct.pack(">I4s", 8 + len(body), kind) + body

    ((start, end),) = [(first, last) for kind, first, last in iso_media.boxes(data) if kind == b"meta"]
    parts = [data[start : start + 4]]
    for kind, first, last in iso_media.boxes(data, start + 4, end):
        body = data[first:last]
        if kind == b"iprp":
            inner = [(name, data[a:b], data, a, b) for name, a, b in iso_media.boxes(data, first, last)]
            count = sum(1 for name, _, _, a, b in inner if name == b"ipco" for _ in iso_media.boxes(data, a, b))
            body = b"".join(rebuilt(name, content, count) for name, content, *_ in inner)
        parts.append(struct.pack(">I4s", 8 + len(body), kind) + body)
    meta = b"".join(parts)
    longer = len(meta) - (end - start)
    changed = bytearray(data[: start - 8] + struct.pack(">I4s", 8 + len(meta), b"meta") + meta + data[end:])
    # Where the pixels are, has moved.
    place = changed.index(b"iloc")
    ((offset, length),) = [
        struct.unpack_from(">II", changed, place + 4 + 4 + 2 + 2 + 2 + 2 + 2)
        for _ in range(1)
        if changed[place + 4] == 0
    ]
    assert data[offset : offset + length]
    struct.pack_into(">I", changed, place + 18, offset + longer)
    return bytes(changed)


HEADS: dict[str, tuple[Callable[[], bytes], dict[str, Any]]] = {
    "small": (lambda: jxl(noise(8, 3, shape=(16, 64)), 8), {"width": 64, "height": 16}),
    "square": (lambda: jxl(noise(8, 3, shape=(77, 77)), 8), {"width": 77, "height": 77}),
    "16 to 9": (lambda: jxl(noise(8, 3, shape=(90, 160)), 8), {"width": 160, "height": 90}),
    "large": (lambda: jxl(np.zeros((3, 9000), np.uint8), 8), {"width": 9000, "height": 3, "grey": True}),
    "alpha": (lambda: jxl(noise(8, 4), 8), {"alpha": True, "depth": 8, "multiplied": False}),
    "16 bits": (lambda: jxl(noise(16, 4), 16), {"alpha": True, "depth": 16, "floats": False, "transfer": 13}),
    "9 bits": (lambda: jxl(noise(9, 1), 9), {"depth": 9}),
    "floats": (lambda: bytes(ic.jpegxl_encode(np.ones((4, 4), np.float32))), {"depth": 32, "floats": True}),
    "halves": (lambda: bytes(ic.jpegxl_encode(np.ones((4, 4), np.float16))), {"depth": 16, "floats": True}),
    "lossy": (lambda: pillow_jxl(Image.fromarray(noise(8, 3)), quality=70), {"bt_709": True, "transfer": 13}),
}


@pytest.mark.parametrize("case", HEADS)
def test_heads_of_jpeg_xl(case: str) -> None:
    write, expected = HEADS[case]
    said = jxl_head.head(write())
    assert {key: getattr(said, key) for key in expected} == expected


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
            r"a\.x: ([\d,]+) bytes of profiles, EXIF and texts are more than the limit of ([\d,]+)",
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


def test_the_profile_of_a_jpeg_xl_has_the_limit_of_metadata() -> None:
    image = Image.fromarray(noise(8, 3))
    image.info["icc_profile"] = wide()
    data = pillow_jxl(image, lossless=True)
    read(read_jxl, data)
    with pytest.raises(UnsupportedImage, match=r"^a\.x: [\d,]+ bytes of profiles, EXIF and texts are more than"):
        read(read_jxl, data, ImagePolicy(limits=Limits(metadata=100)))


@pytest.mark.parametrize("form", WRITERS)
def test_the_check_comes_before_pixels(form: str) -> None:
    reader, write = WRITERS[form]
    data = write(noise(10, 3), 10)
    policy = ImagePolicy(limits=Limits(pixels=WIDTH * HEIGHT - 1))
    # Cut off within the pixels: whoever decodes them first says something else.
    for content in (data, data[: len(data) - 9]) if form == "JPEG XL" else (data,):
        with pytest.raises(UnsupportedImage, match=f"^a.x: {WIDTH}×{HEIGHT} pixels are more than the limit"):
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
