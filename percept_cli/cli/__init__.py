"""The command line: what the user typed goes down, what comes back is printed, and the process exits."""

from __future__ import annotations

import gc
import os
import sys
import traceback
import warnings
from typing import NoReturn, TextIO

import click

from percept_cli._project import DOCS, REPOSITORY
from percept_cli._version import __version__
from percept_cli.cli.commands import Group, Later
from percept_cli.cli.console import open_missing_streams, print_result, say
from percept_cli.cli.layout import address_of, option
from percept_cli.errors import ExitCode, OldName, PerceptError
from percept_cli.system import libraries, signals
from percept_cli.system.names import printable


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        print_result(f"percept, version {__version__}\n")
        ctx.exit()


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=f"""
\b
Exit codes: {address_of("reference/exit-codes")}
  0   within all limits, or no limit given
  1   a limit exceeded, or an image without a counterpart
  2   wrong usage, or output that cannot be written
  3   an image that cannot be read or compared, or no images
  4   weights, device, memory or a library not available
  70  a bug in percept
  129, 130, 143  interrupted: terminal closed, Ctrl-C, SIGTERM

Documentation: {DOCS}/
""",
)
@option(
    "--version",
    "-V",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Measure how different images look, and fail a build on visible changes. See percept COMMAND --help."""


for _section, _commands in {
    "Compare": {
        "compare": "Compare two images.",
        "batch": "Compare folders, lists or streams of pairs.",
        "heatmap": "Draw where two images differ.",
        "report": "Convert a JSON report to another format.",
        "merge": "Join the reports of several jobs into one.",
    },
    "Keep a baseline": {
        "check": "Compare images with their baseline; fail on visible changes.",
        "learn": "Learn the noise of each image from right renderings.",
        "approve": "Accept changes that a check found as the new baseline.",
        "baseline": "Lock the images of a baseline in a bucket.",
    },
    "Set up": {
        "init": "Write a commented percept.toml; with --ci also a workflow.",
        "presets": "List the built-in recipes, or show one.",
        "weights": "List, install, verify or remove pretrained weights.",
        "info": "List what this installation can read and run.",
    },
}.items():
    for _name, _what in _commands.items():
        cli.add_command(Later(_name, short_help=_what, section=_section))


def main() -> NoReturn:
    """The ``percept`` command: run it and end the process with a ``results.ExitCode``."""
    # A process that lives for one comparison has nothing to gain from either: collecting garbage while torch is
    # being imported, and taking torch apart at the end, cost tenths of a second each (tests/benchmarks/README.md).
    gc.disable()
    signals.listen()
    os._exit(run())


def run() -> int:
    """Do what the command line asks for and return the exit code; standard output is flushed.

    Whatever goes wrong is said on standard error; no exception leaves.
    """
    open_missing_streams()
    # Pillow warns of large or oddly tagged images, for servers; a user has named these files.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    warnings.filterwarnings("once", category=OldName)
    warnings.showwarning = _show_warning
    try:
        with libraries.needed():
            return _invoke()
    except click.ClickException as error:
        _report_usage(error)
        return ExitCode.USAGE
    except PerceptError as error:
        say(f"Error: {error}" + (f"\nHint: {error.hint}" if error.hint else ""))
        return error.exit_code
    except MemoryError:
        say("Error: not enough memory\nHint: close other programs, or split the images into smaller ones.")
        return ExitCode.UNAVAILABLE
    except (click.Abort, KeyboardInterrupt):
        say(f"{signals.in_words()}; nothing was written.")
        return signals.exit_code()
    except Exception:  # a defect: with its traceback, and not with a code that means something else
        say(
            f"{traceback.format_exc()}"
            f"percept {__version__} failed. This is a bug in percept: please report it with the lines above at "
            f"{REPOSITORY}/issues"
        )
        return ExitCode.DEFECT
    finally:
        _forget_what_was_fetched()


def _forget_what_was_fetched() -> None:
    store = sys.modules.get("percept_cli.storage.store")  # most runs need none
    if store is not None:
        store.current().close()


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Ours are for the one who typed; those of libraries say where in the code they arose."""
    if category is OldName:
        say(f"Warning: {printable(str(message))}")
    else:
        print(warnings.formatwarning(message, category, filename, lineno, line), end="", file=file or sys.stderr)


def _invoke() -> int:
    if "_PERCEPT_COMPLETE" in os.environ:  # a shell asks for completions, which only click's own main gives
        cli.main(prog_name="percept")
    # Not click's main: it ends with code 1, which means "a limit exceeded", when a pipe is closed.
    try:
        with cli.make_context("percept", sys.argv[1:]) as context:
            code = cli.invoke(context)
    except click.exceptions.Exit as done:
        code = done.exit_code
    return code if isinstance(code, int) else ExitCode.WITHIN


def _report_usage(error: click.ClickException) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        say(error.format_message())
        return
    context = getattr(error, "ctx", None)
    if context is not None:
        say(context.get_usage())
        say(f"Try '{context.command_path} --help' for help.\n")
    parameter = getattr(error, "param", None)
    source = context and parameter and context.get_parameter_source(parameter.name)
    where = ""
    if source is click.core.ParameterSource.DEFAULT_MAP and context is not None:
        where = f"{context.obj.source}: "
    # What was typed is part of the message, and may hold anything.
    say("\n".join(map(printable, f"Error: {where}{error.format_message()}".split("\n"))))
