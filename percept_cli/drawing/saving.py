"""Drawings → files: the formats, by their endings."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Format:
    """How a drawing is saved."""

    name: str
    """Pillow's."""
    most_side: int
    """The longest side that it has, in pixels."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Pillow's."""

    def encoded(self, image: Image.Image) -> bytes:
        """The file."""
        file = io.BytesIO()
        image.save(file, self.name, **self.options)
        return file.getvalue()


_JPEG = Format(
    "JPEG", 65_535, {"quality": 92, "subsampling": 0}
)  # colours at full resolution, since they are values
PNG = Format("PNG", (1 << 31) - 1, {"compress_level": 4})
FORMATS: dict[str, Format] = {
    ".png": PNG,
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".webp": Format("WEBP", 16_383, {"lossless": True, "quality": 50}),  # effort, where nothing is lost
}
"""By a file's ending. PNG and WebP keep every colour as it is; JPEG is near."""
