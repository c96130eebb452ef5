"""The one way to a recipe: a preset, with what was asked for instead of its own settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from percept_cli.errors import InvalidSetting, did_you_mean
from percept_cli.images.policy import with_settings
from percept_cli.networks.registry import WEIGHTS
from percept_cli.recipes.presets import Preset, check_threshold, load_preset, read_layers
from percept_cli.recipes.spec import DistanceSpec, LayerSpec, check_distance
from percept_cli.topology import tap_names


@dataclass(frozen=True)
class Recipe:
    """By what pairs are measured, and the threshold that comes with it."""

    preset: Preset
    """Where it began."""
    spec: DistanceSpec
    threshold: float | None
    """The largest distance that passes; None where neither the preset nor anyone else gives one."""
    threshold_source: str
    """Where the threshold came from, in words; empty without one."""


def make_recipe(
    preset: str | os.PathLike[str] | Preset,
    *,
    layers: object = None,
    distance: str | None = None,
    precision: str | None = None,
    backbone: str | None = None,
    pictures: Mapping[str, Any] | None = None,
    threshold: float | None = None,
    threshold_source: str = "",
) -> Recipe:
    """A preset with single settings replaced; None leaves a setting as the preset has it.

    Args:
        preset: a built-in name, the path of a TOML file, or one that was read already.
        layers: replaces the preset's layers (see ``presets.read_layers``).
        distance: replaces the distance of every layer of the preset, or is the distance of those of ``layers``
            that name none.
        precision: replaces the preset's precision.
        backbone: replaces the preset's backbone; of the preset's layers those that it does not have become the
            last ones of their block (see ``renamed_taps``).
        pictures: settings of how pictures are read (``images.policy.PictureSettings``) to replace.
        threshold: replaces the preset's threshold.
        threshold_source: where that came from, in words.

    Raises:
        InvalidSetting: for a preset that is none, and for anything the spec refuses.
    """
    found = preset if isinstance(preset, Preset) else load_preset(os.fspath(preset))
    if threshold is not None:
        threshold = check_threshold(threshold)
    elif found.threshold is not None:
        threshold, threshold_source = found.threshold, f"preset {found.name}"
    else:
        threshold_source = ""
    spec = replace(
        found.spec,
        layers=_layers(found, layers, distance, backbone),
        backbone=found.spec.backbone if backbone is None else backbone,
        precision=precision or found.spec.precision,  # type: ignore[arg-type] # checked by DistanceSpec
        pictures=with_settings(found.spec.pictures, pictures or {}),
    )
    return Recipe(found, spec, threshold, threshold_source)


def _layers(preset: Preset, layers: object, distance: str | None, backbone: str | None) -> tuple[LayerSpec, ...]:
    if distance is not None:
        distance = check_distance(distance)
    if layers is not None:
        return read_layers(layers, distance or preset.distance)
    spec = preset.spec
    names = renamed_taps(spec, backbone or spec.backbone)
    for tap, other in names.items():
        if other in spec.taps or list(names.values()).count(other) > 1:
            raise InvalidSetting(
                f"{backbone} has no {tap}, and {other} in its place would be compared twice",
                hint="choose the layers with --layers.",
            )
    return tuple(
        replace(layer, tap=names.get(layer.tap, layer.tap), distance=distance or layer.distance)
        for layer in spec.layers
    )


def renamed_taps(spec: DistanceSpec, backbone: str) -> dict[str, str]:
    """The taps of a recipe that a backbone does not have → the last ones of the same block, where it has them.

    VGG-19's blocks 3 to 5 have four convolutions, VGG-16's three: ``conv5_4`` becomes ``conv5_3``.

    Raises:
        InvalidSetting: if there is no such backbone.
    """
    if backbone not in WEIGHTS:
        raise InvalidSetting(f"unknown backbone {backbone!r}", hint=did_you_mean(backbone, WEIGHTS))
    known = tap_names(WEIGHTS[backbone].network)
    found = {}
    for tap in spec.taps:
        block = tap.partition("_")[0]
        others = [name for name in known if name.partition("_")[0] == block]
        if tap not in known and others:
            found[tap] = others[-1]
    return found
