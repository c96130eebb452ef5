"""What an installation can read and run, as data."""

from __future__ import annotations

import json
import re

from percept_cli.cli.installation import IN_PILLOW, PACKAGES
from percept_cli.engine import compiled
from percept_cli.formats.known import FORMATS
from percept_cli.images.limits import USUAL_LIMITS
from tests.conftest import Percept
from tests.support.installations import without_extras as without_extras


def test_json(percept: Percept, without_extras: dict[str, str]) -> None:
    done = percept("info", "--format", "json", env=without_extras)
    document = json.loads(done.stdout)
    assert list(document) == ["percept", "python", "system", "formats", "libraries", "convolutions", "limits"]
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
    document = json.loads(percept("info", "--format", "json").stdout)
    assert (
        {entry["why"] for entry in document["formats"]}
        == {entry["install"] for entry in document["formats"]}
        == {None}
    )
    assert None not in document["libraries"].values()
    assert None not in document["limits"].values()


def test_convolutions_are_those_that_would_be_used(percept: Percept) -> None:
    found = compiled.found()
    document = json.loads(percept("info", "--format", "json").stdout)["convolutions"]
    assert document["compiled"] == [kernel.name for kernel in found.kernels]
    assert document["why"] == (found.why or None)
    assert document["used"] == compiled.used("cpu", "fp32")
    told = percept("info", env={compiled.VARIABLE: "torch"}).stdout
    assert (
        "\n\nConvolutions on the CPU (PERCEPT_CONVOLUTION changes it)\n  torch; no compiled code is used" in told
    )
    done = percept("info", env={compiled.VARIABLE: "quick"})
    assert done.returncode == 2
    assert done.stderr == (
        "Error: PERCEPT_CONVOLUTION has the unknown value 'quick'\n"
        "Hint: choose from auto, torch, winograd, direct, portable, avx512, avx2, neon.\n"
    )


def test_devices_are_listed_when_asked_for(percept: Percept) -> None:
    done = percept("info", "--devices", env={"CUDA_VISIBLE_DEVICES": ""})
    assert re.search(r"\n\nDevices\n  cpu +\d+ processors?( \(used by auto\))?\n", done.stdout)
    document = json.loads(percept("info", "--devices", "--format", "json").stdout)
    assert document["devices"][0]["name"] == "cpu"
    assert [device["chosen"] for device in document["devices"]].count(True) == 1
