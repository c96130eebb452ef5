"""How long the HTML report of a large run takes to be written, and to open in headless Chromium.

2,000 results at 1280×720, of which 100 failed, each of these with its two pictures, 20 regions and a heat map.
"Opens" is from the navigation until the list is there and the first image is drawn; the median of several runs.

Run by hand: python -m tests.benchmarks.report [--results N] [--failed N] [--repetitions N] [--keep FILE]
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

from percept_cli.geometry import Box
from percept_cli.reports import Style, render
from percept_cli.results.found import HeatMap
from percept_cli.results.pair import PairResult
from percept_cli.results.run import Run
from percept_cli.system.whole import write_output
from tests.benchmarks.machine import describe
from tests.support.runs import CHECKED

WIDTH, HEIGHT = 1280, 720
STRIDE = 4
_DRAWN = """() => document.querySelectorAll(".row").length
  && [...document.querySelectorAll(".pane:not([hidden]) img.shot")].every((shot) => shot.complete)"""


def failed_pair(folder: Path, number: int) -> PairResult:
    """A failed pair with pictures of its own, some hundred kilobytes each, as screenshots have."""
    base = CHECKED.results[0]  # type: ignore[index]
    assert base.evidence is not None
    rng = np.random.default_rng(number)
    picture = np.repeat(np.repeat(rng.integers(0, 256, (HEIGHT // 4, WIDTH // 4, 3), np.uint8), 4, 0), 4, 1)
    paths = [str(folder / f"{role}-{number}.png") for role in ("reference", "candidate")]
    Image.fromarray(picture).save(paths[0])
    picture[100:200, 300:500] = 90
    Image.fromarray(picture).save(paths[1])
    boxes = [Box(int(rng.integers(WIDTH - 50)), int(rng.integers(HEIGHT - 50)), 40, 30) for _ in range(20)]
    heat = np.zeros((HEIGHT // STRIDE, WIDTH // STRIDE), np.uint8)
    heat[20:60, 70:130] = rng.integers(0, 256, (40, 60))
    evidence = replace(
        base.evidence,
        regions=tuple(replace(base.evidence.regions[0], box=box) for box in boxes),
        heat=HeatMap(STRIDE, heat.shape[1], heat.shape[0], heat.tobytes(), 10.0),
    )
    files = {"reference": paths[0], "candidate": paths[1], "reference_file": None, "candidate_file": None}
    pair: PairResult = replace(base, width=WIDTH, height=HEIGHT, evidence=evidence, **files)
    return replace(pair, name=f"suite/failed-{number:04}.png")


def run_of(folder: Path, results: int, failed: int) -> Run:
    """The run: every so many results one that failed."""
    passed = CHECKED.results[2]  # type: ignore[index]
    every = max(1, results // max(1, failed))
    return replace(
        CHECKED,
        results=tuple(
            failed_pair(folder, number)
            if number % every == 0 and number // every < failed
            else replace(passed, name=f"suite/{number % 40}/case-{number:05}.png", evidence=None)
            for number in range(results)
        ),
    )


def seconds_to_open(path: Path, repetitions: int) -> tuple[list[float], float]:
    """Seconds until the page can be used, and the seconds that sorting and searching then take."""
    chromium = shutil.which("chromium") or "chromium"
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, chromium_sandbox=os.geteuid() != 0)
        for _ in range(repetitions):
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            start = time.perf_counter()
            page.goto(path.as_uri())
            page.wait_for_function(_DRAWN)
            found.append(time.perf_counter() - start)
            acting = page.evaluate(
                """() => {
                  const start = performance.now();
                  const sort = document.getElementById("sort");
                  sort.value = "name";
                  sort.dispatchEvent(new Event("change"));
                  document.body.getBoundingClientRect();
                  return (performance.now() - start) / 1000;
                }"""
            )
            page.close()
        browser.close()
    return found, acting


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=int, default=2000)
    parser.add_argument("--failed", type=int, default=100)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="keep the page as this file")
    given = parser.parse_args()
    print(describe())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = run_of(folder, given.results, given.failed)
        path = given.keep or folder / "report.html"
        start = time.perf_counter()
        write_output(path, render(run, "html", Style(link_from=path.parent)))
        written = time.perf_counter() - start
        opened, sorted_in = seconds_to_open(path, given.repetitions)
        print(
            f"{given.results} results, {given.failed} failed: {path.stat().st_size / 1e6:.1f} MB, written in "
            f"{written:.2f} s; opens in {statistics.median(opened):.2f} s "
            f"({min(opened):.2f} to {max(opened):.2f}), sorts in {sorted_in:.3f} s"
        )


if __name__ == "__main__":
    main()
