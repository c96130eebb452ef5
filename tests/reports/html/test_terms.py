"""What the page says of its own words: each text, and that mouse, keys and touch find it in a real Chromium."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import percept_cli.reports.html.terms as terms_module
from percept_cli.recipes.presets import load_preset, preset_names
from percept_cli.reports import Style
from percept_cli.reports import render as pieces_of
from percept_cli.reports.html.terms import TERMS, terms_of
from percept_cli.results.pair import PairResult
from percept_cli.results.run import Run
from percept_cli.system.whole import write_output
from tests.support.opened_pages import choose, names, opened
from tests.support.runs import CHECKED, IN_A_PLACE, LIKE, PAIR, RUN

HERE = Path(terms_module.__file__).parent


def test_texts_are_short_and_say_which_way() -> None:
    for preset in preset_names():
        for name, text in terms_of(load_preset(preset).spec).items():
            assert text.endswith("."), name
            assert len(re.findall(r"[.;](?: |$)", text.replace("; ", ", "))) <= 2, name
            assert len(text) <= 220, name
    for name in ("distance", "severity", "overall", "peak", "colour", "changed-pixels", "noise-floor", "share"):
        assert re.search(r"larger|more|less|rise", TERMS[name]), name
        assert re.search(r"No unit|In ΔE|In pixels|In %", TERMS[name]), name


def test_every_word_that_is_marked_is_explained_and_every_text_is_used() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in HERE.iterdir() if path.suffix in (".js", ".j2"))
    used = set(re.findall(r'term\("([a-z-]+)"', source)) | set(re.findall(r'data-term="([a-z-]+)"', source))
    gates = {"overall", "peak", "colour", "changed-pixels"}
    assert used | gates == set(TERMS)


def test_taps_are_explained_by_their_names() -> None:
    found = terms_of(load_preset("default").spec)
    assert "block 3" in found["tap-relu3_3"]
    assert "letters" in found["tap-relu3_3"]
    assert "pixels of the image" in terms_of(load_preset("dists").spec)["tap-input"]


def page_of(folder: Path, run: Run) -> Path:
    path = folder / "report.html"
    write_output(path, pieces_of(run, "html", Style(pictures="none")))
    return path


def term(page: Page, name: str) -> Locator:
    return page.locator(f".term[data-term={name}]:visible").first


def within(page: Page) -> bool:
    """Whether the explanation lies in the window and is the uppermost thing at all of its corners."""
    found: bool = page.evaluate(
        """() => {
          const tip = document.querySelector("#explanation");
          const { left, top, right, bottom } = tip.getBoundingClientRect();
          const corners = [left + 9, right - 9].flatMap((x) => [[x, top + 9], [x, bottom - 9]]);
          return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight
            && corners.every(([x, y]) => tip.contains(document.elementFromPoint(x, y)));
        }"""
    )
    return found


def test_a_term_is_explained_on_focus_until_escape(browser: Browser, tmp_path: Path) -> None:
    for page in opened(browser, page_of(tmp_path, CHECKED)):
        choose(page, "icon.png")
        tip, peak = page.locator("#explanation"), term(page, "peak")
        expect(tip).to_be_hidden()
        term(page, "overall").focus()
        page.keyboard.press("Tab")
        while page.evaluate("document.activeElement.dataset.term") != "peak":
            page.keyboard.press("Tab")
        expect(tip).to_have_text(TERMS["peak"])
        assert within(page)
        expect(peak).to_have_accessible_description(TERMS["peak"])
        page.keyboard.press("Escape")
        expect(tip).to_be_hidden()
        expect(peak).to_be_focused()
        page.keyboard.press("Enter")
        expect(tip).to_be_visible()
        page.keyboard.press("j")  # the next image has no such term there any more
        expect(tip).to_be_hidden()


@pytest.mark.slow
def test_a_term_is_explained_on_hover_and_the_pointer_may_go_there(browser: Browser, tmp_path: Path) -> None:
    for page in opened(browser, page_of(tmp_path, CHECKED)):
        choose(page, "icon.png")
        tip, tap = page.locator("#explanation"), term(page, "tap-relu3_3")
        tap.scroll_into_view_if_needed()
        tap.hover()
        expect(tip).to_contain_text("block 3")
        assert within(page)
        tip.hover()
        page.wait_for_timeout(400)
        expect(tip).to_be_visible()
        page.locator("h1").hover()
        expect(tip).to_be_hidden()
        tap.hover()
        expect(tip).to_be_visible()
        page.keyboard.press("Escape")  # without the focus
        expect(tip).to_be_hidden()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_explanation_is_cut_off_and_all_work_by_touch(browser: Browser, tmp_path: Path, scheme: Any) -> None:
    narrow = {"viewport": {"width": 360, "height": 700}, "has_touch": True, "color_scheme": scheme}
    for page in opened(browser, page_of(tmp_path, CHECKED), **narrow):
        choose(page, "icon.png")
        tip = page.locator("#explanation")
        shown = page.locator("#shown .term:visible").all()
        assert len(shown) > 15
        texts = terms_of(CHECKED.spec)
        for one in shown:
            one.tap()
            expect(tip).to_have_text(texts[str(one.get_attribute("data-term"))])
            assert within(page), one.text_content()
            tip.tap()  # it may lie on the next term
            expect(tip).to_be_hidden()
        shown[0].tap()
        expect(tip).to_be_visible()
        page.locator("#name").tap()
        expect(tip).to_be_hidden()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        shown[0].tap()
        expect(tip).to_be_visible()
        page.emulate_media(media="print")
        expect(tip).to_be_hidden()


def run_with(*results: PairResult) -> Run:
    return replace(CHECKED, results=results)


@pytest.mark.slow
def test_the_ladder_marks_where_the_image_stands(browser: Browser, tmp_path: Path) -> None:
    _, bare, *_ = CHECKED.results
    run = run_with(
        replace(PAIR, name="whole.png", like=LIKE),
        replace(PAIR, name="place.png", like=IN_A_PLACE, distance=1.0),
        replace(PAIR, name="own.png", like=LIKE, fingerprint="0123456789ab", distance=0.9),
        replace(bare, name="bare.png"),
    )
    for page in opened(browser, page_of(tmp_path, run)):
        page.locator("#ladder summary").click()
        here = page.locator("#ladder .here")
        for name, words, at in (("whole", LIKE.words, 0), ("place", IN_A_PLACE.words, 1)):
            choose(page, f"{name}.png")
            expect(page.locator("#like")).to_contain_text(words)
            expect(page.locator("#ladder .ladder").nth(at).locator(".here td").first).to_have_text("this image")
            expect(here).to_have_count(1)
            medians = [
                float(text)
                for text in page.locator("#ladder .ladder").nth(at).locator("td.right").all_inner_texts()
            ]
            assert medians == sorted(medians)
        choose(page, "own.png")  # by another recipe: its words are told, its distance is not on this ladder
        expect(page.locator("#like")).to_contain_text(LIKE.words)
        expect(here).to_have_count(0)
        choose(page, "bare.png")
        expect(page.locator("#like")).to_have_count(0)
        expect(here).to_have_count(0)


def test_without_a_ladder_nothing_is_shown_of_one(browser: Browser, tmp_path: Path) -> None:
    run = replace(RUN, spec=load_preset("srgan").spec)
    for page in opened(browser, page_of(tmp_path, run)):
        expect(page.locator("#measures")).to_contain_text("distance")
        expect(page.locator("#ladder, #like")).to_have_count(0)


def test_the_list_names_the_gate_and_puts_what_is_infinitely_bad_first(browser: Browser, tmp_path: Path) -> None:
    fail: PairResult
    fail, *_ = CHECKED.results
    found = fail.evidence
    assert found is not None
    _, peak, colour = found.gates

    def failed(name: str, value: float, limit: float, **changes: Any) -> PairResult:
        gate = replace(peak, value=value, fail=limit, warn=None)
        evidence = replace(found, gates=(replace(colour, warn=None), gate))
        changes |= {"name": name, "evidence": evidence}
        return replace(fail, **changes)

    sizes = replace(fail, name="sizes.png", evidence=None, layers=(), distance=math.nan, reason="the sizes differ")
    run = run_with(
        failed("twice.png", 1.0, 0.5, distance=9.0),
        failed("near.png", 0.50000001, 0.5),
        failed("nothing.png", 0.25, 0.0, distance=0.5),
        sizes,
        failed("often.png", 5.0, 0.5, distance=0.1),
    )
    for page in opened(browser, page_of(tmp_path, run)):
        assert names(page) == ["sizes.png", "nothing.png", "often.png", "twice.png", "near.png"]
        told = [" ".join(text.split()) for text in page.locator(".row .number").all_inner_texts()]
        assert told == [
            "not compared",
            "peak 0.25 limit 0",
            "peak 5 limit 0.5",
            "peak 1 limit 0.5",
            "peak 0.50000001 limit 0.5",
        ]
        choose(page, "nothing.png")
        expect(page.locator("#measures")).to_contain_text("above a limit of 0")
        choose(page, "often.png")
        expect(page.locator("#measures")).to_contain_text("10 × its limit")


def test_a_page_has_a_shape_and_a_place_for_every_status(browser: Browser, tmp_path: Path) -> None:
    for page in opened(browser, page_of(tmp_path, CHECKED)):
        for result in CHECKED.results:
            page.evaluate("name => { location.hash = encodeURIComponent(name); }", result.name)
            expect(page.locator("#name")).to_have_text(result.name)
            expect(page.locator("#badge")).to_have_text(result.status)
            box = page.locator("#badge svg use")
            expect(box).to_have_attribute("href", f"#shape-{result.status}")
            assert page.locator(f"#shape-{result.status}").count() == 1
            expect(page.locator("#measures")).to_be_visible(visible=math.isfinite(result.distance))
