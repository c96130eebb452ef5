"""The schema of settings, by an independent validator: what percept reads is valid, what it refuses is not."""

from __future__ import annotations

import json
import tomllib
import warnings
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from percept_cli.errors import InvalidSetting, OldName
from percept_cli.judging.rulebook import make_book
from percept_cli.judging.schema import ADDRESS, FILE
from percept_cli.recipes.recipe import make_recipe
from percept_cli.recipes.settings import read_settings
from scripts.make_schema import schema_text

SCHEMA = json.loads(FILE.read_text(encoding="utf-8"))

GOOD = (
    "",
    'preset = "johnson-content"\nthreshold = 0.05\nlayers = ["relu1_2", "relu3_3=2.5"]\n',
    'layers = "relu1_2,relu3_3=2.5"\nmax-memory = "1.5 GiB"\nwide = true\nformat = "csv"\n',
    "max-memory = 2000000000\nframe = 2\nexposure = -1.5\nallow-nan = true\n",
    '[layers]\nrelu1_2 = 1\nrelu3_3 = { weight = 2.5, distance = "mse" }\n',
    'alpha = "#ff8000"\nresize = "fit:640x480"\npad = "edge"\nexposure = "-2:2:0.5"\ncrop = "0,0,5,5"\n',
    """
[check]
baseline = "baseline"
current = "build/images"
colour = { warn = 1.5, fail = 3 }
overall = "off"
changed-pixels = { warn = "0.5 %", fail = "1%" }
ignore = ["0,0,200,40"]
new = "warn"

[[override]]
match = "charts/**"
noise = "cross-machine"
max-shift = 1

[[override]]
match = ["hero.png", "maps/*"]
preset = "johnson-content"
mask = "masks/hero.png"
references = ["linux/{name}", "{stem}.old{suffix}"]
""",
    "[check]\ndistance = 0.5\n",  # the old name of a gate
)
BAD = (
    "treshold = 1",
    "threshold = '1'",
    "threshold = true",
    "threshold = -1",
    "wide = 1",
    "preset = 1",
    'preset = "nonsense"',
    'backbone = "vgg99"',
    'distance = "far"',
    "layers = []",
    "layers = 3",
    'layers = { relu1_2 = "much" }',
    "[layers]\nrelu1_2 = { wieght = 1 }",
    'precision = "fp8"',
    'device = "gpu"',
    "max-memory = 0",
    'max-memory = "2 parsecs"',
    'alpha = "#ff80"',
    "frame = 0",
    "frame = 1.5",
    'crop = "0,0,5"',
    "exposure = 65",
    'exposure = "bright"',
    "ignore-icc = 'no'",
    "limits = 5",
    "[compare]\nthreshold = 1",
    "check = 1",
    "[check]\npeek = 1",
    '[check]\npeak = "1"',
    '[check]\npeak = "1%"',
    "[check]\npeak = -1",
    "[check]\ncolour = { wran = 1 }",
    '[check]\nnoise = "loud"',
    "[check]\nnew = true",
    "[check]\nignore = [1]",
    '[check]\nignore = "0,0,5"',
    "[check]\nmax-shift = 1.5",
    "[check]\nmax-shift = 99",
    "[check]\nbaseline = ''",
    '[check]\nmatch = "*"',
    "[override]\nmatch = '*'",
    "[[override]]\npeak = 1",
    "[[override]]\nmatch = 5",
    '[[override]]\nmatch = "*"\npreset = "nonsense"',
    '[[override]]\nmatch = "*"\nbaseline = "elsewhere"',
)
ONLY_READ = (
    "[check]\npeak = { warn = 2, fail = 1 }",
    "[check]\ndistance = 1\noverall = 1",
    '[check]\nreferences = "../{name}"',
    'limits = "pixel=2G"',
    'layers = "relu9_9"',
)
"""What no schema can see."""


def is_read(path: Path) -> bool:
    """Whether percept makes a recipe and rules of a settings file."""
    try:
        settings = read_settings(path)
        recipe: dict[str, Any] = {
            key: settings.values.get(key) for key in ("backbone", "layers", "distance", "precision", "threshold")
        }
        made = make_recipe(settings.values.get("preset", "default"), **recipe)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OldName)
            make_book(settings, recipe=made)
    except InvalidSetting:
        return False
    return True


def is_valid(text: str) -> bool:
    return bool(Draft7Validator(SCHEMA).is_valid(tomllib.loads(text)))


def test_the_file_is_what_the_table_gives() -> None:
    assert FILE.read_text(encoding="utf-8") == schema_text(), "python -m scripts.make_schema writes it"
    Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == ADDRESS


@pytest.mark.parametrize("text", GOOD)
def test_what_percept_reads_is_valid(tmp_path: Path, text: str) -> None:
    (tmp_path / "percept.toml").write_text(text)
    assert is_read(tmp_path / "percept.toml")
    assert is_valid(text)


@pytest.mark.parametrize("text", BAD)
def test_what_percept_refuses_is_not(tmp_path: Path, text: str) -> None:
    (tmp_path / "percept.toml").write_text(text)
    assert not is_valid(text)
    if not text.startswith("device"):  # which is refused where it is used
        assert not is_read(tmp_path / "percept.toml")


@pytest.mark.parametrize("text", ONLY_READ)
def test_what_only_percept_sees(tmp_path: Path, text: str) -> None:
    (tmp_path / "percept.toml").write_text(text)
    assert is_valid(text)
    assert not is_read(tmp_path / "percept.toml")


def test_every_key_is_explained() -> None:
    tables = (SCHEMA, SCHEMA["properties"]["check"], SCHEMA["properties"]["override"]["items"])
    for table in tables:
        for name, entry in table["properties"].items():
            assert entry["description"].endswith("."), name
            assert "`" not in entry["description"]
