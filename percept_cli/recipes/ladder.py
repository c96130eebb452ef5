"""A ruler for the distances of one recipe: what known distortions come to, so that a number can be told in words.

A ladder is a small JSON file beside its preset, ``NAME.ladder.json``, made by ``scripts/make_ladder.py``. It
belongs to a recipe by the recipe's fingerprint, whatever the files are called.
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from percept_cli.errors import InvalidSetting
from percept_cli.images.policy import AS_SEEN
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.system.names import shown

FORMAT = 1
"""What a file says under ``ladder``; counted up when a field changes its meaning."""
HONEST = 3.0
"""Nothing is said to be about a step whose upper quartile is more than so many times its lower one."""
NEAR, WITHIN = 1.1, 1.25
"""A value is about a step up to the first ratio to its median, and up to the second between its quartiles."""
_MOST_BYTES = 1 << 16
_MOST_STEPS = 100
_LONGEST_WORDS = 60
_HINT = "create it again with python -m scripts.make_ladder, or delete it."
_MADE = {"command": str, "percept": str, "photographs": int, "interfaces": int}


@dataclass(frozen=True)
class Step:
    """What one distortion of one strength comes to, over many images."""

    kind: str
    """The distortion; steps of one kind stand in the order of their strength."""
    words: str
    """The distortion and its strength, such as ``JPEG quality 50``."""
    lower: float
    """A quarter of the images come to less."""
    median: float
    """Half of them do; above 0."""
    upper: float
    """Three quarters of them do."""


@dataclass(frozen=True)
class Ladder:
    """The steps of one recipe."""

    fingerprint: str
    """Of the recipe that the steps were measured by, with images read as they are."""
    made: Mapping[str, str | int] = field(hash=False)
    """The command that made it, the version of percept, and how many photographs and interfaces it measured."""
    whole: tuple[Step, ...]
    """Distortions of the whole image, in distances."""
    place: tuple[Step, ...]
    """Small changes, in what the strongest place of the distance map comes to; none where a recipe has no map."""

    def belongs_to(self, spec: DistanceSpec) -> bool:
        """Whether it is of this recipe; how images are read does not matter."""
        return self.fingerprint == fingerprint_of(spec)

    def as_json(self) -> str:
        """The content of its file, a step a line; numbers have four digits."""
        lines = [f' "ladder": {FORMAT},', f' "fingerprint": {json.dumps(self.fingerprint)},']
        lines.append(f' "made": {json.dumps(dict(self.made), ensure_ascii=False)},')
        for name, steps in (("whole", self.whole), ("place", self.place)):
            rows = [f"  {json.dumps(_rounded(step), ensure_ascii=False)}" for step in steps]
            lines += [f' "{name}": [', ",\n".join(rows), " ]" + ("," if name == "whole" else "")]
        return "\n".join(["{", *(line for line in lines if line), "}"]) + "\n"


def fingerprint_of(spec: DistanceSpec) -> str:
    """Of the recipe as ladders know it: without settings of how images are read."""
    return replace(spec, pictures=AS_SEEN).fingerprint


def ladder_file(preset_file: Path) -> Path:
    """Where the ladder of a preset's file is, if there is one: ``my.toml`` has ``my.ladder.json``."""
    return preset_file.with_name(f"{preset_file.stem}.ladder.json")


def read_ladder(path: Path) -> Ladder | None:
    """A ladder from its file; None where there is none.

    Raises:
        InvalidSetting: if it cannot be read or is no ladder; the message names the file.
    """
    try:
        text = _text_of(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:  # ValueError: it is no UTF-8
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InvalidSetting(f"{shown(path)}: the ladder cannot be read: {why}", hint=_HINT) from None
    try:
        return _ladder(json.loads(text, parse_constant=_refused))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        why = f"{error} is missing" if isinstance(error, KeyError) else str(error) or "it is nested too deeply"
        raise InvalidSetting(f"{shown(path)}: not a ladder: {why}", hint=_HINT) from None


def _text_of(path: Path) -> str:
    # Not waiting: a pipe of that name would be waited for without end.
    with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "it is not a regular file")
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise OSError(0, f"it has more than {_MOST_BYTES:,} bytes, too many for a ladder")
    return data.decode("utf-8-sig")


def _refused(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _ladder(data: Any) -> Ladder:
    if not isinstance(data, dict):
        raise TypeError("it is not a JSON object")
    if type(data["ladder"]) is not int or data["ladder"] != FORMAT:
        raise ValueError(f"its format is {_cut(data['ladder'])}, but this percept reads {FORMAT}")
    fingerprint = data["fingerprint"]
    if not isinstance(fingerprint, str) or not re.fullmatch("[0-9a-f]{12}", fingerprint):
        raise ValueError(f"{_cut(fingerprint)} is not a fingerprint")
    made = data["made"]
    if not isinstance(made, dict):
        raise TypeError(f"made is not an object but {_cut(made)}")
    for name, kind in _MADE.items():
        if not isinstance(made[name], kind):
            raise TypeError(f"{name} of made has the wrong type: {_cut(made[name])}")
    whole, place = (_steps(name, data[name]) for name in ("whole", "place"))
    if not whole:
        raise ValueError("whole has no steps")
    return Ladder(fingerprint, {name: made[name] for name in _MADE}, whole, place)


def _steps(name: str, rows: Any) -> tuple[Step, ...]:
    if not isinstance(rows, list) or len(rows) > _MOST_STEPS:
        raise TypeError(f"{name} is not a list of at most {_MOST_STEPS} steps")
    return tuple(_step(f"step {number} of {name}", row) for number, row in enumerate(rows, start=1))


def _step(name: str, row: Any) -> Step:
    if not isinstance(row, dict):
        raise TypeError(f"{name} is not an object")
    for key in ("kind", "words"):
        value = row[key]
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_WORDS or not value.isprintable():
            raise TypeError(f"{key} of {name} is not a text of at most {_LONGEST_WORDS} characters: {_cut(value)}")
    for key in ("lower", "median", "upper"):
        value = row[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
            raise TypeError(f"{key} of {name} is not a distance: {_cut(value)}")
    step = Step(row["kind"], row["words"], *(float(row[key]) for key in ("lower", "median", "upper")))
    if not step.lower <= step.median <= step.upper or not step.median:
        raise ValueError(f"lower, median and upper of {name} are not in ascending order above 0")
    return step


def _cut(value: object) -> str:
    told = ascii(value)
    return told if len(told) <= 40 else f"{told[:40]}…"


def _rounded(step: Step) -> dict[str, Any]:
    return {
        key: float(f"{value:.4g}") if isinstance(value, float) else value for key, value in asdict(step).items()
    }


@dataclass(frozen=True)
class Found:
    """Where a value stands on a ladder."""

    below: Step | None
    """The step that the value is about, or the next one below it."""
    above: Step | None
    """The same step, or the next one above the value."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """Those that are named, each once."""
        return tuple(dict.fromkeys(step for step in (self.below, self.above) if step is not None))


def stands(steps: Sequence[Step], value: float) -> Found:
    """Between which steps a value stands, or which one it is about.

    It is about a step whose median it is near, if half of the images of that step are near each other (``HONEST``,
    ``NEAR``, ``WITHIN``). Of several it is the one whose quartiles are nearest to the value: the best known one.
    Otherwise the value stands between the medians of two steps, or beyond the last of one end.

    Args:
        steps: at least one.
        value: at least 0.
    """
    about = [step for step in steps if _is_about(step, value)]
    if about:
        nearest = min(about, key=lambda step: max(step.upper / value, value / step.lower))
        return Found(nearest, nearest)
    below = max((step for step in steps if step.median <= value), key=_median, default=None)
    above = min((step for step in steps if step.median > value), key=_median, default=None)
    return Found(below, above)


def _is_about(step: Step, value: float) -> bool:
    if not value or not step.lower or step.upper > HONEST * step.lower:
        return False
    ratio = max(value / step.median, step.median / value)
    return ratio <= (WITHIN if step.lower <= value <= step.upper else NEAR)


def _median(step: Step) -> float:
    return step.median


def whole_in_words(found: Found) -> str:
    """What a distance of the whole image is like, with the medians of the steps that are named."""
    below, above = (
        None if step is None else f"{step.words} ({step.median:.2g})" for step in (found.below, found.above)
    )
    if below == above:
        return f"about as different as {below}"
    if above is None:
        return f"more different than {below}"
    return f"less different than {above}" if below is None else f"between {below} and {above}"


def place_in_words(found: Found) -> str:
    """What a strongest place is like."""
    below, above = (None if step is None else step.words for step in (found.below, found.above))
    if below == above:
        return f"about like {below}"
    if above is None:
        return f"more than {below}"
    return f"less than {above}" if below is None else f"more than {below}, less than {above}"
