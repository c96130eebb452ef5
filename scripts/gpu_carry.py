"""What a machine with a GPU, and without a network, needs for ``python -m scripts.gpu_check``.

Two commands, both run where there is a network:

    python -m scripts.gpu_carry packages DIR [NAME ...]  # pure Python packages, unpacked, for --vendor DIR
    python -m scripts.gpu_carry tree DIR                 # a checkout without what the check does not read

Such machines often take 64 MiB at most, and the repository has more. Compiled packages stay behind: percept's own
weights are read in plain Python there (scripts/plain_safetensors.py).
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("pathspec", "click", "filelock", "lpips", "tqdm")
"""What percept's commands begin with, and what it is compared with; lpips also needs scipy, which is compiled."""
MOST_OF_PACKAGES = 3_000_000
MOST_OF_A_TREE = 64 << 20
READ = (
    "percept_cli",
    "configs",
    "sample_images/reference",
    "sample_images/candidate",
    "scripts",
    "tests/golden/samples.json",
    "tests/golden/samples_bounds.json",
    "pyproject.toml",
    "LICENSE",
    "NOTICE",
)
"""What the check reads, of what git knows."""


def main(words: Sequence[str] | None = None) -> None:
    """Do one of the two."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.gpu_carry", description=(__doc__ or "").partition("\n")[0]
    )
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind in ("packages", "tree"):
        one = kinds.add_parser(kind)
        one.add_argument("folder", type=Path, metavar="DIR", help="a new or empty folder")
        if kind == "packages":
            one.add_argument("names", nargs="*", metavar="NAME", help="as pip knows them")
    options = parser.parse_args(words)
    folder: Path = options.folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        parser.error(f"{folder} is there already, and not empty")
    folder.mkdir(parents=True, exist_ok=True)
    if options.kind == "packages":
        size, most = packages(folder, options.names or PACKAGES), MOST_OF_PACKAGES
    else:
        size, most = tree(folder), MOST_OF_A_TREE
    print(f"{folder}: {size / 1e6:.1f} MB of at most {most / 1e6:.1f}")
    if size > most:
        sys.exit(f"Error: {folder} is too large to be carried\nHint: leave out some of it.")


def packages(folder: Path, names: Sequence[str]) -> int:
    """Download wheels without what they depend on, and unpack those that run anywhere; their bytes.

    Raises:
        SystemExit: if pip cannot have one, or one is compiled.
    """
    with tempfile.TemporaryDirectory() as wheels:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        done = subprocess.run([*command, "--dest", wheels, *names], check=False)
        if done.returncode:
            sys.exit(f"Error: pip could not download {', '.join(names)}\nHint: see what it says above.")
        unpack(sorted(Path(wheels).iterdir()), folder)
    return size_of(folder)


def unpack(wheels: Sequence[Path], folder: Path) -> None:
    """Wheels → one folder to import from.

    Raises:
        SystemExit: if one is for one kind of machine only.
    """
    for wheel in wheels:
        if not wheel.name.endswith("-none-any.whl"):
            sys.exit(f"Error: {wheel.name} is compiled for one kind of machine\nHint: leave it out.")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)


def tree(folder: Path) -> int:
    """Copy what the check reads, of what git knows; its bytes."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *READ], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    return size_of(folder)


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
