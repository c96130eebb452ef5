"""Where reports go."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Percept
from tests.support.batches import CHEAP
from tests.support.batches import folders as folders


def test_outputs_that_do_not_go_together(folders: Path, percept: Percept) -> None:
    done = percept("batch", "expected", "actual", "--resume", "r.json", "-o", "r.json", *CHEAP)
    assert done.returncode == 2
    assert "Error: r.json: --resume saves its results in this file" in done.stderr
    with Path("/dev/full").open("w") as full:
        done = percept("batch", "expected", "actual", "--format", "jsonl", "-o", "r.csv", *CHEAP, stdout=full)
    assert done.returncode == 2
    assert "Error: cannot write to standard output: No space left on device" in done.stderr
    assert (folders / "r.csv").is_file()  # one that fails does not take the others along
