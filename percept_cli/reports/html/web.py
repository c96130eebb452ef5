"""Picture files as a browser can show them: their bytes, their address, and whether they are still the same."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from percept_cli.formats.decode import decode
from percept_cli.geometry import FileStamp, View
from percept_cli.images.policy import ImagePolicy
from percept_cli.images.views import shown_picture
from percept_cli.storage.address import is_remote

State = Literal["same", "changed", "gone", "unknown"]
"""``unknown``: the file is there, but nothing was noted of it when it was compared, or it cannot be read."""

# What every browser shows, by the place of its first bytes, and these. SVG, which can hold programs, is not here.
_SHOWN_BY_BROWSERS = (
    ("image/png", 0, b"\x89PNG\r\n\x1a\n"),
    ("image/jpeg", 0, b"\xff\xd8\xff"),
    ("image/gif", 0, b"GIF8"),
    ("image/bmp", 0, b"BM"),
    ("image/webp", 8, b"WEBP"),
    ("image/avif", 4, b"ftypavif"),
    ("image/avif", 4, b"ftypavis"),
)


def web_type(data: bytes) -> str | None:
    """The media type of a picture that browsers show as it is, or None."""
    for media_type, place, magic in _SHOWN_BY_BROWSERS:
        if data[place : place + len(magic)] == magic:
            return media_type
    return None


def for_web(data: bytes, path: str, policy: ImagePolicy, view: View) -> tuple[str, bytes]:
    """A picture that browsers show: the file's own bytes, or a PNG of what was compared where they would differ.

    Args:
        data: the whole file.
        path: where it came from, for messages.
        policy: how the recipe reads it.
        view: the frame, ground and exposure that are to be seen.

    Returns:
        The media type and the bytes.

    Raises:
        UnreadableImage, UnsupportedImage: if it has to be converted and percept does not read it.
    """
    media_type = web_type(data)
    # On white they are as a browser shows them; it applies profiles, and plays all frames of the whole picture.
    as_it_is = view.frame is None and view.ground in (None, "white") and not policy.ignore_icc and not policy.crop
    if media_type is not None and as_it_is:
        return media_type, data
    from PIL import Image

    picture = shown_picture(decode(data, path, policy), policy, view)
    file = io.BytesIO()
    Image.frombytes("RGB", (picture.width, picture.height), picture.levels).save(file, "PNG")
    return "image/png", file.getvalue()


def state_of(path: str, stamp: FileStamp | None) -> State:
    """Whether a file still holds what was compared. Its content is only read if its time of change is another."""
    if is_remote(path):  # which was read as it was listed; whether it has changed since would cost a request
        return "unknown"
    try:
        found = Path(path).stat()
        if stamp is None:
            return "unknown"
        if found.st_size != stamp.size:
            return "changed"
        if found.st_mtime_ns == stamp.modified_ns:
            return "same"
        with Path(path).open("rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == stamp.sha256
    except FileNotFoundError:
        return "gone"
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return "unknown"
    return "same" if same else "changed"


def address_of(path: str, folder: Path | None) -> str:
    """A file's address for a page in ``folder``: relative to it, or absolute where the folder is not known.

    Whatever the file is called, the address is one of a file: it cannot become ``javascript:`` or a host. Of what
    lives elsewhere it is that address; the page does not open it by itself.
    """
    if is_remote(path):
        return quote(path, safe=":/?&=%+~")
    target = os.path.abspath(path)  # noqa: PTH100 - not resolve(): browsers know nothing of links
    if folder is not None:
        try:
            relative = os.path.relpath(target, folder)
        except ValueError:  # on another drive of Windows
            return Path(target).as_uri()
        return "./" + quote(os.fsencode(relative.replace(os.sep, "/")))
    return Path(target).as_uri()
