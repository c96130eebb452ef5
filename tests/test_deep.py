"""Files of more than 8 bits: every value as the file has it, colours as for 8 bits, and every way to be broken.

Files are written by hand (``deep_files``) or by tifffile. A value v of n bits is 255 · v / (2^n - 1) levels, and
float32 holds the nearest number to that: EXACT is half a unit in the last place of 255. Two values of 16 bits that
follow one another are 1/257 = 0.004 levels apart.
"""

from __future__ import annotations

import io
import logging
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.formats import pages
from percept_cli.formats.decode import decode
from percept_cli.formats.pages import Source, decoded
from percept_cli.formats.pnm.whole import read_pnm
from percept_cli.formats.tiff.deep import read_tiff
from percept_cli.images.picture import Decoded, Frame
from percept_cli.images.policy import AS_SEEN, ImagePolicy
from tests import icc
from tests.conftest import ROOT, drawing
from tests.deep_files import Values, chunk, pam, png, pnm, tiff, tiff_by_tifffile, values
from tests.pictures import seen
from tests.test_colour_profiles import with_elements

EXACT = 2.0**-17
IGNORE = ImagePolicy(ignore_icc=True)
SPACES = {"display p3": icc.DISPLAY_P3, "adobe rgb": icc.ADOBE_RGB}
GREY, RGB, INKS = 1, 2, 5
TURNS: dict[int, Callable[[Values], Values]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a.swapaxes(0, 1), 2),
    8: lambda a: np.rot90(a, 1),
}


def read(data: bytes, policy: ImagePolicy = AS_SEEN) -> Decoded:
    """What the readers of more than 8 bits make of a file, whoever would read it."""
    source = Source(data, "some/name.png", policy)
    vars(source)["data"] = data  # not held to what it claims, of which they have their own word
    pages_of = {b"II": read_tiff, b"MM": read_tiff, **{b"P%d" % kind: read_pnm for kind in range(8)}}.get(data[:2])
    if pages_of is None:
        return decode(data, source.name, policy)
    with patch.object(Source, "check", lambda *_, **__: False):  # a check that allows all
        return decoded(lambda: pages_of(source), source)


def frame(data: bytes, policy: ImagePolicy = AS_SEEN) -> Frame:
    (found,) = read(data, policy).frames
    return found


def colours(found: Frame) -> NDArray[Any]:
    kind = np.float32 if found.deep else np.uint8
    return np.frombuffer(found.colours[:], kind).reshape(found.height, found.width, 3).astype(float)


def alpha(found: Frame) -> NDArray[Any] | None:
    if found.alpha is None:
        return None
    kind = np.float32 if found.deep else np.uint8
    return np.frombuffer(found.alpha[:], kind).reshape(found.height, found.width).astype(float)


def off(found: NDArray[Any] | None, wanted: NDArray[Any]) -> float:
    assert found is not None
    return float(np.abs(found - wanted).max())


def photometric(pixels: Values) -> int:
    return GREY if pixels.shape[2] < 3 else RGB


def written_by_tifffile(pixels: Values, **options: Any) -> bytes:
    channels = pixels.shape[2]
    given = {"photometric": "minisblack" if channels < 3 else "rgb"} | options
    if channels % 2 == 0:
        given.setdefault("extrasamples", ["unassalpha"])
    if given.get("planarconfig") == "separate":
        pixels = np.moveaxis(pixels, -1, 0)
    return tiff_by_tifffile(pixels if channels > 1 else pixels[..., 0], **given)


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


@pytest.mark.parametrize("bits", [9, 10, 11, 12, 13, 14, 15, 16, 32])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("order", ["<", ">"])
def test_tiff_of_other_depths(bits: int, channels: int, order: str) -> None:
    rng = np.random.default_rng(bits)
    pixels = rng.integers(0, 1 << bits, (9, 7, channels), dtype=np.uint32)
    pixels[0, 0], pixels[0, 1] = 0, (1 << bits) - 1
    found = frame(tiff(pixels, bits, photometric=photometric(pixels), order=order))
    assert off(colours(found), pixels.astype(float) * 255 / ((1 << bits) - 1)) < EXACT


@pytest.mark.parametrize("largest", [256, 1000, 1023, 4095, 40_000, 65535])
@pytest.mark.parametrize(
    "write", [pnm, pam, lambda a, most: pnm(a, most, plain=True)], ids=["raw", "pam", "plain"]
)
def test_any_largest_value_is_white(largest: int, write: Callable[[Values, int], bytes]) -> None:
    pixels = values(3, largest)
    assert off(colours(frame(write(pixels, largest))), pixels * 255.0 / largest) < EXACT


def test_comments_in_pnm() -> None:
    pixels = values(3)
    plain = pnm(pixels, plain=True, header="# one\n#two 3\n")
    assert frame(pnm(pixels, header="# a comment\n")) == frame(plain) == frame(plain + b"# the end\n")


def test_alpha_that_is_opaque_everywhere_is_none() -> None:
    pixels = values(4)
    pixels[..., 3] = 65535
    assert frame(png(pixels)) == frame(png(pixels[..., :3]))
    assert frame(png(pixels)).alpha is None


def test_colours_under_transparency_are_kept_and_either_is_enough_to_be_deep() -> None:
    pixels = values(4, 255) * 257
    assert not frame(png(pixels)).deep
    pixels[3, 3, 3] = 1
    found = frame(png(pixels))
    assert found.deep
    assert off(colours(found), pixels[..., :3] / 257) == 0
    assert off(alpha(found), pixels[..., 3] / 257) < EXACT


@pytest.mark.parametrize("channels", [1, 3])
def test_a_colour_that_stands_for_nothing_is_compared_in_16_bits(channels: int) -> None:
    pixels = values(channels)
    pixels[2, 3] = pixels[4, 4] = 1000
    pixels[5, 5] = 1001  # the same in 8 bits
    key = struct.pack(">H", 1000) * channels
    opacity = np.full((11, 13), 255.0)
    opacity[2, 3] = opacity[4, 4] = 0
    assert off(alpha(frame(png(pixels, before=[chunk(b"tRNS", key)]))), opacity) == 0


def test_white_is_zero() -> None:
    pixels = values(1)
    assert off(colours(frame(tiff(pixels, photometric=0))), 255 - pixels / 257) < 2 * EXACT


def test_alpha_that_is_multiplied_into_the_colours_is_taken_out() -> None:
    straight = values(4)
    straight[..., 3] = np.maximum(straight[..., 3], 256)
    multiplied = straight.copy()
    multiplied[..., :3] = np.rint(straight[..., :3] * (straight[..., 3:] / 65535))
    found = frame(tiff(multiplied, photometric=RGB, tags={338: 1}))
    assert off(alpha(found), straight[..., 3] / 257) < EXACT
    # Rounding was up to half of 65535 before the division by alpha.
    assert np.all(np.abs(colours(found) - straight[..., :3] / 257) < 0.51 / 257 * 65535 / straight[..., 3:])
    multiplied[0, 0] = 0
    assert colours(frame(tiff(multiplied, photometric=RGB, tags={338: 1})))[0, 0].tolist() == [0, 0, 0]


@pytest.mark.parametrize(("kinds", "number"), [(0, None), ([0, 2], 1), ([2, 0], 0), (2, 0)])
def test_which_of_the_extra_channels_is_alpha(kinds: Any, number: int | None) -> None:
    count = 1 if isinstance(kinds, int) else len(kinds)
    pixels = np.concatenate([values(3), values(count, seed=1)], axis=2)
    found = frame(tiff(pixels, photometric=RGB, tags={338: kinds}))
    assert off(colours(found), pixels[..., :3] / 257) < EXACT
    if number is None:
        assert found.alpha is None
    else:
        assert off(alpha(found), pixels[..., 3 + number] / 257) < EXACT


def test_a_palette_has_16_bits() -> None:
    rng = np.random.default_rng(2)
    table = rng.integers(0, 65536, (3, 1 << 12)).astype(np.uint16)
    indices = values(1, (1 << 12) - 1)
    found = frame(tiff(indices, 12, photometric=3, tags={320: table.ravel().tolist()}))
    assert off(colours(found), table.T[indices[..., 0]] / 257) < EXACT


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("container", ["png", "png, behind", "tiff"])
def test_the_turn_is_applied(orientation: int, container: str) -> None:
    pixels = values(4)
    exif = Image.Exif()
    exif[0x0112] = orientation
    said = [chunk(b"eXIf", exif.tobytes()[6:])]
    data = {
        "png": lambda: png(pixels, before=said),
        "png, behind": lambda: png(pixels, behind=said),
        "tiff": lambda: tiff(pixels, photometric=RGB, tags={274: orientation}),
    }[container]()
    found, wanted = frame(data), TURNS[orientation](pixels) / 257
    assert (found.height, found.width) == wanted.shape[:2]
    assert off(colours(found), wanted[..., :3]) < EXACT
    assert off(alpha(found), wanted[..., 3]) < EXACT


def test_pages_are_frames_without_thumbnails_and_masks() -> None:
    pages = [values(3, seed=seed)[: 11 - seed] for seed in range(4)]
    pages[3] = pages[3][..., 0] > 30_000
    kinds: list[dict[str, Any]] = [
        {},
        {"subfiletype": 1},
        {"subfiletype": 2},
        {"subfiletype": 4, "photometric": "mask"},
    ]
    found = read(tiff_by_tifffile(*pages, each=[{"photometric": "rgb"} | kind for kind in kinds]))
    assert [item.height for item in found.frames] == [11, 9]
    for item, number in zip(found.frames, (0, 2), strict=True):
        assert off(colours(item), pages[number] / 257) < EXACT
    assert found.durations is None
    alone = read(tiff_by_tifffile(pages[0], photometric="rgb", subfiletype=1))  # then there is nothing else
    assert len(alone.frames) == 1


def test_big_tiff() -> None:
    pixels = values(3)
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, photometric="rgb", bigtiff=True)
    assert frame(file.getvalue()) == frame(png(pixels))


# Colours.


def with_profile(profile: bytes, pixels: Values) -> dict[str, bytes]:
    embedded = chunk(b"iCCP", b"icc\0\0" + zlib.compress(profile))
    return {
        "png": png(pixels, before=[embedded]),
        "tiff": tiff(pixels, photometric=photometric(pixels), tags={34675: profile}),
    }


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("container", ["png", "tiff"])
def test_a_picture_in_a_wide_space_is_what_its_values_stand_for(name: str, container: str) -> None:
    space = SPACES[name]
    pixels = values(3, size=(120, 100))  # many of them outside sRGB
    found = colours(frame(with_profile(space.profile, pixels)[container]))
    truth = space.in_srgb(pixels / 257)
    # Profiles have 16 bits behind the point, which counts where a channel is nearly 0, and sRGB's curve steep.
    assert off(found, truth) < 0.25
    assert np.abs(found - truth).mean() < 0.006
    assert off(found[0, :2], np.array([[0, 0, 0], [255, 255, 255]])) < 1e-4


@pytest.mark.parametrize("name", SPACES)
def test_8_and_16_bits_of_the_same_colours_are_the_same_but_for_rounding(name: str) -> None:
    space = SPACES[name]
    levels = values(3, 255, size=(120, 100))
    out = io.BytesIO()
    Image.fromarray(levels.astype(np.uint8)).save(out, "PNG", icc_profile=space.profile)
    shallow = seen(out.getvalue(), "x").array
    deep = colours(frame(with_profile(space.profile, levels * 257)["png"]))
    # Half a level of rounding, and what 16 bits inside littleCMS leave of the darkest (see test_colour_profiles).
    assert off(deep, shallow) < 0.6
    assert np.mean(np.rint(deep) != shallow) < 0.005


@pytest.mark.parametrize("profile", [icc.SRGB.profile, None], ids=["srgb", "none"])
@pytest.mark.parametrize("channels", [1, 3])
def test_profiles_that_are_srgb_leave_every_value_alone(profile: bytes | None, channels: int) -> None:
    pixels = values(channels)
    files = {"plain": png(pixels)} if profile is None else with_profile(profile, pixels)
    for data in files.values():
        assert frame(data) == frame(png(pixels))


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2])
@pytest.mark.parametrize("channels", [1, 2])
def test_grey_profiles(gamma: float, channels: int) -> None:
    pixels = values(channels)
    for data in with_profile(icc.grey_profile(gamma), pixels).values():
        found = frame(data)
        truth = 255 * icc.srgb_encoded((pixels[..., :1] / 65535) ** (round(gamma * 256) / 256))
        assert off(colours(found), truth) < 0.02  # the slope of sRGB's curve at 0 × 16 bits, and some for floats
        assert np.ptp(colours(found), axis=2).max() < 1e-3  # grey stays grey
        if channels == 2:
            assert off(alpha(found), pixels[..., 1] / 257) < EXACT


def test_inks() -> None:
    pixels = values(4, size=(40, 30))
    share = pixels / 65535
    truth = 255 * (1 - share[..., :3]) * (1 - share[..., 3:])
    assert off(colours(frame(tiff(pixels, photometric=INKS))), truth) < 3 * EXACT
    found = colours(frame(tiff(pixels, photometric=INKS, tags={34675: icc.cmyk_profile()})))
    assert off(found, truth) < 6  # as for 8 bits: the table has 13 steps per ink
    assert np.abs(found - truth).mean() < 0.6
    levels = values(4, 255)
    image = Image.frombytes("CMYK", (13, 11), levels.astype(np.uint8).tobytes())
    rounded = np.rint(colours(frame(tiff(levels * 257, photometric=INKS))))
    assert off(rounded, np.asarray(image.convert("RGB"))) <= 1  # Pillow's rounding


def test_tables_of_colours() -> None:
    """Display P3 as a table; its perceptual one, which exchanges red and blue, is not asked for."""
    pixels = icc.DISPLAY_P3.of_srgb(np.asarray(drawing(40, 30)).astype(float)).astype(np.uint16) * 257
    found = colours(frame(with_profile(icc.rgb_lut_profile(), pixels)["tiff"]))
    assert off(found, icc.DISPLAY_P3.in_srgb(pixels / 257)) < 2  # 33 steps per channel


def test_alpha_is_not_converted() -> None:
    pixels = values(4)
    for data in with_profile(icc.DISPLAY_P3.profile, pixels).values():
        assert off(alpha(frame(data)), pixels[..., 3] / 257) < EXACT


def test_a_table_of_floats_that_takes_hours_is_not_used() -> None:
    """As for 8 bits: 60,000 elements for each pixel, which littleCMS would go through in floats above all."""
    pixels = values(3, size=(64, 48))
    plain = icc.Space(icc.P3_POINTS, 563 / 256).profile
    for data, known in zip(
        with_profile(with_elements(60_000), pixels).values(), with_profile(plain, pixels).values(), strict=True
    ):
        assert off(colours(frame(data)), colours(frame(known))) < 0.1  # of the gammas: 563/256 and 2.2 as 8.8 bits


GAMMA = chunk(b"gAMA", struct.pack(">I", 55556))
P3_CHROMATICITIES = chunk(
    b"cHRM", struct.pack(">8I", *(round(v * 1e5) for pair in (icc.D65, *icc.P3_POINTS) for v in pair))
)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_the_gamma_of_a_png(channels: int) -> None:
    pixels = values(channels)
    shown = pixels[..., : 1 if channels < 3 else 3]
    truth = 255 * icc.srgb_encoded((shown / 65535) ** (1 / 0.55556))
    found = frame(png(pixels, before=[GAMMA]))
    assert off(colours(found), truth) < 0.02
    srgb = chunk(b"sRGB", b"\0")  # which counts before gAMA
    assert frame(png(pixels, before=[srgb, GAMMA])) == frame(png(pixels))


def test_the_primaries_of_a_png() -> None:
    pixels = values(3)
    found = colours(frame(png(pixels, before=[P3_CHROMATICITIES])))
    assert off(found, icc.DISPLAY_P3.in_srgb(pixels / 257)) < 0.25


def test_cicp() -> None:
    pixels = values(3)
    assert frame(png(pixels, before=[chunk(b"cICP", bytes([1, 13, 0, 1])), GAMMA])) == frame(png(pixels))
    with pytest.raises(UnsupportedImage, match=r"^some/name\.png: its cICP chunk says 9/16/0/1"):
        frame(png(pixels, before=[chunk(b"cICP", bytes([9, 16, 0, 1]))]))


def test_profiles_can_be_ignored() -> None:
    pixels = values(3)
    plain = frame(png(pixels))
    broken = chunk(b"iCCP", b"icc\0\0" + b"no deflate")
    for data in (
        *with_profile(icc.DISPLAY_P3.profile, pixels).values(),
        *with_profile(b"no profile", pixels).values(),
        png(pixels, before=[broken]),
        png(pixels, before=[GAMMA, P3_CHROMATICITIES, chunk(b"cICP", bytes(4))]),
    ):
        assert frame(data, IGNORE) == plain


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


PNG = png(values(3))
TIFF = tiff(values(3), photometric=RGB)
GREY_TIFF = tiff(values(1), photometric=1)
PACKED = tiff_by_tifffile(values(3, size=(64, 48)), photometric="rgb", compression="zlib", rowsperstrip=8)
TWO_PAGES = tiff_by_tifffile(values(3), values(3), photometric="rgb")
BROKEN: dict[str, tuple[bytes, str]] = {
    "png, cut": (PNG[: len(PNG) // 2], "its end is missing"),
    "png, without its end": (png(values(3), end=b""), "its end is missing"),
    "png, half its end": (PNG[:-2], "its end is missing"),
    "png, a wrong checksum": (changed(PNG, len(PNG) - 20), "damaged"),
    "png, a changed pixel": (changed(PNG, 200), "damaged"),
    "png, half the rows": (
        PNG[:33] + chunk(b"IDAT", zlib.compress(bytes(400))) + chunk(b"IEND", b""),
        r"rows are missing: 400 of their 869 bytes are there",
    ),
    "png, no header": (PNG[:8] + PNG[33:], "it has no header"),
    "png, a short header": (PNG[:8] + chunk(b"IHDR", bytes(5)) + PNG[33:], "its header is incomplete"),
    "png, a lying header": (
        PNG[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", 90_000, 90_000, 16, 2, 0, 0, 0)) + PNG[33:],
        r"bytes of pixels cannot be the 48,600,090,000 that its header says",
    ),
    "png, an unknown colour type": (
        PNG[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", 13, 11, 16, 5, 0, 0, 0)) + PNG[33:],
        "no colour type has the number 5",
    ),
    "png, a broken profile": (with_profile(b"no profile" * 20, values(3))["png"], "its colour profile is broken"),
    "png, a profile in pieces": (
        png(values(3), before=[chunk(b"iCCP", b"icc\0\0" + b"no deflate")]),
        "its colour profile is broken",
    ),
    "tiff, cut": (TIFF[: len(TIFF) // 2], "damaged"),
    "tiff, cut in its pixels": (PACKED[: len(PACKED) - 500], "damaged"),
    "tiff, a strip behind the end": (with_number(TIFF, 273, len(TIFF)), "a piece lies behind its end"),
    "tiff, a strip that is missing": (with_number(TIFF, 279, 0), "damaged"),
    "tiff, pixels that are too few": (with_number(TIFF, 257, 200), "damaged"),
    "tiff, a lying header": (
        tiff(values(3), photometric=RGB, tags={256: 90_000, 257: 90_000, 278: 90_000}),
        "bytes of pixels cannot be the 48,600,000,000 that its header says",
    ),
    "tiff, no width": (with_number(TIFF, 256, 0), "damaged"),
    "tiff, a changed pixel": (changed(PACKED, 3000), "damaged"),
    "tiff, the second page is cut off": (TWO_PAGES[: len(TWO_PAGES) - 30], "damaged"),
    "tiff, pages in a circle": (GREY_TIFF[:-4] + GREY_TIFF[4:8], "its pages run in a circle"),
    "tiff, lists of tags in one another": (overlapping(4000), "its lists of tags lie on top of each other"),
    "tiff, no profile": (with_profile(b"no profile" * 20, values(3))["tiff"], "its colour profile is broken"),
    "tiff, a palette that is too short": (
        tiff(values(1, 4095), 12, photometric=3, tags={320: [0] * 30}),
        "its palette has 10 colours, and it uses number 4095",
    ),
    "tiff, fewer channels than colours": (tiff(values(2), photometric=RGB), "it has 2 channels"),
    "pnm, cut": (pnm(values(3))[:-1], "857 of 858 bytes of pixels are there"),
    "pnm, plain and cut": (pnm(values(3), plain=True)[:-7], r"4\d\d of 429 values are there"),
    "pnm, plain and too much": (pnm(values(3), plain=True) + b"7\n", "430 of 429 values are there"),
    "pnm, words": (pnm(values(3), plain=True) + b"seven", "something else than numbers"),
    "pnm, a long number": (pnm(values(3), plain=True)[:-6] + b" 99999999999999999999\n", "many digits"),
    "pnm, a header in pieces": (b"P6\n13 ", "its header is incomplete"),
    "pnm, no pixels": (pnm(values(3)).replace(b"13 11", b"0 11", 1), "its header says 0×11 pixels"),
    "pnm, levels beyond": (pnm(values(3)).replace(b"65535", b"65536", 1), "values up to 65536"),
    "pnm, a value beyond": (pnm(values(3), largest=1000), "it has a value of 65535, and 1000 is its largest"),
    "pnm, a lying header": (
        pnm(values(3), plain=True).replace(b"13 11", b"90000 90000", 1),
        "bytes of pixels cannot be",
    ),
    "pam, no end of its header": (b"P7\nWIDTH 3\n", "its header is incomplete"),
    "pam, no width": (pam(values(3)).replace(b"WIDTH", b"WIDE"), "its header is incomplete"),
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
        "an animation of more than 8 bits per channel",
    ),
    "png, too wide": (
        PNG[:8]
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 1_000_001, 1, 16, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes(6_000_007)))
        + PNG[33:],
        "more than 1,000,000 in a row",
    ),
    "png, a profile for inks": (
        with_profile(icc.cmyk_profile(), values(3))["png"],
        "its colour profile is for CMYK",
    ),
    "tiff, a profile for inks": (with_profile(icc.cmyk_profile(), values(3))["tiff"], "is for CMYK"),
    "tiff, a profile for colours in grey": (
        with_profile(icc.DISPLAY_P3.profile, values(1))["tiff"],
        "its colour profile is for RGB, and the picture is greyscale",
    ),
    "tiff, signed": (tiff(values(3), photometric=RGB, tags={339: 2}), "its numbers are signed"),
    "tiff, floats": (tiff_by_tifffile(np.ones((5, 5), np.float32)), "its numbers are floating-point"),
    "tiff, YCbCr": (tiff(values(3), photometric=6), "its colours are YCbCr"),
    "tiff, Lab": (tiff(values(3), photometric=8), "its colours are CIE Lab"),
    "tiff, other inks": (tiff(values(4), photometric=INKS, tags={332: 2}), "other ones than CMYK"),
    "tiff, 24 bits": (tiff(values(3), 24, photometric=RGB), "24 bits per channel"),
    "tiff, several depths": (tiff(values(3), photometric=RGB, tags={258: [16, 8, 16]}), "bits per channel"),
    "tiff, JPEG 2000": (
        tiff_by_tifffile(values(3, size=(64, 64)), photometric="rgb", compression="jpeg2000"),
        r"its compression \(JPEG2000\) is not supported",
    ),
    "pnm, two pictures": (pnm(values(3)) * 2, "it has several pictures"),
    "pam, another kind": (pam(values(3), kind="XYZ"), "a PAM of the kind 'XYZ'"),
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


@pytest.mark.parametrize(
    ("data", "asked"),
    [
        (PNG, (13, 11, 1)),
        (TIFF, (13, 11, 1)),
        (TWO_PAGES, (13, 11, 2)),
        (pnm(values(3)), (13, 11, 1)),
        (pam(values(3)), (13, 11, 1)),
    ],
    ids=["png", "tiff", "two pages", "pnm", "pam"],
)
def test_its_size_is_asked_about_once_before_the_pixels(data: bytes, asked: tuple[int, int, int]) -> None:
    calls = []
    with patch.object(pages, "check_pixels", lambda *asked: calls.append(asked[:3])):
        decode(data, "x")
    assert calls == [asked]

    def refuse(*_: object) -> None:
        raise UnsupportedImage("the caller's own words")

    with (
        patch.object(pages, "check_pixels", refuse),
        pytest.raises(UnsupportedImage, match=r"^x: the caller's own words$"),
    ):
        decode(data, "x")


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


def test_libraries_say_nothing_on_stderr_and_a_user_can_listen(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    data = tiff(values(3), photometric=RGB, tags={279: [1, 2, 3]})
    with caplog.at_level(logging.DEBUG), pytest.raises(UnreadableImage):
        read(data)
    assert "StripByteCounts" in caplog.text
    assert capfd.readouterr().err == ""
    code = f"from percept_cli.formats.decode import decode\ndecode({data!r}, 'x')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.strip().splitlines()[-1].startswith("percept_cli.errors.UnreadableImage: x: ")
    assert "incorrect StripByteCounts" not in done.stderr


def test_no_threads_are_started() -> None:
    """tifffile would take half of the processors for files of many tiles."""
    data = written_by_tifffile(values(3, size=(300, 300)), tile=(16, 16), compression="zlib")
    code = (
        "import sys, threading\n"
        "from percept_cli.formats.decode import decode\n"
        "started, run = [], threading.Thread.start\n"
        "threading.Thread.start = lambda thread: (started.append(thread), run(thread))[1]\n"
        "decode(sys.stdin.buffer.read(), 'x')\n"
        "print(started)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, input=data, capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"


def test_nothing_heavy_is_imported_before_there_is_a_deep_file() -> None:
    code = (
        "import sys, percept_cli.formats.decode, percept_cli.formats.png.reader, percept_cli.formats.tiff.reader\n"
        "print([name for name in ('numpy', 'tifffile', 'imagecodecs', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_library_s_own_writer_is_read_as_well() -> None:
    pixels = values(4)
    assert frame(bytes(imagecodecs.png_encode(pixels))) == frame(png(pixels))
