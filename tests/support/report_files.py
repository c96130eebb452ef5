"""JSON reports as files, sound and damaged."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

from percept_cli.reports import Style
from percept_cli.results.run import Run
from tests.support.reported import render
from tests.support.runs import CHECKED


def written(run: Run, path: Path) -> Path:
    path.write_text(render(run, "json", Style()), encoding="utf-8")
    return path


LINES = render(CHECKED, "jsonl", Style())
TEXT = render(CHECKED, "json", Style())


def changed(path: Path, **changes: Any) -> Path:
    """A report whose first result is another than percept wrote; of its heat map with ``heat``."""
    whole = json.loads(TEXT)
    row = whole["results"][0]
    row["evidence"]["heat"] |= changes.pop("heat", {})
    row |= changes
    path.write_text(json.dumps(whole))
    return path


def zeros(count: int) -> str:
    """So many bytes as a report has them, packed without ever being there."""
    packer = zlib.compressobj(9)
    pieces = [packer.compress(bytes(1 << 20)) for _ in range(count >> 20)]
    pieces += [packer.compress(bytes(count % (1 << 20))), packer.flush()]
    return base64.b64encode(b"".join(pieces)).decode()
