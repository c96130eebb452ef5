"""ICC profiles written by hand, with the colours that they stand for computed in float: the truth of the tests.

Nothing here is shared with percept: other tags (``curv``), another version, other arithmetic.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]
Points = Sequence[tuple[float, float]]

D50 = np.array([0.9642, 1.0, 0.8249])
D65 = (0.3127, 0.3290)
SRGB_POINTS = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
P3_POINTS = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE_POINTS = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))


def srgb_decoded(v: Floats) -> Floats:
    """Levels in [0, 1] to linear light (IEC 61966-2-1)."""
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def srgb_encoded(v: Floats) -> Floats:
    v = np.clip(v, 0, 1)
    return np.where(v <= 0.0031308, 12.92 * v, 1.055 * v ** (1 / 2.4) - 0.055)


def matrix(points: Points, white: tuple[float, float] = D65) -> Floats:
    """Linear RGB to X, Y, Z relative to D50, by Bradford's adaptation."""
    xyz = np.array([[x / y, 1, (1 - x - y) / y] for x, y in (*points, white)]).T
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    scales = (bradford @ D50) / (bradford @ xyz[:, 3])
    adapted = np.linalg.inv(bradford) @ np.diag(scales) @ bradford @ xyz[:, :3]
    return np.asarray(adapted * np.linalg.solve(xyz[:, :3], xyz[:, 3]))


@dataclass(frozen=True)
class Space:
    """A space with a matrix and one curve, which is a power or sRGB's."""

    points: Points
    gamma: float | None = None

    def decoded(self, v: Floats) -> Floats:
        return srgb_decoded(v) if self.gamma is None else v**self.gamma

    def encoded(self, v: Floats) -> Floats:
        return srgb_encoded(v) if self.gamma is None else np.clip(v, 0, 1) ** (1 / self.gamma)

    def of_srgb(self, levels: Floats) -> NDArray[np.uint8]:
        """A picture's 8-bit levels in this space, H×W×3, from those in sRGB."""
        way = np.linalg.solve(matrix(self.points), matrix(SRGB_POINTS))
        return np.asarray(np.rint(255 * self.encoded(srgb_decoded(levels / 255) @ way.T)), np.uint8)

    def in_srgb(self, levels: Floats) -> Floats:
        """The levels of sRGB, not rounded, that levels in this space stand for."""
        way = np.linalg.solve(matrix(SRGB_POINTS), matrix(self.points))
        return 255 * srgb_encoded(self.decoded(levels / 255) @ way.T)

    @property
    def profile(self) -> bytes:
        tags = {
            name: xyz(column) for name, column in zip(("rXYZ", "gXYZ", "bXYZ"), matrix(self.points).T, strict=True)
        }
        curve = curv(srgb_decoded(np.arange(4096) / 4095)) if self.gamma is None else curv(self.gamma)
        return profile("RGB ", tags | dict.fromkeys(("rTRC", "gTRC", "bTRC"), curve))


SRGB = Space(SRGB_POINTS)
DISPLAY_P3 = Space(P3_POINTS)
ADOBE_RGB = Space(ADOBE_POINTS, 563 / 256)


def grey_profile(gamma: float) -> bytes:
    return profile("GRAY", {"kTRC": curv(gamma)})


def profile(space: str, tags: Mapping[str, bytes], *, kind: str = "mntr", pcs: str = "XYZ ") -> bytes:
    """A profile of version 2.4."""
    text = b"percept's tests\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78)
    whole = {"desc": description, "cprt": b"text\0\0\0\0" + text, "wtpt": xyz(D50), **tags}
    place = 128 + 4 + 12 * len(whole)
    table, content = struct.pack(">I", len(whole)), b""
    for name, data in whole.items():
        data = data.ljust(-(-len(data) // 4) * 4, b"\0")
        table += name.encode() + struct.pack(">II", place + len(content), len(data))
        content += data
    head = struct.pack(">I4xI", place + len(content), 0x02400000) + f"{kind}{space}{pcs}".encode()
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + b"".join(map(fixed, D50))
    return head.ljust(128, b"\0") + table + content


def xyz(values: Floats) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(fixed, values))


def fixed(value: float) -> bytes:
    return struct.pack(">i", round(float(value) * 65536))


def curv(curve: float | Floats) -> bytes:
    """A power, which has 8 bits behind its point, or a table of values in [0, 1]."""
    if isinstance(curve, float):
        return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(curve * 256))
    return b"curv\0\0\0\0" + struct.pack(f">I{len(curve)}H", len(curve), *np.rint(65535 * curve).astype(int))


def lut(colours: Callable[[Floats], Floats], channels: int, grid: int) -> bytes:
    """A table of 16 bits (``lut16Type``) from a device's channels to Lab.

    Args:
        colours: N×channels in [0, 1] to N×3, L a b.
        channels: of the device.
        grid: points per channel.
    """
    axes = np.meshgrid(*[np.linspace(0, 1, grid)] * channels, indexing="ij")  # the last channel varies fastest
    lab = colours(np.stack([axis.ravel() for axis in axes], axis=1))
    # Lab of version 2: 0xFF00 is L = 100, and a, b = 127.
    coded = np.rint(np.stack([lab[:, 0] * 652.8, (lab[:, 1] + 128) * 256, (lab[:, 2] + 128) * 256], axis=1))
    head = b"mft2\0\0\0\0" + struct.pack(">4B", channels, 3, grid, 0)
    head += b"".join(map(fixed, (1, 0, 0, 0, 1, 0, 0, 0, 1))) + struct.pack(">2H", 2, 2)
    ends = struct.pack(">2H", 0, 65535)
    values: bytes = np.clip(coded, 0, 65535).astype(">u2").tobytes()
    return head + ends * channels + values + ends * 3


def lab_of_xyz(values: Floats) -> Floats:
    """N×3, relative to D50."""
    t = values / D50
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


def cmyk_profile() -> bytes:
    """A printer whose inks are ideal: R = (1 - C)(1 - K) in sRGB, and so on, for pictures to be held to."""

    def colours(inks: Floats) -> Floats:
        return lab_of_xyz(srgb_decoded((1 - inks[:, :3]) * (1 - inks[:, 3:])) @ matrix(SRGB_POINTS).T)

    table = lut(colours, 4, 13)
    return profile("CMYK", {"A2B0": table, "A2B1": table}, kind="prtr", pcs="Lab ")


def rgb_lut_profile() -> bytes:
    """Display P3 as a table, with a perceptual table that is another: red and blue change places."""
    way = matrix(P3_POINTS).T

    def colours(v: Floats) -> Floats:
        return lab_of_xyz(srgb_decoded(v) @ way)

    tags = {"A2B0": lut(lambda v: colours(v[:, ::-1]), 3, 33), "A2B1": lut(colours, 3, 33)}
    return profile("RGB ", tags, kind="scnr", pcs="Lab ")
