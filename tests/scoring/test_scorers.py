"""Who measures a pair: the run's recipe, or that of the preset which the judge says."""

from __future__ import annotations

from pathlib import Path

import pytest

from percept_cli.errors import InvalidSetting
from percept_cli.judging.checks import GateJudge
from percept_cli.judging.rules import Rules
from percept_cli.pairs import Pair
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.recipe import make_recipe
from percept_cli.scoring.scorer import Scorer
from percept_cli.scoring.scorers import Scorers

PRESETS = {"plain": None, "same": "default", "other": "five-taps", "wrong": "no-such-preset"}


def scorers() -> Scorers:
    spec = make_recipe("default", pictures={"ignore_icc": True}).spec
    return Scorers(Scorer(spec, GateJudge(lambda name: Rules(preset=PRESETS[name]))))


def pair(name: str) -> Pair:
    return Pair(name, Path("a"), Path("b"))


def test_a_preset_of_its_own_reads_pictures_as_the_run_does() -> None:
    found = scorers()
    assert found.scorer_for(pair("plain")) is found.base
    assert found.scorer_for(pair("same")) is found.base
    other = found.scorer_for(pair("other"))
    assert other is found.scorer_for(pair("other"))
    assert other.spec.layers == load_preset("five-taps").spec.layers
    assert other.spec.pictures == found.base.spec.pictures


def test_nobody_loads_a_network_that_no_pair_asks_for() -> None:
    found = scorers()
    found.scorer_for(pair("other"))
    assert (found.base.device, found.scorer_for(pair("other")).device) == ("none", "none")


def test_an_unknown_preset_is_told_of() -> None:
    with pytest.raises(InvalidSetting, match="no-such-preset"):
        scorers().scorer_for(pair("wrong"))
