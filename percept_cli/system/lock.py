"""A lock between processes, as a file."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path


class Lock:
    """A file that one process at a time has locked; on Windows, which has no such locks, it is only there.

    Raises:
        BlockingIOError: if another process has.
        OSError: if there can be no such file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        while True:
            # A link in its place must not make a file elsewhere.
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
            try:
                if sys.platform != "win32":  # where a file that is open can be neither replaced nor removed
                    import fcntl

                    fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BaseException:  # Ctrl-C included: nobody else would close it
                os.close(self._file)
                raise
            # The process that had it may have removed it between opening and locking; others then open a new one.
            with suppress(FileNotFoundError):
                if os.path.samestat(path.stat(), os.fstat(self._file)):
                    return
            os.close(self._file)

    def release(self) -> None:
        """Leave nothing behind."""
        if sys.platform == "win32":
            os.close(self._file)
        with suppress(OSError):
            self._path.unlink()
        if sys.platform != "win32":
            os.close(self._file)
