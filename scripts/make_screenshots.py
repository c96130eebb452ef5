"""Screenshots of the HTML report, light and dark, for the documentation: `python -m scripts.make_screenshots`.

Needs Chromium, as the tests of the report do.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "images"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LARGEST = 200_000
"""Bytes of each file."""
SHOWN = "chart-missing-series.png"
"""The image that is chosen in the report."""
_INCLUDED = ("chart-*", "ui-*", "scene-*", "text-blur*")
_SIZE = {"width": 1280, "height": 800}  # pixels
_DRAWN = """() => document.querySelectorAll(".row").length
  && [...document.querySelectorAll(".pane:not([hidden]) img.shot")].every((shot) => shot.complete)"""


def write_report(folder: Path) -> Path:
    """Check the sample images, with their names as in a clone, and write the report."""
    (folder / "sample_images").symlink_to(ROOT / "sample_images")
    command = [sys.executable, "-m", "percept_cli", "check", "sample_images/reference", "sample_images/candidate"]
    included = [word for pattern in _INCLUDED for word in ("--include", pattern)]
    done = subprocess.run([*command, *included, "-o", "report.html", "-q"], cwd=folder, check=False)
    if done.returncode != 1:  # some of them differ
        raise SystemExit(f"percept check ended with {done.returncode}")
    return folder / "report.html"


def screenshots(report: Path) -> Iterator[tuple[str, Image.Image]]:
    """The report in each scheme."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or "chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, chromium_sandbox=os.geteuid() != 0)
        for scheme in SCHEMES:
            page = browser.new_page(viewport=_SIZE, color_scheme=scheme)  # type: ignore[arg-type]
            page.goto(report.as_uri())
            page.locator(f'.row[title="{SHOWN}"]').click()
            page.wait_for_function(_DRAWN)
            page.mouse.move(0, 0)
            page.wait_for_timeout(300)  # until colours have faded to those of a row that is chosen
            yield scheme, Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            page.close()
        browser.close()


def main(arguments: Sequence[str] | None = None) -> None:
    """Write both files."""
    if arguments or sys.argv[1:]:
        raise SystemExit(__doc__)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        for scheme, image in screenshots(write_report(Path(folder))):
            path = FOLDER / f"report-{scheme}.png"
            image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
            size = path.stat().st_size
            print(f"{path.relative_to(ROOT)}: {image.width} × {image.height}, {size:,} bytes")
            if size > LARGEST:
                raise SystemExit(f"{path.name} has more than {LARGEST:,} bytes")


if __name__ == "__main__":
    main()
