"""The same picture through JPEG, WebP and palettes."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageCms

from tests.corpus.make import icons, photo
from tests.corpus.make.common import File, Pixels, Scene, png, to_pixels
from tests.corpus.make.vector import Canvas


def jpeg(picture: Pixels, quality: int, subsampling: str = "4:4:4", profile: bytes | None = None) -> File:
    """Store as a JPEG."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(
        stream, "JPEG", quality=quality, subsampling=subsampling, optimize=True, icc_profile=profile
    )
    return File(stream.getvalue(), ".jpg")


def webp(picture: Pixels, quality: int | None) -> File:
    """Store as a WebP, without loss if there is no quality."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "WEBP", lossless=quality is None, quality=quality or 90, method=6)
    return File(stream.getvalue(), ".webp")


def palette(picture: Pixels, colours: int) -> File:
    """Store as a PNG of so many colours, without dither."""
    image = Image.fromarray(picture).quantize(colours, dither=Image.Dither.NONE)
    return png(np.asarray(image.convert("RGB"), np.uint8))


def soft(picture: Pixels, factor: float) -> Pixels:
    """Reduce and enlarge again."""
    image = Image.fromarray(picture)
    small = image.resize((round(image.width / factor), round(image.height / factor)), Image.Resampling.BOX)
    return np.asarray(small.resize(image.size, Image.Resampling.BICUBIC), np.uint8)


def srgb() -> bytes:
    """The usual colour profile; a picture that carries it looks as it does without."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    made_at = bytes.fromhex(
        "07d000010001000000000000"
    )  # the moment it was made, or the bytes would never be the same
    return profile[:24] + made_at + profile[36:]


def with_profile(picture: Pixels) -> File:
    """Store as a PNG with the sRGB profile."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG", optimize=True, icc_profile=srgb())
    return File(stream.getvalue(), ".png")


def _poster(width: int, height: int, warm: bool) -> Pixels:
    """Flat shapes on a gradient, as in a slide."""
    first, last = ((236, 90, 60), (250, 200, 90)) if warm else ((30, 60, 110), (60, 160, 170))
    canvas = Canvas(width, height, (0, 0, 0))
    for column in range(width):
        share = column / width
        red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, last, strict=True))
        canvas.box(column, 0, column + 1, height, (red, green, blue))
    ink = (70, 20, 40) if warm else (236, 244, 240)
    canvas.disc(width * 0.3, height * 0.5, height * 0.3, ink)
    canvas.ring(width * 0.66, height * 0.4, height * 0.26, 5, ink)
    for row in range(4):
        canvas.box(
            width * 0.55,
            height * (0.72 + 0.06 * row),
            width * (0.9 - 0.08 * row),
            height * (0.75 + 0.06 * row),
            ink,
        )
    return canvas.pixels()


def _valley() -> Scene:
    picture = to_pixels(photo.hills(240, 160, 300, warm=False))
    made = Scene("codecs", "tune", "valley", picture)
    made.same("jpeg96", jpeg(picture, 96), "JPEG of quality 96, whole colours")
    made.same("jpeg95-420", jpeg(picture, 95, "4:2:0"), "JPEG of quality 95, halved colours")
    made.same("webp97", webp(picture, 97), "WebP of quality 97")
    made.differs("jpeg12", jpeg(picture, 12, "4:2:0"), "JPEG of quality 12: blocks", "cross")
    made.differs("palette", palette(picture, 10), "10 colours: bands", "same")
    made.differs("soft", jpeg(soft(picture, 2.5), 95), "reduced and enlarged, then JPEG of quality 95", "cross")
    return made


def _poster_warm() -> Scene:
    picture = _poster(240, 150, warm=True)
    made = Scene("codecs", "tune", "poster", picture)
    made.same("jpeg97", jpeg(picture, 97), "JPEG of quality 97, whole colours")
    made.same("webp", webp(picture, None), "lossless WebP: identical pixels", "same")
    made.same("profile", jpeg(picture, 95, profile=srgb()), "JPEG of quality 95 with the sRGB profile")
    made.differs("jpeg10", jpeg(picture, 10, "4:2:0"), "JPEG of quality 10: blocks", "cross")
    made.differs("palette", palette(picture, 8), "8 colours: bands", "same")
    return made


def _tools() -> Scene:
    names = ("home", "chart", "cloud", "lock", "user", "star", "trash", "flag")
    colours = ((40, 70, 130), (160, 60, 50), (50, 110, 70))
    items = tuple(
        icons.Item(name, 20 + 54 * (index % 4), 18 + 54 * (index // 4), colours[index % 3])
        for index, name in enumerate(names)
    )
    picture = icons.draw(icons.Sheet(230, 120, (250, 250, 248), 30, items))
    made = Scene("codecs", "tune", "symbols", picture)
    made.same("jpeg97", jpeg(picture, 97), "JPEG of quality 97, whole colours")
    made.same("webp99", webp(picture, 99), "WebP of quality 99")
    made.differs("jpeg15", jpeg(picture, 15), "JPEG of quality 15: ringing", "cross")
    made.differs("soft", soft(picture, 2), "reduced and enlarged", "same")
    return made


def _beach() -> Scene:
    picture = to_pixels(photo.ground(200, 150, 320, (110, 96, 80), (240, 230, 204)))
    made = Scene("codecs", "judge", "beach", picture)
    made.same("jpeg95", jpeg(picture, 95), "JPEG of quality 95, whole colours")
    made.same("webp97", webp(picture, 97), "WebP of quality 97")
    made.differs("jpeg10", jpeg(picture, 10, "4:2:0"), "JPEG of quality 10: blocks", "cross")
    made.differs("soft", webp(soft(picture, 2), 97), "reduced and enlarged, then WebP of quality 97", "cross")
    return made


def _poster_cool() -> Scene:
    picture = _poster(220, 160, warm=False)
    made = Scene("codecs", "judge", "slide", picture)
    made.same("jpeg96", jpeg(picture, 96), "JPEG of quality 96, whole colours")
    made.same("profile", with_profile(picture), "PNG with the sRGB profile: identical pixels", "same")
    made.differs("jpeg14", jpeg(picture, 14, "4:2:0"), "JPEG of quality 14: blocks", "cross")
    made.differs("palette", palette(picture, 8), "8 colours: bands", "same")
    made.differs("webp1", webp(picture, 1), "WebP of quality 1: smears", "cross")
    return made


def _weather() -> Scene:
    picture = to_pixels(photo.clouds(240, 150, 340))
    made = Scene("codecs", "judge", "weather", picture)
    made.same("jpeg95-422", jpeg(picture, 95, "4:2:2"), "JPEG of quality 95, colours halved across")
    made.same("webp96", webp(picture, 96), "WebP of quality 96")
    made.same("profile", jpeg(picture, 96, profile=srgb()), "JPEG of quality 96 with the sRGB profile")
    made.differs("jpeg12", jpeg(picture, 12, "4:2:0"), "JPEG of quality 12: blocks", "cross")
    made.differs("palette", palette(picture, 10), "10 colours: bands", "same")
    return made


def scenes() -> Iterator[Scene]:
    """All scenes of codecs."""
    for make in (_valley, _poster_warm, _tools, _beach, _poster_cool, _weather):
        yield make()
