"""How files are called in results and in messages."""

from __future__ import annotations

import os
import shlex
from pathlib import Path


def posix(path: str | os.PathLike[str]) -> str:
    """A path as results hold it: as given, with ``/`` as the separator."""
    return Path(path).as_posix()


def shown(path: str | os.PathLike[str]) -> str:
    """A path as messages and tables show it: on one line, safe for a terminal."""
    return printable(posix(path))


def printable(text: str) -> str:
    r"""Text on one line, safe for a terminal: control characters and stray bytes become ``\x1b``, ``\n``, …."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode() for char in text
    )


def shell_quoted(text: str) -> str:
    r"""A word of a command as a shell takes it; what cannot be printed as ``$'…'``, for bash, zsh and ksh."""
    if text.isprintable():
        quoted = shlex.quote(text)
        # What begins with a dash would be taken for an option.
        return f"./{quoted}" if text.startswith("-") else quoted
    encoded = (
        char.replace("\\", r"\\").replace("'", r"\'")
        if char.isprintable()
        else "".join(f"\\x{byte:02x}" for byte in os.fsencode(char))
        for char in text
    )
    return f"$'{'./' if text.startswith('-') else ''}{''.join(encoded)}'"
