"""Results → text: one module per format.

A format whose rows stand for themselves has ``head(spec, style)`` and ``rows(result, spec, style)``, so that
results can be written while the run goes on. The others need the whole run: ``render(run, style)``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from percept_cli.recipes.spec import DistanceSpec
    from percept_cli.results.run import PairResult, Run


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
    detail: bool = True
    """Every pair layer by layer, instead of one row per pair and a summary (table)."""
    top: int | None = None
    """Most rows, the worst first; None for all (table without detail)."""
    origin: tuple[str, str] | None = None
    """The folders that were compared (table without detail)."""
    pictures: Literal["embed", "link", "none"] = "embed"
    """Pictures in the file itself, by their addresses, or not at all (html)."""
    link_from: Path | None = None
    """The folder of the file that is written, for relative addresses; absolute where it is not known (html)."""
    json_report: str | None = None
    """The run's JSON report, for the commands that are shown (html, table of a check); None if there is none."""
    settings: str = ""
    """The settings file that was found above the current folder, which nobody named (table)."""
    checks: bool = False
    """What failed pair by pair with its gates and places, instead of a row per pair (table without detail)."""


@dataclass(frozen=True)
class Format:
    """One way to write a run down."""

    module: str
    suffixes: tuple[str, ...]
    """File endings that mean this format."""
    streamed: bool = False
    """Whether rows can be written before the run is over."""

    def load(self) -> ModuleType:
        """The module that writes it."""
        return import_module(self.module)


FORMATS: dict[str, Format] = {
    "table": Format("percept_cli.reports.text.table", (".txt",)),
    # Before JSON, since the first ending that fits counts.
    "gitlab": Format("percept_cli.reports.ci.gitlab", ("code-quality-report.json", "codequality.json")),
    "json": Format("percept_cli.reports.data.json", (".json",)),
    "jsonl": Format("percept_cli.reports.data.jsonl", (".jsonl", ".ndjson"), streamed=True),
    "csv": Format("percept_cli.reports.data.csv", (".csv",), streamed=True),
    "parquet": Format("percept_cli.reports.data.parquet", (".parquet",)),
    "score": Format("percept_cli.reports.text.score", (".tsv",), streamed=True),
    "junit": Format("percept_cli.reports.ci.junit", (".xml",)),
    "markdown": Format("percept_cli.reports.ci.markdown", (".md",)),
    "github": Format("percept_cli.reports.ci.github", ()),
    "tap": Format("percept_cli.reports.ci.tap", (".tap",)),
    "html": Format("percept_cli.reports.html.report", (".html", ".htm")),
}


def format_of_file(name: str) -> str | None:
    """The format that a file's ending means, or None."""
    lower = name.lower()
    return next((key for key, form in FORMATS.items() if lower.endswith(form.suffixes)), None)


def check_format(form: str) -> None:
    """See whether a format can be written on this machine.

    Raises:
        MissingLibrary: if it needs a library that is not installed.
    """
    if form == "parquet":
        FORMATS[form].load().check()


def render(run: Run, form: str, style: Style) -> Iterator[str | bytes]:
    """The report of a run in one of ``FORMATS``, piece by piece; text ends with a line break."""
    if not FORMATS[form].streamed:
        yield from FORMATS[form].load().render(run, style)
        return
    yield render_head(run.spec, form, style)
    for result in run.results:
        yield render_rows(result, run.spec, form, style)


def render_head(spec: DistanceSpec, form: str, style: Style) -> str:
    """What stands before the rows of a streamed format."""
    text: str = FORMATS[form].load().head(spec, style)
    return text


def render_rows(result: PairResult, spec: DistanceSpec, form: str, style: Style) -> str:
    """The rows of one result in a streamed format."""
    text: str = FORMATS[form].load().rows(result, spec, style)
    return text
