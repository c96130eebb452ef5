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
            raise source.damaged("its header is incomplete")
        kind, width, height, largest = map(int, found.groups())
        channels, plain, start = (1 if kind in (2, 5) else 3), kind < 4, found.end()
    if not (width and height and 0 < largest <= _LARGEST):
        raise source.damaged(f"its header says {width}×{height} pixels of values up to {largest}")
    source.check(width, height, 1)
    count = width * height * channels
    values = (_plain if plain else _raw)(source, start, count, largest)
    if values.max() > largest:
        raise source.damaged(f"it has a value of {values.max()}, and {largest} is its largest")
    levels = levels_of(values.reshape(height, width, channels), largest)
    if channels % 2:
        yield Page(levels)
    else:
        yield Page(levels[..., :-1], levels[..., -1])


def _pam_header(source: Source) -> tuple[int, int, int, int, int]:
    """Width, height, channels, the largest value, and where the pixels begin."""
    end = re.search(rb"^ENDHDR[ \t]*\n", source.data[:_LONGEST_HEADER], re.MULTILINE)
    if end is None:
        raise source.damaged("its header is incomplete")
    said: dict[bytes, bytes] = {}
    for line in source.data[2 : end.start()].splitlines():
        name, _, value = line.strip().partition(b" ")
        if name and not name.startswith(b"#"):
            said[name] = value.strip()
    numbers = [said.get(name, b"") for name in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL")]
    if not all(re.fullmatch(rb"\d{1,10}", number) for number in numbers):
        raise source.damaged("its header is incomplete")
    width, height, channels, largest = map(int, numbers)
    kind = said.get(b"TUPLTYPE", b"").decode("latin-1") or {1: "GRAYSCALE", 3: "RGB"}.get(channels, "")
    if _CHANNELS.get(kind) != channels:
        raise source.refused(f"a PAM of the kind {kind!r} with {channels} channels is not supported")
    return width, height, channels, largest, end.end()


def _raw(source: Source, start: int, count: int, largest: int) -> NDArray[Any]:
    import numpy as np

    kind = np.dtype(">u2" if largest > 255 else "u1")
    end = start + count * kind.itemsize
    if end > len(source.data):
        raise source.damaged(f"{len(source.data) - start:,} of {end - start:,} bytes of pixels are there")
    if _BEHIND.match(source.data, end):
        raise source.refused(
            "it has several pictures, which is not supported", "save the one you mean as a file of its own."
        )
    return np.frombuffer(source.data, kind, count, start)


def _plain(source: Source, start: int, count: int, largest: int) -> NDArray[Any]:
    import numpy as np

    text = _COMMENT.sub(b"", source.data[start:])
    source.expect(2 * count - 1, len(text), 1)  # a digit and what separates it from the next one
    if text.translate(None, b"0123456789 \t\n\v\f\r"):
        raise source.damaged("there is something else than numbers among its pixels")
    # Longer than any value: beyond all range they would wrap around.
    if re.search(rb"\d{16}", text):
        raise source.damaged(f"it has a value of many digits, and {largest} is its largest")
    values = np.fromstring(text, np.int64, sep=" ")
    if len(values) != count:
        raise source.damaged(f"{len(values):,} of {count:,} values are there")
    return values
