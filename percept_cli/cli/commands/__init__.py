"""What can be typed: one module a command has its options and its help, and imports what it does when it is run.

Here is how every command prints its help, and what an unknown one is told.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from percept_cli.cli import layout
from percept_cli.cli.console import print_result
from percept_cli.errors import did_you_mean
from percept_cli.system.names import shell_quoted


def _show_help(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        print_result(ctx.get_help() + "\n")
        ctx.exit()


def _is_file(word: str) -> bool:
    """Whether a word is a file or a folder, or looks like one, and not like a misspelt command."""
    if word.startswith("-"):
        return False
    path = Path(word)
    if "/" in word or os.sep in word or (path.suffix and not path.suffix[1:].isdecimal()):
        return True
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, or with a NUL byte
        return False


def _meant(files: list[str], words: list[str]) -> str:
    """The command that takes such files, with everything that was typed."""
    typed = " ".join(word if word.startswith("-") else shell_quoted(word) for word in words)
    first = Path(files[0])
    if len(files) == 1 and first.suffix == ".json":
        return f"To convert a report, run: percept report {typed}"
    if all(name.endswith(".json") for name in files):
        return f"To merge reports, run: percept merge {typed}"
    if len(files) == 1:
        return f"To compare it with another image, run: percept compare {typed} OTHER"
    if all(Path(name).is_dir() for name in files[:2]):
        return f"To compare two folders, run: percept check {typed} (for a verdict), or percept batch {typed}"
    if Path(files[1]).is_dir():
        return f"To compare an image with a folder, run: percept batch {typed}"
    return f"To compare two images, run: percept compare {typed}"


class Command(click.Command):
    """A command whose help is a result: its reader may close the pipe, and a full disk is said to be one.

    Args:
        pages: of the documentation, by groups of options, where they are not those of ``layout.PAGES``.
    """

    def __init__(
        self, *arguments: Any, pages: dict[layout.OptionGroup, str] | None = None, **settings: Any
    ) -> None:
        super().__init__(*arguments, **settings)
        self.pages = pages or {}

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Options in groups."""
        layout.write_options(self, self.pages, ctx, formatter)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Click's option, printing by percept's own way out."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.callback = _show_help
        return option


class Deferred(Command):
    """A command that another function does: that of the same name, in the module of the same name in ``cli``."""

    def invoke(self, ctx: click.Context) -> Any:
        """Import it, and call it with what was typed."""
        assert self.callback is not None
        module = import_module(f"percept_cli.cli.{self.callback.__module__.rpartition('.')[2]}")
        return ctx.invoke(getattr(module, self.callback.__name__), **ctx.params)


class Later(Command):
    """A command as lists and completion show it; its module is imported when it is called.

    Args:
        section: under which heading the help of its group lists it.
    """

    def __init__(self, *arguments: Any, section: str, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.section = section

    def load(self) -> click.Command:
        """The command itself."""
        command: click.Command = getattr(import_module(f"{__name__}.{self.name}"), str(self.name))
        return command


class Group(Command, click.Group):
    """A group of such commands; an unknown one is told the nearest, and files the command that takes them."""

    command_class = Deferred

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands first."""
        self.format_commands(ctx, formatter)
        super().format_options(ctx, formatter)

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """In sections, in the order in which they were added."""
        width = max(map(len, self.commands))
        rows: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.commands.items():
            section = command.section if isinstance(command, Later) else "Commands"
            text = command.get_short_help_str(formatter.width - width - 4)
            rows.setdefault(section, []).append((name, text))
        for section, listed in rows.items():
            layout.write_rows(formatter, f"{section}:", listed, width)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click; an option before files belongs to a command that nobody named."""
        typed = list(args)  # click takes them out
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            files = [word for word in typed if _is_file(word)]
            if ctx.parent is not None or not files or any(word in self.commands for word in typed):
                raise
            raise click.UsageError(f"{error.format_message()} {_meant(files, typed)}", ctx) from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or fail naming the nearest one."""
        first = args[0]
        if self.get_command(ctx, first) is None and not first.startswith("-"):
            if ctx.parent is None and _is_file(first):
                files = [word for word in args if _is_file(word)]
                raise click.UsageError(f"No such command {first!r}. {_meant(files, args)}", ctx)
            hint = did_you_mean(first, self.list_commands(ctx))
            raise click.UsageError(f"No such command {first!r}; {hint}", ctx)
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, Later) else command, rest
