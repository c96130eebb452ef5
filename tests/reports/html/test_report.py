"""The HTML report as text: what is in it, what is escaped, which pictures it holds, that it needs nothing else.

How it behaves in a browser is in ``tests/reports/html/test_browser.py``.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

from percept_cli.geometry import View
from percept_cli.reports import Style
from percept_cli.results.pair import ViewResult
from percept_cli.results.status import WORST_FIRST
from tests.conftest import Save
from tests.support.html_pages import STYLE, Page, page_of, pair_of, side
from tests.support.reported import UNDECODABLE, render
from tests.support.runs import CHECKED, PAIR, RUN

HOSTILE = "</script><script>alert(1)</script><!--\"'&\u2028\x1b\udcff.png"


def test_the_page_says_what_the_run_found() -> None:
    page = page_of(CHECKED)
    words = " ".join(" ".join(page.words).split())
    for told in ("ERROR", "expected", "out", CHECKED.fingerprint, "1.2.3", "vgg16-oxford", "cpu", "fp32"):
        assert told in words
    buttons = [attributes for tag, attributes in page.elements if tag == "button" and "count" in str(attributes)]
    shown = [attributes["data-status"] for attributes in buttons if attributes.get("class") == "count"]
    assert shown == list(WORST_FIRST)
    assert [entry["name"] for entry in page.results] == [result.name for result in CHECKED.results]
    evidence = page.results[0]["evidence"]
    assert [gate["name"] for gate in evidence["gates"]] == ["overall", "peak", "colour"]
    assert evidence["regions"][1]["shift"] == [0, 1]
    assert evidence["heat"]["top"] == 10
    assert page.results[5]["distance"] is None


def test_the_page_needs_nothing_but_itself() -> None:
    text = render(CHECKED, "html", STYLE)
    without_namespace = text.replace("http://www.w3.org/2000/svg", "")
    assert not re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", without_namespace)
    page = Page(text)
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], (tag, attributes)
        if tag in ("link", "img", "script", "use"):
            for name in ("src", "href"):
                assert str(attributes.get(name) or "data:").startswith(("data:", "#"))


def test_the_policy_allows_this_style_and_this_script_only() -> None:
    page = page_of(CHECKED)
    rules = dict(rule.strip().split(" ", 1) for rule in page.policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"

    def source(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    (script,) = (text for attributes, text in page.scripts if not attributes and "use strict" in text)
    assert rules["script-src"] == source(script)
    assert rules["style-src"] == source("".join(page.styles))
    linked = page_of(CHECKED, Style(pictures="link")).policy
    assert "img-src data: 'self' file:;" in linked


def test_hostile_names_stay_text() -> None:
    pair = replace(UNDECODABLE, name=HOSTILE, reference=HOSTILE, candidate=f"javascript:{HOSTILE}", reason=HOSTILE)
    run = replace(CHECKED, results=(pair,), folders=(HOSTILE, "b"), device=HOSTILE)
    text = render(run, "html", Style(link_from=Path.cwd()))
    assert "<script>alert" not in text
    assert "\u2028" not in text
    assert "\udcff" not in text
    assert "\x1b" not in text
    page = Page(text)
    scripts = [tag for tag, _ in page.elements if tag == "script"]
    assert len(scripts) == len(["the setting", "the result", "the program"])
    assert page.results[0]["name"].startswith("</script><script>alert(1)</script><!--\"'&\\u2028\\x1b\\udcff")
    assert "</script><script>alert(1)" in "".join(page.words)
    assert side(page, "candidate")["address"].startswith("./javascript%3A")


def test_the_page_is_made_piece_by_piece(save: Save) -> None:
    from percept_cli import reports

    pairs = tuple(pair_of(save(f"{seed}.png", 200, 200, seed=seed), None, status="missing") for seed in range(5))
    pieces = list(reports.render(replace(RUN, results=pairs), "html", Style()))
    with_pictures = [piece for piece in pieces if b"text/plain" in str(piece).encode()]
    assert [str(piece).count('type="text/plain"') for piece in with_pictures] == [1] * 5


def test_views_are_listed_the_worst_first() -> None:
    views = (
        ViewResult(View(frame=1), 0.0, "pass", "equal"),
        ViewResult(View(frame=2), 2.0, "fail", "too much"),
        ViewResult(View(frame=3), 1.0, "fail", "too much"),
    )
    page = page_of(replace(RUN, results=(replace(PAIR, view=View(frame=2), views=views),)))
    (entry,) = page.results
    assert [view["name"] for view in entry["views"]] == ["frame 2", "frame 3", "frame 1"]
    assert entry["views"][0] == {"name": "frame 2", "status": "fail", "distance": 2.0, "reason": "too much"}
    assert entry["views_in_all"] == 3
