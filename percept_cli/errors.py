"""The error tree: what can go wrong, with the exit code and the hint a person needs.

Errors are raised where they happen, by any room, and know nothing of click or rich. ``percept_cli.cli``
turns them into ``Error: …`` and ``Hint: …`` lines on standard error. An exception that is not a
``PerceptError`` is a defect of percept and keeps its traceback.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from difflib import get_close_matches
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process exits with, like diff(1): trouble is above 1 and never looks like a difference.

    - ``WITHIN``: every pair is within its threshold, or no threshold was given.
    - ``ABOVE``: at least one pair is above its threshold, or a picture has no counterpart.
    - ``USAGE``: the command line or a config file is wrong, or an output cannot be written.
    - ``INPUT``: an input could not be read or compared, or there was nothing to compare. Outranks ``ABOVE``.
    - ``UNAVAILABLE``: weights, device, memory or a library are not available.
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
    """Something a user can act on.

    Attributes:
        exit_code: What the process exits with (see ``percept_cli.errors.ExitCode``).
        hint: What to do about it, one sentence, or an empty string.
    """

    exit_code = ExitCode.INPUT

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class _Usage(PerceptError):
    exit_code = ExitCode.USAGE


class InvalidSetting(_Usage):
    """An option, a preset or a config file asks for something that does not exist or makes no sense."""


class OldName(FutureWarning):
    """Something was asked for by a name that it had earlier; it is still understood."""


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
    """A report cannot be written where it was asked for."""


class MissingLibrary(_Usage):
    """What was asked for needs a library that is an extra of the package."""


class UnreadableImage(PerceptError):
    """A file is missing, is not a picture, or is a broken one."""


class UnsupportedImage(PerceptError):
    """A sound picture of a kind that percept does not compare yet; comparing it anyway would lie."""


class InvalidInput(PerceptError):
    """An array, image or tensor passed in from Python is not what it must be; the message names the argument."""


class SizeMismatch(PerceptError):
    """The two pictures have different sizes; percept never resizes on its own."""


class NotFinite(PerceptError):
    """A pixel of light is no finite number: no distance could be trusted."""


class UnreadableFolder(PerceptError):
    """A folder, or a folder in it, cannot be listed."""


class UnusablePair(PerceptError):
    """A line of a manifest names no pair, or several files could be a picture's counterpart."""


class _Unavailable(PerceptError):
    exit_code = ExitCode.UNAVAILABLE


class WeightsUnavailable(_Unavailable):
    """A weights file is missing, truncated, altered, or belongs to another network."""


class LibraryUnavailable(_Unavailable):
    """A library that percept computes with cannot be loaded: it is damaged, or there is no memory for it."""


class DeviceUnavailable(_Unavailable):
    """The device or the precision asked for does not exist on this machine."""


class DeviceOutOfMemory(_Unavailable):
    """The pictures do not fit the memory of the device."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The hint for a misspelt name: the nearest known one, or else all of them."""
    names = list(known)
    close = get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"choose from {', '.join(names)}."
