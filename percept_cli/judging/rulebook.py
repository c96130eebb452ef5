"""The tables ``[check]`` and ``[[override]]`` of a settings file → the rules of each picture."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from percept_cli.errors import InvalidSetting
from percept_cli.geometry import Box, as_box, parse_box
from percept_cli.judging.keys import POLICY_KEYS
from percept_cli.judging.rules import (
    GATES,
    NOISES,
    OLD_GATES,
    POLICIES,
    Levels,
    Rules,
    check_gate,
    check_word,
)
from percept_cli.judging.values import read_level, read_levels, read_reference, read_string, read_strings, typed_as
from percept_cli.pairs.alternates import check_variant
from percept_cli.recipes.presets import load_preset
from percept_cli.recipes.recipe import Recipe
from percept_cli.recipes.settings import Settings
from percept_cli.recipes.tables import check_table, header
from percept_cli.results.found import GateName
from percept_cli.storage.named import folder_named, from_here
from percept_cli.system.names import counted, printable
from percept_cli.system.patterns import Patterns

_POLICY_KEYS = tuple(key.name for key in POLICY_KEYS)

TYPED = "command line"
"""The source of what was typed."""
Changes = dict[str, Any]
"""Field of ``Rules`` → its value; levels, and typed ones, by gate."""


@dataclass
class Override:
    """Other rules for the pictures that match."""

    number: int
    """Its place in the file, from 1."""
    match: tuple[str, ...]
    """Patterns as in .gitignore."""
    changes: Changes
    source: str = ""
    """The settings file that it stands in, as messages name it."""
    matched: int = 0
    """How many pictures it was used for."""
    _patterns: Patterns = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._patterns = Patterns(self.match)

    def __str__(self) -> str:
        """How messages name it."""
        return f"override {self.number} ({printable(', '.join(self.match))})"

    def matches(self, name: str) -> bool:
        """Whether it is meant for a picture of this name."""
        return self._patterns.match(name)


@dataclass
class RuleBook:
    """The rules of a run, and where they differ."""

    base: Rules = field(default_factory=Rules)
    overrides: Sequence[Override] = ()
    mask_from: str = ""
    """The table and file that name the mask of ``base``; empty if it was typed."""
    noise_file_from: str = ""
    """The same of its noise file."""
    references: Counter[str] = field(default_factory=Counter)
    """Further references, as they are written, and for how many pictures each was there."""
    preferred: set[str] = field(default_factory=set)
    """Variants that are preferred for any picture."""
    known_variants: set[str] = field(default_factory=set)
    """Those of all alternates in the baseline folder."""
    typed: Changes = field(default_factory=dict)
    """What was asked for on the command line, which stands above the overrides."""
    _clashes: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def rules_of(self, name: str) -> Rules:
        """The rules of one picture: the run's, changed by every override that matches, in their order."""
        rules = self.base
        for override in self.overrides:
            if override.matches(name):
                rules = changed(rules, override.changes)
                rules = replace(rules, order=(*rules.order, str(override)))
        return changed(rules, self.typed)

    def rules_by(self, override: Override | None) -> Rules:
        """The rules of pictures that one override alone matches, or none."""
        return changed(changed(self.base, override.changes if override else {}), self.typed)

    def count(self, name: str) -> None:
        """Note a picture of the run, so that ``notes`` knows what matches none and what clashes."""
        set_by = dict[str, Override]()
        for override in self.overrides:
            if not override.matches(name):
                continue
            override.matched += 1
            for key in _keys_of(override.changes):
                if key in set_by:
                    self._clashes[key, str(set_by[key]), str(override)] += 1
                set_by[key] = override

    @property
    def notes(self) -> list[str]:
        """What a person should know when all pictures were named: what matches nothing, what clashes."""
        notes = [f"{override} matches no image" for override in self.overrides if not override.matched]
        for pattern, count in self.references.items():
            if not count:
                notes.append(f"no image has the reference {printable(pattern)}")
        known = sorted(self.known_variants)
        for variant in sorted(self.preferred.difference(known)):
            there = f"variants: {', '.join(known)}" if known else "percept approve --as-alternate makes one"
            notes.append(f"no image has an alternate of the variant {variant}; {there}")
        for (key, first, last), count in self._clashes.items():
            notes.append(f"{first} and {last} both set {key} for {counted(count, 'image')}; the last one counts")
        return notes


def _keys_of(changes: Changes) -> list[str]:
    return [*(key for key in changes if key != "levels"), *changes.get("levels", ())]


def from_arguments(
    *,
    noise: str | None = None,
    fail: Mapping[str, float | str] | None = None,
    warn: Mapping[str, float | str] | None = None,
    ignore: Iterable[Box | str | Sequence[int]] | None = None,
    mask: str | os.PathLike[str] | None = None,
    max_shift: int | None = None,
    variant: str | None = None,
) -> Changes:
    """What a caller in Python asks for, as ``percept_cli.check`` explains it; None for what it leaves as it is.

    Raises:
        InvalidSetting: for an unknown word or gate, or a level or rectangle that makes no sense.
    """
    changes: Changes = {}
    if noise is not None:
        changes["noise"] = check_word(noise, NOISES, "noise")
    if ignore is not None:
        changes["ignore"] = tuple(map(as_box, ignore))
    if mask is not None:
        changes["mask"] = Path(mask)
    if max_shift is not None:
        changes["max_shift"] = max_shift
    if variant is not None:
        changes["variant"] = check_variant(variant)
    fails, warns = (_by_gate(side or {}) for side in (fail, warn))
    if fails or warns:
        changes["typed"] = {
            gate: Levels(warns.get(gate), fails.get(gate), "argument") for gate in {**warns, **fails}
        }
    return without_noise_file(changes)


def _by_gate(side: Mapping[str, float | str]) -> dict[GateName, float]:
    limits: dict[GateName, float] = {}
    for name, value in side.items():
        gate = check_gate(name)
        if gate in limits:
            raise InvalidSetting(f"the limit of {gate} is given twice", hint="give each gate one limit.")
        limits[gate] = read_level(value, name, f"the limit of {name}")
    return limits


def make_book(
    settings: Settings, given: Changes | None = None, recipe: Recipe | None = None
) -> tuple[RuleBook, dict[str, str]]:
    """The rules of a run: those of ``[check]`` with what was asked for above them, and the overrides.

    Args:
        settings: with the tables of the settings file.
        given: what was asked for.
        recipe: whose threshold is the limit of the gate ``overall``, below all others.

    Returns:
        The rules, and the folders ``baseline`` and ``current`` where the file names them.

    Raises:
        InvalidSetting: for anything in the tables that is wrong; the message names the file.
    """
    rules, given = Rules(), given or {}
    changes, overrides, folders = read_tables(settings)
    if recipe is not None and recipe.threshold is not None:
        kind = "typed" if recipe.threshold_source == TYPED else "levels"
        limit = Levels(None, recipe.threshold, recipe.threshold_source)
        rules = changed(rules, {kind: {"overall": limit}})
    table = f"{settings.header('check')} in {settings.source}"
    mask_from, noise_file_from = (
        table if key in changes and key not in given else "" for key in ("mask", "noise_file")
    )
    rules = changed(changed(rules, changes), given)
    return RuleBook(rules, overrides, mask_from, noise_file_from, typed=given), folders


def read_tables(settings: Settings) -> tuple[Changes, Sequence[Override], dict[str, str]]:
    """The rules of a settings file: those of ``[check]``, the overrides, and the folders that it names.

    Raises:
        InvalidSetting: for anything in the tables that is wrong; the message names the file.
    """
    tables, source, folder = settings.tables, settings.source, settings.folder
    of_project = settings.of_project
    try:
        changes, folders = read_check(tables.get("check", {}), source, folder, of_project=of_project)
        overrides = read_overrides(tables.get("override", []), source, folder, of_project=of_project)
        return changes, overrides, folders
    except InvalidSetting as error:
        raise InvalidSetting(f"{source}: {error}", hint=error.hint) from None


def changed(rules: Rules, changes: Changes) -> Rules:
    """Rules with some of them replaced; levels gate by gate."""
    merged = {}
    for kind, levels in (("levels", rules.levels), ("typed", rules.typed)):
        given = changes.get(kind, {})
        merged[kind] = dict(levels) | {gate: given[gate].above(levels.get(gate)) for gate in given}
    return replace(rules, **changes | merged)


def read_check(
    data: object, source: str, folder: Path, *, of_project: bool = False
) -> tuple[Changes, dict[str, str]]:
    """The table ``[check]``.

    Args:
        data: the table.
        source: how messages and reports name the file.
        folder: what paths in it are relative to.
        of_project: whether it stands in pyproject.toml.

    Returns:
        Changes of the rules, and the folders ``baseline`` and ``current`` where they are given.

    Raises:
        InvalidSetting: for an unknown key, or a value that makes no rule.
    """
    title = header("check", of_project=of_project)
    if not isinstance(data, Mapping):
        raise InvalidSetting(f"check must be a table, not {data!r}", hint=f"write it as {title}.")
    try:
        check_table(data, "check", of_project=of_project)
        folders = {}
        for key in ("baseline", "current"):
            if key in data:
                folders[key] = folder_named(read_string(data[key], key), folder)
        return _read_rules(data, source, folder), folders
    except InvalidSetting as error:
        raise InvalidSetting(f"{title}: {error}", hint=error.hint) from None


def read_overrides(data: object, source: str, folder: Path, *, of_project: bool = False) -> list[Override]:
    """The tables ``[[override]]``, as ``read_check``."""
    if not isinstance(data, list) or not all(isinstance(entry, Mapping) for entry in data):
        raise InvalidSetting(
            f"override must be a list of tables, not {data!r}",
            hint=f"write each as {header('override', of_project=of_project)}.",
        )
    overrides = []
    for number, entry in enumerate(data, start=1):
        try:
            check_table(entry, "override", of_project=of_project)
            match = read_strings(entry.get("match", []), "match")
            if not match:
                raise InvalidSetting("its match is missing or empty", hint=typed_as("match"))
            where = f"{source}, override {number} ({printable(', '.join(match))})"
            changes = _read_rules(entry, where, folder)
            if "preset" in entry:
                changes["preset"] = _preset(read_string(entry["preset"], "preset"), folder)
            overrides.append(Override(number, match, changes, source))
        except InvalidSetting as error:
            raise InvalidSetting(f"override {number}: {error}", hint=error.hint) from None
    return overrides


def _read_rules(data: Mapping[str, Any], source: str, folder: Path) -> Changes:
    changes: Changes = {}
    levels = dict[GateName, Levels]()
    for key in filter(data.__contains__, (*GATES, *OLD_GATES)):
        gate = check_gate(key, source)
        if gate in levels:
            raise InvalidSetting(f"{key} is the old name of {gate}, and both are given", hint=f"remove {key}.")
        levels[gate] = read_levels(data[key], key, source)
    if levels:
        changes["levels"] = levels
    if "noise" in data:
        changes["noise"] = check_word(data["noise"], NOISES, "noise")
    for key in _POLICY_KEYS:
        if key in data:
            changes[key.replace("-", "_")] = check_word(data[key], POLICIES, key)
    if "ignore" in data:
        changes["ignore"] = tuple(map(_box, read_strings(data["ignore"], "ignore")))
    if "mask" in data:
        changes["mask"] = from_here(folder / read_string(data["mask"], "mask"))
    if "noise-file" in data:
        changes["noise_file"] = noise_file_of(read_string(data["noise-file"], "noise-file"), folder)
    if "max-shift" in data:
        value = data["max-shift"]
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidSetting(f"max-shift must be a whole number, not {value!r}", hint=typed_as("max-shift"))
        changes["max_shift"] = value
    if "references" in data:
        changes["references"] = tuple(map(read_reference, read_strings(data["references"], "references")))
    if "variant" in data:
        changes["variant"] = check_variant(read_string(data["variant"], "variant"))
    changed(Rules(), changes)  # which refuses what makes no rules
    assert changes.keys() <= {entry.name for entry in fields(Rules)}
    return changes


def noise_file_of(text: str, folder: Path = Path()) -> Path | None:
    """The path of a noise file as someone writes it; None for ``off``."""
    return None if text == "off" else from_here(folder / text)


def without_noise_file(changes: Changes) -> Changes:
    """What was asked for: whoever chooses ``noise`` wants its limits, unless a noise file is chosen as well."""
    return {"noise_file": None} | changes if "noise" in changes else changes


def _box(text: str) -> Box:
    try:
        return parse_box(text)
    except InvalidSetting as error:
        raise InvalidSetting(f"ignore: {error}", hint=typed_as("ignore")) from None


def _preset(name: str, folder: Path) -> str:
    name = str(folder / name) if name.endswith(".toml") else name
    load_preset(name)
    return name
