"""Where results wait for their report."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from dataclasses import replace

import pytest

from percept_cli.results import spool
from percept_cli.results.spool import Spool
from percept_cli.results.summary import summarise
from tests.support.runs import PAIR


def test_a_spool_gives_back_what_was_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_BYTES_IN_MEMORY", 4000)  # so that it goes to disk halfway
    results = [replace(PAIR, name=f"{index}\udcff", extra={"id": index}) for index in range(20)]
    held = Spool()
    for result in results:
        held.add(result)
        assert next(iter(held)) == results[0]
    assert len(held) == 20
    assert list(held) == list(held) == results
    assert summarise(held) == summarise(results)
    assert results[7] in held
    assert PAIR not in held
    held.close()


def test_a_full_temporary_folder_is_said_to_be_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A limit on the size of files stands for a disk that fills up."""
    script = (
        "from tests.support.runs import PAIR\n"
        "from percept_cli.results.spool import Spool\n"
        "from percept_cli.errors import *\n"
        "held = Spool()\n"
        "try:\n"
        "    for _ in range(20000): held.add(PAIR)\n"
        "except OutputUnwritable as error:\n"
        "    print(error, error.hint)"
    )
    folder = tmp_path_factory.mktemp("full")
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(folder)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5 << 20, 5 << 20)),
    )
    assert done.stdout == (
        f"cannot write to the temporary folder {folder}: File too large free some space, "
        "or point TMPDIR to another folder.\n"
    )


def test_another_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_BYTES_IN_MEMORY", 4000)
    held = Spool()
    for name in "abcd":
        held.add(replace(PAIR, name=name))
    held.reorder([2, 0, 3, 1])
    assert "".join(result.name for result in held) == "cadb"
    held.add(replace(PAIR, name="e"))
    assert "".join(result.name for result in held) == "cadbe"
