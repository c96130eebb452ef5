"""The errors that percept raises, each with an exit code and a hint.

The command line prints them as ``Error: …`` and ``Hint: …`` on standard error. An exception that is not a
``PerceptError`` is a bug in percept and keeps its traceback.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from difflib import get_close_matches
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes, like those of diff(1): trouble is above 1, so it never looks like a difference.

    - ``WITHIN``: every pair is within its threshold, or no threshold was given.
    - ``ABOVE``: at least one pair exceeds its threshold or a limit, or an image has no counterpart.
    - ``USAGE``: the command line or a config file is wrong, or an output cannot be written.
    - ``INPUT``: an input could not be read or compared, or there was nothing to compare. Takes precedence over
      ``ABOVE``.
    - ``UNAVAILABLE``: weights, a device, memory or a library is not available.
    - ``DEFECT``: percept itself failed; the traceback is printed.
    - ``HUNG_UP``: stopped because its terminal was closed (128 + SIGHUP).
    - ``INTERRUPTED``: stopped by Ctrl-C (128 + SIGINT).
    - ``TERMINATED``: stopped by the system or another program (128 + SIGTERM).
    """

    WITHIN = 0
    ABOVE = 1
    USAGE = 2
    INPUT = 3
    UNAVAILABLE = 4
    DEFECT = 70
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


class PerceptError(Exception):
    """The base class of all errors that a user can act on.

    Attributes:
        exit_code: The exit code of the command line (see ``percept_cli.errors.ExitCode``).
        hint: What to do about it, in one sentence; may be empty.
    """

    exit_code = ExitCode.INPUT

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class _Usage(PerceptError):
    exit_code = ExitCode.USAGE


class InvalidSetting(_Usage):
    """An option, an argument, a preset or a settings file has an unknown or impossible value."""


class OldName(FutureWarning):
    """A setting or preset was given by its old name, which still works."""


def warn_of_old_name(message: str, where: str = "") -> None:
    """Warn with ``OldName``, at the line outside of percept that the name came from.

    Args:
        message: what was given, and what to write instead.
        where: the file that it stands in, if it stands in one.
    """
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == __package__:
        frame, level = frame.f_back, level + 1
    warnings.warn(f"{where}: {message}" if where else message, OldName, stacklevel=level)


class OutputUnwritable(_Usage):
    """An output file or folder cannot be written."""


class MissingLibrary(_Usage):
    """A feature needs a library that is an optional extra and is not installed."""


class UnreadableImage(PerceptError):
    """A file is missing, is not an image, or is damaged."""


class UnsupportedImage(PerceptError):
    """An image is intact, but percept cannot compare images of this kind, or of this size."""


class InvalidInput(PerceptError):
    """An argument passed from Python is not a usable image, array or tensor; the message names it."""


class SizeMismatch(PerceptError):
    """The two images have different sizes or frame counts; percept never resizes unasked."""


class NotFinite(PerceptError):
    """An HDR image has NaN or infinite pixels, so no distance could be trusted."""


class UnreadableFolder(PerceptError):
    """A folder, or one of its subfolders, cannot be listed."""


class UnusablePair(PerceptError):
    """A line of a manifest does not name a pair, or several files could be an image's counterpart."""


class _Unavailable(PerceptError):
    exit_code = ExitCode.UNAVAILABLE


class WeightsUnavailable(_Unavailable):
    """A weights file is missing, truncated, altered, or belongs to another network."""


class LibraryUnavailable(_Unavailable):
    """A library that percept needs cannot be loaded: it is damaged, or memory is short."""


class DeviceUnavailable(_Unavailable):
    """The requested device or precision is not available on this machine."""


class DeviceOutOfMemory(_Unavailable):
    """The images do not fit into the memory of the device."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The hint for a misspelt name: the nearest known one, or else all of them."""
    names = list(known)
    close = get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"choose from {', '.join(names)}."
