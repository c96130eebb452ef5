"""What a JPEG XL file says of its picture before any pixel is decoded: ISO/IEC 18181-1, annexes A and D.

Needed because the libraries decode everything at once, cut depth, and keep one frame of an animation.
"""

from __future__ import annotations

from dataclasses import dataclass

from percept_cli.formats.faults import damaged
from percept_cli.formats.heif.boxes import boxes

_SIGNATURE = b"\xff\x0a"
_CONTAINER = b"\0\0\0\x0cJXL "
_METADATA = frozenset({b"Exif", b"xml ", b"jumb", b"brob"})  # the last is another one, packed by Brotli
_ENOUGH = 4096  # bytes of the codestream; channels may have names
_MOST_CHANNELS = 64
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))  # width to height, by number from 1
_CUSTOM = 2
_ALPHA, _SPOT, _BLACK, _CFA = 0, 2, 4, 5  # kinds of channels


@dataclass(frozen=True)
class Stated:
    """What is said of the picture."""

    width: int
    """In pixels, as stored."""
    height: int
    """In pixels, as stored."""
    orientation: int = 1
    """As EXIF's; libraries turn pictures by it."""
    animation: bool = False
    depth: int = 8
    """Bits of a colour."""
    floats: bool = False
    """Whether colours are floats of that many bits."""
    alpha: bool = False
    alpha_depth: int = 8
    """Bits of alpha, if there is any."""
    alpha_floats: bool = False
    """Whether alpha is floats of that many bits."""
    multiplied: bool = False
    """Whether colours are multiplied by alpha."""
    black: bool = False
    """Whether colours are inks, with a channel of black."""
    grey: bool = False
    xyb: bool = False
    """Whether it is coded as XYB, with loss; what it says of colours is then what they were."""
    bt_709: bool = True
    """Whether primaries and white are said, by code, to be BT.709's, which are sRGB's."""
    transfer: int = 13
    """ITU-T H.273's code of the curve; 0 where a profile or a gamma says it."""


class _Bits:
    """Numbers of some bits each, from the lowest bit of the first byte on."""

    def __init__(self, data: bytes) -> None:
        self._left = int.from_bytes(data, "little")
        self._count = 8 * len(data)

    def take(self, count: int) -> int:
        if count > self._count:
            raise damaged("the header is truncated")
        value = self._left & ((1 << count) - 1)
        self._left >>= count
        self._count -= count
        return value

    def flag(self) -> bool:
        return bool(self.take(1))

    def choice(self, *ways: tuple[int, int]) -> int:
        """A number coded in one of four ways, each an offset and how many bits are added to it."""
        offset, bits = ways[self.take(2)]
        return offset + self.take(bits)

    def code(self) -> int:
        return self.choice((0, 0), (1, 0), (2, 4), (18, 6))


def head(data: bytes) -> Stated:
    """What a file says of its picture.

    Raises:
        UnreadableImage: if it cannot be found out; without the file's name.
    """
    stream = codestream(data, _ENOUGH)
    if not stream.startswith(_SIGNATURE):
        raise damaged("it contains no JPEG XL image")
    bits = _Bits(stream[len(_SIGNATURE) :])
    width, height = _size(bits)
    if bits.flag():  # all else as usual
        return Stated(width, height)
    orientation, animation = 1, False
    if bits.flag():
        orientation = bits.take(3) + 1
        if bits.flag():
            _size(bits)  # that it is meant to be shown at
        if bits.flag():
            _preview(bits)
        animation = bits.flag()
        if animation:
            _timing(bits)
    depth, floats = _depth(bits)
    bits.flag()  # whether 16 bits are enough to decode it
    kinds, multiplied, alpha = set(), False, (8, False)
    count = bits.choice((0, 0), (1, 0), (2, 4), (1, 12))
    if count > _MOST_CHANNELS:
        raise damaged(f"it has too many extra channels ({count})")
    for _ in range(count):
        kind, channel_depth, channel_floats, associated = _channel(bits)
        if kind == _ALPHA and _ALPHA not in kinds:  # the first is the one that counts
            multiplied, alpha = associated, (channel_depth, channel_floats)
        kinds.add(kind)
    xyb = bits.flag()
    grey, bt_709, transfer = _colours(bits)
    return Stated(
        width,
        height,
        orientation,
        animation,
        depth,
        floats,
        _ALPHA in kinds,
        *alpha,
        multiplied,
        _BLACK in kinds,
        grey,
        xyb,
        bt_709,
        transfer,
    )


def codestream(data: bytes, most: int) -> bytes:
    """The first bytes of the picture itself, out of its container if it is in one.

    Raises:
        UnreadableImage: if the container is broken; without the file's name.
    """
    if not data.startswith(_CONTAINER):
        return data[:most]
    found = b""
    for kind, start, end in boxes(data):
        if kind == b"jxlc":
            return data[start : min(end, start + most)]
        if kind == b"jxlp":  # a part, after its number
            found += data[start + 4 : min(end, start + 4 + most)]
            if len(found) >= most:
                break
    return found[:most]


def size_of_metadata(data: bytes) -> int:
    """Bytes of EXIF, XMP and the like, as they are stored: the library does not unpack them either.

    Raises:
        UnreadableImage: if the container is broken; without the file's name.
    """
    if not data.startswith(_CONTAINER):
        return 0
    return sum(end - start for kind, start, end in boxes(data) if kind in _METADATA)


def _size(bits: _Bits) -> tuple[int, int]:
    small = bits.flag()
    height = _side(bits, small=small)
    ratio = bits.take(3)
    if ratio == 0:
        return _side(bits, small=small), height
    across, down = _RATIOS[ratio - 1]
    return height * across // down, height


def _side(bits: _Bits, *, small: bool) -> int:
    if small:
        return 8 * (bits.take(5) + 1)
    return bits.choice((1, 9), (1, 13), (1, 18), (1, 30))


def _preview(bits: _Bits) -> None:
    coarse = bits.flag()
    ways = ((16, 0), (32, 0), (1, 5), (33, 9)) if coarse else ((1, 6), (65, 8), (321, 10), (1345, 12))
    bits.choice(*ways)
    if bits.take(3) == 0:
        bits.choice(*ways)


def _timing(bits: _Bits) -> None:
    bits.choice((100, 0), (1000, 0), (1, 10), (1, 30))
    bits.choice((1, 0), (1001, 0), (1, 8), (1, 10))
    bits.choice((0, 0), (0, 3), (0, 16), (0, 32))
    bits.flag()


def _depth(bits: _Bits) -> tuple[int, bool]:
    if not bits.flag():
        return bits.choice((8, 0), (10, 0), (12, 0), (1, 6)), False
    depth = bits.choice((32, 0), (16, 0), (24, 0), (1, 6))
    bits.take(4)  # bits of the exponent
    return depth, True


def _channel(bits: _Bits) -> tuple[int, int, bool, bool]:
    """A channel's kind, depth, whether it has floats, and whether colours are multiplied by it."""
    if bits.flag():
        return _ALPHA, 8, False, False
    kind = bits.code()
    depth, floats = _depth(bits)
    bits.choice((0, 0), (3, 0), (4, 0), (1, 3))  # how much smaller it is
    bits.take(8 * bits.choice((0, 0), (0, 4), (16, 5), (48, 10)))  # its name
    associated = bits.flag() if kind == _ALPHA else False
    if kind == _SPOT:
        bits.take(64)
    elif kind == _CFA:
        bits.choice((1, 0), (0, 2), (3, 4), (19, 8))
    return kind, depth, floats, associated


def _colours(bits: _Bits) -> tuple[bool, bool, int]:
    """Whether they are grey, whether of BT.709's primaries, and the code of their curve."""
    if bits.flag():
        return False, True, 13
    by_profile = bits.flag()
    space = bits.code()
    grey = space == 1
    if by_profile or space > 1:
        return grey, False, 0
    white = bits.code()
    if white == _CUSTOM:
        _point(bits)
    primaries = 1
    if not grey:
        primaries = bits.code()
        if primaries == _CUSTOM:
            for _ in range(3):
                _point(bits)
    if bits.flag():
        bits.take(24)  # a gamma
        return grey, False, 0
    transfer = bits.code()
    return grey, (white, primaries) == (1, 1), transfer


def _point(bits: _Bits) -> None:
    for _ in range(2):
        bits.choice((0, 19), (524288, 19), (1048576, 20), (2097152, 21))
