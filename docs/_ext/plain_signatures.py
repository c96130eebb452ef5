"""Docstrings and signatures of plain data: attributes are sentences, and nobody makes results by hand."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from sphinx.application import Sphinx


def _without_type(_: Sphinx, what: str, __: str, ___: object, ____: object, lines: list[str]) -> None:
    """Napoleon would take what stands before a colon for a type."""
    if what in ("attribute", "property") and lines:
        lines[0] = f": {lines[0]}"  # an empty type, and all of the line is text


def _short(
    _: Sphinx, what: str, __: str, thing: Any, ___: object, ____: str | None, _____: str | None
) -> tuple[str, None] | None:
    """The names of a dataclass's fields, whose types stand below; of a result not even these."""
    if what != "class" or not is_dataclass(thing):
        return None
    if thing.__module__.startswith("percept_cli.results"):
        return "", None
    names = [
        name.name if name.default is name.default_factory is MISSING else f"{name.name}=..."
        for name in fields(thing)
    ]
    return f"({', '.join(names)})", None


def setup(app: Sphinx) -> dict[str, Any]:
    """Come before napoleon, whose priority is Sphinx's default of 500."""
    app.connect("autodoc-process-docstring", _without_type, priority=400)
    app.connect("autodoc-process-signature", _short)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
