"""Help, whole: golden files at 80 columns, how long it is, and where each option stands.

`PERCEPT_UPDATE_GOLDEN=1 pytest tests/cli/test_layout.py` writes the files anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from percept_cli._project import DOCS
from percept_cli.cli import cli
from percept_cli.cli.layout import GROUPS, PAGES, UNGROUPED, address_of
from percept_cli.distances import DISTANCES
from percept_cli.drawing import STYLES
from percept_cli.judging.rules import GATES, NOISES, POLICIES
from percept_cli.recipes.spec import PRECISIONS
from percept_cli.reports import REPORTS
from tests.conftest import ROOT, Percept
from tests.support.reported import GOLDEN, check_golden


def commands_of(group: click.Group, context: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    """All below a group, as a person comes to them."""
    for word in group.commands:
        name, command, _ = group.resolve_command(context, [word])
        assert name is not None
        assert command is not None
        below = click.Context(command, context, info_name=name)
        yield below.command_path.partition(" ")[2], command, below
        if isinstance(command, click.Group):
            yield from commands_of(command, below)


TOP = click.Context(cli, info_name="percept", **cli.context_settings)
CONTEXTS = {"": TOP, **{name: context for name, _, context in commands_of(cli, TOP)}}
LINES = {
    "": 38,
    "compare": 60,
    "batch": 77,
    "check": 90,
    "learn": 75,
    "heatmap": 57,
    "approve": 42,
    "report": 36,
    "merge": 31,
}
"""At 80 columns, at most."""
HEADING = re.compile(rf"(?P<group>{'|'.join([*GROUPS, UNGROUPED])}):( (?P<address>\S+))?")


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def help_of(name: str) -> str:
    """Without the address under which the project happens to be published."""
    return CONTEXTS[name].get_help().replace(DOCS, "DOCS") + "\n"


def rows_of(text: str) -> Iterator[tuple[str, list[str]]]:
    """Headings of options, and the rows below them."""
    heading, rows = "", [""]
    for line in [*text.splitlines(), "Options:"]:
        if HEADING.fullmatch(line):
            if heading:
                yield heading, rows
            heading, rows = line, []
        elif heading and line.startswith("  -"):
            rows.append(line.strip())
        elif heading and line.startswith("      ") and rows:
            rows[-1] += f" {line.strip()}"


@pytest.mark.parametrize("name", CONTEXTS)
def test_help_is_what_was_looked_at(name: str) -> None:
    check_golden(f"help/{name.replace(' ', '-') or 'percept'}.txt", help_of(name))


def test_no_golden_help_is_of_a_command_that_is_gone() -> None:
    files = {file.stem for file in (GOLDEN / "help").iterdir()}
    assert files == {name.replace(" ", "-") or "percept" for name in CONTEXTS}


@pytest.mark.parametrize("name", CONTEXTS)
def test_help_is_short_and_narrow(name: str) -> None:
    lines = help_of(name).splitlines()
    assert len(lines) <= LINES.get(name, 30)
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("name", CONTEXTS)
def test_every_option_stands_in_one_group(name: str) -> None:
    context = CONTEXTS[name]
    found = list(rows_of(help_of(name)))
    groups = [heading.partition(":")[0] for heading, _ in found]
    assert groups == [UNGROUPED] or groups == [group for group in GROUPS if group in groups]
    typed = [row.split("  ")[0] for _, rows in found for row in rows]
    assert len(typed) == len(set(typed))
    options = [one for one in context.command.get_params(context) if isinstance(one, click.Option)]
    assert len(typed) == len(options)
    for option in options:
        assert not option.hidden
        names = [f"--[no-]{option.opts[0][2:]}"] if option.secondary_opts else option.opts
        assert sum(set(names) <= set(re.findall(r"--\S+|-\w", row)) for row in typed) == 1, option.name


def test_a_group_names_its_page() -> None:
    heading = {text.partition(":")[0]: text for text, _ in rows_of(CONTEXTS["check"].get_help())}
    assert heading["Recipe"] == f"Recipe: {address_of(PAGES['Recipe'])}"
    assert heading["Judge"] == f"Judge: {address_of('numbers/gates-and-noise')}"
    assert PAGES.keys() == set(GROUPS)


@pytest.mark.parametrize(
    ("command", "option", "words"),
    [
        ("compare", "--distance", DISTANCES),
        ("compare", "--precision", PRECISIONS),
        ("compare", "--format", REPORTS),
        ("heatmap", "--style", STYLES),
        ("check", "--noise", NOISES),
        ("check", "--new", POLICIES),
        ("check", "--fail", GATES),
    ],
)
@pytest.mark.parametrize("columns", [60, 80, 160])
def test_what_an_option_takes_is_named_unbroken(
    monkeypatch: pytest.MonkeyPatch, columns: int, command: str, option: str, words: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    (row,) = (row for _, rows in rows_of(help_of(command)) for row in rows if row.startswith(f"{option} "))
    for word in words:
        assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", row), word


def test_help_is_printed_as_it_is_made(percept: Percept) -> None:
    done = percept("check", "-h", env={"COLUMNS": "80", "FORCE_COLOR": "1"})
    assert (done.returncode, done.stdout) == (0, help_of("check").replace("DOCS", DOCS))


def test_help_uses_a_wider_terminal_up_to_a_hundred(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    assert 80 < max(map(len, CONTEXTS["batch"].get_help().splitlines())) <= 100


def test_every_page_that_help_names_is_there() -> None:
    found = {page for name in CONTEXTS for page in re.findall(r"DOCS/(\S*)", help_of(name))}
    assert {"", "reference/exit-codes.html", "numbers/gates-and-noise.html"} <= found
    for page in found:
        assert (ROOT / "docs" / f"{page.removesuffix('.html') or 'index'}.md").is_file(), page
