"""Where a run may write is known before it begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from percept_cli.cli.terms import Terms, check_outputs
from percept_cli.errors import OutputUnwritable
from percept_cli.pairs import Pairs
from percept_cli.reports.destinations import Destinations


@pytest.mark.parametrize(
    ("name", "checks", "told"),
    [("r.json", False, "--resume saves"), ("r.jsonl", False, ""), ("r.jsonl", True, "--resume saves")],
)
def test_a_file_of_resume_is_a_report_of_a_batch_only(tmp_path: Path, name: str, checks: bool, told: str) -> None:
    path = tmp_path / name
    to = Destinations(None, ((path, name.partition(".")[2]),), wide=False)
    terms = Terms(resume=path, checks=checks)
    if not told:
        check_outputs(Pairs(()), to, terms)
        return
    with pytest.raises(OutputUnwritable, match=told):
        check_outputs(Pairs(()), to, terms)


def test_no_image_of_the_run_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"x")
    for terms, files in ((Terms(resume=path), ()), (Terms(), ((path, "csv"),))):
        with pytest.raises(OutputUnwritable, match=r"a\.png"):
            check_outputs(Pairs((), inputs=(path,)), Destinations(None, files, wide=False), terms)
