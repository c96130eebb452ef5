"""What the pytest plugin and its fixture share."""

from __future__ import annotations

import pytest

FIXTURE = "percept_check"
FOLDER = "percept-baselines"
INI = "percept_baselines"
CHILDREN = pytest.StashKey[list[pytest.Item | pytest.Collector]]()
"""Of a collector that could be collected: all that is in it, also what was not asked for."""
KEPT = pytest.StashKey[list[str]]()
"""What failed in a test, each as a JSON report."""
WRITTEN = pytest.StashKey[list[str]]()
"""Baselines that a test wrote."""
USED = pytest.StashKey[list[str]]()
"""Baselines that a test claimed, and whatever else of files it was compared with."""


class PerceptWarning(UserWarning):
    """A picture is within what fails, but above a level that warns; or its recipe has no levels of its own."""
