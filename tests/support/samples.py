"""The sample pairs."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import ROOT

SAMPLES = ROOT / "sample_images"
GOLDEN = Path(__file__).parents[1] / "golden" / "samples.json"


def files(name: str) -> tuple[Path, Path]:
    (candidate,) = (SAMPLES / "candidate").glob(f"{name}.*")
    return SAMPLES / "reference" / f"{name}.png", candidate
