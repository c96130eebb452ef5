"""A recipe as reports and printed commands tell it: asked once, whatever of it they show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from percept_cli.images.policy import AS_SEEN
from percept_cli.recipes import DEFAULT
from percept_cli.recipes.presets import load_preset, preset_of
from percept_cli.recipes.spec import DistanceSpec
from percept_cli.system.names import shell_quoted, word_quoted


@dataclass(frozen=True)
class RecipeInWords:
    """What there is to say of a recipe."""

    backbone: str
    distances: str
    """Of all layers, or of each."""
    weighted: str
    """The distances with the layers and their weights."""
    terms: tuple[str, ...]
    """Each layer as ``--layers`` takes it, its weight unrounded."""
    precision: str
    """And how pictures are read, where that is not as usual."""
    options: str
    """What makes it of the recipe that ``percept heatmap`` has without options, for a shell."""
    has_map: bool
    """Whether ``percept heatmap`` can draw it."""


@cache
def in_words(spec: DistanceSpec) -> RecipeInWords:
    """A recipe in all the ways in which it is told."""
    layers, names = spec.layers, {layer.distance for layer in spec.layers}
    weighted = ", ".join(f"{layer.weight:g} × {layer.distance} of {layer.tap}" for layer in layers)
    if len(names) == 1 and all(layer.weight == 1 for layer in layers):
        weighted = f"{layers[0].distance} of {', '.join(spec.taps)}"
    terms = tuple(f"{layer.tap}:{layer.distance}={layer.weight!r}" for layer in layers)
    return RecipeInWords(
        backbone=spec.backbone,
        distances=names.pop() if len(names) == 1 else ", ".join(f"{one.tap} {one.distance}" for one in layers),
        weighted=weighted,
        terms=terms,
        precision=f"{spec.precision}{spec.pictures.words}",
        options=_options(spec, terms),
        has_map=spec.all_places,
    )


def _options(spec: DistanceSpec, terms: tuple[str, ...]) -> str:
    pictures = "".join(f" {word_quoted(word)}" for word in spec.pictures.options)
    preset = preset_of(replace(spec, pictures=AS_SEEN))
    if preset is not None:
        return ("" if preset == DEFAULT else f" --preset {preset}") + pictures
    precision = "" if spec.precision == "fp32" else f" --precision {spec.precision}"
    backbone = "" if spec.backbone == load_preset(DEFAULT).spec.backbone else f" --backbone {spec.backbone}"
    return f"{backbone} --layers {shell_quoted(','.join(terms))}{precision}{pictures}"
