"""The HTML report as text: what is in it, what is escaped, which pictures it holds, that it needs nothing else.

How it behaves in a browser is in ``test_html_browser.py``.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from PIL import Image

from percept_cli.drawing.colours import OPACITY, SCALE, heat_png, scale_png
from percept_cli.formats.files import read_stamped
from percept_cli.geometry import View
from percept_cli.images.policy import AS_SEEN
from percept_cli.reports import Style
from percept_cli.reports.html import pictures as html_pictures
from percept_cli.reports.html.web import address_of, for_web, web_type
from percept_cli.results.found import HeatMap
from percept_cli.results.run import PairResult, Run, ViewResult
from percept_cli.system.names import shell_quoted
from percept_cli.system.patterns import Patterns
from tests.conftest import Save, drawing
from tests.runs import CHECKED, PAIR, RUN
from tests.test_reports import UNDECODABLE, render

HOSTILE = "</script><script>alert(1)</script><!--\"'&\u2028\x1b\udcff.png"
_VOID = {"meta", "link", "input", "img", "br"}


class Page(HTMLParser):
    """A page taken apart: its elements, the text of its scripts, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.styles: list[str] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.scripts.append((dict(attrs), ""))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        inside = self._open[-1] if self._open else ""
        if inside == "script":
            self.scripts[-1] = self.scripts[-1][0], self.scripts[-1][1] + data
        elif inside == "style":
            self.styles.append(data)
        else:
            self.words.append(data)

    @property
    def results(self) -> list[dict[str, Any]]:
        return [json.loads(text) for attributes, text in self.scripts if attributes.get("class") == "result"]

    @property
    def pictures(self) -> dict[str, bytes]:
        """What is embedded, decoded, by the identifier of its element."""
        return {
            str(attributes["id"]): base64.b64decode(text.split(",", 1)[1])
            for attributes, text in self.scripts
            if attributes.get("type") == "text/plain"
        }

    @property
    def policy(self) -> str:
        (found,) = (
            attributes["content"]
            for tag, attributes in self.elements
            if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
        )
        return str(found)


STYLE = Style()


def page_of(run: Run, style: Style = STYLE) -> Page:
    text = render(run, "html", style)
    assert text.startswith("<!doctype html>\n")
    assert text.endswith("</html>\n")
    return Page(text)


def pair_of(reference: Path | None, candidate: Path | None, **changes: Any) -> PairResult:
    """A failed pair of real files, with their stamps."""
    given: dict[str, Any] = {
        "reference": None if reference is None else str(reference),
        "candidate": None if candidate is None else str(candidate),
        "reference_file": None if reference is None else read_stamped(reference)[1],
        "candidate_file": None if candidate is None else read_stamped(candidate)[1],
    }
    return replace(PAIR, **given | changes)


def side(page: Page, role: str, index: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = page.results[index]["sides"][role]
    return found


def test_the_page_says_what_the_run_found() -> None:
    page = page_of(CHECKED)
    words = " ".join(" ".join(page.words).split())
    for told in ("ERROR", "expected", "out", CHECKED.fingerprint, "1.2.3", "vgg16-oxford", "cpu", "fp32"):
        assert told in words
    buttons = [attributes for tag, attributes in page.elements if tag == "button" and "count" in str(attributes)]
    shown = [attributes["data-status"] for attributes in buttons if attributes.get("class") == "count"]
    assert shown == ["error", "fail", "missing", "new", "warn", "pass"]
    assert [entry["name"] for entry in page.results] == [result.name for result in CHECKED.results]
    evidence = page.results[0]["evidence"]
    assert [gate["name"] for gate in evidence["gates"]] == ["distance", "peak", "colour"]
    assert evidence["regions"][1]["shift"] == [0, 1]
    assert evidence["heat"]["top"] == 10
    assert page.results[3]["distance"] is None


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


def test_pictures_are_embedded_as_the_bytes_of_their_files(save: Save) -> None:
    reference, candidate = save("a.png"), save("b.jpg", seed=1)
    page = page_of(replace(RUN, results=(pair_of(reference, candidate),)))
    assert page.pictures[side(page, "reference")["picture"]] == reference.read_bytes()
    assert page.pictures[side(page, "candidate")["picture"]] == candidate.read_bytes()
    types = {attributes.get("id"): text.split(";")[0] for attributes, text in page.scripts}
    assert types[side(page, "candidate")["picture"]] == "data:image/jpeg"
    assert "note" not in side(page, "reference")


def test_a_picture_that_many_pairs_have_is_embedded_once(save: Save, tmp_path: Path) -> None:
    reference, candidate = save("a.png"), save("b.png", seed=1)
    copy = tmp_path / "copy.png"
    copy.write_bytes(reference.read_bytes())
    page = page_of(replace(RUN, results=(pair_of(reference, candidate), pair_of(copy, candidate))))
    assert len(page.pictures) == 2
    assert side(page, "reference", 0)["picture"] == side(page, "reference", 1)["picture"]


@pytest.mark.parametrize("name", ["a.tif", "a.tga", "a.ppm"])
def test_what_browsers_do_not_show_is_converted(save: Save, name: str) -> None:
    path = save(name)
    page = page_of(replace(RUN, results=(pair_of(path, path),)))
    (data,) = page.pictures.values()
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "PNG"
        assert image.convert("RGB").tobytes() == drawing(40, 30).tobytes()


def test_a_broken_picture_costs_a_note_and_not_the_page(tmp_path: Path, save: Save) -> None:
    text = tmp_path / "text.png"
    text.write_text("not a picture")
    page = page_of(replace(RUN, results=(pair_of(save("a.png"), text, status="error"),)))
    assert not side(page, "candidate")["show"]
    assert "not a picture" in side(page, "candidate")["note"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, save: Save) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    pair = replace(pair_of(save("a.png"), None), candidate=str(tmp_path / "pipe.png"))
    assert side(page_of(replace(RUN, results=(pair,))), "candidate")["note"] == "this is no file"


@pytest.mark.parametrize("pictures", ["embed", "link"])
def test_a_file_that_changed_is_marked(save: Save, pictures: Any) -> None:
    reference, candidate = save("a.png"), save("b.png", seed=1)
    pair = pair_of(reference, candidate)
    save("b.png", seed=2)
    page = page_of(replace(RUN, results=(pair,)), Style(pictures=pictures))
    assert "note" not in side(page, "reference")
    assert "changed since it was compared" in side(page, "candidate")["note"]
    assert side(page, "candidate")["changed"]
    assert side(page, "candidate")["show"]


@pytest.mark.parametrize("pictures", ["embed", "link", "none"])
def test_a_file_that_is_gone_is_marked(save: Save, pictures: Any) -> None:
    reference, candidate = save("a.png"), save("b.png", seed=1)
    pair = pair_of(reference, candidate)
    candidate.unlink()
    page = page_of(replace(RUN, results=(pair,)), Style(pictures=pictures))
    assert side(page, "candidate")["gone"]
    assert not side(page, "candidate")["show"]
    assert "gone" not in side(page, "reference")


def test_a_touched_file_is_no_other(save: Save) -> None:
    path = save("a.png")
    pair = pair_of(path, path)
    os.utime(path, (1, 1))
    assert "note" not in side(page_of(replace(RUN, results=(pair,)), Style(pictures="link")), "reference")


def test_linked_pictures_have_addresses_that_are_files(tmp_path: Path, save: Save) -> None:
    names = ["100% a#b?c.png", "new\nline.png", "javascript:alert(1)", "-dash.png", "é\udcff.png"]
    for name in names:
        save("a.png").rename(tmp_path / name)
    pairs = tuple(pair_of(tmp_path / name, None, name=name) for name in names)
    (tmp_path / "reports").mkdir()
    page = page_of(replace(RUN, results=pairs), Style(pictures="link", link_from=tmp_path / "reports"))
    assert not page.pictures
    for index, name in enumerate(names):
        address = side(page, "reference", index)["address"]
        assert address.startswith("./../")
        assert not set(address) & set("#?\n :")
        assert unquote(address.removeprefix("./../"), errors="surrogateescape") == name


def test_without_a_folder_addresses_are_absolute(tmp_path: Path) -> None:
    assert address_of(str(tmp_path / "a b.png"), None) == f"file://{tmp_path.as_posix()}/a%20b.png"


def test_passed_pairs_have_pictures_only_while_the_page_is_small(
    save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = pair_of(save("a.png"), save("b.png", seed=1))
    passed = pair_of(save("c.png", seed=2), save("d.png", seed=3), status="pass")
    page = page_of(replace(RUN, results=(passed, failed)))
    assert len(page.pictures) == 4
    monkeypatch.setattr(html_pictures, "MOST_WITH_PASSED", 10)
    page = page_of(replace(RUN, results=(passed, failed)))
    assert len(page.pictures) == 2
    assert not side(page, "candidate", 0)["show"]
    assert "the pair passed" in side(page, "candidate", 0)["note"]
    assert side(page, "candidate", 1)["show"]


def test_too_much_is_named_instead_of_embedded_and_the_worst_come_first(
    save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = pair_of(save("a.png"), save("b.png", seed=1), distance=1.0)
    worse = pair_of(save("c.png", seed=2), save("d.png", seed=3), distance=2.0)
    size = sum(-(-(Path(str(path)).stat().st_size) // 3) * 4 for path in (worse.reference, worse.candidate))
    monkeypatch.setattr(html_pictures, "MOST_PAGE", size)
    page = page_of(replace(RUN, results=(small, worse)))
    assert "as many pictures as it may" in side(page, "reference", 0)["note"]
    assert side(page, "reference", 0)["address"].endswith("/a.png")
    assert side(page, "reference", 1)["show"]

    monkeypatch.setattr(html_pictures, "MOST_PICTURE", 100)
    page = page_of(replace(RUN, results=(worse,)))
    assert not page.pictures
    assert "too large" in side(page, "candidate")["note"]


def test_without_pictures_only_their_names_are_there(save: Save) -> None:
    path = save("a.png")
    page = page_of(replace(RUN, results=(pair_of(path, path),)), Style(pictures="none"))
    assert not page.pictures
    assert not side(page, "reference")["show"]


def test_the_page_is_made_piece_by_piece(save: Save) -> None:
    from percept_cli import reports

    pairs = tuple(pair_of(save(f"{seed}.png", 200, 200, seed=seed), None, status="missing") for seed in range(5))
    pieces = list(reports.render(replace(RUN, results=pairs), "html", Style()))
    with_pictures = [piece for piece in pieces if b"text/plain" in str(piece).encode()]
    assert [str(piece).count('type="text/plain"') for piece in with_pictures] == [1] * 5


@pytest.mark.parametrize("name", ["a b.png", "it's.png", "$(rm).png", "-o", "tab\t.png", "\udcff\\'.png", "é"])
def test_shell_quoting_gives_the_name_back(name: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"printf '%s' {shell_quoted(name)}"], capture_output=True, check=True
    )  # fmt: skip
    assert done.stdout.decode("utf-8", "surrogateescape").removeprefix("./") == name


@pytest.mark.parametrize(
    "name", ["a.png", "[red]?*.png", "x/!a b.png", "ends with space ", "back\\slash.png", "#a"]
)
def test_the_command_that_accepts_means_this_picture_alone(name: str) -> None:
    run = replace(CHECKED, results=(replace(PAIR, name=name, reference=f"expected/{name}"),))
    page = page_of(run, Style(json_report="my report.json"))
    show, accept = page.results[0]["commands"]
    reference = shell_quoted(f"expected/{name}")
    assert show["text"] == f"percept heatmap {reference} 'out/[red].png' --preset default -o heat.png"
    bash = ["bash", "-c", f"printf '%s\\n' {accept['text'].removeprefix('percept ')}"]
    words = subprocess.run(bash, capture_output=True, text=True, check=True).stdout.splitlines()
    assert CHECKED.folders is not None
    baseline, current = CHECKED.folders
    folders = ["--baseline", baseline, "--current", current]
    assert words[:-1] == ["approve", "my report.json", *folders, "--filter"]
    patterns = Patterns((words[-1],))
    assert patterns.match(name)
    assert not patterns.match(f"other/{name}")
    assert not patterns.match("red.png")


def test_only_what_can_be_accepted_has_a_command_for_it() -> None:
    commands = {
        entry["status"]: [one["text"] for one in entry["commands"]]
        for entry in page_of(CHECKED, Style(json_report="report.json")).results
    }
    assert len(commands["fail"]) == len(commands["warn"]) == 2
    approve = "percept approve report.json --baseline expected --current out"
    assert commands["new"] == [f"{approve} --filter /fresh.png"]
    assert commands["missing"] == [f"{approve} --filter /gone.png --prune"]
    assert commands["error"] == []
    assert [text.split()[1] for text in commands["pass"]] == ["heatmap"]
    # Without a JSON report there is nothing that approving could read.
    alone = {entry["status"]: len(entry["commands"]) for entry in page_of(CHECKED).results}
    assert (alone["fail"], alone["new"]) == (1, 0)


def test_types_are_told_by_content() -> None:
    assert web_type(b"RIFF\0\0\0\0WEBPVP8 ") == "image/webp"
    assert web_type(b"\0\0\0\x1cftypavif") == "image/avif"
    assert web_type(b"<svg onload='alert(1)'>") is None
    file = io.BytesIO()
    drawing(8, 8).save(file, "TIFF")
    assert for_web(file.getvalue(), "a.png", AS_SEEN, View())[0] == "image/png"


def test_the_scale_only_gets_lighter_in_equal_steps() -> None:
    def lab(colour: tuple[int, int, int]) -> tuple[float, float, float]:
        """sRGB to OKLab by the matrices of its publication, the other way round than the scale is made."""
        red, green, blue = (
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (value / 255 for value in colour)
        )
        long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
        medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
        short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
        return (
            0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
            1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
            0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
        )

    labs = [lab(colour) for colour in SCALE]
    assert len(set(SCALE)) == 256
    # Rounding to 8 bits moves a colour by up to a third of a step.
    assert all(after[0] > before[0] - 0.001 for before, after in pairwise(labs))
    steps = [sum((b - a) ** 2 for a, b in zip(labs[i], labs[i + 8], strict=True)) ** 0.5 for i in range(248)]
    assert max(steps) / min(steps) < 1.35


def test_a_heat_map_as_png_has_the_scale_and_shows_nothing_where_nothing_differs() -> None:
    heat = HeatMap(stride=4, width=3, height=1, values=bytes([0, 100, 255]), top=1.0)
    with Image.open(io.BytesIO(heat_png(heat))) as image:
        pixels = image.convert("RGBA")
        assert pixels.size == (3, 1)
        assert [pixels.getpixel((x, 0)) for x in (1, 2)] == [(*SCALE[100], 255), (*SCALE[255], 255)]
        assert pixels.getpixel((0, 0)) == (*SCALE[0], 0)
    with Image.open(io.BytesIO(scale_png())) as image:
        assert image.size == (256, 1)
    assert list(OPACITY) == sorted(OPACITY)


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
