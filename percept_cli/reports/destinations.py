"""Where reports go: the format of each file, and whether standard output gets one too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from percept_cli.errors import OutputUnwritable
from percept_cli.reports import REPORTS, check_format, format_of_file
from percept_cli.system.names import printable, shown


@dataclass(frozen=True)
class Destinations:
    """Which reports go where."""

    stdout: str | None
    """The format on standard output, or None."""
    files: tuple[tuple[Path, str], ...]
    """Files and their formats."""
    wide: bool


def destinations(
    outputs: Sequence[Path], form: str | None, *, typed: bool, wide: bool, quiet: bool
) -> Destinations:
    """Where reports go: a file's ending says its format, and ``form`` that of any other file or standard output.

    Args:
        outputs: the files.
        form: a format, or None.
        typed: whether the format was asked for in this call, and is not a setting.
        wide: as ``Style.wide``.
        quiet: whether standard output gets no report that nobody asked for.

    Raises:
        OutputUnwritable: for an ending that says no format where none is given, or a file that is named twice.
        MissingLibrary: for a format that needs one.
    """
    files = []
    endings = [format_of_file(path.name) for path in outputs]
    for path, ending in zip(outputs, endings, strict=True):
        if outputs.count(path) > 1:
            raise OutputUnwritable(f"{shown(path)}: given twice as --output", hint="give each file once.")
        found = ending or form
        if found is None and path.suffix:
            known = ", ".join(suffix for entry in REPORTS.values() for suffix in entry.suffixes)
            raise OutputUnwritable(
                f'{shown(path)}: cannot infer a report format from "{printable(path.suffix)}"',
                hint=f"use --format, or one of {known}.",
            )
        files.append((path, found or "table"))
    to_stdout = (typed and None not in endings) or (not outputs and not quiet)
    stdout = (form or "table") if to_stdout else None
    for name in {name for _, name in files} | ({stdout} if stdout else set()):
        check_format(name)
    return Destinations(stdout, tuple(files), wide)
