"""A named pipe, and what is written to it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe.png")
    return tmp_path / "pipe.png"


def written(path: Path, write: Callable[[int], object]) -> threading.Thread:
    """Opens a pipe for writing in a thread, and closes it behind what is written."""

    def run() -> None:
        descriptor = os.open(path, os.O_WRONLY)
        try:
            write(descriptor)
        except BrokenPipeError:
            pass
        finally:
            os.close(descriptor)

    thread = threading.Thread(target=run)
    thread.start()
    return thread
