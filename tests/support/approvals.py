"""Folders that were checked, with their report, and `percept approve` on them."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from percept_cli.geometry import FileStamp
from percept_cli.reports import Style
from percept_cli.reports import render as render_report
from percept_cli.results.pair import PairResult
from percept_cli.system.whole import write_output
from tests.conftest import Percept
from tests.support.runs import CHECKED, PAIR

BARE = replace(
    PAIR, width=None, height=None, layers=(), distance=0.0, threshold=None, threshold_source="", seconds=0.0
)
PICTURES = {
    "fine.png": ("same", "same", "pass"),
    "menu/icon.png": ("old icon", "new icon", "fail"),
    "shade.png": ("old shade", "new shade", "warn"),
    "menu/fresh.png": (None, "fresh", "new"),
    "gone.png": ("gone", None, "missing"),
    "broken.png": ("sound", "broken", "error"),
}
"""Name → what the baseline holds, what the current folder holds, and what a check says."""
FOLDERS = ("--baseline", "base", "--current", "now")


def put(path: Path, text: str) -> None:
    """A picture that says what it is of, or a file of that text if it is not named like one."""
    if path.suffix not in (".png", ".jpg"):
        path.write_text(text)
        return
    said = PngInfo()
    said.add_text("Title", text)
    Image.new("RGB", (2, 2), (len(text), 0, 0)).save(path, "PNG", pnginfo=said)


def got(path: Path) -> str:
    """What was put there."""
    if path.read_bytes()[:4] != b"\x89PNG":
        return path.read_text()
    with Image.open(path) as image:
        return str(image.info["Title"])


def stamp(path: Path) -> FileStamp | None:
    if not path.exists():
        return None
    data = path.read_bytes()
    return FileStamp(len(data), path.stat().st_mtime_ns, hashlib.sha256(data).hexdigest())


def result_of(root: Path, name: str, status: Any, **changes: Any) -> PairResult:
    files = [Path("base") / name, Path("now") / name]
    names = [file.as_posix() if (root / file).exists() else None for file in files]
    stamps = [stamp(root / file) for file in files]
    result = replace(BARE, name=name, status=status, reference=names[0], candidate=names[1], reason="so it is")
    return replace(result, **{"reference_file": stamps[0], "candidate_file": stamps[1]} | changes)


def write_report(root: Path, *results: PairResult, **changes: Any) -> None:
    run = replace(CHECKED, **{"folders": ("base", "now"), "results": results} | changes)
    write_output(root / "report.json", render_report(run, "json", Style()))


@pytest.fixture
def checked(tmp_path: Path) -> Path:
    """Two folders and the report of their check."""
    for name, (old, new, _) in PICTURES.items():
        for folder, content in (("base", old), ("now", new)):
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is not None:
                put(path, content)
    write_report(tmp_path, *(result_of(tmp_path, name, entry[2]) for name, entry in PICTURES.items()))
    return tmp_path


def contents(folder: Path) -> dict[str, str]:
    """All there is in a folder, hidden files included."""
    return {path.relative_to(folder).as_posix(): got(path) for path in folder.rglob("*") if path.is_file()}


OLD = {name: entry[0] for name, entry in PICTURES.items() if entry[0] is not None}
ACCEPTED = OLD | {"menu/icon.png": "new icon", "shade.png": "new shade", "menu/fresh.png": "fresh"}

HINT = "Hint: refused images were not copied; if a file has changed since the check, run percept check again.\n"

Approve = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def approve(percept: Percept) -> Approve:
    """The command on a person's own machine, also where these tests run in a pipeline, with the folders named."""

    def run(*arguments: object, named: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        options["env"] = {"CI": ""} | options.get("env", {})
        folders = FOLDERS if named and "--baseline" not in arguments else ()
        return percept("approve", *arguments, *folders, **options)

    return run
