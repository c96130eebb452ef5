"""Arrays of numpy, as ``numpy.save`` writes them.

The header is read by hand, by the words of numpy's "A simple file format for NumPy arrays" rather than as Python:
numpy's own reader runs Python's tokenizer and parser over what a file says.
"""

from __future__ import annotations

import math
import re
import struct
from typing import TYPE_CHECKING, Any

from percept_cli.errors import UnsupportedImage
from percept_cli.formats.faults import damaged, decoder_errors
from percept_cli.formats.light import Check, as_float32, frame_of_light
from percept_cli.images.picture import Decoded, Frame, frame_of_levels, levels_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FORMS = "H×W, H×W×1, H×W×3 or H×W×4"
_HINT = (
    f"save {_FORMS} values: float16, float32 or float64 if they are scene-linear, uint8 or uint16 if they are "
    "sRGB levels."
)
_LONGEST_HEADER = 10_000  # bytes, as numpy has it
_RECORDS = re.compile(r"""['"]descr['"]\s*:\s*[\[(]""")
_KIND = re.compile(r"""['"]descr['"]\s*:\s*['"]([^'"]{1,20})['"]""")
_ORDER = re.compile(r"""['"]fortran_order['"]\s*:\s*(True|False)""")
_SHAPE = re.compile(r"""['"]shape['"]\s*:\s*\(([\d\sL,]{0,200})\)""", re.ASCII)


def read_npy(data: bytes, name: str, check: Check) -> Decoded:
    """The picture in an array: of floats it is a scene, of integers one for displays.

    H×W and H×W×1 are grey, H×W×3 are R, G, B, and a fourth channel is alpha that colours are not multiplied by:
    0..1 for floats, up to the largest integer else. Floats are linear light in BT.709's primaries. uint8 are
    sRGB's levels, and uint16 257 times as much; where all of these are whole levels the picture has 8 bits.
    float64 becomes float32; what that does not hold becomes infinite.

    Args:
        data: the whole file.
        name: for messages.
        check: called with width and height before anything is allocated.

    Raises:
        UnreadableImage: if it is no such file, or a cut one. Nothing is ever unpickled.
        UnsupportedImage: for another type of values or shape.
    """
    with decoder_errors(name, anything=True):
        array = _array(data, check)
        if array.dtype.kind == "f":
            values = as_float32(array)
            alpha = values[..., 3].copy() if values.shape[2] == 4 else None
            return Decoded((frame_of_light(_three(values), alpha),), scene=True)
        return Decoded((_frame_of_levels(array),))


def _array(data: bytes, check: Check) -> NDArray[Any]:
    """H×W×C, C of 1, 3 or 4, as a view of the file's bytes."""
    import numpy as np

    kind, by_columns, shape, begin = _header(data)
    dtype = np.dtype(kind)
    if dtype.hasobject or dtype.name not in ("float16", "float32", "float64", "uint8", "uint16"):
        raise UnsupportedImage(f"an array of {dtype} is not an image", hint=_HINT)
    channels = shape[2] if len(shape) == 3 else 1
    if len(shape) not in (2, 3) or channels not in (1, 3, 4) or min(shape) < 1:
        raise UnsupportedImage(
            f"an array of shape {shape} is not an image", hint=f"the shape of an image is {_FORMS}."
        )
    check(shape[1], shape[0])
    count = math.prod(shape)
    needed, there = count * dtype.itemsize, len(data) - begin
    if needed != there:
        raise damaged(f"its values need {needed} bytes, but {there} are present")
    flat = np.frombuffer(data, dtype, count, begin)
    return flat.reshape(shape, order="F" if by_columns else "C").reshape(*shape[:2], channels)


def _header(data: bytes) -> tuple[str, bool, tuple[int, ...], int]:
    """The type, whether columns come first, the shape, and where values begin."""
    if data[:6] != b"\x93NUMPY" or len(data) < 12:
        raise damaged("the NumPy signature is missing")
    size, begin = (
        (struct.unpack_from("<H", data, 8)[0], 10) if data[6] == 1 else (*struct.unpack_from("<I", data, 8), 12)
    )
    if data[6] not in (1, 2, 3) or size > _LONGEST_HEADER or begin + size > len(data):
        raise damaged("the header is invalid")
    text = data[begin : begin + size].decode("utf-8" if data[6] == 3 else "latin-1")
    if _RECORDS.search(text):
        raise UnsupportedImage("an array of records is not an image", hint=_HINT)
    kind, order, shape = _KIND.search(text), _ORDER.search(text), _SHAPE.search(text)
    if not (kind and order and shape):
        raise damaged("the header is invalid")
    sides = tuple(int(side) for side in shape[1].replace("L", "").replace(",", " ").split())
    return kind[1], order[1] == "True", sides, begin + size


def _three(values: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    return np.repeat(values, 3, axis=2) if values.shape[2] == 1 else np.ascontiguousarray(values[..., :3])


def _frame_of_levels(array: NDArray[Any]) -> Frame:
    levels: NDArray[Any] = array if array.dtype.itemsize == 1 else levels_of(array, 65535)
    return frame_of_levels(_three(levels), levels[..., 3] if levels.shape[2] == 4 else None)
