"""TIFF: which of its readers has a file."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from percept_cli import compare
from percept_cli.errors import UnsupportedImage
from percept_cli.formats.decode import decode
from tests.conftest import drawing
from tests.support.views import SHALLOW


def test_a_tiff_of_lab_is_refused_for_its_colours() -> None:
    file = io.BytesIO()
    Image.new("LAB", (9, 7)).save(file, "TIFF")
    with pytest.raises(UnsupportedImage, match=r"CIE Lab colours are not supported in TIFF$"):
        decode(file.getvalue(), "a.tif")


def test_planar_tiff_is_read_whole(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for kind, options in (
        (np.uint16, {"photometric": "rgb"}),
        (np.uint8, {"photometric": "rgb"}),
        (np.uint8, {"photometric": "minisblack", "extrasamples": ["unassalpha"]}),
        (np.uint8, {"photometric": "minisblack", "extrasamples": ["unassalpha"], "compression": "lzw"}),
    ):
        count = 3 if options["photometric"] == "rgb" else 2
        values = rng.integers(0, np.iinfo(kind).max + 1, (count, 64, 64), dtype=kind)
        changed = values.copy()
        changed[:, 40:] = values[:, :24]
        paths = [tmp_path / name for name in ("a.tif", "b.tif", "c.tif")]
        for path, planes in zip(paths, (values, changed), strict=False):
            tifffile.imwrite(path, planes, planarconfig="separate", **options)
        tifffile.imwrite(paths[2], np.moveaxis(values, 0, 2), planarconfig="contig", **options)
        assert compare(paths[0], paths[1], **SHALLOW).distance > 0.1
        assert compare(paths[0], paths[2], **SHALLOW).distance == 0


def test_deep_pages_behind_shallow_ones_are_not_cut_down(tmp_path: Path) -> None:
    shallow = np.asarray(drawing(40, 30))
    deep = shallow.astype(np.uint16) * 200
    for name, page in (("a.tif", deep), ("b.tif", deep + 40)):
        with tifffile.TiffWriter(tmp_path / name) as file:
            file.write(shallow, photometric="rgb")
            file.write(page, photometric="rgb")
    found = compare(tmp_path / "a.tif", tmp_path / "b.tif", **SHALLOW)
    assert [one.distance > 0 for one in found.views] == [False, True]
