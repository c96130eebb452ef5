"""Count the arrows between rooms that one real run walks: ``python scripts/count_edges.py [--list] [CHECKOUT]``.

An arrow is a function of one room that calls a function of another, counted once however often it is walked, in
every thread. A room is a folder or a file at the top of the package; what every room may use (``COMMON``) does not
count. Two commands are run, each in a process of its own: ``compare`` of two pictures, and ``check`` of two
folders with an HTML report. With CHECKOUT they are run on another checkout, such as the commit before, so that two
layouts can be held against each other.
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import CodeType, FrameType

HERE = Path(__file__).resolve().parents[1]
COMMON = frozenset({"system", "results", "errors", "geometry", "topology"})
OLD_NAMES = {
    "machine": "system",
    "lock": "system",
    "names": "system",
    "evidence.py": "results",
    "results": "results",
}
"""Rooms of the first edition of the house that hold what COMMON holds in the second."""
COMPREHENSION = re.compile(r"\.<locals>\.<(listcomp|setcomp|dictcomp|genexpr)>")
"""Part of its function since Python 3.12, but for ``genexpr``: counted alike with every version."""
SAMPLES = HERE / "sample_images"
COMMANDS = {
    "compare": ["compare", "reference/ui-changed-digit.png", "candidate/ui-changed-digit.png"],
    "check -o r.html": ["check", "reference", "candidate", "--include", "ui-*", "-o", "{out}/r.html"],
}


class Walk:
    """The arrows that calls walk; a profile function for ``sys.setprofile``."""

    def __init__(self, package: Path) -> None:
        self._package = f"{package}{os.sep}"
        self._rooms: dict[CodeType, str | None] = {}
        self.arrows: set[tuple[str, str]] = set()

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        """Note a call, from the nearest function of the package below it on the stack.

        What a module does while it is imported is nobody's call.
        """
        if event != "call" or (room := self._room(frame.f_code)) is None:
            return
        caller = frame.f_back
        while caller is not None and self._room(caller.f_code) is None:
            if caller.f_code.co_filename.startswith(self._package):
                return
            caller = caller.f_back
        if caller is None:
            return
        origin = self._room(caller.f_code)
        if origin != room and not {origin, room} & COMMON:
            self.arrows.add((f"{origin}: {_function(caller.f_code)}", f"{room}: {_function(frame.f_code)}"))

    def _room(self, code: CodeType) -> str | None:
        """Where a function is, or None for code from elsewhere and for bodies of modules and classes."""
        if code not in self._rooms:
            inside = code.co_filename.startswith(self._package) and code.co_flags & inspect.CO_OPTIMIZED
            self._rooms[code] = self._name(code.co_filename.removeprefix(self._package)) if inside else None
        return self._rooms[code]

    def _name(self, path: str) -> str:
        first, *rest = Path(path).parts
        name = first if rest else first.removesuffix(".py")
        return OLD_NAMES.get(first, OLD_NAMES.get(name, name))


def _function(code: CodeType) -> str:
    """The function that code belongs to: a comprehension is part of the one that it stands in."""
    return COMPREHENSION.sub("", code.co_qualname)


def walk(checkout: Path, command: list[str]) -> set[tuple[str, str]]:
    """The arrows of one command, run in this process on the package of a checkout."""
    sys.path.insert(0, str(checkout))
    os.chdir(SAMPLES)
    found = Walk(checkout / "percept_cli")
    from percept_cli.cli import run

    sys.argv = ["percept", *command]
    threading.setprofile(found)
    sys.setprofile(found)
    with (
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        code = run()
    sys.setprofile(None)
    if code > 1:
        raise SystemExit(f"{' '.join(command)}: exit code {code}")
    return found.arrows


def main() -> None:
    """Print how many arrows each command walks, or with ``--list`` which."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", nargs="?", type=Path, default=HERE)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--command", help=argparse.SUPPRESS)  # what the processes it starts are told
    arguments = parser.parse_args()
    if arguments.command is None:
        for name in COMMANDS:
            call = [sys.executable, __file__, str(arguments.checkout.resolve()), "--command", name]
            subprocess.run([*call, *(["--list"] if arguments.list else [])], check=True)
        return
    with tempfile.TemporaryDirectory() as out:
        command = [word.format(out=out) for word in COMMANDS[arguments.command]]
        arrows = walk(arguments.checkout, command)
    print(f"{arguments.command}: {len(arrows)} arrows between rooms", flush=True)
    if arguments.list:
        print("\n".join(f"  {origin} -> {room}" for origin, room in sorted(arrows)))


if __name__ == "__main__":
    main()
