"""One word for one thing in what people read: the texts of all rooms but the command line and the reports.

Each of these words puzzled a reader, or named a thing that has another name in the field. Found by ast: every
string with a space in it that is not a docstring, since errors, hints, notes and reasons are made of such strings.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import percept_cli

PACKAGE = Path(percept_cli.__file__).parent
ELSEWHERE = ("cli", "reports")
"""Rooms whose texts are held to this by tests of their own: help, and golden files."""

BANNED = {
    r"pictures?": "image",
    r"(?<!there )(is|are) no(?! longer)": "is not a",
    r"anew": "again",
    r"endings?": "extension",
    r"cut off": "truncated",
    r"broken": "damaged",
    r"lies? (behind|on top)": "is beyond the end, overlaps",
    r"left out": "ignored, skipped",
    r"any more": "no longer",
    r"light": "scene-linear values",
    r"the grounds?": "background",
    r"the right to": "permissions",
    r"fit the memory": "fit into the memory",
    r"install percept again": "reinstall percept",
    r"makes no sense": "is out of range",
}


def texts() -> Iterator[tuple[str, str]]:
    """Where each text is, and its words; what an f-string fills in is left out."""
    for file in sorted(PACKAGE.rglob("*.py")):
        if file.relative_to(PACKAGE).parts[0] in ELSEWHERE:
            continue
        tree = ast.parse(file.read_text("utf-8"))
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or id(node) in docstrings:
                continue
            if isinstance(node.value, str) and " " in node.value:
                yield f"{file.relative_to(PACKAGE)}:{node.lineno}", node.value


TEXTS = list(texts())


def test_texts_are_found() -> None:
    found = [text for _, text in TEXTS]
    assert "re-export or re-download the file." in found  # a constant
    assert any("there is no reference with this name" in text for text in found)  # a part of an f-string


@pytest.mark.parametrize("word", BANNED)
def test_a_banned_word_is_in_no_text(word: str) -> None:
    found = [(where, text) for where, text in TEXTS if re.search(rf"\b{word}\b", text)]
    assert not found, f"say “{BANNED[word]}”"
