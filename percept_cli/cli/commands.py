"""How every command prints its help, and what an unknown one is told."""

from __future__ import annotations

import click

from percept_cli.cli.console import print_result
from percept_cli.errors import did_you_mean


def _show_help(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        print_result(ctx.get_help() + "\n")
        ctx.exit()


class Command(click.Command):
    """A command whose help is a result: its reader may close the pipe, and a full disk is said to be one."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Click's option, printing by percept's own way out."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.callback = _show_help
        return option


class Group(Command, click.Group):
    """A group of such commands; an unknown one is told the nearest."""

    command_class = Command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or fail naming the nearest one."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            hint = did_you_mean(name, self.list_commands(ctx))
            raise click.UsageError(f"No such command {name!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)
