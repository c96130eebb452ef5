"""Attributes whose docstrings are sentences: napoleon would take what stands before a colon for a type."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx


def _without_type(_: Sphinx, what: str, __: str, ___: object, ____: object, lines: list[str]) -> None:
    if what in ("attribute", "property") and lines:
        lines[0] = f": {lines[0]}"  # an empty type, and all of the line is text


def setup(app: Sphinx) -> dict[str, Any]:
    """Come before napoleon, whose priority is Sphinx's default of 500."""
    app.connect("autodoc-process-docstring", _without_type, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
