"""`percept info` as a person meets it: real processes and whole outputs."""

from __future__ import annotations

import platform
import re

from percept_cli import __version__
from tests.conftest import Percept
from tests.support.installations import without_extras as without_extras

WHOLE = """\
percept *, Python *, *

Formats (detected from a file's content, not from its extension)
PNG           .png .apng                  1 to 16 bits; animations at 8
JPEG          .jpg .jpeg .jpe .jfif .mpo  8 bits
BMP           .bmp                        8 bits
GIF           .gif                        animations
PPM           .ppm .pgm .pbm .pnm .pam    1 to 16 bits; PBM, PGM, PAM too
WebP          .webp                       8 bits, animations
TIFF          .tif .tiff                  1 to 32 bits, floats, several pages
AVIF          .avif .avifs                8, 10 and 12 bits; animations at 8
HEIC          .heic .heif .hif            not available, see below
JPEG XL       .jxl                        not available, see below
OpenEXR       .exr                        not available, see below
Radiance HDR  .hdr .pic                   scene-linear values, RGBE
NumPy .npy    .npy                        arrays: levels or scene-linear values
DIB           .dib                        8 bits; BMP without a file header
TGA           .tga .icb .vda .vst         8 bits

HEIC: needs pillow-heif, which is not installed. To install it:
  pip install 'percept-cli[heic]'

JPEG XL: needs pillow-jxl-plugin, which is not installed. To install it:
  pip install 'percept-cli[jxl]'

OpenEXR: needs OpenEXR, which is not installed. To install it:
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

Convolutions on the CPU (PERCEPT_CONVOLUTION changes it)
  *

Limits of a file (--limits changes them)
  pixels    1,000,000,000  pixels of all frames together
  file      4,000,000,000  bytes of the file
  frames           10,000  frames or pages
  metadata     16,000,000  bytes of profiles, EXIF, XMP and texts, uncompressed
  An image that is not read in strips must also fit into free memory.
"""


def without_versions(text: str) -> str:
    first, rest = text.split("\n", 1)
    assert first == f"percept {__version__}, Python {platform.python_version()}, " + " ".join(
        (platform.system(), platform.machine())
    )
    rest = re.sub(r"^(  [A-Za-z][\w-]* +)\d[\w.+-]*$", r"\1*", rest, flags=re.M)
    return "percept *, Python *, *\n" + re.sub(r"(\nConvolutions .*\n)(  .*\n)+", r"\1  *\n", rest)


def test_the_whole_of_it_where_the_extras_are_missing(percept: Percept, without_extras: dict[str, str]) -> None:
    done = percept("info", env=without_extras)
    assert (done.returncode, done.stderr) == (0, "")
    assert without_versions(done.stdout) == WHOLE
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_with_everything_nothing_is_to_be_installed(percept: Percept) -> None:
    done = percept("info")
    assert done.returncode == 0
    assert "HEIC          .heic .heif .hif            8, 10 and 12 bits\n" in done.stdout
    assert "not available" not in done.stdout
    assert "pip" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert done.stdout.isascii()


def test_usage(percept: Percept) -> None:
    done = percept("info", "--format", "xml")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'xml' is not one of 'text', 'json'" in done.stderr
    assert percept("info", "more").returncode == 2
