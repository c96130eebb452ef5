"""One file → what it holds: frames of sRGB pixels and alpha, or an error that names the file and what to do.

Which reader a file goes to is decided by its content (``known``). Whatever the reader:

- EXIF orientation is applied.
- Colours that an ICC profile, or a PNG's chunks, say are not sRGB are converted to it (``colour.profiles``).
  Without either, values are sRGB. CMYK without a profile becomes RGB by R = (255 - C) · (255 - K) / 255, and
  likewise G and B. Not read: profiles in BMP, GIF, TGA and PPM, and EXIF's ColorSpace.
- More than 8 bits per channel are kept (``pages``), and light without a limit (``scenes``).
- Of a PNG, what the picture is made of must be sound, to the last checksum; what else is damaged, or says nothing,
  counts as absent, with a note (``png.chunks``, ``png.said``).
- Frames of animations are what a viewer shows, each on top of those before it (``composing``). Pages of a TIFF
  that are smaller copies or masks of others are left out, and so is the picture of an APNG for programs that show
  no animations.
- A large picture is read in strips where its format comes in some (``rows``), with the same result.
- Only the formats in ``known`` are read, whatever else Pillow could do with a file (run Ghostscript on it).

How transparency, light and sizes are dealt with is decided when a pair is looked at (``images.views``).
"""

from __future__ import annotations

import os
from pkgutil import resolve_name
from typing import Protocol

from percept_cli.formats.faults import decoder_errors
from percept_cli.formats.files import Content
from percept_cli.formats.known import READ_BY_PILLOW, format_of
from percept_cli.formats.pages import Source
from percept_cli.images.picture import Decoded
from percept_cli.images.policy import AS_SEEN, ImagePolicy
from percept_cli.system.names import shown


class Reader(Protocol):
    """What reads files of a format, whole or in strips; named in ``known``."""

    def __call__(self, source: Source) -> Decoded:
        """What a file holds.

        A reader finds out what the head says, the same for all ways to read on, and holds that to the limits by
        ``source.check`` before it unpacks pixels; then it picks the way. Parts of a picture are files as well, and
        go through it again.

        Raises:
            UnreadableImage, UnsupportedImage: if it is damaged, or more than the limits allow; with its name or
                without.
            Exception: whatever Pillow raises of damaged data.
        """


def decode(content: Content, path: str | os.PathLike[str], policy: ImagePolicy = AS_SEEN) -> Decoded:
    """What a file holds.

    Args:
        content: the whole file, or one that is read here.
        path: where it came from, for messages.
        policy: what the recipe says of it.

    Raises:
        UnreadableImage: if it is no picture, or a truncated or damaged one.
        UnsupportedImage: if it is a sound picture that percept would have to cut down, or more than the limits.
    """
    name = shown(path)
    with decoder_errors(name):
        form = format_of(content if isinstance(content, bytes) else content.head)
        reader: Reader = resolve_name(f"percept_cli.formats.{READ_BY_PILLOW if form is None else form.reader}")
        return reader(Source(content, name, policy))
