"""PGM, PPM and PAM of any number of levels, by hand: they are a header and numbers; Pillow cuts them to 8 bits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from percept_cli.formats.pages import Page, Source
from percept_cli.images.picture import levels_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SPACE = rb"(?:\s|#[^\r\n]*[\r\n])+"
HEADER = re.compile(rb"P([2356])" + (_SPACE + rb"(\d{1,10})") * 3 + rb"(?:\s|#[^\r\n]*[\r\n])")
"""Of PGM and PPM: the kind, the width, the height and the largest value."""
_COMMENT = re.compile(rb"#[^\r\n]*")
_BEHIND = re.compile(rb"\s*P[1-7]\s")  # the next picture
_LONGEST_HEADER = 1 << 16  # bytes, of PAM's
_CHANNELS = {"BLACKANDWHITE": 1, "GRAYSCALE": 1, "GRAYSCALE_ALPHA": 2, "RGB": 3, "RGB_ALPHA": 4}
_LARGEST = 65535


def read_pnm(source: Source) -> Iterator[Page]:
    """The picture of a PGM, PPM or PAM file, plain or raw, with a largest value of 1 to 65535.

    Its values are taken as sRGB, as everybody does; PAM's alpha is not multiplied in, as its specification says.

    Raises:
        UnreadableImage: if it is damaged or cut off.
        UnsupportedImage: if it has several pictures, or is a PAM of another kind.
    """
    data = source.data
    if data.startswith(b"P7"):
        width, height, channels, largest, start = _pam_header(source)
        plain = False
    else:
        found = HEADER.match(data)
        if found is None:
            raise source.damaged("the header is incomplete")
        kind, width, height, largest = map(int, found.groups())
        channels, plain, start = (1 if kind in (2, 5) else 3), kind < 4, found.end()
    if not (width and height and 0 < largest <= _LARGEST):
        raise source.damaged(f"the header states {width}×{height} pixels with values up to {largest}")
    source.check(width, height, 1)
    count = width * height * channels
    values = (_plain if plain else _raw)(source, start, count, largest)
    if values.max() > largest:
        raise source.damaged(f"it has a value of {values.max()}, above its maximum of {largest}")
    levels = levels_of(values.reshape(height, width, channels), largest)
    if channels % 2:
        yield Page(levels)
    else:
        yield Page(levels[..., :-1], levels[..., -1])


def _pam_header(source: Source) -> tuple[int, int, int, int, int]:
    """Width, height, channels, the largest value, and where the pixels begin."""
    end = re.search(rb"^ENDHDR[ \t]*\n", source.data[:_LONGEST_HEADER], re.MULTILINE)
    if end is None:
        raise source.damaged("the header is incomplete")
    said: dict[bytes, bytes] = {}
    for line in source.data[2 : end.start()].splitlines():
        name, _, value = line.strip().partition(b" ")
        if name and not name.startswith(b"#"):
            said[name] = value.strip()
    numbers = [said.get(name, b"") for name in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL")]
    if not all(re.fullmatch(rb"\d{1,10}", number) for number in numbers):
        raise source.damaged("the header is incomplete")
    width, height, channels, largest = map(int, numbers)
    kind = said.get(b"TUPLTYPE", b"").decode("latin-1") or {1: "GRAYSCALE", 3: "RGB"}.get(channels, "")
    if _CHANNELS.get(kind) != channels:
        raise source.refused(f"PAM images of type {kind!r} with {channels} channels are not supported")
    return width, height, channels, largest, end.end()


def _raw(source: Source, start: int, count: int, largest: int) -> NDArray[Any]:
    import numpy as np

    kind = np.dtype(">u2" if largest > 255 else "u1")
    end = start + count * kind.itemsize
    if end > len(source.data):
        raise source.damaged(
            f"only {len(source.data) - start:,} of its {end - start:,} bytes of pixels are present"
        )
    if _BEHIND.match(source.data, end):
        raise source.refused(
            "files with several images are not supported in PNM", "save the image to compare in its own file."
        )
    return np.frombuffer(source.data, kind, count, start)


def _plain(source: Source, start: int, count: int, largest: int) -> NDArray[Any]:
    import numpy as np

    text = _COMMENT.sub(b"", source.data[start:])
    source.expect(2 * count - 1, len(text), 1)  # a digit and what separates it from the next one
    if text.translate(None, b"0123456789 \t\n\v\f\r"):
        raise source.damaged("its pixels contain something other than numbers")
    # Longer than any value: beyond all range they would wrap around.
    if re.search(rb"\d{16}", text):
        raise source.damaged(f"it has a value above its maximum of {largest}")
    values = np.fromstring(text, np.int64, sep=" ")
    if len(values) != count:
        raise source.damaged(f"it has {len(values):,} values instead of {count:,}")
    return values
