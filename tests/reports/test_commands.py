"""Commands that go on from a report: to see, and to accept."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from percept_cli.reports import Style
from percept_cli.system.names import shell_quoted
from percept_cli.system.patterns import Patterns
from tests.support.html_pages import page_of
from tests.support.runs import CHECKED, PAIR


@pytest.mark.parametrize(
    "name", ["a.png", "[red]?*.png", "x/!a b.png", "ends with space ", "back\\slash.png", "#a"]
)
def test_the_command_that_accepts_means_this_picture_alone(name: str) -> None:
    run = replace(CHECKED, results=(replace(PAIR, name=name, reference=f"expected/{name}"),))
    page = page_of(run, Style(json_report="my report.json"))
    show, accept, keep = page.results[0]["commands"]
    assert keep["text"] == f"{accept['text']} --as-alternate"
    reference = shell_quoted(f"expected/{name}")
    assert show["text"] == f"percept heatmap {reference} 'out/[red].png' --preset five-taps -o heat.png"
    bash = ["bash", "-c", f"printf '%s\\n' {accept['text'].removeprefix('percept ')}"]
    words = subprocess.run(bash, capture_output=True, text=True, check=True).stdout.splitlines()
    assert CHECKED.folders is not None
    baseline, current = CHECKED.folders
    folders = ["--baseline", baseline, "--current", current]
    assert words[:-1] == ["approve", "my report.json", *folders, "--filter"]
    patterns = Patterns((words[-1],))
    assert patterns.match(name)
    assert not patterns.match(f"other/{name}")
    assert not patterns.match("red.png")


def test_only_what_can_be_accepted_has_a_command_for_it() -> None:
    commands = {
        entry["status"]: [one["text"] for one in entry["commands"]]
        for entry in page_of(CHECKED, Style(json_report="report.json")).results
    }
    assert len(commands["fail"]) == len(commands["warn"]) == 3
    approve = "percept approve report.json --baseline expected --current out"
    assert commands["new"] == [f"{approve} --filter /fresh.png"]
    assert commands["missing"] == [f"{approve} --filter /gone.png --prune"]
    assert commands["error"] == []
    assert [text.split()[1] for text in commands["pass"]] == ["heatmap"]
    # Without a JSON report there is nothing that approving could read.
    alone = {entry["status"]: len(entry["commands"]) for entry in page_of(CHECKED).results}
    assert (alone["fail"], alone["new"]) == (1, 0)


@pytest.mark.parametrize(
    ("reference", "count"),
    [
        ("expected/.percept/alternates/a.png/linux.png", 3),
        ("expected/.percept/alternates/b.png/linux.png", 1),
        ("expected/linux/a.png", 1),
        (".percept/alternates/a.png/linux.png", 1),
    ],
)
def test_an_alternate_of_the_image_can_be_accepted_and_no_other_reference(reference: str, count: int) -> None:
    run = replace(CHECKED, results=(replace(PAIR, name="a.png", reference=reference),))
    assert len(page_of(run, Style(json_report="report.json")).results[0]["commands"]) == count
