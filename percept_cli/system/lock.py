"""Locks between processes, on every system, by filelock: nothing else in percept locks.

It locks files that are open. Its own lock files are not used, since they stay for ever: a folder of baselines,
which people commit, must not be left with a file that means nothing, nor one of weights.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path


def hold(descriptor: int) -> None:
    """Lock an open file until it is closed. On Windows nobody else can read its first byte meanwhile.

    Raises:
        BlockingIOError: if another process has locked it.
        OSError: if the file system has no locks.
    """
    from filelock import lock_descriptor  # which takes a while to import, and most runs lock nothing

    if not lock_descriptor(descriptor, blocking=False):
        raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK))


class Lock:
    """A file that is there, and locked, as long as one process does what two must not do at once.

    Raises:
        BlockingIOError: if another process has it.
        OSError: if there can be no such file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        while True:
            # A link in its place must not make a file elsewhere.
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
            try:
                hold(self._file)
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
        if sys.platform == "win32":  # where a file that is open cannot be removed
            os.close(self._file)
        with suppress(OSError):
            self._path.unlink()
        if sys.platform != "win32":
            os.close(self._file)
