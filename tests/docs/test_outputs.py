"""What pages show as a command's output is what it prints; `python -m tests.docs --write` writes all anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Percept
from tests.support.outputs import output_of, rounded
from tests.support.pages import OUTPUT, README, Page, pages

SHOWN = {match["command"]: (page, match["text"]) for page in pages() for match in page.outputs}


def test_there_are_outputs() -> None:
    assert len(SHOWN) >= 5
    assert Page(README).outputs


@pytest.mark.slow
@pytest.mark.parametrize("command", SHOWN)
def test_an_output_is_what_the_command_prints(command: str, percept: Percept, tmp_path: Path) -> None:
    page, text = SHOWN[command]
    # The last digits of a float32 network are the machine's own.
    assert rounded(output_of(command, tmp_path, percept)) == rounded(text), page


def test_one_command_has_one_output() -> None:
    """On whatever page it stands."""
    for page in pages():
        for match in page.outputs:
            assert match["text"] == SHOWN[match["command"]][1], f"{page}: {match['command']}"


def test_the_mark_of_an_output_is_not_misspelt() -> None:
    for page in pages():
        assert page.text.count("<!-- output") == len(page.outputs), page
    assert OUTPUT.search("<!-- output: info -->\n```text\nsomething\n```\n")
