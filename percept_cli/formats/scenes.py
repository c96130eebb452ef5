"""Readers of files that hold light, or numbers in its place.

Light is linear, in BT.709's primaries, not multiplied by alpha, and has no limit. What is no finite number stays
in the colours; ``images.light.nonfinite`` finds it. A file is one picture; what reads it holds its size to the
limits before anything is allocated.
"""

from __future__ import annotations

from percept_cli.formats.light import Check
from percept_cli.formats.pages import OF_LIGHT, Source
from percept_cli.formats.pillow import check_frame
from percept_cli.images.picture import Decoded


def read_openexr(source: Source) -> Decoded:
    """What an OpenEXR file holds."""
    from percept_cli.formats.exr.frames import read_exr

    return read_exr(source.data, source.name, _check(source), source.policy)


def read_radiance(source: Source) -> Decoded:
    """What a file of Radiance's holds."""
    from percept_cli.formats.radiance import read_hdr

    return read_hdr(source.data, source.name, _check(source))


def read_array(source: Source) -> Decoded:
    """What an array of numpy's holds."""
    from percept_cli.formats.npy import read_npy

    return read_npy(source.data, source.name, _check(source))


def _check(source: Source) -> Check:
    """What holds the one picture of a file to the limits."""
    check_frame(source.policy.frame, 1)

    def check(width: int, height: int) -> None:
        source.check(width, height, cost=OF_LIGHT)

    return check
