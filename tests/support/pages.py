"""What README and the pages of docs/ hold: blocks of code, outputs of commands, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
README = ROOT / "README.md"
DOCS = ROOT / "docs"
OUTPUT = re.compile(r"(<!-- output: (?P<command>.+?) -->\n```text\n)(?P<text>.*?)(```\n)", re.DOTALL)
"""A command of percept and what it prints."""
RUN = "<!-- run -->"
"""Before a block of Python that is run."""

_FENCE = re.compile(
    r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<language>\S*)[^\n]*\n(?P<text>.*?)^(?P=indent)(?P=fence) *$",
    re.DOTALL | re.MULTILINE,
)
_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]\[]*)\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    page: Page
    line: int
    """Of its first row of text, from 1."""
    language: str
    text: str
    before: str
    """The line above it."""

    def __str__(self) -> str:
        """Where it is."""
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Link:
    """A link of a page."""

    page: Page
    text: str
    target: str

    def __str__(self) -> str:
        """Where it is, and where it leads."""
        return f"{self.page}: {self.target}"

    @property
    def is_external(self) -> bool:
        """Whether it leads out of the repository."""
        return "://" in self.target or self.target.startswith("mailto:")


@dataclass(frozen=True)
class Page:
    """A Markdown file."""

    path: Path

    def __str__(self) -> str:
        """Its path in the repository."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        """All of it."""
        return self.path.read_text(encoding="utf-8")

    def blocks(self, *languages: str) -> Iterator[Block]:
        """Its fenced blocks in these languages, or all."""
        for found in _FENCE.finditer(self.text):
            if languages and found["language"] not in languages:
                continue
            above = self.text[: found.start()]
            before = above.rstrip("\n").rpartition("\n")[2].strip()
            indent = len(found["indent"])
            text = "".join(row[indent:] if row.strip() else row for row in found["text"].splitlines(keepends=True))
            yield Block(self, above.count("\n") + 2, found["language"], text, before)

    @property
    def outputs(self) -> list[re.Match[str]]:
        """Commands and what the page says that they print."""
        return list(OUTPUT.finditer(self.text))

    @property
    def links(self) -> list[Link]:
        """Those of its prose."""
        return [Link(self, found["text"], found["target"]) for found in _LINK.finditer(self._prose)]

    @property
    def anchors(self) -> set[str]:
        """What can stand behind a ``#``, as GitHub and MyST make it from headings."""
        return {slug(heading) for heading in _HEADING.findall(self._prose)}

    @cached_property
    def _prose(self) -> str:
        return re.sub(r"`[^`\n]*`", lambda code: code[0] if "](" not in code[0] else "", _FENCE.sub("", self.text))


def slug(heading: str) -> str:
    """The anchor of a heading."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("\\", "").strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def pages() -> list[Page]:
    """README and the pages of the site."""
    hidden = {"_build", "_ext", "_static", "examples"}
    found = (path for path in DOCS.rglob("*.md") if not hidden & set(path.relative_to(DOCS).parts))
    return [Page(README), *map(Page, sorted(found))]
