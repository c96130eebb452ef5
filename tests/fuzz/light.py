"""Damaged files of light through their readers: no crash, no hang, no error without a type, little memory.

    python -m tests.fuzz.light [--count N] [--seed N]

Files are read in a process of its own under a limit for memory, since OpenEXR is C++: whatever it does is seen
from outside. A case is made again by its number.
"""

from __future__ import annotations

import argparse
import random
import re
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from percept_cli.errors import UnreadableImage, UnsupportedImage
from percept_cli.images.scenes import nonfinite, read_exr, read_float_tiff, read_hdr, read_npy
from tests.scenes import (
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

MEMORY = 2 << 30  # bytes of addresses
SECONDS = 20.0  # for one file
PIXELS = 1 << 20  # what the check lets pass
_HEADER = 600  # bytes at the beginning that are damaged most
_NUMBERS = [struct.pack("<i", number) for number in (0, 1, -1, 2**31 - 1, -(2**31), 1 << 16, 1 << 24, 255, 128)]
_READERS: dict[str, Callable[..., Any]] = {
    "exr": read_exr,
    "hdr": read_hdr,
    "npy": read_npy,
    "tiff": read_float_tiff,
}


def sound_files() -> dict[str, bytes]:
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
        for kind in ("NO", "RLE", "ZIPS", "ZIP", "PIZ", "PXR24", "B44", "B44A", "DWAA", "DWAB", "HTJ2K32", "ZSTD"):
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


def damaged(rng: random.Random, data: bytes) -> bytes:
    """A file with some bytes, numbers or parts of it wrong."""
    found = bytearray(data)
    near = min(len(found), _HEADER)
    way = rng.randrange(6)
    if way == 0:
        del found[rng.randrange(len(found)) :]
    elif way == 1:
        for _ in range(rng.randrange(1, 9)):
            found[rng.randrange(len(found))] ^= 1 << rng.randrange(8)
    elif way == 2:
        for _ in range(rng.randrange(1, 4)):
            found[rng.randrange(near)] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
    elif way == 3:
        at = rng.randrange(near)
        found[at : at + 4] = rng.choice(_NUMBERS)
    elif way == 4:
        at, size = rng.randrange(len(found)), rng.randrange(1, 64)
        found[at : at + size] = rng.randbytes(size)
    else:
        at, size = rng.randrange(len(found)), rng.randrange(1, 64)
        found[at:at] = found[at : at + size] if rng.random() < 0.5 else b""
        del found[at + size : at + size + rng.choice((0, 1, size))]
    return bytes(found)


def case(number: int, files: dict[str, bytes]) -> tuple[str, bytes]:
    """The damaged file of a number, and what it was made from."""
    rng = random.Random(number)
    # OpenEXR's files are many; each reader has its turn.
    kind = rng.choice(sorted(_READERS))
    name = rng.choice([name for name in sorted(files) if name.startswith(kind)])
    return name, damaged(rng, files[name])


def outcome(name: str, data: bytes) -> str:
    """What a reader makes of a file, in a word; an error without a type goes through."""

    def check(width: int, height: int) -> None:
        if width * height > PIXELS:
            raise UnsupportedImage("too large", hint="make it smaller.")

    try:
        decoded = _READERS[name.partition("-")[0]](data, "damaged", check)
    except (UnreadableImage, UnsupportedImage) as error:
        assert str(error).startswith("damaged: "), str(error)
        assert error.hint
        return type(error).__name__
    for frame in decoded.frames:
        size = 4 if frame.deep else 1
        assert len(frame.colours) == frame.width * frame.height * 3 * size
        assert frame.alpha is None or len(frame.alpha) == frame.width * frame.height * size
    nonfinite(decoded)
    return "picture"


def run_piece(first: int, count: int, note: Path) -> None:
    """Read some files in this process; what is going on stands in a note for whoever finds the process dead."""
    files = sound_files()
    for name, data in files.items():
        assert outcome(name, data) == "picture", name
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for number in range(first, first + count):
        note.write_text(str(number))
        name, data = case(number, files)
        start = time.perf_counter()
        outcomes[f"{name.partition('-')[0]}:{outcome(name, data)}"] += 1
        slowest = max(slowest, time.perf_counter() - start)
    assert slowest < SECONDS
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(*(f"{key}={value}" for key, value in sorted(outcomes.items())))
    print(f"slowest {slowest:.3f} s, at most {most} MB", file=sys.stderr)


def run(count: int, seed: int) -> tuple[Counter[str], str]:
    """Read so many damaged files in a child: how they came out, and what must not happen, or an empty text."""
    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder) / "note"
        command = [
            sys.executable,
            "-m",
            "tests.fuzz.light",
            "--child",
            str(note),
            f"--count={count}",
            f"--seed={seed}",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            at = note.read_text() if note.exists() else "the sound files"
            return Counter(), f"case {at}: ended with {done.returncode}\n{done.stderr[-3000:]}"
    print(done.stderr.splitlines()[-1], file=sys.stderr)
    # OpenEXR's codec of JPEG 2000 writes there as well.
    found = re.findall(r"^(\w+:\w+)=(\d+)$", done.stdout.replace(" ", "\n"), re.MULTILINE)
    return Counter({key: int(value) for key, value in found}), ""


def main() -> int:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        run_piece(asked.seed, asked.count, asked.child)
        return 0
    outcomes, finding = run(asked.count, asked.seed)
    print(*(f"{key} {value}" for key, value in sorted(outcomes.items())), finding, sep="\n")
    return 1 if finding else 0


if __name__ == "__main__":
    sys.exit(main())
