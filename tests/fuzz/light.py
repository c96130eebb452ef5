"""Small files of light in every kind, for the fuzzer."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.scenes import (
    exr,
    exr_by_hand,
    exr_of_parts,
    hdr,
    light,
    npy,
    rgbe,
    runs_by_channel,
    runs_by_pixel,
    tiff,
)


def light_files() -> dict[str, bytes]:
    """Small files of all kinds, by the name of their reader and what they are."""
    import OpenEXR

    values = light(0, 40, 33, 4)
    values[:, 10:20] = values[:, 10:11]
    names = dict(zip("RGBA", range(4), strict=True))
    floats = {name: np.ascontiguousarray(values[..., place]) for name, place in names.items()}
    halves = {name: plane.astype(np.float16) for name, plane in floats.items()}
    files = {"exr-hand": exr_by_hand(floats, data=(3, 4, 35, 43), display=(0, 0, 40, 50))}
    tiles = OpenEXR.TileDescription()
    tiles.xSize, tiles.ySize = 16, 16
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for kind in ("NO", "RLE", "ZIPS", "ZIP", "PIZ", "PXR24", "B44", "B44A", "DWAA", "DWAB", "ZSTD"):
            compression = getattr(OpenEXR, f"{kind}_COMPRESSION")
            for planes in (floats, halves):
                files[f"exr-{kind}-{planes['R'].dtype}"] = exr(folder, planes, compression=compression)
                files[f"exr-{kind}-{planes['R'].dtype}-tiled"] = exr(
                    folder, planes, compression=compression, type=OpenEXR.tiledimage, tiles=tiles
                )
        files["exr-parts"] = exr_of_parts(folder, ("a", floats), ("b", halves))
        files["exr-second"] = exr_of_parts(folder, ("a", {"Z": floats["R"]}), ("b", halves))
    pixels = rgbe(0, 9, 40)
    packings = {"flat": pixels.tobytes(), "channel": runs_by_channel(pixels), "pixel": runs_by_pixel(pixels)}
    for name, body in packings.items():
        files[f"hdr-{name}"] = hdr(body, "-Y 9 +X 40", "FORMAT=32-bit_rle_rgbe", "EXPOSURE=2")
    for kind in ("<f2", ">f4", "<f8", "u1", "<u2"):
        files[f"npy-{kind}"] = npy((values[:9] * 15).astype(kind))
    packed: dict[str, dict[str, Any]] = {
        "plain": {},
        "zlib": {"compression": "zlib", "predictor": 3},
        "lzw": {"compression": "lzw", "rowsperstrip": 7},
        "tiles": {"compression": "zlib", "tile": (16, 16)},
    }
    for name, options in packed.items():
        files[f"tiff-{name}"] = tiff(values, photometric="rgb", extrasamples=["assocalpha"], **options)
    return files
