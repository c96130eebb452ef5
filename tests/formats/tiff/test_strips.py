"""TIFF in strips: its pages, its pieces, and copies beside a picture."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile

from percept_cli.formats import files
from percept_cli.formats.decode import decode
from percept_cli.formats.files import read_stamped
from percept_cli.formats.tiff import strips as tiff
from percept_cli.images import joining
from tests.support.large_files import COLOURS, RGB, by_pillow, tiff_of
from tests.support.large_files import small as small

pytestmark = pytest.mark.usefixtures("small")


def test_many_low_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "_STRIP", 1 << 19)
    values = np.arange(40_000, dtype=np.uint16).reshape(-1, 1)
    data = tiff_of(values, rowsperstrip=1)  # 40,000 pieces, together in one strip
    assert tiff.tiff_strips(io.BytesIO(data)) is not None
    whole = decode(data, "x").frames[0]
    assert np.frombuffer(whole.colours[:], np.float32)[::3] == pytest.approx(np.arange(40_000) / 257)


def test_pieces_far_behind_in_a_big_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """BigTIFF is there for offsets beyond 32 bits; the file is sparse."""
    from percept_cli.images.limits import Limits

    monkeypatch.setattr(files, "MOST_IN_MEMORY", 100)
    data = bytearray(tiff_of(COLOURS[..., :3], bigtiff=True, rowsperstrip=10))
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        tag = file.pages[0].aspage().tags["StripOffsets"]
        offsets, place = tag.value, tag.valueoffset
        assert tag.dtype == tifffile.DATATYPE.LONG8
    far = (1 << 32) + 100
    path = tmp_path / "big.tif"
    monkeypatch.setattr(files, "_digested", lambda file: (file.read(100), path.stat().st_size, "not read here"))
    with path.open("wb") as out:
        struct.pack_into(f"<{len(offsets)}Q", data, place, *(far + offset - offsets[0] for offset in offsets))
        out.write(data[: offsets[0]])
        out.seek(far)
        out.write(data[offsets[0] :])
        if place > offsets[0]:  # what the list says stands where it stood
            out.seek(0)
            out.write(data)
    content, _ = read_stamped(path, Limits(file=None))
    found = decode(content, path)
    assert found.frames[0].colours[:] == COLOURS[..., :3].tobytes()


def test_pages_are_no_strips() -> None:
    data = by_pillow(RGB, "TIFF", save_all=True, append_images=[RGB])
    assert tiff.tiff_strips(io.BytesIO(data)) is None
    assert len(decode(data, "x").frames) == 2


def test_smaller_copies_beside_a_picture_are_left_out() -> None:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(COLOURS[..., :3], photometric="rgb", rowsperstrip=8)
        writer.write(COLOURS[::2, ::2, :3], photometric="rgb", subfiletype=1)
    assert tiff.tiff_strips(io.BytesIO(file.getvalue())) is not None
    assert decode(file.getvalue(), "x").frames[0].colours[:] == COLOURS[..., :3].tobytes()
