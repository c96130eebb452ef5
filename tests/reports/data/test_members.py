"""JSON objects member by member."""

from __future__ import annotations

import json
from pathlib import Path

from percept_cli.reports import Style
from percept_cli.reports.data.reading import read_run
from tests.support.report_files import TEXT, written
from tests.support.reported import render
from tests.support.runs import CHECKED


def test_members_may_come_in_any_order(tmp_path: Path) -> None:
    path = written(CHECKED, tmp_path / "run.json")
    path.write_text(json.dumps(json.loads(TEXT), sort_keys=True, ensure_ascii=True, indent="\t"))
    found = read_run(path)
    assert render(found, "json", Style()) == TEXT
