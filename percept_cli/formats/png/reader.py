"""PNG, still and animated, of all depths: chunks by hand, up to 8 bits and what it says of itself by Pillow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from percept_cli.errors import UnsupportedImage
from percept_cli.formats.composing import Laid, composed
from percept_cli.formats.pages import OF_LEVELS, OF_STRIPS, Source, decoded
from percept_cli.formats.pillow import (
    OF_8_BITS,
    OF_LARGE,
    WITH_ALPHA,
    check_frame,
    frame_of,
    frames_seen,
    is_turned,
    notes_of,
    picked,
)
from percept_cli.formats.png.chunks import Chunk, Png, content, png_of
from percept_cli.formats.png.deep import page_of
from percept_cli.formats.png.pixels import expect, image_of, size_of_rows
from percept_cli.formats.png.said import Said, opened, said_in
from percept_cli.formats.png.strips import comes_in_strips, png_strips
from percept_cli.formats.rows import joined
from percept_cli.images.picture import Decoded

if TYPE_CHECKING:
    from PIL import Image


def read_png(source: Source) -> Decoded:
    """What a PNG file holds, however it is read: its chunks, and what they say, are the same in strips.

    Raises:
        UnreadableImage, UnsupportedImage: if it is damaged, or more than the limits allow.
        Exception: whatever Pillow raises of a damaged profile or text.
    """
    with source.open() as file:
        png = png_of(file)
        said = said_in(file, png, source.policy)
        with opened(said, source.policy.limits) as about:
            found = _File(file, png, said, about)
            return _animation(found, source) if png.moves else _still(found, source)


@dataclass(frozen=True)
class _File:
    """A PNG whose chunks were walked."""

    file: BinaryIO
    png: Png
    said: Said
    about: Image.Image
    """What it says of itself, as Pillow has it."""

    def image(self, chunks: Sequence[Chunk], size: tuple[int, int], *, large: bool) -> Image.Image:
        """What is packed in chunks, with all that the file says of it."""
        mode, depth = self.about.mode, self.png.depth
        raw = mode if depth == 8 or mode == "1" else f"{mode};{depth}"
        interlaced = self.png.interlaced
        image = image_of(self.file, chunks, size, self.png.bits, mode, raw, interlaced=interlaced, large=large)
        image.info = dict(self.about.info)
        image.format = self.about.format
        if mode == "P":
            (palette,) = (content(self.file, chunk) for chunk in self.png.said if chunk.name == b"PLTE")
            image.putpalette(palette)
        return image


def _still(found: _File, source: Source) -> Decoded:
    check_frame(source.policy.frame, 1)
    png, about = found.png, found.about
    size, deep = (png.width, png.height), png.depth > 8
    expect(size_of_rows(*size, png.bits, interlaced=png.interlaced), png.pixels)
    in_strips = not source.is_part and comes_in_strips(png) and not is_turned(about)
    cost = OF_LEVELS if deep else WITH_ALPHA if about.has_transparency_data else OF_8_BITS
    of_large = OF_STRIPS if in_strips else None if deep else OF_LARGE
    large = source.check(*size, cost=cost, of_large=of_large, said=about.info)
    if large and in_strips:
        return joined(png_strips(found.file, png, found.said), source, read_png)
    if deep:
        return decoded(lambda: [page_of(found.file, png, found.said, about, source)], source)
    notes = notes_of(about)
    image = found.image(png.pixels, size, large=large)
    frame = frame_of(image, source.name, source.policy, large=large, in_place=True)
    return Decoded((frame,), notes=(*found.said.notes, *notes))


def _animation(found: _File, source: Source) -> Decoded:
    png = found.png
    if png.depth > 8:
        raise UnsupportedImage(
            "PNG animations of more than 8 bits per channel are not supported",
            hint="save it with 8 bits, or save the frame to compare in its own file.",
        )
    frames = picked(source.policy, len(png.steps))
    steps, notes = png.steps[frames], notes_of(found.about)
    large = source.check(png.width, png.height, len(steps), cost=WITH_ALPHA, said=found.about.info)
    seen = frames_seen(_composed(found, large=large), frames, source, large=large)
    return Decoded(seen, tuple(round(step.milliseconds) for step in steps), notes=(*found.said.notes, *notes))


def _composed(found: _File, *, large: bool) -> Iterator[Image.Image]:
    """What is seen with each frame of an animation, one at a time."""
    png, about = found.png, found.about
    parts = (
        Laid(
            found.image(step.pixels, (step.width, step.height), large=large),
            *(step.left, step.top, step.over, step.dispose),
        )
        for step in png.steps
    )
    for seen in composed(png.width, png.height, parts):
        # Grey stays grey, since its profile is one for grey.
        image = seen.convert("LA") if png.grey else seen
        image.info = {key: value for key, value in about.info.items() if key != "transparency"}
        image.format = about.format
        yield image
