"""``percept init``: settings for a folder of images, all of them or nothing."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from percept_cli._project import DOCS
from percept_cli.cli.console import print_result, say
from percept_cli.cli.starter import (
    REPORT,
    WORKFLOWS,
    missing_patterns,
    settings_text,
    with_patterns,
    workflow,
)
from percept_cli.errors import ExitCode, InvalidSetting, OutputUnwritable
from percept_cli.recipes.settings import find_settings, has_table
from percept_cli.system.names import posix, shell_quoted, shown
from percept_cli.system.whole import write_new, write_whole

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def init(folder: Path, baseline: str | None, current: str | None, ci: str | None) -> int:
    """Write the files, say what was written and what to do next, and return the exit code."""
    _check_folder(folder)
    settings, ignored = folder / "percept.toml", folder / ".gitignore"
    _refuse_settings(settings, folder / "pyproject.toml", ci)
    new: dict[Path, bytes] = {}
    if ci is not None:
        new[folder / WORKFLOWS[ci]] = workflow(ci)
        _refuse_workflow(folder / WORKFLOWS[ci], ci)
    before = _ignored_so_far(ignored)
    patterns = missing_patterns(before)
    names = [
        _folder_name(given, role, question)
        for given, role, question in (
            (baseline, "baseline", "Folder of the baseline images"),
            (current, "current", "Folder of the images to check"),
        )
    ]
    places = [folder / name for name in names]
    _check_places(*places)
    above = _settings_above(folder)
    new = {settings: settings_text(*names).encode()} | new
    said = _write(new, places[0], (ignored, with_patterns(before, patterns) if patterns else None))
    print_result("\n".join([*said, "", *_next_steps(folder, names, ci), ""]))
    if above is not None:
        say(f"Note: {shown(above)} no longer applies in this folder; percept reads only the nearest settings")
    return ExitCode.WITHIN


def _check_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    if os.path.lexists(folder):
        raise InvalidSetting(f"{shown(folder)} is not a folder", hint="name the folder of your project.")
    raise InvalidSetting(f"{shown(folder)}: no such folder", hint="create it, or check the spelling of the path.")


def _refuse_settings(settings: Path, project: Path, ci: str | None) -> None:
    again = f"edit it: {DOCS}/reference/settings.html has all settings."
    if ci is not None:
        again += f" To add the workflow alone, copy it from {DOCS}/guides/{ci}.html"
    if os.path.lexists(settings):
        raise InvalidSetting(f"{shown(settings)}: already exists", hint=again)
    if project.is_file() and has_table(project):
        raise InvalidSetting(f"{shown(project)}: already has settings, in [tool.percept]", hint=again)


def _settings_above(folder: Path) -> Path | None:
    """The file in a folder above that has been in force so far."""
    try:
        return find_settings(folder).path
    except InvalidSetting:  # broken, and none of this folder's business from now on
        return None


def _refuse_workflow(path: Path, service: str) -> None:
    if os.path.lexists(path):
        raise InvalidSetting(
            f"{shown(path)}: already exists",
            hint=f"run percept init without --ci, and add the job by hand: {DOCS}/guides/{service}.html",
        )


def _ignored_so_far(path: Path) -> bytes:
    """The content of .gitignore; empty where there is none.

    Raises:
        OutputUnwritable: if lines cannot be added to it so that git reads them.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return b""
    by_hand = "run percept init again afterwards."
    if stat.S_ISLNK(mode):
        raise OutputUnwritable(
            f"{shown(path)} is a symbolic link, which git does not follow",
            hint=f"replace it with a file, and {by_hand}",
        )
    if not stat.S_ISREG(mode):
        raise OutputUnwritable(f"{shown(path)} is not a file", hint=f"move it away, and {by_hand}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise OutputUnwritable(
            f"{shown(path)}: cannot be read: {error.strerror}", hint=f"make it readable, and {by_hand}"
        ) from None
    if content.startswith(_UTF_16) or b"\0" in content:
        raise OutputUnwritable(
            f"{shown(path)}: is UTF-16 or not text, which git cannot read", hint=f"save it as UTF-8, and {by_hand}"
        )
    return content


def _folder_name(given: str | None, role: str, question: str) -> str:
    """What was typed, on the command line or as an answer, as percept.toml has it."""
    name = given
    if name is None:
        name = click.prompt(question, default=role, err=True) if _someone_answers() else role
    if not name.strip():
        raise InvalidSetting(f"the {role} folder has no name", hint=f"write --{role} {role}")
    return posix(name)


def _someone_answers() -> bool:
    streams = (sys.stdin, sys.stderr)
    return not os.environ.get("CI") and all(stream is not None and stream.isatty() for stream in streams)


def _check_places(baseline: Path, current: Path) -> None:
    if os.path.realpath(baseline) == os.path.realpath(current):
        raise InvalidSetting(
            f"{shown(baseline)}: is the folder of the baseline images and of the images to check",
            hint="give two folders, with --baseline and --current.",
        )
    for place in (baseline, current):
        if os.path.lexists(place) and not place.is_dir():
            raise InvalidSetting(
                f"{shown(place)} is not a folder", hint="name another folder, with --baseline and --current."
            )


def _write(new: dict[Path, bytes], baseline: Path, ignored: tuple[Path, bytes | None]) -> list[str]:
    """Write everything, or leave everything as it was; what was done, line by line.

    .gitignore comes last: it alone may have been there before.
    """
    said = []
    with _undone_on_failure() as undo:
        for path, content in new.items():
            _make_folder(path.parent, undo)
            with _naming(path):
                write_new(path, [content])
            undo.callback(path.unlink)
            said.append(f"Wrote {shown(path)}")
        if not baseline.is_dir():
            _make_folder(baseline, undo)
            said.append(f"Created the folder {shown(baseline)}/")
        path, whole = ignored
        if whole is not None:
            with _naming(path):
                (write_whole if path.exists() else write_new)(path, [whole])
            said.append(f"Added reports and heat maps to {shown(path)}")
    return said


@contextmanager
def _undone_on_failure() -> Iterator[ExitStack]:
    with ExitStack() as undo:
        yield undo
        undo.pop_all()


def _make_folder(folder: Path, undo: ExitStack) -> None:
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for place in reversed(missing):
        with _naming(place):
            place.mkdir()
        undo.callback(place.rmdir)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputUnwritable(
            f"{shown(path)}: cannot be written: {error.strerror}",
            hint="nothing was written; percept init needs a folder that you may write to.",
        ) from None


def _next_steps(folder: Path, names: list[str], ci: str | None) -> list[str]:
    """How to get the first verdict."""
    here = folder.resolve() == Path.cwd()
    steps = [] if here else [f"Run: cd {shell_quoted(str(folder))}"]
    steps += [
        f"Save your images to {shown(names[1])}/",
        f"Run: percept check -o {REPORT}.html -o {REPORT}.json",
        f"Look at {REPORT}.html",
        f"If the images are right, run: percept approve {REPORT}.json",
    ]
    if ci is not None:
        steps.append(f"In {WORKFLOWS[ci].as_posix()}, put your own command for ./draw-images.sh")
    return [
        "Next steps:",
        *(f"  {number}. {step}" for number, step in enumerate(steps, start=1)),
        f"More: {DOCS}/first-five-minutes.html",
    ]
