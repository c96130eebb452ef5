"""Small files of every format that percept reads, and ways to damage them; all of it follows from a seed."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from tests.conftest import drawing
from tests.fuzz.light import light_files
from tests.support import container_files as containers
from tests.support import deep_files as deep
from tests.support.icc import cmyk_profile, grey_profile, rgb_lut_profile
from tests.support.jxl_files import jxl_with_head

_SIZE = 23, 17
_HEAD = 400  # bytes, in which formats have their sides
_PNG = b"\x89PNG\r\n\x1a\n"
_WITH_PROFILES = ("PNG", "JPEG", "TIFF", "WEBP")
_CODECS = ("tiff_lzw", "tiff_deflate", "packbits", "jpeg")


@cache
def sound_files() -> dict[str, bytes]:
    """Name → content: each format in every kind. Not to be changed."""
    others = {"deep": _deep(), "light": light_files(), "coded": _by_their_libraries()}
    return _by_pillow() | {
        f"{kind}-{name}": data for kind, files in others.items() for name, data in files.items()
    }


def _by_pillow() -> dict[str, bytes]:
    """Each format in the modes and with the codecs that Pillow writes."""
    rgb = drawing(*_SIZE, seed=1)
    alpha = rgb.copy()
    alpha.putalpha(drawing(*_SIZE, seed=2).convert("L"))
    modes = {mode: rgb.convert(mode) for mode in ("1", "L", "P", "RGB", "CMYK")}
    modes |= {"RGBA": alpha, "LA": alpha.convert("LA"), "I;16": rgb.convert("L").convert("I;16")}
    table = rgb_lut_profile()
    frames = [drawing(*_SIZE, seed=seed) for seed in (1, 2, 3)]
    exif = Image.Exif()
    exif[0x0112] = 6  # a turn
    entries: list[tuple[str, Image.Image, dict[str, Any]]] = [
        *(
            (f"png-{mode}", modes[mode], {"format": "PNG"})
            for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
        ),
        ("png-exif", rgb, {"format": "PNG", "exif": exif}),
        *((f"jpeg-{mode}", modes[mode], {"format": "JPEG"}) for mode in ("L", "RGB", "CMYK")),
        ("jpeg-progressive", rgb, {"format": "JPEG", "progressive": True, "exif": exif}),
        *((f"bmp-{mode}", modes[mode], {"format": "BMP"}) for mode in ("1", "L", "P", "RGB", "RGBA")),
        *((f"dib-{mode}", modes[mode], {"format": "DIB"}) for mode in ("1", "P", "RGB")),
        ("jpeg-mpo", frames[0], {"format": "MPO", "save_all": True, "append_images": frames[1:]}),
        *((f"gif-{mode}", modes[mode], {"format": "GIF"}) for mode in ("L", "P", "RGBA")),
        *((f"ppm-{mode}", modes[mode], {"format": "PPM"}) for mode in ("1", "L", "RGB")),
        *((f"{form.lower()}-profile", rgb, {"format": form, "icc_profile": table}) for form in _WITH_PROFILES),
        ("png-grey-profile", modes["L"], {"format": "PNG", "icc_profile": grey_profile(1.8)}),
        ("jpeg-cmyk-profile", modes["CMYK"], {"format": "JPEG", "icc_profile": cmyk_profile()}),
        ("webp", rgb, {"format": "WEBP"}),
        ("webp-lossless", alpha, {"format": "WEBP", "lossless": True}),
        *((f"tga-{mode}", modes[mode], {"format": "TGA"}) for mode in ("L", "P", "RGB", "RGBA")),
        ("tga-rle", rgb, {"format": "TGA", "compression": "tga_rle"}),
        *(
            (f"tiff-{mode}", modes[mode], {"format": "TIFF"})
            for mode in ("1", "L", "P", "RGB", "RGBA", "CMYK", "I;16")
        ),
        *((f"tiff-{codec}", rgb, {"format": "TIFF", "compression": codec}) for codec in _CODECS),
        ("tiff-group4", modes["1"], {"format": "TIFF", "compression": "group4"}),
        *(
            (f"{form.lower()}-frames", frames[0], {"format": form, "save_all": True, "append_images": frames[1:]})
            for form in ("PNG", "GIF", "WEBP", "AVIF")
        ),
        ("gif-parts", rgb, {"format": "GIF", "save_all": True, "append_images": _moving(rgb), "disposal": 3}),
        ("png-parts", rgb, {"format": "PNG", "save_all": True, "append_images": _moving(rgb), "disposal": 2}),
    ]
    return {name: _saved(image, **options) for name, image, options in entries}


def _moving(image: Image.Image) -> list[Image.Image]:
    """Frames of which a part is another one, which is all that animations hold of them."""
    found = []
    for left in (2, 9):
        frame = image.copy()
        frame.paste((255, 0, 0), (left, 3, left + 5, 9))
        found.append(frame)
    return found


def _deep() -> dict[str, bytes]:
    """More than 8 bits per channel, by everything that ``read_deep`` reads."""
    pixels = {channels: deep.values(channels, size=_SIZE) for channels in (1, 2, 3, 4)}
    table = deep.chunk(b"iCCP", b"icc\0\0" + zlib.compress(rgb_lut_profile()))
    exif = Image.Exif()
    exif[0x0112] = 6  # a turn
    turn = deep.chunk(b"eXIf", exif.tobytes()[6:])
    key = deep.chunk(b"tRNS", bytes(6))
    grey, rgb, inks = 1, 2, 5  # photometric interpretations
    found = {
        **{f"png-{channels}": deep.png(pixels[channels]) for channels in pixels},
        "png-interlaced": deep.png(pixels[4], interlaced=True),
        "png-profile": deep.png(pixels[3], before=[table]),
        "png-gamma": deep.png(pixels[1], before=[deep.chunk(b"gAMA", (55556).to_bytes(4, "big"))]),
        "png-said": deep.png(pixels[3], before=[key], behind=[turn]),
        **{f"pnm-{channels}": deep.pnm(pixels[channels]) for channels in (1, 3)},
        "pnm-plain": deep.pnm(pixels[3], plain=True),
        "pbm-plain": b"P1\n# bits\n23 17\n" + b"01 1" * 130 + b"0",
        "pnm-1000": deep.pnm(pixels[3] % 1001, 1000),
        **{f"pam-{channels}": deep.pam(pixels[channels]) for channels in (2, 4)},
        **{
            f"tiff-{channels}": deep.tiff(pixels[channels], photometric=grey if channels < 3 else rgb)
            for channels in pixels
        },
        "tiff-12": deep.tiff(pixels[3] >> 4, 12, photometric=rgb),
        "tiff-palette": deep.tiff(pixels[1] >> 7, 9, photometric=3, tags={320: [*range(3 * 512)]}),
        "tiff-inks": deep.tiff(pixels[4], photometric=inks, tags={34675: cmyk_profile()}),
        "tiff-said": deep.tiff(
            pixels[4], photometric=rgb, order=">", tags={338: 1, 274: 6, 34675: rgb_lut_profile()}
        ),
        "tiff-pages": deep.tiff_by_tifffile(pixels[3], pixels[3][:9], photometric="rgb"),
    }
    for codec in ("lzw", "zlib", "packbits", "zstd"):
        options = {"photometric": "rgb", "compression": codec}
        found[f"tiff-{codec}"] = deep.tiff_by_tifffile(pixels[3], rowsperstrip=5, **options)
        found[f"tiff-{codec}-tiles"] = deep.tiff_by_tifffile(
            pixels[3], tile=(16, 16), predictor=codec != "packbits", **options
        )
    return found


def _by_their_libraries() -> dict[str, bytes]:
    """What Pillow does not write, or not at every depth."""
    rng = np.random.default_rng(4)
    levels = {bits: rng.integers(0, 1 << bits, (17, 23, 3)).astype(np.uint16) for bits in (8, 10, 12, 16)}
    return {
        "heic": containers.heic("RGB", levels[8].astype(np.uint8)),
        "heic-alpha": containers.heic("RGBA", rng.integers(0, 256, (17, 23, 4), dtype=np.uint8)),
        "avif": _saved(drawing(*_SIZE, seed=1), format="AVIF"),
        "avif-10": containers.avif(levels[10], 10),
        "avif-12": containers.avif(levels[12], 12),
        "jxl": containers.jxl(levels[8].astype(np.uint8), 8),
        "jxl-16": containers.jxl(levels[16], 16),
        "jxl-alpha": jxl_with_head(rng.integers(0, 4096, (17, 23, 4)).astype(np.uint16), 12, multiplied=True),
        "jxl-float": jxl_with_head(rng.random((17, 23, 3)).astype(np.float32), 32, orientation=6),
    }


def _saved(image: Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, **options)
    return file.getvalue()


def damaged(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """The file with one to three things wrong with it; in half of the PNG files all checksums are right again."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        data = rng.choice(_DAMAGES)(rng, data, others)
    return _with_checksums(data) if data.startswith(_PNG) and rng.random() < 0.5 else data


def _with_checksums(data: bytes) -> bytes:
    """A PNG whose chunks have the checksums of what is in them now, as far as there are chunks."""
    parts, place = [_PNG], len(_PNG)
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        end = place + 8 + length
        if end + 4 > len(data):
            break
        parts += [data[place:end], struct.pack(">I", zlib.crc32(data[place + 4 : end]))]
        place = end + 4
    return b"".join([*parts, data[place:]])


def _sized(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    """Both sides as large as a file could say them, where the head has them in one of the usual ways."""
    side = rng.choice((200, 5000, 20_000, 32_767, 65_535))
    ways = [way for way in ("<H", ">H", "<I", ">I") if all(struct.pack(way, old) in data[:_HEAD] for old in _SIZE)]
    if not ways:
        width, height = (b"%d" % old for old in _SIZE)
        return data[:_HEAD].replace(width, b"%d" % side, 1).replace(height, b"%d" % side, 1) + data[_HEAD:]
    way, head = rng.choice(ways), data[:_HEAD]
    for old in _SIZE:
        head = head.replace(struct.pack(way, old), struct.pack(way, side), rng.choice((1, -1)))
    return head + data[_HEAD:]


def _flipped(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    changed = bytearray(data)
    for _flip in range(rng.randint(1, 8)):
        if changed:
            changed[_place(rng, len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _cut(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _spliced(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """A piece of another file, in the place of a piece or between two."""
    other = rng.choice(others)
    start = rng.randrange(len(other) + 1)
    piece = other[start : start + rng.randint(1, 200)]
    at = _place(rng, len(data) + 1)
    return data[:at] + piece + data[at + rng.choice((0, len(piece))) :]


def _lying(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    """A number that may be a length, a width or an offset, made extreme."""
    width = rng.choice((2, 4, 8))
    value = rng.choice(
        (0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << (8 * width - 1), rng.getrandbits(8 * width))
    )
    at = _place(rng, max(1, len(data) - width))
    order = "big" if rng.random() < 0.5 else "little"
    return data[:at] + (value % (1 << (8 * width))).to_bytes(width, order) + data[at + width :]  # type: ignore[arg-type]


def _repeated(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    start = _place(rng, len(data) + 1)
    return data[:start] + data[start : start + rng.randint(1, 100)] * rng.randint(2, 50) + data[start:]


def _dropped(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    start = _place(rng, len(data) + 1)
    return data[:start] + data[start + rng.randint(1, 50) :]


def _place(rng: random.Random, length: int) -> int:
    """Headers are where decoders decide: half of all damage is in the first 100 bytes."""
    return rng.randrange(max(1, min(length, 100) if rng.random() < 0.5 else length))


_DAMAGES: tuple[Callable[[random.Random, bytes, list[bytes]], bytes], ...] = (
    *(_flipped, _flipped, _cut, _spliced, _lying, _lying, _repeated, _dropped, _sized),
)
