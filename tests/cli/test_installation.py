"""What an installation can read and run, as data."""

from __future__ import annotations

import json
import re

from percept_cli.cli.installation import IN_PILLOW, PACKAGES
from percept_cli.formats.known import FORMATS
from percept_cli.images.limits import USUAL_LIMITS
from tests.conftest import Percept
from tests.support.installations import without_extras as without_extras


def test_json(percept: Percept, without_extras: dict[str, str]) -> None:
    done = percept("info", "--format", "json", env=without_extras)
    document = json.loads(done.stdout)
    assert list(document) == ["percept", "python", "system", "formats", "libraries", "limits"]
    assert [entry["name"] for entry in document["formats"]] == [entry.name for entry in FORMATS]
    heic = document["formats"][8]
    assert heic == {
        "name": "HEIC",
        "endings": [".heic", ".heif", ".hif"],
        "reads": "8, 10 and 12 bits",
        "available": False,
        "why": "needs pillow-heif, which is not installed",
        "install": "pip install 'percept-cli[heic]'",
    }
    assert {entry["install"] for entry in document["formats"] if entry["available"]} == {None}
    assert list(document["libraries"]) == [*PACKAGES, *IN_PILLOW]
    assert document["libraries"]["pillow-heif"] is None
    assert document["limits"]["pixels"] == USUAL_LIMITS.pixels
    assert percept("info", "--format", "json").stdout.count("null") == 2 * len(FORMATS)


def test_devices_are_listed_when_asked_for(percept: Percept) -> None:
    done = percept("info", "--devices", env={"CUDA_VISIBLE_DEVICES": ""})
    assert re.search(r"\n\nDevices\n  cpu +\d+ processors?( \(used by auto\))?\n", done.stdout)
    document = json.loads(percept("info", "--devices", "--format", "json").stdout)
    assert document["devices"][0]["name"] == "cpu"
    assert [device["chosen"] for device in document["devices"]].count(True) == 1
