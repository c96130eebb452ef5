from __future__ import annotations

from pathlib import Path

import pytest

from percept_cli.cli.elsewhere import WORKERS, check_journal, workers_for
from percept_cli.errors import OutputUnwritable
from percept_cli.pairs import Pairs


def test_what_lives_elsewhere_is_read_by_more_threads() -> None:
    here, there = Pairs([], origin=("base", "now")), Pairs([], origin=("s3://bucket/base", "now"))
    assert workers_for(here, None) is None and workers_for(there, None) == WORKERS
    assert workers_for(there, 2) == 2
    assert workers_for(Pairs([], inputs=[Path("gs://bucket/pairs.csv")]), None) == WORKERS


def test_a_journal_is_a_file_of_this_machine() -> None:
    check_journal(None)
    check_journal(Path("results.jsonl"))
    with pytest.raises(OutputUnwritable, match="a file of this machine"):
        check_journal(Path("s3://bucket/results.jsonl"))
