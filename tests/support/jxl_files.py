"""Heads of JPEG XL, written by hand: a file that an encoder wrote says another depth, alpha or orientation.

By ISO/IEC 18181-1, annex D. In a file without loss the pixels are whole numbers and their depth is only how they
are to be understood: values of 4 bits under a head of 12 bits are dark values of 12 bits. So every combination can
be had of what one encoder writes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\xff\x0a"
_SRGB = 13
Way = tuple[int, int]


@dataclass(frozen=True)
class Head:
    """What is to be said; as imagecodecs writes it unless something is changed."""

    width: int
    height: int
    depth: int = 8
    grey: bool = False
    alpha: int | None = None
    """Its bits, None for no alpha."""
    floats: bool = False
    """Whether colours are floats; alpha of 32 bits is one, too, then."""
    multiplied: bool = False
    orientation: int = 1
    transfer: int = _SRGB

    def written(self) -> bytes:
        """All before the first frame, filled up to a whole byte."""
        bits = _Bits()
        bits.put(0, 1)  # sides are no multiples of 8
        bits.choose(self.height, (1, 9), (1, 13))
        bits.put(0, 3)  # in no usual ratio
        bits.choose(self.width, (1, 9), (1, 13))
        usual = not self.grey and self.transfer == _SRGB
        bits.put(0, 1)  # not all as usual: imagecodecs' files without loss are not XYB
        turned = self.orientation != 1
        bits.put(turned, 1)
        if turned:
            bits.put(self.orientation - 1, 3)
            bits.put(0, 3)  # no size to be shown at, no preview, no animation
        self._depth(bits, self.depth)
        bits.put(
            max(self.depth, self.alpha or 0) <= 12 and not self.floats, 1
        )  # whether 16 bits are enough to decode it
        bits.choose(self.alpha is not None, (0, 0), (1, 0))
        if self.alpha is not None:
            plain = self.alpha == 8 and not self.multiplied
            bits.put(plain, 1)
            if not plain:
                bits.choose(0, (0, 0))  # alpha
                self._depth(bits, self.alpha)
                bits.choose(0, (0, 0))  # as large as the colours
                bits.choose(0, (0, 0))  # without a name
                bits.put(self.multiplied, 1)
        bits.put(0, 1)  # not XYB
        bits.put(usual, 1)
        if not usual:
            bits.put(0, 1)  # no profile
            bits.choose(int(self.grey), (0, 0), (1, 0))
            bits.choose(1, (0, 0), (1, 0))  # D65
            if not self.grey:
                bits.choose(1, (0, 0), (1, 0))  # BT.709
            bits.put(0, 1)  # no gamma
            bits.choose(self.transfer, (0, 0), (1, 0), (2, 4))
            bits.choose(1, (0, 0), (1, 0))  # relative
        if turned:
            bits.put(1, 1)  # the usual tones
        bits.put(0, 2)  # no extensions
        bits.put(1, 1)  # the usual matrices
        return _SIGNATURE + bits.bytes()

    def _depth(self, bits: _Bits, depth: int) -> None:
        floats = self.floats and depth in (16, 32)
        bits.put(floats, 1)
        if floats:
            bits.choose(depth, (32, 0), (16, 0))
            bits.put({16: 5, 32: 8}[depth] - 1, 4)
        else:
            bits.choose(depth, (8, 0), (10, 0), (12, 0), (1, 6))


class _Bits:
    """Numbers of some bits each, from the lowest bit of the first byte on."""

    def __init__(self) -> None:
        self._value, self._count = 0, 0

    def put(self, value: int, count: int) -> None:
        assert 0 <= value < 1 << count
        self._value |= int(value) << self._count
        self._count += count

    def choose(self, value: int, *ways: Way) -> None:
        """A number in the first of up to four ways, each an offset and how many bits are added to it."""
        for number, (offset, bits) in enumerate(ways):
            if 0 <= value - offset < 1 << bits:
                self.put(number, 2)
                self.put(value - offset, bits)
                return
        raise AssertionError(f"{value} fits none of {ways}")

    def bytes(self) -> bytes:
        return self._value.to_bytes(-(-self._count // 8), "little")


def jxl_with_head(values: NDArray[Any], bits: int, **changes: Any) -> bytes:
    """A bare file without loss.

    Args:
        values: H×W×1 to 4, of which the even ones have alpha; sides that are no multiples of 8, nor in a usual
            ratio.
        bits: of the values as they are stored.
        changes: of ``Head``: what the file says instead.

    Raises:
        AssertionError: if imagecodecs writes heads in another way than this module thinks.
    """
    height, width, channels = values.shape
    stored = values[..., 0] if channels == 1 else values
    data = bytes(imagecodecs.jpegxl_encode(stored, lossless=True, bitspersample=bits))
    floats = values.dtype.kind == "f"
    alpha = None if channels % 2 else bits
    transfer = _SRGB if values.dtype == np.uint8 else 8  # of what is deeper imagecodecs says that it is linear
    head = Head(width, height, bits, channels < 3, alpha, floats, transfer=transfer)
    written = head.written()
    data = data[max(0, data.find(_SIGNATURE)) :]  # 16 bits come in a container, the picture last
    assert data.startswith(written), (data[: len(written) + 4].hex(), written.hex())
    return replace(head, **{"transfer": _SRGB, **changes}).written() + data[len(written) :]
