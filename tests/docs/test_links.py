"""Links between README, pages and files of the repository lead somewhere, with their anchors."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.support.pages import DOCS, README, ROOT, Link, Page, pages, slug

_FILES = re.compile(
    r"!\[[^\]]*\]\(([^)\s]+)\)|^```\{(?:image|figure|literalinclude|include)\} +(\S+)", re.MULTILINE
)
_DOCS_ADDRESS = re.compile(r"https://[\w.]+\.github\.io/percept/([\w/-]+)\.html")


def faults(link: Link) -> Iterator[str]:
    """What is wrong with a link within the repository."""
    path, _, anchor = link.target.partition("#")
    target = (link.page.path.parent / path).resolve() if path else link.page.path
    if not target.exists():
        yield f"{link}: no such file"
    elif anchor and target.suffix == ".md" and anchor not in Page(target).anchors:
        yield f"{link}: no such heading"


def test_links_lead_somewhere() -> None:
    links = [link for page in pages() for link in page.links if not link.is_external]
    assert [fault for link in links for fault in faults(link)] == []
    assert len(links) > 30


def test_images_and_included_files_exist() -> None:
    missing = [
        f"{page}: {shown or named}"
        for page in pages()
        for shown, named in _FILES.findall(page.text)
        if "://" not in (shown or named) and not (page.path.parent / (shown or named)).is_file()
    ]
    assert missing == []
    assert _FILES.search(Page(README).text)


def test_images_are_used_and_small() -> None:
    shown = {name.rpartition("/")[2] for page in pages() for names in _FILES.findall(page.text) for name in names}
    for image in (DOCS / "images").iterdir():
        assert image.name in shown
        assert image.stat().st_size < 200_000, image.name


@pytest.mark.parametrize(
    ("target", "fault"),
    [
        ("docs/nowhere.md", "no such file"),
        ("docs/reference/exit-codes.md#nothing", "no such heading"),
        ("docs/reference/exit-codes.md#verdicts", ""),
        ("tests/corpus/RESULTS.md#how-honest-the-judge-half-is", ""),
    ],
)
def test_a_link_to_nowhere_is_found(target: str, fault: str) -> None:
    found = list(faults(Link(Page(README), "text", target)))
    assert [fault in text for text in found] == ([True] if fault else [])


def test_anchors_are_those_of_headings() -> None:
    assert slug("`[check]`: what? [Link](x.md)") == "check-what-link"
    assert "exit-codes" in Page(DOCS / "reference" / "exit-codes.md").anchors


def test_pages_that_percept_prints_exist() -> None:
    """Help and messages name them by their address, or by their path below docs/ without its ending."""
    sources = [file.read_text(encoding="utf-8") for file in (ROOT / "percept_cli").rglob("*.py")]
    named = {name for source in sources for name in _DOCS_ADDRESS.findall(source)}
    named |= {
        name
        for source in sources
        for name in re.findall(r'"((?:numbers|guides|concepts|reference)/[\w-]+)"', source)
    }
    assert [name for name in sorted(named) if not (DOCS / f"{name}.md").is_file()] == []


def test_every_page_is_in_the_navigation() -> None:
    """Once. Sphinx says the same, where it is installed."""
    text = (DOCS / "index.md").read_text(encoding="utf-8")
    listed = [
        line
        for tree in re.findall(r"```\{toctree\}\n(.*?)```", text, re.DOTALL)
        for line in tree.splitlines()
        if line and not line.startswith(":")
    ]
    found = [page.path.relative_to(DOCS).with_suffix("").as_posix() for page in pages() if page.path != README]
    assert sorted([*listed, "index"]) == sorted(found)
