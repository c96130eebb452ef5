"""Tables of the keys of percept.toml: ``{settings}``."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from percept_cli.recipes.settings import KEYS


class SettingKeys(SphinxDirective):
    """``{settings}``: a row for each key."""

    def run(self) -> list[nodes.Node]:
        """The table."""
        rows = [f"| `{key}` |" for key in KEYS]
        return self.parse_text_to_nodes("\n".join(("| key |", "|---|", *rows)))


def setup(app: Sphinx) -> dict[str, Any]:
    """Make the directive known."""
    app.add_directive("settings", SettingKeys)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
