"""What TIFF's numbers mean: the one table of its tags and words, with the names of the specifications.

From TIFF 6.0 and its supplements, BigTIFF, EXIF and what programs have registered.
"""

from __future__ import annotations

from enum import IntEnum

MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""How a file begins; the last two are BigTIFF."""


class Tag(IntEnum):
    """What a value in a list of tags is, of those that are looked at."""

    NEW_SUBFILE_TYPE = 254
    SUBFILE_TYPE = 255
    IMAGE_WIDTH = 256
    IMAGE_LENGTH = 257
    BITS_PER_SAMPLE = 258
    COMPRESSION = 259
    PHOTOMETRIC = 262
    FILL_ORDER = 266
    STRIP_OFFSETS = 273
    ORIENTATION = 274
    SAMPLES_PER_PIXEL = 277
    ROWS_PER_STRIP = 278
    STRIP_BYTE_COUNTS = 279
    PLANAR_CONFIGURATION = 284
    PREDICTOR = 317
    COLOR_MAP = 320
    TILE_WIDTH = 322
    TILE_LENGTH = 323
    TILE_OFFSETS = 324
    TILE_BYTE_COUNTS = 325
    INK_SET = 332
    EXTRA_SAMPLES = 338
    SAMPLE_FORMAT = 339
    XMP = 700
    IPTC = 33723
    PHOTOSHOP = 34377
    ICC_PROFILE = 34675


ALONE = frozenset(
    {
        *(Tag.NEW_SUBFILE_TYPE, Tag.SUBFILE_TYPE, Tag.IMAGE_WIDTH, Tag.IMAGE_LENGTH, Tag.COMPRESSION),
        *(Tag.PHOTOMETRIC, Tag.FILL_ORDER, Tag.ORIENTATION, Tag.SAMPLES_PER_PIXEL, Tag.ROWS_PER_STRIP),
        *(Tag.PLANAR_CONFIGURATION, Tag.PREDICTOR, Tag.TILE_WIDTH, Tag.TILE_LENGTH, Tag.INK_SET),
    }
)
"""Of how pixels are stored, those that have one number."""
OF_EACH_SAMPLE = (Tag.BITS_PER_SAMPLE, Tag.SAMPLE_FORMAT)
"""Those that have one number for each sample of a pixel."""
ELSEWHERE = frozenset({269, 270, 271, 272, 285, 288, 289, 305, 306, 315, 316, 330, 333, 337, 32932, 34665, 34853})
ELSEWHERE |= frozenset({Tag.XMP, Tag.IPTC, Tag.PHOTOSHOP, 37724, 40965, 42112, 42113})
"""Those of no picture's pixels: descriptions, other directories, and what programs leave."""
STRIPS = (Tag.STRIP_OFFSETS, Tag.STRIP_BYTE_COUNTS)
"""Where the pieces of a picture are, and of how many bytes."""
TILES = (Tag.TILE_OFFSETS, Tag.TILE_BYTE_COUNTS)
"""The same of one in tiles."""

# Types of values.
ASCII, LONG, SLONG = 2, 4, 9
SIZES = {1: 1, ASCII: 1, 3: 2, LONG: 4, 5: 8, 6: 1, 7: 1, 8: 2, SLONG: 4, 10: 8, 11: 4, 12: 8, 16: 8, 17: 8}
"""Bytes of a value, by type."""
WORDS = {3: "H", LONG: "I", 16: "Q"}
"""Types of whole numbers, as ``struct`` has them."""
INTEGERS = {1: "B", **WORDS}
"""The same with single bytes, which libtiff does not take for numbers everywhere."""

SMALLER_OR_MASK = 0b101  # bits of NewSubfileType
SMALLER = 2  # of SubfileType, which is obsolete
UPRIGHT = 1  # of Orientation
NO_PREDICTOR, DIFFERENCES = 1, 2  # of Predictor
TOGETHER, APART = 1, 2  # of PlanarConfiguration
UNSPECIFIED, ASSOCIATED, UNASSOCIATED = 0, 1, 2  # of ExtraSamples
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, SEPARATED, YCBCR = 0, 1, 2, 3, 5, 6  # of PhotometricInterpretation

PLAIN, OLD_JPEG = 1, 6  # of Compression
UNPACKED = {PLAIN: 1, 5: 2600, 8: 1032, 32946: 1032, 32773: 64, 50000: 32768}
"""Compression → how many bytes it can make of one. LZW: 3838 of a code of 12 bits; runs: 128 of 2; zstandard:
128 KiB of 4. Not here are those that have no bound, or lose something."""
OVERLAP = 16
"""Times the size of a file: what its pieces may be together, as some programs store what is alike once."""
