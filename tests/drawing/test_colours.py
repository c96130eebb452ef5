"""The table of colours: what its script makes."""

import subprocess
import sys

import pytest

from percept_cli.drawing.colours import SCALE
from scripts.make_colour_scale import scale


@pytest.mark.numeric
def test_the_table_is_what_the_script_makes() -> None:
    """No channel is nearer than 6e-4 levels to where it would round otherwise: no processor is that far off."""
    assert bytes(channel for colour in SCALE for channel in colour) == scale()


def test_the_table_is_there_without_any_library() -> None:
    script = "import sys, percept_cli.drawing.colours; print({'numpy', 'PIL', 'torch'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
