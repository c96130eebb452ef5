"""Where the fonts are: installed by the system's packages, or unpacked in a folder that the environment names."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

SYSTEM = Path("/usr/share/fonts")
UNPACKED = "CORPUS_FONTS"
"""Names a folder that has what the packages have in /usr/share/fonts, where nothing shall be installed."""


def roots() -> list[Path]:
    """Folders of fonts, the unpacked ones first."""
    unpacked = os.environ.get(UNPACKED)
    return [Path(unpacked), SYSTEM] if unpacked else [SYSTEM]


def find(path: str) -> Path:
    """A font's file, such as ``truetype/dejavu/DejaVuSans.ttf``."""
    for root in roots():
        if (root / path).exists():
            return root / path
    raise FileNotFoundError(f"no font {path}: README.md names the packages")


def configure() -> None:
    """Let fontconfig find unpacked fonts, for what asks it for them by name: cairo, in charts."""
    if UNPACKED not in os.environ or "FONTCONFIG_FILE" in os.environ:
        return
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folders = "".join(f"<dir>{root}</dir>" for root in roots())
    path = folder / "fonts.conf"
    path.write_text(
        f"<?xml version='1.0'?><fontconfig>{folders}<cachedir>{folder}</cachedir></fontconfig>", "utf-8"
    )
    os.environ["FONTCONFIG_FILE"] = str(path)
