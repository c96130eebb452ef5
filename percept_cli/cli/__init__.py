"""The command line: what the user typed goes down, what comes back is printed, and the process exits."""

from __future__ import annotations

import gc
import os
import sys
import traceback
import warnings
from typing import NoReturn

import click

from percept_cli import __version__
from percept_cli.cli.compare import compare
from percept_cli.cli.console import open_missing_streams, say, writing_to_stdout
from percept_cli.cli.presets import presets
from percept_cli.cli.weights import weights
from percept_cli.errors import PerceptError, did_you_mean
from percept_cli.results import ExitCode


class _Commands(click.Group):
    """A group whose unknown command gets a did-you-mean."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or fail naming the nearest one."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            hint = did_you_mean(name, self.list_commands(ctx))
            raise click.UsageError(f"No such command {name!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 within the threshold, 1 above it, 2 wrong usage, 3 an input could not be read or "
    "compared, 4 weights or device unavailable, 70 a defect of percept, 130 interrupted.",
)
@click.version_option(__version__, "--version", prog_name="percept")
def cli() -> None:
    """Say how different two pictures look, and which layers of a VGG see it."""


cli.add_command(compare)
cli.add_command(presets)
cli.add_command(weights)


def main() -> NoReturn:
    """The ``percept`` command: run it and end the process with a ``results.ExitCode``."""
    # A process that lives for one comparison has nothing to gain from either: collecting garbage while torch is
    # being imported, and taking torch apart at the end, cost 0.3 s and 0.4 s (tests/benchmarks/README.md).
    gc.disable()
    os._exit(run())


def run() -> int:
    """Do what the command line asks for and return the exit code; standard output is flushed.

    Whatever goes wrong is said on standard error; no exception leaves.
    """
    open_missing_streams()
    # Pillow warns of large or oddly tagged pictures, for servers; a user has named these files.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        return _invoke()
    except click.ClickException as error:
        _report_usage(error)
        return ExitCode.USAGE
    except PerceptError as error:
        say(f"Error: {error}" + (f"\nHint: {error.hint}" if error.hint else ""))
        return error.exit_code
    except MemoryError:
        say("Error: not enough memory\nHint: close other programs, or cut the pictures into parts.")
        return ExitCode.UNAVAILABLE
    except (click.Abort, KeyboardInterrupt):
        say("Interrupted; nothing was written.")
        return ExitCode.INTERRUPTED
    except Exception:  # a defect: with its traceback, and not with a code that means something else
        say(
            f"{traceback.format_exc()}"
            f"percept {__version__} failed; this is a defect of percept, please report it with the lines above."
        )
        return ExitCode.DEFECT


def _invoke() -> int:
    if "_PERCEPT_COMPLETE" in os.environ:  # a shell asks for completions, which only click's own main gives
        cli.main(prog_name="percept")
    code: object = ExitCode.WITHIN
    # Not click's main: it ends with code 1, which means "above the threshold", when a pipe is closed.
    try:
        with writing_to_stdout(), cli.make_context("percept", sys.argv[1:]) as context:
            code = cli.invoke(context)
    except click.exceptions.Exit as done:
        code = done.exit_code
    with writing_to_stdout():
        sys.stdout.flush()
    return code if isinstance(code, int) else ExitCode.WITHIN


def _report_usage(error: click.ClickException) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        say(error.format_message())
        return
    context = getattr(error, "ctx", None)
    if context is not None:
        say(context.get_usage())
        say(f"Try '{context.command_path} --help' for help.{os.linesep}")
    parameter = getattr(error, "param", None)
    source = context and parameter and context.get_parameter_source(parameter.name)
    where = ""
    if source is click.core.ParameterSource.DEFAULT_MAP and context is not None:
        where = f"{context.obj.source}: "
    say(f"Error: {where}{error.format_message()}")
