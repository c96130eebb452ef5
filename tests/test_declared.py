"""What the package imports is what pyproject.toml declares: a library that only happens to be there is none."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import percept_cli

ROOT = Path(percept_cli.__file__).parent
PACKAGES = {"PIL": "pillow"}
"""Modules whose packages have another name."""


def _imported() -> dict[str, str]:
    """The first name of each module that is imported anywhere, and where."""
    found: dict[str, str] = {}
    for path in ROOT.glob("**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            else:
                continue
            found |= {name.partition(".")[0]: str(path.relative_to(ROOT)) for name in names}
    return found


def _declared() -> set[str]:
    project = tomllib.loads((ROOT.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [
        *project["dependencies"],
        *(entry for extra in project["optional-dependencies"].values() for entry in extra),
    ]
    return {_plain(re.split(r"[\[<>=!~; ]", entry)[0]) for entry in needed}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_is_imported_is_declared() -> None:
    declared = _declared()
    for name, where in _imported().items():
        if name in sys.stdlib_module_names or name == "percept_cli":
            continue
        package = _plain(PACKAGES.get(name, name))
        assert package in declared, f"{where} imports {name}, and pyproject.toml does not declare {package}"
