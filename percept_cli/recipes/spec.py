"""The recipe of a number: every setting that can move a distance, frozen, with a fingerprint."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Literal, get_args

from percept_cli.distances import DISTANCES, LocalDistance, canonical_name
from percept_cli.errors import InvalidSetting, did_you_mean
from percept_cli.images.policy import AS_SEEN, ImagePolicy
from percept_cli.networks.channels import CHANNEL_WEIGHTS
from percept_cli.networks.registry import WEIGHTS, WeightsRecord
from percept_cli.topology import smallest_side, tap_names, tap_shape

Precision = Literal["fp32", "tf32", "bf16", "fp16"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

# Counted up whenever the same settings would give another number than before.
_ARITHMETIC = 1


def check_distance(name: str) -> str:
    """The registered name of a distance.

    Raises:
        InvalidSetting: if there is none of that name.
    """
    canonical = canonical_name(name)
    if canonical not in DISTANCES:
        raise InvalidSetting(f"unknown distance {name!r}", hint=did_you_mean(name, DISTANCES))
    return canonical


@dataclass(frozen=True)
class LayerSpec:
    """One term of L = Σᵢ wᵢ · d(Fᵢ(reference), Fᵢ(candidate)).

    Raises:
        InvalidSetting: for an unknown distance, or a weight that is negative or not finite.
    """

    tap: str
    """Tap name, such as ``relu3_3``."""
    distance: str = "unit"
    """Name of a registered distance; ``gram`` is short for ``gram-chw``."""
    weight: float = 1.0
    """Layer weight w, finite and ≥ 0."""

    def __post_init__(self) -> None:
        if not math.isfinite(self.weight) or self.weight < 0:
            raise InvalidSetting(
                f"the weight of layer {self.tap} must be a finite number of at least 0, not {self.weight!r}",
                hint="write layers as relu1_2,relu3_3=2.5",
            )
        object.__setattr__(self, "distance", check_distance(self.distance))
        object.__setattr__(self, "weight", float(self.weight))

    @property
    def has_places(self) -> bool:
        """Whether its distance has a value per position, so that it has a heat map."""
        return isinstance(DISTANCES[self.distance], LocalDistance)


@dataclass(frozen=True)
class DistanceSpec:
    """All settings that can change a distance. Distances are comparable if their fingerprints are equal.

    Raises:
        InvalidSetting: for an unknown backbone, tap or precision, for no layers, a tap named twice, or
            weights that are all zero.
    """

    layers: tuple[LayerSpec, ...]
    """The terms of the sum, in the order of reports."""
    backbone: str = "vgg16-oxford"
    """The name of the weights; it implies the network and the input normalisation."""
    precision: Precision = "fp32"
    """The precision of the network; distances are always summed in float64."""
    pictures: ImagePolicy = AS_SEEN
    """How images are read."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", tuple(self.layers))
        if self.backbone not in WEIGHTS:
            raise InvalidSetting(f"unknown backbone {self.backbone!r}", hint=did_you_mean(self.backbone, WEIGHTS))
        if self.precision not in PRECISIONS:
            raise InvalidSetting(
                f"unknown precision {self.precision!r}", hint=did_you_mean(str(self.precision), PRECISIONS)
            )
        _check_layers(self)
        for layer in self.layers:
            if layer.distance in CHANNEL_WEIGHTS:
                CHANNEL_WEIGHTS[layer.distance].check(self.backbone, self.record.network, layer.tap)

    @cached_property
    def record(self) -> WeightsRecord:
        """The weights record of the backbone."""
        return WEIGHTS[self.backbone]

    @cached_property
    def taps(self) -> tuple[str, ...]:
        """The taps, in the order of reports."""
        return tuple(layer.tap for layer in self.layers)

    @cached_property
    def is_regional(self) -> bool:
        """Whether it is enough to compute the changed parts of an image, which depends on all distances."""
        return all(DISTANCES[layer.distance].is_regional for layer in self.layers)

    @cached_property
    def has_places(self) -> bool:
        """Whether the distance of any layer has a value per position, so that there is a heat map."""
        return any(layer.has_places for layer in self.layers)

    @cached_property
    def all_places(self) -> bool:
        """Whether that holds for every layer with a weight, so that the heat map shows the whole distance."""
        return all(layer.has_places for layer in self.layers if layer.weight)

    def as_dict(self) -> dict[str, Any]:
        """The recipe as plain data for reports, including how images are read."""
        record = self.record
        found = {
            "arithmetic": _ARITHMETIC,
            "backbone": self.backbone,
            "network": record.network,
            "weights_sha256": record.sha256,
            "normalisation": {"scale": record.scale, "mean": list(record.mean), "std": list(record.std)},
            "picture": self.pictures.as_dict(),
            "precision": self.precision,
            "layers": [asdict(layer) for layer in self.layers],
        }
        learned = {layer.distance for layer in self.layers} & CHANNEL_WEIGHTS.keys()
        if learned:  # the fingerprints of other recipes were there before
            found["channel_weights_sha256"] = {name: CHANNEL_WEIGHTS[name].sha256 for name in sorted(learned)}
        return found

    @cached_property
    def fingerprint(self) -> str:
        """First 12 hex digits of the SHA-256 of the recipe as canonical JSON.

        The order of layers does not change the distance, so it does not change the fingerprint either.
        """
        recipe = self.as_dict()
        recipe["layers"].sort(key=lambda layer: layer["tap"])
        text = json.dumps(recipe, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@lru_cache(maxsize=256)  # asked anew for each row of a report
def shapes_of(spec: DistanceSpec, height: int, width: int) -> tuple[tuple[int, int, int], ...]:
    """Channels, height and width of the features of each layer, for pictures of a size in pixels.

    Pictures that are too small for a layer count as extended to the smallest size that is not.
    """
    network = spec.record.network
    side = smallest_side(network, spec.taps)
    return tuple(tap_shape(network, tap, max(height, side), max(width, side)) for tap in spec.taps)


def ceiling(spec: DistanceSpec) -> float | None:
    """The largest distance that a recipe can give, of a pair and of a place in it; None where there is none."""
    # Only what a convolution gives before its ReLU can be negative: vectors that point away from each other.
    signs = [2.0 if layer.tap.startswith("conv") else 1.0 for layer in spec.layers]
    values = [DISTANCES[layer.distance].ceiling for layer in spec.layers]
    bounded = [
        layer.weight * sign * value
        for layer, sign, value in zip(spec.layers, signs, values, strict=True)
        if value is not None
    ]
    return math.fsum(bounded) if len(bounded) == len(values) else None


def _check_layers(spec: DistanceSpec) -> None:
    if not spec.layers:
        raise InvalidSetting("no layers are given", hint="give at least one, such as --layers relu3_3")
    known = tap_names(spec.record.network)
    for tap in spec.taps:
        if tap not in known:
            raise InvalidSetting(f"unknown layer {tap!r}", hint=did_you_mean(tap, known))
        if spec.taps.count(tap) > 1:
            raise InvalidSetting(f"layer {tap} is given twice", hint="give each layer once.")
    if not any(layer.weight for layer in spec.layers):
        raise InvalidSetting(
            "every layer weight is 0, so every distance would be 0",
            hint="give at least one layer a weight above 0.",
        )


def parse_layers(text: str, distance: str = "unit") -> tuple[LayerSpec, ...]:
    """Read the command line's way to write layers: ``tap[:distance][=weight]``, separated by commas.

    Args:
        text: such as ``relu1_2,relu3_3=2.5`` or ``relu1_2:gram=5,relu3_3:mse``.
        distance: the distance of layers that name none.

    Raises:
        InvalidSetting: for an empty list, an empty entry, or anything ``LayerSpec`` refuses.
    """
    if not text.strip():
        raise InvalidSetting("the list of layers is empty", hint="write it as relu1_2,relu3_3=2.5")
    layers = []
    for entry in text.split(","):
        head, equals, weight = entry.partition("=")
        tap, colon, own_distance = head.partition(":")
        if not tap.strip() or (colon and not own_distance.strip()):
            raise InvalidSetting(
                f"{entry.strip()!r} in the list of layers names no layer",
                hint="write it as relu1_2,relu3_3=2.5",
            )
        layers.append(
            LayerSpec(
                tap.strip(),
                own_distance.strip() or distance,
                _parse_weight(tap.strip(), weight) if equals else 1.0,
            )
        )
    return tuple(layers)


def _parse_weight(tap: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidSetting(
            f"the weight of layer {tap} must be a number, not {text.strip()!r}",
            hint="write layers as relu1_2,relu3_3=2.5",
        ) from None


def recipe_of_layer(spec: DistanceSpec, layer: str) -> DistanceSpec:
    """The recipe with one of its layers alone.

    Raises:
        InvalidSetting: if it has no such layer, or one of weight 0.
    """
    chosen = tuple(one for one in spec.layers if one.tap == layer)
    if not chosen:
        hint = f"{did_you_mean(layer, spec.taps)} To choose other layers, use --layers."
        raise InvalidSetting(f"the recipe has no layer {layer!r}", hint=hint)
    if not chosen[0].weight:
        raise InvalidSetting(
            f"layer {layer} has the weight 0, so its map is 0 everywhere", hint="give it a weight above 0."
        )
    return replace(spec, layers=chosen)


def check_places(spec: DistanceSpec) -> None:
    """Refuse a recipe with a layer whose distance belongs to no place.

    Raises:
        InvalidSetting: naming the layer and its distance.
    """
    without = [layer for layer in spec.layers if layer.weight and not layer.has_places]
    if not without:
        return
    local = [
        name
        for name, distance in DISTANCES.items()
        if isinstance(distance, LocalDistance) and name not in CHANNEL_WEIGHTS  # which need their own backbones
    ]
    others = [layer.tap for layer in spec.layers if layer.weight and layer.has_places]
    alone = f", or draw only one layer with --layer {others[0]}" if others else ""
    raise InvalidSetting(
        f"layer {without[0].tap} uses the distance {without[0].distance}, which has no local values, so "
        "there is no map to draw",
        hint=f"use --distance unit, or another of {', '.join(local)}{alone}.",
    )
