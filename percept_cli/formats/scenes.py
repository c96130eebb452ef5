"""Readers of files that hold light, or numbers in its place: from bytes to ``Decoded``.

Light is linear, in BT.709's primaries, not multiplied by alpha, and has no limit. What is no finite number stays
in the colours; ``nonfinite`` finds it. Each reader calls ``check`` with a picture's width and height before
anything of that size is allocated.
"""

from percept_cli.formats.exr.frames import read_exr
from percept_cli.formats.npy import read_npy
from percept_cli.formats.radiance import read_hdr
from percept_cli.formats.tiff.light import read_float_tiff
from percept_cli.images.nonfinite import nonfinite

__all__ = ["nonfinite", "read_exr", "read_float_tiff", "read_hdr", "read_npy"]
