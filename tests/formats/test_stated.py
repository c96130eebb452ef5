"""Small files that say that they are large: refused before memory is taken; honest flat pictures are not."""

from __future__ import annotations

import io
import resource
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from percept_cli.errors import PerceptError, UnreadableImage, UnsupportedImage
from percept_cli.formats.decode import decode
from percept_cli.formats.stated import check_claims
from percept_cli.images.limits import Limits
from tests.conftest import ROOT, drawing

SIDE = 20_000
"""Of the picture that is stated: 400 Mpx, which the limits allow, and which take gigabytes."""
MOST_MEMORY = 400 << 10
"""Kilobytes: an interpreter with Pillow, numpy and the libraries of all formats takes 120 MB of these."""


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def small() -> Image.Image:
    return drawing(23, 17)


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(*, interlaced: bool = False, depth: int = 8) -> bytes:
    header = struct.pack(">IIBBBBB", SIDE, SIDE, depth, 6, 0, 0, interlaced)
    pixels = chunk(b"IDAT", zlib.compress(bytes(500)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


def apng(stated: int, there: int = 1) -> bytes:
    """One pixel, and as many frames as wanted."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    control = b"".join(
        chunk(b"fcTL", struct.pack(">IIIIIHHBB", max(0, 2 * number - 1), 1, 1, 0, 0, 1, 10, 0, 0))
        + (
            chunk(b"fdAT", struct.pack(">I", 2 * number) + zlib.compress(bytes(4)))
            if number
            else chunk(b"IDAT", zlib.compress(bytes(4)))
        )
        for number in range(there)
    )
    said = chunk(b"acTL", struct.pack(">II", stated, 0))
    return b"\x89PNG\r\n\x1a\n" + header + said + control + chunk(b"IEND", b"")


def sized(data: bytes, at: int, form: str) -> bytes:
    """With other sides."""
    sides = struct.pack(form, SIDE, SIDE)
    return data[:at] + sides + data[at + len(sides) :]


def gif(*, screen: bool, frame: bool) -> bytes:
    frames = [drawing(23, 17, seed).quantize() for seed in (0, 1)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], optimize=False)
    if screen:
        data = sized(data, 6, "<HH")
    # Each frame begins with a comma and its place, 0 and 0.
    return data.replace(b",\0\0\0\0\x17\0\x11\0", b",\0\0\0\0" + struct.pack("<HH", SIDE, SIDE)) if frame else data


def far_gif() -> bytes:
    """A frame far beyond the screen, for which Pillow makes the picture larger."""
    return gif(screen=False, frame=False).replace(
        b",\0\0\0\0\x17\0\x11\0", b"," + struct.pack("<HH", SIDE, SIDE) + b"\x17\0\x11\0"
    )


def webp() -> bytes:
    """An animation on a canvas of its own size; of a still picture the canvas is its own."""
    data = saved(small(), "WEBP", save_all=True, append_images=[drawing(23, 17, 1)], lossless=True)
    at = data.index(b"VP8X") + 12
    side = (SIDE - 1).to_bytes(3, "little")
    return data[:at] + side + side + data[at + 6 :]


def tiff(compression: str | None, *, width: int = SIDE) -> bytes:
    data = saved(small(), "TIFF", compression=compression)
    for tag, value in ((256, width), (257, SIDE), (278, SIDE)):
        place = data.find(struct.pack("<HHI", tag, 4, 1))
        short = data.find(struct.pack("<HHI", tag, 3, 1))
        at = max(place, short)
        assert at > 0
        data = data[:at] + struct.pack("<HHII", tag, 4, 1, value) + data[at + 12 :]
    return data


def jpeg(**options: Any) -> bytes:
    data = saved(small(), "JPEG", **options)
    at = data.index(b"\xff\xc2" if options else b"\xff\xc0")
    return sized(data, at + 5, ">HH")


def text(kind: int) -> bytes:
    largest = b"" if kind in (1, 4) else b" 255"
    return b"P%d %d %d" % (kind, SIDE, SIDE) + largest + b"\n" + b"1 0 " * 20


BOMBS: dict[str, Callable[[], bytes]] = {
    "png": png,
    "png interlaced": lambda: png(interlaced=True),
    "png of 16 bits": lambda: png(depth=16),
    "png of 16 bits interlaced": lambda: png(depth=16, interlaced=True),
    "apng of 2 billion frames": lambda: apng((1 << 31) - 1),
    "apng of 4 billion frames": lambda: apng((1 << 32) - 1),
    "apng of one frame too many": lambda: apng(4, there=3),
    "jpeg": jpeg,
    "jpeg progressive": lambda: jpeg(progressive=True),
    "bmp": lambda: sized(saved(small(), "BMP"), 18, "<ii"),
    "dib": lambda: sized(saved(small(), "DIB"), 4, "<ii"),
    "gif screen": lambda: gif(screen=True, frame=False),
    "gif frames": lambda: gif(screen=False, frame=True),
    "gif both": lambda: gif(screen=True, frame=True),
    "gif far": far_gif,
    **{f"pnm {kind}": lambda kind=kind: text(kind) for kind in range(1, 7)},  # type: ignore[misc]
    "webp": webp,
    "tga": lambda: sized(saved(small(), "TGA"), 12, "<HH"),
    "tga packed": lambda: sized(saved(small(), "TGA", compression="tga_rle"), 12, "<HH"),
    **{f"tiff {kind}": lambda kind=kind: tiff(kind) for kind in (None, "tiff_lzw", "packbits")},  # type: ignore[misc]
    "tiff deflate": lambda: tiff("tiff_deflate", width=200_000),
}


SYSTEM = pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux tells it")


@pytest.mark.parametrize("name", BOMBS)
def test_what_a_file_cannot_hold_is_refused(name: str) -> None:
    data = BOMBS[name]()
    assert len(data) < 4000
    with pytest.raises((UnreadableImage, UnsupportedImage), match=r"^bomb: ") as error:
        decode(data, "bomb")
    assert error.value.hint


@SYSTEM
def test_bombs_take_no_memory(tmp_path: Path) -> None:
    """All of them in one process, which sees for itself how much it took."""
    for number, make in enumerate(BOMBS.values()):
        (tmp_path / str(number)).write_bytes(make())
    code = (
        "import re, sys, warnings, pathlib\n"
        "from PIL import Image; Image.MAX_IMAGE_PIXELS = None  # as the commands have it\n"
        "from percept_cli.errors import PerceptError\n"
        "from percept_cli.formats.decode import decode\n"
        "warnings.simplefilter('ignore')\n"
        "for path in pathlib.Path(sys.argv[1]).iterdir():\n"
        "    try: decode(path.read_bytes(), 'bomb')\n"
        "    except PerceptError: continue\n"
        "    raise SystemExit(path.name)\n"
        # Not ru_maxrss, which counts the process that this one was forked from.
        "print(re.search(r'VmHWM:\\s+(\\d+) kB', pathlib.Path('/proc/self/status').read_text())[1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )  # 20,000 × 20,000 pixels are more than Pillow's own limit, which must not be what refuses them
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < MOST_MEMORY


@SYSTEM
def test_a_bomb_on_the_command_line(tmp_path: Path) -> None:
    """127 bytes took 8 GB and 90 s, and no limit helped."""
    (tmp_path / "bomb.png").write_bytes(apng((1 << 31) - 1))
    small().save(tmp_path / "a.png")
    command = [sys.executable, "-m", "percept_cli", "compare", "a.png", "bomb.png", "--limits", "frames=10"]
    done = subprocess.run(
        [*command, "--frame", "1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30)),
    )
    assert done.returncode == 3
    assert "bomb.png: the image is damaged or truncated: only 1 of the 2,147,483,647 frames that" in done.stderr


HONEST: dict[str, Callable[[], bytes]] = {
    "png": lambda: saved(Image.new("L", (6000, 6000), 7), "PNG", compress_level=9),
    "png of 1 bit": lambda: saved(Image.new("1", (9_000, 9_000)), "PNG", compress_level=9),
    "apng": lambda: saved(
        Image.new("L", (300, 300)),
        "PNG",
        save_all=True,
        append_images=[drawing(300, 300, n).convert("L") for n in (1, 2)],
    ),
    "jpeg": lambda: saved(Image.new("L", (6000, 6000), 7), "JPEG", optimize=True),
    "jpeg progressive": lambda: saved(Image.new("RGB", (4000, 4000)), "JPEG", progressive=True, optimize=True),
    "gif": lambda: saved(Image.new("P", (4000, 4000), 3), "GIF"),
    "webp": lambda: saved(Image.new("RGB", (4000, 4000), (1, 2, 3)), "WEBP", lossless=True),
    "tga": lambda: saved(Image.new("L", (3000, 3000)), "TGA", compression="tga_rle"),
    "bmp": lambda: saved(Image.new("1", (9000, 9000)), "BMP"),
    **{
        f"tiff {kind}": lambda kind=kind: saved(Image.new("L", (6000, 6000)), "TIFF", compression=kind)  # type: ignore[misc]
        for kind in ("tiff_lzw", "tiff_deflate", "packbits", "tiff_adobe_deflate")
    },
    "tiff group4": lambda: saved(Image.new("1", (9000, 9000)), "TIFF", compression="group4"),
    "pbm": lambda: b"P1 2000 2000\n" + b"01" * 2_000_000,
    "pbm raw": lambda: saved(Image.new("1", (9000, 9000)), "PPM"),
    "a frame on a larger screen": lambda: sized_screen(4000),
}


def sized_screen(side: int) -> bytes:
    """16 Mpx of which a frame covers next to nothing."""
    data = gif(screen=False, frame=False)
    return data[:6] + struct.pack("<HH", side, side) + data[10:]


@pytest.mark.parametrize("name", HONEST)
def test_what_is_flat_is_not_refused(name: str) -> None:
    data = HONEST[name]()
    check_claims(data, Limits())
    with Image.open(io.BytesIO(data)) as image:
        assert image.width * image.height > (1 << 20 if name != "apng" else 0)


def test_frames_are_counted_before_they_are_listed() -> None:
    data = apng(12, there=12)
    assert len(decode(data, "a.png").frames) == 12
    from percept_cli.images.policy import ImagePolicy

    with pytest.raises(UnsupportedImage, match=r"^a\.png: its 12 frames are more than the limit of 10"):
        decode(data, "a.png", ImagePolicy(limits=Limits(frames=10)))
    assert len(decode(data, "a.png", ImagePolicy(limits=Limits(frames=10), frame=12)).frames) == 1


def test_a_canvas_has_the_limit_of_pixels_before_a_library_makes_one() -> None:
    with pytest.raises(
        PerceptError,
        match=r"a\.gif: 20000×20000 pixels are more than the limit of 1,000,000",
    ):
        from percept_cli.images.policy import ImagePolicy

        decode(gif(screen=True, frame=False), "a.gif", ImagePolicy(limits=Limits(pixels=1_000_000)))
