"""Files of more than 8 bits per channel, at full precision: where Pillow would cut them without a word.

PNG is read by libpng (``deep_png``), TIFF by tifffile (``deep_tiff``), PGM, PPM and PAM by hand (``deep_pnm``),
and what else Pillow has at full precision by it. What a file says of its colours, its turn and its end counts as
for 8 bits: a picture of 16 bits that has only whole levels is the same picture as one of 8 bits.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

from percept_cli.formats.pages import Page, Source, frame_of
from percept_cli.formats.png.colours import is_png
from percept_cli.formats.png.deep import read_png
from percept_cli.formats.pnm.whole import is_pnm, read_pnm
from percept_cli.formats.tiff.deep import is_tiff, read_tiff
from percept_cli.formats.tiff.tags import Tag
from percept_cli.images.faults import decoder_errors, quiet_libraries
from percept_cli.images.picture import Decoded, Frame, levels_of
from percept_cli.images.policy import ImagePolicy

BYTES_PER_PIXEL = 70
"""What is taken at most while a frame is read and converted, itself included (measured: 64, for 32-bit RGBA)."""
BYTES_PER_PIXEL_KEPT = 16
"""Of each frame that is read already: four channels of float32."""

_DEEP_GREY = ("I;16", "I;16L", "I;16B", "I;16N", "I")
_LARGEST = 65535
_CUT = "cut the picture into smaller ones."


def read_deep(data: bytes, name: str, policy: ImagePolicy, check: Callable[[int, int, int], None]) -> Decoded:
    """What a file of more than 8 bits per channel holds.

    Args:
        data: the whole file.
        name: where it came from, for messages.
        policy: what the recipe says of it.
        check: is called once, before memory is taken for pixels, with the width and the height of the largest
            frame, before it is turned, and the number of frames; may raise.

    Returns:
        Its frames in sRGB, after the EXIF turn: float32 in 0..255, H×W×3 of colours and H×W of alpha, or uint8
        where all values are whole levels. A value v of n bits is 255 · v / (2^n - 1). Alpha is None where all is
        opaque, and the colours are not multiplied by it.

    Raises:
        UnreadableImage: if it is damaged or cut off, or has a broken colour profile.
        UnsupportedImage: if it is of a kind that is not read, or does not fit the memory.
    """
    source = Source(data, name, policy, check)
    quiet_libraries()
    with decoder_errors(name, anything=True):
        frames, notes = list[Frame](), list[str]()
        for page in _reader(data)(source):
            frames.append(frame_of(page, source))
            notes += page.notes
        return Decoded(tuple(frames), notes=tuple(notes))


def _reader(data: bytes) -> Callable[[Source], Iterator[Page]]:
    if is_png(data):
        return read_png
    if is_tiff(data):
        return read_tiff
    return read_pnm if is_pnm(data) else _read_by_pillow


def _read_by_pillow(source: Source) -> Iterator[Page]:
    """What other formats hold that Pillow gives at full precision, which is grey of 16 bits."""
    import numpy as np
    from PIL import Image

    from percept_cli.formats.colour.profiles import naming, profile_of
    from percept_cli.formats.known import PILLOW_FORMATS

    with Image.open(io.BytesIO(source.data), formats=PILLOW_FORMATS) as image:
        if image.mode not in _DEEP_GREY:
            raise source.refused(f"more than 8 bits per channel are not supported in {image.format}")
        source.check(image.width, image.height, 1)
        image.load()
        values = np.asarray(image)
        if values.min() < 0 or values.max() > _LARGEST:
            raise source.refused("its numbers are signed, or of more than 16 bits, which is not supported")
        with naming(source.name):
            profile = None if source.policy.ignore_icc else profile_of(image, b"GRAY", source.data)
        yield Page(levels_of(values[..., None], _LARGEST), None, image.getexif().get(Tag.ORIENTATION, 1), profile)
