"""``percept info`` as a person and a script meet it: real processes and whole outputs."""

from __future__ import annotations

import json
import platform
import re
from pathlib import Path

import pytest

from percept_cli import __version__
from percept_cli.cli.installation import IN_PILLOW, PACKAGES
from percept_cli.formats.known import FORMATS
from percept_cli.images.limits import USUAL_LIMITS
from tests.conftest import Percept

ABSENT = """
import importlib.metadata
from importlib import machinery

MODULES = {"pillow_heif", "pillow_jxl", "OpenEXR"}
PACKAGES = {"pillow-heif", "pillow-jxl-plugin", "OpenEXR"}
modules = machinery.PathFinder.find_spec
packages = importlib.metadata.MetadataPathFinder.find_distributions


def find_spec(name, *rest):
    return None if name.partition(".")[0] in MODULES else modules(name, *rest)


def find_distributions(context=importlib.metadata.DistributionFinder.Context()):
    return iter(()) if context.name in PACKAGES else packages(context)


machinery.PathFinder.find_spec = find_spec
importlib.metadata.MetadataPathFinder.find_distributions = find_distributions
"""

WHOLE = """\
percept *, Python *, *

Formats, which are known by a file's content and not by its ending
PNG           .png .apng                  1 to 16 bits, animations of 8
JPEG          .jpg .jpeg .jpe .jfif .mpo  8 bits
BMP           .bmp                        8 bits
GIF           .gif                        animations
PPM           .ppm .pgm .pbm .pnm .pam    1 to 16 bits; PBM, PGM, PAM too
WebP          .webp                       8 bits, animations
TIFF          .tif .tiff                  1 to 32 bits, floats, pages
AVIF          .avif .avifs                8, 10 and 12 bits, animations of 8
HEIC          .heic .heif .hif            not read, see below
JPEG XL       .jxl                        not read, see below
OpenEXR       .exr                        not read, see below
Radiance HDR  .hdr .pic                   light, RGBE
NumPy .npy    .npy                        arrays of colours or light
DIB           .dib                        8 bits; BMP without a file header
TGA           .tga .icb .vda .vst         8 bits

HEIC: needs pillow-heif, which is not installed. To have it:
  pip install 'percept-cli[heic]'

JPEG XL: needs pillow-jxl-plugin, which is not installed. To have it:
  pip install 'percept-cli[jxl]'

OpenEXR: needs OpenEXR, which is not installed. To have it:
  pip install 'percept-cli[hdr]'

Libraries
  torch              *
  torchvision        *
  numpy              *
  scipy              *
  safetensors        *
  pillow             *
  imagecodecs        *
  tifffile           *
  pillow-heif        not installed
  pillow-jxl-plugin  not installed
  OpenEXR            not installed
  pyarrow            *
  click              *
  rich               *
  jinja2             *
  littleCMS          *
  libjpeg-turbo      *
  zlib               *
  libwebp            *
  libavif            *
  libtiff            *

Limits of one file, where --limits sets no others
  pixels    1,000,000,000  pixels of all frames together
  file      4,000,000,000  bytes of the file
  frames           10,000  frames or pages
  metadata     16,000,000  bytes of profiles, EXIF, XMP and texts, unpacked
  Above all, what is read must fit the memory that is free.
"""


@pytest.fixture
def without_extras(tmp_path: Path) -> dict[str, str]:
    """The environment of a Python in which the libraries of the extras cannot be found."""
    (tmp_path / "sitecustomize.py").write_text(ABSENT, encoding="utf-8")
    return {"PYTHONPATH": str(tmp_path)}


def without_versions(text: str) -> str:
    first, rest = text.split("\n", 1)
    assert first == f"percept {__version__}, Python {platform.python_version()}, " + " ".join(
        (platform.system(), platform.machine())
    )
    return "percept *, Python *, *\n" + re.sub(r"^(  [A-Za-z][\w-]* +)\d[\w.+-]*$", r"\1*", rest, flags=re.M)


def test_the_whole_of_it_where_the_extras_are_missing(percept: Percept, without_extras: dict[str, str]) -> None:
    done = percept("info", env=without_extras)
    assert (done.returncode, done.stderr) == (0, "")
    assert without_versions(done.stdout) == WHOLE
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_with_everything_nothing_is_to_be_installed(percept: Percept) -> None:
    done = percept("info")
    assert done.returncode == 0
    assert "HEIC          .heic .heif .hif            8, 10 and 12 bits\n" in done.stdout
    assert "not read" not in done.stdout
    assert "pip" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert done.stdout.isascii()


def test_json(percept: Percept, without_extras: dict[str, str]) -> None:
    done = percept("info", "--format", "json", env=without_extras)
    document = json.loads(done.stdout)
    assert list(document) == ["percept", "python", "system", "formats", "libraries", "limits"]
    assert [entry["name"] for entry in document["formats"]] == [entry.name for entry in FORMATS]
    heic = document["formats"][8]
    assert heic == {
        "name": "HEIC",
        "endings": [".heic", ".heif", ".hif"],
        "reads": "8, 10 and 12 bits",
        "available": False,
        "why": "needs pillow-heif, which is not installed",
        "install": "pip install 'percept-cli[heic]'",
    }
    assert {entry["install"] for entry in document["formats"] if entry["available"]} == {None}
    assert list(document["libraries"]) == [*PACKAGES, *IN_PILLOW]
    assert document["libraries"]["pillow-heif"] is None
    assert document["limits"]["pixels"] == USUAL_LIMITS.pixels
    assert percept("info", "--format", "json").stdout.count("null") == 2 * len(FORMATS)


def test_devices_are_listed_when_asked_for(percept: Percept) -> None:
    done = percept("info", "--devices", env={"CUDA_VISIBLE_DEVICES": ""})
    assert re.search(r"\n\nDevices\n  cpu +\d+ processors?(, which auto takes)?\n", done.stdout)
    document = json.loads(percept("info", "--devices", "--format", "json").stdout)
    assert document["devices"][0]["name"] == "cpu"
    assert [device["chosen"] for device in document["devices"]].count(True) == 1


def test_usage(percept: Percept) -> None:
    done = percept("info", "--format", "xml")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'xml' is not one of 'text', 'json'" in done.stderr
    assert percept("info", "more").returncode == 2
