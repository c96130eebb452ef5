"""The HTML report in a real Chromium, from a file, as a person uses it: what is seen, keys, mouse, no network.

It is skipped where there is no Chromium, unless PERCEPT_REQUIRE_BROWSER is set, as in .ci/run: then it fails.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from percept_cli.geometry import Box
from percept_cli.reports import Style
from percept_cli.reports import render as pieces_of
from percept_cli.results.fit import Band, Fit
from percept_cli.system.whole import write_output
from tests.conftest import drawing
from tests.support.opened_pages import HOSTILE, SEEN, WIDTH, choose, names, opened, run_of
from tests.support.runs import CHECKED

pytestmark = pytest.mark.slow


def views(page: Page) -> list[str]:
    """How the pictures lie in the panes that are seen."""
    script = "panes => panes.filter(p => !p.hidden).map(p => p.querySelector('.sheet').style.transform)"
    found: list[str] = page.locator(".pane").evaluate_all(script)
    return found


def test_the_worst_is_first_and_shown(page: Page) -> None:
    expect(page.locator(".verdict")).to_have_text("ERROR")
    ranks = [str(badge.text_content()) for badge in page.locator(".row .badge").all()]
    assert ranks == ["error", "fail", "fail", "missing", "new", "warn", "tolerated", "measured", "pass"]
    assert names(page)[1:3] == [HOSTILE, "menu/icon.png"]  # the larger distance first
    expect(page.locator("#name")).to_have_text("broken.png")
    expect(page.locator(".row[aria-current]")).to_have_attribute("title", "broken.png")


def test_hostile_names_do_nothing(page: Page) -> None:
    choose(page, "onerror")
    expect(page.locator("#name")).to_have_text(HOSTILE)
    assert page.title().startswith("ERROR")
    assert page.locator("img[src=x]").count() == 0
    page.reload()  # its address names the image
    expect(page.locator("#name")).to_have_text(HOSTILE)


def check_what_is_seen(page: Page, name: str, place: str) -> None:
    """One image, in the page and in the list, and where it stands there."""
    expect(page.locator("#name")).to_have_text(name)
    expect(page.locator("#place")).to_have_text(place)
    expect(page.locator(f"{SEEN}[aria-current]")).to_have_attribute("title", name)
    assert name in names(page)


def test_what_is_seen_is_always_in_the_list(page: Page) -> None:
    """Through chips, search, sorting, an empty result, and back: never an image that a filter has taken away."""
    search, shown = page.locator("#search"), page.locator("#shown")
    check_what_is_seen(page, "broken.png", "1 of 9")
    page.locator(".count[data-status=fail]").click()
    check_what_is_seen(page, HOSTILE, "1 of 2")
    page.locator(".count[data-status=pass]").click()  # which still has it
    check_what_is_seen(page, HOSTILE, "1 of 3")
    page.locator("#sort").select_option("name")
    place = f"{names(page).index(HOSTILE) + 1} of 3"
    check_what_is_seen(page, HOSTILE, place)
    search.fill("plain")
    check_what_is_seen(page, "plain.png", "1 of 1")
    expect(page.locator("#badge")).to_have_text("pass")
    search.fill("no such image")
    expect(page.locator("#none")).to_be_visible()
    expect(shown).to_be_hidden()
    search.fill("plain")
    expect(shown).to_be_visible()
    check_what_is_seen(page, "plain.png", "1 of 1")
    search.fill("no such image")
    expect(shown).to_be_hidden()
    page.locator("#reset").click()
    expect(shown).to_be_visible()
    check_what_is_seen(page, "plain.png", f"{names(page).index('plain.png') + 1} of 9")
    page.locator("#sort").select_option("status")
    check_what_is_seen(page, "plain.png", "9 of 9")
    search.fill("no such image")
    expect(shown).to_be_hidden()
    page.evaluate("location.hash = '#fresh.png'")  # a link leads past the filter
    expect(shown).to_be_visible()
    check_what_is_seen(page, "fresh.png", "5 of 9")
    assert search.input_value() == ""


def test_filters_and_search_and_their_count(page: Page) -> None:
    page.locator(".count", has_text="fail").click()
    assert names(page) == [HOSTILE, "menu/icon.png"]
    expect(page.locator("#found")).to_have_text("Showing 2 of 9 images")
    page.locator(".count", has_text="warn").click()
    assert len(names(page)) == 3
    expect(page.locator(".count", has_text="warn")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("/")
    page.keyboard.type("ICON menu")
    expect(page.locator("#found")).to_have_text("Showing 1 of 9 images")
    assert names(page) == ["menu/icon.png"]
    page.keyboard.type("jk4")  # in the search these are letters
    expect(page.locator("#none")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#search")).not_to_be_focused()
    assert len(names(page)) == 3
    page.keyboard.press("/")
    page.keyboard.type("nothing like it")
    page.locator("#reset").click()
    expect(page.locator("#found")).to_have_text("9 images")
    assert page.locator("#found").get_attribute("aria-live") == "polite"


def test_sorting(page: Page) -> None:
    page.locator("#sort").select_option("name")
    assert names(page) == [HOSTILE, 'a "quoted" & <b>bold</b>.png', *sorted(names(page)[2:])]
    page.locator("#sort").select_option("distance")
    assert names(page)[:1] == [HOSTILE]
    assert names(page)[-3:] == ["broken.png", "fresh.png", "gone.png"]
    page.locator("#sort").select_option("status")
    assert names(page)[0] == "broken.png"


def test_keys(page: Page) -> None:
    page.keyboard.press("j")
    expect(page.locator("#name")).to_have_text(HOSTILE)
    page.keyboard.press("j")
    expect(page.locator("#place")).to_have_text("3 of 9")
    page.keyboard.press("k")
    expect(page.locator("#name")).to_have_text(HOSTILE)
    for key, mode in (("2", "slider"), ("3", "blink"), ("4", "heat"), ("1", "sides")):
        page.keyboard.press(key)
        expect(page.locator(f".modes button[data-mode={mode}]")).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#stage")).to_have_attribute("data-mode", mode)
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("j")  # the image behind stays
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator("#name")).to_have_text(HOSTILE)


def test_both_panes_move_together(page: Page) -> None:
    choose(page, "icon.png")
    start = views(page)
    assert len(start) == 2
    assert len(set(start)) == 1
    page.keyboard.press("+")
    zoomed = views(page)
    assert zoomed[0] == zoomed[1] != start[0]
    expect(page.locator("#stage.pixels")).to_be_visible()
    pane = page.locator(".pane").nth(1).bounding_box()
    assert pane is not None
    page.mouse.move(pane["x"] + 20, pane["y"] + pane["height"] - 20)
    page.mouse.down()
    page.mouse.move(pane["x"] + 60, pane["y"] + pane["height"] - 50)
    page.mouse.up()
    dragged = views(page)
    assert dragged[0] == dragged[1] != zoomed[0]
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    page.wait_for_function("old => document.querySelector('.sheet').style.transform !== old", arg=dragged[0])
    assert len(set(views(page))) == 1
    for mode in "234":  # the place stays when the view changes
        page.keyboard.press(mode)
        assert len(views(page)) == 1
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    assert views(page) == start


def test_one_to_one_is_a_pixel_of_the_screen(browser: Browser, page_file: Path) -> None:
    for page in opened(browser, page_file, device_scale_factor=2):
        choose(page, "icon.png")
        page.locator("#real").click()
        expect(page.locator("#scale")).to_have_text("100 %")
        assert "scale(0.5)" in views(page)[0]


def test_the_slider_moves_by_mouse_and_by_keys(page: Page) -> None:
    choose(page, "icon.png")
    page.keyboard.press("2")
    handle = page.locator(".handle")
    expect(handle).to_have_attribute("aria-valuenow", "50")
    box = handle.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 15, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] - 100, box["y"] + 40)
    page.mouse.up()
    value = int(str(handle.get_attribute("aria-valuenow")))
    assert value < 45
    handle.press("ArrowRight")
    expect(handle).to_have_attribute("aria-valuenow", str(value + 2))
    handle.press("End")
    expect(handle).to_have_attribute("aria-valuenow", "100")


def visible_shot(page: Page) -> str:
    found: str = page.locator(".pane").first.evaluate(
        "pane => getComputedStyle(pane.querySelector('.candidate')).visibility"
    )
    return found


def test_blink_blinks_and_stops(page: Page) -> None:
    choose(page, "icon.png")
    page.keyboard.press("3")
    caption = page.locator(".caption").first
    expect(caption).to_have_text("candidate")
    assert visible_shot(page) == "visible"
    expect(caption).to_have_text("reference")
    assert visible_shot(page) == "hidden"
    page.locator("#play").click()
    before = caption.text_content()
    page.wait_for_timeout(900)
    assert caption.text_content() == before
    page.locator("#stage").focus()
    page.keyboard.press("Space")
    assert caption.text_content() != before


def test_nothing_blinks_for_those_who_want_less_motion(browser: Browser, page_file: Path) -> None:
    for page in opened(browser, page_file, reduced_motion="reduce"):
        choose(page, "icon.png")
        page.keyboard.press("3")
        page.wait_for_timeout(900)
        expect(page.locator(".caption").first).to_have_text("reference")
        page.locator("#switch").click()
        expect(page.locator(".caption").first).to_have_text("candidate")


def test_regions_are_found_from_the_picture_and_from_the_list(page: Page) -> None:
    choose(page, "icon.png")
    start = views(page)[0]
    page.locator(".pane").nth(1).locator(".mark").nth(0).click()
    first = views(page)
    assert first[0] == first[1] != start
    expect(page.locator("#regions tr.chosen td").first).to_have_text("1")
    page.locator("#regions button.link").nth(1).click()
    assert views(page)[0] not in (start, first[0])
    expect(page.locator(".mark.chosen")).to_have_count(2)
    # The region lies in the middle of its pane.
    mark, pane = page.locator(".mark.chosen").first.bounding_box(), page.locator(".pane").first.bounding_box()
    assert mark is not None
    assert pane is not None
    assert mark["x"] + mark["width"] / 2 == pytest.approx(pane["x"] + pane["width"] / 2, abs=3)
    page.keyboard.press("n")
    assert views(page) == first
    page.keyboard.press("r")
    expect(page.locator(".mark").first).to_be_hidden()
    page.keyboard.press("Escape")
    assert views(page)[0] == start
    page.locator("#gates button.link").first.click()
    expect(page.locator(".spot").first).to_be_visible()


def test_the_heat_map_has_opacity_and_a_legend(page: Page) -> None:
    choose(page, "icon.png")
    expect(page.locator("#legend")).to_be_hidden()
    page.keyboard.press("4")
    heat = page.locator(".heat")
    expect(heat).to_be_visible()
    page.locator("#opacity").fill("30")
    expect(heat).to_have_css("opacity", "0.3")
    expect(page.locator("#legend .ticks span")).to_have_text(["0", "0.625", "2.5", "5.63", "≥ 10"])


def test_what_is_alone_is_shown_alone(page: Page) -> None:
    for name, role in (("fresh.png", "candidate"), ("gone.png", "reference")):
        choose(page, name)
        assert len(views(page)) == 1
        expect(page.locator(".pane:not([hidden]) .caption")).to_have_text(role)
        expect(page.locator(".pane:not([hidden]) img.shot")).to_have_css("width", f"{WIDTH}px")
        expect(page.locator(".modes button[data-mode=slider]")).to_be_disabled()
    page.keyboard.press("4")
    expect(page.locator("#stage")).to_have_attribute("data-mode", "sides")


def test_commands_are_copied(browser: Browser, page_file: Path) -> None:
    for page in opened(browser, page_file, permissions=["clipboard-read", "clipboard-write"]):
        choose(page, "fresh.png")
        page.locator("#commands button").click()
        expect(page.locator("#commands button")).to_have_text("Copied")
        text = page.evaluate("navigator.clipboard.readText()")
        assert text == "percept approve report.json --baseline expected --current out --filter /fresh.png"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_themes_are_readable_and_can_be_switched(browser: Browser, page_file: Path, scheme: Any) -> None:
    for page in opened(browser, page_file, color_scheme=scheme):
        choose(page, "icon.png")
        assert poor_contrasts(page) == []
        before = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
        page.locator("#theme").click()
        after = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
        assert before != after
        page.wait_for_timeout(300)  # buttons change their colours gently
        assert poor_contrasts(page) == []


def poor_contrasts(page: Page) -> list[str]:
    """Texts with less contrast than WCAG 2 asks for (4.5), of all that are seen and not of a disabled control."""
    found: list[str] = page.evaluate(
        """() => {
          const painter = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
          const rgba = (colour) => {
            painter.clearRect(0, 0, 1, 1);
            painter.fillStyle = colour;
            painter.fillRect(0, 0, 1, 1);
            return [...painter.getImageData(0, 0, 1, 1).data];
          };
          const light = ([r, g, b]) => [r, g, b]
            .map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
          const behind = (element) => {
            for (let box = element; box; box = box.parentElement) {
              const colour = rgba(getComputedStyle(box).backgroundColor);
              if (colour[3] > 200) return colour;
            }
            return [255, 255, 255, 255];
          };
          const poor = [];
          for (const element of document.body.querySelectorAll("*")) {
            const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
            if (!text || !element.checkVisibility()) continue;
            if (element.closest(":disabled, script, .marks, .skip")) continue;
            const both = [light(rgba(getComputedStyle(element).color)), light(behind(element))];
            const [one, other] = both.sort((a, b) => a - b);
            const contrast = (other + 0.05) / (one + 0.05);
            if (contrast < 4.5) poor.push(`${contrast} ${element.outerHTML}`);
          }
          return poor;
        }"""
    )
    return found


def test_everything_has_a_name_for_those_who_do_not_see(page: Page) -> None:
    choose(page, "icon.png")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, a, [role=slider], [tabindex='0']")]
          .filter((e) => e.checkVisibility())
          .filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || (e.labels && e.labels.length)))
          .map((e) => e.outerHTML)"""
    )
    assert nameless == []
    for role in ("banner", "navigation", "main", "search"):
        expect(page.get_by_role(role)).to_have_count(1)
    for row in page.locator(".row").all():
        assert row.locator(".badge").inner_text().strip()


def test_focus_is_seen(page: Page) -> None:
    seen = 0
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):  # beyond the last
            break
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style != "none", page.evaluate("document.activeElement.outerHTML")
        seen += 1
    assert seen > 20


@pytest.mark.parametrize("width", [360, 768, 1280, 2560])
def test_nothing_is_cut_off_at_any_width(browser: Browser, page_file: Path, width: int) -> None:
    for page in opened(browser, page_file, viewport={"width": width, "height": 800}):
        choose(page, "icon.png")
        for mode in "1234":
            page.keyboard.press(mode)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate("document.querySelector('#detail').scrollWidth") <= width
        if width < 840:
            expect(page.locator("#list")).to_be_hidden()
            page.locator("#back").click()
            expect(page.locator("#list")).to_be_visible()
            expect(page.locator("#shown")).to_be_hidden()


def test_linked_pictures_are_loaded_from_their_files(browser: Browser, tmp_path: Path) -> None:
    run = run_of(tmp_path)
    (tmp_path / "pages").mkdir()
    path = tmp_path / "pages" / "report.html"
    write_output(path, pieces_of(run, "html", Style(pictures="link", link_from=path.parent)))
    page = browser.new_page()
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(message.text))
    page.goto(path.as_uri())
    choose(page, "icon.png")
    expect(page.locator(".pane img.reference").first).to_have_js_property("naturalWidth", WIDTH)
    assert trouble == []
    page.close()


def test_it_prints_what_is_shown(page: Page) -> None:
    choose(page, "icon.png")
    page.emulate_media(media="print")
    expect(page.locator(".tools")).to_be_hidden()
    expect(page.locator("#list")).to_be_visible()
    expect(page.locator("#gates")).to_be_visible()


def test_an_empty_run_says_so(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_output(path, pieces_of(replace(CHECKED, results=()), "html", Style()))
    for page in opened(browser, path):
        expect(page.locator("#empty")).to_be_visible()
        for key in "jknp1234+-0r/?":
            page.keyboard.press(key)


def test_two_sizes_show_what_only_one_of_them_has(browser: Browser, tmp_path: Path) -> None:
    fail = next(one for one in CHECKED.results if one.status == "fail")
    assert fail.evidence is not None
    sides = dict[str, Any]()
    for role, height in (("reference", 60), ("candidate", 72)):
        drawing(48, height, seed=1).save(tmp_path / f"{role}.png")
        sides |= {role: str(tmp_path / f"{role}.png"), f"{role}_file": None}
    fit = Fit((48, 60), (48, 72), "bands", (Band("rows", "inserted", 12, 26, 26),), "above limits")
    region = replace(fail.evidence.regions[0], box=Box(8, 44, 24, 16))
    evidence = replace(fail.evidence, regions=(region,), regions_in_all=1, fit=fit)
    found = replace(fail, **sides, width=None, height=None, layers=(), distance=math.nan, evidence=evidence)
    path = tmp_path / "report.html"
    write_output(path, pieces_of(replace(CHECKED, results=(found,)), "html", Style()))
    for page in opened(browser, path):
        own, missing = (
            page.locator(f".pane[data-role={role}] .band:visible") for role in ("candidate", "reference")
        )
        expect(own).to_have_text("12 rows only here")
        expect(missing).to_have_text("12 rows missing here")
        boxes = [
            page.locator(f".pane[data-role={role}] .mark").bounding_box() for role in ("candidate", "reference")
        ]
        heights = [one.bounding_box() for one in (own, missing)]
        assert boxes[0] and boxes[1] and heights[0] and heights[1]
        scale = heights[0]["height"] / 12
        assert boxes[0]["y"] - boxes[1]["y"] == pytest.approx(12 * scale, abs=1)
        assert boxes[0]["height"] == pytest.approx(16 * scale, abs=1)
        assert heights[1]["height"] <= 3
        page.keyboard.press("4")
        expect(page.locator(".pane:visible .band:visible")).to_have_text("12 rows only here")
        expect(page.locator("#gates")).to_contain_text("The sizes make the verdict")
        expect(page.locator("#files")).to_contain_text("48 × 60 → 48 × 72 pixels")
