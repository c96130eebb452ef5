"""A real Chromium, and a page of every status in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from percept_cli.reports import Style
from percept_cli.reports import render as pieces_of
from percept_cli.system.whole import write_output
from tests.support.chromium import chromium
from tests.support.opened_pages import opened, run_of


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        # Chromium refuses to start its sandbox for root, which containers are; the pages are this test's own.
        started = playwright.chromium.launch(executable_path=path, chromium_sandbox=os.geteuid() != 0)
        yield started
        started.close()


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    path = folder / "report.html"
    write_output(path, pieces_of(run_of(folder), "html", Style(link_from=folder, json_report="report.json")))
    return path


@pytest.fixture
def page(browser: Browser, page_file: Path) -> Iterator[Page]:
    yield from opened(browser, page_file)
