"""What failed in a session of tests, kept as plain text that crosses processes, and told in one report."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from percept_cli.reports import Style, format_of_file, render
from percept_cli.reports.data.reading import read_run
from percept_cli.results.run import Run
from percept_cli.system.whole import write_output


def document_of(run: Run) -> str:
    """A run as a JSON report."""
    return "".join(map(str, render(run, "json", Style())))


def write_report(documents: Sequence[str], path: Path) -> list[Path]:
    """Write one report of all failures; further ones beside it where tests used several recipes."""
    runs: dict[str, list[Run]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, document in enumerate(documents):
            file = Path(folder) / f"{number}.json"
            file.write_text(document, encoding="utf-8")
            run = read_run(file)
            runs.setdefault(run.fingerprint, []).append(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    style = Style(link_from=path.parent)
    paths = []
    for number, group in enumerate(runs.values(), start=1):
        whole = replace(
            group[0], ended_with=None, results=tuple(result for run in group for result in run.results)
        )
        paths.append(path if number == 1 else path.with_stem(f"{path.stem}-{number}"))
        write_output(paths[-1], render(whole, format_of_file(path.name) or "html", style))
    return paths
