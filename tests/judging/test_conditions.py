"""What an image is checked by: whatever moves its verdict moves the digest, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from percept_cli.geometry import Box
from percept_cli.images.policy import with_settings
from percept_cli.judging.checks import GateJudge
from percept_cli.judging.conditions import Conditions
from percept_cli.judging.rules import Levels, Percent, Rules
from percept_cli.recipes.presets import load_preset
from tests.conftest import Save

SPEC = load_preset("default").spec


def of(rules: Rules | Callable[[str], Rules], name: str = "a.png", preset: str = "default") -> str:
    return Conditions(GateJudge(rules), load_preset(preset).spec).of(name)


MOVES: dict[str, dict[str, Any]] = {
    "noise": {"noise": "same-machine"},
    "a limit": {"levels": {"peak": Levels(None, 0.5, "percept.toml")}},
    "another limit": {"levels": {"peak": Levels(None, 0.6, "percept.toml")}},
    "where it came from": {"levels": {"peak": Levels(None, 0.5, "another.toml")}},
    "a typed limit": {"typed": {"peak": Levels(None, 0.5, "percept.toml")}},
    "pixels": {"levels": {"changed-pixels": Levels(None, 1.0)}},
    "per cent of them": {"levels": {"changed-pixels": Levels(None, Percent(1.0))}},
    "an ignored rectangle": {"ignore": (Box(0, 0, 8, 8),)},
    "a movement": {"max_shift": 1},
    "two sizes": {"size_mismatch": "pass"},
    "a preset": {"preset": "five-taps"},
}


def test_what_moves_a_verdict_moves_the_digest() -> None:
    found = {of(replace(Rules(), **changes)) for changes in MOVES.values()}
    assert len(found | {of(Rules()), of(Rules(), preset="five-taps")}) == len(MOVES) + 2
    assert of(Rules()) == of(lambda _: Rules()) == of(Rules(), "b.png")


@pytest.mark.parametrize(
    "changes", [{"references": ("{stem}.alt.png",)}, {"variant": "linux"}, {"new": "pass"}, {"order": ("one",)}]
)
def test_what_only_says_which_files_are_compared_does_not(changes: dict[str, Any]) -> None:
    assert of(replace(Rules(), **changes)) == of(Rules())


def test_what_files_are_refused_counts() -> None:
    policy = with_settings(SPEC.pictures, {"limits": "file=1MB"})
    assert Conditions(GateJudge(Rules()), replace(SPEC, pictures=policy)).of("a.png") != of(Rules())


def test_limits_in_another_order_are_the_same() -> None:
    one, other = Levels(None, 0.5), Levels(None, 3.0)
    assert of(Rules(levels={"peak": one, "colour": other})) == of(Rules(levels={"colour": other, "peak": one}))


def test_a_mask_counts_by_its_content(save: Save, tmp_path: Path) -> None:
    mask = save("mask.png", 16, 16)
    first = of(Rules(mask=mask))
    (tmp_path / "same.png").write_bytes(mask.read_bytes())
    assert of(Rules(mask=tmp_path / "same.png")) == first != of(Rules())
    save("mask.png", 16, 16, seed=1)
    assert of(Rules(mask=mask)) != first
