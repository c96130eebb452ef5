"""The table of settings: as the options and the readers have them."""

from __future__ import annotations

import re

import pytest

from percept_cli.cli.commands.check import check
from percept_cli.engine.device import check_device_name
from percept_cli.errors import InvalidSetting
from percept_cli.geometry import parse_box
from percept_cli.images.light import parse_exposure
from percept_cli.images.limits import USUAL_LIMITS, parse_limits
from percept_cli.images.policy import AS_SEEN, PICTURE_SETTINGS, with_settings
from percept_cli.recipes.keys import IMAGE_KEYS, TOP_KEYS, Key, in_table
from percept_cli.system.machine import parse_size

KEYS = {key.name: key for key in TOP_KEYS}


def matches(name: str, value: str) -> bool:
    """Whether the table allows a string."""
    key = KEYS[name]
    return value in key.words or bool(key.pattern and re.fullmatch(key.pattern, value))


def test_each_setting_is_the_long_option_of_its_name() -> None:
    options = {name for parameter in check.params for name in parameter.opts}
    assert [name for name in KEYS if f"--{name}" not in options] == []
    assert len(KEYS) == len(TOP_KEYS)


def test_settings_of_images_are_those_of_the_policy() -> None:
    assert {key.name for key in IMAGE_KEYS} == {name.replace("_", "-") for name in PICTURE_SETTINGS}
    for key in IMAGE_KEYS:
        usual = getattr(AS_SEEN, key.name.replace("-", "_"))
        if key.name == "limits":
            assert parse_limits(key.default.strip('"')) == USUAL_LIMITS
        elif usual is None:
            assert key.default and not key.default.startswith('"')
        else:
            assert key.default == (str(usual).lower() if isinstance(usual, bool) else f'"{usual}"')


@pytest.mark.parametrize("key", TOP_KEYS, ids=lambda key: key.name)
def test_words_for_people(key: Key) -> None:
    assert re.fullmatch(r"[A-Z][^\n]{10,110}\.", key.what)
    assert key.values and key.default and key.example
    for word in key.words:
        assert f'`"{word}"`' in key.values


def test_values_in_words() -> None:
    assert KEYS["wide"].values == "`true` or `false`"
    assert KEYS["blend"].values == '`"gamma"` or `"linear"`'
    assert KEYS["device"].values == '`"auto"`, `"cpu"`, `"cuda"`, `"mps"` or `"cuda:N"`'
    assert KEYS["frame"].values == "a whole number of at least 1"
    assert Key("a", "What.", "whole", "1", least=0, most=64).values == "a whole number from 0 to 64"
    assert Key("a", "What.", "string", '"x"').values == "a string"


def test_tables() -> None:
    assert in_table(TOP_KEYS, "override") == ("preset",)
    assert in_table(TOP_KEYS, "check") == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("device", "auto"),
        ("device", "cuda:3"),
        ("device", "cuda:"),
        ("device", "gpu"),
        ("max-memory", "2GB"),
        ("max-memory", "1.5 GiB"),
        ("max-memory", "800m"),
        ("max-memory", "12"),
        ("max-memory", "2 parsecs"),
        ("max-memory", "-1"),
        ("alpha", "worst"),
        ("alpha", "#ff8000"),
        ("alpha", "#ff80"),
        ("alpha", "#rrggbb"),
        ("alpha", "grey"),
        ("blend", "linear"),
        ("blend", "screen"),
        ("pad", "edge"),
        ("pad", "#00000G"),
        ("tonemap", "hable"),
        ("tonemap", "filmic"),
        ("crop", "0,0,5,5"),
        ("crop", " 0 , 0, 5,5"),
        ("crop", "0,0,5"),
        ("resize", "candidate"),
        ("resize", "fit:640x480"),
        ("resize", "fit:0x480"),
        ("resize", "scale:.5"),
        ("resize", "scale:"),
        ("exposure", "auto-range"),
        ("exposure", "-2"),
        ("exposure", "-2:2:.5"),
        ("exposure", "-2:2"),
        ("exposure", "1e1"),
        ("exposure", "bright"),
        ("exposure", "1:2:3:4"),
    ],
)
def test_strings_are_those_that_readers_take(name: str, value: str) -> None:
    try:
        match name:
            case "device":
                check_device_name(value)
            case "max-memory":
                parse_size(value)
            case "crop":
                parse_box(value)
            case "exposure":
                parse_exposure(value)
            case _:
                with_settings(AS_SEEN, {name: value})
    except InvalidSetting:
        assert not matches(name, value)
    else:
        assert matches(name, value)
