"""The pytest plugin: a fixture that compares an image with a stored baseline, by the gates of ``percept check``.

pytest imports this module at every start, whether a test needs it or not, so nothing heavy may be imported here.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from percept_cli.testing.marks import CHILDREN, FOLDER, INI, KEPT, USED, WRITTEN

if TYPE_CHECKING:
    from percept_cli.testing.fixture import Check

_OPTION = "percept_report"
_REPORT = "percept-report.html"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, and the settings for ``pytest.ini`` or ``pyproject.toml``."""
    group = parser.getgroup("percept", "image comparison with baselines (percept)")
    group.addoption(
        "--percept-update",
        action="store_true",
        help="Write missing baselines and replace those that differ.",
    )
    group.addoption(
        "--percept-alternate",
        metavar="NAME",
        help="With --percept-update: write images that differ as this alternate of their baselines, such as "
        "linux, instead of replacing them.",
    )
    group.addoption(
        "--percept-prune",
        action="store_true",
        help="Delete baselines that no test uses, if all tests were run. Without this option they are only "
        "listed.",
    )
    group.addoption(
        "--percept-report",
        metavar="PATH",
        help="Write the report of images that did not pass to PATH; its extension selects the format. "
        f"Default: d/percept/{_REPORT} in pytest's cache folder.",
    )
    parser.addini(
        INI,
        f"Folder for baselines, relative to the project root. Default: {FOLDER} beside each test file.",
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
    _check_alternate(config)
    config.pluginmanager.register(_Collector(config), "percept-collector")


def _check_alternate(config: pytest.Config) -> None:
    """Refuse an alternate that would not be written, or whose name is none."""
    variant = config.option.percept_alternate
    if variant is None:
        return
    from percept_cli.errors import InvalidSetting
    from percept_cli.pairs.alternates import check_variant

    if not config.option.percept_update:
        raise pytest.UsageError("--percept-alternate needs --percept-update")
    try:
        check_variant(variant)
    except InvalidSetting as error:
        raise pytest.UsageError(f"--percept-alternate: {error}; {error.hint}") from None


@pytest.fixture
def percept_check(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Check:
    """Compare an image with its baseline: ``percept_check(picture)`` fails the test if they differ.

    Settings come from the project's ``percept.toml``, or ``[tool.percept]`` in ``pyproject.toml``, as for
    ``percept check``; the file is searched for in pytest's rootdir and above it. Arguments override the file.
    """
    from percept_cli.testing.fixture import Check

    return Check(request, tmp_path_factory)


class _Collector:
    """Carries what tests found and used, also those of pytest-xdist's workers, to one place at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._kept: list[str] = []
        self._written: list[str] = []
        self._reports: list[Path] = []
        self._used: set[str] = set()
        self._seen: list[pytest.Item] = []
        self._files: set[Path] = set()
        self._folders: set[Path] = set()
        self._trouble = False
        self._ended: set[str] = set()
        self._troubled: dict[str, str | None] = {}
        self._collections: list[Mapping[str, Any]] = []
        self._unclaimed: list[Path] = []
        self._not_deleted: list[Path] = []
        self._why_unknown = ""

    @pytest.hookimpl(wrapper=True, trylast=True)  # next to what collects: --lf takes tests out again
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Remember all tests, also those that were not asked for: they may have had the same baseline."""
        report = yield
        found = list(report.result or ())
        if report.passed:
            collector.stash[CHILDREN] = found
        self._seen += (child for child in found if isinstance(child, pytest.Item))
        self._trouble |= not report.passed
        if isinstance(collector, pytest.File):
            self._files.add(collector.path)
        elif collector.path.is_dir():
            self._folders.add(collector.path)
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put what a test found into its report: what else stands in a report, xdist sends along."""
        report = yield
        for key, name in ((KEPT, "percept_kept"), (WRITTEN, "percept_written"), (USED, "percept_used")):
            setattr(report, name, item.stash.get(key, []))
            item.stash[key] = []  # each once, of setup, call and teardown
        if not report.passed:
            from percept_cli.testing.baselines import takes_pictures

            vars(report)["percept_place"] = None if takes_pictures(item) else str(item.path)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take it out again, in the process that reports."""
        self._kept += getattr(report, "percept_kept", [])
        self._written += getattr(report, "percept_written", [])
        self._used.update(getattr(report, "percept_used", []))
        if report.when == "setup":
            self._troubled.pop(report.nodeid, None)  # of an earlier run of the same test
        if not report.passed:
            place = getattr(report, "percept_place", None)  # None also of a test that its process died in
            if self._troubled.get(report.nodeid, "") is not None:
                self._troubled[report.nodeid] = place
        if report.when == "teardown":
            self._ended.add(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the report where anything failed, and find the baselines that are nobody's."""
        is_worker = hasattr(self._config, "workerinput")
        if not self._collections and (is_worker or bool(getattr(session, "items", None))):
            from percept_cli.testing.unclaimed import collection_of

            found = collection_of(session, self._seen, self._files, self._folders, trouble=self._trouble)
            if is_worker:
                self._config.workeroutput["percept"] = found  # type: ignore[attr-defined] # xdist's
                return
            self._collections.append(found)
        if is_worker:
            return
        if self._kept:
            from percept_cli.testing.kept import write_report

            self._reports = write_report(self._kept, Path(self._config.option.percept_report))
        self._look_for_unclaimed()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take what a worker of xdist knows of the tests; one that died knows nothing."""
        output = {} if error else getattr(node, "workeroutput", {})
        self._collections.append(output.get("percept", {}))

    def _look_for_unclaimed(self) -> None:
        from percept_cli.testing.unclaimed import Session, find_unclaimed, prune, why_unknown

        found = Session(self._collections, self._ended, self._troubled, self._used)
        self._why_unknown = why_unknown(found)
        if not self._why_unknown:
            self._unclaimed = find_unclaimed(found, self._config)
            if self._config.option.percept_prune:
                self._not_deleted = prune(self._unclaimed)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where it is, which baselines are new, and which are nobody's."""
        if self._written:
            terminalreporter.section("percept: baselines written; review them before you commit them")
            for written in sorted(self._written):
                terminalreporter.line(written)
        if self._reports:
            count = len(self._kept)
            terminalreporter.section(f"percept: {count} image{'s' * (count > 1)} did not pass")
            for path in self._reports:
                terminalreporter.line(f"report: {path}")
        prune = self._config.option.percept_prune
        if prune and self._why_unknown:
            terminalreporter.section("percept: no baselines were deleted")
            terminalreporter.line(f"percept cannot tell which baselines are unused: {self._why_unknown}.")
        if self._unclaimed:
            title = "deleted" if prune else "delete them with --percept-prune"
            terminalreporter.section(f"percept: unused baselines ({title})")
            here = self._config.invocation_params.dir
            for path in self._unclaimed:
                shown = path.relative_to(here) if path.is_relative_to(here) else path
                trouble = " (could not be deleted)" if path in self._not_deleted else ""
                terminalreporter.line(f"{shown.as_posix()}{trouble}")
