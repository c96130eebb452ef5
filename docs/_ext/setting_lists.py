"""Lists of the keys of percept.toml, from the table that percept itself reads: ``{settings}``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from percept_cli.judging.keys import KEYS
from percept_cli.recipes.keys import IMAGE_KEYS, RECIPE_KEYS, REPORT_KEYS, Key

GROUPS: dict[str, tuple[Key, ...]] = {
    "recipe": RECIPE_KEYS,
    "images": IMAGE_KEYS,
    "reports": REPORT_KEYS,
    "check": tuple(key for key in KEYS if "check" in key.tables),
    "override": tuple(key for key in KEYS if "override" in key.tables and "check" not in key.tables),
}


def rows_of(keys: Iterable[Key]) -> list[str]:
    """A Markdown list: what each key does, what it may be, what holds without it, and an example."""
    rows = []
    for key in keys:
        words = " " in key.default and key.default[0] not in '"[{'
        default = key.default if words else f"`{key.default}`" if key.default else "none"
        rows += [
            f"`{key.name}`",
            f": {key.what}",
            f"  - Values: {key.values}",
            f"  - Default: {default}",
            f"  - Example: `{key.name} = {key.example}`",
            "",
        ]
    return rows


class SettingKeys(SphinxDirective):
    """``{settings} GROUP``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The list; old names of keys are left out."""
        keys = [key for key in GROUPS[self.arguments[0]] if not key.instead]
        return self.parse_text_to_nodes("\n".join(rows_of(keys)))


def setup(app: Sphinx) -> dict[str, Any]:
    """Make the directive known."""
    app.add_directive("settings", SettingKeys)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
