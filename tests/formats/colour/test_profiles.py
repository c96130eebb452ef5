"""Colours: one picture in several spaces is one picture, and what a file says of its colours is believed.

Bounds are of levels in 0..255. What percept makes of a file is held to what the file's levels stand for by
definition, in float: rounding is 0.5, and 0.6 is littleCMS's 16 bits besides. What is left against the picture
that was expressed is the rounding of the file: a level in Adobe RGB is up to 12 of sRGB's red where it is near 0.
"""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from percept_cli import check, compare, compare_folders
from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.formats.decode import decode
from percept_cli.images.limits import parse_limits
from percept_cli.images.policy import ImagePolicy
from tests.conftest import Save, as_picture, drawing
from tests.support import deep_files, icc
from tests.support.colour_files import (
    BOUND,
    IGNORE,
    LEVELS,
    P3,
    PICTURE,
    expressed,
    levels,
    off,
    saved_as,
    with_chunks,
    with_elements,
)
from tests.support.pictures import seen

SPACES = {"display p3": icc.DISPLAY_P3, "adobe rgb": icc.ADOBE_RGB}


@pytest.mark.parametrize("name", SPACES)
def test_a_picture_in_a_wide_space_is_what_its_levels_stand_for(name: str) -> None:
    space = SPACES[name]
    rng = np.random.default_rng(3)
    image = Image.fromarray(rng.integers(0, 256, (200, 200, 3)).astype(np.uint8))  # many of them outside sRGB
    found = levels(seen(saved_as(image, icc_profile=space.profile), "x"))
    assert off(found, space.in_srgb(np.asarray(image))) < BOUND
    ends = Image.fromarray(np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8))
    assert seen(saved_as(ends, icc_profile=space.profile), "x") == as_picture(ends)


@pytest.mark.parametrize("name", SPACES)
def test_it_is_the_picture_in_srgb_and_without_its_profile_it_is_not(tmp_path: Path, name: str) -> None:
    space = SPACES[name]
    image = expressed(space)
    paths = [tmp_path / f"{part}.png" for part in ("srgb", "wide", "stripped")]
    PICTURE.save(paths[0])
    image.save(paths[1], icc_profile=space.profile)
    image.save(paths[2])
    found = levels(seen(paths[1].read_bytes(), "x"))
    truth = space.in_srgb(np.asarray(image))
    assert off(found, truth) < BOUND
    assert off(truth, LEVELS) < 12.5  # what the file's 8 bits lost before percept saw it
    assert np.abs(found - LEVELS).mean() < 0.5
    kept, stripped = (compare(paths[0], path).distance for path in paths[1:])
    assert kept < 0.06
    assert stripped > 0.1
    assert stripped > 5 * kept
    assert compare(paths[0], paths[1], ignore_icc=True).distance == pytest.approx(stripped, rel=1e-6)
    assert check(paths[0], paths[1], noise="cross-machine").status == "pass"
    assert check(paths[0], paths[1], noise="cross-machine", ignore_icc=True).status == "fail"


def test_equal_levels_in_two_spaces_are_two_pictures(tmp_path: Path) -> None:
    sides = [tmp_path / "p3.png", tmp_path / "adobe.png"]
    for path, space in zip(sides, SPACES.values(), strict=True):
        PICTURE.save(path, icc_profile=space.profile)
    assert compare(*sides).distance > 0.1
    assert compare(*sides, ignore_icc=True).distance == 0
    assert compare(sides[0], sides[0]).distance == 0


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2])
@pytest.mark.parametrize("mode", ["L", "LA"])
def test_grey_profiles(gamma: float, mode: str) -> None:
    ramp = np.arange(256, dtype=np.uint8)[None]
    data = saved_as(Image.fromarray(ramp).convert(mode), icc_profile=icc.grey_profile(gamma))
    found = levels(seen(data, "x"))
    truth = 255 * icc.srgb_encoded((ramp / 255) ** (round(gamma * 256) / 256))
    assert off(found, truth[..., None]) < BOUND
    assert np.ptp(found, axis=2).max() == 0  # grey stays grey
    assert off(levels(seen(data, "x", IGNORE)), ramp[..., None]) == 0


def srgb_profiles() -> dict[str, bytes]:
    from PIL import ImageCms

    # With the colorants and the table of 1,024 values of the profile that most files have, HP's of 1998.
    columns = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
    tags = {
        name: icc.xyz(np.array(column)) for name, column in zip(("rXYZ", "gXYZ", "bXYZ"), columns, strict=True)
    }
    curve = icc.curv(icc.srgb_decoded(np.arange(1024) / 1023))
    return {
        "built": icc.SRGB.profile,
        "littleCMS's": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        "HP's": icc.profile("RGB ", tags | dict.fromkeys(("rTRC", "gTRC", "bTRC"), curve)),
    }


@pytest.mark.parametrize("name", ["built", "littleCMS's", "HP's"])
def test_a_profile_that_is_srgb_changes_no_bit(name: str) -> None:
    rng = np.random.default_rng(5)
    image = Image.fromarray(rng.integers(0, 256, (300, 300, 3)).astype(np.uint8))
    assert seen(saved_as(image, icc_profile=srgb_profiles()[name]), "x") == as_picture(image)
    grey = image.convert("L")  # programs leave the RGB profile in, and this one says nothing else than grey does
    assert seen(saved_as(grey, icc_profile=srgb_profiles()[name]), "x") == as_picture(grey)


@pytest.mark.parametrize("profile", [None, icc.DISPLAY_P3.profile], ids=["plain", "display p3"])
def test_one_picture_in_every_format_is_one_picture(tmp_path: Path, profile: bytes | None) -> None:
    image = drawing(40, 30).quantize(64).convert("RGB")
    options: dict[str, Any] = {} if profile is None else {"icc_profile": profile}
    image.save(tmp_path / "a.png", **options)
    image.save(tmp_path / "a.tiff", **options)
    image.save(tmp_path / "lzw.tiff", compression="tiff_lzw", **options)
    image.save(tmp_path / "a.webp", lossless=True, **options)
    image.quantize(64).save(tmp_path / "palette.png", **options)
    image.convert("RGBA").save(tmp_path / "opaque.png", **options)
    if profile is None:  # with a profile there is none in these
        image.save(tmp_path / "a.bmp")
        image.save(tmp_path / "a.ppm")
        image.save(tmp_path / "a.tga")
    assert image.quantize(64).convert("RGB").tobytes() == image.tobytes()
    for path in tmp_path.iterdir():
        assert compare(tmp_path / "a.png", path).distance == 0, path.name


def test_a_grey_picture_is_one_in_every_format(tmp_path: Path) -> None:
    grey = drawing(40, 30).convert("L")
    grey.save(tmp_path / "grey.png")
    for name, mode in (("rgb.png", "RGB"), ("a.tiff", "L"), ("a.bmp", "L"), ("p.png", "P"), ("a.png", "LA")):
        grey.convert(mode).save(tmp_path / name)
        assert compare(tmp_path / "grey.png", tmp_path / name).distance == 0, name


def test_a_jpeg_with_a_profile() -> None:
    data = saved_as(expressed(icc.DISPLAY_P3), "JPEG", quality=95, icc_profile=icc.DISPLAY_P3.profile)
    stored = levels(seen(data, "x", IGNORE))
    assert off(levels(seen(data, "x")), icc.DISPLAY_P3.in_srgb(stored)) < BOUND


@pytest.mark.parametrize("form", ["TIFF", "JPEG"])
def test_inks_are_converted_by_their_table(form: str) -> None:
    rng = np.random.default_rng(1)
    inks = rng.integers(0, 256, (60, 60, 4)).astype(np.uint8)
    options = {"quality": 100} if form == "JPEG" else {}
    data = saved_as(
        Image.frombytes("CMYK", (60, 60), inks.tobytes()), form, icc_profile=icc.cmyk_profile(), **options
    )
    with Image.open(io.BytesIO(data)) as image:
        stored = np.asarray(image) / 255
    truth = 255 * (1 - stored[..., :3]) * (1 - stored[..., 3:])
    found = levels(seen(data, "x"))
    # The table has 13 steps per ink, between which it is not exactly these inks.
    assert off(found, truth) < 6
    assert np.abs(found - truth).mean() < 0.6


def test_the_colorimetric_table_of_a_profile_counts() -> None:
    """Its perceptual one exchanges red and blue; 33 steps per channel are exact to two levels."""
    found = levels(seen(saved_as(expressed(icc.DISPLAY_P3), icc_profile=icc.rgb_lut_profile()), "x"))
    assert off(found, icc.DISPLAY_P3.in_srgb(np.asarray(expressed(icc.DISPLAY_P3)))) < 2


def test_alpha_is_no_colour() -> None:
    alpha = np.tile(np.arange(64, dtype=np.uint8) * 4, (48, 1))
    rgb = np.asarray(expressed(icc.DISPLAY_P3))
    image = Image.fromarray(np.dstack([rgb, alpha]))
    part = alpha[..., None] / 255
    wanted = icc.DISPLAY_P3.in_srgb(rgb) * part + 255 * (1 - part)
    found = levels(seen(saved_as(image, icc_profile=icc.DISPLAY_P3.profile), "x"))
    assert off(found, wanted) < 1.6  # rounded twice, as colour and as blend
    grey = Image.merge("LA", [image.getchannel("R"), image.getchannel("A")])
    wanted = 255 * icc.srgb_encoded((rgb[..., :1] / 255) ** 1.0) * part + 255 * (1 - part)
    assert off(levels(seen(saved_as(grey, icc_profile=icc.grey_profile(1.0)), "x")), wanted) < 1.6


def with_curve(curve: bytes) -> bytes:
    columns = icc.matrix(icc.P3_POINTS).T
    tags = {name: icc.xyz(column) for name, column in zip(("rXYZ", "gXYZ", "bXYZ"), columns, strict=True)}
    return icc.profile("RGB ", tags | dict.fromkeys(("rTRC", "gTRC", "bTRC"), curve))


def without_colorants() -> bytes:
    tags = dict.fromkeys(("rXYZ", "gXYZ", "bXYZ"), icc.xyz(np.zeros(3)))
    return icc.profile("RGB ", tags | dict.fromkeys(("rTRC", "gTRC", "bTRC"), icc.curv(2.2)))


def test_a_table_of_floats_that_takes_hours_is_not_used() -> None:
    """60,000 elements for each pixel, in a file of two kilobytes: a minute for 64×64 pixels, if they were used."""
    data = saved_as(PICTURE, icc_profile=with_elements(60_000))
    found = levels(seen(data, "x"))
    assert off(found, levels(seen(saved_as(PICTURE, icc_profile=with_curve(icc.curv(2.2))), "x"))) == 0


def padded(profile: bytes, size: int) -> bytes:
    """A profile with something at its end that no table leads to, and that does not compress."""
    return struct.pack(">I", size) + profile[4:] + np.random.default_rng(0).bytes(size - len(profile))


@pytest.mark.parametrize("bits", [8, 16])
def test_a_profile_larger_than_pillow_unpacks_is_applied(bits: int) -> None:
    def written(profile: bytes) -> bytes:
        if bits == 8:
            return saved_as(PICTURE, icc_profile=profile)
        chunk = deep_files.chunk(b"iCCP", b"name\0\0" + zlib.compress(profile))
        return deep_files.png(np.asarray(PICTURE).astype(np.uint16) * 257, before=[chunk])

    small, large = (written(padded(icc.DISPLAY_P3.profile, size)) for size in (100_000, 9 << 20))
    assert seen(large, "x") == seen(small, "x") != as_picture(PICTURE)
    assert seen(large, "x", IGNORE) == as_picture(PICTURE)
    for limit in ("metadata=9M", "metadata=1"):
        policy = ImagePolicy(limits=parse_limits(limit))
        most = policy.limits.metadata
        with pytest.raises(UnsupportedImage) as error:
            seen(large, "x", policy)
        assert str(error.value) == f"x: its profiles, EXIF and texts are more than the limit of {most:,} bytes"
        off = "if you trust the file, allow it with --limits metadata=off (limits='metadata=off' in Python)."
        assert error.value.hint == off
    assert seen(large, "x", ImagePolicy(limits=parse_limits("metadata=off"))) == seen(small, "x")
    damaged = bytearray(large)
    damaged[damaged.index(b"iCCP") + 6] ^= 1  # in its name
    assert seen(bytes(damaged), "x") == as_picture(PICTURE)
    assert decode(bytes(damaged), "x").notes == ("its iCCP chunk has a wrong checksum and is ignored",)


def test_a_profile_that_cannot_hold_can_be_ignored() -> None:
    broken = with_chunks(PICTURE, {b"iCCP": b"name\0\x05", b"gAMA": b"\0"})  # another compression, too short
    assert seen(broken, "x", IGNORE) == as_picture(PICTURE)


BAD: dict[str, tuple[str, bytes, type[Exception], str]] = {
    "cut off": ("RGB", P3[:-40], UnreadableImage, "is damaged: only .* bytes are present"),
    "cut within its header": ("RGB", P3[:100], UnreadableImage, "is damaged: it is not an ICC profile"),
    "random": ("RGB", np.random.default_rng(0).bytes(600), UnreadableImage, "it is not an ICC profile"),
    "empty tables": ("RGB", P3[:132].ljust(len(P3), b"\0"), UnreadableImage, "is damaged: littleCMS"),
    "no curves": ("RGB", icc.profile("RGB ", {}), UnreadableImage, "is damaged: littleCMS"),
    "a device link": ("RGB", P3[:12] + b"link" + P3[16:], UnsupportedImage, "is of class 'link'"),
    "grey for RGB": ("RGB", icc.grey_profile(2.2), UnsupportedImage, "is for greyscale, but the image is RGB"),
    "inks for RGB": ("RGB", icc.cmyk_profile(), UnsupportedImage, "is for CMYK, but the image is RGB"),
    "RGB for grey": ("L", P3, UnsupportedImage, "is for RGB, but the image is greyscale"),
    "RGB for inks": ("CMYK", icc.SRGB.profile, UnsupportedImage, "is for RGB, but the image is CMYK"),
    "no colorants": (
        "RGB",
        without_colorants(),
        UnreadableImage,
        "is damaged: it maps different colours to one",
    ),
    "a flat curve": (
        "RGB",
        with_curve(icc.curv(np.zeros(2))),
        UnreadableImage,
        "is damaged: it maps different colours to one",
    ),
    "a steep curve": (
        "RGB",
        with_curve(icc.curv(255.0)),
        UnreadableImage,
        "is damaged: it maps different colours to one",
    ),
    "a steep grey": (
        "L",
        icc.grey_profile(200.0),
        UnreadableImage,
        "is damaged: it maps different colours to one",
    ),
    "too many tags": (
        "RGB",
        P3[:128] + b"\0\1\0\0" + P3[132:],
        UnreadableImage,
        "is damaged: it has too many tags",
    ),
    "Lab": ("RGB", P3[:16] + b"Lab " + P3[20:], UnsupportedImage, "is for 'Lab', but the image is RGB"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_profile_that_cannot_hold_is_an_error_that_names_the_file(case: str) -> None:
    mode, profile, kind, words = BAD[case]
    image = PICTURE.convert(mode)
    for form in ("TIFF",) if mode == "CMYK" else ("PNG", "TIFF"):
        data = saved_as(image, form, icc_profile=profile)
        with pytest.raises(kind, match=rf"^some/name: its colour profile {words}|^some/name: .*{words}") as error:
            seen(data, "some/name")
        assert "--ignore-icc" in error.value.hint  # type: ignore[attr-defined] # PerceptError's
        assert seen(data, "some/name", IGNORE) == as_picture(image)
    image.info["icc_profile"] = profile
    with pytest.raises(kind, match=r"^candidate: "):
        compare(PICTURE, image)


def test_a_profile_in_pieces_is_an_error() -> None:
    """Pillow says None of those that it cannot put together."""
    data = bytearray(saved_as(PICTURE, "JPEG", icc_profile=P3))
    place = data.index(b"ICC_PROFILE\0")
    data[place + 13] = 2  # of two parts, and there is one
    with pytest.raises(UnreadableImage, match="is damaged: it cannot be decompressed"):
        seen(bytes(data), "x")
    packed = bytearray(zlib.compress(P3))
    packed[len(packed) // 2] ^= 0xFF
    chunks = {b"iCCP": b"name\0\0" + bytes(packed)}
    with pytest.raises(UnreadableImage, match="is damaged: it cannot be decompressed"):
        seen(with_chunks(PICTURE, chunks), "x")


def test_damaged_profiles_never_escape_as_untyped_errors() -> None:
    rng = np.random.default_rng(7)
    for whole in (P3, icc.grey_profile(2.2), icc.rgb_lut_profile()[:20_000]):
        image = PICTURE.convert("L" if whole[16:20] == b"GRAY" else "RGB")
        for _ in range(60):
            broken = bytearray(whole)
            for position in rng.integers(0, min(len(whole), 400), 3):
                broken[position] = int(rng.integers(0, 256))
            data = saved_as(image, "TIFF", icc_profile=bytes(broken))
            try:
                first = seen(data, "x")
            except (UnreadableImage, UnsupportedImage):
                continue
            assert seen(data, "x") == first


@pytest.mark.parametrize("tail", [b"", b"\0", b"\xff\xff\xff\xffabcd", b"\0\0\0\0abcd" * 20_000], ids=repr)
def test_a_walk_over_chunks_ends(tail: bytes) -> None:
    with pytest.raises(UnreadableImage):
        decode(b"\x89PNG\r\n\x1a\n" + tail[:100_000], "x")


def test_threads_share_a_conversion() -> None:
    pictures = [
        saved_as(
            Image.fromarray(icc.DISPLAY_P3.of_srgb(np.asarray(drawing(300, 200, seed)) / 1.0)),
            "TIFF",
            icc_profile=P3,
        )
        for seed in range(4)
    ]
    alone = [seen(data, "x") for data in pictures]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda data: seen(data, "x"), pictures * 8)) == alone * 8


def test_folders_are_read_as_asked(tmp_path: Path) -> None:
    for folder, space in (("r", icc.DISPLAY_P3), ("c", icc.ADOBE_RGB)):
        (tmp_path / folder).mkdir()
        PICTURE.save(tmp_path / folder / "a.png", icc_profile=space.profile)
    (managed,) = compare_folders(tmp_path / "r", tmp_path / "c")
    (ignored,) = compare_folders(tmp_path / "r", tmp_path / "c", ignore_icc=True)
    assert managed.distance > 0.1
    assert ignored.distance == 0


def test_only_a_profile_costs_the_import_of_littlecms(save: Save, tmp_path: Path) -> None:
    plain = save("plain.png")
    PICTURE.save(tmp_path / "profile.png", icc_profile=P3)
    script = (
        "import sys; from percept_cli import compare;"
        "compare(sys.argv[1], sys.argv[1]); print('PIL.ImageCms' in sys.modules)"
    )
    for path, wanted in ((plain, "False"), (tmp_path / "profile.png", "True")):
        done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == wanted
