"""Try a built wheel as a new user would: ``python scripts/try_wheel.py dist/percept_cli-0.1.0-py3-none-any.whl``.

It is installed with its dependencies into a new environment, in a temporary folder, and its commands run there:
weights, an image against another, then ``percept init`` and a check that fails, is approved and passes. Only the
standard library is needed, on Linux, macOS and Windows.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "sample_images"
NAME = "ui-changed-digit.png"
"""Of a pair that a check fails."""


def install(wheel: Path, folder: Path) -> Path:
    """The command of a new environment in which a wheel is installed."""
    venv.create(folder, with_pip=True)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    python = programs / ("python.exe" if os.name == "nt" else "python")
    subprocess.run([python, "-I", "-m", "pip", "install", "--quiet", wheel.resolve()], check=True)
    return programs / ("percept.exe" if os.name == "nt" else "percept")


def run(percept: Path, *words: str, cwd: Path, code: int = 0) -> str:
    """What a command prints.

    Raises:
        SystemExit: if it ends with another code.
    """
    print(f"$ percept {' '.join(words)}", flush=True)
    environment = {key: value for key, value in os.environ.items() if key not in ("CI", "PYTHONPATH")}
    done = subprocess.run(
        [percept, *words],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )
    if done.returncode != code:
        sys.exit(f"{done.stdout}{done.stderr}\nexit code {done.returncode}, not {code}")
    return done.stdout


def try_out(percept: Path, folder: Path) -> None:
    """Run the commands in an empty folder.

    Raises:
        SystemExit: if one of them does not do what it should.
    """
    run(percept, "--version", cwd=folder)
    if "OK" not in run(percept, "weights", "verify", cwd=folder):
        sys.exit("the weights of the wheel are not those that were published")
    run(percept, "init", cwd=folder)
    (folder / "current").mkdir()
    shutil.copy(SAMPLES / "reference" / NAME, folder / "baseline")
    shutil.copy(SAMPLES / "candidate" / NAME, folder / "current")
    score = run(percept, "compare", f"baseline/{NAME}", f"current/{NAME}", "--format", "score", cwd=folder)
    if not float(score.split("\t")[0]) > 0:
        sys.exit(f"two different images have the distance {score}")
    run(percept, "check", "-o", "percept-report.json", "-o", "percept-report.html", cwd=folder, code=1)
    run(percept, "approve", "percept-report.json", cwd=folder)
    run(percept, "check", cwd=folder)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        (home / "project").mkdir()
        try_out(install(Path(sys.argv[1]), home / "environment"), home / "project")
