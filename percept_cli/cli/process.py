"""What percept sets for a process that is all its own, and never for a program that imports it."""

from __future__ import annotations

import os

from percept_cli.system import libraries
from percept_cli.system.machine import processors


def settle_in() -> None:
    """Call it before torch is loaded and before an image is read.

    Raises:
        LibraryUnavailable: if the process is allowed too little memory for what reads images.
    """
    libraries.try_out("numpy", "PIL.Image")
    # torch counts the machine's processors, not those that a container may use: too many threads only wait.
    allowed = processors()
    if "OMP_NUM_THREADS" not in os.environ and allowed < (os.cpu_count() or 1):
        os.environ["OMP_NUM_THREADS"] = str(allowed)
    from PIL import Image

    # Pillow's limit is for servers that are sent images by strangers. Here the memory is the limit, see decode.
    Image.MAX_IMAGE_PIXELS = None
