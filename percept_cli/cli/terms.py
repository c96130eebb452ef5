"""How a run of many pairs is made, and whether it may write where it is to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from percept_cli.cli.elsewhere import check_journal
from percept_cli.cli.options import DEFAULT_TOP
from percept_cli.drawing.heatmaps import HeatMapFolder
from percept_cli.errors import OutputUnwritable
from percept_cli.pairs import Pairs
from percept_cli.reports.destinations import Destinations
from percept_cli.runs.journal import By
from percept_cli.storage.outputs import check_output
from percept_cli.system.names import shown


@dataclass(frozen=True)
class Terms:
    """How a run of many pairs is made."""

    resume: Path | None = None
    resume_by: By = "stat"
    fail_fast: bool = False
    allow_empty: bool = False
    allow_unmatched: bool = False
    batch_size: int | None = None
    workers: int | None = None
    top: int | None = DEFAULT_TOP
    top_in_files: int | None = None
    checks: bool = False
    """Whether pairs are judged by gates (``percept check``), and told of one by one."""
    pictures: Literal["embed", "link", "none"] = "embed"
    heatmaps: HeatMapFolder | None = None
    """What did not pass is drawn into it."""


def check_outputs(pairs: Pairs, to: Destinations, terms: Terms) -> None:
    """See before the run whether its files can be written, and that none of them is an image of it.

    Raises:
        OutputUnwritable: saying which cannot, and why.
    """
    for path in (*(path for path, _ in to.files), *((terms.resume,) if terms.resume else ())):
        check_output(path, pairs.inputs)
    check_journal(terms.resume)
    for path, name in to.files:
        # A file of --resume is a report in itself, but that of a check has an image once for each reference.
        apart = name != "jsonl" or terms.checks
        if terms.resume is not None and apart and path.resolve() == terms.resume.resolve():
            raise OutputUnwritable(
                f"{shown(path)}: --resume saves its results in this file",
                hint="choose another file for the report.",
            )
