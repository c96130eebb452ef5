"""Files as the one picture that a person sees of them, over white."""

from __future__ import annotations

import os

from percept_cli.formats.decode import decode
from percept_cli.formats.memory import to_decoded
from percept_cli.images.picture import Picture
from percept_cli.images.policy import AS_SEEN, ImagePolicy
from percept_cli.images.views import shown_picture


def seen(data: bytes, path: str | os.PathLike[str], policy: ImagePolicy = AS_SEEN) -> Picture:
    """The picture in a file's bytes."""
    return shown_picture(decode(data, path, policy), policy)


def seen_in_memory(value: object, name: str, policy: ImagePolicy = AS_SEEN) -> Picture:
    """The picture that code holds."""
    return shown_picture(to_decoded(value, name, policy), policy)
