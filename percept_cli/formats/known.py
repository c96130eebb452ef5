"""Which formats are read, and how a file of each is known: by its content, never by its ending.

The one registry: what Pillow may open, what ``percept info`` lists and what errors say to install come from it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from percept_cli.formats.tiff.tags import MARKS as TIFF_MARKS

_MOST_BRANDS = 64  # of an ISO media file; usual ones name five
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_ANY_CODEC = frozenset({b"mif1", b"mif2", b"msf1", b"miaf"})  # says nothing of how pixels are coded
_DIB_CORE, _DIB_HEADERS = 12, frozenset({12, 40, 52, 56, 64, 108, 124})  # bytes of its header, by version
_DIB_DEPTHS = frozenset({1, 4, 8, 16, 24, 32})  # bits per pixel
_TGA_HEAD = struct.Struct("<BBB9xHHBB")
_TGA_KINDS = frozenset({1, 2, 3, 9, 10, 11})  # palette, colours and grey, each plain or run-length coded
_TGA_DEPTHS = frozenset({1, 8, 16, 24, 32})  # bits per pixel


@dataclass(frozen=True)
class Library:
    """A library that comes with an extra of percept, and not with percept itself."""

    module: str
    """As it is imported."""
    package: str
    """As it is installed."""
    extra: str
    """Of percept-cli, that brings it."""

    @property
    def hint(self) -> str:
        """What to type to have it."""
        return f"pip install 'percept-cli[{self.extra}]'"


HEIC = Library("pillow_heif", "pillow-heif", "heic")
JPEG_XL = Library("pillow_jxl", "pillow-jxl-plugin", "jxl")
OPENEXR = Library("OpenEXR", "OpenEXR", "hdr")


READ_BY_PILLOW = "pillow:read_by_pillow"


@dataclass(frozen=True)
class FileFormat:
    """One kind of file."""

    name: str
    """As people call it."""
    endings: tuple[str, ...]
    """Of files that usually hold it, lower case, with the dot."""
    reads: str
    """What of it is read, in at most 38 characters."""
    matches: Callable[[bytes], bool]
    """Whether a file's bytes begin like one. No promise that the rest is sound."""
    pillow: str | None = None
    """Pillow's name for it, where Pillow reads it."""
    feature: str | None = None
    """What Pillow must have been built with, as ``PIL.features`` calls it."""
    library: Library | None = None
    """What else it needs."""
    reader: str = READ_BY_PILLOW
    """Where in this room its ``decode.Reader`` is, which is not imported before there is a file."""


@dataclass(frozen=True)
class Availability:
    """Whether this installation reads a format."""

    here: bool
    why: str = ""
    """What is missing, in words, where it does not."""
    hint: str = ""
    """What to type to have it, where it does not."""


def _starts(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(signatures)


def _is_ppm(data: bytes) -> bool:
    return data[:1] == b"P" and data[1:2] in b"1234567" and data[2:3] in b" \t\n\v\f\r" and len(data) > 2


def _is_webp(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def _brands(data: bytes) -> list[bytes]:
    """What an ISO media file says it is, its main brand first; nothing for other files."""
    if data[4:8] != b"ftyp":
        return []
    (size,) = struct.unpack_from(">I", data)
    end = min(size, len(data), 16 + 4 * _MOST_BRANDS)
    return [data[8:12], *(data[place : place + 4] for place in range(16, end - 3, 4))]


def _codec(data: bytes) -> frozenset[bytes] | None:
    """Which of the two families an ISO media file's pictures are coded in, going by its first brand of one."""
    brands = _brands(data)
    for brand in brands:
        for family in (_AVIF_BRANDS, _HEIC_BRANDS):
            if brand in family:
                return family
    # Cameras of other codecs (JPEG, AVC) name the container alone; what reads HEIC says what is in it.
    return _HEIC_BRANDS if brands and brands[0] in _ANY_CODEC else None


def _is_avif(data: bytes) -> bool:
    return _codec(data) is _AVIF_BRANDS


def _is_heic(data: bytes) -> bool:
    return _codec(data) is _HEIC_BRANDS


def _is_dib(data: bytes) -> bool:
    """Whether it is a BMP without the header of a file, as Windows' clipboard has it; it has no signature."""
    if len(data) < 16:
        return False
    (size,) = struct.unpack_from("<I", data)
    if size == _DIB_CORE:
        width, height, planes, depth = struct.unpack_from("<HHHH", data, 4)
    else:
        width, height, planes, depth = struct.unpack_from("<iiHH", data, 4)
    return size in _DIB_HEADERS and width > 0 and height != 0 and planes == 1 and depth in _DIB_DEPTHS


def _is_tga(data: bytes) -> bool:
    """Whether a header can be one of TGA, which has no signature: other files can look like it."""
    if len(data) < _TGA_HEAD.size:
        return False
    _, palette, kind, width, height, depth, _ = _TGA_HEAD.unpack_from(data)
    return palette in (0, 1) and kind in _TGA_KINDS and width > 0 and height > 0 and depth in _TGA_DEPTHS


FORMATS = (
    FileFormat(
        "PNG",
        (".png", ".apng"),
        "1 to 16 bits; animations at 8",
        _starts(b"\x89PNG\r\n\x1a\n"),
        "PNG",
        "zlib",
        reader="png.reader:read_png",
    ),
    FileFormat(
        "JPEG", (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), "8 bits", _starts(b"\xff\xd8\xff"), "JPEG", "jpg"
    ),
    FileFormat("BMP", (".bmp",), "8 bits", _starts(b"BM"), "BMP"),
    FileFormat("GIF", (".gif",), "animations", _starts(b"GIF87a", b"GIF89a"), "GIF", reader="gif:read_gif"),
    FileFormat(
        "PPM",
        (".ppm", ".pgm", ".pbm", ".pnm", ".pam"),
        "1 to 16 bits; PBM, PGM, PAM too",
        _is_ppm,
        "PPM",
        reader="pnm.reader:read",
    ),
    FileFormat("WebP", (".webp",), "8 bits, animations", _is_webp, "WEBP", "webp"),
    FileFormat(
        "TIFF",
        (".tif", ".tiff"),
        "1 to 32 bits, floats, several pages",
        _starts(*TIFF_MARKS),
        "TIFF",
        "libtiff",
        reader="tiff.reader:read",
    ),
    FileFormat(
        "AVIF",
        (".avif", ".avifs"),
        "8, 10 and 12 bits; animations at 8",
        _is_avif,
        "AVIF",
        "avif",
        reader="heif.avif:read_avif",
    ),
    FileFormat(
        "HEIC",
        (".heic", ".heif", ".hif"),
        "8, 10 and 12 bits",
        _is_heic,
        library=HEIC,
        reader="heif.heic:read_heic",
    ),
    FileFormat(
        "JPEG XL",
        (".jxl",),
        "8 to 16 bits, scene-linear values",
        _starts(b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"),  # bare, and in a container
        library=JPEG_XL,
        reader="jxl.reader:read_jxl",
    ),
    FileFormat(
        "OpenEXR",
        (".exr",),
        "scene-linear values, half and float",
        _starts(b"v/1\x01"),
        library=OPENEXR,
        reader="scenes:read_openexr",
    ),
    FileFormat(
        "Radiance HDR",
        (".hdr", ".pic"),
        "scene-linear values, RGBE",
        _starts(b"#?RADIANCE", b"#?RGBE"),
        reader="scenes:read_radiance",
    ),
    FileFormat(
        "NumPy .npy",
        (".npy",),
        "arrays: levels or scene-linear values",
        _starts(b"\x93NUMPY"),
        reader="scenes:read_array",
    ),
    FileFormat("DIB", (".dib",), "8 bits; BMP without a file header", _is_dib, "DIB"),
    FileFormat("TGA", (".tga", ".icb", ".vda", ".vst"), "8 bits", _is_tga, "TGA"),  # last: it has no signature
)
"""What is read; of those that Pillow reads, those first that it loads first."""

PILLOW_FORMATS = tuple(entry.pillow for entry in FORMATS if entry.pillow is not None)
"""For ``Image.open(formats=…)``."""


def format_of(data: bytes) -> FileFormat | None:
    """The format that a file's bytes begin like, or None; an empty file is of none.

    Args:
        data: the file, or its first 300 bytes.
    """
    return next((entry for entry in FORMATS if entry.matches(data)), None)


def available(entry: FileFormat) -> Availability:
    """Whether this installation reads a format; nothing heavy is imported to find out."""
    if entry.library is not None and not installed(entry.library):
        return Availability(False, f"needs {entry.library.package}, which is not installed", entry.library.hint)
    if entry.feature is not None and not _pillow_has(entry.feature):
        return Availability(
            False,
            f"this Pillow was built without {entry.feature}",
            "pip install --upgrade --force-reinstall pillow",
        )
    return Availability(True)


def installed(library: Library) -> bool:
    """Whether a library is there; it is not imported."""
    return find_spec(library.module) is not None


def _pillow_has(feature: str) -> bool:
    from PIL import features

    # An older Pillow that never heard of a feature warns when it is asked for.
    known = feature in features.modules or feature in features.codecs
    return known and bool(features.check(feature))


PICTURE_ENDINGS = frozenset(
    {ending for entry in FORMATS for ending in entry.endings if ending != ".npy"}
    | {".pfm", ".jp2", ".j2k", ".psd", ".ico", ".dds", ".qoi"}
)
"""Files of these endings are pictures to be compared, also of formats that percept cannot read: those are errors
rather than left out. Arrays of numpy hold anything, and are taken in by name."""
