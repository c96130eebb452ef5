"""Set who hosts the repository: ``python -m scripts.set_owner NAME``, a user or an organisation on GitHub.

``percept_cli/_project.py`` has the setting, which code imports. This script changes it there, and in every file
that must hold an address as text: workflows, CITATION.cff, pyproject.toml, the JSON schema, README and docs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SETTING = Path("percept_cli", "_project.py")
_LINE = re.compile(r'^OWNER = "([^"]+)"$', re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
_LONGEST = 39
"""Characters of a name on GitHub."""


def owner_of(root: Path) -> str:
    """Who hosts it now, by the setting."""
    if not (root / SETTING).is_file():
        sys.exit(f"{root} is not a git checkout of percept: it has no {SETTING}")
    found = _LINE.search((root / SETTING).read_text(encoding="utf-8"))
    if found is None:
        sys.exit(f'{SETTING}: has no line OWNER = "…"')
    return found[1]


def replaced(text: str, old: str, new: str) -> str:
    """Text with the owner's name replaced where it is part of an address, NAME/percept or name.github.io."""
    text = re.sub(rf"(?<![\w-]){re.escape(old)}(?=/percept(?![\w-]))", new, text)
    # Pages are served below lower case only.
    return re.sub(rf"(?<![\w-]){re.escape(old.lower())}(?=\.github\.io(?![\w-]))", new.lower(), text)


def files_of(root: Path) -> Iterator[Path]:
    """The files of the repository that are text."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, check=False)
    except FileNotFoundError:
        sys.exit("scripts/set_owner.py needs git, which was not found")
    if listed.returncode:
        sys.exit(f"{root} is not a git checkout of percept, which scripts/set_owner.py needs to list its files")
    for name in os.fsdecode(listed.stdout).split("\0"):
        path = root / name
        if name and path.is_file() and b"\0" not in path.read_bytes():
            yield path


def set_owner(root: Path, new: str) -> list[Path]:
    """Change the owner in all files, and return those that changed."""
    if not _NAME.fullmatch(new) or len(new) > _LONGEST:
        sys.exit(f"{new!r} cannot be a name on GitHub: letters, digits and single hyphens, at most {_LONGEST}")
    old = owner_of(root)
    changed = []
    for path in files_of(root):
        before = path.read_bytes()
        text = before.decode("utf-8", "surrogateescape")
        if path == root / SETTING:
            text = _LINE.sub(f'OWNER = "{new}"', text)
        after = replaced(text, old, new).encode("utf-8", "surrogateescape")
        if after != before:
            path.write_bytes(after)
            changed.append(path)
    return changed


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m scripts.set_owner NAME")
    for changed_file in set_owner(ROOT, sys.argv[1]):
        print(changed_file.relative_to(ROOT))
