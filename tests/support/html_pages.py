"""An HTML report, read: its elements, its data and its sides."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from percept_cli.formats.files import read_stamped
from percept_cli.reports import Style
from percept_cli.results.pair import PairResult
from percept_cli.results.run import Run
from tests.support.reported import render
from tests.support.runs import PAIR

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
