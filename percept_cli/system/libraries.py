"""Libraries that percept computes with, loaded late: one that cannot be loaded is told in words.

An installation may be damaged, and a library may be larger than the memory that a process is allowed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from traceback import walk_tb
from types import ModuleType

from percept_cli.errors import LibraryUnavailable
from percept_cli.system.machine import address_space_left
from percept_cli.system.names import printable

_ROOMY = 6 << 30
"""Bytes of addresses with which nothing is tried out first: torch 2.14 with CUDA takes 3.1 GB, numpy 0.13."""
_OUT_OF_MEMORY = ("failed to map", "Cannot allocate memory", "Memory allocation", "MemoryError", "bad_alloc")
_PACKAGES = {"PIL": "pillow"}
"""Those that are installed by another name than they are imported by."""


def load(name: str) -> None:
    """Import a library for the first time.

    Raises:
        LibraryUnavailable: whatever goes wrong.
    """
    if name not in sys.modules:
        try_out(name)
    try:
        import_module(name)
    # Of torch alone, OSError, ImportError, RuntimeError, AttributeError and SystemError have been seen.
    except Exception as error:
        raise _unavailable(name, f"{type(error).__name__}: {error}") from error


def try_out(*names: str) -> None:
    """Import libraries in another process first, where this one is allowed little memory.

    Some of what they are made of ends its process where it gets no memory, with a code that means something else.

    Raises:
        LibraryUnavailable: if that fails.
    """
    room = address_space_left()
    if room is None or room > _ROOMY or not sys.executable:
        return
    import subprocess

    code = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({room}, {room}))\nimport {', '.join(names)}"
    try:
        tried = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    except OSError as error:  # no room even for that
        raise _unavailable(names[0], str(error)) from None
    if tried.returncode:
        said = tried.stderr.strip().split("\n")[-1]
        raise _unavailable(names[0].partition(".")[0], said or f"MemoryError, exit code {tried.returncode}")


@contextmanager
def needed() -> Iterator[None]:
    """Run the body; a library that it imports and that cannot be loaded is told in words.

    Raises:
        LibraryUnavailable: if that happens.
    """
    try:
        yield
    except (ImportError, SyntaxError, AttributeError) as error:
        name = library_at_fault(error)
        if name is None:
            raise
        raise _unavailable(name, str(error)) from error


def library_at_fault(error: BaseException) -> str | None:
    """The library whose import has failed; None if the error is none of an import."""
    if isinstance(error, AttributeError):  # of a folder whose files are gone an empty package can be imported
        module = error.obj
        if isinstance(module, ModuleType) and hasattr(module, "__path__") and not getattr(module, "__file__", ""):
            return module.__name__.partition(".")[0]
    if not isinstance(error, ImportError | SyntaxError):
        return None
    own = __name__.partition(".")[0]
    for frame, _ in walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if module not in (own, "importlib", "contextlib", "__main__") and frame.f_code.co_name == "<module>":
            return module
    if isinstance(error, ImportError):
        return (error.name or "").partition(".")[0] or None
    parts = Path(error.filename or "").parts  # a file that is no Python any more
    for folder in (own, "site-packages"):
        if folder in parts[:-1]:
            return own if folder == own else parts[parts.index(folder) + 1]
    return parts[-2] if len(parts) > 1 else None


def _unavailable(name: str, why: str) -> LibraryUnavailable:
    # Some explain at length; the first line says what it is, and the last what has happened.
    lines = [line.strip() for line in why.split("\n") if line.strip()]
    told = printable(lines[0] if len(lines) < 3 else max(lines, key=lambda line: "rror" in line))[:300]
    package = _PACKAGES.get(name, name)
    if any(words in why for words in _OUT_OF_MEMORY):
        hint = "give this process more memory (ulimit -v), or close other programs."
    elif name == __name__.partition(".")[0]:
        hint = "reinstall percept."
    else:
        hint = f"reinstall it: python -m pip install --force-reinstall {package}"
    return LibraryUnavailable(f"the library {package} cannot be loaded: {told}", hint=hint)
