"""Which file is the baseline of a picture in a test, and which was before its path had classes and ids in it.

A test's baseline is ``<module>/<Class>/<test>-<id>.png``; that of a picture with a name
``<test>-<id>@<name>.png``, and of the second one without ``<test>-<id>@2.png``. Where a name cannot be a file's as
it is, or another name of the module would be the same file on a system that tells neither case nor Unicode forms
apart, a short hash of the exact name is added: no two tests have one file.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import re
import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

from percept_cli.system.names import RESERVED, folded, printable
from percept_cli.testing.marks import CHILDREN, FIXTURE, FOLDER, INI

LONGEST = 80
"""Bytes of a part of a name; two parts, a hash each and an ending stay below the 255 that file systems take."""
_HASH = 8  # hexadecimal digits
_UNFIT = re.compile(r"[^\w.=+-]+")  # brackets and slashes of parameters would make folders, or no file at all
_NUMBERED = re.compile(r"\d+")
_COUNTS = pytest.StashKey[Counter[str]]()
"""Of a module: how many of its tests would have each name, had none a hash."""


@dataclass(frozen=True)
class BaselineSpot:
    """Where one picture of a test belongs."""

    label: str
    """What messages call it."""
    path: Path
    """Of its baseline, without the ending."""
    old: Path | None
    """The same before classes were part of it; None where that is not known."""
    old_name: str
    """The last part of ``old``."""


class BaselineSpots:
    """Gives each picture of one test its place."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item
        self._folder = folder_of(item.path, item.config)
        self._stem = stem_of(item)
        self._given: set[str] = set()
        self._taken: set[str] = set()
        self._old_names: set[str] = set()
        self._unnamed = 0

    def next(self, name: str | None) -> BaselineSpot:
        """The place of the next picture.

        Raises:
            ValueError: for a name that the test has given already.
        """
        if name is None:
            self._unnamed += 1
            part = "" if self._unnamed == 1 else str(self._unnamed)
            label = self._item.name + (f"@{part}" if part else "")
        elif name in self._given:
            raise ValueError(f"percept_check: the name {name!r} was already used in this test")
        else:
            self._given.add(name)
            part = part_of(name, name, is_unfit=_NUMBERED.fullmatch(name) is not None)
            if folded(part) in self._taken:  # another one but for its case
                part = part_of(name, name, is_unfit=True)
            self._taken.add(folded(part))
            label = name
        path = self._folder / (f"{self._stem}@{part}" if part else self._stem)
        old_name = self._old_name(name)
        folder = old_folder_of(self._item.path, self._item.config)
        return BaselineSpot(printable(label), path, None if folder is None else folder / old_name, old_name)

    def _old_name(self, name: str | None) -> str:
        base = old_name_of(self._item.name if name is None else name)
        found, number = base, 1
        while found in self._old_names:
            number += 1
            found = f"{base}-{number}"
        self._old_names.add(found)
        return found


def part_of(text: str, exact: str, *, is_unfit: bool = False) -> str:
    """A part of a path for a name: the name itself, or what is left of it with a hash.

    Args:
        text: the name.
        exact: what the hash is of: nothing else may have the same.
        is_unfit: whether there must be a hash.
    """
    plain = _UNFIT.sub("-", unicodedata.normalize("NFC", text)).strip("-.")
    long = len(plain.encode("utf-8", "replace")) > LONGEST
    if plain and plain == text and not is_unfit and not long and not RESERVED.fullmatch(plain):
        return plain
    digest = hashlib.sha256(exact.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
    cut = plain.encode("utf-8", "replace")[:LONGEST].decode("utf-8", "ignore").strip("-.")
    return f"{cut or 'picture'}-{digest}"


def folder_of(module: Path, config: pytest.Config) -> Path:
    """Where the baselines of a module's tests are."""
    given = str(config.getini(INI))
    if not given:
        return module.parent / FOLDER / _part_of_file(module)
    root = config.rootpath
    if not module.is_relative_to(root):
        exact = os.path.relpath(module, root) if module.drive == root.drive else str(module)
        return root / given / part_of(module.stem, Path(exact).as_posix(), is_unfit=True)
    place = root / given
    for path in (*reversed(module.relative_to(root).parents[:-1]), module.relative_to(root)):
        place /= _part_of_file(root / path)
    return place


@lru_cache(maxsize=256)
def _part_of_file(path: Path) -> str:
    """What a folder or a module of tests is called among baselines; only Python's ending goes."""
    name = path.stem if path.suffix == ".py" else path.name
    try:
        others = [other for other in os.listdir(path.parent) if other != path.name]  # noqa: PTH208 - names
    except OSError:
        others = []
    return part_of(name, path.name, is_unfit=folded(path.name) in map(folded, others))


def old_folder_of(module: Path, config: pytest.Config) -> Path | None:
    """The same before; None where modules of several folders shared one."""
    given, root = str(config.getini(INI)), config.rootpath
    if module.suffix != ".py":
        return None
    if not given:
        return module.parent / FOLDER / module.stem
    return root / given / module.relative_to(root).with_suffix("") if module.is_relative_to(root) else None


def old_name_of(name: str) -> str:
    """What a test, or a picture, was called before, but for numbers that told pictures of one test apart."""
    return _UNFIT.sub("-", name).strip("-.") or "picture"


def stem_of(item: pytest.Item) -> str:
    """What a test is called below its module's folder, classes included."""
    plain = _stem_of(item)
    module = module_of(item)
    if module is None:
        return plain
    if _COUNTS not in module.stash:
        tests = {test.nodeid: test for test in tests_of(module) or () if isinstance(test, pytest.Item)}
        module.stash[_COUNTS] = Counter(folded(_stem_of(test)) for test in tests.values())
    alone = module.stash[_COUNTS][folded(plain)] <= 1
    return plain if alone else _stem_of(item, is_unfit=True)


def _stem_of(item: pytest.Item, *, is_unfit: bool = False) -> str:
    chain = item.listchain()
    files = [place for place, node in enumerate(chain) if isinstance(node, pytest.File)]
    within = [node.name for node in chain[files[-1] + 1 : -1]] if files else []
    function, bracket, rest = item.name.partition("[")
    text = f"{function}-{rest[:-1]}" if bracket and rest.endswith("]") else item.name
    # The first dash is where the id begins, if the function's name has none.
    is_unfit = is_unfit or "-" in function
    exact = "::".join([*within, item.name])
    return "/".join([*(part_of(name, name) for name in within), part_of(text, exact, is_unfit=is_unfit)])


def module_of(item: pytest.Item) -> pytest.Collector | None:
    """The file that a test is in."""
    files = [node for node in item.listchain() if isinstance(node, pytest.File)]
    return files[-1] if files else None


def tests_of(collector: pytest.Collector) -> list[pytest.Item | pytest.Collector] | None:
    """All tests in a collector, also those that were not asked for; as a collector what cannot be collected.

    Before it takes one test out of a module, pytest has gone through it, but not through its other classes.

    Returns:
        None if it is not known.
    """
    if CHILDREN not in collector.stash:
        return None
    found: list[pytest.Item | pytest.Collector] = []
    for child in collector.stash[CHILDREN]:
        if isinstance(child, pytest.Item):
            found.append(child)
        elif isinstance(child, pytest.Collector):
            if CHILDREN not in child.stash:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # pytest would have told them, had it been asked for the class
                    child.ihook.pytest_make_collect_report(collector=child)
            tests = tests_of(child)
            found += [child] if tests is None else tests
    return found


def owners_of(item: pytest.Item, spot: BaselineSpot, name: str | None, old: Path) -> list[str]:
    """The tests whose file an old baseline may be: this one, and others of its module.

    Of a picture without a name, those that would have had the same file, whether they have so many pictures or
    not. Of one with a name, also those that have the name in their code or among their parameters; or all, if the
    name is in neither for this test, but in another function of the module, which all of them may call.

    Args:
        item: the test.
        spot: of its picture.
        name: which it gave to it.
        old: the baseline.
    """
    same = folded if _tells_no_case(old) else str
    module = module_of(item)
    tests = None if module is None else tests_of(module)
    if tests is None:
        return [item.nodeid]
    mine = name is None or spot.old_name in _words_of(item)
    by_all = not mine and spot.old_name in _words_of_helpers(item)
    found = {item.nodeid}
    for test in tests:
        if not isinstance(test, pytest.Item):
            found.add(test.nodeid)  # of which nobody knows what is in it
        elif takes_pictures(test):
            base = re.escape(same(old_name_of(test.name)))
            named = name is not None and (by_all or spot.old_name in _words_of(test))
            if named or re.fullmatch(rf"{base}(-\d+)?", same(spot.old_name)):
                found.add(test.nodeid)
    return sorted(found)


def _tells_no_case(path: Path) -> bool:
    """Whether a file that is there has its name in any case."""
    other = path.with_name(path.name.swapcase())
    return other != path and other.exists() and other.samefile(path)


def takes_pictures(item: pytest.Item) -> bool:
    """Whether a test has the fixture, or names it in its code."""
    names = getattr(item, "fixturenames", None)
    return names is None or FIXTURE in names or FIXTURE in _words(getattr(item, "obj", None))


def _words_of(item: pytest.Item) -> set[str]:
    """The words of a test's code and the values of its parameters, as they were part of file names."""
    call: Any = getattr(item, "callspec", None)
    values = () if call is None else call.params.values()
    words = _words(getattr(item, "obj", None)) | {str(value) for value in values if isinstance(value, str | int)}
    return set(map(old_name_of, words))


def _words_of_helpers(item: pytest.Item) -> set[str]:
    module: Any = getattr(item, "module", None)
    functions = (
        [
            value
            for value in vars(module).values()
            if isinstance(value, FunctionType) and value.__module__ == module.__name__
        ]
        if module is not None
        else []
    )
    return {old_name_of(word) for function in functions for word in _words(function)}


def _words(function: object) -> set[str]:
    """The strings in a function's code."""
    with suppress(ValueError):  # what wraps itself
        function = inspect.unwrap(function) if callable(function) else function
    code = getattr(function, "__code__", None)
    return set() if code is None else set(_strings(code))


def _strings(code: CodeType) -> Iterator[str]:
    waiting: list[object] = [code]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple | frozenset):
            waiting += value
        elif isinstance(value, CodeType):
            waiting += value.co_consts
