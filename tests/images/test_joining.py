"""What does not come in strips is put together from them."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, PngImagePlugin

from percept_cli import compare
from percept_cli.formats import files
from percept_cli.formats.decode import decode
from percept_cli.images import joining
from percept_cli.images.kept import Kept
from percept_cli.images.picture import Picture
from tests.support.large_files import COLOURS, GREY, HEIGHT, RGB, WIDTH, by_pillow, chunk, in_both_places, plain
from tests.support.large_files import place as place
from tests.support.large_files import small as small

pytestmark = pytest.mark.usefixtures("small")


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "GIF", "interlaced", "turned", "XMP"])
def test_what_does_not_come_in_strips_is_put_together_from_them(
    form: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    xmp = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    xmp += '<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'
    xmp += "</rdf:RDF></x:xmpmeta>"
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", xmp)
    kinds: dict[str, Callable[[], bytes]] = {
        "JPEG": lambda: by_pillow(RGB, "JPEG", exif=turned),
        "WEBP": lambda: by_pillow(Image.fromarray(COLOURS), "WEBP", lossless=True),
        "GIF": lambda: by_pillow(GREY, "GIF"),
        "interlaced": interlaced,
        "turned": lambda: by_pillow(RGB, "PNG", exif=turned),
        "XMP": lambda: by_pillow(RGB, "PNG", pnginfo=text),
    }
    data = kinds[form]()
    found = decode(data, "x")
    with monkeypatch.context() as whole_ones:
        whole_ones.setattr(joining, "LARGE", 1 << 30)
        whole = decode(data, "x")
    assert plain(found) == plain(whole)
    if form in ("JPEG", "turned", "XMP"):
        assert (found.frames[0].width, found.frames[0].height) == (HEIGHT, WIDTH)
    assert isinstance(found.frames[0].colours, Kept) == (place == "file")


def interlaced() -> bytes:
    """The colours as a PNG by Adam7, which no library here writes."""
    steps = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    rows = [row for x, y, right, down in steps for row in COLOURS[y::down, x::right, :3]]
    pixels = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 1)
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*one) for one in chunks)


@in_both_places
def test_distances_are_the_same_to_the_digit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_IN_MEMORY", 100)
    changed = COLOURS.copy()
    changed[60:70, 20:30] ^= 255
    for name, values in (("a.png", COLOURS), ("b.png", changed)):
        Image.fromarray(values).save(tmp_path / name)
    sides = tmp_path / "a.png", tmp_path / "b.png"
    found = compare(*sides)
    with monkeypatch.context() as whole_ones:
        whole_ones.setattr(joining, "LARGE", 1 << 30)
        whole_ones.setattr(files, "MOST_IN_MEMORY", 1 << 30)
        whole = compare(*sides)
    assert found.distance == whole.distance > 0
    assert found.views == whole.views
    assert compare(sides[0], sides[0]).distance == 0


@pytest.mark.slow
@pytest.mark.parametrize("form", ["png", "tif", "ppm"])
def test_memory_does_not_grow_with_the_picture(form: str, tmp_path: Path) -> None:
    """Two pairs of one change each, of 36 and of 225 megapixels."""
    peaks = [peak(tmp_path, side, form) for side in (6000, 15000)]
    # 225 megapixels are 675 MB of pixels a side, of which none may stay; what grows is buffers for a strip of rows
    # 15,000 wide, and the smaller one keeps its 108 MB a side in memory.
    assert peaks[1] < peaks[0] + 50e6


def peak(folder: Path, side: int, form: str) -> float:
    """Bytes that a comparison takes at most."""
    rows = (np.arange(side)[None, :] // 7 + np.arange(side)[:, None] // 5) % 251
    values = np.repeat(rows.astype(np.uint8)[..., None], 3, axis=2)
    paths = [folder / f"{name}.{form}" for name in "ab"]
    for path in paths:
        if form == "tif":
            tifffile.imwrite(path, values, photometric="rgb", tile=(256, 256), compression="zlib")
        else:
            Image.fromarray(values).save(path, compress_level=1)
        values[side // 2 : side // 2 + 40, side // 3 : side // 3 + 40] ^= 255
    measuring = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)"
    measuring += "; print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    command = [sys.executable, "-c", measuring, sys.executable, "-m", "percept_cli", "compare", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return int(done.stdout) * 1024


@pytest.mark.parametrize("deep", [False, True])
def test_some_rows_and_columns_of_a_picture(deep: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.arange(20 * 12 * 3, dtype=np.float32 if deep else np.uint8).reshape(20, 12, 3) % 251
    picture = Picture(12, 20, array.tobytes(), deep)
    wanted = np.concatenate([array[:3], array[7:]])[:, 2:9]
    rows, columns = [(0, 3), (7, 20)], [(2, 9)]
    for large in (False, True):
        if large:
            monkeypatch.setattr(joining, "LARGE", 1)
            monkeypatch.setattr(joining, "_STRIP", 24)
        found = joining.parts_of(picture, rows, columns)
        assert (found.size, found.deep) == ((7, 16), deep)
        assert np.array_equal(found.array, wanted)
    assert joining.parts_of(picture, [(0, 20)], [(0, 12)]) is picture
