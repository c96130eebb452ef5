"""What ``percept check`` holds a picture to: levels of its gates, what is ignored, what is allowed. Plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from percept_cli.errors import InvalidSetting, did_you_mean, warn_of_old_name
from percept_cli.geometry import Box
from percept_cli.results.found import GateName

Noise = Literal["auto", "same-machine", "cross-machine"]
"""How much of a difference rendering alone may make. ``auto``: as much as the pair itself shows."""
NOISES: tuple[Noise, ...] = get_args(Noise)
GATES: tuple[GateName, ...] = get_args(GateName)
Policy = Literal["pass", "warn", "fail"]
POLICIES: tuple[Policy, ...] = get_args(Policy)
OLD_GATES: dict[str, GateName] = {"distance": "overall"}
"""Names that settings may still have; ``distance`` is what all commands call the whole picture's number."""
MOST_SHIFT = 64
"""Pixels. Trying every displacement takes time by the square of it."""


OFF = math.inf
"""The level that nothing is above; ``off`` in files and on the command line."""


class Percent(float):
    """A level in per cent of the pixels that are compared; any other is in the unit of its gate."""

    __slots__ = ()


@dataclass(frozen=True)
class Levels:
    """What a gate lets through.

    Raises:
        InvalidSetting: for a level that is no number or negative, or a warning above the failure.
    """

    warn: float | None = None
    """The largest value without a warning; ``OFF`` for none; None where that is not said."""
    fail: float | None = None
    """The largest value that does not fail; ``OFF`` if nothing does; None where that is not said."""
    source: str = ""
    """Where they came from, in words."""

    def __post_init__(self) -> None:
        for name, level in (("warn", self.warn), ("fail", self.fail)):
            if level is not None and not level >= 0:
                raise _no_level(f"the {name} limit", level)
        if len({isinstance(level, Percent) for level in (self.warn, self.fail) if level not in (None, OFF)}) == 2:
            raise InvalidSetting(
                "one limit is in per cent, the other is not", hint="give both in per cent, or both in pixels."
            )
        if self.warn not in (None, OFF) and self.fail is not None and self.warn > self.fail:
            raise InvalidSetting(
                f"the warn limit, {self.warn!r}, is above the fail limit, {self.fail!r}",
                hint="use the smaller one for warn.",
            )

    @property
    def in_per_cent(self) -> bool:
        """Whether they are levels in per cent."""
        return isinstance(self.warn, Percent) or isinstance(self.fail, Percent)

    def above(self, others: Levels | None) -> Levels:
        """These levels, and the failing one of others below them where these do not say one.

        A failing level alone has no warning: that of the others was made for another scale.
        """
        if others is None or self.fail is not None or others.fail is None:
            return self
        source = f"warn limit: {self.source}; fail limit: {others.source}"
        # A warning above the failing level would never be heard. One of another unit is refused below.
        comparable = self.in_per_cent == others.in_per_cent
        warn = min(self.warn, others.fail) if self.warn is not None and comparable else self.warn
        return Levels(warn, others.fail, source)


@dataclass(frozen=True)
class Rules:
    """What one picture is held to.

    Raises:
        InvalidSetting: for a displacement that is negative or too large to be tried.
    """

    noise: Noise = "auto"
    """Which levels the gates have that are not given."""
    levels: Mapping[GateName, Levels] = field(default_factory=dict)
    """Those that settings give; they stand above ``noise``."""
    typed: Mapping[GateName, Levels] = field(default_factory=dict)
    """Those of the command line, or of a call in Python, which stand above everything."""
    noise_file: Path | None = None
    """What ``percept learn`` has written: limits of single pictures, between the two."""
    ignore: tuple[Box, ...] = ()
    """Pixels that are left out."""
    mask: Path | None = None
    """A picture of the same size; where it is black, pixels are left out."""
    max_shift: int = 0
    """Pixels by which the picture, or a region of it, may have moved."""
    new: Policy = "fail"
    """A picture without a reference."""
    missing: Policy = "fail"
    """A reference without a picture."""
    size_mismatch: Policy = "fail"
    """Two pictures of different sizes, whose rest is compared and never judged."""
    references: tuple[str, ...] = ()
    """Further references, of which any may match; ``{name}``, ``{stem}``, ``{suffix}`` stand for the picture's."""
    variant: str | None = None
    """Which of a picture's alternates is preferred, where it has it."""
    preset: str | None = None
    """Another recipe than the run's."""
    order: tuple[str, ...] = ()
    """Which overrides these rules were put together from."""

    @property
    def limited(self) -> frozenset[GateName]:
        """The gates that someone gave a limit."""
        return frozenset((*self.levels, *self.typed))

    def __post_init__(self) -> None:
        if not 0 <= self.max_shift <= MOST_SHIFT:
            raise InvalidSetting(
                f"max-shift must be 0 to {MOST_SHIFT} pixels, not {self.max_shift}",
                hint="it is meant for images that moved by a pixel or two.",
            )


def parse_level(text: str) -> tuple[GateName, float]:
    """Read ``gate=number``, ``gate=off``, or ``changed-pixels=number%``.

    Raises:
        InvalidSetting: for an unknown gate, or what is no number.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidSetting(f"{text!r} is not a limit", hint="write it as peak=0.5")
    gate, word = check_gate(name.strip()), value.strip()
    if word == "off":
        return gate, OFF
    if word.endswith("%"):
        return gate, parse_percent(word, gate)
    try:
        return gate, check_level(float(word), f"the limit of {gate}")
    except ValueError:
        raise InvalidSetting(
            f"the limit of {gate} must be a number, or off, not {word!r}", hint="write it as peak=0.5"
        ) from None


def parse_percent(text: str, gate: GateName) -> Percent:
    """Read a level in per cent, such as ``1%`` or ``0.05 %``.

    Raises:
        InvalidSetting: for a gate that counts no pixels, or what is no number from 0 to 100.
    """
    if gate != "changed-pixels":
        raise InvalidSetting(
            f"the limit of {gate} cannot be in per cent, but is {text!r}",
            hint="only changed-pixels counts pixels: changed-pixels=1%",
        )
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = math.nan
    if not 0 <= value <= 100:
        raise InvalidSetting(
            f"the limit of {gate} must be a number from 0 to 100 before its per cent sign, not {text!r}",
            hint="write it as changed-pixels=1%",
        )
    return Percent(value)


def check_level(value: float, what: str) -> float:
    """A level that someone gave as a number.

    Raises:
        InvalidSetting: if it is not finite, or negative.
    """
    if not math.isfinite(value) or value < 0:
        raise _no_level(what, value)
    return value


def _no_level(what: str, value: float) -> InvalidSetting:
    return InvalidSetting(
        f"{what} must be a finite number of at least 0, not {value!r}",
        hint="write off for no limit.",
    )


def check_gate(name: str, where: str = "") -> GateName:
    """The gate of that name, or, with the warning ``OldName``, of that old name.

    Args:
        name: as it was given.
        where: how the warning names the file that it stands in, if it stands in one.

    Raises:
        InvalidSetting: if there is none.
    """
    if name in OLD_GATES:
        gate = OLD_GATES[name]
        warn_of_old_name(f"the gate {name} is called {gate} now: write {gate}", where)
        return gate
    if name not in GATES:
        raise InvalidSetting(f"unknown gate {name!r}", hint=did_you_mean(name, GATES))
    return GATES[GATES.index(name)]


def check_word(value: Any, known: tuple[str, ...], what: str) -> Any:
    """One of some words.

    Raises:
        InvalidSetting: if it is none of them.
    """
    if value not in known:
        raise InvalidSetting(
            f"{what} must be one of {', '.join(known)}, not {value!r}", hint=f'write {what} = "{known[-1]}"'
        )
    return value
