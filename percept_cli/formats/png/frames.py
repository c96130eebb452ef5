"""PNG of up to 8 bits per channel, still and animated: chunks by hand, pixels and what it says by Pillow."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from percept_cli.formats.composing import Canvas
from percept_cli.formats.pillow import check_frame, check_size, check_size_of_frames, frame_of, notes_of
from percept_cli.formats.png.chunks import Chunk, Png, content, png_of
from percept_cli.formats.png.pixels import expect, image_of, size_of_rows
from percept_cli.formats.png.said import opened, said_in
from percept_cli.images.picture import Decoded
from percept_cli.images.policy import ImagePolicy

if TYPE_CHECKING:
    from PIL import Image

_GREY = (0, 4)  # colour types


def read_png_of_8_bits(data: bytes, name: str, policy: ImagePolicy) -> Decoded:
    """What a PNG file of up to 8 bits per channel holds.

    Args:
        data: the whole file.
        name: where it came from, for messages.
        policy: what the recipe says of it.

    Raises:
        UnreadableImage, UnsupportedImage: if it is damaged, or more than the limits allow.
        Exception: whatever Pillow raises of a damaged profile or text.
    """
    file = io.BytesIO(data)
    png = png_of(file)
    said = said_in(file, png, policy)
    with opened(said, policy.limits) as about:
        notes = notes_of(about)
        check_frame(policy.frame, len(png.steps) if png.moves else 1)
        if not png.moves:
            expect(size_of_rows(png.width, png.height, png.bits, interlaced=png.interlaced), png.pixels)
            check_size(png.width, png.height, policy, alpha=about.has_transparency_data)
            images = iter([_image(file, png, about, png.pixels, (png.width, png.height))])
            durations = None
        else:
            first = 0 if policy.frame is None else policy.frame - 1
            steps = png.steps[first : policy.frame]
            check_size_of_frames(png.width, png.height, len(steps), policy)
            images = islice(_composed(file, png, about), first, policy.frame)
            durations = tuple(round(step.milliseconds) for step in steps)
        frames = tuple(frame_of(image, name, policy, said.stub, in_place=True) for image in images)
        return Decoded(frames, durations, notes=(*said.notes, *notes))


def _image(
    file: BinaryIO, png: Png, about: Image.Image, chunks: Sequence[Chunk], size: tuple[int, int]
) -> Image.Image:
    """What is packed in chunks, with all that the file says of it."""
    mode = about.mode
    raw = mode if png.depth == 8 or mode == "1" else f"{mode};{png.depth}"
    image = image_of(file, chunks, size, png.bits, mode, raw, interlaced=png.interlaced)
    image.info = dict(about.info)
    image.format = about.format
    if mode == "P":
        (palette,) = (content(file, chunk) for chunk in png.said if chunk.name == b"PLTE")
        image.putpalette(palette)
    return image


def _composed(file: BinaryIO, png: Png, about: Image.Image) -> Iterator[Image.Image]:
    """What is seen with each frame of an animation, one at a time."""
    canvas = Canvas(png.width, png.height)
    for step in png.steps:
        part = _image(file, png, about, step.pixels, (step.width, step.height)).convert("RGBA")
        seen = canvas.show(part, step.left, step.top, over=step.over, dispose=step.dispose)
        # Grey stays grey, since its profile is one for grey.
        found = seen.convert("LA") if png.kind in _GREY else seen.copy()
        found.info = {key: value for key, value in about.info.items() if key != "transparency"}
        found.format = about.format
        yield found
