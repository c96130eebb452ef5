"""How is a run told? One class a format, each a ``Report``, which are listed in ``REPORTS``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Literal, cast

from percept_cli.errors import MissingLibrary

if TYPE_CHECKING:
    from percept_cli.results.pair import PairResult
    from percept_cli.results.run import Run


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
    top: int | None = None
    """Most rows, the worst first; None for all (table of many pairs)."""
    pictures: Literal["embed", "link", "none"] = "embed"
    """Pictures in the file itself, by their addresses, or not at all (html)."""
    link_from: Path | None = None
    """The folder of the file that is written, for relative addresses; absolute where it is not known (html)."""
    json_report: str | None = None
    """The run's JSON report, for the commands that are shown (html, table of a check); None if there is none."""
    settings: str = ""
    """The settings file that was found above the current folder, which nobody named (table)."""


class Report(ABC):
    """One run, told in one format."""

    def __init__(self, run: Run, style: Style) -> None:
        self.run, self.style = run, style

    @abstractmethod
    def render(self) -> Iterator[str | bytes]:
        """All of it, piece by piece; text ends with a line break."""


class RowReport(Report):
    """One whose rows stand for themselves, so that they can be written while the run goes on."""

    def head(self) -> str:
        """What stands before the rows; nothing, where every line is a pair."""
        return ""

    @abstractmethod
    def rows(self, result: PairResult) -> str:
        """The rows of one result."""

    def render(self) -> Iterator[str]:
        """The head, then the rows of each result."""
        yield self.head()
        yield from map(self.rows, self.run.results)


@dataclass(frozen=True)
class ReportFormat:
    """What is known of a format before a report in it is made."""

    place: str
    """Its class, loaded when a report is made: a terminal's table needs no templates of HTML."""
    suffixes: tuple[str, ...] = ()
    """File endings that mean this format."""
    needs: str = ""
    """A library that does not come with percept; the extra that brings it has the format's name."""

    def load(self) -> type[Report]:
        """The class."""
        return cast(type[Report], resolve_name(f"percept_cli.reports.{self.place}"))


REPORTS: dict[str, ReportFormat] = {
    "table": ReportFormat("text.table:TableReport", (".txt",)),
    # Before JSON, since the first ending that fits counts.
    "gitlab": ReportFormat("ci.gitlab:GitLabReport", ("code-quality-report.json", "codequality.json")),
    "json": ReportFormat("data.json:JsonReport", (".json",)),
    "jsonl": ReportFormat("data.jsonl:JsonLinesReport", (".jsonl", ".ndjson")),
    "csv": ReportFormat("data.csv:CsvReport", (".csv",)),
    "parquet": ReportFormat("data.parquet:ParquetReport", (".parquet",), needs="pyarrow"),
    "score": ReportFormat("text.score:ScoreReport", (".tsv",)),
    "junit": ReportFormat("ci.junit:JUnitReport", (".xml",)),
    "markdown": ReportFormat("ci.markdown:MarkdownReport", (".md",)),
    "github": ReportFormat("ci.github:GitHubReport"),
    "tap": ReportFormat("ci.tap:TapReport", (".tap",)),
    "html": ReportFormat("html.report:HtmlReport", (".html", ".htm")),
}


def format_of_file(name: str) -> str | None:
    """The format that a file's ending means, or None."""
    lower = name.lower()
    return next((key for key, form in REPORTS.items() if lower.endswith(form.suffixes)), None)


def check_format(form: str) -> None:
    """See whether a format can be written on this machine, before any work.

    Raises:
        MissingLibrary: if it needs a library that is not installed.
    """
    needs = REPORTS[form].needs
    if not needs:
        return
    try:
        import_module(needs)
    except ImportError:
        raise MissingLibrary(
            f"writing {form.capitalize()} needs {needs}, which is not installed",
            hint=f"pip install 'percept-cli[{form}]'",
        ) from None


def report_of(run: Run, form: str, style: Style) -> Report:
    """The report of a run in one of ``REPORTS``."""
    return REPORTS[form].load()(run, style)


def render(run: Run, form: str, style: Style) -> Iterator[str | bytes]:
    """All of it, piece by piece; text ends with a line break."""
    yield from report_of(run, form, style).render()
