"""Compile the C sources of this folder into one shared library: ``python percept_cli/engine/native/build.py``.

The package is built with it (``hatch_build.py``), and so this file needs the standard library only and imports
nothing of percept. One source is compiled for several sets of instructions, of which the library's user chooses.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
LIBRARY = "libpercept.so.1"
"""Name of the library: an ending that Python does not take for one of its modules; ctypes does not mind."""
SOURCES = ("convolve.c", "convolve.h", "choose.c")
FLAGS = ("-std=gnu11", "-O3", "-fPIC", "-ffp-contract=fast", "-fno-math-errno", "-fvisibility=hidden", "-pthread")
"""A product and a sum are rounded once, as by the instructions for both."""


@dataclass(frozen=True)
class Instructions:
    """A set of instructions that the sources are compiled for."""

    name: str
    flags: tuple[str, ...]
    width: int
    """Floats of a vector."""
    tiles: int
    """Rows of a product that are summed in registers, each of two vectors."""


PORTABLE = Instructions("portable", (), 4, 4)
SETS: Mapping[str, tuple[Instructions, ...]] = {
    "x86_64": (
        PORTABLE,
        Instructions("avx2", ("-mavx2", "-mfma"), 8, 6),
        Instructions("avx512", ("-mavx512f", "-mfma", "-mprefer-vector-width=512"), 16, 12),
    ),
    "aarch64": (PORTABLE, Instructions("neon", (), 4, 8)),
}
"""By processor: what is compiled for it."""


class NotCompiled(Exception):
    """There is no library, and this says why; percept works without it."""


def sets(machine: str = "") -> tuple[Instructions, ...]:
    """What is compiled on a processor: this one, or one that is named as ``platform.machine`` does."""
    name = (machine or platform.machine()).lower()
    return SETS.get({"amd64": "x86_64", "arm64": "aarch64"}.get(name, name), (PORTABLE,))


def stamp() -> str:
    """Which sources these are: a hash that the library made of them has too."""
    digest = hashlib.sha256()
    for name in (*SOURCES, Path(__file__).name):
        digest.update(HERE.joinpath(name).read_bytes())
    return digest.hexdigest()[:16]


def compiler() -> list[str]:
    """The command of a C compiler: ``CC`` if that is set, else the first that is found.

    Raises:
        NotCompiled: if there is none.
    """
    told = shlex.split(os.environ.get("CC", ""))
    for command in (told,) if told else (["cc"], ["gcc"], ["clang"]):
        if shutil.which(command[0]):
            return command
    raise NotCompiled(f"{told[0]} was not found" if told else "there is no C compiler")


def build(
    library: Path, *, instructions: Sequence[Instructions] | None = None, flags: Sequence[str] = ()
) -> tuple[str, ...]:
    """Compile the sources.

    Args:
        library: where to write the shared library, whole or not at all.
        instructions: sets to compile for; None for all that suit this processor.
        flags: of the compiler, besides the usual ones.

    Returns:
        Names of the sets.

    Raises:
        NotCompiled: if that cannot be done here.
    """
    if os.name == "nt":
        raise NotCompiled("not written for Windows")
    chosen = sets() if instructions is None else instructions
    command = [*compiler(), *FLAGS, *flags]
    library.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=library.parent, prefix=".building-") as place:
        objects = []
        for one in chosen:
            macros = (
                f"-DWIDTH={one.width}",
                f"-DTILES_AT_ONCE={one.tiles}",
                f"-DNAME(x)=percept_##x##_{one.name}",
            )
            objects.append(_compile([*command, *one.flags, *macros], "convolve.c", Path(place, f"{one.name}.o")))
        objects.append(_compile([*command, f'-DSTAMP="{stamp()}"'], "choose.c", Path(place, "choose.o")))
        made = Path(place, LIBRARY)
        _run([*command, "-shared", *map(str, objects), "-o", str(made)])
        made.replace(library)
    return tuple(one.name for one in chosen)


def _compile(command: Sequence[str], source: str, out: Path) -> Path:
    _run([*command, "-c", str(HERE / source), "-o", str(out)])
    return out


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NotCompiled(f"{command[0]} cannot be run: {error}") from None
    if done.returncode:
        raise NotCompiled(f"{command[0]} failed: {(done.stderr or done.stdout).strip()[-2000:]}")


if __name__ == "__main__":
    try:
        print(", ".join(build(HERE / LIBRARY)))
    except NotCompiled as error:
        sys.exit(f"not compiled: {error}")
