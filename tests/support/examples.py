"""The examples in docs/examples, imported."""

from __future__ import annotations

import runpy
from typing import Any

from tests.conftest import ROOT

EXAMPLES = ROOT / "docs" / "examples"
PHOTOS = sorted((ROOT / "sample_images" / "reference").glob("photo-*.png"))


def example(name: str) -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))
