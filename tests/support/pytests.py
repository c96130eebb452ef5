"""Runs of pytest in projects of their own, for tests of the plugin."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable

import pytest

from tests.support.forks import Forks

Run = Callable[..., pytest.RunResult]


def runner(forks: Forks) -> Run:
    """What runs pytest in a project: forked, unless it is ``fresh``."""

    def run(project: pytest.Pytester, *arguments: str, fresh: bool = False) -> pytest.RunResult:
        if fresh or not forks.can_stand_for(os.environ):
            return project.runpytest_subprocess(*arguments, timeout=120)
        temporary = tempfile.mkdtemp(prefix="runpytest-", dir=project.path)
        begun = time.monotonic()
        done = forks.run(
            "pytest", f"--basetemp={temporary}", *arguments, cwd=project.path, env=os.environ, timeout=120
        )
        outputs = done.stdout.splitlines(), done.stderr.splitlines()
        return pytest.RunResult(done.returncode, *outputs, time.monotonic() - begun)

    return run


def written(project: pytest.Pytester) -> list[str]:
    """All baselines of a project."""
    return sorted(
        path.relative_to(project.path).as_posix()
        for path in project.path.rglob("*.png")
        if "percept-baselines" in path.parts and path.is_file()
    )
