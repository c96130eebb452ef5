"""Damaged files of every format, through the decoder: some hundred here, 30,000 with the slow tests.

More by hand: python -m tests.fuzz --count 200000
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from percept_cli.formats.known import PILLOW_FORMATS as FORMATS
from percept_cli.images.picture import Decoded
from tests.conftest import ROOT
from tests.fuzz.__main__ import case, outcome, run
from tests.fuzz.files import sound_files


def check(count: int, seed: int) -> None:
    outcomes, findings = run(count, seed, piece=500)
    assert findings == []
    assert sum(outcomes.values()) == count
    # Neither all are refused nor all are read, or the damage would be of the wrong kind.
    assert outcomes["picture"] > count / 10
    assert outcomes["UnreadableImage"] > count / 10
    assert outcomes["UnsupportedImage"] > count / 100


def test_damaged_files_are_read_or_refused() -> None:
    check(500, seed=0)


@pytest.mark.slow
def test_many_damaged_files_are_read_or_refused() -> None:
    check(30_000, seed=1_000_000)


def test_an_animation_may_end_anywhere() -> None:
    """What a long run by hand had found: within a frame's header, Pillow's reader of GIF raises struct.error."""
    data = sound_files()["gif-frames"]
    found = {outcome(data[:end]) for end in range(len(data))}
    assert {kind for kind in found if isinstance(kind, str)} == {"UnreadableImage"}


def test_every_format_is_among_them_and_what_is_sound_is_read() -> None:
    files = sound_files()
    assert {name.partition("-")[0].upper() for name in files} >= set(FORMATS) - {"AVIF"}
    for name, data in files.items():
        assert isinstance(outcome(data), Decoded), name


def test_a_case_is_made_again_by_its_number() -> None:
    files = sound_files()
    assert [case(number, files) for number in range(50)] == [case(number, files) for number in range(50)]
    assert len({case(number, files)[1] for number in range(200)}) > 150


def test_what_a_piece_finds_is_seen_from_outside(tmp_path: Path) -> None:
    """A process that ends with an error has left the number of its case."""
    code = (
        "import tests.fuzz.__main__ as fuzz, sys\n"
        "fuzz.outcome = lambda data: 1 / 0\n"
        f"fuzz.run_piece(7, 1, fuzz.Path({str(tmp_path / 'note')!r}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert int((tmp_path / "note").read_text()) == 7
