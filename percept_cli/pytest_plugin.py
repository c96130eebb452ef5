"""The pytest plugin: a fixture that holds a picture to a stored baseline, by the gates of ``percept check``.

pytest imports this module at every start, whether a test needs it or not, so nothing heavy may be imported here.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from percept_cli.snapshots import Check

FOLDER = "percept-baselines"
KEPT = pytest.StashKey[list[str]]()
"""What failed in a test, each as a JSON report."""
WRITTEN = pytest.StashKey[list[str]]()
"""Baselines that a test wrote."""
_OPTION = "percept_report"
_REPORT = "percept-report.html"


class PerceptWarning(UserWarning):
    """A picture is within what fails, but above a level that warns; or its recipe has no levels of its own."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options and the settings of ``pytest.ini`` or ``pyproject.toml``."""
    group = parser.getgroup("percept", "pictures against baselines (percept)")
    group.addoption(
        "--percept-update",
        action="store_true",
        help="Write the baselines that are missing, and replace those that the pictures differ from.",
    )
    group.addoption(
        "--percept-report",
        metavar="PATH",
        help="Where the report of pictures that differ is written, in the format of its ending. "
        f"Default: d/percept/{_REPORT} in pytest's cache folder.",
    )
    parser.addini(
        "percept_baselines",
        f"Folder of the baselines, from the root of the project. Default: {FOLDER} beside each test file.",
        default="",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Fix where the report goes, before pytest-xdist hands the options to its workers."""
    given = getattr(config.option, _OPTION)
    if given:
        path = Path(os.path.abspath(config.invocation_params.dir / given))  # noqa: PTH100 - links stay as they are
    else:
        try:
            path = config.rootpath / str(config.getini("cache_dir")) / "d" / "percept" / _REPORT
        except (ValueError, KeyError):  # -p no:cacheprovider
            path = config.rootpath / _REPORT
    setattr(config.option, _OPTION, str(path))
    config.pluginmanager.register(_Collector(config), "percept-collector")


@pytest.fixture
def percept_check(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Check:
    """Hold a picture to its baseline: ``percept_check(picture)`` fails the test where they differ.

    It is judged by the project's ``percept.toml``, or ``[tool.percept]`` in ``pyproject.toml``, as by ``percept
    check``; the file is looked for in pytest's rootdir and above it. What a call gives stands above the file.
    """
    from percept_cli.snapshots import Check

    return Check(request, tmp_path_factory)


class _Collector:
    """Carries what failed from the tests, also those of pytest-xdist's workers, to one report at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._kept: list[str] = []
        self._written: list[str] = []
        self._reports: list[Path] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put what a test found into its report: what else stands in a report, xdist sends along."""
        report = yield
        found = {"percept_kept": item.stash.get(KEPT, []), "percept_written": item.stash.get(WRITTEN, [])}
        vars(report).update(found)
        item.stash[KEPT], item.stash[WRITTEN] = [], []  # each once, of setup, call and teardown
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take it out again, in the process that reports."""
        self._kept += getattr(report, "percept_kept", [])
        self._written += getattr(report, "percept_written", [])

    def pytest_sessionfinish(self) -> None:
        """Write the report where anything failed."""
        if self._kept and not hasattr(self._config, "workerinput"):
            from percept_cli.snapshots import write_report

            self._reports = write_report(self._kept, Path(self._config.option.percept_report))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where it is, and which baselines are new."""
        if self._written:
            terminalreporter.section("percept: baselines written; look at them before you commit them")
            for written in sorted(self._written):
                terminalreporter.line(written)
        if self._reports:
            count = len(self._kept)
            terminalreporter.section(f"percept: {count} picture{'s' * (count > 1)} did not pass")
            for path in self._reports:
                terminalreporter.line(f"report: {path}")
