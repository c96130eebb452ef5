"""How a picture in a test is judged: by the settings file of its project, below what the test itself asks for."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from percept_cli.errors import InvalidSetting, PerceptError
from percept_cli.images.policy import PICTURE_SETTINGS, ImagePolicy, with_settings
from percept_cli.judging.assigned import assigned
from percept_cli.judging.checks import GateJudge, check_levels, has_own_levels
from percept_cli.judging.rulebook import Changes, RuleBook, changed, from_arguments, read_tables
from percept_cli.judging.rules import Levels, Rules
from percept_cli.pairs import Pair, Pairs
from percept_cli.recipes import DEFAULT
from percept_cli.recipes.ladder import Ladder
from percept_cli.recipes.recipe import make_recipe
from percept_cli.recipes.settings import Settings
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.results.pair import PairResult
from percept_cli.scoring.api import best_outcome, scorer_kept
from percept_cli.system.machine import parse_size

_RULES = ("noise", "fail", "warn", "ignore", "mask", "max_shift", "variant")
OPTIONS = ("preset", "backbone", *_RULES, "device", "max_memory", *PICTURE_SETTINGS)
"""What a test may ask for: what ``percept_cli.check`` takes."""


@dataclass(frozen=True)
class Trial:
    """What one picture is compared with, and how it is judged."""

    pairs: Sequence[Pair]
    """Itself and each reference that is there; none where it has no baseline."""
    rules: Rules
    spec: DistanceSpec
    device: str
    max_memory: int | None
    ladder: Ladder | None = None
    """That of the recipe, where it is none of percept's own."""
    notes: tuple[str, ...] = ()
    """What a person should know."""

    def result(self, pairs: Sequence[Pair]) -> PairResult | PerceptError:
        """The best of what pairs come to, or why they cannot be compared."""
        scorer = scorer_kept(self.spec, self.device, self.max_memory).with_judge(
            GateJudge(self.rules, self.ladder)
        )
        try:
            return best_outcome(scorer, pairs, self.rules)
        except PerceptError as error:
            return error


class Project:
    """What the settings file says of pictures in tests.

    Raises:
        InvalidSetting: for anything in it that is wrong; the message names the file.
    """

    def __init__(self, settings: Settings) -> None:
        self._values = settings.values
        try:
            asked = {key: self._values.get(key) for key in ("backbone", "layers", "distance", "precision")}
            limit = self._values.get("threshold")
            self._recipe = make_recipe(
                str(self._values.get("preset", DEFAULT)),
                **asked,
                pictures=settings.pictures,
                threshold=None if limit is None else float(limit),
                threshold_source=settings.source,
            )
            self._name = f"the recipe {self._recipe.preset.name} of {settings.source}"
        except InvalidSetting as error:
            where = f"{settings.source}: " if settings.source else ""
            raise InvalidSetting(f"{where}{error}", hint=error.hint) from None
        changes, overrides, _ = read_tables(settings)
        self._changes = _from_anywhere(changes)
        self._overrides = [replace(override, changes=_from_anywhere(override.changes)) for override in overrides]

    def policy(self, options: Mapping[str, Any]) -> ImagePolicy:
        """How the pictures of a test are read.

        Args:
            options: what the test asks for.

        Raises:
            InvalidSetting: for an option that makes no sense.
        """
        asked = {name: options[name] for name in PICTURE_SETTINGS if name in options}
        return with_settings(self._recipe.spec.pictures, asked)

    def trial(self, pair: Pair, folder: Path, options: Mapping[str, Any]) -> Trial:
        """How a pair is judged.

        Args:
            pair: the picture, by the name that overrides match, with its baseline if there is one.
            folder: where further references are looked for.
            options: what the test asks for. Its preset takes the place of the file's whole recipe.

        Raises:
            InvalidSetting: for an option that makes no sense.
        """
        asked = _asked(options)
        rules = Rules()
        if self._recipe.threshold is not None and "preset" not in options:
            limit = Levels(None, self._recipe.threshold, self._recipe.threshold_source)
            rules = changed(rules, {"levels": {"overall": limit}})
        book = RuleBook(changed(rules, self._changes), self._overrides)
        origin = str(folder), str(folder)
        found = list(assigned(Pairs([pair], origin=origin), book, asked.get("variant")).pairs)
        rules = changed(book.rules_of(pair.name), asked)
        preset = options.get("preset", rules.preset)
        # The file's recipe is a preset of its own here. How pictures are read is no preset's.
        start = replace(self._recipe.preset, spec=self._recipe.spec) if preset is None else preset
        recipe = make_recipe(start, backbone=options.get("backbone"))
        spec = replace(recipe.spec, pictures=self.policy(options))
        rules = replace(rules, preset=None)  # it is this recipe, and no other than that of the report
        check_levels(rules, spec)
        without = not has_own_levels(spec) and not {"overall", "peak"} & rules.limited
        name = self._name if preset is None else os.fspath(preset)
        memory = options.get("max_memory", self._values.get("max-memory"))
        return Trial(
            [pair for pair in found if pair.reference is not None or pair.trouble is not None],
            rules,
            spec,
            str(options.get("device", self._values.get("device", "auto"))),
            None if memory is None else parse_size(memory),
            recipe.preset.ladder,
            (f"{name} has no limits for overall and peak, so only colour decides",) if without else (),
        )


def _from_anywhere(changes: Changes) -> Changes:
    """The same while a test is in another folder."""
    files = {key: changes[key].absolute() for key in ("mask", "noise_file") if changes.get(key) is not None}
    return changes | files


def _asked(options: Mapping[str, Any]) -> Changes:
    """A test's options, as changes of the rules."""
    for name in options:
        if name not in OPTIONS:
            raise TypeError(f"percept_check: unknown argument {name!r}; it takes {', '.join(OPTIONS)}")
    changes = from_arguments(**{name: options[name] for name in _RULES if name in options})
    if "mask" in options and options["mask"] is None:
        changes["mask"] = None  # without the file's
    return changes
