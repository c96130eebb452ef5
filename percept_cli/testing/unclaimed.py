"""Baselines that no test claims any more, which are known only when all tests were run, and came to their end.

Whatever leaves that open is a reason to name none: a baseline that is deleted may be some test's after all.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from percept_cli.formats.known import FORMATS
from percept_cli.pairs.alternates import OWN_FOLDER
from percept_cli.system.names import folded
from percept_cli.testing.baselines import folder_of, old_folder_of
from percept_cli.testing.marks import FOLDER, INI

_PARTIAL = ("lf", "stepwise", "stepwise_skip", "collectonly", "ignore", "ignore_glob", "deselect")
"""Options of pytest that leave tests out; -k, -m and node ids are known by what they leave."""
_ENDINGS = frozenset(ending for entry in FORMATS for ending in entry.endings)
_TOLD = 3  # tests, by name


@dataclass
class Session:
    """What is known of a session at its end."""

    collections: Sequence[Mapping[str, Any]]
    """What each process that collects says of it (``collection_of``)."""
    ended: set[str]
    """Tests that came to their end."""
    troubled: Mapping[str, str | None]
    """Of tests that did not pass: the file that each is in; None where it may have pictures."""
    used: set[str] = field(default_factory=set)
    """Files that tests compared with, or needed for that."""


def collection_of(
    session: pytest.Session,
    seen: Iterable[pytest.Item],
    files: Iterable[Path],
    folders: Iterable[Path],
    *,
    trouble: bool,
) -> dict[str, Any]:
    """What a process that collected tests knows of them, as plain data.

    Args:
        session: after its tests were run.
        seen: all tests that pytest came upon.
        files: all files that tests were looked for in.
        folders: all folders that such files were looked for in.
        trouble: whether anything could not be collected, or was skipped as a whole.
    """
    config, tests = session.config, {item.nodeid for item in session.items}
    reason = ""
    if trouble:
        reason = "not all test files could be collected"
    elif (
        set(map(id, seen)) != set(map(id, session.items))
        or any(config.getoption(name, None) for name in _PARTIAL)
        or not _are_all(config)
    ):
        reason = "only some of the tests were selected"
    elif not tests:
        reason = "there are no tests"
    modules, places = (sorted({str(path) for path in paths}) for paths in (files, folders))
    return {"tests": len(tests), "reason": reason, "modules": modules, "folders": places}


def _are_all(config: pytest.Config) -> bool:
    """Whether what was asked for are all tests of the project: its test paths, or all of its root."""
    root = config.rootpath
    patterns = [str(root / pattern) for pattern in config.getini("testpaths")]
    given = [Path(path) for pattern in patterns for path in glob.glob(pattern)] or [root]  # noqa: PTH207 - patterns may be absolute
    asked = [Path(os.path.abspath(config.invocation_params.dir / argument)) for argument in config.args]  # noqa: PTH100
    return all(any(path.is_relative_to(folder) for folder in asked) for path in given)


def why_unknown(session: Session) -> str:
    """Why it cannot be told which baselines are nobody's; empty if it can."""
    if not session.collections:
        return "not all tests were run"
    for collection in session.collections:
        if collection.get("reason", "lost"):
            return str(collection.get("reason", "not all tests were run"))
        if collection["tests"] != len(session.ended):
            return "not all tests were run"
    names = sorted(test for test, place in session.troubled.items() if place is None)
    if names:
        more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
        return f"some tests did not pass: {', '.join(names[:_TOLD])}{more}"
    return ""


def find_unclaimed(session: Session, config: pytest.Config) -> list[Path]:
    """Images in folders of baselines that no test claims."""
    modules = {Path(module) for collection in session.collections for module in collection["modules"]}
    spared = {Path(place) for place in session.troubled.values() if place is not None}
    used = {_key(path) for path in session.used}
    places = {place: module not in spared for module in modules for place in _places(module, config)}
    patterns = config.getini("python_files")
    return sorted(
        file
        for folder, beside in _folders(session, modules, config).items()
        for file in _images_in(folder)
        if _is_of_tests(file, folder, beside, places, patterns) and _key(file) not in used
    )


def _folders(session: Session, modules: set[Path], config: pytest.Config) -> dict[Path, Path]:
    """Where baselines can be, and where the modules are that they belong to."""
    given = str(config.getini(INI))
    if given:
        return {config.rootpath / given: config.rootpath}
    looked_in = {Path(folder) for collection in session.collections for folder in collection["folders"]}
    return {folder / FOLDER: folder for folder in looked_in | {module.parent for module in modules}}


def _places(module: Path, config: pytest.Config) -> Iterator[Path]:
    yield folder_of(module, config)
    old = old_folder_of(module, config)
    if old is not None:
        yield old


def _is_of_tests(
    file: Path, folder: Path, beside: Path, places: Mapping[Path, bool], patterns: Sequence[str]
) -> bool:
    """Whether a file is where the plugin writes baselines: for a module that was run, or one that is no more.

    Args:
        file: an image.
        folder: of baselines.
        beside: where the modules are whose baselines it has.
        places: the folders of baselines of modules that were looked at, and whether what is in them is known.
        patterns: how modules of tests are called.
    """
    parents = [parent for parent in file.parents if parent != folder and parent.is_relative_to(folder)]
    known = [places[parent] for parent in parents if parent in places]
    if known:
        return known[0]
    for parent in parents:
        source = beside / parent.relative_to(folder)
        if source.is_file() or source.with_name(f"{source.name}.py").is_file():
            return False  # a module that was not looked at
    return any(fnmatch(f"{parent.name}.py", pattern) for parent in parents for pattern in patterns)


def _images_in(folder: Path) -> Iterator[Path]:
    if folder.is_symlink():
        return
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != OWN_FOLDER]  # alternates are kept by hand
        for name in names:
            path = Path(parent, name)
            if path.suffix.lower() in _ENDINGS and not name.startswith(".") and not path.is_symlink():
                yield path


def _key(path: str | Path) -> str:
    return folded(os.path.realpath(path))


def prune(files: Iterable[Path]) -> list[Path]:
    """Delete files, and each one's folder if nothing is left in it.

    Returns:
        Those that could not be deleted.
    """
    left = []
    for file in files:
        try:
            file.unlink(missing_ok=True)
        except OSError:
            left.append(file)
            continue
        with suppress(OSError):  # it is not empty
            file.parent.rmdir()
    return left
