"""The registry of formats: what each row names is there."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pkgutil import resolve_name

import numpy as np
import pytest
from PIL import Image

from percept_cli.formats.known import FORMATS, PICTURE_ENDINGS, PILLOW_FORMATS, FileFormat, available, format_of


@pytest.mark.parametrize("entry", FORMATS, ids=lambda entry: entry.name)
def test_the_reader_of_each_format_is_there(entry: FileFormat) -> None:
    assert callable(resolve_name(f"percept_cli.formats.{entry.reader}"))


def written(form: str, **options: object) -> bytes:
    """A small picture as Pillow writes it."""
    stream = io.BytesIO()
    Image.new("RGB", (9, 7), (1, 2, 3)).save(stream, form, **options)
    return stream.getvalue()


def npy() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.zeros((2, 2)))
    return stream.getvalue()


def iso(*brands: bytes) -> bytes:
    """The head of an ISO media file."""
    body = brands[0] + b"\0\0\0\0" + b"".join(brands[1:])
    return (8 + len(body)).to_bytes(4, "big") + b"ftyp" + body + b"\0\0\0\x08free"


SAMPLES: dict[str, tuple[Callable[[], bytes], str | None]] = {
    "Pillow's PNG": (lambda: written("PNG"), "PNG"),
    "Pillow's JPEG": (lambda: written("JPEG"), "JPEG"),
    "Pillow's BMP": (lambda: written("BMP"), "BMP"),
    "Pillow's DIB": (lambda: written("DIB"), "DIB"),
    "Pillow's GIF": (lambda: written("GIF"), "GIF"),
    "Pillow's PPM": (lambda: written("PPM"), "PPM"),
    "Pillow's WebP": (lambda: written("WEBP"), "WebP"),
    "Pillow's TIFF": (lambda: written("TIFF"), "TIFF"),
    "Pillow's BigTIFF": (lambda: written("TIFF", big_tiff=True), "TIFF"),
    "Pillow's AVIF": (lambda: written("AVIF"), "AVIF"),
    "Pillow's TGA": (lambda: written("TGA"), "TGA"),
    "Pillow's TGA, run-length": (lambda: written("TGA", compression="tga_rle"), "TGA"),
    "plain PBM": (lambda: b"P1\n1 1\n0\n", "PPM"),
    "P7": (lambda: b"P7\nWIDTH 1\n", "PPM"),
    "two letters of text": (lambda: b"P5", None),
    "AVIF by its second brand": (lambda: iso(b"mif1", b"miaf", b"avif"), "AVIF"),
    "HEIC": (lambda: iso(b"heic", b"mif1"), "HEIC"),
    "HEIC by its second brand": (lambda: iso(b"mif1", b"heic"), "HEIC"),
    "a container of something": (lambda: iso(b"mif1", b"jpeg"), "HEIC"),
    "a sequence of AVIF": (lambda: iso(b"avis", b"msf1"), "AVIF"),
    "a film": (lambda: iso(b"isom", b"mp42"), None),
    "a box that ends early": (lambda: iso(b"mif1", b"avif")[:14], "HEIC"),
    "a box without brands": (lambda: b"\0\0\0\x08ftyp", None),
    "bare JPEG XL": (lambda: b"\xff\x0a\x00", "JPEG XL"),
    "JPEG XL in a container": (lambda: b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    "OpenEXR": (lambda: b"\x76\x2f\x31\x01\x02\0\0\0", "OpenEXR"),
    "Radiance": (lambda: b"#?RADIANCE\n", "Radiance HDR"),
    "Radiance by its other name": (lambda: b"#?RGBE\n", "Radiance HDR"),
    "NumPy": (npy, "NumPy .npy"),
    "nothing": (lambda: b"", None),
    "one byte": (lambda: b"\x89", None),
    "text": (lambda: b"once upon a time there was a picture", None),
    "zeros": (lambda: bytes(100), None),
}


@pytest.mark.parametrize("case", SAMPLES)
def test_a_file_is_known_by_its_content(case: str) -> None:
    make, expected = SAMPLES[case]
    found = format_of(make())
    assert (found.name if found else None) == expected


def test_every_format_has_a_sample() -> None:
    assert {name for _, name in SAMPLES.values() if name} == {entry.name for entry in FORMATS}


def test_the_head_is_enough() -> None:
    for make, _ in SAMPLES.values():
        data = make()
        assert format_of(data) is format_of(data[:300])


def test_pillow_knows_its_names_and_loads_the_light_ones_first() -> None:
    Image.init()
    assert set(PILLOW_FORMATS) <= set(Image.OPEN)
    assert PILLOW_FORMATS[:5] == ("PNG", "JPEG", "BMP", "GIF", "PPM")
    assert PILLOW_FORMATS[-1] == FORMATS[-1].pillow == "TGA"


def test_words_fit_and_endings_are_those_of_pictures() -> None:
    endings = [ending for entry in FORMATS for ending in entry.endings]
    assert len(set(endings)) == len(endings)
    assert all(len(entry.reads) <= 38 for entry in FORMATS)
    assert all(ending == ending.lower() and ending[0] == "." for ending in endings)
    new = {".hif", ".avifs", ".npy", ".icb", ".vda", ".vst", ".pic"}
    assert set(endings) - new <= PICTURE_ENDINGS


def test_what_is_missing_is_said_with_what_to_type() -> None:
    """In a Python where the libraries cannot be found, as none is where they were never installed."""
    code = """
import json, sys
from importlib import machinery
known = machinery.PathFinder.find_spec
machinery.PathFinder.find_spec = lambda name, *rest: (
    None if name in ("pillow_heif", "pillow_jxl", "OpenEXR") else known(name, *rest))
from PIL import features
features.modules.pop("avif", None)
from percept_cli.formats.known import FORMATS, available
print(json.dumps({entry.name: [available(entry).why, available(entry).hint] for entry in FORMATS
                  if not available(entry).here}))
print("numpy" in sys.modules, "torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    missing, imported = done.stdout.splitlines()
    assert json.loads(missing) == {
        "AVIF": ["this Pillow was built without avif", "pip install --upgrade --force-reinstall pillow"],
        "HEIC": ["needs pillow-heif, which is not installed", "pip install 'percept-cli[heic]'"],
        "JPEG XL": ["needs pillow-jxl-plugin, which is not installed", "pip install 'percept-cli[jxl]'"],
        "OpenEXR": ["needs OpenEXR, which is not installed", "pip install 'percept-cli[hdr]'"],
    }
    assert imported == "False False"


def test_what_comes_with_percept_is_here() -> None:
    for entry in FORMATS:
        if entry.library is None:
            assert available(entry).here, entry.name
