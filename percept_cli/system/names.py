"""How files are called in results and in messages."""

from __future__ import annotations

import os
import re
import shlex
import unicodedata
from pathlib import Path

from percept_cli.system.addresses import is_address, restored, without_secrets

# What a terminal obeys, or shows somewhere else than where it stands: control characters, signs that turn the
# direction of writing, separators of lines and paragraphs, halves of surrogate pairs.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
"""Names that no file can have on Windows, whatever its ending."""
_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")


def posix(path: str | os.PathLike[str]) -> str:
    """A path as results hold it: as given, with ``/`` as the separator; an address without what is secret."""
    name = Path(path).as_posix()
    return without_secrets(restored(name)) if is_address(name) else name


def shown(path: str | os.PathLike[str]) -> str:
    """A path as messages and tables show it: on one line, safe for a terminal."""
    return printable(posix(path))


def printable(text: str) -> str:
    r"""Text on one line, safe for a terminal: control characters and stray bytes become ``\x1b``, ``\n``, …."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode() for char in text
    )


def harmless(text: str, *, coloured: bool = False) -> str:
    r"""Whole text on its way to a person: its lines stay, but no character in it can command a terminal.

    ``printable`` is for names, which stand on one line; this is the net below it, for messages and reports.

    Args:
        text: any text.
        coloured: whether sequences that set colours are percept's own, and stay.
    """
    parts = _COLOUR.split(text) if coloured else [text]
    return "".join(part if place % 2 else _OBEYED.sub(_escaped, part) for place, part in enumerate(parts))


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape", "surrogatepass").decode()


def shell_quoted(text: str, *, windows: bool = os.name == "nt") -> str:
    """The name of a file in a command that is printed: what begins with a dash would be taken for an option."""
    return word_quoted(f"./{text}" if text.startswith("-") else text, windows=windows)


def word_quoted(text: str, *, windows: bool = os.name == "nt") -> str:
    r"""A word of a command that is printed, as the system's shells take it: every such command is quoted here.

    What cannot be printed is ``$'…'``, for bash, zsh and ksh. On Windows words are in double quotes, which cmd and
    PowerShell both take, and not as ``subprocess.list2cmdline`` has them, since that leaves ``&`` alone; only what
    PowerShell would replace in them is written for PowerShell.
    """
    if windows:
        return _quoted_for_windows(text)
    if text.isprintable():
        return shlex.quote(text)
    encoded = (
        char.replace("\\", r"\\").replace("'", r"\'")
        if char.isprintable()
        else "".join(f"\\x{byte:02x}" for byte in _bytes_of(char))
        for char in text
    )
    return f"$'{''.join(encoded)}'"


def _quoted_for_windows(text: str) -> str:
    if re.fullmatch(r"[\w.:/\\+=-]+", text):
        return text
    encoded = "".join(
        (f"`{char}" if char in '$`"' else char) if char.isprintable() else f"`u{{{ord(char):x}}}" for char in text
    )
    # What a program is started with takes a backslash before the closing quote for one that quotes it.
    return f'"{encoded}{encoded[len(encoded.rstrip(chr(92))) :]}"'


def _bytes_of(char: str) -> bytes:
    try:
        return os.fsencode(char)
    except UnicodeEncodeError:  # half of a surrogate pair, which no file system gives but a JSON file may hold
        return char.encode("utf-8", "surrogatepass")


def folded(name: str) -> str:
    """The same for names that differ in case or Unicode form alone, as some file systems tell neither apart."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def counted(count: int, thing: str) -> str:
    """``1 pair``, ``2 pairs``."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
