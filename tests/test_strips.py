"""Large pictures read in strips are the pictures that are read whole, wherever their pixels are kept."""

from __future__ import annotations

import errno
import io
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin, TiffImagePlugin

from percept_cli import compare
from percept_cli.errors import PerceptError, UnreadableImage, UnsupportedImage
from percept_cli.formats import files
from percept_cli.formats.decode import decode
from percept_cli.formats.files import LargeFile, read_stamped
from percept_cli.formats.pages import Source
from percept_cli.formats.tiff import strips as tiff
from percept_cli.images import joining, kept
from percept_cli.images.kept import Kept, Room, same
from percept_cli.images.picture import Decoded
from percept_cli.images.policy import ImagePolicy
from percept_cli.images.views import Side, looks
from tests import icc

HEIGHT, WIDTH = 97, 131
RNG = np.random.default_rng(5)
COLOURS: NDArray[np.uint8] = RNG.integers(0, 256, (HEIGHT, WIDTH, 4), np.uint8)
COLOURS[:50] //= 8
COLOURS[:40, :, 3] = 255  # opaque at first: alpha begins in the middle
DEEP: NDArray[np.uint16] = RNG.integers(0, 65536, (HEIGHT, WIDTH, 4)).astype(np.uint16)
DEEP[:40] = DEEP[:40] // 257 * 257  # whole levels at first
RGB = Image.fromarray(COLOURS[..., :3])
GREY = RGB.convert("L")


pytestmark = pytest.mark.usefixtures("small")
in_both_places = pytest.mark.usefixtures("place")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pictures of these tests be large, and their strips a few rows."""
    monkeypatch.setattr(joining, "LARGE", 5000)
    monkeypatch.setattr(tiff, "LARGE", 5000)
    monkeypatch.setattr(joining, "_STRIP", 700)


@pytest.fixture(params=["memory", "file"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where pixels are kept."""
    if request.param == "file":
        monkeypatch.setattr(kept, "MOST_IN_MEMORY", 10)
    return str(request.param)


def by_pillow(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def tiff_of(values: NDArray[Any], **options: Any) -> bytes:
    file = io.BytesIO()
    if options.get("planarconfig") == "separate":
        values = np.ascontiguousarray(np.moveaxis(values, 2, 0))
    tifffile.imwrite(file, values, photometric="minisblack" if values.ndim == 2 else "rgb", **options)
    return file.getvalue()


def pngs() -> dict[str, bytes]:
    kinds = {
        "RGB": RGB,
        "RGBA": Image.fromarray(COLOURS),
        "L": GREY,
        "LA": Image.fromarray(COLOURS).convert("LA"),
        "palette of 200": RGB.quantize(200),
        "4 bits": RGB.quantize(13),
        "2 bits": RGB.quantize(3),
        "1 bit": GREY.convert("1"),
    }
    found = {f"PNG, {kind}": by_pillow(image, "PNG") for kind, image in kinds.items()}
    found["PNG, one colour transparent"] = by_pillow(RGB, "PNG", transparency=tuple(COLOURS[0, 0, :3].tolist()))
    found["PNG, Display P3"] = by_pillow(RGB, "PNG", icc_profile=icc.DISPLAY_P3.profile)
    for channels in range(1, 5):
        values = np.ascontiguousarray(DEEP[..., :channels] if channels > 1 else DEEP[..., 0])
        found[f"PNG, 16 bits, {channels}"] = bytes(imagecodecs.png_encode(values))
    return found


def tiffs(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    monkeypatch.setattr(TiffImagePlugin, "STRIP_SIZE", 2000)
    kinds = {"RGB": RGB, "L": GREY, "RGBA": Image.fromarray(COLOURS), "CMYK": RGB.convert("CMYK")}
    kinds["palette"] = RGB.quantize(200)
    found = {
        f"TIFF, {codec}, {kind}": by_pillow(image, "TIFF", compression=codec)
        for codec in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")
        for kind, image in kinds.items()
        if codec != "jpeg" or kind in ("RGB", "L", "CMYK")
    }
    monkeypatch.setattr(TiffImagePlugin, "STRIP_SIZE", 500)
    for codec in (None, "tiff_lzw", "group4"):
        found[f"TIFF, {codec}, 1 bit"] = by_pillow(GREY.convert("1"), "TIFF", compression=codec)
    layouts: list[dict[str, Any]] = [
        {},
        {"rowsperstrip": 10},
        {"rowsperstrip": 40},
        {"tile": (16, 32)},
        {"tile": (64, 64)},
        {"tile": (16, 16), "compression": "zlib", "predictor": True},
        {"planarconfig": "separate"},
        {"planarconfig": "separate", "tile": (32, 16)},
        {"planarconfig": "separate", "rowsperstrip": 7},
        {"bigtiff": True, "tile": (32, 32)},
        {"byteorder": ">", "rowsperstrip": 9},
    ]
    light = (DEEP[..., :3] / 65535).astype(np.float32)
    for layout in layouts:
        values: dict[str, NDArray[Any]] = {"8 bits": COLOURS[..., :3], "16 bits": DEEP[..., :3]}
        values["16 bits with alpha"] = DEEP
        if "planarconfig" not in layout:
            values["16 bits, grey"] = DEEP[..., 0]
        if "predictor" not in layout:
            values["light"] = light
        words = ", ".join(f"{name} {value}" for name, value in layout.items())
        found |= {f"TIFF, {kind}, {words}": tiff_of(array, **layout) for kind, array in values.items()}
    return found


def test_strips_are_the_whole(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = pngs() | tiffs(monkeypatch)
    cases |= {
        "PPM": by_pillow(RGB, "PPM"),
        "PGM": by_pillow(GREY, "PPM"),
        "PGM, 16 bits": b"P5 %d %d 65535\n" % (WIDTH, HEIGHT) + DEEP[..., 0].astype(">u2").tobytes(),
    }
    for name, data in cases.items():
        with split() as parts:
            found = decode(data, "x")
        assert parts, name
        with monkeypatch.context() as whole_ones:
            whole_ones.setattr(joining, "LARGE", 1 << 30)
            whole_ones.setattr(tiff, "LARGE", 1 << 30)
            whole = decode(data, "x")
        assert plain(found) == plain(whole), name
        assert isinstance(found.frames[0].colours, Kept) == (place == "file"), name


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


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


@contextmanager
def split() -> Iterator[list[Source]]:
    """The parts that files are read in meanwhile."""
    parts = list[Source]()

    def part(source: Source, data: bytes) -> Source:
        parts.append(Source(data, source.name, source.policy, is_part=True))
        return parts[-1]

    with patch.object(Source, "part", part):
        yield parts


def plain(decoded: Decoded) -> tuple[object, ...]:
    """All that a file holds, wherever it is."""
    (frame,) = decoded.frames
    alpha = None if frame.alpha is None else frame.alpha[:]
    return frame.width, frame.height, frame.colours[:], alpha, frame.deep, decoded.scene, decoded.notes


@in_both_places
@pytest.mark.parametrize("alpha", ["worst", "#336699"])
@pytest.mark.parametrize("blend", ["gamma", "linear"])
@pytest.mark.parametrize("crop", [None, "3,5,120,80"])
@pytest.mark.parametrize("depths", [(8, 8), (16, 16), (8, 16)])
def test_views_are_the_same(
    alpha: str,
    blend: str,
    crop: str | None,
    depths: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from percept_cli.images.policy import AS_SEEN, with_settings

    policy = with_settings(AS_SEEN, {"alpha": alpha, "blend": blend, "crop": crop})
    deep = bytes(imagecodecs.png_encode(DEEP))
    of_depth = {8: by_pillow(Image.fromarray(COLOURS), "PNG"), 16: deep}
    data = [of_depth[depth] for depth in depths]

    def seen() -> list[tuple[object, ...]]:
        sides = [Side("x", decode(one, "x", policy)) for one in data]
        return [
            (look.view, picture.width, picture.height, picture.deep, picture.pixels[:])
            for look in looks(sides[0], sides[1], policy)[0]
            for picture in (look.reference, look.candidate)
        ]

    found = seen()
    with monkeypatch.context() as whole_ones:
        whole_ones.setattr(joining, "LARGE", 1 << 30)
        assert seen() == found
    assert found


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow comments on damaged tags
@in_both_places
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_every_cut_file_is_an_error(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TiffImagePlugin, "STRIP_SIZE", 2000)
    options = {"compression": "tiff_adobe_deflate"} if kind == "TIFF" else {}
    data = by_pillow(RGB, kind, **options)
    for end in range(10, len(data) - 1, 997):
        with pytest.raises(UnreadableImage, match=r"^x\.y: "):
            decode(data[:end], "x.y")


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow comments on damaged tags
@in_both_places
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_damage_is_an_error_or_the_same_as_in_the_whole(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TiffImagePlugin, "STRIP_SIZE", 2000)
    options = {"compression": "tiff_adobe_deflate"} if kind == "TIFF" else {}
    data = by_pillow(RGB, kind, **options)
    rng = np.random.default_rng(3)
    for _ in range(200):
        mutated = bytearray(data)
        mutated[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
        try:
            found = plain(decode(bytes(mutated), "x"))
        except PerceptError as error:
            assert str(error).startswith("x: ")
            continue
        with monkeypatch.context() as whole_ones:
            whole_ones.setattr(joining, "LARGE", 1 << 30)
            assert found == plain(decode(bytes(mutated), "x"))


def test_too_little_packed_data_is_an_error() -> None:
    data = by_pillow(RGB, "PNG")
    start = data.index(b"IDAT") - 4
    pixels = chunk(b"IDAT", zlib.compress(bytes(HEIGHT * (3 * WIDTH + 1) - 1)))
    with pytest.raises(UnreadableImage) as error:
        decode(data[:start] + pixels + data[-12:], "x.png")
    words = "rows are missing: 38,217 of their 38,218 bytes are there"
    assert str(error.value) == f"x.png: the picture is damaged or cut off: {words}"


def test_limits_hold_for_strips() -> None:
    from percept_cli.images.limits import Limits

    with pytest.raises(UnsupportedImage, match=r"x: 131×97 pixels are more than the limit of 9,000"):
        decode(by_pillow(RGB, "PNG"), "x", ImagePolicy(limits=Limits(pixels=9000)))
    with pytest.raises(UnsupportedImage, match=r"x: has 1 frame, and frame 2 is asked for"):
        decode(by_pillow(RGB, "PNG"), "x", ImagePolicy(frame=2))
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", "word " * 1000)
    with pytest.raises(UnsupportedImage, match=r"x: 5,\d+ bytes of profiles, EXIF and texts are more"):
        decode(by_pillow(RGB, "PNG", pnginfo=text), "x", ImagePolicy(limits=Limits(metadata=4000)))


@pytest.mark.parametrize("large", [5000, 1 << 30])
def test_chunks_of_colours_behind_the_pixels_do_not_count(large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The specification has them before the pixels, and libpng does not look at them elsewhere."""
    monkeypatch.setattr(joining, "LARGE", large)
    data = by_pillow(RGB, "PNG")
    for late in (chunk(b"gAMA", (100_000).to_bytes(4, "big")), chunk(b"tRNS", bytes(6))):
        found = decode(data[:-12] + late + data[-12:], "x")
        assert found.frames == decode(data, "x").frames or plain(found)[:4] == plain(decode(data, "x"))[:4]
        assert found.notes == (f"its {late[4:8].decode()} chunk is behind the pixels and is left out",)
    assert decode(data[:-12] + chunk(b"tEXt", b"Comment\0late") + data[-12:], "x").notes == ()


def test_rows_behind_the_last_are_passed_over() -> None:
    """A file of two megabytes could go on for gigabytes."""
    data = by_pillow(RGB, "PNG")
    start = data.index(b"IDAT") - 4
    rows = b"".join(b"\0" + row.tobytes() for row in COLOURS[..., :3])
    pixels = chunk(b"IDAT", zlib.compress(rows + bytes(1 << 24)))
    found = decode(data[:start] + pixels + data[-12:], "x")
    assert found.frames[0].colours[:] == COLOURS[..., :3].tobytes()


@pytest.mark.parametrize("large", [5000, 1 << 30])
def test_a_palette_that_is_missing_is_an_error(large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "LARGE", large)
    data = by_pillow(RGB.quantize(13), "PNG")
    start = data.index(b"PLTE") - 4
    length = int.from_bytes(data[start : start + 4], "big")
    with pytest.raises(UnreadableImage, match=r"^x\.png: .*its palette is missing"):
        decode(data[:start] + data[start + 12 + length :], "x.png")


def test_pages_in_a_circle_are_left_to_the_reader() -> None:
    entries = [(254, 4, 1, 1), *((60_000 + tag, 1, 90_000, 8) for tag in range(400))]
    page = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    data = b"II*\0" + struct.pack("<I", 100_000) + bytes(100_000 - 8) + page + struct.pack("<I", 100_000)
    assert tiff.tiff_strips(io.BytesIO(data)) is None


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


@in_both_places
def test_files_that_are_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_IN_MEMORY", 100)
    for name, data in {"x.png": by_pillow(RGB, "PNG"), "x.jpg": by_pillow(RGB, "JPEG")}.items():
        path = tmp_path / name
        path.write_bytes(data)
        content, stamp = read_stamped(path)
        assert isinstance(content, LargeFile)
        assert stamp.size == len(data)
        assert plain(decode(content, path)) == plain(decode(data, path))
        assert files.read_file(path) == data
        path.write_bytes(data + b" ")
        with pytest.raises(UnreadableImage) as error:
            decode(content, path)
        assert str(error.value) == f"{path.as_posix()}: it changed while it was read"


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


def test_bytes_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_IN_MEMORY", 10)
    monkeypatch.setattr(kept, "_AT_A_TIME", 7)
    data = bytes(range(200))
    room = Room(200)
    room.add(data[:150])
    room.add(data[150:])
    found = room.kept()
    assert isinstance(found, Kept)
    assert len(found) == 200
    assert found[:] == data
    assert found[20:31] == data[20:31]
    assert bytes(found.mapped()) == data
    assert same(found, found)
    assert same(found, data)
    assert not same(found, data[:-1])
    assert not same(found, data[:-1] + b"x")


def test_a_folder_without_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_IN_MEMORY", 10)
    monkeypatch.setattr(kept, "free_memory", lambda: 1000)
    with pytest.raises(UnsupportedImage) as error:
        Room(1 << 60)
    folder = tempfile.gettempdir()
    assert str(error.value).startswith(f"its pixels need 1152921504.6 GB in the temporary folder {folder}: ")
    assert "TMPDIR" in str(error.value.hint)

    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=20))
    roomy = Room(200)  # it fits the memory then
    roomy.add(bytes(200))
    assert isinstance(roomy.kept(), bytes)
    monkeypatch.undo()
    monkeypatch.setattr(kept, "MOST_IN_MEMORY", 10)
    monkeypatch.setattr(joining, "LARGE", 5000)

    class Full(io.BytesIO):  # a stand-in: no file system here can be filled without harm
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Full())
    with pytest.raises(UnsupportedImage) as full:
        decode(by_pillow(RGB, "PNG"), "x.png")
    assert str(full.value).startswith("x.png: its pixels need 0.0 GB in the temporary folder")
    assert str(full.value).endswith("No space left on device")


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
