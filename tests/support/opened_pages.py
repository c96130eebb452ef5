"""HTML reports that are open in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from percept_cli.geometry import Box
from percept_cli.results.pair import PairResult
from percept_cli.results.run import Run
from tests.conftest import drawing
from tests.support.runs import CHECKED

WIDTH, HEIGHT = 320, 200
HOSTILE = '<img src=x onerror="document.title=1"></script>&.png'
SEEN = "li:not([hidden]) .row"


def run_of(folder: Path) -> Run:
    """A run of every status, with real pictures."""
    fail, warn, fine, measured, tolerated, new, missing, error = CHECKED.results

    def with_files(result: PairResult, number: int, **changes: Any) -> PairResult:
        sides: dict[str, Any] = {}
        for role in ("reference", "candidate"):
            if getattr(result, role) is not None:
                path = folder / f"{role}-{number}.png"
                drawing(WIDTH, HEIGHT, seed=number + (role == "candidate")).save(path)
                sides |= {role: str(path), f"{role}_file": None}
        size = {"width": WIDTH, "height": HEIGHT} if result.layers else {}
        return replace(result, **sides | size | changes)

    assert fail.evidence is not None
    regions = (
        replace(fail.evidence.regions[0], box=Box(40, 30, 60, 50)),
        replace(fail.evidence.regions[1], box=Box(200, 120, 20, 10)),
    )
    fail = replace(fail, evidence=replace(fail.evidence, regions=regions))
    return replace(
        CHECKED,
        results=(
            with_files(fine, 0),
            with_files(warn, 2),
            with_files(fail, 4, distance=0.5),
            with_files(replace(fail, name=HOSTILE), 6, distance=1.5),
            with_files(new, 8),
            with_files(missing, 10),
            with_files(error, 12),
            with_files(measured, 14),
            with_files(tolerated, 16),
        ),
    )


def opened(browser: Browser, path: Path, **options: Any) -> Iterator[Page]:
    """The page, which at the end must have said nothing on the console and asked for nothing but itself."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}} | options)
    page = context.new_page()
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    asked: list[str] = []
    page.goto(path.as_uri())
    yield page
    assert trouble == []
    assert {url.split("#")[0] for url in asked if not url.startswith("data:")} == {path.as_uri()}
    context.close()


def names(page: Page) -> list[str]:
    return [str(row.get_attribute("title")) for row in page.locator(SEEN).all()]


def choose(page: Page, name: str) -> None:
    page.locator(".row", has_text=name).click()
    expect(page.locator("#name")).to_contain_text(name)
