"""The house: every room is known, every arrow of import points down, and nothing goes round in a circle.

Imports inside functions count, and so do those for types alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import percept_cli

PACKAGE = Path(percept_cli.__file__).parent
STOREYS = (
    ("__init__", "__main__"),
    ("loss", "pytest_plugin"),
    ("cli",),
    ("testing",),
    ("cluster",),
    ("runs",),
    ("reports",),
    ("scoring",),
    ("judging",),
    ("pairs",),
    ("drawing",),
    ("evidence",),
    ("engine",),
    ("results",),
    ("recipes",),
    ("distances",),
    ("networks",),
    ("formats",),
    ("images",),
    ("storage",),
    ("system",),
    ("topology", "geometry"),
    ("errors", "_version", "_project"),
)
"""Rooms and files at the top of the package, from the top of the house: each may use those below it."""
FLOOR = {room: floor for floor, storey in enumerate(STOREYS) for room in storey}


def name_of(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {name_of(file): file for file in PACKAGE.rglob("*.py")}


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def imports_of(module: str) -> Iterator[str]:
    """Modules of the package that a module imports."""
    for node in ast.walk(ast.parse(FILES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in FILES)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module is not None, f"{module}: imports are absolute"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if whole in FILES:
                    yield whole
                elif node.module in FILES:
                    yield node.module


ARROWS = {module: sorted(set(imports_of(module)) - {module}) for module in FILES}


def test_there_is_something_to_look_at() -> None:
    assert len(FILES) > 100
    assert sum(map(len, ARROWS.values())) > 500


def test_every_room_is_known() -> None:
    found = {entry.stem for entry in PACKAGE.glob("*.py")} | {
        entry.name for entry in PACKAGE.iterdir() if any(entry.glob("**/*.py"))
    }
    assert found == set(FLOOR), "an issue that adds a room adds its line here, and in CONTRIBUTING.md"


@pytest.mark.parametrize("module", sorted(FILES))
def test_arrows_point_down(module: str) -> None:
    room = room_of(module)
    up = [other for other in ARROWS[module] if room_of(other) != room and FLOOR[room_of(other)] <= FLOOR[room]]
    assert up == [], f"{module} is on the floor of {room}; what it imports from there belongs lower"


def test_no_files_go_round_in_a_circle() -> None:
    # A module that is one of a package imports the package's own file as well, which may import it.
    try:
        TopologicalSorter(ARROWS).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of files: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("module", sorted(FILES))
def test_a_module_is_not_longer_than_a_reader_can_hold(module: str) -> None:
    assert len(FILES[module].read_text(encoding="utf-8").splitlines()) <= 350


def test_no_two_rooms_have_a_class_of_one_name() -> None:
    rooms: dict[str, set[str]] = {}
    for module, file in FILES.items():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                rooms.setdefault(node.name, set()).add(room_of(module))
    assert {name: found for name, found in rooms.items() if len(found) > 1} == {}
