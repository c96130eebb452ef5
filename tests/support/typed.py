"""Commands as pages show them, parsed as percept would, and not run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click

from percept_cli.cli import cli

_SUBSTITUTION = re.compile(r"<\([^)]*\)|\$\([^)]*\)|\$\{[^}]*\}")
_COMMENT = re.compile(r"(^|\s)#\s.*")
_ASSIGNMENT = re.compile(r"\w+=.*")
_OPERATORS = frozenset(";&|()<>")


def commands_in(text: str) -> Iterator[list[str]]:
    """The arguments of each call of percept in lines of a shell."""
    for line in text.replace("\\\n", " ").splitlines():
        plain = _SUBSTITUTION.sub("SUBSTITUTED", _COMMENT.sub("", line.removeprefix("$ ")))
        reader = shlex.shlex(plain, posix=True, punctuation_chars=True)
        reader.whitespace_split = True
        reader.commenters = ""  # within a word a # begins none
        words = list(reader)
        call: list[str] = []
        to_file = False
        for word in [*words, ";"]:
            if set(word) <= _OPERATORS:
                to_file = set(word) <= {"<", ">", "&"} and word not in ("&", "&&")
                if not to_file:
                    yield from _arguments(call)
                    call = []
            elif to_file:
                to_file = False
            else:
                call.append(word)


def _arguments(words: list[str]) -> Iterator[list[str]]:
    while words and _ASSIGNMENT.fullmatch(words[0]):
        words = words[1:]
    if words and words[0].rpartition("/")[2] == "percept":
        yield words[1:]


def check_typed(arguments: list[str]) -> None:
    """See that percept has this command, these options and these values, without doing anything.

    Raises:
        click.UsageError: if it has not.
    """
    command: click.Command = cli
    # With percept's own settings: a command keeps the option --help that its first context gives it.
    context = click.Context(cli, info_name="percept", **cli.context_settings)
    rest = list(arguments)
    while isinstance(command, click.Group):
        values, rest, _ = command.make_parser(context).parse_args(rest)
        if not rest:
            return  # --help or --version, or the group's help
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command, context = found, click.Context(found, parent=context, info_name=name)
    values, extra, _ = command.make_parser(context).parse_args(rest)
    if "help" in values:
        return
    if extra:
        raise click.UsageError(f"unexpected arguments {extra}", context)
    for parameter in command.get_params(context):
        given = isinstance(values.get(parameter.name), (str, int, bool, tuple, list))
        if given:
            parameter.type_cast_value(context, values[parameter.name])
        elif parameter.required:
            raise click.MissingParameter(ctx=context, param=parameter)
