"""Presets: recipes with a name, from ``configs/*.toml`` or a TOML file of the user's own."""

from __future__ import annotations

import math
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from percept_cli.errors import InvalidSetting, did_you_mean, warn_of_old_name
from percept_cli.images.policy import AS_SEEN
from percept_cli.recipes import DEFAULT
from percept_cli.recipes.ladder import Ladder, fingerprint_of, ladder_file, read_ladder
from percept_cli.recipes.spec import DistanceSpec, LayerSpec, check_distance, parse_layers
from percept_cli.system.names import shown

_STORY = ("description", "application", "source", "differs", "cite")
_KEYS = (*_STORY, "backbone", "distance", "precision", "threshold", "layers")
_LAYER_KEYS = ("weight", "distance")
_LONGEST = 1 << 22  # bytes of a settings file
_OLD_NAMES = {"render": DEFAULT}
"""Names that settings files may still have."""
BACKSLASH = "in TOML, a backslash starts an escape: write / in paths, or single quotes, as in 'C:\\images'."
"""The hint where a path of Windows may stand in double quotes."""


@dataclass(frozen=True)
class Preset:
    """A recipe with its story."""

    name: str
    """Built-in name, or the path of the user's file."""
    description: str
    """What it measures."""
    application: str
    """What for."""
    source: str
    """Paper and equation."""
    differs: str
    """How it differs from what was published."""
    cite: str
    distance: str
    """The distance of layers that name none."""
    spec: DistanceSpec
    threshold: float | None
    ladder: Ladder | None = None
    """What its distances are like; None where nobody measured it."""
    notes: tuple[str, ...] = ()
    """What a person should know of its files."""


def presets_folder() -> Path:
    """Where the built-in presets are: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    packaged = package / "configs"
    return packaged if packaged.is_dir() else package.parent / "configs"


@cache
def preset_names() -> tuple[str, ...]:
    """The built-in presets, the default one first."""
    names = {path.stem for path in presets_folder().glob("*.toml")}
    return tuple(sorted(names, key=lambda name: (name != DEFAULT, name)))


@cache
def preset_of(spec: DistanceSpec) -> str | None:
    """The built-in preset that is this recipe, or None."""
    return next((name for name in preset_names() if load_preset(name).spec.fingerprint == spec.fingerprint), None)


@cache
def ladder_of(spec: DistanceSpec) -> Ladder | None:
    """The ladder of the built-in preset that is this recipe, however images are read; None where there is none."""
    name = preset_of(replace(spec, pictures=AS_SEEN))
    return None if name is None else load_preset(name).ladder


def preset_file(name_or_file: str) -> Path:
    """The TOML file of a built-in preset's name, or of a path that ends in ``.toml``.

    Raises:
        InvalidSetting: if there is no such preset or file.
    """
    if name_or_file.endswith(".toml"):
        path = Path(name_or_file)
        if not path.is_file():
            raise InvalidSetting(f"{shown(path)}: no such preset file", hint="check the spelling of the path.")
        return path
    if name_or_file in _OLD_NAMES:
        name = _OLD_NAMES[name_or_file]
        warn_of_old_name(f"the preset {name_or_file} is called {name} now: write {name}")
        name_or_file = name
    if name_or_file not in preset_names():
        raise InvalidSetting(f"unknown preset {name_or_file!r}", hint=did_you_mean(name_or_file, preset_names()))
    return presets_folder() / f"{name_or_file}.toml"


def load_preset(name_or_file: str) -> Preset:
    """Read a preset, and the ladder beside it.

    Raises:
        InvalidSetting: if it does not exist, is not valid TOML, has an unknown key, or describes no recipe, or if
            its ladder is damaged; the message names the file.
    """
    path = preset_file(name_or_file)
    data = read_toml(path)
    try:
        preset = _preset(_OLD_NAMES.get(name_or_file, name_or_file), data)
    except InvalidSetting as error:
        raise InvalidSetting(f"{shown(path)}: {error}", hint=error.hint) from None
    beside = ladder_file(path)
    ladder = read_ladder(beside)
    if ladder is None or ladder.belongs_to(preset.spec):
        return replace(preset, ladder=ladder)
    if name_or_file in preset_names():  # its weights are others than the published ones
        return preset
    note = (
        f"{shown(beside)}: not used, because it belongs to the recipe {ladder.fingerprint}, and "
        f"{shown(path)} is {fingerprint_of(preset.spec)}"
    )
    return replace(preset, notes=(note,))


def text_of(path: Path) -> str:
    """The text of a settings file.

    Raises:
        InvalidSetting: if it is a device, or has more bytes than anybody writes settings with.
        OSError, UnicodeDecodeError: if it cannot be read.
    """
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
            raise InvalidSetting(f"{shown(path)} is a device, not a file", hint="use a TOML file.")
        data = file.read(_LONGEST + 1)
    if len(data) > _LONGEST:
        raise InvalidSetting(
            f"{shown(path)}: has more than {_LONGEST:,} bytes, too many for a settings file",
            hint="use a TOML file.",
        )
    return data.decode("utf-8-sig")


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        InvalidSetting: if it cannot be read or is not valid TOML; the message names the file.
    """
    text = ""
    try:
        text = text_of(path)
        return tomllib.loads(text)
    except OSError as error:
        raise InvalidSetting(
            f"{shown(path)}: cannot be read: {error.strerror}", hint="check the path and its permissions."
        ) from None
    # ValueError: wrong syntax, no UTF-8, or a number with thousands of digits.
    except (ValueError, RecursionError) as error:
        hint = BACKSLASH if _is_of_backslash(error, text) else "see https://toml.io for the syntax."
        raise InvalidSetting(f"{shown(path)}: cannot be read as TOML: {error}", hint=hint) from None


def _is_of_backslash(error: Exception, text: str) -> bool:
    """Whether a TOML file is broken by a backslash in a string, most likely of a path on Windows."""
    # Of \x, \u and \U, which digits follow, tomllib says no more than that there are too few.
    if any(words in str(error) for words in ("Unescaped '\\'", "Invalid hex value", "Escaped character")):
        return True
    # A backslash at the end of a string takes its quotation mark away.
    line = re.search(r"at line (\d+)", str(error))
    lines = text.splitlines() or [""]
    return isinstance(error, tomllib.TOMLDecodeError) and lines[
        min(int(line[1]), len(lines)) - 1 if line else -1
    ].endswith('\\"')


def check_keys(data: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Refuse keys that nothing reads.

    Raises:
        InvalidSetting: naming the first unknown key, with the nearest known one.
    """
    for key in data:
        if key not in known:
            raise InvalidSetting(f"unknown key {key!r}", hint=did_you_mean(key, known))


def _preset(name: str, data: Mapping[str, Any]) -> Preset:
    check_keys(data, _KEYS)
    if "layers" not in data:
        raise InvalidSetting("no layers are given", hint="add a [layers] table, such as relu3_3 = 1.0")
    distance = check_distance(_text(data, "distance", "unit"))
    spec = DistanceSpec(
        layers=read_layers(data["layers"], distance),
        backbone=_text(data, "backbone", "vgg16-oxford"),
        precision=_text(data, "precision", "fp32"),  # type: ignore[arg-type] # checked by DistanceSpec
    )
    threshold = data.get("threshold")
    story: dict[str, Any] = {key: _text(data, key, "") for key in _STORY}
    return Preset(
        name=name,
        **story,
        distance=distance,
        spec=spec,
        threshold=None if threshold is None else check_threshold(as_number(threshold, "threshold")),
    )


def _text(data: Mapping[str, Any], key: str, default: str) -> str:
    value = data.get(key, default)
    if not isinstance(value, str):
        raise InvalidSetting(f"{key} must be a string, not {value!r}", hint=f'write {key} = "…"')
    return value


def as_number(value: object, what: str) -> float:
    """A TOML value as a float.

    Raises:
        InvalidSetting: if it is none, or too large for one.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidSetting(
            f"{what} must be a number, not {value!r}", hint="write it without quotes, such as 0.5"
        )
    try:
        return float(value)
    except OverflowError:
        raise InvalidSetting(f"{what} is too large for a number", hint="write it as 1e9.") from None


def read_layers(value: object, distance: str) -> tuple[LayerSpec, ...]:
    """Layers as TOML spells them.

    Args:
        value: ``"relu1_2,relu3_3=2.5"``, ``["relu1_2", "relu3_3=2.5"]``, or a table from tap to weight or to
            ``{ weight = 2.5, distance = "mse" }``.
        distance: the distance of layers that name none.

    Raises:
        InvalidSetting: for anything else, and for anything ``LayerSpec`` refuses.
    """
    if isinstance(value, list | tuple) and all(isinstance(entry, str) for entry in value):
        value = ",".join(value)
    if isinstance(value, str):
        return parse_layers(value, distance)
    if isinstance(value, Mapping):
        return tuple(_layer(tap, entry, distance) for tap, entry in value.items())
    raise InvalidSetting(
        f"layers must be a string, a list of strings or a table, not {value!r}",
        hint='write layers = "relu1_2,relu3_3=2.5"',
    )


def _layer(tap: str, entry: object, distance: str) -> LayerSpec:
    if not isinstance(entry, Mapping):
        return LayerSpec(tap, distance, as_number(entry, f"the weight of layer {tap}"))
    check_keys(entry, _LAYER_KEYS)
    weight = as_number(entry.get("weight", 1.0), f"the weight of layer {tap}")
    return LayerSpec(tap, _text(entry, "distance", distance), weight)


def check_threshold(value: float) -> float:
    """Return a usable threshold.

    Raises:
        InvalidSetting: if it is not a number, infinite or negative. Such a threshold would pass or fail
            everything without saying so.
    """
    if not math.isfinite(value) or value < 0:
        raise InvalidSetting(
            f"the threshold must be a finite number of at least 0, not {value!r}",
            hint="leave the threshold out to get a distance without a verdict.",
        )
    return value
