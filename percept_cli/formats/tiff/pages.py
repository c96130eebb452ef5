"""What the readers of TIFF by tifffile share: which pages are read, and how they are held to the file.

Thumbnails and masks are left out; the other pages are the frames. They are found in the lists of tags: the others
cost nothing, and are not looked at. tifffile believes what a page says, so that is held to the file before.
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

from percept_cli.formats.faults import damaged, quiet_libraries
from percept_cli.formats.pages import Source
from percept_cli.formats.pillow import check_frame
from percept_cli.formats.tiff import tags
from percept_cli.formats.tiff.directories import Directory, directories
from percept_cli.formats.tiff.tags import Tag
from percept_cli.images.limits import check_frames, check_metadata
from percept_cli.images.policy import ImagePolicy

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tifffile import TiffFile, TiffPage

_NEEDED = tags.ALONE | {*tags.OF_EACH_SAMPLE, *tags.STRIPS, *tags.TILES}
_NEEDED |= {Tag.COLOR_MAP, Tag.EXTRA_SAMPLES, Tag.ICC_PROFILE}
_SAID = frozenset({Tag.XMP, Tag.IPTC, Tag.PHOTOSHOP, Tag.ICC_PROFILE})
_MOST_TILE = 64 << 20  # bytes of a tile, if the picture is smaller
# What tifffile would do otherwise for the files of microscopes.
_VENDORS = ("lsm", "ndpi", "scanimage", "stk", "eer")


def opened(data: bytes) -> TiffFile:
    """A file as tifffile has it, page by page; to be closed.

    Raises:
        Exception: whatever tifffile raises of damaged data.
    """
    from tifffile import TiffFile

    quiet_libraries()
    flags: dict[str, Any] = {f"is_{vendor}": False for vendor in _VENDORS}
    return TiffFile(io.BytesIO(data), _multifile=False, **flags)


def pages_to_read(data: bytes, file: TiffFile, policy: ImagePolicy) -> list[TiffPage]:
    """The pages that are pictures of their own, in order, or the one of them that is asked for; at least one.

    Args:
        data: the whole file.
        file: the same, as ``opened`` gives it.
        policy: what the recipe says: its frame and its limits.

    Raises:
        UnreadableImage: if a list of tags is damaged, or cannot be read; without the file's name.
        UnsupportedImage: if there are more pages than the limit allows, or more bytes of profiles and texts, or no
            page of that number; likewise.
        ValueError: if pages run in a circle, or a list of tags lies behind the end; in words.
    """
    found = list(directories(io.BytesIO(data)))
    if not found:
        raise damaged("it has no pages")
    if len(file.pages) != len(found):
        raise damaged(f"only {len(file.pages)} of its {len(found)} pages can be read")
    places = [place for place, directory in enumerate(found) if _is_picture(directory)] or [0]
    check_frame(policy.frame, len(places))
    if policy.frame is not None:
        places = places[policy.frame - 1 : policy.frame]
    check_frames(len(places), policy.limits)
    said = [_said(found[place]) for place in places]
    check_metadata(sum(size for size, _ in said), policy.limits)
    return [_page(file, place, there) for place, (_, there) in zip(places, said, strict=True)]


def _is_picture(directory: Directory) -> bool:
    kinds = directory.firsts(Tag.NEW_SUBFILE_TYPE, Tag.SUBFILE_TYPE)
    if kinds.get(Tag.NEW_SUBFILE_TYPE):
        return not kinds[Tag.NEW_SUBFILE_TYPE] & tags.SMALLER_OR_MASK
    return kinds.get(Tag.SUBFILE_TYPE) != tags.SMALLER


def _said(directory: Directory) -> tuple[int, set[int]]:
    """Bytes of profile, XMP and texts, which tifffile has not read yet, and which tags are there of the needed."""
    size, there = 0, set[int]()
    for entry in directory:
        if entry.tag in _SAID or entry.kind == tags.ASCII:
            size += entry.size
        if entry.tag in _NEEDED:
            there.add(entry.tag)
    return size, there


def _page(file: TiffFile, number: int, needed: set[int]) -> TiffPage:
    """A page with all tags that are needed. tifffile leaves out those that it cannot read, and goes on."""
    page = file.pages[number].aspage()
    if lost := needed - set(page.tags.keys()):
        raise damaged(f"tag {min(lost)} cannot be read")
    # Of others tifffile would leave a part unread.
    if page.tags.valueof(Tag.PLANAR_CONFIGURATION, tags.TOGETHER) not in (tags.TOGETHER, tags.APART):
        raise damaged("its planar configuration is invalid")
    return page


def refuse_impossible(source: Source, page: TiffPage) -> None:
    """Refuse a page that cannot hold what its tags say, which tifffile would take memory for, or fill up.

    Raises:
        UnreadableImage: without the file's name, or with it.
    """
    width, height = page.imagewidth, page.imagelength
    if min(width, height) < 1:
        raise damaged(f"the header states {width}×{height} pixels")
    offsets, counts = page.dataoffsets, page.databytecounts
    pieces = math.prod(page.chunked)
    if len(offsets) != pieces or len(counts) != pieces:
        raise damaged(f"only {min(len(offsets), len(counts))} of its {pieces} strips or tiles are present")
    if min(counts) < 1 or min(offsets) < 1:
        raise damaged("a strip or tile is missing")  # which tifffile would make black
    size = len(source.data)
    if max(offset + count for offset, count in zip(offsets, counts, strict=True)) > size:
        raise damaged("a strip or tile lies beyond the end of the file")
    held = sum(counts)
    if held > tags.OVERLAP * size:
        raise damaged("its strips or tiles are larger than the file")
    bits = page.bitspersample * page.samplesperpixel
    most = tags.UNPACKED.get(page.compression, math.inf)
    source.expect(width * height * bits / 8, held, most)
    if page.is_tiled:
        tile = page.tilewidth * page.tilelength * bits / 8
        if page.planarconfig == tags.APART:
            tile /= page.samplesperpixel
        if tile > max(_MOST_TILE, 4 * width * height * bits / 8):
            raise damaged(f"its tiles of {page.tilewidth}×{page.tilelength} pixels are too large")
        source.expect(tile, max(counts), most)
    if page.compression == tags.PLAIN:
        _refuse_short(page)


def _refuse_short(page: TiffPage) -> None:
    """Refuse pieces that are not packed and shorter than their rows: tifffile fills in zeros."""
    if page.is_tiled:
        rows, width = page.tilelength, page.tilewidth
    else:
        rows, width = min(page.rowsperstrip, page.imagelength), page.imagewidth
    samples = 1 if page.planarconfig == tags.APART else page.samplesperpixel
    row = -(-width * page.bitspersample * samples // 8)
    down = -(-page.imagelength // rows)
    last = rows if page.is_tiled else page.imagelength - (down - 1) * rows
    for place, count in enumerate(page.databytecounts):
        if count < row * (last if place % down == down - 1 else rows):
            raise damaged("some of its strips or tiles are too short")


def values_of(page: TiffPage) -> NDArray[Any]:
    """H×W×C, as they are in the file."""
    import numpy as np

    stored = page.asarray(squeeze=False, maxworkers=1)  # planes × depth × H × W × channels
    apart = page.planarconfig == tags.APART
    found: NDArray[Any] = np.moveaxis(stored[:, 0, :, :, 0], 0, -1) if apart else stored[0, 0]
    if found.shape[2] != page.samplesperpixel:
        raise damaged("its pixels do not match its header")
    return found


def alpha_of(page: TiffPage, extra: int) -> tuple[int, bool] | None:
    """Which of some further channels is alpha, from 0, and whether the colours are multiplied by it.

    None where none is: channels that say nothing are no alpha.
    """
    stored = page.tags.valueof(Tag.EXTRA_SAMPLES)
    # Without the tag, one more channel is alpha, as Pillow takes it for 8 bits.
    kinds = (tags.UNASSOCIATED,) if stored is None else stored if isinstance(stored, tuple) else (stored,)
    for number, kind in enumerate(kinds[:extra]):
        if kind in (tags.ASSOCIATED, tags.UNASSOCIATED):
            return number, kind == tags.ASSOCIATED
    return None
