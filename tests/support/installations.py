"""An installation without its extras."""

from __future__ import annotations

from pathlib import Path

import pytest

ABSENT = """
import importlib.metadata
from importlib import machinery

MODULES = {"pillow_heif", "pillow_jxl", "OpenEXR"}
PACKAGES = {"pillow-heif", "pillow-jxl-plugin", "OpenEXR"}
modules = machinery.PathFinder.find_spec
packages = importlib.metadata.MetadataPathFinder.find_distributions


def find_spec(name, *rest):
    return None if name.partition(".")[0] in MODULES else modules(name, *rest)


def find_distributions(context=importlib.metadata.DistributionFinder.Context()):
    return iter(()) if context.name in PACKAGES else packages(context)


machinery.PathFinder.find_spec = find_spec
importlib.metadata.MetadataPathFinder.find_distributions = find_distributions
"""


@pytest.fixture
def without_extras(tmp_path: Path) -> dict[str, str]:
    """The environment of a Python in which the libraries of the extras cannot be found."""
    (tmp_path / "sitecustomize.py").write_text(ABSENT, encoding="utf-8")
    return {"PYTHONPATH": str(tmp_path)}
