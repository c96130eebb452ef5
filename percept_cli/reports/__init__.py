"""Results → text: one module per format, each with one function ``render(run, style) -> str``."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from percept_cli.results import Run


@dataclass(frozen=True)
class Style:
    """How a report may look. Only what a format has a use for is read."""

    width: int = 80
    """Columns of the terminal (table)."""
    colour: bool = False
    """Whether colours may be used (table)."""
    unicode: bool = True
    """Whether signs beyond ASCII may be used (table)."""
    wide: bool = False
    """One row per pair instead of one per pair and layer (csv)."""


@dataclass(frozen=True)
class Format:
    """One way to write a run down."""

    module: str
    suffixes: tuple[str, ...]
    """File endings that mean this format."""


FORMATS: dict[str, Format] = {
    "table": Format("percept_cli.reports.table", (".txt",)),
    "json": Format("percept_cli.reports.json_report", (".json",)),
    "csv": Format("percept_cli.reports.csv_report", (".csv",)),
    "score": Format("percept_cli.reports.score", (".tsv",)),
}


def format_of_file(name: str) -> str | None:
    """The format that a file's ending means, or None."""
    lower = name.lower()
    return next((key for key, form in FORMATS.items() if lower.endswith(form.suffixes)), None)


def render(run: Run, form: str, style: Style) -> str:
    """The report of a run in one of ``FORMATS``, ending with a line break."""
    text: str = import_module(FORMATS[form].module).render(run, style)
    return text
