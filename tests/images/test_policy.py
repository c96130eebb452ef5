"""Settings of how a file becomes a picture: part of the recipe, and back from a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from percept_cli import compare
from percept_cli.errors import InvalidSetting
from percept_cli.images.policy import AS_SEEN, policy_from, with_settings
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.spec import DistanceSpec
from tests.conftest import Percept, Save, drawing
from tests.support.colour_files import IGNORE


def test_the_choice_is_part_of_the_recipe() -> None:
    spec = load_preset("five-taps").spec
    ignoring = DistanceSpec(spec.layers, pictures=IGNORE)
    assert ignoring.fingerprint != spec.fingerprint
    assert ignoring.as_dict()["picture"]["ignore_icc"] is True
    for policy in (AS_SEEN, IGNORE):
        assert policy_from(policy.as_dict()) == policy


def test_settings_of_a_file_hold_for_pictures(percept: Percept, tmp_path: Path, save: Save) -> None:
    save("a.png", 40, 30)
    save("b.png", 20, 15)
    assert percept("compare", "a.png", "b.png").returncode == 3
    (tmp_path / "percept.toml").write_text('resize = "candidate"\nexposure = -1\ncrop = "0,0,16,12"\n')
    done = percept("compare", "a.png", "b.png", "--layers", "relu1_2", "-v")
    assert done.returncode == 0, done.stderr
    assert ", exposure -1, resize candidate, crop 0,0,16,12" in done.stdout.replace("\n             ", " ")
    (tmp_path / "percept.toml").write_text('resize = "half"\n')
    done = percept("compare", "a.png", "b.png")
    assert done.returncode == 2
    assert "percept.toml: unknown resize 'half'" in done.stderr


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"alpha": "whit"}, "did you mean white"),
        ({"alpha": "#12345"}, "alpha '#12345' is not a colour"),
        ({"blend": "srgb"}, "unknown blend 'srgb'"),
        ({"tonemap": "filmic"}, "unknown tonemap 'filmic'"),
        ({"exposure": "bright"}, "bright"),
        ({"exposure": "nan"}, "nan"),
        ({"frame": 0}, "there is no frame 0"),
        ({"frame": 1.5}, "there is no frame 1.5"),
        ({"frame": True}, "there is no frame True"),
        ({"resize": "half"}, "unknown resize 'half'"),
        ({"resize": "fit:0x5"}, "unknown resize 'fit:0x5'"),
        ({"resize": "scale:0"}, "unknown resize 'scale:0'"),
        ({"resize": "scale:99"}, "unknown resize 'scale:99'"),
        ({"pad": "red"}, "unknown pad 'red'"),
        ({"crop": "1,2,3"}, "1,2,3"),
        ({"crop": "0,0,0,5"}, "0,0,0,5"),
        ({"limits": "pixel=5"}, "did you mean pixels"),
        ({"limits": "pixels"}, "has no value"),
        ({"limits": "pixels=-3"}, "must be a number"),
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSetting) as error:
        with_settings(AS_SEEN, settings)
    assert message in f"{error.value} {error.value.hint}"


def test_an_unknown_setting_is_a_mistake_of_the_program() -> None:
    with pytest.raises(TypeError, match="unknown image setting 'alhpa'"):
        compare(drawing(9, 9), drawing(9, 9), alhpa="white")  # type: ignore[call-arg] # that is the point


def test_the_policy_comes_back_from_a_report() -> None:
    policy = with_settings(
        AS_SEEN,
        {
            "alpha": "#ABCDEF",
            "exposure": -1,
            "frame": 2,
            "crop": (1, 2, 3, 4),
            "resize": "fit:10x20",
            "pad": "edge",
        },
    )
    assert policy_from(json.loads(json.dumps(policy.as_dict()))) == policy
    assert policy.words == ", alpha #ABCDEF, exposure -1, frame 2, resize fit:10x20, pad edge, crop 1,2,3,4"
