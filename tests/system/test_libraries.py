"""Libraries that cannot be loaded: exit code 4 in words, in every command, and a typed error in Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from percept_cli.system.libraries import library_at_fault
from tests.conftest import ROOT, Percept, Save, clean_environment

TORCH = "raise OSError('libtorch_cpu.so: failed to map segment from shared object')"
COMMANDS = ("compare a.png b.png", "batch x y", "check a.png b.png", "heatmap a.png b.png -o h.png")


@pytest.fixture
def damaged(tmp_path: Path, save: Save) -> Path:
    """Two pictures, folders with them, and a folder for libraries that stand before the real ones."""
    for folder in ("", "x/", "y/"):
        (tmp_path / folder).mkdir(exist_ok=True)
        save(f"{folder}a.png", seed=folder == "y/")
    save("b.png", seed=1)
    (tmp_path / "damaged").mkdir()
    return tmp_path / "damaged"


def damage(folder: Path, library: str, code: str) -> dict[str, str]:
    package = folder / library
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(code)
    return {"PYTHONPATH": str(folder)}


@pytest.mark.parametrize("command", [*COMMANDS, "info --devices"])
def test_torch(percept: Percept, damaged: Path, command: str) -> None:
    done = percept(*command.split(), env=damage(damaged, "torch", TORCH))
    assert done.returncode == 4, done.stderr
    assert "Error: the library torch cannot be loaded: OSError: libtorch_cpu.so: failed to map" in done.stderr
    assert "Hint: give this process more memory" in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


@pytest.mark.parametrize(
    ("library", "code", "command"),
    [
        *(("numpy", "raise ImportError('invalid ELF header')", command) for command in COMMANDS),
        ("numpy", "raise ImportError('invalid ELF header')", "batch --pairs pairs.csv"),  # from a thread
        ("scipy", "from scipy import _nothing_here", "check a.png b.png"),
        ("imagecodecs", "def broken(:", "compare deep.png b.png"),
        ("safetensors", "raise ImportError('file too short')", "compare a.png b.png"),
        ("PIL", "raise ImportError('file too short')", "compare a.png b.png"),
    ],
)
def test_what_reads_and_judges(percept: Percept, damaged: Path, library: str, code: str, command: str) -> None:
    Image.new("I;16", (40, 30), 1000).save(damaged.parent / "deep.png")
    (damaged.parent / "pairs.csv").write_text("reference,candidate\na.png,b.png\nb.png,a.png\n")
    done = percept(*command.split(), env=damage(damaged, library, code))
    assert done.returncode == 4, done.stderr
    name = "pillow" if library == "PIL" else library
    assert f"Error: the library {name} cannot be loaded: " in done.stderr
    assert f"Hint: reinstall it: python -m pip install --force-reinstall {name}" in done.stderr
    assert "Traceback" not in done.stderr


_IN_PYTHON = """
import sys
import percept_cli
from percept_cli.errors import LibraryUnavailable

for name, use in {
    "compare": lambda: percept_cli.compare("a.png", "b.png"),
    "again": lambda: percept_cli.compare("a.png", "b.png"),
    "check": lambda: percept_cli.check("a.png", "b.png"),
    "compare_folders": lambda: list(percept_cli.compare_folders("x", "y")),
    "loss": lambda: percept_cli.PerceptualDistance(),
}.items():
    try:
        use()
    except LibraryUnavailable as error:
        print(name, error.exit_code, str(error).split(":")[0])
"""


def test_in_python(damaged: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _IN_PYTHON],
        cwd=damaged.parent,
        env=clean_environment(**damage(damaged, "torch", TORCH) | {"PYTHONPATH": f"{damaged}:{ROOT}"}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.splitlines() == [
        f"{name} 4 the library torch cannot be loaded"
        for name in ("compare", "again", "check", "compare_folders", "loss")
    ], done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds processes to ulimit -v")
@pytest.mark.parametrize(("kilobytes", "library"), [(100_000, "numpy"), (800_000, "torch")])
def test_no_addresses_for_it(damaged: Path, kilobytes: int, library: str) -> None:
    """Without percept's trial the first would end in OpenBLAS, with the exit code of a difference."""
    command = f'ulimit -v {kilobytes}; exec "{sys.executable}" -m percept_cli compare a.png b.png'
    done = subprocess.run(
        ["bash", "-c", command], cwd=damaged.parent, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 4, done.stderr
    assert f"Error: the library {library} cannot be loaded: " in done.stderr
    assert "Hint: give this process more memory (ulimit -v)" in done.stderr


def test_what_is_no_fault_of_a_library() -> None:
    def caught(code: str) -> BaseException:
        try:
            exec(code, {"__name__": "percept_cli.some"})
        except Exception as error:
            return error
        raise AssertionError

    assert library_at_fault(caught("None.nothing")) is None
    assert library_at_fault(caught("import click; click.nothing")) is None
    assert library_at_fault(caught("1 / 0")) is None
    assert library_at_fault(caught("import no_such_library")) == "no_such_library"
    gone = ModuleType("torch")  # what is imported of a folder whose files are gone
    gone.__path__ = []
    try:
        gone.float32  # noqa: B018 - raises
    except AttributeError as error:
        assert library_at_fault(error) == "torch"
