"""What a test holds → a file of it, which can be compared and can become a baseline."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from percept_cli.errors import PerceptError
from percept_cli.formats.known import format_of
from percept_cli.formats.memory import file_content, is_path, to_array, to_decoded
from percept_cli.images.policy import ImagePolicy

_NAME = "picture"  # the argument


def file_of(picture: object, stem: str, folder: Callable[[], Path], policy: ImagePolicy) -> Path:
    """A file with the pixels that ``percept_cli.check`` sees in a picture.

    Args:
        picture: a path, or what ``percept_cli.check`` takes of pictures in memory.
        stem: what the file is called, without its ending.
        folder: gives a folder for it, if it must be written.
        policy: how pictures are read.

    Raises:
        TypeError: if it is none of these, or of a kind that would be refused.
    """
    if is_path(picture):
        return Path(os.path.abspath(os.fspath(picture)))  # noqa: PTH100 - links stay as they are
    try:
        data = file_content(picture, _NAME, policy)
        if data is None:
            data = _as_png(picture, policy)
    except PerceptError as error:
        raise TypeError(f"percept_check: {error}" + (f"; {error.hint}" if error.hint else "")) from None
    form = format_of(data)
    path = folder() / f"{stem}{'.png' if form is None else form.endings[0]}"
    path.write_bytes(data)
    return path


def _as_png(picture: Any, policy: ImagePolicy) -> bytes:
    from PIL import Image

    if isinstance(picture, Image.Image) and not picture.mode.startswith("I;16"):
        frame = to_decoded(picture, _NAME, policy).frames[0]  # of 8 bits; a profile and an EXIF turn are applied
        size = frame.width, frame.height
        image = Image.frombytes("RGB", size, frame.colours[:])
        if frame.alpha is not None:
            image.putalpha(Image.frombytes("L", size, frame.alpha[:]))
        return _saved(image)
    import numpy as np

    array = np.asarray(picture)[..., None] if isinstance(picture, Image.Image) else to_array(picture, _NAME)
    if array.shape[2] == 1:
        array = array[..., 0]
    if array.dtype == np.uint8:
        return _saved(Image.fromarray(np.ascontiguousarray(array)))
    import imagecodecs  # Pillow writes no colours of 16 bits

    return bytes(imagecodecs.png_encode(np.ascontiguousarray(array, dtype=np.uint16)))


def _saved(image: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format="PNG")
    return file.getvalue()
