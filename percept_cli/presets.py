"""Presets: recipes with a name, from ``configs/*.toml`` or a TOML file of the user's own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from percept_cli.errors import InvalidSetting, did_you_mean
from percept_cli.spec import DistanceSpec, LayerSpec, parse_layers
from percept_cli.verdict import check_threshold

DEFAULT = "default"
_KEYS = ("description", "source", "backbone", "distance", "precision", "threshold", "layers")
_LAYER_KEYS = ("weight", "distance")


@dataclass(frozen=True)
class Preset:
    """A recipe with its story."""

    name: str
    """Built-in name, or the path of the user's file."""
    description: str
    source: str
    distance: str
    """The distance of layers that name none."""
    spec: DistanceSpec
    threshold: float | None


def presets_folder() -> Path:
    """Where the built-in presets are: inside an installed package, or beside it in a checkout."""
    packaged = Path(__file__).parent / "configs"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "configs"


@cache
def preset_names() -> tuple[str, ...]:
    """The built-in presets, the default one first."""
    names = {path.stem for path in presets_folder().glob("*.toml")}
    return tuple(sorted(names, key=lambda name: (name != DEFAULT, name)))


def preset_file(name_or_file: str) -> Path:
    """The TOML file of a built-in preset's name, or of a path that ends in ``.toml``.

    Raises:
        InvalidSetting: if there is no such preset or file.
    """
    if name_or_file.endswith(".toml"):
        path = Path(name_or_file)
        if not path.is_file():
            raise InvalidSetting(f"{path.as_posix()}: no such preset file", hint="check the spelling of the path.")
        return path
    if name_or_file not in preset_names():
        raise InvalidSetting(f"unknown preset {name_or_file!r}", hint=did_you_mean(name_or_file, preset_names()))
    return presets_folder() / f"{name_or_file}.toml"


def load_preset(name_or_file: str) -> Preset:
    """Read a preset.

    Raises:
        InvalidSetting: if it does not exist, is not valid TOML, has an unknown key, or describes no recipe;
            the message names the file.
    """
    path = preset_file(name_or_file)
    data = read_toml(path)
    try:
        return _preset(name_or_file, data)
    except InvalidSetting as error:
        raise InvalidSetting(f"{path.as_posix()}: {error}", hint=error.hint) from None


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        InvalidSetting: if it cannot be read or is not valid TOML; the message names the file.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InvalidSetting(
            f"{path.as_posix()}: cannot be read as TOML: {reason}", hint="see https://toml.io for the syntax."
        ) from None


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
    distance = _text(data, "distance", "unit")
    spec = DistanceSpec(
        layers=read_layers(data["layers"], distance),
        backbone=_text(data, "backbone", "vgg16-oxford"),
        precision=_text(data, "precision", "fp32"),  # type: ignore[arg-type] # checked by DistanceSpec
    )
    threshold = data.get("threshold")
    return Preset(
        name=name,
        description=_text(data, "description", ""),
        source=_text(data, "source", ""),
        distance=distance,
        spec=spec,
        threshold=None if threshold is None else check_threshold(_number(threshold, "threshold")),
    )


def _text(data: Mapping[str, Any], key: str, default: str) -> str:
    value = data.get(key, default)
    if not isinstance(value, str):
        raise InvalidSetting(f"{key} must be a string, not {value!r}")
    return value


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidSetting(f"{what} must be a number, not {value!r}")
    return float(value)


def read_layers(value: object, distance: str) -> tuple[LayerSpec, ...]:
    """Layers as TOML spells them.

    Args:
        value: ``"relu1_2,relu3_3=2.5"``, ``["relu1_2", "relu3_3=2.5"]``, or a table from tap to weight or to
            ``{ weight = 2.5, distance = "mse" }``.
        distance: the distance of layers that name none.

    Raises:
        InvalidSetting: for anything else, and for anything ``LayerSpec`` refuses.
    """
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
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
        return LayerSpec(tap, distance, _number(entry, f"the weight of layer {tap}"))
    check_keys(entry, _LAYER_KEYS)
    weight = _number(entry.get("weight", 1.0), f"the weight of layer {tap}")
    return LayerSpec(tap, _text(entry, "distance", distance), weight)


def customise(
    preset: Preset, *, layers: object = None, distance: str | None = None, precision: str | None = None
) -> DistanceSpec:
    """A preset's spec with single settings replaced.

    Args:
        preset: where everything else comes from.
        layers: replaces the preset's layers (see ``read_layers``).
        distance: replaces the distance of every layer of the preset, or is the distance of those of ``layers``
            that name none.
        precision: replaces the preset's precision.

    Raises:
        InvalidSetting: for anything the spec refuses.
    """
    spec = preset.spec
    if layers is not None:
        spec = replace(spec, layers=read_layers(layers, distance or preset.distance))
    elif distance is not None:
        spec = replace(spec, layers=tuple(replace(layer, distance=distance) for layer in spec.layers))
    if precision is not None:
        spec = replace(spec, precision=precision)  # type: ignore[arg-type] # checked by DistanceSpec
    return spec
