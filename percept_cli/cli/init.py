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
from percept_cli.recipes.presets import read_toml
from percept_cli.recipes.settings import find_settings, has_table
from percept_cli.system.names import posix, shell_quoted, shown
from percept_cli.system.whole import write_new, write_whole

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def init(folder: Path, baseline: str | None, current: str | None, ci: str | None) -> int:
    """Write the files, say what was written and what to do next, and return the exit code."""
    _check_here()
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
    for note in _notes(folder, names, ci, above):
        say(f"Note: {note}")
    return ExitCode.WITHIN


def _notes(folder: Path, names: list[str], ci: str | None, above: Path | None) -> Iterator[str]:
    """What may not be as it was meant."""
    if above is not None:
        yield f"{shown(above)} no longer applies in this folder; percept reads only the nearest settings"
    here = Path(os.path.realpath(folder))
    for role, name in zip(("baseline", "current"), names, strict=True):
        if Path(name).is_absolute():
            yield f"{role}: {shown(name)} is an absolute path, which other machines may not have"
        elif not Path(os.path.realpath(folder / name)).is_relative_to(here):
            yield f"{role}: {shown(name)} is outside the folder of percept.toml; a clone may not have it"
    root = _repository_of(here)
    if ci is not None and root is not None and root != here:
        target = os.path.relpath(root / WORKFLOWS[ci], os.path.realpath(os.curdir))
        yield (
            f"{_SERVICES[ci]} reads workflows only in the root of the repository: move "
            f"{shown(folder / WORKFLOWS[ci])} to {shown(target)}, and let it run percept in "
            f"{shown(here.relative_to(root))}/"
        )


_SERVICES = {"github": "GitHub", "gitlab": "GitLab"}


def _repository_of(folder: Path) -> Path | None:
    """The root of the git repository that a folder is in."""
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), None)


def _check_here() -> None:
    try:
        Path.cwd()
    except FileNotFoundError:
        raise InvalidSetting("the current folder no longer exists", hint="change to another folder.") from None


def _check_folder(folder: Path) -> None:
    _check_path(folder)
    if folder.is_dir():
        return
    if os.path.lexists(folder):
        raise InvalidSetting(f"{shown(folder)} is not a folder", hint="name the folder of your project.")
    raise InvalidSetting(f"{shown(folder)}: no such folder", hint="create it, or check the spelling of the path.")


def _check_path(path: Path) -> None:
    """Refuse a path that the system does not take, with its reason: too long a name, a NUL in it."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        raise InvalidSetting(f"{shown(path)}: cannot be used: {reason}", hint="choose another path.") from None


def _refuse_settings(settings: Path, project: Path, ci: str | None) -> None:
    again = f"edit it: {DOCS}/reference/settings.html has all settings."
    if ci is not None:
        again += f" To add the workflow alone, copy it from {DOCS}/guides/{ci}.html"
    if os.path.lexists(settings):
        raise InvalidSetting(f"{shown(settings)}: already exists", hint=again)
    if project.is_file() and has_table(project):
        read_toml(project)  # which says what is wrong, if it is broken
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
    if name.startswith("~"):
        raise InvalidSetting(
            f"{shown(name)}: ~ is the home folder only where the shell replaces it, which it did not do here",
            hint=f"write --{role}, a space and the path without quotes; for a folder called ~, write ./{name}",
        )
    return posix(name)


def _someone_answers() -> bool:
    streams = (sys.stdin, sys.stderr)
    return not os.environ.get("CI") and all(stream is not None and stream.isatty() for stream in streams)


def _check_places(baseline: Path, current: Path) -> None:
    for place in (baseline, current):
        _check_path(place)
    if os.path.realpath(baseline) == os.path.realpath(current):
        raise InvalidSetting(
            f"{shown(baseline)}: is the folder of the baseline images and of the images to check",
            hint="give two folders, with --baseline and --current.",
        )
    for place in (baseline, current):
        there = next((part for part in (place, *place.parents) if os.path.lexists(part)), None)
        if there is not None and not there.is_dir():
            raise InvalidSetting(
                f"{shown(there)} is not a folder", hint="name another folder, with --baseline and --current."
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
        if os.path.lexists(folder):
            raise OutputUnwritable(
                f"{shown(folder)} is not a folder, so nothing can be written in it",
                hint="nothing was written; move it away, and run percept init again.",
            )
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


_FIRST_CHECK = (
    "The first check finds only new images and exits with 3; once you approve them,",
    "they are the baseline.",
)


def _has_entries(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError:  # of others, which percept check will tell of
        return True


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
    first = () if _has_entries(folder / names[0]) else _FIRST_CHECK
    if ci is not None:
        steps.append(f"In {WORKFLOWS[ci].as_posix()}, put your own command for ./draw-images.sh")
    return [
        "Next steps:",
        *(f"  {number}. {step}" for number, step in enumerate(steps, start=1)),
        *first,
        f"More: {DOCS}/first-five-minutes.html",
    ]
