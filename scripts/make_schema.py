"""Write the JSON schema of percept.toml from the table of its keys: ``python -m scripts.make_schema``."""

from __future__ import annotations

import json

from percept_cli.distances import DISTANCES
from percept_cli.judging.schema import FILE, settings_schema
from percept_cli.networks.registry import WEIGHTS
from percept_cli.recipes.presets import preset_names
from percept_cli.reports import REPORTS


def schema_text() -> str:
    """The file's content, with the names that are registered now."""
    names = {
        "preset": preset_names(),
        "backbone": tuple(WEIGHTS),
        "distance": (*DISTANCES, "gram"),
        "format": tuple(REPORTS),
    }
    return json.dumps(settings_schema(names), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(schema_text(), encoding="utf-8")
